from __future__ import annotations

import random

from softswitch.core.timers import Deadlines, earliest


def test_keys_come_when_they_are_due_the_earliest_first() -> None:
    deadlines = Deadlines()
    for key, at in (("b", 2.0), ("a", 1.0), ("c", 3.0), ("gone", 1.5)):
        deadlines.set(key, at)
    deadlines.set("gone", None)
    assert deadlines.next() == 1.0
    assert deadlines.due(2.0) == ["a", "b"]
    assert deadlines.due(2.0) == []
    assert len(deadlines) == 1


def test_a_deadline_that_moves_is_due_once() -> None:
    deadlines = Deadlines()
    for at in (5.0, 1.0, 3.0):
        deadlines.set("a", at)
    assert deadlines.due(2.0) == []
    assert deadlines.due(9.0) == ["a"]


def test_far_deadlines_that_move_again_and_again_leave_nothing_behind() -> None:
    deadlines = Deadlines()
    for moved in range(100):
        for leg in range(50):
            deadlines.set(leg, 1000.0 + moved + leg)
    assert len(deadlines._heap) < 200
    assert deadlines.due(1200.0) == list(range(50))


def test_whatever_is_set_moved_and_taken_out_is_due_when_a_plain_table_says() -> None:
    draw = random.Random(4)
    deadlines, table, now = Deadlines(), dict[int, float](), 0.0
    for _ in range(5000):
        key, at = draw.randrange(20), now + draw.randrange(50)
        if draw.random() < 0.1:
            deadlines.set(key, None)
            table.pop(key, None)
        else:
            deadlines.set(key, at)
            table[key] = at
        assert deadlines.next() == min(table.values(), default=None)
        if draw.random() < 0.2:
            now += draw.randrange(20)
            due = [key for key in table if table[key] <= now]
            found = deadlines.due(now)
            assert sorted(found) == sorted(due)  # type: ignore[type-var]
            assert [table[key] for key in found] == sorted(table[key] for key in due)  # type: ignore[index]
            for key in due:
                del table[key]


def test_a_key_without_an_entry_is_lost_and_is_found_again_by_setting_it_anew() -> None:
    deadlines = Deadlines()
    for key, at in (("a", 5.0), ("b", 3.0), ("b", 9.0), ("c", 4.0)):
        deadlines.set(key, at)
    assert (list(deadlines), deadlines.of("b"), deadlines.of("d"), deadlines.lost()) == (["a", "b", "c"], 9.0, None, [])
    deadlines._heap = [entry for entry in deadlines._heap if entry[2] != "c"]
    assert deadlines.lost() == ["c"]
    deadlines.set("c", None)
    deadlines.set("c", 4.0)
    assert (deadlines.lost(), deadlines.due(9.0)) == ([], ["c", "a", "b"])


def test_the_earliest_is_that_of_the_deadlines_that_there_are() -> None:
    assert earliest() is None and earliest(None, None) is None
    assert earliest(None, 3.0, 2.0, None) == 2.0
    assert earliest(0.0, None, 1.0) == 0.0  # which is a moment like any other
