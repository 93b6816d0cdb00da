"""Who is served first: one scale over all queues, and the longest idle agent."""

from __future__ import annotations

from softswitch.acd.model import Need, QueueLeft, QueueSpec, Relaxation, WrapUp
from tests.unit.acd.centre import GERMAN, Centre, offers, only, spec

Q, VIP = QueueSpec("q", wrap_up=WrapUp.timed(0)), QueueSpec("vip", priority_s=60, wrap_up=WrapUp.timed(0))


def test_a_join_with_an_agent_free_is_offered_in_the_same_step() -> None:
    centre = Centre([spec("ann")], [Q])
    centre.staff("ann")
    assert offers(centre.join("c1")) == [("c1", "ann")]


def test_an_agent_who_becomes_free_is_offered_the_oldest_in_the_same_step() -> None:
    centre = Centre([spec("ann")], [Q])
    centre.join("young")
    centre.join("old", age_s=30)
    assert offers(centre.staff("ann")) == [("old", "ann")]


def test_priority_is_seconds_of_age_across_queues() -> None:
    centre = Centre([spec("ann")], [Q, VIP])
    centre.join("older", "q", age_s=61)
    centre.join("vip", "vip", age_s=0)
    centre.join("lifted", "q", age_s=1, priority_s=59.5)
    centre.staff("ann")
    served = []
    for contact in ("older", "lifted", "vip"):
        served += offers(centre.said)[-1:]
        centre.answer(contact, "ann")
        centre.end(contact, "ann")
    assert served == [("older", "ann"), ("lifted", "ann"), ("vip", "ann")]


def test_a_freed_agent_takes_the_best_over_all_its_skills() -> None:
    queues = [QueueSpec(skill, (Need(skill),)) for skill in ("a", "b", "c")]
    centre = Centre([spec("ann", a=1, b=1, c=1)], queues)
    for contact, queue, age_s in (("c1", "a", 10), ("c2", "b", 30), ("c3", "c", 20)):
        centre.join(contact, queue, age_s=age_s)
    assert offers(centre.staff("ann")) == [("c2", "ann")]


def test_agents_freed_in_one_late_tick_all_get_a_contact() -> None:
    centre = Centre([spec("ann"), spec("bob")], [QueueSpec("q", wrap_up=WrapUp.timed(10))])
    centre.staff("ann", "bob")
    for contact, agent in (("c1", "ann"), ("c2", "bob")):
        centre.join(contact)
        centre.answer(contact, agent)
    centre.end("c2", "bob")
    centre.end("c1", "ann")
    centre.join("c3")
    centre.join("c4")
    assert sorted(offers(centre.acd.tick(centre.now + 60))) == [("c3", "ann"), ("c4", "bob")]


def test_equal_ranks_go_by_id() -> None:
    centre = Centre([spec("ann")], [Q])
    centre.join("b")
    centre.join("a")
    assert offers(centre.staff("ann")) == [("a", "ann")]


def test_a_callback_has_the_place_of_its_original_age() -> None:
    centre = Centre([spec("ann")], [Q])
    centre.join("before", age_s=120)
    centre.join("after", age_s=60)
    centre.join("promise", age_s=90, kind="callback")
    assert [centre.acd.position(c) for c in ("before", "promise", "after")] == [1, 2, 3]


def test_the_longest_idle_agent_is_chosen_and_ties_go_by_name() -> None:
    centre = Centre([spec("ann"), spec("bob"), spec("cy")], [Q])
    centre.staff("bob", "ann", "cy")
    assert offers(centre.join("c1")) == [("c1", "bob")]
    centre.answer("c1", "bob")
    centre.join("c2")
    centre.answer("c2", "ann")
    centre.end("c1", "bob")
    centre.end("c2", "ann")
    assert offers(centre.join("c3") + centre.join("c4") + centre.join("c5")) == [
        ("c3", "cy"),
        ("c4", "ann"),
        ("c5", "bob"),
    ]


def test_an_agent_takes_only_what_it_qualifies_for() -> None:
    centre = Centre([spec("ann", german=4), spec("bob", german=5)], [QueueSpec("q", (GERMAN,))])
    centre.join("c1")
    assert offers(centre.staff("ann")) == []
    assert offers(centre.staff("bob")) == [("c1", "bob")]


def test_needs_of_the_contact_replace_those_of_the_queue() -> None:
    centre = Centre([spec("ann", german=9), spec("bob", french=1)], [QueueSpec("q", (GERMAN,))])
    centre.staff("ann", "bob")
    assert offers(centre.join("c1", needs=(Need("french"),))) == [("c1", "bob")]


RELAXED = QueueSpec("q", (GERMAN,), (Relaxation(30, (Need("german", 1),)),))


def test_relaxation_applies_from_its_moment_and_matches_at_once() -> None:
    centre = Centre([spec("ann", german=2)], [RELAXED])
    centre.staff("ann")
    centre.join("c1", age_s=10)
    assert offers(centre.pass_time(19.9)) == []
    assert offers(centre.pass_time(0.1)) == [("c1", "ann")]


def test_relaxation_is_a_predicate_over_age_so_an_old_contact_joins_relaxed() -> None:
    centre = Centre([spec("ann", german=2)], [RELAXED])
    centre.staff("ann")
    assert offers(centre.join("c1", age_s=30, kind="callback")) == [("c1", "ann")]


def test_relaxation_that_falls_into_an_offer_applies_when_the_contact_is_back() -> None:
    centre = Centre([spec("ann", german=9), spec("bob", german=2)], [RELAXED])
    centre.staff("ann", "bob")
    centre.join("c1", age_s=20)
    assert offers(centre.pass_time(21)) == [("c1", "bob")]


def test_relaxation_does_not_touch_needs_that_the_contact_brought() -> None:
    centre = Centre([spec("ann", german=2), spec("bob", german=9)], [RELAXED])
    centre.staff("ann")
    assert offers(centre.join("c1", age_s=40, needs=(GERMAN,)) + centre.pass_time(60)) == []


def test_when_several_relax_in_one_late_tick_the_best_ranked_is_served() -> None:
    late = QueueSpec("late", (GERMAN,), (Relaxation(20, ()),), priority_s=100)
    centre = Centre([spec("ann")], [RELAXED, late, QueueSpec("plain", (GERMAN,), (Relaxation(10, ()),))])
    centre.staff("ann")
    centre.join("low", "plain")
    centre.join("high", "late")
    assert offers(centre.acd.tick(centre.now + 25)) == [("high", "ann")]


def test_waited_s_counts_from_the_original_age() -> None:
    centre = Centre([spec("ann")], [Q])
    centre.join("c1", age_s=90)
    centre.staff("ann")
    (left,) = only(centre.answer("c1", "ann"), QueueLeft)
    assert (left.why, left.agent, left.waited_s) == ("answered", "ann", 91)
