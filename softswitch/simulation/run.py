"""One run: arrivals in, the ACD's facts out, on a clock that jumps from event to event."""

from __future__ import annotations

import hashlib
import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from softswitch.acd.acd import Acd
from softswitch.acd.model import (
    AcdInput,
    AgentSpec,
    CancelOffer,
    ContactEnded,
    Join,
    Leave,
    LogIn,
    Offer,
    OfferAnswered,
    QueueLeft,
    QueueSpec,
    Reachability,
    Refused,
)
from softswitch.core.effect import DomainEvent
from softswitch.simulation.arrival import Arrival

Listener = Callable[[DomainEvent, float], None]


@dataclass(slots=True)
class Outcome:
    """Of a whole run."""

    contacts: int = 0
    refused: int = 0  # the queue was full
    ended_at: float = 0.0  # s; the last thing that happened
    digest: str = ""  # of every decision and every end of a wait, in order


class Run:
    """All agents are at work from the start, and pick up ``pickup_s`` after their phone begins to ring. An agent whose
    ``pace`` is 2 needs half of the time that a contact asks for."""

    def __init__(
        self,
        agents: Sequence[AgentSpec],
        queues: Iterable[QueueSpec],
        listener: Listener,
        pickup_s: float = 0.0,
        pace: Mapping[str, float] | None = None,
    ) -> None:
        self._acd = Acd(agents, queues)
        self._listener = listener
        self._pickup_s = pickup_s
        self._pace = pace or {}
        self._now = 0.0
        self._serial = 0
        self._due: list[tuple[float, int, AcdInput]] = []
        self._waiting: dict[str, Arrival] = {}
        self._ringing: dict[str, tuple[str, int]] = {}  # contact -> agent, serial of its answer
        self._outcome = Outcome()
        self._digest = hashlib.blake2b(digest_size=16)
        for spec in agents:
            self._feed(Reachability(spec.name, True))
            self._feed(LogIn(spec.name))

    def play(self, arrivals: Iterable[Arrival], progress: Callable[[], None] = lambda: None) -> Outcome:
        """Until the last contact is over. ``arrivals`` in the order of time; ``progress`` is called after each."""
        coming = iter(arrivals)
        arrival = next(coming, None)
        while True:
            at = min(arrival.at if arrival else math.inf, self._next())
            if at == math.inf:
                break
            self._now = max(at, self._now)
            if arrival is not None and arrival.at <= at:
                self._arrive(arrival)
                arrival = next(coming, None)
                progress()
            elif self._due and self._due[0][0] <= at:
                _, serial, event = heappop(self._due)
                self._happen(event, serial)
            else:
                self._perform(self._acd.tick(self._now))
        self._outcome.ended_at, self._outcome.digest = self._now, self._digest.hexdigest()
        return self._outcome

    def _next(self) -> float:
        deadline = self._acd.deadline
        return min(self._due[0][0] if self._due else math.inf, math.inf if deadline is None else deadline)

    def _arrive(self, arrival: Arrival) -> None:
        self._outcome.contacts += 1
        contact = f"c{self._outcome.contacts}"
        self._waiting[contact] = arrival
        self._feed(Join(contact, arrival.queue, self._now, priority_s=arrival.priority_s))
        if contact in self._waiting and arrival.patience_s < math.inf:
            self._later(self._now + arrival.patience_s, Leave(contact, "abandoned"))

    def _later(self, at: float, event: AcdInput) -> int:
        self._serial += 1
        heappush(self._due, (at, self._serial, event))
        return self._serial

    def _happen(self, event: AcdInput, serial: int) -> None:
        """Unless what was to happen has been overtaken by something else."""
        if isinstance(event, OfferAnswered):
            if self._ringing.get(event.contact) == (event.agent, serial):
                self._answer(event)
        elif not isinstance(event, Leave) or event.contact in self._waiting:
            self._feed(event)

    def _answer(self, event: OfferAnswered) -> None:
        self._ringing.pop(event.contact, None)
        talk_s = self._waiting[event.contact].talk_s / self._pace.get(event.agent, 1.0)
        self._later(self._now + talk_s, ContactEnded(event.contact, event.agent))
        self._feed(event)

    def _feed(self, event: AcdInput) -> None:
        self._perform(self._acd.handle(event, self._now))

    def _perform(self, effects: Iterable[object]) -> None:
        """What the ACD orders is done after all of one step, as the driver does it."""
        answers: deque[OfferAnswered] = deque()
        for effect in effects:
            match effect:
                case Offer(contact, agent):
                    self._note(contact, agent)
                    answer = OfferAnswered(contact, agent)
                    if self._pickup_s:
                        self._ringing[contact] = agent, self._later(self._now + self._pickup_s, answer)
                    else:
                        answers.append(answer)
                case CancelOffer(contact):
                    self._ringing.pop(contact, None)
                case Refused(contact):
                    self._outcome.refused += 1
                    del self._waiting[contact]
                case QueueLeft(contact, _, why):
                    self._note(contact, why)
                    del self._waiting[contact]
                    self._listener(effect, self._now)
                case DomainEvent():
                    self._listener(effect, self._now)
        for answer in answers:
            self._answer(answer)

    def _note(self, contact: str, what: str) -> None:
        self._digest.update(f"{self._now:.6f} {contact} {what}\n".encode())
