"""Joining, waiting and leaving; what others may look up."""

from __future__ import annotations

import pytest

from softswitch.acd.model import (
    AgentState,
    CancelOffer,
    Leave,
    LogIn,
    Need,
    OfferFailed,
    QueueJoined,
    QueueLeft,
    QueueSpec,
    Reachability,
    Refused,
    SetPaused,
    WaitedTooLong,
)
from softswitch.core.errors import UsageError
from tests.unit.acd.centre import GERMAN, Centre, offers, only, spec


def test_an_unknown_queue_and_a_skill_that_nobody_has_are_refused() -> None:
    centre = Centre([spec("ann", german=1)], [QueueSpec("q")])
    assert centre.join("c1", "nowhere") == [Refused("c1", "nowhere", "unknown queue")]
    assert centre.join("c2", needs=(Need("klingon"),)) == [Refused("c2", "q", "unknown skill")]
    assert centre.acd.waiting("q", centre.now) == []


def test_a_full_queue_refuses_callers_but_neither_a_callback_nor_who_is_served_at_once() -> None:
    centre = Centre([spec("ann", german=9), spec("bob")], [QueueSpec("q", max_waiting=2)])
    for contact in ("c1", "c2"):
        centre.join(contact, needs=(GERMAN,))
    assert centre.join("c3") == [Refused("c3", "q", "full")]
    assert only(centre.join("promise", kind="callback", needs=(GERMAN,)), QueueJoined)
    centre.staff("bob")
    assert offers(centre.join("c4")) == [("c4", "bob")]


def test_joining_twice_is_joining_once() -> None:
    centre = Centre([], [QueueSpec("q")])
    centre.join("c1")
    assert centre.join("c1") == []
    assert len(centre.acd.waiting("q", centre.now)) == 1


def test_the_position_is_by_rank_and_counts_callbacks_and_who_is_being_offered() -> None:
    centre = Centre([spec("ann", german=9)], [QueueSpec("q"), QueueSpec("other")])
    centre.staff("ann")
    centre.join("ringing", age_s=50)
    centre.join("elsewhere", "other", age_s=500)
    centre.join("promise", age_s=40, kind="callback")
    (joined,) = only(centre.join("c1", age_s=45), QueueJoined)
    assert joined.position == 2
    assert [centre.acd.position(c) for c in ("ringing", "c1", "promise", "gone")] == [1, 2, 3, None]
    assert [(w.contact, w.agents, w.waited_s) for w in centre.acd.waiting("q", centre.now)] == [
        ("ringing", ("ann",), 50),
        ("c1", (), 45),
        ("promise", (), 40),
    ]
    assert (centre.acd.live_waiting("q"), centre.acd.callbacks_waiting("q")) == (1, 1)


def test_leaving_while_waiting() -> None:
    centre = Centre([], [QueueSpec("q")])
    centre.join("c1")
    centre.pass_time(7)
    assert centre.tell(Leave("c1", "abandoned")) == [QueueLeft("c1", "q", "abandoned", 7.0, "call", position=1)]
    assert centre.tell(Leave("c1", "abandoned")) == []
    assert (centre.acd.deadline, centre.acd.live_waiting("q")) == (None, 0)


def test_leaving_while_offered_frees_the_agent_for_the_next_in_the_same_step() -> None:
    centre = Centre([spec("ann"), spec("bob")], [QueueSpec("q")])
    centre.staff("ann")
    centre.join("c1")
    centre.join("c2")
    effects = centre.tell(Leave("c1", "abandoned"))
    assert only(effects, CancelOffer) == [CancelOffer("c1", "ann", "abandoned")]
    assert offers(effects) == [("c2", "ann")]


def test_an_agent_whose_caller_left_keeps_its_turn() -> None:
    centre = Centre([spec("ann"), spec("bob")], [QueueSpec("q")])
    centre.staff("bob", "ann")
    centre.join("c1")
    centre.tell(Leave("c1", "abandoned"))
    assert offers(centre.join("c2")) == [("c2", "bob")]


def test_who_waits_too_long_leaves_with_timeout() -> None:
    centre = Centre([], [QueueSpec("q", max_wait_s=60)])
    centre.join("c1", age_s=20)
    assert centre.pass_time(59.9) == []
    left = QueueLeft("c1", "q", "timeout", 80.0, "call", position=1)
    assert centre.pass_time(0.1) == [WaitedTooLong("c1", "q"), left]


def test_an_old_promise_does_not_time_out_at_once() -> None:
    centre = Centre([], [QueueSpec("q", max_wait_s=60)])
    centre.join("promise", age_s=86400, kind="callback")
    assert centre.pass_time(59) == []


@pytest.mark.parametrize("reported", [True, False])
def test_nobody_times_out_while_a_phone_rings_for_him_but_does_when_it_was_in_vain(reported: bool) -> None:
    centre = Centre([spec("ann"), spec("bob")], [QueueSpec("q", max_wait_s=10, ring_timeout_s=20)])
    centre.staff("ann", "bob")
    centre.join("c1")
    assert centre.pass_time(20) == []
    effects = centre.tell(OfferFailed("c1", "ann", "no answer")) if reported else centre.pass_time(1)
    assert [type(effect).__name__ for effect in effects] == [
        *([] if reported else ["CancelOffer"]),
        "AgentStateChanged",
        "WaitedTooLong",
        "QueueLeft",
    ]


def test_free_agents_are_ready_reachable_and_qualified() -> None:
    centre = Centre(
        [spec("ann", german=5), spec("bob", german=5), spec("cy", german=5), spec("dan", german=4)],
        [QueueSpec("q", (GERMAN,))],
    )
    centre.staff("ann", "bob", "dan")
    centre.tell(LogIn("cy"))
    assert centre.acd.free_agents("q") == 2
    centre.tell(SetPaused("ann", "lunch"))
    assert centre.acd.free_agents("q") == 1
    centre.join("c1")
    assert centre.acd.free_agents("q") == 0


def test_free_agents_whom_two_queues_could_have() -> None:
    centre = Centre(
        [spec("ann", german=5), spec("bob", german=5, sales=3), spec("cy", sales=3), spec("dan", german=5, sales=4)],
        [QueueSpec("q", (GERMAN,)), QueueSpec("s", (Need("sales", 3),))],
    )
    centre.staff("ann", "bob", "cy", "dan")
    assert [centre.acd.free_for_callbacks(*queues) for queues in (("q",), ("s",), ("q", "s"), ("s", "q"))] == [
        3,
        3,
        2,
        2,
    ]
    centre.tell(SetPaused("dan", "lunch"))
    assert centre.acd.free_for_callbacks("q", "s") == 1


def test_the_view_of_an_agent() -> None:
    centre = Centre([spec("ann")], [QueueSpec("q")])
    centre.staff("ann")
    centre.join("c1")
    centre.tell(SetPaused("ann", "lunch"))
    view = centre.acd.agent("ann")
    assert (view.state, view.contact, view.since) == (AgentState.RESERVED, "c1", centre.now)
    assert view.reachable


def test_unknown_names() -> None:
    acd = Centre([], []).acd
    for lookup in (
        acd.agent,
        acd.free_agents,
        acd.live_waiting,
        acd.callbacks_waiting,
        lambda name: acd.waiting(name, 0.0),
    ):
        with pytest.raises(LookupError):
            lookup("nobody")
    with pytest.raises(UsageError, match="nobody"):
        acd.handle(Reachability("nobody", True), 0.0)
