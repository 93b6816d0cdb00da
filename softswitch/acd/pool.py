"""Which agents serve which queues: for whom the number of servers is a number, and what is learnt of them together.

Queues that share an agent, themselves or by way of others, are one pool. It is ``separate`` where each of them is
served, at whatever age of the caller, by all of its agents: then those agents take one line by rank, and there is a
rate at which it moves. Where the sets only overlap there is none: how much of a shared agent one queue gets depends on
who waits in the others, and any fixed share, by former demand for instance, is most wrong in the very burst in which
somebody asks. Nor where the line is not served by rank (a reserve for others, a quota per queue).

Settled when agents and queues are configured; a match, or an estimate, does not search for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.contact import Order
from softswitch.acd.demand import Signature
from softswitch.acd.pace import Pace
from softswitch.acd.state import Queue, State

RING_S = 5.0  # from an agent's first ring until he answers, until that was seen


@dataclass(slots=True, eq=False)
class Pool:
    """Queues whose contacts the same agents serve, and how fast things happen there."""

    queues: tuple[str, ...]
    agents: NDArray[np.intp]  # numbers
    separate: bool
    signatures: list[Signature]  # of all who wait there; those of contacts with needs of their own come with them
    handling: Pace  # conversations, by the time that agents talk and wrap up
    leaving: Pace  # those who leave without an agent, by the time waited
    ringing: Pace = field(default_factory=lambda: Pace(RING_S))  # answers, by the time that contacts are rung for

    def ahead(self, order: Order) -> int:
        """Who is to be served before this place, and for whom nobody is being rung."""
        return sum(lane.position(order) - 1 for signature in self.signatures for lane in signature.busy)

    def admit(self, signature: Signature) -> None:
        """Somebody waits with needs of his own. Whoever is to be served by others, too, is not counted as ahead."""
        if signature not in self.signatures and np.isin(signature.eligible, self.agents).all():
            self.signatures.append(signature)

    def inherit(self, former: Pool, now: float) -> None:
        """Agents and queues have changed; what was learnt still holds, and each pool goes on learning for itself."""
        self.handling, self.leaving = former.handling.copy(now), former.leaving.copy(now)
        self.ringing = former.ringing.copy(now)

    def cycle_s(self, now: float) -> float:
        """For so long one contact takes an agent."""
        return self.handling.mean_s(now) + self.ringing.mean_s(now)


def pools(state: State) -> dict[str, Pool]:
    """By queue; every queue is in exactly one."""
    together: dict[str, list[Queue]] = {}
    leader = _leaders(state)
    for name, queue in state.queues.items():
        together.setdefault(_find(leader, name), []).append(queue)
    return {queue.spec.name: pool for queues in together.values() for pool in (_pool(queues),) for queue in queues}


def _leaders(state: State) -> dict[str, str]:
    """Union and find over the queues, joined by each agent whom two of them have."""
    leader = {name: name for name in state.queues}
    first: list[str] = [""] * len(state.floor.specs)  # by agent number: a queue that he serves
    for name, queue in state.queues.items():
        for number in queue.admitted.tolist():
            if first[number]:
                leader[_find(leader, name)] = _find(leader, first[number])
            first[number] = name
    return leader


def _find(leader: dict[str, str], name: str) -> str:
    while leader[name] != name:
        leader[name] = name = leader[leader[name]]
    return name


def _pool(queues: list[Queue]) -> Pool:
    agents = queues[0].admitted
    signatures = list(dict.fromkeys(one for queue in queues for one in queue.signatures))
    by_rank = all(queue.spec.reserve is None and queue.spec.share is None for queue in queues)
    return Pool(
        tuple(queue.spec.name for queue in queues),
        agents,
        by_rank and all(np.array_equal(one.eligible, agents) for one in signatures),
        signatures,
        Pace(_mean(queue.spec.handling_s for queue in queues)),
        Pace(_mean(queue.spec.patience_s for queue in queues)),
    )


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)
