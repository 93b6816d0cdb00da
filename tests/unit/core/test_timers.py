from __future__ import annotations

from softswitch.core.timers import Deadlines


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
