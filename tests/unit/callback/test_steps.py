"""Very many promises at one moment: a step looks at a few of them, and asks to be woken for the others at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.claim import LOOK_S
from softswitch.callback.model import (
    Capacity,
    Lost,
    Paused,
    Persist,
    Persisted,
    Promise,
    PromiseChanged,
    PromiseState,
    Promote,
    ReachedAgent,
    Restored,
    SeekAgent,
    Withdraw,
)
from softswitch.callback.mover import MOST_UNDER_WAY, STEP
from softswitch.callback.node import Claim, Disowned, Leased, Owned
from softswitch.callback.written import ANSWER_S, FIRST_PAUSE_S
from softswitch.core.effect import Effect
from tests.unit.callback.desk import NOON, SALES, Desk
from tests.unit.callback.pool_desk import NODE, PoolDesk, pooled

S = PromiseState
MANY = 3 * STEP + 50
AT = NOON - 600.0  # when all of them were lost


def lost(desk: Desk, count: int = MANY) -> list[str]:
    """Promises of one age; their ids, in the order in which they were made."""
    ids = []
    for n in range(count):
        desk.lose(f"138{n:08d}", queued_at=AT)
        ids += [order.promise.id for order in desk.given(Persist)]
        desk.acknowledge()
    return ids


def ended(desk: Desk) -> list[str]:
    """By the last step."""
    return [fact.promise.id for fact in desk.given(PromiseChanged) if fact.promise.state is S.EXPIRED]


def step(desk: Desk) -> None:
    desk.last = desk.ledger.tick(desk.now)


def test_who_expires_at_one_moment_ends_step_by_step_and_once() -> None:
    desk = Desk()
    ids = lost(desk)
    desk.now = AT + SALES.expiry_s
    found: list[str] = []
    for _ in range(3):
        assert desk.ledger.deadline is not None and desk.ledger.deadline <= desk.now
        step(desk)
        assert len(ended(desk)) == STEP
        assert [order.promise.id for order in desk.given(Persist)] == ended(desk)
        found += ended(desk)
    step(desk)
    found += ended(desk)
    assert found == ids
    assert desk.ledger.deadline is not None and desk.ledger.deadline > desk.now, "the answers of the store are left"


def test_no_more_end_than_the_store_can_write() -> None:
    desk = Desk()
    lost(desk, MOST_UNDER_WAY + STEP)
    desk.now = AT + SALES.expiry_s
    orders: list[Persist] = []
    while (deadline := desk.ledger.deadline) is not None and deadline <= desk.now:
        step(desk)
        orders += desk.given(Persist)
    assert len(orders) == MOST_UNDER_WAY
    assert desk.ledger.deadline == desk.now + ANSWER_S, "the store may be away"
    desk.feed(Persisted(orders[0].promise.id, orders[0].token))
    assert desk.ledger.deadline is not None and desk.ledger.deadline <= desk.now
    step(desk)
    assert len(ended(desk)) == STEP, "there is room again"


def test_nobody_is_dialled_before_all_whose_hour_has_come_were_looked_at() -> None:
    desk = Desk()
    desk.feed(Capacity("sales", 0, 0))
    ids = lost(desk)
    desk.feed(Paused(frozenset({"sales"})))
    while desk.ledger.deadline is not None and desk.ledger.deadline <= desk.now:
        step(desk)
    assert {promise.state for promise in desk.ledger.promises()} == {S.RECORDED}
    desk.feed(Capacity("sales", 1, 0))
    desk.feed(Paused(frozenset()))
    seen = [desk.last]
    while desk.ledger.deadline is not None and desk.ledger.deadline <= desk.now:
        assert not desk.given(SeekAgent), "the first may be among those that were not looked at"
        step(desk)
        seen.append(desk.last)
    assert len(seen) == 4
    due = [[one for one in step if isinstance(one, PromiseChanged) and one.promise.state is S.DUE] for step in seen]
    assert [len(some) for some in due] == [STEP, STEP, STEP, 50]
    assert [seek.promise.id for seek in desk.given(SeekAgent)] == [min(ids)]


def test_where_those_who_were_left_are_gone_before_they_are_looked_at_others_are_dialled() -> None:
    desk = Desk()
    ids = lost(desk, STEP + 10)
    desk.now = AT + SALES.expiry_s
    step(desk)
    desk.acknowledge()
    for id in ids[STEP:]:
        desk.feed(Withdraw(id, "reached by mail"))
        desk.acknowledge()
    desk.lose("13900000001")
    desk.acknowledge()
    desk.feed(Capacity("sales", 1, 0))
    assert [seek.promise.number for seek in desk.given(SeekAgent)] == ["+8613900000001"]


def test_what_could_not_be_written_is_written_step_by_step() -> None:
    desk = Desk()
    for n in range(MANY):
        desk.lose(f"138{n:08d}", queued_at=AT)
        desk.acknowledge(ok=False)
    desk.now += FIRST_PAUSE_S
    found: list[str] = []
    for expected in (STEP, STEP, STEP, 50):
        assert desk.ledger.deadline is not None and desk.ledger.deadline <= desk.now
        step(desk)
        assert len(desk.given(Persist)) == expected
        found += [order.promise.id for order in desk.given(Persist)]
    assert len(set(found)) == MANY
    assert desk.ledger.deadline is not None and desk.ledger.deadline > desk.now


def test_a_row_that_is_known_to_be_good_is_no_row_that_failed() -> None:
    """Else one bad row would pass for a store that is away."""
    desk = Desk()
    good, bad = lost(desk, 2)
    desk.lose("13800000001", queued_at=AT)
    desk.acknowledge(ok=False)
    desk.now += FIRST_PAUSE_S
    step(desk)
    assert sorted(order.promise.id for order in desk.given(Persist)) == sorted([good, bad])


def waits(n: int, **more: object) -> Promise:
    """Of the store, the youngest first."""
    return pooled(n, recorded_at=NOON - 3600.0 - n, node=NODE, **more)


def steps(desk: Desk) -> list[list[Effect]]:
    """What each did until the last promise was looked at."""
    seen = [desk.last]
    while desk.ledger.deadline is not None and desk.ledger.deadline <= desk.now:
        step(desk)
        seen.append(desk.last)
    return seen


@pytest.mark.parametrize("event", [Restored, Disowned, Owned])
def test_what_is_led_on_is_looked_at_step_by_step(event: type[Restored] | type[Disowned] | type[Owned]) -> None:
    desk = PoolDesk()
    desk.feed(Leased(NOON + 100.0))
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    desk.feed(event(tuple(waits(n) for n in range(MANY))))
    seen = steps(desk)
    due = [[one for one in step if isinstance(one, PromiseChanged) and one.promise.state is S.DUE] for step in seen]
    assert [len(some) for some in due] == [STEP, STEP, STEP, 50]
    assert not [one for step in seen[:-1] for one in step if isinstance(one, SeekAgent | Claim)]
    sought = [one for one in desk.answer() + desk.wait(LOOK_S) + desk.answer() if isinstance(one, SeekAgent)]
    assert [seek.promise.id for seek in sought] == [f"pooled-{MANY - 1}"], "the oldest was the last"


@pytest.mark.parametrize("event", [Restored, Disowned, Owned])
def test_who_was_not_looked_at_yet_is_known(event: type[Restored] | type[Disowned] | type[Owned]) -> None:
    """To whoever loses him again, or reaches him; and that his phone may ring is known for his other promises."""
    desk = PoolDesk(SALES, replace(SALES, queue="repairs"))
    desk.feed(Leased(NOON + 1000.0))
    rings = waits(MANY, state=S.UNCERTAIN, not_before=NOON + 50.0, attempts=1)
    desk.feed(event((*(waits(n) for n in range(MANY)), rings)))
    last, reached = waits(MANY - 1), waits(MANY - 2)
    desk.lose(last.number, contact="c-again")
    assert [(order.promise.id, order.promise.losses) for order in desk.given(Persist)] == [(last.id, last.losses + 1)]
    desk.feed(ReachedAgent(reached.number, "sales"))
    assert [(order.promise.id, order.promise.state) for order in desk.given(Persist)] == [(reached.id, S.WITHDRAWN)]
    desk.lose(rings.number, "repairs")
    desk.acknowledge()
    desk.feed(Capacity("repairs", 1, 0))
    desk.answer()
    sought: list[SeekAgent] = []
    while desk.now < NOON + 49.0:
        sought += [one for one in desk.wait(1.0) if isinstance(one, SeekAgent)]
        desk.answer()
        sought += desk.given(SeekAgent)
    assert not [one for one in sought if one.promise.number == rings.number]
    desk.wait(5.0)
    desk.answer()
    assert desk.ledger.open_for(rings.number)


def test_what_others_have_is_led_no_longer_however_much_it_is() -> None:
    desk = PoolDesk()
    desk.feed(Leased(NOON + 100.0))
    desk.feed(Restored(tuple(waits(n) for n in range(MANY))))
    desk.feed(Lost("13900000001", "sales", "abandoned", "c-1", NOON, 60.0))  # which the store has not answered yet
    new = desk.given(Persist)[0].promise
    desk.feed(Disowned(()))
    assert [promise.id for promise in desk.ledger.promises()] == [new.id]
    assert desk.ledger.open_count("sales") == 1
    desk.feed(Capacity("sales", 5, 0))
    assert not [order for step in steps(desk) for order in step if isinstance(order, Persist | SeekAgent)]


def writing_again() -> PoolDesk:
    """Each of STEP + 10 writes had failed; a first step of them is made anew."""
    desk = PoolDesk()
    desk.feed(Leased(NOON + 100.0))
    desk.feed(Restored(tuple(waits(n) for n in range(STEP + 10))))
    steps(desk)
    for n in range(STEP + 10):
        desk.feed(Promote(f"pooled-{n}", 1.0))
        desk.acknowledge(ok=False)
    desk.now += FIRST_PAUSE_S
    step(desk)
    return desk


def test_what_is_to_be_written_again_of_a_former_life_is_not_written_in_place_of_what_is_ours_now() -> None:
    desk = writing_again()
    assert len(desk.given(Persist)) == STEP, "the last one is left"
    left = f"pooled-{STEP + 9}"
    desk.feed(Disowned((waits(STEP + 9, losses=2),)))
    desk.feed(Promote(left, 7.0))
    desk.acknowledge(ok=False)
    step(desk)
    assert [(one.promise.id, one.promise.losses, one.promise.priority_s) for one in desk.given(Persist)] == [
        (left, 2, 7.0)
    ]


def test_where_all_that_was_to_be_written_again_is_others_by_now_those_of_the_next_life_are_called() -> None:
    desk = writing_again()
    desk.feed(Disowned((waits(STEP + 20),)))
    desk.feed(Capacity("sales", 1, 0))
    step(desk)
    (sound,) = desk.given(Persist)
    desk.feed(Persisted(sound.promise.id, sound.token))
    desk.answer()
    assert [seek.promise.id for seek in desk.given(SeekAgent)] == [f"pooled-{STEP + 20}"]
