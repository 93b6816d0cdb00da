"""Boxes do not overlap, arrows begin and end at their boxes, and the same plan looks the same every time."""

from __future__ import annotations

import itertools
import random

import pytest

from softswitch.drawing.layering import Place, TooTangled, arrange, crossings
from softswitch.drawing.layout import Layout, Placed, lay_out
from tests.support.cpu import spent_s

Edge = tuple[str, str]


def plan(seed: int, count: int, far: float = 0.2) -> tuple[dict[str, tuple[float, float]], list[Edge]]:
    """Steps that mostly lead to the next few, sometimes anywhere (back too, or to themselves); all fail to the last."""
    chance = random.Random(seed)
    names = [f"s{number}" for number in range(count)]
    sizes = {name: (chance.uniform(80, 260), chance.choice((44.0, 60.0, 76.0))) for name in names}
    edges: list[Edge] = []
    for number, name in enumerate(names):
        for _ in range(chance.choice((1, 1, 2, 4))):
            near = min(count - 1, number + chance.randrange(1, 5))
            edges.append((name, names[chance.randrange(count) if chance.random() < far else near]))
        edges.append((name, names[-1]))
    return sizes, edges


def overlap(one: Placed, other: Placed) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


def touches(point: tuple[float, float], placed: Placed) -> bool:
    """On its edge."""
    x, y = point
    inside = placed.x - 0.01 <= x <= placed.x + placed.width + 0.01
    within = placed.y - 0.01 <= y <= placed.y + placed.height + 0.01
    sides = (placed.x, placed.x + placed.width)
    levels = (placed.y, placed.y + placed.height)
    on_edge = min(abs(x - side) for side in sides) < 0.01 or min(abs(y - level) for level in levels) < 0.01
    return inside and within and on_edge


def enters(line: tuple[tuple[float, float], ...], placed: Placed) -> bool:
    """Whether an upright part of the line runs through the box."""
    for (x, y), (to_x, to_y) in itertools.pairwise(line):
        low, high = min(y, to_y), max(y, to_y)
        upright = abs(x - to_x) < 0.5 and placed.x < x < placed.x + placed.width
        if upright and low < placed.y + placed.height - 0.01 and high > placed.y + 0.01:
            return True
    return False


@pytest.mark.parametrize("seed", range(12))
def test_boxes_keep_apart_and_lines_lead_from_box_to_box(seed: int) -> None:
    sizes, edges = plan(seed, 6 + 4 * seed)
    layout = lay_out(sizes, edges)
    assert set(layout.boxes) == set(sizes) and set(layout.lines) == set(edges)
    for one, other in itertools.combinations(layout.boxes.values(), 2):
        assert not overlap(one, other)
    for (source, target), line in layout.lines.items():
        assert touches(line[0], layout.boxes[source]) and touches(line[-1], layout.boxes[target])
        others = (placed for name, placed in layout.boxes.items() if name not in (source, target))
        assert not any(enters(line, placed) for placed in others)
    points = [point for line in layout.lines.values() for point in line]
    assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in points)
    assert all(one.x >= 0 and one.x + one.width <= layout.width for one in layout.boxes.values())


def test_the_same_plan_looks_the_same() -> None:
    sizes, edges = plan(3, 40)

    def drawn() -> Layout:
        return lay_out(sizes, edges)

    assert drawn().boxes == drawn().boxes and drawn().lines == drawn().lines


def test_a_step_stands_below_all_that_lead_to_it_but_for_ways_round() -> None:
    layout = lay_out(dict.fromkeys("abcd", (100.0, 40.0)), [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "b")])
    levels = [layout.boxes[name].y for name in "abcd"]
    assert levels == sorted(levels) and len(set(levels)) == 4
    assert layout.upward == {("d", "b")}
    assert layout.lines["d", "b"][0][1] > layout.lines["d", "b"][-1][1]


def test_a_straight_chain_is_straight() -> None:
    layout = lay_out(dict.fromkeys("abcde", (100.0, 40.0)), list(itertools.pairwise("abcde")))
    assert {placed.middle for placed in layout.boxes.values()} == {layout.boxes["a"].middle}
    assert all(len(line) == 2 for line in layout.lines.values())


def test_lines_that_can_do_without_do_not_cross() -> None:
    names = ["root", *(f"{row}{number}" for row in "xy" for number in range(5))]
    edges = [("root", f"x{number}") for number in range(5)] + [(f"x{number}", f"y{4 - number}") for number in range(5)]
    rows = arrange(names, edges)
    down: dict[Place, list[Place]] = {place: [] for row in rows.rows for place in row}
    for way in rows.ways.values():
        for above, below in itertools.pairwise(way):
            down[above].append(below)
    assert crossings(rows.rows, down) == 0


def test_crossings_are_counted() -> None:
    a, b, c, d = map(Place, "abcd")
    assert crossings([[a, b], [c, d]], {a: [d], b: [c], c: [], d: []}) == 1
    assert crossings([[a, b], [c, d]], {a: [c, d], b: [c, d], c: [], d: []}) == 1
    assert crossings([[a, b], [c, d]], {a: [c], b: [d], c: [], d: []}) == 0


def test_nothing_and_a_step_alone_can_be_drawn() -> None:
    assert lay_out({}, []).boxes == {}
    alone = lay_out({"a": (100.0, 40.0)}, [("a", "a")])
    assert touches(alone.lines["a", "a"][0], alone.boxes["a"]) and touches(alone.lines["a", "a"][-1], alone.boxes["a"])


def test_a_thousand_steps_are_drawn_in_time() -> None:
    sizes, edges = plan(1, 1000, far=0.02)
    layouts: list[Layout] = []
    assert spent_s(lambda: layouts.append(lay_out(sizes, edges)), enough_s=5.0) < 5.0
    assert len(layouts[0].boxes) == 1000


def test_what_nobody_could_read_is_not_drawn() -> None:
    names = [f"s{number}" for number in range(4_000)]
    chain = list(itertools.pairwise(names))
    arrange(names, chain)
    with pytest.raises(TooTangled, match="divide the plan into flows"):
        arrange(names, [*chain, *((name, names[-1 - place // 2]) for place, name in enumerate(names[:1_000]))])
