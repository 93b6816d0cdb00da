"""One waiting contact, its fixed place on the one scale, and a line of such places.

The rank is age plus priority. ``now`` is the same for all, so the order by rank is the order by ``queued_at`` less
priority, which never changes: a line is a sorted list, and taking one out of five thousand moves forty kilobytes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from softswitch.acd.agent import CAPACITY
from softswitch.acd.model import Join, Needs, QueueSpec
from softswitch.core.errors import UsageError

if TYPE_CHECKING:
    from softswitch.acd.demand import Lane

Order = tuple[float, str]  # (queued_at - priority_s, contact): the smallest is served first


@dataclass(slots=True)
class Contact:
    id: str
    queue: str
    kind: str  # "call" or "callback"
    queued_at: float  # the age counts from here; may lie before the join
    needs: Needs | None  # its own, or None: the queue's
    priority_s: float  # its own, on top of the queue's
    joined_at: float  # the queue in which it is: the longest wait counts from here
    order: Order = (0.0, "")
    gives_up_at: float = 0.0
    relaxes_at: tuple[float, ...] = ()  # when each relaxation of the queue's needs applies; none for needs of its own
    relaxed: int = 0  # how many of them do
    cost: int = CAPACITY  # units of an agent's capacity
    preferred: str = ""  # this agent alone, if he is at work ...
    prefers_until: float = -inf  # ... until then
    lane: Lane | None = None  # where it is in line; None while agents are rung for it
    agents: tuple[str, ...] = ()  # who is being rung for it; several where all of them are rung at once

    @property
    def live(self) -> bool:
        """Somebody holds the line; a callback does not."""
        return self.kind != "callback"

    def place(self, spec: QueueSpec) -> None:
        """Where it stands by the rules of this queue, at its age."""
        self.queue = spec.name
        self.order = (self.queued_at - spec.priority_s - self.priority_s, self.id)
        self.gives_up_at = self.joined_at + spec.max_wait_s
        relaxes = spec.relaxations if self.needs is None else ()
        self.relaxes_at = tuple(self.queued_at + one.after_s for one in relaxes)

    def due(self, now: float) -> float:
        """When something about its waiting changes by itself."""
        relaxes = self.relaxes_at[self.relaxed] if self.relaxed < len(self.relaxes_at) else inf
        return min(self.gives_up_at, relaxes, self.prefers_until if now < self.prefers_until else inf)

    def relax(self, now: float) -> None:
        """As many relaxations as its age has reached."""
        self.relaxed = bisect_right(self.relaxes_at, now)


def joined(join: Join, spec: QueueSpec, now: float) -> Contact:
    """A contact as it enters the queue.

    A callback may be hours old: ``max_wait_s`` counts from the join, all else from ``queued_at``. Needs of its own
    are the caller's choice, and the queue's relaxation does not undo them. Raises ``UsageError`` for a cost that no
    agent could ever have room for, or that would leave room for any number.
    """
    if not 0 < join.cost <= CAPACITY:
        raise UsageError(f"acd: contact {join.contact} costs {join.cost}; it must be 1 to {CAPACITY}")
    joined_at = now if join.joined_at is None else join.joined_at
    contact = Contact(
        join.contact, spec.name, join.kind, join.queued_at, join.needs, join.priority_s, joined_at
    )  # fmt: skip
    contact.cost, contact.preferred = join.cost, join.preferred
    contact.prefers_until = join.queued_at + join.preferred_s if join.preferred else -inf
    contact.place(spec)
    return contact


class Line:
    """Places in the order in which they are served."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        self.places: list[Order] = []

    def add(self, order: Order) -> None:
        insort(self.places, order)

    def remove(self, order: Order) -> int:
        """Take out a place that is in the line; its position, from 1."""
        index = bisect_left(self.places, order)
        del self.places[index]
        return index + 1

    def position(self, order: Order) -> int:
        """From 1."""
        return bisect_left(self.places, order) + 1
