"""Agents and queues are exchanged while people wait and talk; a contact is moved, or gets another priority."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.acd.decision import Decided
from softswitch.acd.model import (
    AgentSpec,
    AgentState,
    AgentStateChanged,
    CancelOffer,
    Configure,
    LogIn,
    Move,
    Moved,
    Need,
    OfferFailed,
    QueueJoined,
    QueueLeft,
    QueueSpec,
    Reachability,
    Refused,
    Relaxation,
    Reprioritise,
    SetPaused,
    SetReady,
    Strategy,
    WaitedTooLong,
    WrapUp,
)
from softswitch.core.errors import UsageError
from tests.unit.acd.centre import GERMAN, Centre, offers, only, spec

ANN, BOB = spec("ann", german=7), spec("bob", german=7)
Q = QueueSpec("q", (GERMAN,))
OTHER = QueueSpec("other")


def configure(centre: Centre, agents: list[AgentSpec], queues: list[QueueSpec], version: str = "2") -> list[object]:
    return list(centre.tell(Configure(tuple(agents), tuple(queues), version)))


def places(centre: Centre, queue: str = "q") -> list[str]:
    return [one.contact for one in centre.acd.waiting(queue, centre.now)]


def test_states_idle_times_and_the_place_in_line_survive() -> None:
    centre = Centre([ANN, BOB], [Q, OTHER])
    centre.staff("bob", "ann")
    centre.pass_time(30)
    before = centre.acd.agent("ann")
    assert configure(centre, [spec("aaa"), ANN, BOB], [OTHER, Q]) == []
    assert centre.acd.agent("ann") == before
    assert centre.acd.version == "2"
    assert offers(centre.join("c")) == [("c", "bob")], "who has been idle for longer"


def test_a_call_goes_on_with_its_agent_and_its_wrap_up() -> None:
    centre = Centre([ANN], [Q])
    centre.staff("ann")
    centre.join("c")
    configure(centre, [ANN], [Q])
    assert centre.acd.agent("ann").state is AgentState.RESERVED
    centre.answer("c", "ann")
    configure(centre, [ANN], [replace(Q, wrap_up=WrapUp.timed(44))])
    centre.end("c", "ann")
    assert centre.acd.agent("ann").state is AgentState.WRAP_UP
    configure(centre, [ANN], [Q])
    centre.pass_time(43)
    assert centre.acd.agent("ann").state is AgentState.WRAP_UP, "the end that was set when it began"
    centre.pass_time(2)
    assert centre.acd.agent("ann").state is AgentState.READY


def test_changed_needs_hold_at_once_for_who_waits() -> None:
    centre = Centre([ANN], [replace(Q, needs=(Need("german", 9),))])
    centre.staff("ann")
    centre.join("c")
    assert offers(centre.said) == []
    assert offers(centre.tell(Configure((ANN,), (Q,), "2"))) == [("c", "ann")]


def test_a_new_skill_of_an_agent_finds_the_contact_that_waits_for_it() -> None:
    centre = Centre([spec("ann")], [Q])
    centre.staff("ann")
    centre.join("c")
    assert offers(centre.tell(Configure((ANN,), (Q,), "2"))) == [("c", "ann")]


def test_relaxation_follows_the_age() -> None:
    centre = Centre([spec("ann")], [Q])
    centre.staff("ann")
    centre.join("old", age_s=60)
    centre.join("new")
    relaxed = replace(Q, relaxations=(Relaxation(50, ()),), wrap_up=WrapUp.timed(0))
    assert offers(centre.tell(Configure((spec("ann"),), (relaxed,), "2"))) == [("old", "ann")]
    centre.answer("old", "ann")
    centre.end("old", "ann")
    assert offers(centre.pass_time(49)) == [], "the other is not so old yet"
    assert offers(centre.pass_time(1)) == [("new", "ann")]


def test_the_order_follows_the_new_priorities() -> None:
    centre = Centre([], [Q, QueueSpec("q2", priority_s=5)])
    centre.join("a", age_s=10)
    centre.join("b", age_s=4, priority_s=2)
    centre.join("c", "q2", age_s=1)
    assert places(centre) == ["a", "b"]
    configure(centre, [], [replace(Q, priority_s=1), QueueSpec("q2", priority_s=50)])
    assert [centre.acd.position(one) for one in ("a", "b", "c")] == [1, 2, 1]
    configure(centre, [ANN], [Q, QueueSpec("q2", priority_s=50)])
    centre.tell(Reachability("ann", True))
    assert offers(centre.tell(LogIn("ann"))) == [("c", "ann")]


def test_a_shorter_longest_wait_is_counted_from_the_join() -> None:
    centre = Centre([], [Q])
    centre.join("c", age_s=500)
    centre.pass_time(20)
    configure(centre, [], [replace(Q, max_wait_s=30)])
    assert only(centre.pass_time(9), WaitedTooLong) == []
    assert only(centre.pass_time(2), WaitedTooLong) == [WaitedTooLong("c", "q")]


def test_a_longest_wait_that_is_over_already_ends_at_the_next_tick() -> None:
    centre = Centre([], [Q])
    centre.join("c")
    centre.pass_time(50)
    configure(centre, [], [replace(Q, max_wait_s=30)])
    assert only(centre.pass_time(0), WaitedTooLong) == [WaitedTooLong("c", "q")]


def test_a_limit_keeps_nobody_out_who_is_in() -> None:
    centre = Centre([], [Q])
    centre.join("a")
    centre.join("b")
    configure(centre, [], [replace(Q, max_waiting=1)])
    assert places(centre) == ["a", "b"]
    assert only(centre.join("c"), Refused) == [Refused("c", "q", "full")]


# ---- who is removed ------------------------------------------------------------------------------------------------


def test_an_idle_agent_who_is_removed_is_logged_out_and_gone() -> None:
    centre = Centre([ANN, BOB], [Q])
    centre.staff("ann", "bob")
    changed = only(centre.tell(Configure((BOB,), (Q,), "2")), AgentStateChanged)
    assert [(one.agent, one.new) for one in changed] == [("ann", AgentState.LOGGED_OUT)]
    with pytest.raises(LookupError):
        centre.acd.agent("ann")
    assert offers(centre.join("c")) == [("c", "bob")]
    with pytest.raises(UsageError, match="no agent 'ann' is configured"):
        centre.tell(LogIn("ann"))


@pytest.mark.parametrize("stage", ["ringing", "talking", "wrap-up"])
def test_an_agent_who_is_removed_finishes_what_he_has_in_hand(stage: str) -> None:
    centre = Centre([ANN], [Q])
    centre.staff("ann")
    centre.join("c")
    if stage != "ringing":
        centre.answer("c", "ann")
    if stage == "wrap-up":
        centre.end("c", "ann")
    assert only(centre.tell(Configure((BOB,), (Q,), "2")), CancelOffer) == []
    assert centre.acd.agent("ann").contact == "c"
    for said in (LogIn("ann"), SetReady("ann"), SetPaused("ann", "tea")):
        with pytest.raises(UsageError, match="not configured any more"):
            centre.tell(said)
    if stage == "ringing":
        centre.answer("c", "ann")
    if stage != "wrap-up":
        centre.end("c", "ann")
    centre.join("d")
    centre.pass_time(11)
    assert [one.name for one in centre.acd.agents()] == ["bob"]
    assert offers(centre.said) == [("c", "ann")]


def test_an_agent_who_is_removed_while_his_phone_rings_does_not_lose_the_contact() -> None:
    centre = Centre([ANN], [Q])
    centre.staff("ann")
    centre.join("c", age_s=7)
    configure(centre, [BOB], [Q])
    centre.tell(Reachability("bob", True), LogIn("bob"))
    assert offers(centre.tell(OfferFailed("c", "ann", "busy"))) == [("c", "bob")]
    assert [one.name for one in centre.acd.agents()] == ["bob"]


@pytest.mark.parametrize(("wish", "after"), [(None, AgentState.READY), ("tea", AgentState.PAUSED)])
def test_an_agent_who_is_configured_again_before_he_was_gone_stays(wish: str | None, after: AgentState) -> None:
    centre = Centre([ANN], [Q])
    centre.staff("ann")
    centre.join("c")
    centre.answer("c", "ann")
    if wish:
        centre.tell(SetPaused("ann", wish))
    configure(centre, [], [Q])
    configure(centre, [ANN], [Q])
    centre.end("c", "ann")
    centre.pass_time(11)
    now = centre.acd.agent("ann")
    assert (now.state, now.reason) == (after, wish or "")


def test_a_queue_that_is_removed_serves_those_who_are_in_it() -> None:
    centre = Centre([ANN], [replace(Q, wrap_up=WrapUp.timed(5)), OTHER])
    centre.staff("ann")
    centre.join("a")
    centre.answer("a", "ann")
    centre.join("b")
    configure(centre, [ANN], [OTHER])
    assert centre.acd.queues() == ["other", "q"]
    assert places(centre) == ["b"]
    assert only(centre.join("late"), Refused) == [Refused("late", "q", "unknown queue")]
    assert centre.acd.unmovable("b", "q") == "there is no queue 'q'"
    centre.end("a", "ann")
    assert offers(centre.pass_time(5)) == [("b", "ann")], "by its last rules"
    centre.answer("b", "ann")
    assert centre.acd.queues() == ["other", "q"], "its wrap-up is still to come"
    centre.end("b", "ann")
    centre.pass_time(5)
    assert centre.acd.queues() == ["other"]
    with pytest.raises(LookupError):
        centre.acd.waiting("q", centre.now)


def test_an_empty_queue_that_is_removed_is_gone_at_once() -> None:
    centre = Centre([ANN], [Q, OTHER])
    configure(centre, [ANN], [OTHER])
    assert centre.acd.queues() == ["other"]


def test_a_queue_comes_back_with_those_who_wait_in_it() -> None:
    centre = Centre([ANN], [Q])
    centre.join("a", age_s=3)
    configure(centre, [ANN], [])
    configure(centre, [ANN], [replace(Q, needs=())])
    centre.join("b")
    assert places(centre) == ["a", "b"]


def test_the_same_configuration_changes_the_version_alone() -> None:
    centre = Centre([ANN], [Q])
    floor = centre.acd._state.floor
    configure(centre, [ANN], [Q], "3")
    assert (centre.acd.version, centre.acd._state.floor is floor) == ("3", True)


def test_the_first_of_a_linear_queue_is_the_first_of_the_new_order() -> None:
    linear = replace(Q, strategy=Strategy.LINEAR)
    centre = Centre([ANN, BOB], [linear])
    centre.staff("bob", "ann")
    configure(centre, [BOB, ANN], [linear])
    assert offers(centre.join("c")) == [("c", "bob")]


# ---- one contact ---------------------------------------------------------------------------------------------------


def test_a_contact_is_moved_to_the_place_of_its_age() -> None:
    centre = Centre([], [Q, replace(OTHER, max_wait_s=100)])
    for contact, age_s in (("x", 50), ("z", 5)):
        centre.join(contact, "other", age_s)
    centre.join("c", age_s=20)
    centre.pass_time(10)
    assert [one for one in centre.tell(Move("c", "other")) if not isinstance(one, Decided)] == [
        QueueLeft("c", "q", "moved", 30.0, "call", None, 1),
        QueueJoined("c", "other", 2, "call", False, "moved", "q"),
        Moved("c", "q", "other"),
    ]
    assert places(centre, "other") == ["x", "c", "z"]
    assert (centre.acd.live_waiting("q"), centre.acd.live_waiting("other")) == (0, 3)
    assert [one.contact for one in only(centre.pass_time(91), WaitedTooLong)] == ["x", "z"], "the wait there is new"
    assert only(centre.pass_time(10), WaitedTooLong) == [WaitedTooLong("c", "other")]


def test_a_move_finds_the_agent_of_the_other_queue() -> None:
    centre = Centre([spec("ann")], [Q, OTHER])
    centre.staff("ann")
    centre.join("c")
    assert offers(centre.tell(Move("c", "other"))) == [("c", "ann")]


def test_a_move_is_refused_with_a_reason() -> None:
    centre = Centre([ANN], [Q, OTHER])
    centre.staff("ann")
    centre.join("c")
    for contact, queue, why in (
        ("c", "other", "agent 'ann' is being rung for contact 'c'"),
        ("c", "none", "there is no queue 'none'"),
        ("c", "q", "contact 'c' is in queue 'q' already"),
    ):
        assert centre.acd.unmovable(contact, queue) == why
        with pytest.raises(UsageError, match=why):
            centre.tell(Move(contact, queue))
    assert centre.acd.unmovable("gone", "other") == "contact 'gone' waits in no queue"
    assert centre.tell(Move("gone", "other")) == []


def test_another_priority_is_another_place() -> None:
    centre = Centre([], [Q])
    centre.join("a", age_s=20)
    centre.join("b")
    centre.tell(Reprioritise("b", 60))
    assert places(centre) == ["b", "a"]
    centre.tell(Reprioritise("b", 0))
    assert places(centre) == ["a", "b"]
    assert centre.tell(Reprioritise("gone", 5)) == []


def test_another_priority_while_the_phone_rings_counts_when_the_offer_has_failed() -> None:
    centre = Centre([ANN], [Q])
    centre.staff("ann")
    centre.join("a", age_s=20)
    centre.join("b")
    centre.tell(Reprioritise("a", -60))
    centre.tell(OfferFailed("a", "ann", "busy"))
    assert places(centre) == ["b", "a"]
    assert offers(centre.pass_time(11)) == [("b", "ann")]
