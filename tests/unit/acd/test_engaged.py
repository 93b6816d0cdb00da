"""An agent in a call of his own, and a wrap-up that is ended for him."""

from __future__ import annotations

import pytest

from softswitch.acd.decision import Decided
from softswitch.acd.model import (
    AgentState,
    EndWrapUp,
    Engaged,
    LogOut,
    Offer,
    QueueSpec,
    Reachability,
    SetPaused,
    WrapUp,
    WrapUpMode,
)
from tests.unit.acd.centre import Centre, offers, only, spec

S = AgentState


def centre() -> Centre:
    c = Centre([spec("ann"), spec("bob")], [QueueSpec("q", wrap_up=WrapUp.timed(10))])
    c.staff("ann")
    return c


def test_he_is_offered_nothing_until_it_ends_and_then_in_the_same_step() -> None:
    c = centre()
    c.tell(Engaged("ann", True))
    (decided,) = only(c.join("c1"), Decided)
    assert decided.agent is None and ("ann", "in another call") in decided.passed_over
    assert c.acd.agent("ann").state is S.READY and c.acd.free_agents("q") == 0
    assert offers(c.tell(Engaged("ann", False))) == [("c1", "ann")]


def test_to_be_told_twice_is_to_be_told_once() -> None:
    c = centre()
    c.tell(Engaged("ann", True))
    c.tell(Engaged("ann", True))
    c.join("c1")
    assert offers(c.tell(Engaged("ann", False))) == [("c1", "ann")]
    assert offers(c.tell(Engaged("ann", False))) == []


def test_unreachable_is_the_reason_that_is_said_first() -> None:
    c = centre()
    c.tell(Engaged("ann", True))
    c.tell(Reachability("ann", False))
    (decided,) = only(c.join("c1"), Decided)
    assert ("ann", "unreachable") in decided.passed_over


def test_a_consultation_that_outlasts_the_contact_keeps_the_next_one_away() -> None:
    c = centre()
    c.join("c1")
    c.answer("c1", "ann")
    c.join("c2")
    c.tell(Engaged("ann", True))
    c.end("c1", "ann")
    assert offers(c.pass_time(10)) == [] and c.acd.agent("ann").state is S.READY
    assert offers(c.tell(Engaged("ann", False))) == [("c2", "ann")]


@pytest.mark.parametrize(("wish", "state"), [(SetPaused("ann", "meeting"), S.PAUSED), (LogOut("ann"), S.LOGGED_OUT)])
@pytest.mark.parametrize("mode", [WrapUpMode.TIMED, WrapUpMode.UNTIL_DONE])
def test_a_wrap_up_that_is_ended_for_him_obeys_his_last_wish(
    wish: SetPaused | LogOut, state: AgentState, mode: WrapUpMode
) -> None:
    c = Centre([spec("ann")], [QueueSpec("q", wrap_up=WrapUp(mode, 10, 60))])
    c.staff("ann")
    c.join("c1")
    c.answer("c1", "ann")
    c.join("c2")
    c.end("c1", "ann")
    assert c.acd.agent("ann").state is S.WRAP_UP
    effects = [*c.tell(wish), *c.tell(EndWrapUp("ann"))]
    assert c.acd.agent("ann").state is state
    assert only(effects, Offer) == []  # c2 was not offered in between
    assert c.acd.deadline != c.now + 10


def test_who_wants_to_work_has_the_next_contact_when_it_is_ended() -> None:
    c = centre()
    c.join("c1")
    c.answer("c1", "ann")
    c.join("c2")
    c.end("c1", "ann")
    assert offers(c.tell(EndWrapUp("ann"))) == [("c2", "ann")]


@pytest.mark.parametrize("state", [S.LOGGED_OUT, S.READY, S.RESERVED, S.TALKING])
def test_where_there_is_no_wrap_up_nothing_ends(state: AgentState) -> None:
    c = centre()
    if state is S.LOGGED_OUT:
        c.tell(LogOut("ann"))
    if state in (S.RESERVED, S.TALKING):
        c.join("c1")
    if state is S.TALKING:
        c.answer("c1", "ann")
    assert c.tell(EndWrapUp("ann")) == [] and c.acd.agent("ann").state is state
