"""The pool: promises in the store that no node has taken. Memory, SQLite and PostgreSQL answer alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import Promise, PromiseState
from softswitch.store import bulk
from tests.real.test_store_contract import FINE, ODD, Kept, kept
from tests.support import facts

__all__ = ["kept"]  # a fixture

pytestmark = pytest.mark.real
S = PromiseState


async def test_an_import_says_of_each_row_whether_it_is_in(kept: Kept) -> None:
    kept.store.put_promise(facts.promise(1, S.DUE), "t1")
    assert await kept.answer("t1")
    rows = [
        facts.promise(2, variables=(("name", "安娜"),), consent="c-1", campaign="spring", priority_s=60.5, group="g"),
        replace(facts.promise(1), id="another"),  # an open one for that number is there
        replace(facts.promise(2), id="twice", group="g"),  # and this is one of the same import
        replace(facts.promise(3), id="promise-2"),  # an id that is there
        replace(facts.promise(1), id="elsewhere", queue="support", group="support", node="of nobody yet"),
    ]
    assert await kept.store.import_promises(rows) == [True, False, False, False, True]
    assert await kept.store.import_promises([rows[0], facts.promise(4)]) == [False, True]
    kept_rows = {row.id: row for row in await kept.store.promises()}
    assert set(kept_rows) == {"promise-1", "promise-2", "elsewhere", "promise-4"}
    assert kept_rows["promise-2"] == rows[0]
    assert kept_rows["elsewhere"].node == "", "it lies in the pool"


async def test_each_row_of_an_import_has_what_all_have_in_common_and_what_only_it_has(kept: Kept) -> None:
    def row(n: int, one: int) -> Promise:
        """``one`` or another value in each field but the number and the id."""
        return facts.promise(
            n, S.DUE if one % 2 else S.RECORDED, queue=f"queue {one}", stage=f"stage {one}", contact=f"contact {one}",
            recorded_at=1e9 + one / 4, attempts=one, losses=one + 2, not_before=one + 0.5, call_id=f"call {one}",
            outcome=f"outcome {one}", updated_at=2e9 + one, group=f"group {one}", campaign=f"campaign {one}",
            priority_s=one + 0.25, step=f"step {one}", expires_at=3e9 + one, consent=f"consent {one}",
            variables=(("name", f"安娜 {one}"),), disposition=f"code {one}", uncounted=one + 3, status=one + 400,
        )  # fmt: skip

    alike, unlike, alone = [row(n, 1) for n in range(3)], [row(n, n) for n in range(3, 6)], [row(6, 1)]
    for some in (alike, unlike, alone):
        assert await kept.store.import_promises(some) == [True] * len(some)
    assert {one.id: one for one in await kept.store.promises()} == {one.id: one for one in (*alike, *unlike, *alone)}


async def test_a_number_whose_promise_is_closed_may_be_imported(kept: Kept) -> None:
    kept.store.put_promise(facts.promise(1, S.KEPT), "t1")
    assert await kept.answer("t1")
    assert await kept.store.import_promises([replace(facts.promise(1), id="next")]) == [True]


async def test_an_import_larger_than_a_transaction_in_its_order(kept: Kept) -> None:
    rows = [facts.promise(n % (bulk.AT_ONCE + 3), id=f"row-{n}") for n in range(2 * bulk.AT_ONCE + 7)]
    assert await kept.store.import_promises(rows) == [n < bulk.AT_ONCE + 3 for n in range(len(rows))]


async def test_an_import_of_nothing_and_of_odd_text(kept: Kept) -> None:
    assert await kept.store.import_promises([]) == []
    odd = facts.promise(1, number=ODD, variables=((ODD, ODD),))
    assert await kept.store.import_promises([odd]) == [True]
    assert [(row.number, row.variables) for row in await kept.store.promises()] == [(FINE, ((FINE, FINE),))]
