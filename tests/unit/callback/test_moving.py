"""What was true when the agent was sought is looked at again before the dial, whoever might have changed it.

Through the ledger the first of these cannot be had: it calls a seek off when the number becomes busy. The dial must not
depend on that.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from softswitch.callback.book import Entry
from softswitch.callback.model import DialCustomer, Policy, Promise, PromiseState, ReleaseAgent, Window
from softswitch.callback.mover import Mover
from softswitch.callback.rule import Rules
from softswitch.callback.written import ANSWER_S
from softswitch.core.ids import Ids
from tests.unit.callback.desk import E164, NOON, SALES

S = PromiseState
UNTIL_FIVE = replace(SALES, window=Window("Asia/Shanghai", 9 * 60, 17 * 60))
AFTER_FIVE = NOON + 400.0


def in_state(state: PromiseState, policy: Policy = SALES) -> tuple[Mover, Entry]:
    move = Mover(Rules((policy,), "CN"), Ids(random.Random(7).getrandbits))
    move.now = NOON
    promise = Promise("p", E164, "sales", "abandoned", state, "c", recorded_at=NOON - 60.0)
    entry = Entry(promise, since=NOON, durable=True, intent_at=NOON)
    move.book.add(entry)
    return move, entry


def test_a_durable_intent_dials() -> None:
    move, entry = in_state(S.SEEKING)
    move.commit(entry)
    assert [order.promise for order in move.out if isinstance(order, DialCustomer)] == [entry.promise]
    assert entry.promise.state is S.DIALLING


@pytest.mark.parametrize(("late_s", "lease_s", "state"), [
    (ANSWER_S - 0.1, 60.0, S.DIALLING), (ANSWER_S, 60.0, S.DUE), (1.9, 2.0, S.DIALLING), (2.0, 2.0, S.DUE),
])  # fmt: skip
def test_an_intent_dials_while_it_is_fresh_and_the_lease_runs(late_s: float, lease_s: float, state: S) -> None:
    move, entry = in_state(S.SEEKING)
    move.now, move.lease_until = NOON + late_s, NOON + lease_s
    move.commit(entry)
    assert entry.promise.state is state
    until = [(order.until, order.follow_until) for order in move.out if isinstance(order, DialCustomer)]
    assert until == ([(NOON + min(lease_s, ANSWER_S), NOON + SALES.settle_s)] if state is S.DIALLING else [])


@pytest.mark.parametrize(("busy", "now"), [(True, NOON), (False, AFTER_FIVE), (True, AFTER_FIVE)])
def test_a_durable_intent_does_not_dial_a_busy_number_or_outside_the_window(busy: bool, now: float) -> None:
    move, entry = in_state(S.SEEKING, UNTIL_FIVE)
    move.now = entry.intent_at = now
    if busy:
        move.busy[E164] = 1
    move.commit(entry)
    assert not [order for order in move.out if isinstance(order, DialCustomer)]
    assert ReleaseAgent("p") in move.out
    assert (entry.promise.state, entry.promise.attempts) == (S.DUE, 0)


@pytest.mark.parametrize(
    ("busy", "now", "state"), [(False, NOON, S.SEEKING), (True, NOON, S.DUE), (False, AFTER_FIVE, S.RECORDED)]
)
def test_no_agent_is_sought_for_a_busy_number_or_outside_the_window(
    busy: bool, now: float, state: PromiseState
) -> None:
    move, entry = in_state(S.DUE, UNTIL_FIVE)
    if busy:
        move.busy[E164] = 1
    move.now = now
    move.turns.pace("sales").capacity(1, 0)
    move.advance(entry)
    move.finish()
    assert entry.promise.state is state


def test_no_agent_is_sought_after_the_window_though_the_promise_still_says_due() -> None:
    move, entry = in_state(S.DUE, UNTIL_FIVE)
    move.advance(entry)
    move.finish()
    move.now = AFTER_FIVE
    move.turns.pace("sales").capacity(1, 0)
    move.turns.stir(["sales"])
    move.finish()
    assert entry.promise.state is S.DUE
