"""The customer is on the line before an agent is."""

from dataclasses import replace

import pytest

from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    CustomerLeft,
    DialCustomer,
    KeepTally,
    MachineAnswered,
    NotServed,
    NumberBusy,
    Persist,
    Promise,
    PromiseState,
    ReachedAgent,
    ReleaseAgent,
    Restored,
    SeekAgent,
    Tallied,
    Tally,
)
from tests.unit.callback.desk import NUMBER, SALES, Desk

S = PromiseState
FIRST = replace(SALES, first="customer", retry_machine_s=3600.0, retry_hung_up_s=600.0, retry_dropped_s=1200.0)
FAST = replace(FIRST, pacing="predictive", ratio=5.0)


def dialled(desk: Desk) -> Promise:
    desk.due()
    desk.feed(Capacity("sales", 1, 0))
    desk.acknowledge()
    (dial,) = desk.given(DialCustomer)
    assert dial.first == "customer"
    return dial.promise


def answered(desk: Desk) -> Promise:
    promise = dialled(desk)
    desk.feed(CustomerAnswered(promise.id))
    return promise


def many(desk: Desk, count: int) -> None:
    """So many promises are due."""
    for n in range(count):
        desk.lose(f"138001{n:05d}", queued_at=desk.now + n)
        desk.acknowledge()


def test_the_intent_is_durable_before_the_dial_and_no_agent_is_sought() -> None:
    desk = Desk(FIRST)
    promise = desk.due()
    desk.feed(Capacity("sales", 1, 0))
    (write,) = desk.given(Persist)
    assert not desk.given(SeekAgent)
    assert not desk.given(DialCustomer)
    assert (write.promise.state, write.promise.attempts) == (S.DIALLING, 1)
    desk.acknowledge()
    (dial,) = desk.given(DialCustomer)
    assert (dial.promise.id, dial.promise.call_id, dial.first) == (promise.id, write.promise.call_id, "customer")


def test_it_is_kept_when_the_agent_is_there() -> None:
    desk = Desk(FIRST)
    promise = answered(desk)
    assert [write.promise.state for write in desk.given(Persist)] == [S.ANSWERED]
    desk.feed(AgentFound(promise.id, "anna"))
    assert (desk.state, desk.only().outcome) == (S.KEPT, "answered")
    (order,) = desk.given(KeepTally)
    assert (order.tally.name, order.tally.answered, order.tally.dropped) == ("sales", 1, 0)


@pytest.mark.parametrize(
    ("what", "outcome", "delay_s", "dropped"),
    [
        (NotServed, "dropped", 1200.0, 1),
        (lambda promise, call_id: CustomerLeft(promise, call_id, 2.1), "dropped", 1200.0, 1),
        (lambda promise, call_id: CustomerLeft(promise, call_id, 1.9), "hung up", 600.0, 0),
        (MachineAnswered, "machine", 3600.0, 0),
    ],
)
def test_who_answers_and_talks_to_nobody(what, outcome: str, delay_s: float, dropped: int) -> None:  # type: ignore[no-untyped-def]
    desk = Desk(FIRST)
    promise = answered(desk)
    desk.feed(what(promise.id, "an earlier attempt"))
    assert desk.state is S.ANSWERED
    desk.feed(what(promise.id, promise.call_id))
    assert (desk.state, desk.only().outcome, desk.only().not_before) == (S.RETRY_AT, outcome, desk.now + delay_s)
    assert sum(order.tally.dropped for order in desk.given(KeepTally)) == dropped


def test_an_answered_customer_of_whom_nothing_is_heard_was_dropped() -> None:
    desk = Desk(FIRST)
    promise = answered(desk)
    desk.wait(33.9)
    assert desk.state is S.ANSWERED
    desk.wait(0.1)
    assert ReleaseAgent(promise.id) in desk.last
    assert (desk.state, desk.only().outcome) == (S.RETRY_AT, "dropped")


def test_a_withdrawal_while_he_is_on_the_line_counts_unless_he_is_served() -> None:
    for served in (True, False):
        desk = Desk(FIRST)
        promise = answered(desk)
        desk.feed(ReachedAgent(NUMBER, "sales"))
        assert desk.state is S.ANSWERED
        desk.feed(AgentFound(promise.id, "anna") if served else NotServed(promise.id, promise.call_id))
        assert desk.state is (S.KEPT if served else S.WITHDRAWN)
        assert [order.tally.dropped for order in desk.given(KeepTally)] == [0 if served else 1]


def test_who_calls_while_the_intent_is_written_is_not_dialled() -> None:
    desk = Desk(FIRST)
    desk.due()
    desk.feed(Capacity("sales", 1, 0))
    (intent,) = desk.given(Persist)
    desk.feed(NumberBusy(NUMBER, True))
    desk.last = [intent]
    desk.acknowledge()
    assert not desk.given(DialCustomer)
    assert (desk.state, desk.only().attempts) == (S.DUE, 0)


def test_a_crash_after_the_answer() -> None:
    before, desk, served = Desk(FIRST), Desk(FIRST), Desk(FIRST)
    answered(before)
    row = before.only()
    for after in (desk, served):
        after.feed(Restored((row,)))
        assert [order.tally.dropped for order in after.given(KeepTally)] == [1], "he may have heard nobody"
        assert (after.state, after.only().not_before) == (S.UNCERTAIN, row.updated_at + 34.0)
    desk.wait(34.0)
    assert desk.state is S.DUE
    served.feed(CustomerAnswered(row.id, waits=True))  # his contact has outlived the crash
    assert served.state is S.ANSWERED
    served.feed(AgentFound(row.id, "anna"))
    assert served.state is S.KEPT


def test_who_was_being_dialled_when_the_process_died_is_at_risk_until_it_is_quiet() -> None:
    before, desk = Desk(FAST), Desk(FAST)
    row = replace(before.due(), id="promise-x", state=S.DIALLING, attempts=1, call_id="x", number="+8613800100009")
    desk.feed(Tallied((Tally("sales", desk.now - 3600.0, 33, 0),)))
    desk.feed(Restored((row,)))
    assert desk.only().state is S.UNCERTAIN
    many(desk, 2)
    desk.feed(Capacity("sales", 1, 0))
    assert len(desk.given(SeekAgent)) == 1, "one of 34 is all that 3 % allow, and he may be the one"


def test_each_node_keeps_the_limit_by_itself() -> None:
    for node, seeks in (("", 0), ("b", 1)):
        desk = Desk(FAST)
        desk.feed(Tallied((Tally("sales", desk.now - 3600.0, 1000, 0, node),)))
        desk.due()
        desk.feed(Capacity("sales", 1, 0))
        assert len(desk.given(SeekAgent)) == seeks


# ---- how many --------------------------------------------------------------------------------------------------------


def in_flight(desk: Desk) -> int:
    return sum(promise.state in (S.SEEKING, S.DIALLING) for promise in desk.ledger.promises())


def test_progressive_no_more_than_free_agents_beyond_the_reserve() -> None:
    desk = Desk(replace(FIRST, reserve=2))
    many(desk, 10)
    desk.feed(Capacity("sales", 5, 0))
    desk.acknowledge()
    assert [dial.first for dial in desk.given(DialCustomer)] == ["customer"] * 3
    first = desk.given(DialCustomer)[0].promise
    desk.feed(CustomerAnswered(first.id))
    desk.feed(Capacity("sales", 5, 0, 1))
    assert in_flight(desk) == 2, "the third agent is his who waits"
    desk.feed(Capacity("sales", 4, 0))
    desk.feed(AgentFound(first.id, "anna"))
    assert in_flight(desk) == 2
    desk.feed(Capacity("sales", 6, 1))
    assert in_flight(desk) == 2, "a live caller goes first"
    desk.feed(Capacity("sales", 6, 0))
    assert in_flight(desk) == 4


def test_ratio() -> None:
    desk = Desk(replace(FIRST, pacing="ratio", ratio=1.5))
    desk.feed(Tallied((Tally("sales", desk.now - 3600.0, 1000, 0),)))
    many(desk, 20)
    desk.feed(Capacity("sales", 5, 0))
    assert in_flight(desk) == 7


def test_without_credit_the_agent_is_on_the_line_first() -> None:
    desk = Desk(FAST)
    many(desk, 3)
    desk.feed(Capacity("sales", 2, 0))
    assert len(desk.given(SeekAgent)) == 1
    assert not desk.given(Persist)


def test_where_a_dialplan_leads_whoever_answers_no_agent_is_ever_sought() -> None:
    for policy in (replace(FAST, plan="welcome"), replace(FIRST, plan="welcome")):
        desk = Desk(policy)
        desk.feed(Tallied((Tally("sales", desk.now - 3600.0, 9, 3),)))
        many(desk, 5)
        desk.feed(Capacity("sales", 2, 0))
        assert not desk.given(SeekAgent)
        assert in_flight(desk) == 2


def test_predictive_learns_how_many_answer() -> None:
    desk = Desk(FAST)
    since = desk.now - 3600.0
    desk.feed(Tallied((Tally("sales", since, 1000, 0),)))
    many(desk, 400)
    desk.feed(Capacity("sales", 10, 0))
    assert in_flight(desk) == 10, "nothing is known: everybody may answer"
    desk.acknowledge()
    for _ in range(300):
        dial = next(p for p in desk.ledger.promises() if p.state is S.DIALLING)
        if dial.number.endswith(("0", "5", "7")):
            desk.feed(CustomerAnswered(dial.id))
            desk.feed(AgentFound(dial.id, "anna"))
        else:
            desk.feed(AttemptFailed(dial.id, 480, dial.call_id))
        desk.acknowledge()
    assert 17 <= in_flight(desk) <= 22, "of the 26 that the table has for 10 agents and 30 % answers"


def test_one_drop_makes_progressive_agent_first_until_it_is_made_good() -> None:
    desk = Desk(FIRST)
    since = desk.now - 3600.0
    many(desk, 5)
    desk.feed(Tallied((Tally("sales", since, 40, 1),)))
    desk.feed(Capacity("sales", 2, 0))
    assert len(desk.given(SeekAgent)) == 1
    again = Desk(FIRST)
    many(again, 5)
    again.feed(Tallied((Tally("sales", since, 66, 1),)))
    again.feed(Capacity("sales", 1, 0))
    assert not again.given(SeekAgent)
    assert in_flight(again) == 1


def test_two_queues_do_not_dial_for_the_same_agent() -> None:
    desk = Desk(FIRST, replace(FIRST, queue="orders"), replace(SALES, queue="support"))
    for queue in ("sales", "orders", "support"):
        desk.lose(f"1380013800{len(queue)}", queue)
        desk.acknowledge()
    desk.feed(Capacity("sales", 1, 0, shared=(("orders", 1),)))
    assert len(desk.given(Persist)) == 1
    desk.acknowledge()
    (dial,) = desk.given(DialCustomer)
    both = (("sales", 1), ("orders", 1))
    desk.feed(Capacity("orders", 1, 0, shared=both[:1]))
    desk.feed(Capacity("support", 1, 0, shared=both))
    assert in_flight(desk) == 1, "he may need the only agent there is"
    desk.feed(Capacity("orders", 2, 0, shared=both[:1]))
    assert in_flight(desk) == 2
    desk.acknowledge()
    desk.feed(AttemptFailed(dial.promise.id, 486))
    assert not desk.given(SeekAgent), "the other one may need him"
    other = next(one for one in desk.ledger.promises() if one.state is S.DIALLING)
    desk.feed(AttemptFailed(other.id, 486))
    assert [seek.promise.queue for seek in desk.given(SeekAgent)] == ["support"], "nobody needs him any more"


# ---- several policies on one queue -----------------------------------------------------------------------------------


def test_a_callback_that_is_older_is_not_starved_by_a_fast_campaign() -> None:
    fair = replace(FAST, campaign="fair", pacing="ratio", ratio=3.0)
    desk = Desk(SALES, fair)
    desk.feed(Tallied((Tally("fair", desk.now - 3600.0, 1000, 0),)))
    rows = tuple(
        Promise(f"fair-{n}", f"+86138001{n:05d}", "sales", "imported", S.DUE, "", desk.now - 100.0 + n, campaign="fair")
        for n in range(20)
    )
    desk.feed(Restored(rows))
    desk.feed(Capacity("sales", 2, 0))
    desk.acknowledge()
    assert in_flight(desk) == 6
    desk.lose(queued_at=desk.now - 500.0)
    desk.acknowledge()
    for row in rows[:4]:
        desk.feed(AttemptFailed(row.id, 480))
        assert not desk.given(Persist)[1:], "no dial in its place: the older one is waited for"
        assert not desk.given(SeekAgent)
    desk.feed(AttemptFailed(rows[4].id, 480))
    assert [seek.promise.campaign for seek in desk.given(SeekAgent)] == [""]


def test_promises_that_may_not_be_dialled_cost_nothing() -> None:
    """100,000 of a campaign that keeps a reserve, before one of the queue's own."""
    desk = Desk(SALES, replace(FIRST, campaign="fair", reserve=5))
    desk.feed(
        Restored(
            tuple(
                Promise(f"f-{n}", f"+8613{n:09d}", "sales", "imported", S.DUE, "", desk.now - 9.0, campaign="fair")
                for n in range(2000)
            )
        )
    )
    desk.wait(0.0)  # all of them are looked at
    asked: list[object] = []
    move = desk.ledger._move
    fit = move.fit
    move.fit = lambda place: asked.append(place) or fit(place)  # type: ignore[method-assign,func-returns-value]
    desk.lose()
    desk.acknowledge()
    desk.feed(Capacity("sales", 1, 0))
    assert len(desk.given(SeekAgent)) == 1
    assert len(asked) == 1


def test_a_campaign_whose_trunk_is_down_is_not_called_and_holds_nobody_up() -> None:
    desk = Desk(SALES, replace(SALES, campaign="fair", trunk="other"))
    row = Promise("f-1", "+8613800100001", "sales", "imported", S.DUE, "", desk.now - 900.0, campaign="fair")
    desk.feed(Restored((row,)))
    desk.lose()
    desk.acknowledge()
    desk.feed(Capacity("sales", 1, 0, 0, frozenset({"fair"})))
    assert [seek.promise.campaign for seek in desk.given(SeekAgent)] == [""]
    desk.feed(Capacity("sales", 1, 0))
    assert [seek.promise.campaign for seek in desk.given(SeekAgent)] == ["fair"]
