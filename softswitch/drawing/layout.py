"""Coordinates, in pixels from the upper left: boxes that do not overlap, and lines from one to the other.

Within a row the order is given; each place goes as near to the mean of its neighbours as the others leave room (the
nearest in least squares, by pooling those who want to overlap), a few times downwards and upwards. A place where an
arrow passes weighs more than a box, so that long arrows are straight.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from softswitch.drawing.layering import Edge, Place, Rows, arrange

GAP = 36.0  # between two in a row
ROW_GAP = 64.0
MARGIN = 24.0
PASSING = 8.0  # width of a place where an arrow passes
SWEEPS = 8
ENOUGH = 150_000  # places times sweeps: a huge plan is drawn less well, and in time
UPRIGHT = 3  # times; one that has stood up leaves room for the next
HEAVY = 6.0  # weight of a passing arrow against that of a box
PORTS = 0.7  # of a box's width is for the ends of its arrows

Size = tuple[float, float]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Placed:
    """A rectangle; ``x`` and ``y`` are its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(slots=True)
class Layout:
    width: float = 0.0
    height: float = 0.0
    boxes: dict[str, Placed] = field(default_factory=dict)
    lines: dict[Edge, tuple[Point, ...]] = field(default_factory=dict)  # in the direction of the arrow
    upward: set[Edge] = field(default_factory=set)


def lay_out(sizes: Mapping[str, Size], edges: Sequence[Edge]) -> Layout:
    """``sizes``: width and height of each box. Two edges between the same boxes are one."""
    rows = arrange(list(sizes), list(dict.fromkeys(edges)))
    widths = {place: PASSING if place.passing else sizes[place.name][0] for row in rows.rows for place in row}
    middles = _middles(rows, widths)
    layout = Layout(upward=rows.turned)
    tops = _tops(rows, sizes)
    for row, (top, height) in zip(rows.rows, tops, strict=True):
        for place in row:
            if not place.passing:
                width, tall = sizes[place.name]
                layout.boxes[place.name] = Placed(middles[place] - width / 2, top + (height - tall) / 2, width, tall)
    layout.lines = _lines(rows, middles, tops, layout.boxes)
    layout.lines |= {edge: _loop(layout.boxes[edge[0]]) for edge in edges if edge[0] == edge[1]}
    _shift(layout)
    return layout


def _tops(rows: Rows, sizes: Mapping[str, Size]) -> list[Size]:
    """Upper end and height of each row."""
    tops: list[Size] = []
    y = 0.0
    for row in rows.rows:
        height = max((sizes[place.name][1] for place in row if not place.passing), default=0.0)
        tops.append((y, height))
        y += height + ROW_GAP
    return tops


# ---- from left to right ----------------------------------------------------------------------------------------


def _middles(rows: Rows, widths: Mapping[Place, float]) -> dict[Place, float]:
    near: dict[Place, list[Place]] = {place: [] for row in rows.rows for place in row}
    up: dict[Place, list[Place]] = {place: [] for row in rows.rows for place in row}
    for a, b in dict.fromkeys(pair for way in rows.ways.values() for pair in itertools.pairwise(way)):
        near[a].append(b)
        up[b].append(a)
    middles: dict[Place, float] = {}
    for row in rows.rows:
        x = 0.0
        for place in row:
            middles[place] = x + widths[place] / 2
            x += widths[place] + GAP
    places = max(1, sum(map(len, rows.rows)))
    for sweep in range(min(SWEEPS, max(2, ENOUGH // places))):
        downwards = sweep % 2 == 0
        towards = up if downwards else near
        for row in rows.rows if downwards else rows.rows[::-1]:
            _settle(row, middles, widths, towards)
    for _ in range(min(UPRIGHT, max(1, ENOUGH // places // SWEEPS))):
        _straighten(rows, middles, widths)
    return middles


def _straighten(rows: Rows, middles: dict[Place, float], widths: Mapping[Place, float]) -> None:
    """Passing arrows that lean a little stand upright, as far as their neighbours leave room."""
    room: dict[Place, tuple[Place | None, Place | None]] = {}
    for row in rows.rows:
        for left, place, right in zip([None, *row], row, [*row[1:], None], strict=False):
            room[place] = (left, right)

    def free(place: Place) -> tuple[float, float]:
        left, right = room[place]
        least = -math.inf if left is None else middles[left] + (widths[left] + widths[place]) / 2 + GAP
        most = math.inf if right is None else middles[right] - (widths[right] + widths[place]) / 2 - GAP
        return least, most

    done: set[Place] = set()
    for way in sorted(rows.ways.values(), key=len, reverse=True):
        run: list[Place] = []
        low, high = -math.inf, math.inf
        for place in [one for one in way if one.passing and one not in done]:
            least, most = free(place)
            if max(low, least) > min(high, most):
                _upright(run, middles, low, high)
                run, low, high = [], -math.inf, math.inf
            run.append(place)
            low, high = max(low, least), min(high, most)
            done.add(place)
        _upright(run, middles, low, high)


def _upright(run: Sequence[Place], middles: dict[Place, float], low: float, high: float) -> None:
    if run:
        x = min(max(sum(middles[place] for place in run) / len(run), low), high)
        middles.update(dict.fromkeys(run, x))


def _settle(
    row: Sequence[Place],
    middles: dict[Place, float],
    widths: Mapping[Place, float],
    towards: Mapping[Place, Sequence[Place]],
) -> None:
    """Move the row to where its neighbours are, in its order and with its gaps."""
    wishes: list[tuple[float, float]] = []  # where, and how much
    offsets: list[float] = []
    offset = 0.0
    for index, place in enumerate(row):
        if index:
            offset += (widths[row[index - 1]] + widths[place]) / 2 + GAP
        offsets.append(offset)
        others = towards[place]
        wish = sum(middles[one] for one in others) / len(others) if others else middles[place]
        weight = (HEAVY if place.passing else 1.0) if others else 0.1
        wishes.append((wish - offset, weight))
    for place, position, offset in zip(row, _pooled(wishes), offsets, strict=True):
        middles[place] = position + offset


def _pooled(wishes: Sequence[tuple[float, float]]) -> list[float]:
    """The ascending numbers that are nearest to the wished ones (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for wish, weight in wishes:
        mean, mass, count = wish, weight, 1
        while pools and pools[-1][0] > mean:
            other, heft, many = pools.pop()
            mean, mass, count = (mean * mass + other * heft) / (mass + heft), mass + heft, count + many
        pools.append((mean, mass, count))
    return [mean for mean, _, count in pools for _ in range(count)]


# ---- lines -----------------------------------------------------------------------------------------------------


def _lines(
    rows: Rows, middles: Mapping[Place, float], tops: Sequence[Size], boxes: Mapping[str, Placed]
) -> dict[Edge, tuple[Point, ...]]:
    leaving = _ports(rows, middles, boxes, below=True)
    entering = _ports(rows, middles, boxes, below=False)
    lines: dict[Edge, tuple[Point, ...]] = {}
    for edge, way in rows.ways.items():
        above, below = boxes[way[0].name], boxes[way[-1].name]
        points: list[Point] = [(leaving[edge], above.y + above.height)]
        for place in way[1:-1]:
            top, height = tops[place.row]
            points += [(middles[place], top), (middles[place], top + height)]
        points.append((entering[edge], below.y))
        lines[edge] = tuple(_straightened(points[::-1] if edge in rows.turned else points))
    return lines


def _ports(rows: Rows, middles: Mapping[Place, float], boxes: Mapping[str, Placed], below: bool) -> dict[Edge, float]:
    """Where on the lower (or upper) side of its box each edge ends: in the order of where it goes."""
    at: dict[str, list[tuple[float, Edge]]] = {}
    for edge, way in rows.ways.items():
        end, next_one = (way[0], way[1]) if below else (way[-1], way[-2])
        at.setdefault(end.name, []).append((middles[next_one], edge))
    ports: dict[Edge, float] = {}
    for name, ends in at.items():
        ends.sort()
        places = sorted({x for x, _ in ends})  # those that come the same way share their end
        room = boxes[name].width * PORTS
        step = min(room / len(places), 28.0)
        first = boxes[name].middle - step * (len(places) - 1) / 2
        for x, edge in ends:
            ports[edge] = first + step * places.index(x)
    return ports


def _straightened(points: Sequence[Point]) -> list[Point]:
    """Without the points between two that are straight above each other."""
    kept = list(points[:1])
    for index in range(1, len(points) - 1):
        if not (abs(points[index][0] - kept[-1][0]) < 0.5 and abs(points[index + 1][0] - kept[-1][0]) < 0.5):
            kept.append(points[index])
    return kept + list(points[-1:])


def _loop(placed: Placed) -> tuple[Point, ...]:
    right, middle = placed.x + placed.width, placed.y + placed.height / 2
    return ((right, middle - 8), (right + GAP / 2, middle - 8), (right + GAP / 2, middle + 8), (right, middle + 8))


def _shift(layout: Layout) -> None:
    """The upper left corner is at the margin."""
    points = [point for line in layout.lines.values() for point in line]
    left = min([one.x for one in layout.boxes.values()] + [x for x, _ in points], default=0.0) - MARGIN
    right = max([one.x + one.width for one in layout.boxes.values()] + [x for x, _ in points], default=0.0)
    bottom = max((one.y + one.height for one in layout.boxes.values()), default=0.0)
    layout.width, layout.height = right - left + MARGIN, bottom + 2 * MARGIN
    layout.boxes = {
        name: Placed(one.x - left, one.y + MARGIN, one.width, one.height) for name, one in layout.boxes.items()
    }
    layout.lines = {edge: tuple((x - left, y + MARGIN) for x, y in line) for edge, line in layout.lines.items()}
