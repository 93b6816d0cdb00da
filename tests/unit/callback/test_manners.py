"""A number is left alone once it was dialled often enough, and whom we have let down hears an agent the next time."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from softswitch.callback import waits
from softswitch.callback.manners import DAY_S, LONGEST_S, Manners, look_back_s
from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    NotServed,
    Persist,
    Policies,
    PromiseState,
    Restored,
    RetryNow,
    SeekAgent,
    Withdraw,
)
from softswitch.callback.node import Dialled, Elsewhere
from softswitch.callback.waits import Wait
from tests.unit.callback.desk import E164, NOON, NUMBER, SALES, Desk
from tests.unit.callback.pool_desk import PoolDesk, pooled

S = PromiseState
TWICE = replace(SALES, most_per_day=2, expiry_s=9 * DAY_S, max_attempts=9)
FAIR = replace(TWICE, campaign="fair", most_per_day=1)
FIRST = replace(SALES, first="customer", expiry_s=9 * DAY_S, max_attempts=9)
RARE, SALE = replace(FIRST, campaign="rare"), replace(FIRST, campaign="sale", agent_first_for_s=DAY_S)


def attempt(desk: Desk, status: int = 486) -> None:
    """One for whom an agent is found, and nobody answers."""
    desk.feed(Capacity("sales", 1, 0))
    (seek,) = desk.given(SeekAgent)
    desk.feed(AgentFound(seek.promise.id, "anna"))
    desk.acknowledge()
    (dial,) = desk.given(DialCustomer)
    desk.feed(AttemptFailed(dial.promise.id, status, dial.promise.call_id))
    desk.acknowledge()


def answered(desk: Desk) -> str:
    desk.feed(Capacity("sales", 1, 0))
    desk.acknowledge()
    (dial,) = desk.given(DialCustomer)
    assert dial.first == "customer"
    desk.feed(Capacity("sales", 0, 0))
    desk.feed(CustomerAnswered(dial.promise.id))
    desk.acknowledge()
    return dial.promise.call_id


def let_down(desk: Desk) -> None:
    call_id = answered(desk)
    desk.feed(NotServed(desk.only().id, call_id))
    desk.acknowledge()


def tried_again(desk: Desk) -> None:
    desk.wait(3600.0)
    desk.acknowledge()
    desk.feed(Capacity("sales", 1, 0))


def test_who_was_dialled_often_enough_is_left_alone_for_the_rest_of_the_day() -> None:
    desk = Desk(TWICE)
    desk.due()
    first = desk.now
    attempt(desk)
    desk.wait(301.0)
    attempt(desk)
    desk.wait(301.0)
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent)
    desk.feed(Capacity("sales", 0, 0))
    assert desk.ledger.glance.wait(desk.only().id, desk.now) == Wait(waits.LEFT_ALONE, first + DAY_S)
    desk.wait(first + DAY_S - desk.now - 1.0)
    assert desk.state is S.RETRY_AT
    desk.wait(1.0)
    attempt(desk)
    assert desk.only().attempts == 3


def test_it_is_counted_over_all_that_anybody_has_promised() -> None:
    """A list whose number a callback has dialled waits, and finds its moment by itself."""
    desk = Desk(TWICE, FAIR)
    desk.lose(queued_at=NOON - 60.0)
    desk.acknowledge()
    listed = pooled(1, number=E164, campaign="fair", group="fair", recorded_at=NOON)
    desk.feed(Restored((listed,)))
    attempt(desk)
    began = desk.now
    states = {promise.id: promise.state for promise in desk.ledger.promises()}
    assert states["pooled-1"] is S.RECORDED
    desk.feed(Capacity("sales", 0, 0))
    desk.wait(400.0)
    assert desk.ledger.glance.wait("pooled-1", desk.now) == Wait(waits.LEFT_ALONE, began + DAY_S)
    attempt(desk)
    assert [promise.attempts for promise in desk.ledger.promises() if promise.id == "pooled-1"] == [0]


def test_nobody_is_tried_again_now_who_was_dialled_often_enough() -> None:
    desk = Desk(replace(TWICE, most_per_day=1))
    desk.due()
    attempt(desk)
    desk.feed(RetryNow(desk.only().id, "api eve"))
    desk.acknowledge()
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent)


def test_an_agent_who_was_found_meanwhile_dials_nobody_too_often() -> None:
    """Another node has dialled the number while ours was being rung for it."""
    desk = Desk(replace(TWICE, most_per_day=1))
    promise = desk.seeking()
    desk.feed(Dialled(attempts=((E164, desk.now),)))
    desk.feed(AgentFound(promise.id, "anna"))
    desk.acknowledge()
    assert not desk.given(DialCustomer)
    assert desk.only().attempts == 0


def test_a_restart_does_not_begin_to_count_anew() -> None:
    desk = Desk(replace(TWICE, most_per_day=1))
    desk.feed(Dialled(attempts=((E164, NOON - 3600.0), ("+8613800138001", NOON - DAY_S))))
    desk.due()
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent)
    other = Desk(replace(TWICE, most_per_day=1))
    other.feed(Dialled(attempts=((E164, NOON - DAY_S),)))
    other.seeking()


def test_a_reload_may_allow_more() -> None:
    desk = Desk(replace(TWICE, most_per_day=1))
    desk.due()
    attempt(desk)
    desk.wait(301.0)
    desk.feed(Policies((TWICE,)))
    attempt(desk)
    assert desk.only().attempts == 2


def test_without_a_limit_nobody_waits() -> None:
    desk = Desk(replace(TWICE, most_per_day=0))
    desk.due()
    for _ in range(8):
        attempt(desk)
        desk.wait(301.0)
    assert desk.only().attempts == 8


def test_whom_we_have_let_down_is_dialled_with_an_agent_on_the_line() -> None:
    desk = Desk(FIRST)
    desk.due()
    let_down(desk)
    tried_again(desk)
    assert [order.promise.number for order in desk.given(SeekAgent)] == [E164], "there is no credit yet either"
    rested = Desk(replace(FIRST, abandon_limit=1.0))
    rested.due()
    let_down(rested)
    tried_again(rested)
    assert rested.given(SeekAgent), "credit or not"
    assert not rested.given(Persist)


def test_after_a_while_he_is_dialled_as_everybody_else() -> None:
    desk = Desk(replace(FIRST, abandon_limit=1.0, retry_dropped_s=3 * DAY_S))
    desk.due()
    let_down(desk)
    desk.wait(3 * DAY_S)
    desk.acknowledge()
    answered(desk)


def test_whoever_has_let_him_down_another_list_does_not_again() -> None:
    desk = Desk(replace(RARE, abandon_limit=1.0), replace(SALE, abandon_limit=1.0))
    row = pooled(1, number=E164, campaign="rare", group="rare", recorded_at=NOON)
    desk.feed(Restored((row,)))
    let_down(desk)
    desk.feed(Restored((replace(row, id="pooled-2", campaign="sale", group="sale"),)))
    desk.feed(Capacity("sales", 1, 0))
    assert [order.promise.id for order in desk.given(SeekAgent)] == ["pooled-2"]


def test_where_no_agent_can_be_first_he_is_left_alone() -> None:
    desk = Desk(replace(RARE, abandon_limit=1.0, plan="welcome"))
    desk.feed(Dialled(dropped=((E164, NOON - DAY_S),)))
    desk.feed(Restored((pooled(1, number=E164, campaign="rare", group="rare", recorded_at=NOON),)))
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(Persist)
    assert desk.ledger.glance.wait("pooled-1", desk.now) == Wait(waits.LEFT_ALONE, NOON + 2 * DAY_S)
    desk.feed(Capacity("sales", 0, 0))
    desk.wait(2 * DAY_S)
    answered(desk)


def test_a_list_whose_plan_leads_finds_its_moment_after_another_one_has_let_him_down() -> None:
    desk = Desk(FIRST, replace(RARE, abandon_limit=1.0, plan="welcome"))
    desk.lose(queued_at=NOON - 60.0)
    desk.acknowledge()
    desk.feed(Restored((pooled(1, number=E164, campaign="rare", group="rare", recorded_at=NOON),)))
    call_id = answered(desk)
    (customer,) = [one for one in desk.ledger.promises() if one.state is S.ANSWERED]
    desk.feed(NotServed(customer.id, call_id))
    desk.acknowledge()
    assert {one.id: one.state for one in desk.ledger.promises()}["pooled-1"] is S.RECORDED, "and not in the line"
    desk.wait(60.0)
    assert desk.ledger.glance.wait("pooled-1", desk.now) == Wait(waits.LEFT_ALONE, NOON + 3 * DAY_S)
    desk.feed(Withdraw(customer.id, "done"))
    desk.acknowledge()
    desk.wait(NOON + 3 * DAY_S - desk.now)
    desk.acknowledge()
    answered(desk)


def test_who_answered_when_a_process_died_was_let_down() -> None:
    before, desk = Desk(FIRST), Desk(replace(FIRST, abandon_limit=1.0))
    before.due()
    answered(before)
    desk.feed(Restored((before.only(),)))
    written = [effect.promise for effect in desk.wait(34.0) if isinstance(effect, Persist)]
    assert [row.outcome for row in written] == ["dropped"], "as a second restart is to find it"
    desk.acknowledge()
    desk.feed(Capacity("sales", 1, 0))
    assert desk.given(SeekAgent)


def test_whom_a_dead_node_has_let_down_hears_an_agent_from_who_finds_him() -> None:
    """The store has taken his row from it, and says what became of him."""
    row = pooled(1, number=E164, state=S.UNCERTAIN, attempts=1, call_id="c", outcome="dropped", not_before=NOON + 34.0)
    desk = Desk(replace(FIRST, abandon_limit=1.0))
    desk.feed(Restored((row,)))
    desk.wait(34.0)
    desk.acknowledge()
    desk.feed(Capacity("sales", 1, 0))
    assert desk.given(SeekAgent)


def test_others_are_told_of_what_they_count() -> None:
    told = []
    for policy in (SALES, TWICE):
        desk = PoolDesk(policy)
        desk.due(NUMBER)
        desk.feed(Capacity("sales", 1, 0))
        desk.answer()
        (seek,) = desk.given(SeekAgent)
        desk.feed(AgentFound(seek.promise.id, "anna"))
        desk.acknowledge()
        assert desk.given(DialCustomer)
        told.append([order.what for order in desk.given(Elsewhere)])
    assert told == [[], [Dialled(attempts=((E164, NOON),))]]


def test_others_are_told_whom_nobody_was_there_for_also_where_nobody_counts() -> None:
    desk = PoolDesk(FIRST)
    desk.due(NUMBER)
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    desk.acknowledge()
    (dial,) = desk.given(DialCustomer)
    desk.feed(CustomerAnswered(dial.promise.id))
    desk.acknowledge()
    desk.feed(NotServed(dial.promise.id, dial.promise.call_id))
    assert [order.what for order in desk.given(Elsewhere)] == [Dialled(dropped=((E164, NOON),))]


def test_who_waits_in_the_line_when_another_node_dials_him_finds_his_moment_by_himself() -> None:
    desk = Desk(replace(TWICE, most_per_day=1))
    desk.due()
    assert desk.state is S.DUE
    desk.feed(Dialled(attempts=((E164, desk.now),)))
    assert desk.state is S.RECORDED
    desk.wait(DAY_S)
    assert desk.state is S.DUE


@given(st.lists(st.floats(0.0, 3 * DAY_S), max_size=40), st.integers(1, 5))
def test_no_day_has_more_attempts_than_allowed(wanted: list[float], most: int) -> None:
    """Whenever one wants to dial, and waits until one may."""
    manners, policy, now = Manners(), replace(SALES, most_per_day=most), NOON
    made: list[float] = []
    for at in sorted(wanted):
        now = max(now, NOON + at)
        now = max(now, manners.closed_until(E164, policy, now))
        assert not manners.closed_until(E164, policy, now)
        manners.hear(Dialled(attempts=((E164, now),)), now)
        made.append(now)
    assert all(later - earlier >= DAY_S for earlier, later in zip(made, made[most:], strict=False))


def test_what_is_a_day_old_is_forgotten_and_so_is_what_a_wrong_clock_has_counted() -> None:
    manners, policy = Manners(), replace(SALES, most_per_day=1)
    manners.hear(Dialled(attempts=((E164, NOON + 365 * DAY_S),), dropped=((E164, NOON + 365 * DAY_S),)), NOON)
    assert not manners.closed_until(E164, policy, NOON)
    assert not manners.agent_first(E164, FIRST, NOON)
    for n in range(1000):
        manners.hear(Dialled(attempts=((f"+861380013{n:04d}", NOON),)), NOON)
    manners.hear(Dialled(attempts=((E164, NOON + DAY_S),)), NOON + DAY_S)
    assert len(manners._dials) == len(manners._order) == 1


def test_a_clock_that_is_set_back_makes_no_calls_undone() -> None:
    """Time zones, summer time, a machine that was hours ahead: nobody is dialled more often for that."""
    desk = Desk(replace(TWICE, most_per_day=1), replace(RARE, abandon_limit=1.0, plan="welcome"))
    desk.due()
    attempt(desk)
    desk.feed(Dialled(dropped=((E164, desk.now),)))
    desk.now -= 8 * 3600.0
    desk.feed(Dialled(attempts=(("+8613800138001", desk.now),)))
    desk.feed(RetryNow(desk.only().id, "api eve"))
    desk.feed(Restored((pooled(1, number=E164, campaign="rare", group="rare", recorded_at=desk.now),)))
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent)
    assert not desk.given(Persist)


def test_words_that_come_twice_are_of_one_attempt() -> None:
    """What a node that died was told, whoever sweeps it is told: that one has heard the same, or has said it."""
    desk = Desk(TWICE)
    desk.due()
    attempt(desk)
    for told in (NOON - 60.0, NOON):
        desk.feed(Dialled(attempts=(("+8613800138001", told), (E164, NOON))))
    desk.feed(Dialled(attempts=(("+8613800138001", NOON),)))
    desk.wait(301.0)
    desk.feed(Capacity("sales", 1, 0))
    assert desk.given(SeekAgent), "he was dialled once"
    manners = desk.ledger.glance.rules.manners
    assert manners.closed_until("+8613800138001", TWICE, desk.now) == NOON - 60.0 + DAY_S


@given(st.floats(0.0, 1e6), st.integers(1, 3))
def test_the_moment_that_is_told_is_the_one_from_which_on_he_is_dialled(at: float, most: int) -> None:
    """Else the clock of a simulation, which goes from one deadline to the next, would stand still there."""
    manners, policy = Manners(), replace(SALES, most_per_day=most)
    for _ in range(most):
        manners.hear(Dialled(attempts=((E164, at),)), at)
    until = manners.closed_until(E164, policy, at)
    assert until > at
    assert not manners.closed_until(E164, policy, until)


def test_who_was_let_go_is_forgotten_after_the_longest_time_and_not_sooner() -> None:
    manners, lasting = Manners(), replace(FIRST, agent_first_for_s=LONGEST_S)
    manners.hear(
        Dialled(dropped=(("+8613800138009", NOON + 365 * DAY_S), (E164, NOON), ("+8613800138001", NOON))), NOON
    )
    manners.hear(Dialled(dropped=((E164, NOON + DAY_S),)), NOON + DAY_S)
    now = NOON + LONGEST_S
    manners.hear(Dialled(), now)
    assert manners.agent_first(E164, lasting, now), "he was let go once more since"
    assert len(manners._dropped) == 1
    manners.hear(Dialled(), now + DAY_S)
    assert not manners._dropped


def test_how_far_one_has_to_look_back() -> None:
    assert look_back_s([SALES]) == (0.0, 0.0)
    assert look_back_s([SALES, TWICE]) == (DAY_S, 0.0)
    assert look_back_s([SALES, SALE]) == (0.0, DAY_S)
    assert look_back_s([RARE, SALE, FAIR]) == (DAY_S, 3 * DAY_S)
