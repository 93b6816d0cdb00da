"""Who comes out of wrap-up by himself, and when."""

from __future__ import annotations

import pytest

from softswitch.acd.model import (
    Engaged,
    ExtendWrapUp,
    LogOut,
    Need,
    QueueSpec,
    Reachability,
    SetPaused,
    SetReady,
    WrapUp,
    WrapUpMode,
)
from tests.unit.acd.centre import Centre, spec

Q = QueueSpec("q", (Need("german", 1),), wrap_up=WrapUp(WrapUpMode.TIMED, 10, 60))
S = QueueSpec("s", (Need("sales", 1),), wrap_up=WrapUp(WrapUpMode.TIMED, 10, 60))


def wrapping_up(queue: QueueSpec = Q) -> Centre:
    """ann since now, bob 2 s before."""
    centre = Centre([spec("ann", german=5), spec("bob", german=5, sales=5), spec("cy", sales=5)], [queue, S])
    for name in ("bob", "ann"):
        centre.staff(name)
        centre.join(f"of {name}", "q")
        centre.answer(f"of {name}", name)
    centre.end("of bob", "bob")
    centre.pass_time(2)
    centre.end("of ann", "ann")
    return centre


def foreseen(centre: Centre, queue: str = "q", *others: str) -> list[float]:
    """Seconds from now."""
    return [at - centre.now for at in centre.acd.about_to_be_free(queue, others)]


def test_the_next_one_first_until_they_are_free() -> None:
    centre = wrapping_up()
    assert foreseen(centre) == [8.0, 10.0]
    centre.pass_time(8)
    assert foreseen(centre) == [2.0] and centre.acd.free_for_callbacks("q") == 1
    centre.tell(SetReady("ann"))
    assert foreseen(centre) == []


def test_a_longer_wrap_up() -> None:
    centre = wrapping_up()
    centre.tell(ExtendWrapUp("bob", 20.0))
    assert foreseen(centre) == [10.0, 28.0]


def test_only_agents_of_the_queue_and_of_no_other_that_counts_on_them() -> None:
    centre = wrapping_up()
    assert foreseen(centre, "s") == [8.0]
    assert foreseen(centre, "q", "s") == [10.0] and foreseen(centre, "s", "q") == []


def test_who_serves_somebody_that_waits_is_his() -> None:
    centre = wrapping_up()
    centre.join("a caller", "s")
    assert foreseen(centre) == [10.0]


@pytest.mark.parametrize(
    "said", [SetPaused("bob", "lunch"), LogOut("bob"), Reachability("bob", False), Engaged("bob", True)], ids=repr
)
def test_who_will_not_be_free_then(said: object) -> None:
    centre = wrapping_up()
    centre.tell(said)  # type: ignore[arg-type]
    assert foreseen(centre) == [10.0]


def test_nobody_knows_when_he_says_that_he_is_done() -> None:
    centre = wrapping_up(QueueSpec("q", Q.needs, wrap_up=WrapUp(WrapUpMode.UNTIL_DONE, 10, 60)))
    assert foreseen(centre) == []


def test_who_talks_is_not_about_to_be_free() -> None:
    centre = Centre([spec("ann", german=5)], [Q])
    centre.staff("ann")
    centre.join("c1")
    centre.answer("c1", "ann")
    assert foreseen(centre) == []
