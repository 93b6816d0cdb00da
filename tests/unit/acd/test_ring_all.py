"""Everybody at once: one contact, several phones, and never two conversations."""

from __future__ import annotations

from softswitch.acd.decision import Decided
from softswitch.acd.model import AgentState, CancelOffer, Leave, OfferFailed, QueueLeft, QueueSpec, Strategy
from softswitch.core.effect import Effect
from tests.unit.acd.centre import Centre, offers, only, spec

ALL = QueueSpec("q", strategy=Strategy.RING_ALL, ring_timeout_s=20, max_misses=9)


def ringing(*names: str) -> tuple[Centre, list[Effect]]:
    centre = Centre([spec(name) for name in ("ann", "bob", "cid")], [ALL])
    centre.staff(*names)
    return centre, centre.join("c1")


def cancelled(effects: list[Effect]) -> list[tuple[str, str]]:
    return [(cancel.agent, cancel.why) for cancel in only(effects, CancelOffer)]


def test_everybody_who_is_free_is_rung_in_the_step_of_the_join() -> None:
    centre, effects = ringing("bob", "ann")
    assert offers(effects) == [("c1", "bob"), ("c1", "ann")]
    (decision,) = only(effects, Decided)
    assert (decision.agent, decision.agents, decision.replay()) == ("bob", ("bob", "ann"), "bob")
    assert decision.passed_over == (("cid", "logged out"),)
    assert {centre.acd.agent(name).state for name in ("ann", "bob")} == {AgentState.RESERVED}


def test_who_answers_first_has_it_and_the_others_are_free_again() -> None:
    centre, _ = ringing("ann", "bob", "cid")
    effects = centre.answer("c1", "bob")
    assert cancelled(effects) == [("ann", "answered elsewhere"), ("cid", "answered elsewhere")]
    assert [left.agent for left in only(effects, QueueLeft)] == ["bob"]
    assert [centre.acd.agent(name).state.value for name in ("ann", "bob", "cid")] == ["ready", "talking", "ready"]
    assert cancelled(centre.answer("c1", "ann")) == [("ann", "too late")]


def test_it_is_back_in_line_only_when_the_last_one_has_failed() -> None:
    centre, _ = ringing("ann", "bob")
    assert offers(centre.tell(OfferFailed("c1", "ann", "busy"))) == []
    assert offers(centre.staff("cid")) == [], "they are still ringing for it"
    effects = centre.tell(OfferFailed("c1", "bob", "rejected"))
    assert offers(effects) == [("c1", "cid")]


def test_nobody_answers() -> None:
    centre, _ = ringing("ann", "bob")
    effects = centre.pass_time(20.5)
    assert cancelled(effects) == [("ann", "no answer"), ("bob", "no answer")]
    assert (centre.acd.agent("ann").delayed, centre.acd.live_waiting("q")) == (True, 1)
    assert sorted(offers(centre.pass_time(5))) == [("c1", "ann"), ("c1", "bob")]


def test_a_caller_who_gives_up_releases_all_of_them() -> None:
    centre, _ = ringing("ann", "bob")
    effects = centre.tell(Leave("c1", "abandoned"))
    assert cancelled(effects) == [("ann", "abandoned"), ("bob", "abandoned")]
    assert {centre.acd.agent(name).state for name in ("ann", "bob")} == {AgentState.READY}
    assert centre.acd.waiting("q", centre.now) == []
