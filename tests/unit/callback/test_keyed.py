"""One caller has the switch call a few numbers that are not his own, and not as many as he makes calls."""

from __future__ import annotations

from dataclasses import replace

from softswitch.callback.keyed import OFTEN, Keyed
from softswitch.callback.manners import DAY_S
from softswitch.callback.model import LossNotRecorded, Lost, PromiseAnswer, Withdraw
from tests.unit.callback.desk import NUMBER, SALES, Desk

FEW = replace(SALES, keyed_per_caller=2)


def key(desk: Desk, number: int, caller: str = NUMBER, queue: str = "sales") -> str:
    """The switch's answer: "" is yes."""
    contact = f"contact-{desk.now}-{number}-{caller}"
    effects = desk.feed(Lost(f"1390000{number:04d}", queue, "keyed", contact, desk.now, 0.0, "token", caller=caller))
    effects = [*effects, *desk.acknowledge()]
    (answer,) = [one for one in effects if isinstance(one, PromiseAnswer)]
    if not answer.ok:
        (told,) = [one for one in effects if isinstance(one, LossNotRecorded)]
        assert (told.why, told.stage) == (answer.why, "keyed")
    return answer.why


def test_a_caller_names_a_few_numbers_in_a_day() -> None:
    desk = Desk(FEW)
    assert [key(desk, n) for n in (1, 2, 3)] == ["", "", OFTEN]
    assert key(desk, 3, "+86 138 0013 8000") == OFTEN, "that is the same caller"
    assert key(desk, 3, "13800138001") == "", "and this another one"
    desk.wait(DAY_S)
    assert key(desk, 4) == ""


def test_a_number_that_he_has_named_before_is_none_of_them() -> None:
    desk = Desk(FEW)
    assert [key(desk, n) for n in (1, 2)] == ["", ""]
    for promise in desk.ledger.promises():
        desk.feed(Withdraw(promise.id, "done"))
        desk.acknowledge()
    assert key(desk, 2) == ""


def test_a_number_that_has_a_promise_already_is_none_of_them() -> None:
    desk = Desk(FEW)
    desk.lose("13900000003")
    desk.acknowledge()
    assert [key(desk, n) for n in (1, 2, 3)] == ["", "", ""]


def test_over_all_queues() -> None:
    desk = Desk(FEW, replace(FEW, queue="support"))
    assert [key(desk, 1), key(desk, 2, queue="support"), key(desk, 3)] == ["", "", OFTEN]


def test_without_a_limit_and_of_whom_nobody_knows() -> None:
    desk = Desk(replace(FEW, keyed_per_caller=0))
    assert [key(desk, n) for n in range(9)] == [""] * 9
    desk = Desk(FEW)
    assert [key(desk, n, "anonymous") for n in range(9)] == [""] * 9


def test_his_own_number_is_promised_as_ever() -> None:
    desk = Desk(FEW)
    assert [key(desk, n) for n in (1, 2)] == ["", ""]
    desk.lose(stage="accepted-offer", token="t")
    assert [one.ok for one in desk.acknowledge() if isinstance(one, PromiseAnswer)] == [True]


def test_what_is_a_day_old_is_forgotten() -> None:
    keyed = Keyed()
    for n in range(1000):
        keyed.note(f"caller-{n}", "number", float(n))
    keyed.note("caller-0", "number", 500.0)
    keyed.note("caller-x", "number", DAY_S + 499.0)
    assert len(keyed._order) == len(keyed._numbers) == 502
    keyed.note("caller-x", "other", 3 * DAY_S)
    assert len(keyed._order) == len(keyed._numbers) == 1


def test_a_clock_that_was_wrong_by_a_year_shuts_nobody_out_for_a_year() -> None:
    keyed = Keyed()
    for n in range(3):
        keyed.note("caller", f"number-{n}", 365 * DAY_S)
    assert not keyed.too_often("caller", "another", 2, DAY_S)
    keyed.note("another caller", "number", DAY_S)
    assert len(keyed._order) == len(keyed._numbers) == 1, "and is not remembered for so long either"
