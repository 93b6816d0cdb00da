"""The writer over a connection of our own that fails when the test says so."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from structlog.testing import capture_logs

from softswitch.callback.listed import Listed
from softswitch.store import database, sqlite
from softswitch.store import writer as module
from softswitch.store.store import Store
from softswitch.store.trouble import DatabaseAway, database_is_away
from tests.support import facts
from tests.support.process import eventually


class Faults:
    """What is wrong with the database, and a count of commits."""

    def __init__(self) -> None:
        self.commits = 0
        self.away = False
        self.fault: BaseException | None = None  # raised by each statement that touches ``calls``
        self.commit_fault: BaseException | None = None  # raised once


class Faulty(sqlite3.Connection):
    faults: Faults

    def execute(self, sql: str, *given: object) -> sqlite3.Cursor:
        if sql == "COMMIT":
            self.faults.commits += 1
            fault, self.faults.commit_fault = self.faults.commit_fault, None
            if fault:
                raise fault
        self._look()
        return super().execute(sql)

    def executemany(self, sql: str, *given: object) -> sqlite3.Cursor:
        if self.faults.fault and "INTO calls" in sql:
            raise self.faults.fault
        self._look()
        return super().executemany(sql, *given)  # type: ignore[arg-type]

    def _look(self) -> None:
        if self.faults.away:
            raise sqlite3.OperationalError("database or disk is full")


class Bench(Faults):
    """A store on SQLite, with a switch that takes the database away."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.answers: dict[str, bool] = {}
        self.news = asyncio.Event()
        store.on_stored = self.stored

    def stored(self, key: str, token: str, ok: bool) -> None:
        self.answers[token] = ok
        self.news.set()

    async def answer(self, token: str) -> bool:
        async with asyncio.timeout(10):
            while token not in self.answers:
                self.news.clear()
                await self.news.wait()
        return self.answers[token]


async def opened(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench(await Store.open(f"sqlite:///{directory}/a.db"))
    faulty = type("Mine", (Faulty,), {"faults": bench})
    monkeypatch.setattr(sqlite, "connect", partial(sqlite.connect, factory=faulty))
    return bench


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    bench = await opened(tmp_path, monkeypatch)
    yield bench
    await bench.store.close()


async def test_what_is_queued_together_is_one_transaction(bench: Bench) -> None:
    for n in range(500):
        bench.store.put_promise(facts.promise(n), f"t{n}")
    assert await bench.answer("t499")
    assert bench.commits == 1


async def test_a_lone_promise_waits_for_no_company(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LAG_S", 3600.0)
    bench.store.put_promise(facts.promise(), "t1")
    assert await bench.answer("t1")


async def test_an_answer_never_comes_before_the_call_returns(bench: Bench) -> None:
    bench.away = True
    bench.store.put_promise(facts.promise(1), "t1")
    assert await bench.answer("t1") is False
    bench.store.put_promise(facts.promise(2), "t2")
    assert "t2" not in bench.answers
    assert await bench.answer("t2") is False


async def test_a_full_disk_refuses_promises_and_keeps_the_rest(bench: Bench) -> None:
    bench.away = True
    bench.store.put_call(facts.call(1))
    bench.store.put_promise(facts.promise(1), "t1")
    assert await bench.answer("t1") is False
    assert not bench.store.healthy
    bench.store.put_call(facts.call(2))
    bench.away = False
    await eventually(lambda: bench.store.healthy, 10, "the database is back")
    bench.store.put_promise(facts.promise(2), "t2")
    assert await bench.answer("t2") is True
    assert await bench.store.calls() == [facts.call(2), facts.call(1)]
    assert bench.store.dropped == 0


async def test_the_buffer_has_an_end_and_what_it_costs_is_counted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BUFFERED", 3)
    for n in range(5):
        bench.store.put_call(facts.call(n))
    assert bench.store.dropped == 2
    bench.store.put_promise(facts.promise(1), "t1")
    assert await bench.answer("t1") is False, "behind a full buffer it would not be written in time"


async def test_who_asks_waits_until_all_that_was_put_before_is_durable(bench: Bench) -> None:
    for n in range(5):
        bench.store.put_do_not_call([Listed(f"+861380013800{n}", "asked us", "anna", 1.0)])
    await asyncio.wait_for(bench.store.settled(), 5)
    assert len(await bench.store.do_not_call()) == 5
    bench.away = True
    bench.store.put_do_not_call([Listed("+8613800138009", "", "anna", 1.0)])
    for _ in range(2):  # the first finds out
        with pytest.raises(DatabaseAway):
            await asyncio.wait_for(bench.store.settled(), 5)
    bench.away = False
    await eventually(lambda: _settled(bench.store), 5, "the database is back")
    assert len(await bench.store.do_not_call()) == 6


async def _settled(store: Store) -> bool:
    with suppress(DatabaseAway):
        await store.settled()
        return True
    return False


async def test_a_listener_that_raises_does_not_end_the_writer(bench: Bench) -> None:
    raised: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context["exception"]))

    def broken(key: str, token: str, ok: bool) -> None:
        bench.stored(key, token, ok)
        raise LookupError(key)

    bench.store.on_stored = broken
    bench.store.put_promise(facts.promise(1), "t1")
    await bench.answer("t1")
    bench.store.put_promise(facts.promise(2), "t2")
    assert await bench.answer("t2")
    assert [type(error) for error in raised] == [LookupError, LookupError]


@pytest.mark.parametrize("fault", [ValueError("x"), MemoryError(), OverflowError(), UnicodeError("\udcff"), KeyError()])
async def test_a_row_that_raises_anything_is_refused_alone(bench: Bench, fault: Exception) -> None:
    bench.fault = fault
    with capture_logs() as logs:
        bench.store.put_call(facts.call(1))
        bench.store.put_promise(facts.promise(1), "t1")
        assert await bench.answer("t1") is True
    assert bench.store.dropped == 1
    assert bench.store.healthy
    assert [line["event"] for line in logs] == ["store refused a row"]
    bench.fault = None
    bench.store.put_call(facts.call(2))
    bench.store.put_promise(facts.promise(2), "t2")
    assert await bench.answer("t2") is True
    assert await bench.store.calls() == [facts.call(2)]


async def test_values_that_the_driver_refuses_are_refused_alone(bench: Bench) -> None:
    bench.store.put_promise(facts.promise(1, losses=2**70), "huge")
    bench.store.put_promise(facts.promise(2, number=object()), "strange")
    bench.store.put_promise(facts.promise(3), "good")
    assert [await bench.answer(token) for token in ("huge", "strange", "good")] == [False, False, True]


@pytest.mark.parametrize("fault", [ValueError("x"), asyncio.CancelledError()])
async def test_whatever_a_commit_raises_the_writer_goes_on(bench: Bench, fault: BaseException) -> None:
    bench.commit_fault = fault
    bench.store.put_call(facts.call(1))
    await eventually(lambda: bench.commits >= 2, 10, "it was raised, and what was to be written is written again")
    await eventually(lambda: bench.store.healthy, 10, "the database is back")
    bench.store.put_promise(facts.promise(1), "t1")
    assert await bench.answer("t1") is True
    assert await bench.store.calls() == [facts.call(1)]


async def test_a_log_that_cannot_be_written_does_not_end_the_writer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def __getattr__(self, level: str) -> object:
            raise BrokenPipeError

    for one in (module, database):
        monkeypatch.setattr(one, "log", Broken())
    bench.fault = ValueError()
    bench.store.put_call(facts.call(1))
    bench.store.put_promise(facts.promise(1), "t1")
    assert await bench.answer("t1") is True
    bench.away = True
    bench.store.put_promise(facts.promise(2), "t2")
    assert await bench.answer("t2") is False
    bench.away = False
    await eventually(lambda: bench.store.healthy, 10, "the database is back")


async def test_closing_with_the_database_away_ends_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = await opened(tmp_path, monkeypatch)
    bench.away = True
    bench.store.put_call(facts.call(1))
    async with asyncio.timeout(10):
        await bench.store.close()
    assert bench.store.dropped == 1


def test_whose_fault_it_is() -> None:
    full = sqlite3.OperationalError("disk is full")
    twin = sqlite3.IntegrityError("UNIQUE constraint failed")
    assert database_is_away(full)
    assert database_is_away(OperationalError("", {}, full))
    assert not database_is_away(IntegrityError("", {}, twin))
    assert database_is_away(ConnectionRefusedError())
    assert not database_is_away(twin)
    shutdown = Exception()
    shutdown.sqlstate = "57P03"  # type: ignore[attr-defined]
    assert database_is_away(shutdown)
