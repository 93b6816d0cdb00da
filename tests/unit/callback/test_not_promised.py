"""What a caller was told had failed: its row, should the store have it after all, leads to no call."""

from __future__ import annotations

from softswitch.callback.model import (
    OPEN,
    Persist,
    Persisted,
    Promise,
    PromiseAnswer,
    PromiseChanged,
    PromiseState,
    ReachedAgent,
)
from tests.unit.callback.desk import E164, NUMBER, Desk

S = PromiseState


class Store:
    """Carries out what it was asked for, in order, and too late."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._writes: list[Persist] = []
        self.rows: dict[str, Promise] = {}

    def take(self) -> None:
        self._writes += self._desk.given(Persist)

    def answer(self, ok: bool = True) -> None:
        writes, self._writes = self._writes, []
        for write in writes:
            if ok:
                self.rows[write.promise.id] = write.promise
            self._desk.feed(Persisted(write.promise.id, write.token, ok))
            self.take()


def told_no(desk: Desk) -> Store:
    """The store has not answered in time, and the caller has heard that it failed."""
    store = Store(desk)
    desk.lose(stage="accepted-offer", token="t1")
    store.take()
    desk.wait(5.0)
    store.take()
    assert desk.given(PromiseAnswer) == [PromiseAnswer("t1", False, "store")]
    return store


def test_a_write_that_comes_late_is_undone() -> None:
    desk = Desk()
    store = told_no(desk)
    store.answer()
    assert [(row.state, row.outcome) for row in store.rows.values()] == [(S.WITHDRAWN, "not promised")]
    assert desk.ledger.promises() == []
    assert not desk.given(PromiseChanged), "there never was a promise"
    desk.wait(3600.0)
    assert not desk.given(Persist), "once is enough"


def test_it_is_undone_when_the_store_is_well_again() -> None:
    desk = Desk()
    store = told_no(desk)
    store.answer(ok=False)
    assert store.rows == {}
    desk.wait(5.0)
    store.take()
    store.answer()
    assert [row.state for row in store.rows.values()] == [S.WITHDRAWN]


def test_who_was_told_no_and_was_served_is_not_called_after_a_restart() -> None:
    desk = Desk()
    store = told_no(desk)
    desk.feed(ReachedAgent(NUMBER, "sales"))
    store.take()
    store.answer()
    assert not [row for row in store.rows.values() if row.state in OPEN]


def test_a_new_loss_takes_the_row_over() -> None:
    desk = Desk()
    store = told_no(desk)
    desk.lose()
    store.take()
    store.answer()
    assert [(row.state, row.stage) for row in store.rows.values()] == [(S.RECORDED, "abandoned")]
    assert desk.state is S.DUE


def test_what_was_taken_over_is_not_undone_later() -> None:
    desk = Desk()
    told_no(desk)
    (closing,) = desk.given(Persist)
    desk.lose()
    desk.acknowledge()
    desk.feed(Persisted(closing.promise.id, closing.token, ok=False))
    desk.wait(60.0)
    assert {write.promise.state for write in desk.given(Persist)} <= OPEN
    assert desk.state is S.DUE


def test_a_busy_day_does_not_put_off_what_failed() -> None:
    desk = Desk()
    desk.lose()
    desk.acknowledge(ok=False)
    for caller in range(20):  # each of whom is written at once
        desk.wait(0.5)
        ticked = desk.last
        desk.lose(f"1381000{caller:04d}")
        desk.last = [*ticked, *desk.last]
        desk.acknowledge()
    assert E164 in {promise.number for promise in desk.ledger.durable()}
