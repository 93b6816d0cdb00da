"""The end of an offer in every way, and FIELD's pains: stuck agents, ring loops, dead phones, skipped wrap-up."""

from __future__ import annotations

import pytest

from softswitch.acd.match import GRACE_S
from softswitch.acd.model import (
    AcdInput,
    AgentState,
    AgentStateChanged,
    CancelOffer,
    Leave,
    LogIn,
    LogOut,
    OfferAnswered,
    OfferFailed,
    QueueLeft,
    QueueSpec,
    Reachability,
    SetPaused,
    SetReady,
    WrapUp,
)
from softswitch.core.errors import UsageError
from tests.unit.acd.centre import Centre, offers, only, spec

Q = QueueSpec("q", ring_timeout_s=20, wrap_up=WrapUp.timed(10), retry_busy_s=15, max_misses=2)
RONA_S = 20 + GRACE_S


def centre(*agents: str, queue: QueueSpec = Q) -> Centre:
    built = Centre([spec(name) for name in ("ann", "bob")], [queue])
    built.staff(*agents)
    return built


def state(c: Centre, agent: str) -> tuple[AgentState, str]:
    view = c.acd.agent(agent)
    return view.state, view.reason


# ---- the ordinary course -----------------------------------------------------------------------------------------


def test_an_answer_ends_the_visit_to_the_queue() -> None:
    c = centre("ann")
    c.join("c1")
    assert c.answer("c1", "ann") == [
        AgentStateChanged("ann", AgentState.RESERVED, AgentState.TALKING, "", "c1"),
        QueueLeft("c1", "q", "answered", 0.0, "call", "ann", 1),
    ]
    assert c.acd.deadline is None


def test_wrap_up_has_its_own_deadline_and_then_comes_the_next() -> None:
    c = centre("ann")
    c.join("c1")
    c.answer("c1", "ann")
    c.join("c2")
    c.end("c1", "ann")
    assert state(c, "ann") == (AgentState.WRAP_UP, "")
    assert offers(c.pass_time(9.9)) == []
    assert offers(c.pass_time(0.1)) == [("c2", "ann")]


def test_set_ready_ends_wrap_up_early() -> None:
    c = centre("ann")
    c.join("c1")
    c.answer("c1", "ann")
    c.join("c2")
    c.end("c1", "ann")
    assert offers(c.tell(SetReady("ann"))) == [("c2", "ann")]


def test_without_wrap_up_the_next_comes_at_once() -> None:
    c = centre("ann", queue=QueueSpec("q", wrap_up=WrapUp.timed(0)))
    c.join("c1")
    c.answer("c1", "ann")
    c.join("c2")
    assert offers(c.end("c1", "ann")) == [("c2", "ann")]


@pytest.mark.parametrize(
    ("wish", "after"), [(SetPaused("ann", "lunch"), AgentState.PAUSED), (LogOut("ann"), AgentState.LOGGED_OUT)]
)
def test_a_wish_while_talking_neither_skips_wrap_up_nor_lets_another_contact_in(
    wish: SetPaused | LogOut, after: AgentState
) -> None:
    c = centre("ann")
    c.join("c1")
    c.answer("c1", "ann")
    c.join("c2")
    c.tell(wish)
    c.end("c1", "ann")
    assert state(c, "ann") == (AgentState.WRAP_UP, "")
    assert offers(c.pass_time(60)) == []
    assert state(c, "ann")[0] is after


# ---- no answer ---------------------------------------------------------------------------------------------------


def test_ring_timeout_brings_the_contact_back_to_its_place_and_on_to_the_next_agent() -> None:
    c = centre("ann", "bob")
    c.join("c1", age_s=30)
    c.tell(SetPaused("bob", "tea"))
    c.join("c2", age_s=20)
    effects = c.pass_time(RONA_S)
    assert effects[0] == CancelOffer("c1", "ann", "no answer")
    assert [c.acd.position(x) for x in ("c1", "c2")] == [1, 2]
    assert offers(c.tell(SetReady("bob"))) == [("c1", "bob")]


def test_a_missed_contact_does_not_loop_to_the_same_agent_while_another_is_free() -> None:
    c = centre("ann", "bob")
    c.join("c1")
    assert offers(c.pass_time(RONA_S)) == [("c1", "bob")]


def test_a_lone_agent_is_tried_again_after_a_short_delay_and_paused_after_the_last_miss() -> None:
    c = centre("ann")
    c.join("c1")
    assert offers(c.pass_time(RONA_S)) == []
    assert state(c, "ann") == (AgentState.READY, "")
    assert offers(c.pass_time(Q.retry_no_answer_s)) == [("c1", "ann")]
    c.pass_time(RONA_S)
    assert state(c, "ann") == (AgentState.PAUSED, "no answer")
    assert offers(c.pass_time(600)) == []
    assert offers(c.tell(SetReady("ann"))) == [("c1", "ann")]


def test_only_consecutive_misses_count() -> None:
    c = centre("ann", queue=QueueSpec("q", ring_timeout_s=20, wrap_up=WrapUp.timed(0)))
    c.join("c1")
    c.pass_time(RONA_S + Q.retry_no_answer_s)
    c.answer("c1", "ann")
    c.end("c1", "ann")
    c.join("c2")
    c.pass_time(RONA_S)
    assert state(c, "ann") == (AgentState.READY, "")


def test_no_answer_reported_by_the_leg_is_a_miss_without_a_cancel() -> None:
    c = centre("ann", queue=QueueSpec("q", max_misses=1))
    c.join("c1")
    effects = c.tell(OfferFailed("c1", "ann", "no answer"))
    assert only(effects, CancelOffer) == []
    assert state(c, "ann") == (AgentState.PAUSED, "no answer")


# ---- other failures ----------------------------------------------------------------------------------------------


DELAYS = QueueSpec("q", retry_no_answer_s=3, retry_busy_s=15, retry_rejected_s=25, retry_unreachable_s=35, max_misses=2)


@pytest.mark.parametrize(("why", "delay_s"), [("no answer", 3), ("busy", 15), ("rejected", 25), ("unreachable", 35)])
def test_each_failure_has_its_own_delay(why: str, delay_s: float) -> None:
    c = centre("ann", queue=DELAYS)
    c.join("c1")
    assert offers(c.tell(OfferFailed("c1", "ann", why)) + c.pass_time(delay_s - 0.1)) == []
    assert offers(c.pass_time(0.1)) == [("c1", "ann")]


@pytest.mark.parametrize("why", ["busy", "rejected"])
def test_busy_and_rejected_are_no_miss_and_do_not_end_with_a_sign_of_life(why: str) -> None:
    c = centre("ann", queue=QueueSpec("q", max_misses=1))
    c.join("c1")
    c.tell(OfferFailed("c1", "ann", why))
    assert offers(c.tell(Reachability("ann", True)) + c.pass_time(9.9)) == []
    assert offers(c.pass_time(0.1)) == [("c1", "ann")]


def test_unreachable_ends_when_the_phone_is_heard_of_again() -> None:
    c = centre("ann")
    c.join("c1")
    c.tell(OfferFailed("c1", "ann", "unreachable"))
    c.pass_time(3)
    assert offers(c.tell(Reachability("ann", True))) == [("c1", "ann")]


def test_unreachable_ends_after_the_delay_if_nothing_is_heard() -> None:
    c = centre("ann")
    c.join("c1")
    c.tell(OfferFailed("c1", "ann", "unreachable"))
    assert offers(c.pass_time(15)) == [("c1", "ann")]


@pytest.mark.parametrize("back", [(SetPaused("ann", "tea"), SetReady("ann")), (LogOut("ann"), LogIn("ann"))])
def test_a_human_who_comes_back_and_says_so_starts_without_the_delay(back: tuple[AcdInput, ...]) -> None:
    c = centre("ann")
    c.join("c1")
    c.tell(OfferFailed("c1", "ann", "busy"))
    assert offers(c.tell(*back)) == [("c1", "ann")]


def test_an_offer_does_not_fail_for_a_reason_that_is_not_in_the_list() -> None:
    c = centre("ann")
    c.join("c1")
    with pytest.raises(UsageError, match="bored"):
        c.tell(OfferFailed("c1", "ann", "bored"))
    assert state(c, "ann")[0] is AgentState.RESERVED


# ---- pains -------------------------------------------------------------------------------------------------------


def test_pain_11_a_phone_that_is_not_registered_is_not_offered_work() -> None:
    c = Centre([spec("ann")], [Q])
    c.tell(LogIn("ann"))
    c.join("c1")
    assert offers(c.said) == []
    assert offers(c.tell(Reachability("ann", True))) == [("c1", "ann")]


def test_a_phone_that_goes_while_it_rings_leaves_the_end_to_the_leg_but_gets_nothing_new() -> None:
    c = centre("ann")
    c.join("c1")
    c.tell(Reachability("ann", False))
    assert state(c, "ann")[0] is AgentState.RESERVED
    assert offers(c.tell(OfferFailed("c1", "ann", "unreachable")) + c.pass_time(60)) == []


def test_pain_8_two_contacts_are_never_offered_to_one_agent_nor_one_to_two() -> None:
    c = centre("ann", "bob")
    c.join("c1")
    c.join("c2")
    c.join("c3")
    assert offers(c.said) == [("c1", "ann"), ("c2", "bob")]


def test_pain_6_a_reservation_ends_even_if_nobody_ever_reports() -> None:
    c = centre("ann", queue=QueueSpec("q", ring_timeout_s=20, max_misses=1))
    c.join("c1")
    c.pass_time(RONA_S)
    assert state(c, "ann") == (AgentState.PAUSED, "no answer")
    assert c.acd.waiting("q", c.now)[0].agents == ()


def test_an_answer_after_the_offer_is_over_is_told_that_it_lost() -> None:
    c = centre("ann", "bob")
    c.join("c1")
    c.pass_time(RONA_S)
    assert c.tell(OfferAnswered("c1", "ann")) == [CancelOffer("c1", "ann", "too late")]
    assert c.acd.agent("bob").contact == "c1"
    c.tell(Leave("c1", "abandoned"))
    assert c.tell(OfferAnswered("c1", "bob")) == [CancelOffer("c1", "bob", "too late")]


def test_events_about_what_is_over_are_dropped() -> None:
    c = centre("ann")
    c.join("c1")
    c.answer("c1", "ann")
    before = c.acd.agent("ann")
    late = [OfferAnswered("c1", "ann"), OfferFailed("c1", "ann", "busy"), Leave("c1", "abandoned")]
    assert c.tell(*late) == []
    assert c.end("c9", "ann") == []
    assert c.acd.agent("ann") == before
    c.end("c1", "ann")
    assert c.end("c1", "ann") == []
    assert c.tell(OfferAnswered("c1", "ann")) == []


def test_a_wrap_up_that_is_reported_twice_is_not_longer() -> None:
    c = centre("ann")
    c.join("c1")
    c.answer("c1", "ann")
    c.end("c1", "ann")
    c.pass_time(6)
    c.end("c1", "ann")
    c.pass_time(4)
    assert state(c, "ann") == (AgentState.READY, "")


def test_a_contact_in_conversation_may_queue_again_for_another_agent() -> None:
    c = centre("ann", "bob")
    c.join("c1")
    c.answer("c1", "ann")
    assert offers(c.join("c1")) == [("c1", "bob")]
    c.end("c1", "ann")
    assert state(c, "ann")[0] is AgentState.WRAP_UP
    assert c.acd.agent("bob").contact == "c1"
