"""What follows a conversation: nothing, what the agent asked for, a fixed time, or until he says that it is done."""

from __future__ import annotations

import pytest

from softswitch.acd.model import (
    AgentState,
    AgentStateChanged,
    AskWrapUp,
    ExtendWrapUp,
    LogIn,
    LogOut,
    QueueSpec,
    SetPaused,
    SetReady,
    WrapUp,
    WrapUpMode,
)
from tests.unit.acd.centre import Centre, offers, only, spec

S = AgentState
TIMED = WrapUp(WrapUpMode.TIMED, 10, 60)
OPTIONAL = WrapUp(WrapUpMode.OPTIONAL, 10, 60)
UNTIL_DONE = WrapUp(WrapUpMode.UNTIL_DONE, 10, 60)


def talking(rule: WrapUp) -> Centre:
    """Ann talks to c1, and c2 waits."""
    c = Centre([spec("ann")], [QueueSpec("q", wrap_up=rule)])
    c.staff("ann")
    c.join("c1")
    c.answer("c1", "ann")
    c.join("c2")
    return c


def wrapping_up(rule: WrapUp) -> Centre:
    c = talking(rule)
    c.tell(AskWrapUp("ann"))
    c.end("c1", "ann")
    assert c.acd.agent("ann").state is S.WRAP_UP
    return c


def left_s(c: Centre) -> float | None:
    until = c.acd.agent("ann").wrap_up_until
    return None if until is None else until - c.now


@pytest.mark.parametrize("rule", [WrapUp(WrapUpMode.NONE, 10), WrapUp.timed(0), WrapUp(WrapUpMode.TIMED, 0), OPTIONAL])
def test_where_there_is_none_and_where_it_was_not_asked_for_the_next_comes_in_the_same_step(rule: WrapUp) -> None:
    c = talking(rule)
    assert offers(c.end("c1", "ann")) == [("c2", "ann")]


@pytest.mark.parametrize(
    ("rule", "expected_s"), [(TIMED, 10), (OPTIONAL, 10), (UNTIL_DONE, 60), (WrapUp(WrapUpMode.TIMED, 90, 60), 60)]
)
def test_it_lasts_as_long_as_its_mode_says_and_never_longer_than_allowed(rule: WrapUp, expected_s: float) -> None:
    c = wrapping_up(rule)
    assert left_s(c) == expected_s
    assert offers(c.pass_time(expected_s - 0.1)) == []
    assert offers(c.pass_time(0.1)) == [("c2", "ann")]


def test_what_was_asked_for_during_one_call_does_not_count_for_the_next() -> None:
    c = wrapping_up(OPTIONAL)
    c.pass_time(10)
    c.answer("c2", "ann")
    c.join("c3")
    assert offers(c.end("c2", "ann")) == [("c3", "ann")]


def test_who_does_not_talk_cannot_ask_for_it() -> None:
    c = Centre([spec("ann")], [QueueSpec("q", wrap_up=OPTIONAL)])
    c.staff("ann")
    assert c.tell(AskWrapUp("ann")) == []
    c.join("c1")
    c.tell(AskWrapUp("ann"))  # it rings
    c.answer("c1", "ann")
    c.end("c1", "ann")
    assert c.acd.agent("ann").state is S.READY


# ---- longer, and over ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [TIMED, OPTIONAL])
def test_it_is_extended_but_not_beyond_what_the_queue_allows(rule: WrapUp) -> None:
    c, seen = wrapping_up(rule), []
    c.pass_time(5)
    for by_s in (20, 20, 20, 20):
        c.tell(ExtendWrapUp("ann", by_s))
        seen.append(left_s(c))
    assert seen == [25, 45, 55, 55]
    assert offers(c.pass_time(54.9)) == []
    assert offers(c.pass_time(0.1)) == [("c2", "ann")]


def test_to_extend_it_by_less_than_nothing_does_not_shorten_it() -> None:
    c = wrapping_up(TIMED)
    c.tell(ExtendWrapUp("ann", -30))
    assert left_s(c) == 10


@pytest.mark.parametrize("moment", ["ready", "talking"])
def test_what_is_not_under_way_is_not_extended(moment: str) -> None:
    c = talking(TIMED)
    if moment == "ready":
        c.tell(SetPaused("ann", "tea"))
        c.end("c1", "ann")
        c.pass_time(10)
    assert c.tell(ExtendWrapUp("ann", 30)) == []
    assert left_s(c) is None


@pytest.mark.parametrize("rule", [TIMED, OPTIONAL, UNTIL_DONE])
def test_ready_ends_it_in_every_mode(rule: WrapUp) -> None:
    assert offers(wrapping_up(rule).tell(SetReady("ann"))) == [("c2", "ann")]


@pytest.mark.parametrize(("wish", "then"), [(SetPaused("ann", "tea"), S.PAUSED), (LogOut("ann"), S.LOGGED_OUT)])
def test_with_an_open_end_a_pause_or_a_logout_is_how_one_says_that_it_is_done(
    wish: SetPaused | LogOut, then: AgentState
) -> None:
    c = wrapping_up(UNTIL_DONE)
    (changed,) = only(c.tell(wish), AgentStateChanged)
    assert (changed.old, changed.new, changed.contact) == (S.WRAP_UP, then, "c1")


@pytest.mark.parametrize(("wish", "then"), [(SetPaused("ann", "tea"), S.PAUSED), (LogOut("ann"), S.LOGGED_OUT)])
@pytest.mark.parametrize("rule", [TIMED, OPTIONAL])
def test_of_a_fixed_length_it_is_finished_first(rule: WrapUp, wish: SetPaused | LogOut, then: AgentState) -> None:
    c = wrapping_up(rule)
    assert c.tell(wish) == []
    (changed,) = only(c.pass_time(10), AgentStateChanged)
    assert (changed.old, changed.new) == (S.WRAP_UP, then)


def test_a_login_is_not_how_one_says_that_it_is_done() -> None:
    c = wrapping_up(UNTIL_DONE)
    assert c.tell(LogIn("ann")) == []
    assert c.acd.agent("ann").state is S.WRAP_UP


def test_a_pause_that_was_wished_during_the_call_does_not_skip_an_open_end() -> None:
    c = talking(UNTIL_DONE)
    c.tell(SetPaused("ann", "tea"))
    c.end("c1", "ann")
    assert c.acd.agent("ann").state is S.WRAP_UP
    c.pass_time(60)
    assert (c.acd.agent("ann").state, c.acd.agent("ann").reason) == (S.PAUSED, "tea")
