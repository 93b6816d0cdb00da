"""What the ledger keeps does not grow with what has been; and what it still needs it does not forget."""

from __future__ import annotations

import random
from dataclasses import replace

from softswitch.callback.book import REMEMBERED
from softswitch.callback.ledger import Ledger
from softswitch.callback.model import Capacity, NumberBusy, PromiseState, SeekAgent, Withdraw
from softswitch.callback.node import Leased, Owned
from softswitch.callback.pacing import FEW
from softswitch.core.ids import Ids
from tests.unit.callback.desk import NUMBER, SALES, Desk

S = PromiseState


def test_two_calls_of_a_number_in_two_spellings_leave_nothing_behind() -> None:
    desk = Desk()
    for presented, busy in ((NUMBER, True), (f"+86{NUMBER}", True), (NUMBER, False), (f"+86{NUMBER}", False)):
        desk.feed(NumberBusy(presented, busy))
    assert not desk.ledger._move.spelt and not desk.ledger._move.busy


def test_the_end_of_a_call_that_nobody_knows_of_does_not_end_another_one() -> None:
    desk = Desk()
    desk.due()
    desk.feed(NumberBusy(f"+86{NUMBER}", True))
    desk.feed(NumberBusy(NUMBER, False))  # began before this process
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent)


def test_a_line_for_which_no_agent_ever_comes_holds_those_who_wait() -> None:
    desk = Desk(replace(SALES, expiry_s=600.0))
    for caller in range(4 * FEW):
        desk.wait(10.0)
        desk.acknowledge()
        desk.lose(f"1380000{caller:04d}")
        desk.acknowledge()
    (line,) = desk.ledger._move.turns.pace("sales").lines.values()
    assert len(line) <= 2 * FEW
    desk.wait(0.0)
    desk.feed(Capacity("sales", 1, 0))
    (seek,) = desk.given(SeekAgent)
    oldest = desk.ledger.promises()[0]
    assert seek.promise.id == oldest.id and seek.promise.recorded_at > desk.now - 600.0


def test_who_was_withdrawn_while_the_store_was_away_is_not_called_when_it_tells_of_him() -> None:
    desk = Desk()
    desk.ledger = Ledger((SALES,), Ids(random.Random(1).getrandbits), node="one")
    desk.feed(Leased(desk.now + 3600.0))
    for caller in range(REMEMBERED + 100):
        desk.lose(f"1380000{caller:04d}")
        desk.acknowledge()
    rows = desk.ledger.promises()
    for promise in rows:
        desk.feed(Withdraw(promise.id, "by an admin"))
        desk.acknowledge(ok=False)
    desk.feed(Owned(tuple(rows)))
    assert {promise.state for promise in desk.ledger.promises()} == {S.WITHDRAWN}
    for _ in range(600):
        desk.wait(1.0)
        desk.acknowledge()
    for caller in range(100):
        desk.lose(f"1390000{caller:04d}")
        desk.acknowledge()
        desk.feed(Withdraw(desk.ledger.promises()[0].id, "by an admin"))
        desk.acknowledge()
    assert len(desk.ledger.promises()) <= REMEMBERED
