"""One run: arrivals in, the ACD's facts out, on a clock that jumps from event to event.

What the ACD orders is done after all of one step, as the driver does it. Where queues call back whom they lost, the
ledger runs on the same clock (``callbacks``).
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from heapq import heappop, heappush

from softswitch.acd.acd import Acd
from softswitch.acd.model import (
    AcdInput,
    AgentSpec,
    AgentState,
    AgentStateChanged,
    AskWrapUp,
    CancelOffer,
    ContactEnded,
    Join,
    Leave,
    Offer,
    OfferAnswered,
    QueueLeft,
    QueueSpec,
    Reachability,
    Refused,
    SetReady,
    WaitedTooLong,
    WrapUpMode,
)
from softswitch.callback.model import Policy
from softswitch.contact.overflow import NO_WAY, Ways
from softswitch.core.effect import DomainEvent, Effect
from softswitch.simulation.arrival import Arrival
from softswitch.simulation.callbacks import Callbacks
from softswitch.simulation.digest import Digest
from softswitch.simulation.people import Habits
from softswitch.simulation.roster import Everybody, Roster

Listener = Callable[[DomainEvent, float], None]
OVERTIME_S = 7200.0  # for callbacks, after the last call has come
NO_ANSWER = "no answer"  # the reason of who was paused because he did not pick up


@dataclass(slots=True)
class Outcome:
    """Of a whole run."""

    contacts: int = 0
    refused_of: Counter[str] = field(default_factory=Counter)  # by queue: it was full, or a condition of its held
    ended_at: float = 0.0  # s; the last thing that happened
    happened: int = 0  # orders and facts
    digest: str = ""  # of all of them, in order

    @property
    def refused(self) -> int:
        return self.refused_of.total()


@dataclass(slots=True)
class Caller:
    """Somebody who waits or talks."""

    arrival: Arrival
    queue: str
    joined_at: float
    been: tuple[str, ...] = ()  # queues that have sent him on


class Run:
    """An agent whose ``pace`` is 2 needs half of the time that a contact asks for. ``epoch`` is the midnight from which
    times are counted (Unix s): calling windows have hours. ``overflow`` says by queue where those go whom it turns
    away; by the dialplan's own way, and to voicemail, they are gone."""

    def __init__(
        self,
        agents: Sequence[AgentSpec],
        queues: Iterable[QueueSpec],
        listener: Listener,
        habits: Habits | None = None,
        pace: Mapping[str, float] | None = None,
        roster: Roster | None = None,
        policies: Sequence[Policy] = (),
        epoch: float = 0.0,
        overflow: Mapping[str, Ways] | None = None,
    ) -> None:
        self.habits = habits or Habits()
        crew, self._turns = (roster or Everybody(0.0)).crew(agents)
        self.queues = {spec.name: spec for spec in queues}
        self.acd = Acd(crew, self.queues.values())
        self.now = 0.0
        self._listener = listener
        self._pace = pace or {}
        self._overflow = overflow or {}
        self._serial = 0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._here: dict[str, Caller] = {}  # by contact
        self._waiting: set[str] = set()
        self._ringing: dict[tuple[str, str], int] = {}  # contact, agent -> number of the ring
        self._rings: Counter[str] = Counter()  # of each contact
        self._states: dict[str, tuple[AgentState, int]] = {}  # of agents, and how often they have changed
        self._orders: deque[Effect] = deque()
        self._performing = False
        self._outcome = Outcome()
        self._digest = Digest()
        self.callbacks = Callbacks(self, policies, epoch)
        for spec in crew:
            self.feed(Reachability(spec.name, True))
        for turn in self._turns:
            self.later(turn.at, partial(self.feed, turn.event))

    def play(self, arrivals: Iterable[Arrival], progress: Callable[[], None] = lambda: None) -> Outcome:
        """Until the last contact is over, and what is left of callbacks has been tried, or can be no more.
        ``arrivals`` in the order of time; ``progress`` is called after each."""
        coming = iter(arrivals)
        arrival = next(coming, None)
        last_at = 0.0
        while True:
            at = min(arrival.at if arrival else math.inf, self._next())
            if at == math.inf or (arrival is None and self._over(at, last_at)):
                break
            self.now = max(at, self.now)
            if arrival is not None and arrival.at <= at:
                last_at = self.now
                self._arrive(arrival)
                arrival = next(coming, None)
                progress()
            elif self._due and self._due[0][0] <= at:
                heappop(self._due)[2]()
            else:
                self.perform(self.acd.tick(self.now))
                self.callbacks.tick()
            self.callbacks.settle()
        outcome = self._outcome
        outcome.ended_at, outcome.happened, outcome.digest = self.now, self._digest.happened, str(self._digest)
        return outcome

    def _next(self) -> float:
        deadlines = self.acd.deadline, self.callbacks.deadline, self._due[0][0] if self._due else None
        return min((due for due in deadlines if due is not None), default=math.inf)

    def _over(self, at: float, last_at: float) -> bool:
        """Nobody is here any more, and for those who are still to be called back nobody works on."""
        if self._here or self.callbacks.under_way or not self.callbacks.open:
            return False
        last_turn = self._turns[-1].at if self._turns else 0.0
        return at > max(last_at + OVERTIME_S, last_turn)

    # ---- what the people do ---------------------------------------------------------------------------------------

    def later(self, at: float, action: Callable[[], None]) -> None:
        self._serial += 1
        heappush(self._due, (at, self._serial, action))

    def _arrive(self, arrival: Arrival) -> None:
        self._outcome.contacts += 1
        contact = f"c{self._outcome.contacts}"
        self._here[contact] = Caller(arrival, arrival.queue, self.now)
        self._waiting.add(contact)
        self.feed(Join(contact, arrival.queue, self.now, priority_s=arrival.priority_s))
        if contact in self._waiting and arrival.patience_s < math.inf:
            self.later(self.now + arrival.patience_s, partial(self._give_up, contact))

    def _give_up(self, contact: str) -> None:
        if contact in self._waiting:
            self.feed(Leave(contact, "abandoned"))

    def _pick_up(self, contact: str, agent: str, ring: int) -> None:
        if self._ringing.get((contact, agent)) != ring:
            return
        del self._ringing[contact, agent]
        self.feed(OfferAnswered(contact, agent))
        if self.callbacks.owns(contact):
            self.callbacks.agent_found(contact, agent)
        else:
            caller = self._here[contact]
            self.talk(contact, agent, replace(caller.arrival, queue=caller.queue) if caller.been else caller.arrival)

    def talk(self, contact: str, agent: str, arrival: Arrival) -> None:
        """The two talk from now on."""
        if arrival.wrap_up_s and self.queues[arrival.queue].wrap_up.mode is WrapUpMode.OPTIONAL:
            self.feed(AskWrapUp(agent))
        talk_s = arrival.talk_s / self._pace.get(agent, 1.0)
        self.later(self.now + talk_s, partial(self._hang_up, contact, agent, arrival))

    def _hang_up(self, contact: str, agent: str, arrival: Arrival) -> None:
        self._here.pop(contact, None)
        self.callbacks.over(contact)
        self.wrap_up(contact, agent, arrival)

    def wrap_up(self, contact: str, agent: str, arrival: Arrival) -> None:
        """The agent's part is over; he says that he is done where the queue's time is not what ends his wrap-up."""
        self.feed(ContactEnded(contact, agent))
        rule, wrap_up_s = self.queues[arrival.queue].wrap_up, arrival.wrap_up_s
        if wrap_up_s is None and rule.mode is WrapUpMode.UNTIL_DONE:
            wrap_up_s = rule.s
        if wrap_up_s is not None:
            self._ready_after(wrap_up_s, agent, AgentState.WRAP_UP)

    def _ready_after(self, delay_s: float, agent: str, state: AgentState) -> None:
        """Says that he is ready, if he is in that state and in no other until then."""
        known = self._states.get(agent)
        if known is not None and known[0] is state:
            self.later(self.now + delay_s, partial(self._ready, agent, known))

    def _ready(self, agent: str, known: tuple[AgentState, int]) -> None:
        if self._states[agent] == known:
            self.feed(SetReady(agent))

    # ---- what the ACD does ----------------------------------------------------------------------------------------

    def feed(self, event: AcdInput) -> None:
        self.perform(self.acd.handle(event, self.now))

    def perform(self, effects: Sequence[Effect]) -> None:
        """What a machine has told and ordered, after all that was ordered before."""
        self._digest.add(effects, self.now)
        self._orders.extend(effects)
        if self._performing:
            return
        self._performing = True
        while self._orders:
            effect = self._orders.popleft()
            if not self.callbacks.perform(effect):
                self._perform(effect)
            if isinstance(effect, DomainEvent):
                self._listener(effect, self.now)
        self._performing = False

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Offer(contact, agent):
                self._rings[contact] += 1
                ring = self._ringing[contact, agent] = self._rings[contact]
                if self.habits.hears(contact, agent, ring):
                    self.later(self.now + self.habits.pickup_s, partial(self._pick_up, contact, agent, ring))
            case CancelOffer(contact, agent):
                self._ringing.pop((contact, agent), None)
                if self.callbacks.owns(contact) and not any(key[0] == contact for key in self._ringing):
                    self.callbacks.offers_over(contact)
            case Refused(contact, _, why):
                self._turned_away(contact, why, at_once=True)
            case WaitedTooLong(contact, _, why):
                self._turned_away(contact, why, at_once=False)
            case QueueLeft():
                self._left(effect)
            case AgentStateChanged(agent=agent, new=new, reason=reason):
                self._states[agent] = new, self._states.get(agent, (new, 0))[1] + 1
                if new is AgentState.PAUSED and reason == NO_ANSWER:
                    self._ready_after(self.habits.back_s, agent, new)

    def _turned_away(self, contact: str, why: str, at_once: bool) -> None:
        """What ``contact.turned_away`` does in life. ``at_once``: he never was in the queue."""
        caller = self._here.get(contact)
        if caller is None:
            self.callbacks.no_agent(contact)
            return
        way = self._overflow.get(caller.queue, {}).get(why, NO_WAY)
        if way.queue and way.queue not in (*caller.been, caller.queue):
            self._send_on(contact, caller, way.queue)
            return
        self._gone(contact)
        self._outcome.refused_of[caller.queue] += at_once
        stage = "queue-full" if at_once else "accepted-offer"
        if way.callback or (at_once and not way.voicemail):
            self.callbacks.lost(contact, caller.arrival, caller.queue, stage, self.now - caller.joined_at)

    def _send_on(self, contact: str, caller: Caller, queue: str) -> None:
        """To another queue, with his age."""
        old, caller.been, caller.queue = caller.queue, (*caller.been, caller.queue), queue
        priority_s = caller.arrival.priority_s
        self.feed(Join(contact, queue, caller.joined_at, priority_s=priority_s, overflow_of=old))

    def _left(self, event: QueueLeft) -> None:
        contact, caller = event.contact, self._here.get(event.contact)
        if caller is not None and caller.queue != event.queue:  # he is in another queue by now
            return
        self._waiting.discard(contact)
        if event.why == "answered":
            self._rings.pop(contact, None)
            return
        self._gone(contact)
        if caller is None:
            self.callbacks.no_agent(contact)
        elif event.why == "abandoned":
            self.callbacks.lost(contact, caller.arrival, event.queue, "abandoned", event.waited_s)

    def _gone(self, contact: str) -> None:
        self._waiting.discard(contact)
        self._rings.pop(contact, None)
        self._here.pop(contact, None)
