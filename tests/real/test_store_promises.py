"""Promises read back for people: pages of those that are asked for, and the history of one, from each store alike."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from softswitch.callback.history import Attempt, Logged
from softswitch.callback.model import OPEN, PromiseState
from softswitch.callback.wanted import CLOSED, EVERY, Place, Wanted, place
from softswitch.store import campaign
from softswitch.store.store import Store
from tests.real.test_store_contract import Kept, kept
from tests.support import facts

__all__ = ["kept"]  # a fixture

pytestmark = pytest.mark.real
S = PromiseState
AT = 1_760_000_000.0
ROWS = [
    facts.promise(1, S.RETRY_AT, recorded_at=AT, not_before=AT + 500),
    facts.promise(2, S.KEPT, recorded_at=AT + 1, queue="service", group="service"),
    facts.promise(3, S.RECORDED, recorded_at=AT + 1, stage="imported", campaign="welcome", group="welcome"),
    facts.promise(4, S.EXPIRED, recorded_at=AT + 2, number="+8613800000001"),
    facts.promise(5, S.RECORDED, recorded_at=AT + 3, stage="shed"),
    facts.promise(6, S.DIALLING, recorded_at=AT + 4, queue="service", group="service", attempts=1, call_id="c6"),
]


CASES = [
    (Wanted(), [1, 2, 3, 4, 5, 6]),
    (Wanted(newest_first=True), [6, 5, 4, 3, 2, 1]),
    (Wanted(OPEN), [1, 3, 5, 6]),
    (Wanted(CLOSED, newest_first=True), [4, 2]),
    (Wanted(frozenset({S.RECORDED})), [3, 5]),
    (Wanted(frozenset({S.KEPT, S.RETRY_AT})), [1, 2]),
    (Wanted(queue="sales"), [1, 3, 4, 5]),
    (Wanted(OPEN, queue="service"), [6]),
    (Wanted(campaign="welcome"), [3]),
    (Wanted(stage="shed"), [5]),
    (Wanted(stage="imported"), [3]),
    (Wanted(numbers=frozenset({"+8613800000001", "13800000001"})), [1, 4]),
    (Wanted(since=AT + 1, until=AT + 3), [2, 3, 4]),
    (Wanted(due_by=AT + 499), [3, 5]),
    (Wanted(due_by=AT + 500), [1, 3, 5]),
    (Wanted(queue="'; DROP TABLE promises; --"), []),
]


async def put(kept: Kept) -> None:
    for number, row in enumerate(ROWS):
        kept.store.put_promise(row, f"t{number}")
    assert all([await kept.answer(f"t{number}") for number in range(len(ROWS))])


async def found(kept: Kept, wanted: Wanted, after: Place | None = None, limit: int = 100) -> list[int]:
    return [int(row.id[8:]) for row in await kept.store.promise_page(wanted, after, limit)]


async def test_those_that_are_asked_for(kept: Kept) -> None:
    await put(kept)
    for wanted, expected in CASES:
        assert await found(kept, wanted) == expected, wanted
        assert sorted(int(row.id[8:]) for row in ROWS if wanted.takes(row)) == sorted(expected), "in memory likewise"


async def test_a_campaign_that_is_called_as_its_queue_is_shows_its_promises_once(kept: Kept) -> None:
    kept.store.put_promise(facts.promise(1, campaign="sales"), "t1")
    assert await kept.answer("t1")
    assert await found(kept, Wanted(queue="sales")) == await found(kept, Wanted(campaign="sales")) == [1]


async def test_pages_leave_nothing_out_and_show_nothing_twice(kept: Kept) -> None:
    await put(kept)
    for states, newest_first in itertools.product((EVERY, OPEN), (False, True)):
        wanted = Wanted(states, newest_first=newest_first)
        after, seen = None, []
        while page := await kept.store.promise_page(wanted, after, 1):
            seen += page
            after = place(page[-1])
        assert [int(row.id[8:]) for row in seen] == await found(kept, wanted)


async def test_a_promise_tells_what_has_become_of_it(kept: Kept) -> None:
    first = facts.promise(1, updated_at=AT + 10)
    kept.store.put_promise(first, "t1")
    dialled = replace(first, state=S.DIALLING, attempts=1, call_id="c1", updated_at=AT + 20)
    kept.store.put_promise(dialled, "t2")
    kept.store.put_promise(dialled, "t3")  # written again, because nobody knew whether it had come through
    busy = replace(dialled, state=S.RETRY_AT, outcome="busy", not_before=AT + 320, updated_at=AT + 21)
    kept.store.put_promise(busy, "t4")
    kept.store.put_promise(replace(busy, priority_s=600.0, updated_at=AT + 30), "t5", "api anna")
    kept.store.put_promise(facts.promise(2, updated_at=AT + 10), "t6")
    call = replace(facts.call(7), contact="contact-7", promise="promise-1", agent="bob", started_at=AT + 15)
    kept.store.put_call(replace(call, ended_at=AT + 21))
    kept.store.put_call(replace(call, contact="contact-8", started_at=AT + 25, ended_at=AT + 26))
    await kept.answer("t6")
    await kept.settled()
    log, attempts = await kept.store.promise_history("promise-1")
    assert log == [
        Logged(AT + 10, "recorded", "abandoned", "", 0, 1, 0.0, 0.0, "contact-1", ""),
        Logged(AT + 20, "dialling", "abandoned", "", 1, 1, 0.0, 0.0, "contact-1", ""),
        Logged(AT + 21, "retry_at", "abandoned", "busy", 1, 1, AT + 320, 0.0, "contact-1", ""),
        Logged(AT + 30, "retry_at", "abandoned", "busy", 1, 1, AT + 320, 600.0, "contact-1", "api anna"),
    ]
    assert attempts == [Attempt(1, "c1", AT + 20, "busy", "contact-7", "bob")]
    assert await kept.store.promise_history("promise-9") == ([], [])
    row = await kept.store.promise("promise-1")
    assert row is not None and row.priority_s == 600.0 and await kept.store.promise("promise-9") is None


async def test_old_history_is_forgotten_and_the_promise_is_not(kept: Kept) -> None:
    kept.store.put_promise(facts.promise(1, updated_at=AT), "t1")
    kept.store.put_promise(facts.promise(2, updated_at=AT + 100), "t2")
    await kept.answer("t2")
    kept.store.forget_events(AT + 50)
    await kept.settled()
    log, _ = await kept.store.promise_history("promise-1")
    assert not log and await kept.store.promise("promise-1") is not None
    log, _ = await kept.store.promise_history("promise-2")
    assert len(log) == 1


async def test_a_campaign_is_summed_up_by_the_indices_of_its_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    """And not by reading all that every campaign has."""
    store = await Store.open(f"sqlite:///{tmp_path_factory.mktemp('var')}/a.db")
    sql = campaign.shares("welcome").compile(
        dialect=sqlite.dialect(paramstyle="named"), compile_kwargs={"literal_binds": True}
    )
    async with store._engines.read.connect() as connection:
        plan = [row.detail for row in await connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
    found = [line for line in plan if line.startswith(("SEARCH", "SCAN"))]
    assert ["promises_open_name" in found[0], "promises_ended_name" in found[1], len(found)] == [True, True, 2], plan
    await store.close()


async def test_who_ends_while_a_page_is_read_is_on_it_once(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    if not isinstance(kept.store, Store):
        return  # it reads in one go
    await put(kept)
    read, parts = kept.store._read, 0

    async def slow(*asked: Any) -> list[Any]:
        nonlocal parts
        rows = await read(*asked)
        parts += 1
        if parts == 1:
            kept.store.put_promise(replace(ROWS[4], state=S.WITHDRAWN, outcome="reached by mail"), "end")
            assert await kept.answer("end")
        return rows

    monkeypatch.setattr(kept.store, "_read", slow)
    page = await kept.store.promise_page(Wanted(), None, 10)
    assert [int(row.id[8:]) for row in page] == [1, 2, 3, 4, 5, 6] and parts == 2
    assert page[4].state is S.WITHDRAWN
