"""Rules that change faster than all promises can be looked at: dialling goes on, and nobody is dialled by the old ones.

Time is a number here: a step of the ledger takes as long as one of 100 promises does on the machine of the manual.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.book import Entry
from softswitch.callback.looks import Looks
from softswitch.callback.model import (
    Barred,
    Capacity,
    LedgerInput,
    Paused,
    Persist,
    Persisted,
    Policies,
    Policy,
    Promise,
    PromiseState,
    Restored,
    SeekAgent,
    Window,
)
from softswitch.callback.mover import STEP
from softswitch.core.effect import Effect
from tests.unit.callback.desk import NOON, SALES, Desk
from tests.unit.callback.pool_desk import pooled

S = PromiseState
STEP_S = 0.005  # of 100 promises
FAIR = replace(SALES, queue="sales", campaign="fair")
MANY = 3 * STEP + 50
AT = NOON - 3600.0  # when the oldest was lost
YOUNG = pooled(MANY, recorded_at=NOON - 60.0)  # of the queue itself


def entry(n: int) -> Entry:
    return Entry(pooled(n), 0.0)


def seen(looks: Looks, most: int = 100) -> list[Entry]:
    found = (looks.next() for _ in range(most))
    return [entry for entry in found if entry is not None]


# ---- whose turn it is ------------------------------------------------------------------------------------------------


def test_a_look_at_all_goes_on_where_something_changes_again_and_then_begins_once_more() -> None:
    everybody = [entry(n) for n in range(5)]
    looks = Looks(lambda: everybody)
    looks.at_all()
    assert seen(looks, 3) == everybody[:3]
    looks.at_all()
    assert looks.awaited
    assert seen(looks, 2) == everybody[3:]
    assert looks.left and not looks.awaited, "nobody waits for who is looked at once more"
    everybody.append(entry(5))
    assert seen(looks) == everybody
    assert not looks.left


def test_changes_while_it_begins_once_more_are_one_look_that_nobody_waits_for() -> None:
    everybody = [entry(n) for n in range(5)]
    looks = Looks(lambda: everybody)
    looks.at_all()
    looks.at_all()
    assert seen(looks, 7) == [*everybody, *everybody[:2]]
    looks.at_all()
    looks.at_all()
    assert not looks.awaited
    assert seen(looks) == [*everybody[2:], *everybody]
    looks.at_all()
    assert looks.awaited, "they are known by heart, and this is the first change since"


def test_who_is_new_is_waited_for_whatever_is_looked_at_meanwhile() -> None:
    everybody, new = [entry(n) for n in range(5)], entry(7)
    looks = Looks(lambda: everybody)
    looks.at_all()
    looks.at_all()
    seen(looks, 6)
    looks.at([new])
    assert looks.awaited
    assert seen(looks) == [new, *everybody[1:]]


def test_where_there_is_nobody_there_is_no_look() -> None:
    looks = Looks(lambda: [])
    looks.at_all()
    assert not looks.left


# ---- the ledger ------------------------------------------------------------------------------------------------------


def sought(effects: list[Effect]) -> list[str]:
    return [one.promise.id for one in effects if isinstance(one, SeekAgent)]


def changed_meanwhile(*events: LedgerInput) -> Desk:
    """Some were looked at when it comes, and all once when this returns; of nobody was it asked who is first."""
    desk = Desk(FAIR, SALES, replace(SALES, queue="other"))
    desk.feed(Capacity("other", 0, 0))
    rows = [pooled(n, campaign="fair", group="fair", recorded_at=AT + n / MANY) for n in range(MANY)]
    desk.feed(Restored((*rows, YOUNG)))
    desk.wait(0.0)
    assert {promise.state for promise in desk.ledger.promises()} == {S.DUE}
    desk.feed(Policies((FAIR, SALES, replace(SALES, queue="other"))))
    for event in events:
        desk.feed(event)
    for _ in range(2):
        desk.last = desk.ledger.tick(desk.now)
    return desk


SHUT = Window("Asia/Shanghai", 9 * 60, 10 * 60)  # by now
BARRED = Barred(frozenset(pooled(n).number for n in range(MANY)))
CHANGES: list[tuple[LedgerInput, ...]] = [
    (Policies((replace(FAIR, window=SHUT), SALES)),),
    (Policies((replace(FAIR, callee_window=replace(SHUT, zone="")), SALES)),),
    (Policies((replace(FAIR, expiry_s=600.0), SALES)),),
    (Policies((replace(FAIR, ends_at=NOON - 1.0), SALES)),),
    (Policies((replace(FAIR, begins_at=NOON + 86400.0), SALES)),),
    (Policies((replace(FAIR, countries=("DE",)), SALES)),),
    (Policies((SALES,)),),
    (Policies((replace(FAIR, queue="other"), SALES, replace(SALES, queue="other"))),),
    (BARRED, Policies((FAIR, SALES))),
    (Paused(frozenset({"fair"})),),
]
NAMES = [
    "window", "callee-window", "expiry", "ends", "begins", "countries", "removed", "moved", "do-not-call", "paused"
]  # fmt: skip


@pytest.mark.parametrize("events", CHANGES, ids=NAMES)
def test_nobody_is_called_by_rules_that_hold_no_more_though_he_was_looked_at_by_them(
    events: tuple[LedgerInput, ...],
) -> None:
    desk = changed_meanwhile(*events)
    found = sought(desk.feed(Capacity("sales", 5, 0)))
    assert found == [YOUNG.id], "whom the new rules allow is called meanwhile"
    while desk.ledger.deadline is not None and desk.ledger.deadline <= desk.now:
        found += sought(desk.ledger.tick(desk.now)) + sought(desk.ledger.handle(Capacity("sales", 5, 0), desk.now))
    assert found == [YOUNG.id]


def test_who_has_been_moved_to_another_queue_is_called_for_its_agents_the_oldest_first() -> None:
    desk = changed_meanwhile(Policies((replace(FAIR, queue="other"), SALES, replace(SALES, queue="other"))))
    assert desk.ledger.deadline == desk.now, "those who were seen first are looked at once more"
    found = sought(desk.feed(Capacity("sales", 5, 0)))
    while desk.ledger.deadline is not None and desk.ledger.deadline <= desk.now:
        found += sought(desk.ledger.tick(desk.now))
    assert found == [YOUNG.id]
    assert sought(desk.feed(Capacity("other", 1, 0))) == ["pooled-0"]
    assert desk.ledger.open_count("other") == MANY
    assert desk.ledger.open_count("sales") == 1


def test_who_is_allowed_again_by_a_second_change_is_called_after_all() -> None:
    desk = changed_meanwhile(Policies((SALES,)))
    assert sought(desk.feed(Capacity("sales", 2, 0))) == [YOUNG.id]
    desk.feed(Policies((FAIR, SALES)))
    found = []
    while desk.ledger.deadline is not None and desk.ledger.deadline <= desk.now:
        found += sought(desk.ledger.tick(desk.now))
    desk.feed(Capacity("sales", 0, 0))
    found += sought(desk.feed(Capacity("sales", 1, 0)))
    assert "pooled-0" in found
    assert {promise.state for promise in desk.ledger.promises()} <= {S.DUE, S.SEEKING}


# ---- a hundred thousand ----------------------------------------------------------------------------------------------


def two_campaigns(second: int) -> tuple[Policy, ...]:
    """Which of the two may call changes with each reload."""
    own = (FAIR, replace(SALES, campaign="sale"))
    return (*(replace(one, window=SHUT) if n == second % 2 else one for n, one in enumerate(own)), SALES)


class Centre:
    """A ledger whose steps take time, and a store that answers at once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.sought: list[tuple[float, Promise]] = []  # when, for whom

    def feed(self, event: LedgerInput) -> None:
        self._carry_out(self._desk.ledger.handle(event, self._desk.now))

    def work_until(self, until: float) -> None:
        desk = self._desk
        while (deadline := desk.ledger.deadline) is not None and deadline < until:
            desk.now = max(desk.now + STEP_S, deadline)
            self._carry_out(desk.ledger.tick(desk.now))
        desk.now = until

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Persist):
                self.feed(Persisted(effect.promise.id, effect.token))
            elif isinstance(effect, SeekAgent):
                self.sought.append((self._desk.now - NOON, effect.promise))


def test_a_reload_each_second_does_not_stop_dialling_a_hundred_thousand() -> None:
    """To look at all of them takes five seconds. So long an agent is idle, once, and then one is sought ten times a
    second, for those of the campaign alone that may call then."""
    desk, of = Desk(*two_campaigns(0)), ("fair", "sale")
    centre = Centre(desk)
    rows = (pooled(n, campaign=of[n % 2], group=of[n % 2], recorded_at=AT + n / 100.0) for n in range(100_000))
    centre.feed(Restored(tuple(rows)))
    for second in range(7):
        centre.feed(Policies(two_campaigns(second)))
        for tenth in range(1, 11):
            centre.feed(Capacity("sales", 0, 0))
            centre.feed(Capacity("sales", 1, 0))
            centre.work_until(NOON + second + tenth / 10.0)
    assert [promise.id for at, promise in centre.sought if promise.campaign == of[int(at) % 2]] == []
    found = [sum(int(at) == second for at, _ in centre.sought) for second in range(7)]
    assert (found[:4], found[5:]) == ([0] * 4, [10] * 2)
