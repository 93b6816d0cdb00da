"""Which promises somebody asks for: a filter that means the same for what is in memory and for what the store has.

Who pages through them goes by a promise's ``place``, which two never share; it knows no database and no page.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.callback.model import OPEN, Promise, PromiseState

S = PromiseState
WAITING = frozenset({S.RECORDED, S.RETRY_AT, S.DUE})  # nothing is done for them just now
CLOSED = frozenset(S) - OPEN
EVERY = frozenset(S)

Place = tuple[float, str]  # recorded_at, id


@dataclass(frozen=True, slots=True)
class Wanted:
    """All of these at once; what is empty or 0 asks for nothing."""

    states: frozenset[PromiseState] = EVERY
    queue: str = ""
    campaign: str = ""
    stage: str = ""
    numbers: frozenset[str] = frozenset()  # one number, in each way in which promises may have it
    since: float = 0.0  # Unix s: recorded then or later
    until: float = 0.0  # Unix s: recorded before
    due_by: float = 0.0  # Unix s: it waits, and for nothing that ends later
    newest_first: bool = False

    def takes(self, promise: Promise) -> bool:
        return (
            promise.state in self.states
            and self.queue in ("", promise.queue)
            and self.campaign in ("", promise.campaign)
            and self.stage in ("", promise.stage)
            and (not self.numbers or promise.number in self.numbers)
            and promise.recorded_at >= self.since
            and (not self.until or promise.recorded_at < self.until)
            and (not self.due_by or (promise.state in WAITING and promise.not_before <= self.due_by))
        )

    def follows(self, promise: Promise, after: Place | None) -> bool:
        """Does it come later than that place, in the order that is asked for?"""
        return after is None or (place(promise) < after if self.newest_first else place(promise) > after)


def place(promise: Promise) -> Place:
    return promise.recorded_at, promise.id
