"""A trunk that refuses call after call is left alone for a while, then tried with one call at a time."""

from __future__ import annotations

from dataclasses import replace

from softswitch.callback.breaker import (
    FAILURES,
    FIRST_S,
    LONGEST_S,
    PROBE_S,
    Breaker,
    TrunkLeftAlone,
    TrunkTakesCalls,
)
from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    LedgerInput,
    NoAgent,
    Promise,
    SeekAgent,
)
from softswitch.callback.waits import TRUNK_REFUSES, Wait
from softswitch.core.effect import DomainEvent, Effect
from tests.unit.callback.desk import SALES, Desk

ORDERS = replace(SALES, queue="orders")
OTHER = replace(SALES, queue="other", trunk="another")


def refusing(times: int = FAILURES, retry_after_s: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker.refused("carrier", 0.0, retry_after_s)
    return breaker


def test_it_takes_several_in_a_row() -> None:
    assert refusing(FAILURES - 1).shut_until("carrier", 0.0) == 0.0
    assert refusing().shut_until("carrier", 0.0) == FIRST_S
    assert refusing().shut_until("another", 0.0) == 0.0
    breaker = refusing(FAILURES - 1)
    assert breaker.passed("carrier") and not breaker.passed("carrier")
    breaker.refused("carrier", 0.0)
    assert breaker.shut_until("carrier", 0.0) == 0.0


def test_those_that_were_in_flight_make_it_no_longer() -> None:
    assert refusing(50).shut_until("carrier", 0.0) == FIRST_S


def test_the_pause_grows_to_its_bound() -> None:
    breaker, now, pauses = refusing(), 0.0, list[float]()
    for _ in range(7):
        until = breaker.shut_until("carrier", now)
        pauses.append(until - now)
        now = until
        breaker.refused("carrier", now)
    assert pauses == [30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0]


def test_what_the_carrier_asks_for_is_bounded() -> None:
    assert refusing(retry_after_s=120.0).shut_until("carrier", 0.0) == 120.0
    assert refusing(retry_after_s=5.0).shut_until("carrier", 0.0) == FIRST_S
    assert refusing(retry_after_s=86400.0).shut_until("carrier", 0.0) == LONGEST_S


def test_one_is_tried_and_the_others_wait_for_it() -> None:
    breaker = refusing()
    breaker.begun("carrier", "p1", FIRST_S)
    breaker.begun("carrier", "p2", FIRST_S)
    assert breaker.shut_until("carrier", FIRST_S, "p1") == 0.0
    assert breaker.shut_until("carrier", FIRST_S, "p2") == breaker.shut_until("carrier", FIRST_S) == FIRST_S + PROBE_S
    assert not breaker.over("carrier", "p2")
    assert breaker.over("carrier", "p1")
    assert breaker.shut_until("carrier", FIRST_S) == 0.0


def test_a_try_of_which_nothing_is_heard_is_none() -> None:
    breaker = refusing()
    breaker.begun("carrier", "p1", FIRST_S)
    assert breaker.shut_until("carrier", FIRST_S + PROBE_S) == 0.0


def test_it_is_left_alone_from_the_one_too_many_to_the_one_that_gets_through() -> None:
    breaker = refusing(FAILURES - 1)
    assert not breaker.left_alone("carrier")
    assert breaker.refused("carrier", 0.0, 120.0) == TrunkLeftAlone("carrier", 120.0)
    assert breaker.refused("carrier", 1.0) is None and breaker.left_alone("carrier")
    assert breaker.refused("carrier", 120.0) is None, "a try that fails makes the pause longer, and is no news"
    breaker.begun("carrier", "p1", 400.0)
    assert breaker.left_alone("carrier") and not breaker.left_alone("another")
    breaker.passed("carrier")
    assert not breaker.left_alone("carrier")


# ---- in the ledger -----------------------------------------------------------------------------------------------


def number(n: int) -> str:
    return f"1380013{8000 + n}"


def sought(desk: Desk, queue: str = "sales") -> Promise | None:
    """One agent is free."""
    desk.feed(Capacity(queue, 1, 0))
    seeks = desk.given(SeekAgent)
    desk.feed(Capacity(queue, 0, 0))
    return seeks[0].promise if seeks else None


def dialled(desk: Desk, promise: Promise) -> Promise | None:
    desk.feed(AgentFound(promise.id, "anna"))
    desk.acknowledge()
    dials = desk.given(DialCustomer)
    return dials[0].promise if dials else None


def fails(desk: Desk, promise: Promise, status: int = 503, rang: bool = False) -> None:
    desk.feed(AttemptFailed(promise.id, status, promise.call_id, rang=rang))
    desk.acknowledge()


def waiting(desk: Desk, many: int, queue: str = "sales") -> None:
    for n in range(many):
        desk.lose(number(n + {"sales": 0, "orders": 100, "other": 200}[queue]), queue)
        desk.acknowledge()


def refuse(desk: Desk, times: int = FAILURES, queue: str = "sales") -> None:
    for _ in range(times):
        promise = sought(desk, queue)
        assert promise is not None
        row = dialled(desk, promise)
        assert row is not None
        fails(desk, row)


def test_no_agent_is_taken_for_a_trunk_that_refuses_whatever_the_queue() -> None:
    desk = Desk(SALES, ORDERS, OTHER)
    waiting(desk, 8)
    waiting(desk, 2, "orders")
    waiting(desk, 1, "other")
    refuse(desk, 3)
    refuse(desk, 2, "orders")
    assert sought(desk) is None and sought(desk, "orders") is None
    assert sought(desk, "other") is not None
    stops = desk.ledger.glance.standstill("sales", desk.now)
    assert stops == Wait(TRUNK_REFUSES, desk.now + FIRST_S, "carrier")


def test_then_one_is_tried_at_the_moment_and_one_alone() -> None:
    desk = Desk(SALES)
    waiting(desk, 9)
    refuse(desk)
    desk.feed(Capacity("sales", 3, 0))
    assert not desk.given(SeekAgent)
    desk.wait(FIRST_S - 0.1)
    assert not desk.given(SeekAgent)
    desk.wait(0.2)
    (seek,) = desk.given(SeekAgent)
    desk.feed(Capacity("sales", 2, 0))
    assert not desk.given(SeekAgent), "one is tried already"
    row = dialled(desk, seek.promise)
    assert row is not None
    fails(desk, row)
    desk.feed(Capacity("sales", 3, 0))
    desk.wait(2 * FIRST_S - 0.1)
    assert not desk.given(SeekAgent)
    desk.wait(0.2)
    (seek,) = desk.given(SeekAgent)
    row = dialled(desk, seek.promise)
    assert row is not None
    desk.feed(CustomerAnswered(row.id))
    assert desk.ledger.glance.standstill("sales", desk.now).why != TRUNK_REFUSES
    assert sought(desk) is not None


def test_a_phone_that_rang_is_a_call_that_got_through() -> None:
    desk = Desk(SALES)
    waiting(desk, 10)
    refuse(desk, FAILURES - 1)
    promise = sought(desk)
    assert promise is not None
    row = dialled(desk, promise)
    assert row is not None
    fails(desk, row, 503, rang=True)
    refuse(desk, FAILURES - 1)
    assert sought(desk) is not None


def test_an_agent_who_was_being_rung_is_let_go() -> None:
    desk = Desk(SALES)
    waiting(desk, 9)
    late = sought(desk)
    assert late is not None
    refuse(desk)
    assert dialled(desk, late) is None
    assert next(p for p in desk.ledger.promises() if p.id == late.id).attempts == 0


def test_who_declines_the_try_leaves_it_to_another() -> None:
    desk = Desk(SALES)
    waiting(desk, 9)
    refuse(desk)
    desk.wait(FIRST_S)
    promise = sought(desk)
    assert promise is not None
    desk.feed(NoAgent(promise.id))
    other = sought(desk)
    assert other is not None and other.id != promise.id


def test_what_was_never_sent_says_nothing_of_the_carrier() -> None:
    desk = Desk(SALES)
    waiting(desk, 10)
    for _ in range(FAILURES + 1):
        promise = sought(desk)
        assert promise is not None, "the limit of our own trunk"
        desk.feed(AgentFound(promise.id, "anna"))
        desk.acknowledge()
        (dial,) = desk.given(DialCustomer)
        desk.feed(AttemptFailed(promise.id, 503, dial.promise.call_id, sent=False))
        desk.acknowledge()
    assert desk.ledger.glance.standstill("sales", desk.now).why != TRUNK_REFUSES


def test_phones_of_ours_need_no_trunk() -> None:
    desk = Desk(replace(SALES, numbers="1[0-9]{3}"))
    waiting(desk, 9)
    refuse(desk, FAILURES + 2)
    assert sought(desk) is not None


def told(desk: Desk) -> list[DomainEvent]:
    return [*desk.given(TrunkLeftAlone), *desk.given(TrunkTakesCalls)]


def test_that_it_is_left_alone_and_that_it_is_not_is_told_once() -> None:
    desk = Desk(SALES)
    waiting(desk, 9)
    facts: list[DomainEvent] = []
    feed = desk.feed

    def listening(event: LedgerInput) -> list[Effect]:
        effects = feed(event)
        facts.extend(told(desk))
        return effects

    desk.feed = listening  # type: ignore[method-assign]
    refuse(desk, FAILURES - 1)
    assert not facts and not desk.ledger.glance.left_alone("carrier")
    refuse(desk, 1)
    assert facts == [TrunkLeftAlone("carrier", FIRST_S)]
    desk.wait(FIRST_S)
    refuse(desk, 1)
    assert len(facts) == 1 and desk.ledger.glance.left_alone("spare", "carrier")
    desk.wait(2 * FIRST_S)
    promise = sought(desk)
    assert promise is not None
    row = dialled(desk, promise)
    assert row is not None and len(facts) == 1
    desk.feed(CustomerAnswered(row.id))
    assert facts[1:] == [TrunkTakesCalls("carrier")] and not desk.ledger.glance.left_alone("carrier")
