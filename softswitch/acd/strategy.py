"""Which of the free agents who suit a contact gets it: one sort key per strategy, read column by column.

A key is a tuple, one column of it per array, and the smallest wins; equals go by number, which is the order of names.
``COLUMNS`` names for each column what is said of somebody who loses by it. The same ``chosen`` makes the decision and
replays its record.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.candidates import Candidates
from softswitch.acd.floor import Floor
from softswitch.acd.model import Strategy
from softswitch.acd.roster import Numbers
from softswitch.acd.why import Reason

Column = NDArray[np.float64]
S = Strategy

COLUMNS: Mapping[Strategy, tuple[Reason, ...]] = {
    S.LONGEST_IDLE: (Reason.LESS_IDLE,),
    S.BEST_FIT: (Reason.MORE_SURPLUS, Reason.MORE_SKILLS, Reason.LESS_IDLE),
    S.MOST_SKILLED: (Reason.LESS_SKILLED, Reason.LESS_IDLE),
    S.LEAST_OCCUPIED: (Reason.MORE_OCCUPIED, Reason.LESS_IDLE),
    S.FEWEST_CALLS: (Reason.MORE_CALLS, Reason.LESS_IDLE),
    S.ROUND_ROBIN: (Reason.NOT_HIS_TURN,),
    S.RANDOM: (Reason.NOT_DRAWN,),
    S.LINEAR: (Reason.LATER_IN_ORDER,),
    S.RING_ALL: (Reason.LESS_IDLE,),
}
_BY_IDLE = (S.LONGEST_IDLE, S.RING_ALL)


class Moment(NamedTuple):
    """What some keys depend on, beside the agents."""

    now: float
    contact: str
    last: str  # the agent who was last offered a contact of its queue; "" nobody


def columns(strategy: Strategy, floor: Floor, among: Candidates, places: Numbers, moment: Moment) -> list[Column]:
    """The keys of those at these places of the qualified, who are free."""
    numbers = among.numbers[places]
    if strategy in _BY_IDLE:
        return [floor.idle_since[numbers]]
    return _KEYS[strategy](floor, among, places, numbers, moment)


def chosen(strategy: Strategy, columns: list[Column], reserve: int) -> list[int]:
    """Which of the free get the contact, the first first; nobody while ``reserve`` of them or fewer are free."""
    free = len(columns[0]) if columns else 0
    if free <= reserve:
        return []
    if free == 1:
        return [0]
    if strategy is S.RING_ALL:
        return columns[0].argsort(kind="stable")[: free - reserve].tolist()  # type: ignore[no-any-return]
    if len(columns) == 1:
        return [int(columns[0].argmin())]
    return [int(np.lexsort(columns[::-1])[0])]


def _best_fit(floor: Floor, among: Candidates, places: Numbers, numbers: Numbers, moment: Moment) -> list[Column]:
    return [among.surplus[places], among.besides[places], floor.idle_since[numbers]]


def _most_skilled(floor: Floor, among: Candidates, places: Numbers, numbers: Numbers, moment: Moment) -> list[Column]:
    return [-among.skill[places], floor.idle_since[numbers]]


def _least_occupied(floor: Floor, among: Candidates, places: Numbers, numbers: Numbers, moment: Moment) -> list[Column]:
    return [floor.occupancy(numbers, moment.now), floor.idle_since[numbers]]


def _fewest_calls(floor: Floor, among: Candidates, places: Numbers, numbers: Numbers, moment: Moment) -> list[Column]:
    return [floor.calls[numbers], floor.idle_since[numbers]]


def _round_robin(floor: Floor, among: Candidates, places: Numbers, numbers: Numbers, moment: Moment) -> list[Column]:
    """How many names he is behind the one after the last, around the end of the alphabet."""
    after = bisect_right(among.roster.names, moment.last)
    return [((numbers - after) % len(among.roster.names)).astype(np.float64)]


def _random(floor: Floor, among: Candidates, places: Numbers, numbers: Numbers, moment: Moment) -> list[Column]:
    """The free in the order of names, begun at one that the contact's id draws: fair over contacts, and repeatable."""
    drawn = int.from_bytes(blake2b(moment.contact.encode("utf-8", "replace"), digest_size=8).digest(), "big")
    free = len(numbers)
    return [((np.arange(free) - drawn % free) % free).astype(np.float64)] if free else [np.empty(0)]


def _linear(floor: Floor, among: Candidates, places: Numbers, numbers: Numbers, moment: Moment) -> list[Column]:
    return [among.roster.places[numbers]]


_KEYS: Mapping[Strategy, Callable[[Floor, Candidates, Numbers, Numbers, Moment], list[Column]]] = {
    S.BEST_FIT: _best_fit,
    S.MOST_SKILLED: _most_skilled,
    S.LEAST_OCCUPIED: _least_occupied,
    S.FEWEST_CALLS: _fewest_calls,
    S.ROUND_ROBIN: _round_robin,
    S.RANDOM: _random,
    S.LINEAR: _linear,
}
