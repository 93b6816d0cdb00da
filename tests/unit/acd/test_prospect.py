"""The expected wait as callers meet it: who is ahead, who is at work, what was learnt."""

from __future__ import annotations

import pytest

from softswitch.acd.estimate import Interval
from softswitch.acd.model import (
    Configure,
    Join,
    Leave,
    LogOut,
    Move,
    Need,
    QueueSpec,
    Reachability,
    Reprioritise,
    Reserve,
    SetPaused,
    SetReady,
    Strategy,
    WrapUp,
)
from softswitch.acd.told import AGENTS_LEFT, AGENTS_PAUSED, MOVED, PRIORITY
from tests.unit.acd.centre import Centre, spec

NONE = WrapUp.timed(0)
NEVER_S = 1e12  # patience


def centre(*agents: str, queues: tuple[QueueSpec, ...] = (), patience_s: float = NEVER_S) -> Centre:
    """Everybody talks; nobody gives up."""
    listed = queues or (QueueSpec("q", wrap_up=NONE, patience_s=patience_s),)
    one = Centre([spec(name) for name in ("ann", "bob", "eve")], listed)
    one.staff(*agents)
    for name in agents:
        occupy(one, name, listed[0].name)
    return one


def occupy(one: Centre, agent: str, queue: str) -> None:
    one.join(f"with-{agent}", queue)
    one.answer(f"with-{agent}", agent)


def likely(wait: Interval | None) -> float:
    assert wait is not None and wait.low_s < wait.likely_s < wait.high_s
    return wait.likely_s


def mean(one: Centre, queue: str = "q") -> float:
    """Of a newcomer, without the ringing."""
    return likely(one.acd.expected_wait(queue, one.now)) - one.acd._prospects.experience.pools[queue].ringing.mean_s(
        one.now
    )


def test_where_nobody_is_at_work_there_is_no_honest_answer() -> None:
    one = Centre([spec("ann")], [QueueSpec("q")])
    one.join("c")
    assert one.acd.expected_wait("q", one.now) is None
    assert one.acd.expected("c", one.now) is None
    assert one.acd.told("c", None, one.now) is None
    one.staff("ann")
    assert one.acd.expected("c", one.now) is not None


def test_an_unknown_queue_and_a_contact_that_does_not_wait() -> None:
    one = centre("ann")
    with pytest.raises(LookupError):
        one.acd.expected_wait("nowhere", one.now)
    assert one.acd.expected("nobody", one.now) is None
    assert one.acd.told("nobody", None, one.now) is None


def test_where_an_agent_is_free_there_is_no_wait() -> None:
    one = centre("ann", "bob")
    one.end("with-bob", "bob")
    assert one.acd.expected_wait("q", one.now) == Interval(0.0, 0.0, 0.0)


def test_each_one_ahead_is_a_step_of_all_agents() -> None:
    one = centre("ann", "bob")
    step_s = one.acd._prospects.experience.pools["q"].cycle_s(one.now) / 2
    assert mean(one) == pytest.approx(step_s)
    for number in range(5):
        one.join(f"c{number}")
    assert mean(one) == pytest.approx(6 * step_s)
    waits = [likely(one.acd.expected(f"c{number}", one.now)) for number in range(5)]
    assert waits == sorted(waits) and waits[4] - waits[3] == pytest.approx(step_s)


def test_those_who_will_give_up_do_not_count_in_full() -> None:
    patient, hasty = centre("ann"), centre("ann", patience_s=120.0)
    for one in (patient, hasty):
        for number in range(20):
            one.join(f"c{number}")
    assert mean(hasty) < 0.6 * mean(patient)


def test_priority_shortens_it() -> None:
    one = centre("ann")
    for number in range(6):
        one.join(f"c{number}")
        one.pass_time(1)
    before = likely(one.acd.expected("c5", one.now))
    one.tell(Reprioritise("c5", 3600.0))
    assert likely(one.acd.expected("c5", one.now)) < before / 3


def test_only_those_who_work_count_and_a_wish_takes_effect_when_it_is_granted() -> None:
    one = centre("ann", "bob", "eve")  # a phone rings for 5 s at most
    for _ in range(500):
        one.acd.recall("q", 90.0)
    assert mean(one) == pytest.approx(30.0, abs=2.0)
    one.tell(LogOut("eve"), SetPaused("bob", "lunch"))
    assert mean(one) == pytest.approx(30.0, abs=2.0)  # they end what they have in hand
    one.end("with-eve", "eve")
    assert mean(one) == pytest.approx(45.0, abs=3.0)
    one.end("with-bob", "bob")
    assert mean(one) == pytest.approx(90.0, abs=5.0)


def test_a_phone_that_cannot_be_reached_takes_its_agent_away() -> None:
    one = centre("ann", "bob")
    one.tell(SetPaused("bob", "lunch"))
    one.end("with-bob", "bob")
    alone = mean(one)
    one.tell(Reachability("bob", False), SetReady("bob"))
    assert mean(one) == pytest.approx(alone, rel=0.01)
    one.tell(Reachability("bob", True))
    assert one.acd.expected_wait("q", one.now) == Interval(0.0, 0.0, 0.0)


def test_a_free_agent_who_is_kept_for_others_is_not_free_for_all() -> None:
    queues = (QueueSpec("q", wrap_up=NONE, reserve=Reserve(1, 60.0)), QueueSpec("vip", priority_s=60.0))
    one = Centre([spec("ann"), spec("bob")], queues)
    one.staff("ann", "bob")
    occupy(one, "ann", "vip")
    wait = one.acd.expected_wait("q", one.now)
    assert wait is not None and wait.likely_s > 0
    assert one.acd.expected_wait("vip", one.now) == Interval(0.0, 0.0, 0.0)


# ---- what is learnt --------------------------------------------------------------------------------------------


def test_longer_conversations_make_longer_waits_and_those_that_go_on_count() -> None:
    one = centre("ann", "bob")
    before = mean(one)
    one.pass_time(1200)
    assert mean(one) > 1.5 * before


def test_ringing_and_a_conversation_with_its_wrap_up_are_learnt() -> None:
    one = Centre([spec("ann")], [QueueSpec("q", wrap_up=WrapUp.timed(30), handling_s=1e-9, patience_s=NEVER_S)])
    one.staff("ann")
    for number in range(300):
        one.join(f"c{number}")
        one.pass_time(10)
        one.answer(f"c{number}", "ann")
        one.pass_time(60)
        one.end(f"c{number}", "ann")
        one.pass_time(31)
    pool = one.acd._prospects.experience.pools["q"]
    assert pool.handling.mean_s(one.now) == pytest.approx(90.0, rel=0.02)
    assert pool.cycle_s(one.now) == pytest.approx(100.0, rel=0.02)
    assert pool.ringing.mean_s(one.now) == pytest.approx(10.0, rel=0.1)


def test_impatient_callers_shorten_the_wait_of_the_others() -> None:
    one = centre("ann", patience_s=600.0)
    for number in range(50):
        one.join(f"gone{number}")
        one.pass_time(5)
        one.tell(Leave(f"gone{number}", "abandoned"))
    pool = one.acd._prospects.experience.pools["q"]
    assert pool.leaving.mean_s(one.now) < 80.0


def test_what_was_learnt_outlives_a_reload_and_a_restart() -> None:
    one = centre("ann")
    for _ in range(400):
        one.acd.recall("q", 60.0)
    one.acd.recall("nowhere", 60.0)
    learnt = mean(one)
    assert learnt == pytest.approx(60.0, abs=5.0)
    one.tell(Configure((spec("ann"), spec("new")), (QueueSpec("q", wrap_up=NONE), QueueSpec("z")), "2"))
    assert mean(one) == pytest.approx(learnt, rel=0.1)


def test_after_a_reload_each_pool_learns_for_itself() -> None:
    """Two queues had the same agents; now each has its own, and conversations in one are no longer than they are."""
    skills = {"ann": "german", "bob": "french"}
    together = (QueueSpec("g", wrap_up=NONE), QueueSpec("f", wrap_up=NONE))
    one = Centre([spec("ann", german=5), spec("bob", french=5)], together)
    apart = tuple(QueueSpec(name, (Need(skill),), wrap_up=NONE) for name, skill in (("g", "german"), ("f", "french")))
    one.tell(Configure(tuple(spec(name, **{skill: 5}) for name, skill in skills.items()), apart, "2"))
    for _ in range(500):
        one.acd.recall("g", 600.0)
        one.acd.recall("f", 30.0)
    pools = one.acd._prospects.experience.pools
    assert pools["g"].handling.mean_s(one.now) == pytest.approx(600.0, rel=0.05)
    assert pools["f"].handling.mean_s(one.now) == pytest.approx(30.0, rel=0.05)


def test_phones_that_ring_together_ring_once() -> None:
    one = Centre(
        [spec("ann"), spec("bob"), spec("eve")],
        [QueueSpec("q", wrap_up=NONE, strategy=Strategy.RING_ALL, handling_s=1e-9)],
    )
    one.staff("ann", "bob", "eve")
    for number in range(300):
        one.join(f"c{number}")
        one.pass_time(8)
        one.answer(f"c{number}", "bob")
        one.pass_time(50)
        one.end(f"c{number}", "bob")
    pool = one.acd._prospects.experience.pools["q"]
    assert pool.ringing.mean_s(one.now) == pytest.approx(8.0, rel=0.05)
    assert pool.handling.mean_s(one.now) == pytest.approx(50.0, rel=0.05)


def test_a_caller_who_waits_for_one_agent_alone_is_not_judged() -> None:
    one = centre("ann", "bob")
    one.join("his", preferred="ann", preferred_s=60.0)
    one.tell(Leave("his", "abandoned"))
    assert sum(one.acd.calibrated("q").counts.values()) == 0


# ---- HOL -------------------------------------------------------------------------------------------------------

SHARED = (
    QueueSpec("q", (Need("german"),), wrap_up=NONE, patience_s=NEVER_S),
    QueueSpec("all", wrap_up=NONE, patience_s=NEVER_S),
)


STEP_S = 60.0  # a conversation: what even the first in line has to wait for the one agent


def shared() -> Centre:
    one = Centre([spec("ann", german=5), spec("bob")], SHARED)
    one.staff("ann")
    for _ in range(500):
        one.acd.recall("q", STEP_S)  # so that one conversation without end makes little difference
    occupy(one, "ann", "q")
    return one


def test_whoever_joins_waits_as_long_as_the_first_in_line_has_waited() -> None:
    one = shared()
    one.join("first")
    one.pass_time(600)
    one.join("second")
    assert mean(one) == pytest.approx(600.0 + STEP_S, abs=12.0)
    one.pass_time(100)
    assert likely(one.acd.expected("second", one.now)) == pytest.approx(600.0 + STEP_S, abs=15.0)
    wide = one.acd.expected("second", one.now)
    for number in range(30):
        one.join(f"c{number}")
    narrow = one.acd.expected("c29", one.now)
    assert wide is not None and narrow is not None
    assert narrow.high_s / narrow.likely_s < wide.high_s / wide.likely_s  # the more wait, the better it is known


def test_rank_and_not_age_is_what_the_first_in_line_is_ahead() -> None:
    one = shared()
    one.join("first")
    one.pass_time(600)
    one.join("urgent", priority_s=500.0)
    assert likely(one.acd.expected("urgent", one.now)) == pytest.approx(100.0 + STEP_S, abs=15.0)


def test_a_callback_at_the_head_is_old_and_has_not_waited() -> None:
    one = shared()
    one.join("promised", age_s=7200.0, kind="callback")
    one.join("caller")
    one.pass_time(300)
    assert mean(one) == pytest.approx(300.0 + STEP_S, abs=12.0)


def test_while_nobody_waits_the_last_who_was_answered_tells_for_as_long_as_he_waited() -> None:
    one = shared()
    one.join("late")
    one.pass_time(900)
    one.end("with-ann", "ann")
    one.answer("late", "ann")
    assert mean(one) / one.acd.calibrated("q").correction == pytest.approx(900.0 + STEP_S, abs=20.0)
    one.pass_time(901)
    assert mean(one) < 200.0


def test_a_priority_is_no_wait_and_nobody_is_told_that_he_has_to_make_up_for_it() -> None:
    """An hour of priority puts somebody an hour ahead, and he is served in a moment."""
    one = shared()
    one.join("urgent", priority_s=3600.0)
    one.pass_time(20)
    assert mean(one) == pytest.approx(2 * STEP_S, abs=15.0)
    one.end("with-ann", "ann")
    one.answer("urgent", "ann")
    assert mean(one) < 3 * STEP_S  # nor the next, when nobody waits any more
    one.pass_time(60)
    one.join("next")
    assert likely(one.acd.expected("next", one.now)) < 3 * STEP_S


def test_a_promise_that_was_old_when_it_was_kept_is_no_wait_either() -> None:
    one = shared()
    one.join("promised", age_s=7200.0, kind="callback")
    one.pass_time(30)
    one.end("with-ann", "ann")
    one.answer("promised", "ann")
    assert mean(one) < 3 * STEP_S


def test_the_turn_of_the_first_in_line_is_what_lies_between_those_who_wait_at_most_a_conversation() -> None:
    one = Centre([spec(name, german=5) for name in ("ann", "eve")] + [spec("bob")], SHARED)
    one.staff("ann", "eve")
    for _ in range(500):
        one.acd.recall("q", STEP_S)
    for name in ("ann", "eve"):
        occupy(one, name, "q")
    one.join("first")
    one.pass_time(600)
    alone = mean(one) - 600.0
    assert alone == pytest.approx(one.acd._prospects.experience.pools["q"].cycle_s(one.now), rel=0.01)
    for number in range(40):
        one.join(f"c{number}")
    assert mean(one) - 600.0 == pytest.approx(alone / 2, rel=0.05)  # nor less than a step of both


def test_who_waits_for_one_agent_alone_is_not_told_the_wait_for_anybody() -> None:
    one = centre("ann", "bob")
    one.join("his", preferred="ann", preferred_s=60.0)
    assert one.acd.told("his", None, one.now) is None
    one.pass_time(61)
    assert one.acd.told("his", None, one.now) is not None


def test_callers_who_leave_and_conversations_that_end_at_once_divide_by_nothing() -> None:
    one = centre("ann", queues=(QueueSpec("q", wrap_up=NONE, max_waiting=5000),))
    pool = one.acd._prospects.experience.pools["q"]
    for pace in (pool.handling, pool.leaving, pool.ringing):
        for _ in range(200_000):
            pace.recall(0.0)
    for number in range(3000):
        one.join(f"c{number}")
    wait = one.acd.expected("c2999", one.now)
    assert wait is not None and 0.0 <= wait.low_s <= wait.likely_s <= wait.high_s < 3.0
    told = one.acd.told("c2999", None, one.now)
    assert told is not None and one.acd.told("c2999", told, one.now) is not None
    for number in range(3000):  # all at once
        one.tell(Leave(f"c{number}", "abandoned"))
    assert 0.0 < likely(one.acd.expected_wait("q", one.now)) < 3.0


def test_needs_of_his_own_put_a_caller_in_another_line() -> None:
    one = Centre([spec("ann", german=5), spec("bob")], [QueueSpec("q", wrap_up=NONE)])
    one.staff("ann", "bob")
    for name in ("ann", "bob"):
        occupy(one, name, "q")
    one.tell(Join("german", "q", one.now, (Need("german"),)))
    one.pass_time(60)
    step = one.acd._prospects.experience.pools["q"].cycle_s(one.now)
    assert likely(one.acd.expected("german", one.now)) == pytest.approx(step, rel=0.05)  # one agent, not two
    one.tell(SetPaused("ann", "lunch"))
    one.end("with-ann", "ann")
    assert one.acd.expected("german", one.now) is None and one.acd.expected_wait("q", one.now) is not None


# ---- what is told again ----------------------------------------------------------------------------------------


def test_the_cause_of_a_longer_wait_is_what_happened() -> None:
    one = centre("ann", "bob", "eve")
    for number in range(10):
        one.join(f"c{number}", age_s=60.0)
    first = one.acd.told("c9", None, one.now)
    assert first is not None and first.basis.ahead == 9 and first.basis.serving == 3
    one.tell(LogOut("eve"))
    one.end("with-eve", "eve")  # gone before she could take anybody
    left = one.acd.told("c9", first, one.now)
    assert left is not None and left.cause == AGENTS_LEFT
    one.tell(SetPaused("bob", "lunch"))
    one.end("with-bob", "bob")
    paused = one.acd.told("c9", left, one.now)
    assert paused is not None and paused.cause == AGENTS_PAUSED
    for number in range(9):
        one.join(f"vip{number}", priority_s=600.0)
    overtaken = one.acd.told("c9", paused, one.now)
    assert overtaken is not None and overtaken.cause == PRIORITY and overtaken.before == paused.interval
    calm = one.acd.told("c9", overtaken, one.now)
    assert calm is not None and (calm.cause, calm.interval) == ("", overtaken.interval)


def test_when_all_leave_at_once_nothing_is_told_and_who_comes_back_is_fewer() -> None:
    one = centre("ann", "bob", "eve")
    for number in range(10):
        one.join(f"c{number}")
    first = one.acd.told("c9", None, one.now)
    for name in ("ann", "bob", "eve"):
        one.tell(LogOut(name))
        one.end(f"with-{name}", name)
    assert one.acd.told("c9", first, one.now) is None
    assert one.acd.expected("c9", one.now) is None and one.acd.expected_wait("q", one.now) is None
    one.staff("ann")
    told = one.acd.told("c9", first, one.now)
    assert told is not None and told.cause == AGENTS_LEFT and told.basis.serving == 1


def test_a_move_is_a_cause() -> None:
    queues = (QueueSpec("q", (Need("german"),), wrap_up=NONE), QueueSpec("f", (Need("french"),), wrap_up=NONE))
    one = Centre([spec("ann", german=5), spec("bob", french=5)], queues)
    one.staff("ann", "bob")
    occupy(one, "ann", "q")
    occupy(one, "bob", "f")
    one.join("c")
    for number in range(8):
        one.join(f"f{number}", "f", age_s=30.0)
    first = one.acd.told("c", None, one.now)
    one.tell(Move("c", "f"))
    moved = one.acd.told("c", first, one.now)
    assert moved is not None and moved.cause == MOVED and moved.basis.queue == "f"


def test_nothing_new_is_told_while_a_phone_rings_for_him() -> None:
    one = centre("ann")
    one.join("c")
    first = one.acd.told("c", None, one.now)
    one.end("with-ann", "ann")
    assert one.acd.told("c", first, one.now) is first
    assert likely(one.acd.expected("c", one.now)) < 10.0


# ---- calibration -----------------------------------------------------------------------------------------------


def test_who_had_to_wait_is_judged_and_who_did_not_is_not() -> None:
    one = centre("ann")
    counts = dict(one.acd.calibrated("q").counts)
    assert sum(counts.values()) == 0  # the first was offered to ann at once
    for contact in ("answered", "gone", "moved"):
        one.join(contact)
    one.tell(Leave("gone", "abandoned"))
    one.join("promised", kind="callback")
    one.tell(Leave("promised", "abandoned"))
    one.pass_time(100)
    one.end("with-ann", "ann")
    one.answer("answered", "ann")
    assert one.acd.calibrated("q").counts == {"inside": 1, "below": 0, "above": 0, "left": 1}
    assert one.acd.calibrated("q").coverage == 1.0
