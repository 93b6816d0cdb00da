"""Rows and their order. A place is a box, or where a long arrow passes through a row."""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

SWEEPS = 12
ENOUGH = 150_000  # places times sweeps: a huge plan is ordered less well, and in time
MOST_PASSING = 1_500_000  # rows that all arrows pass together: a picture of 80 MB, in which nobody finds anything

Edge = tuple[str, str]


class TooTangled(Exception):
    """So many arrows lead so far that there is no picture of it; the message says so to people."""


class Place(NamedTuple):
    """A box, or where an arrow passes: on its way down or up to the box of that name."""

    name: str
    row: int = -1  # of a passing arrow
    up: bool = False

    @property
    def passing(self) -> bool:
        return self.row >= 0


@dataclass(slots=True)
class Rows:
    """``rows`` from above, each from the left; ``ways`` are the places of each edge, from above to below."""

    rows: list[list[Place]] = field(default_factory=list)
    ways: dict[Edge, list[Place]] = field(default_factory=dict)
    turned: set[Edge] = field(default_factory=set)  # edges that lead upwards; their ways begin at the target


def arrange(names: Sequence[str], edges: Sequence[Edge]) -> Rows:
    """Boxes in rows: below what leads to them, but for ways round. An edge from a box to itself has no way. Raises
    ``TooTangled``."""
    found = Rows()
    straight = [edge for edge in edges if edge[0] != edge[1]]
    found.turned = _turned(names, straight)
    downward = [(b, a) if (a, b) in found.turned else (a, b) for a, b in straight]
    row_of = _rows(names, downward)
    if sum(row_of[below] - row_of[above] for above, below in downward) > MOST_PASSING:
        raise TooTangled("too many steps lead to others far off for a picture; divide the plan into flows")
    found.rows = [[] for _ in range(max(row_of.values(), default=0) + 1)]
    for name in names:
        found.rows[row_of[name]].append(Place(name))
    passing: set[Place] = set()
    for edge, (above, below) in zip(straight, downward, strict=True):
        up = edge in found.turned
        between = [Place(edge[1], row, up) for row in range(row_of[above] + 1, row_of[below])]
        found.ways[edge] = [Place(above), *between, Place(below)]
        for place in between:
            if place not in passing:
                passing.add(place)
                found.rows[place.row].append(place)
    _order(found)
    return found


def _turned(names: Sequence[str], edges: Sequence[Edge]) -> set[Edge]:
    """The edges that lead back to a step that one comes from: without them there is no way round."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for a, b in edges:
        following[a].append(b)
    turned: set[Edge] = set()
    done: set[str] = set()
    for root in names:
        if root in done:
            continue
        way: list[tuple[str, Iterator[str]]] = [(root, iter(following[root]))]
        on_way = {root}
        while way:
            name, rest = way[-1]
            target = next(rest, None)
            if target is None:
                way.pop()
                on_way.discard(name)
                done.add(name)
            elif target in on_way:
                turned.add((name, target))
            elif target not in done:
                on_way.add(target)
                way.append((target, iter(following[target])))
    return turned


def _rows(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The longest way from above (Kahn's order)."""
    into = dict.fromkeys(names, 0)
    following: dict[str, list[str]] = {name: [] for name in names}
    for a, b in dict.fromkeys(edges):
        into[b] += 1
        following[a].append(b)
    row_of = dict.fromkeys(names, 0)
    ready = [name for name in names if not into[name]]
    for name in ready:
        for target in following[name]:
            row_of[target] = max(row_of[target], row_of[name] + 1)
            into[target] -= 1
            if not into[target]:
                ready.append(target)
    return row_of


# ---- the order within rows -------------------------------------------------------------------------------------


def _order(found: Rows) -> None:
    """Each row by the means of its neighbours above, then below, a few times; the best that was seen is kept."""
    up, down = _neighbours(found)
    best, fewest = [list(row) for row in found.rows], crossings(found.rows, down)
    places = sum(map(len, found.rows))
    for sweep in range(min(SWEEPS, max(1, ENOUGH // max(1, places)))):
        rows = found.rows if sweep % 2 == 0 else found.rows[::-1]
        towards = up if sweep % 2 == 0 else down
        for former, row in itertools.pairwise(rows):
            _sort(row, former, towards)
        if not fewest:
            break
        if (count := crossings(found.rows, down)) < fewest:
            best, fewest = [list(row) for row in found.rows], count
    found.rows = best


def _neighbours(found: Rows) -> tuple[dict[Place, list[Place]], dict[Place, list[Place]]]:
    up: dict[Place, list[Place]] = {place: [] for row in found.rows for place in row}
    down: dict[Place, list[Place]] = {place: [] for row in found.rows for place in row}
    for a, b in dict.fromkeys(pair for way in found.ways.values() for pair in itertools.pairwise(way)):
        down[a].append(b)
        up[b].append(a)
    return up, down


def _sort(row: list[Place], former: Sequence[Place], towards: Mapping[Place, Sequence[Place]]) -> None:
    position = {place: index for index, place in enumerate(former)}
    wish = {}
    for index, place in enumerate(row):
        near = [position[one] for one in towards[place]]
        wish[place] = sum(near) / len(near) if near else index * len(former) / max(1, len(row))
    row.sort(key=lambda place: wish[place])


def crossings(rows: Sequence[Sequence[Place]], down: Mapping[Place, Sequence[Place]]) -> int:
    total = 0
    for above, below in itertools.pairwise(rows):
        position = {place: index for index, place in enumerate(below)}
        seen: list[int] = []
        for place in above:
            ends = sorted(position[one] for one in down[place])
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
