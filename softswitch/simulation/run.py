"""One run: arrivals in, the ACD's facts out, on a clock that jumps from event to event.

What the ACD orders is done after all of one step, as the driver does it. Where queues call back whom they lost, the
ledger runs on the same clock (``callbacks``).
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
from softswitch.ivr.model import CallbackOffer
from softswitch.simulation.arrival import Arrival
from softswitch.simulation.callbacks import Callbacks
from softswitch.simulation.digest import Digest
from softswitch.simulation.offers import Offers
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
    again_of: Counter[str] = field(default_factory=Counter)  # by queue: calls of who had called before and was lost
    talked_s: float = 0.0  # of customers with agents
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
    number: str  # his; who calls again is known by it
    been: tuple[str, ...] = ()  # queues that have sent him on
    offered: bool = False  # to be called back
    losses: int = 0  # before, of calls that were to have the same end


class Run:
    """An agent whose ``pace`` is 2 needs half of the time that a contact asks for. ``epoch`` is the midnight from which
    times are counted (Unix s): calling windows have hours. ``overflow`` says by queue where those go whom it turns
    away; by the dialplan's own way, and to voicemail, they are gone. ``offers``: when a queue offers who waits in it to
    be called back; ``by_itself``: queues whose phones answer by themselves for a customer who was called first."""

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
        offers: Mapping[str, CallbackOffer] | None = None,
        by_itself: Collection[str] = (),
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
        self._content: set[str] = set()  # numbers of those who have talked: they do not call in again
        self._ringing: dict[tuple[str, str], int] = {}  # contact, agent -> number of the ring
        self._rings: Counter[str] = Counter()  # of each contact
        self._states: dict[str, tuple[AgentState, int]] = {}  # of agents, and how often they have changed
        self._orders: deque[Effect] = deque()
        self._performing = False
        self._outcome = Outcome()
        self._digest = Digest()
        self.callbacks = Callbacks(self, policies, epoch, by_itself)
        self._offers = Offers(self, offers or {})
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

    def _arrive(self, arrival: Arrival, losses: int = 0) -> None:
        self._outcome.contacts += 1
        contact = f"c{self._outcome.contacts}"
        number = arrival.number or f"c{self._outcome.contacts:09}"  # no short number: 110 is not called back
        self._here[contact] = Caller(arrival, arrival.queue, self.now, number, losses=losses)
        self._waiting.add(contact)
        self.callbacks.calls(number)
        self.feed(Join(contact, arrival.queue, self.now, priority_s=arrival.priority_s))
        if contact in self._waiting:
            self._offers.joined(contact, arrival.queue)
            if arrival.patience_s < math.inf:
                self.later(self.now + arrival.patience_s, partial(self._give_up, contact))

    def _give_up(self, contact: str) -> None:
        if contact in self._waiting:
            self.feed(Leave(contact, "abandoned"))

    def content(self, number: str) -> None:
        """He has talked to an agent."""
        if self.habits.redials:
            self._content.add(number)

    def _redial(self, arrival: Arrival, losses: int) -> None:
        if arrival.number not in self._content:
            self._outcome.again_of[arrival.queue] += 1
            self._arrive(arrival, losses)

    def _lost(self, contact: str, caller: Caller, stage: str, waited_s: float, promised: bool = True) -> None:
        """He may call in again by himself. ``promised``: and may be called back."""
        if promised:
            self.callbacks.lost(contact, caller, stage, waited_s)
        losses = caller.losses + 1
        after_s = self.habits.redials_after(caller.number, losses) if self.habits.redials else None
        if after_s is not None:
            again = replace(caller.arrival, number=caller.number)
            self.later(self.now + after_s, partial(self._redial, again, losses))

    def waits(self, contact: str) -> bool:
        return contact in self._waiting

    def caller(self, contact: str) -> Caller:
        """Raises ``KeyError`` for who is not here."""
        return self._here[contact]

    def take_offer(self, contact: str, caller: Caller) -> None:
        """He is called back, at the place that he has."""
        self.callbacks.lost(contact, caller, "accepted-offer", self.now - caller.joined_at)
        self.feed(Leave(contact, "callback"))

    def _pick_up(self, contact: str, agent: str, ring: int) -> None:
        if self._ringing.get((contact, agent)) != ring:
            return
        del self._ringing[contact, agent]
        self.feed(OfferAnswered(contact, agent))
        if self.callbacks.owns(contact):
            self.callbacks.agent_found(contact, agent)
        else:
            caller = self._here[contact]
            self.callbacks.reached_agent(caller)
            self.content(caller.number)
            self.talk(contact, agent, replace(caller.arrival, queue=caller.queue) if caller.been else caller.arrival)

    def talk(self, contact: str, agent: str, arrival: Arrival) -> None:
        """The two talk from now on."""
        if arrival.wrap_up_s and self.queues[arrival.queue].wrap_up.mode is WrapUpMode.OPTIONAL:
            self.feed(AskWrapUp(agent))
        talk_s = arrival.talk_s / self._pace.get(agent, 1.0)
        self._outcome.talked_s += talk_s
        self.later(self.now + talk_s, partial(self._hang_up, contact, agent, arrival))

    def _hang_up(self, contact: str, agent: str, arrival: Arrival) -> None:
        self._leaves(contact)
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
                    pickup_s = 0.0 if self.callbacks.answers_itself(contact) else self.habits.pickup_s
                    self.later(self.now + pickup_s, partial(self._pick_up, contact, agent, ring))
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
        promised = way.callback or (at_once and not way.voicemail)
        self._lost(contact, caller, stage, self.now - caller.joined_at, promised)

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
            self._lost(contact, caller, "abandoned", event.waited_s)

    def _gone(self, contact: str) -> None:
        self._waiting.discard(contact)
        self._rings.pop(contact, None)
        self._leaves(contact)

    def _leaves(self, contact: str) -> None:
        caller = self._here.pop(contact, None)
        if caller is not None:
            self.callbacks.hangs_up(caller.number)
