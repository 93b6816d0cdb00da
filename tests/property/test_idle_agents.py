"""Customers first: who is free has a phone that rings for him, or is taken at once to be on the line first.

Whatever agents, customers and the credit of the abandon limit do, while somebody is due and no live caller waits.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    LedgerInput,
    NoAgent,
    NotServed,
    Persist,
    Persisted,
    Promise,
    PromiseState,
    Restored,
    SeekAgent,
    Tallied,
    Tally,
)
from softswitch.core.effect import Effect
from tests.unit.callback.desk import NOON, SALES, Desk

MOST_AGENTS = 8
PACINGS = st.sampled_from([("progressive", 1.0), ("ratio", 1.5), ("ratio", 3.0), ("predictive", 4.0)])
TALLIES = st.sampled_from([(0, 0), (33, 0), (40, 1), (200, 2), (1000, 0)])
EVENTS = st.lists(st.sampled_from(["free", "free", "gone", "picks up", "declines", "fails", "answers"]), max_size=60)
ROWS = tuple(
    Promise(f"p{n}", f"+86138001{n:05d}", "sales", "abandoned", PromiseState.DUE, "", NOON - 900.0 + n)
    for n in range(600)
)


class Shop:
    """Agents are numbers; a phone rings until somebody says otherwise."""

    def __init__(self, pacing: str, ratio: float, answered: int, dropped: int) -> None:
        self.desk = Desk(replace(SALES, first="customer", pacing=pacing, ratio=ratio))  # type: ignore[arg-type]
        self.free = 0
        self.sought: list[str] = []  # for whom an agent's phone rings
        self.rings: dict[str, str] = {}  # promise -> who was first
        self.feed(Tallied((Tally("sales", NOON - 3600.0, answered, dropped),)))
        self.feed(Restored(ROWS))
        self._perform(self.desk.wait(0.0))  # until each of them has been looked at

    def feed(self, event: LedgerInput) -> None:
        self._perform(self.desk.feed(event))
        self._perform(self.desk.feed(Capacity("sales", self.free, 0)))

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Persist(promise, token):
                    self._perform(self.desk.feed(Persisted(promise.id, token)))
                case SeekAgent(promise):
                    assert self.free, "an agent is sought where nobody is free"
                    self.free -= 1
                    self.sought.append(promise.id)
                    self._perform(self.desk.feed(Capacity("sales", self.free, 0)))
                case DialCustomer(promise):
                    self.rings[promise.id] = effect.first

    def happens(self, event: str) -> None:
        match event:
            case "free" if self.free + len(self.sought) < MOST_AGENTS:
                self.free += 1
                self.feed(Capacity("sales", self.free, 0))
            case "gone" if self.free:
                self.free -= 1
                self.feed(Capacity("sales", self.free, 0))
            case "picks up" if self.sought:
                self.feed(AgentFound(self.sought.pop(0), "anna"))
            case "declines" if self.sought:
                self.free += 1
                self.feed(NoAgent(self.sought.pop(0)))
            case "fails" if self.rings:
                promise = next(iter(self.rings))
                self.free += self.rings.pop(promise) == "agent"
                self.feed(AttemptFailed(promise, 486))
            case "answers" if self.rings:
                self._answers(next(iter(self.rings)))

    def _answers(self, promise: str) -> None:
        first, dialled = self.rings.pop(promise), self._call_id(promise)
        if first == "agent":
            self.feed(CustomerAnswered(promise))
            return
        self._perform(self.desk.feed(CustomerAnswered(promise)))
        if self.free:
            self.free -= 1
            self.feed(AgentFound(promise, "anna"))
        else:
            self.feed(NotServed(promise, dialled))

    def _call_id(self, promise: str) -> str:
        return next(one.call_id for one in self.desk.ledger.promises() if one.id == promise)

    @property
    def idle(self) -> int:
        return self.free - sum(first == "customer" for first in self.rings.values())


@given(PACINGS, TALLIES, EVENTS)
def test_nobody_is_idle_while_somebody_is_due(
    pacing: tuple[str, float], tally: tuple[int, int], events: list[str]
) -> None:
    shop = Shop(*pacing, *tally)
    for event in events:
        shop.happens(event)
        assert shop.idle <= 0, f"{shop.idle} of {shop.free} free agents have nobody, after {event!r}"
