"""Who may join a queue and who has to leave it: nobody at work, all paused, a wait that is too long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.acd.model import (
    AgentSpec,
    AnyOf,
    Condition,
    Configure,
    Join,
    Leave,
    LogIn,
    LogOut,
    Need,
    OfferFailed,
    QueueJoined,
    QueueLeft,
    QueueSpec,
    Reachability,
    Refused,
    Relaxation,
    SetPaused,
    SetReady,
    WaitedTooLong,
)
from softswitch.core.effect import Effect
from tests.unit.acd.centre import GERMAN, Centre, offers, only, spec

NO_AGENTS, ALL_PAUSED, LONG_WAIT = Condition.NO_AGENTS, Condition.ALL_PAUSED, Condition.LONG_WAIT
ANN, BOB, CY = spec("ann", german=7), spec("bob", german=7), spec("cy", french=5)
Q = QueueSpec("q", (GERMAN,), ring_timeout_s=10, max_misses=1)


def joining(*conditions: Condition, **more: float) -> QueueSpec:
    return replace(Q, join_unless=frozenset(conditions), **more)  # type: ignore[arg-type]


def leaving(*conditions: Condition, **more: float) -> QueueSpec:
    return replace(Q, leave_if=frozenset(conditions), **more)  # type: ignore[arg-type]


def refused(effects: list[Effect]) -> list[str]:
    return [one.why for one in only(effects, Refused)]


def gone(effects: list[Effect]) -> list[tuple[str, str]]:
    """Who has left, as the contact is told; the fact says the same."""
    told = [(one.contact, one.why) for one in only(effects, WaitedTooLong)]
    assert [(one.contact, one.why) for one in only(effects, QueueLeft)] == told
    return told


def centre(queue: QueueSpec, *agents: AgentSpec) -> Centre:
    return Centre(agents or (ANN, BOB, CY), [queue])


# ---- at joining ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("conditions", [(NO_AGENTS,), (NO_AGENTS, ALL_PAUSED, LONG_WAIT)])
def test_nobody_joins_where_nobody_is_logged_in_who_could_serve(conditions: tuple[Condition, ...]) -> None:
    it = centre(joining(*conditions))
    it.staff("cy")
    assert refused(it.join("a")) == ["no agents"]
    it.tell(LogIn("ann"))
    assert only(it.join("b"), QueueJoined), "his phone may come back at any moment"


def test_without_the_condition_he_waits() -> None:
    it = centre(Q)
    assert only(it.join("a"), QueueJoined)


def test_who_could_serve_when_the_needs_are_relaxed_counts() -> None:
    it = centre(replace(joining(NO_AGENTS), relaxations=(Relaxation(60, (Need("french"),)),)))
    it.staff("cy")
    assert only(it.join("a"), QueueJoined)


def test_the_contacts_own_needs_count_in_place_of_the_queues() -> None:
    it = centre(joining(NO_AGENTS))
    it.staff("ann")
    assert refused(it.join("a", needs=(Need("french"),))) == ["no agents"]
    assert only(it.join("b", needs=(AnyOf((Need("french"), GERMAN)),)), QueueJoined)


def test_nobody_joins_where_all_are_paused() -> None:
    it = centre(joining(ALL_PAUSED))
    assert only(it.join("a"), QueueJoined), "nobody is logged in: that is another condition"
    it.tell(Leave("a", "abandoned"))
    it.staff("bob", "cy")
    it.tell(LogIn("ann", ready=False), SetPaused("bob", "tea"))
    assert refused(it.join("b")) == ["all paused"]
    it.tell(SetReady("ann"))
    assert only(it.join("c"), QueueJoined)


def test_who_talks_is_not_paused_before_he_is_done() -> None:
    it = centre(joining(ALL_PAUSED), ANN)
    it.staff("ann")
    it.join("a")
    it.answer("a", "ann")
    it.tell(SetPaused("ann", "tea"))
    assert only(it.join("b"), QueueJoined)
    it.end("a", "ann")
    it.pass_time(20)
    assert refused(it.join("c")) == ["all paused"]


def test_nobody_joins_where_the_wait_is_too_long() -> None:
    it = centre(joining(LONG_WAIT, expected_above_s=200.0), ANN)
    it.staff("ann")
    joined = [bool(only(it.join(f"c{number}"), QueueJoined)) for number in range(12)]
    assert joined[0] and not joined[-1]
    first = joined.index(False)
    assert not any(joined[first:])
    expected = it.acd.expected_wait("q", it.now)
    assert expected is not None and expected.likely_s > 200


def test_the_wait_is_that_of_his_own_place() -> None:
    it = centre(joining(LONG_WAIT, expected_above_s=200.0), ANN)
    it.staff("ann")
    assert refused([effect for number in range(12) for effect in it.join(f"c{number}")])
    assert only(it.join("vip", priority_s=3600.0), QueueJoined), "he would be the first in line"


def test_without_an_honest_answer_the_wait_keeps_nobody_out() -> None:
    it = centre(joining(LONG_WAIT, expected_above_s=0.1))
    assert it.acd.expected_wait("q", it.now) is None
    assert only(it.join("a"), QueueJoined)


@pytest.mark.parametrize("more", [{"kind": "callback"}, {"joined_at": 990.0}, {"age_s": 30.0}])
def test_callbacks_and_places_that_were_kept_are_not_refused(more: dict[str, object]) -> None:
    it = centre(joining(NO_AGENTS, ALL_PAUSED))
    assert only(it.join("a", **more), QueueJoined)  # type: ignore[arg-type]


def test_who_overflows_from_another_queue_is_refused_like_anybody() -> None:
    it = centre(joining(NO_AGENTS))
    assert refused(it.tell(Join("a", "q", it.now - 60, overflow_of="other"))) == ["no agents"]
    it.staff("ann")
    (joined,) = only(it.tell(Join("b", "q", it.now - 60, overflow_of="other")), QueueJoined)
    assert (joined.why, joined.old) == ("overflow", "other")


def test_who_would_have_to_leave_at_once_does_not_join() -> None:
    it = centre(leaving(NO_AGENTS))
    assert refused(it.join("a")) == ["no agents"]


# ---- while waiting -------------------------------------------------------------------------------------------------


def test_all_leave_when_the_last_agent_logs_out() -> None:
    it = centre(leaving(NO_AGENTS))
    it.staff("ann", "bob", "cy")
    it.tell(SetPaused("ann", "tea"), SetPaused("bob", "tea"))
    it.join("a")
    it.join("b")
    assert gone(it.tell(LogOut("cy"), LogOut("ann"))) == []
    assert gone(it.tell(LogOut("bob"))) == [("a", "no agents"), ("b", "no agents")]
    assert (it.acd.live_waiting("q"), it.acd.deadline) == (0, None)


def test_all_leave_when_the_last_is_paused_and_not_when_he_logs_out() -> None:
    it = centre(leaving(ALL_PAUSED))
    it.staff("ann", "bob")
    for name in ("x", "y"):
        it.join(name)
        it.answer(name, {"x": "ann", "y": "bob"}[name])
    it.join("a")
    it.tell(SetPaused("ann", "tea"), LogOut("bob"))
    it.end("y", "bob")
    assert gone(it.pass_time(30)) == []
    it.end("x", "ann")
    assert gone(it.pass_time(9)) == []
    assert gone(it.pass_time(1)) == [("a", "all paused")]


def test_a_pause_for_a_missed_call_sends_away_who_was_rung_for() -> None:
    it = centre(leaving(ALL_PAUSED), ANN)
    it.staff("ann")
    assert offers(it.join("a")) == [("a", "ann")]
    assert gone(it.pass_time(10.5)) == [("a", "all paused")]


def test_who_is_being_rung_for_stays_and_leaves_when_that_has_failed() -> None:
    it = centre(leaving(NO_AGENTS), ANN)
    it.staff("ann")
    it.join("a")
    it.tell(LogOut("ann"))
    assert gone(it.said[-2:]) == []
    assert gone(it.tell(OfferFailed("a", "ann", "busy"))) == [("a", "no agents")]


def test_callbacks_stay() -> None:
    it = centre(leaving(NO_AGENTS, ALL_PAUSED), ANN)
    it.staff("ann")
    it.join("x")
    it.answer("x", "ann")
    it.join("cb", kind="callback")
    it.join("a")
    it.tell(LogOut("ann"))
    assert gone(it.end("x", "ann") + it.pass_time(10)) == [("a", "no agents")]
    assert it.acd.callbacks_waiting("q") == 1


def test_own_needs_count_while_waiting() -> None:
    it = centre(leaving(NO_AGENTS))
    it.staff("ann", "cy")
    it.tell(SetPaused("ann", "tea"), SetPaused("cy", "tea"))
    it.join("a")
    it.join("b", needs=(Need("french"),))
    assert gone(it.tell(LogOut("cy"))) == [("b", "no agents")]


def test_a_reload_that_takes_the_last_agent_sends_all_away() -> None:
    it = centre(leaving(NO_AGENTS), ANN)
    it.staff("ann")
    it.tell(SetPaused("ann", "tea"))
    it.join("a")
    assert gone(it.tell(Configure((BOB,), (leaving(NO_AGENTS),), "2"))) == [("a", "no agents")]


def test_a_reload_that_brings_the_condition_holds_at_once() -> None:
    it = centre(Q, ANN)
    it.join("a")
    assert gone(it.tell(Configure((ANN,), (leaving(NO_AGENTS),), "2"))) == [("a", "no agents")]


def test_the_last_in_line_leave_when_the_wait_has_become_too_long() -> None:
    it = centre(leaving(LONG_WAIT, leave_above_s=400.0), ANN, BOB)
    it.staff("ann", "bob")
    for number in range(6):
        it.join(f"c{number}")
    assert refused(it.said) == []
    for contact, agent in (("c0", "ann"), ("c1", "bob")):
        it.answer(contact, agent)
    it.tell(LogOut("bob"), Reachability("bob", False))
    it.end("c1", "bob")
    before = [one.contact for one in it.acd.waiting("q", it.now)]
    left = [contact for contact, why in gone(it.pass_time(61)) if why == "long wait"]
    after = [one.contact for one in it.acd.waiting("q", it.now)]
    assert left and before == [*after, *reversed(left)], "from the end"
    assert it.acd.deadline is not None


def jam(queue: QueueSpec) -> Centre:
    """One agent talks, and five wait for much longer than 400 s."""
    it = centre(queue, ANN)
    it.staff("ann")
    for number in range(6):
        it.join(f"c{number}")
    it.answer("c0", "ann")
    return it


@pytest.mark.parametrize("taken_back", [True, False])
def test_a_reload_decides_whether_a_long_wait_sends_away_those_who_wait(taken_back: bool) -> None:
    asked = leaving(LONG_WAIT, leave_above_s=400.0)
    patient = replace(asked, leave_if=frozenset())
    it = jam(patient)
    before = it.acd.waiting("q", it.now)
    for number, queue in enumerate((asked, patient) if taken_back else (asked,)):
        it.tell(Configure((ANN,), (queue,), str(number)))
    left = gone(it.pass_time(61))
    assert bool(left) is not taken_back
    assert len(it.acd.waiting("q", it.now)) == len(before) - len(left)


def test_an_empty_queue_is_not_looked_at() -> None:
    it = centre(leaving(LONG_WAIT, leave_above_s=400.0), ANN)
    it.staff("ann")
    it.join("a")
    it.answer("a", "ann")
    it.pass_time(31)
    assert it.acd.deadline is None
