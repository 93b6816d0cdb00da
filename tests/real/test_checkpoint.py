"""The log of SQLite is brought into its file beside the writer, and no commit waits for that."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NoReturn

import pytest

from softswitch.store import checkpoint
from softswitch.store.checkpoint import Checkpoints
from softswitch.store.sqlite import Sqlite
from softswitch.store.store import Store
from tests.support import facts
from tests.support.process import eventually

pytestmark = pytest.mark.real
ROWS = 300


def in_the_file(path: Path) -> int:
    """Promises, for who does not read the log."""
    alone = path.with_name("alone.db")
    alone.write_bytes(path.read_bytes())
    connection = sqlite3.connect(alone)
    try:
        ((count,),) = connection.execute("SELECT count(*) FROM promises")
        return int(count)
    finally:
        connection.close()
        alone.unlink()


async def test_what_is_committed_comes_into_the_file_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "EVERY", ROWS)
    path = tmp_path / "a.db"
    store = await Store.open(f"sqlite:///{path}")
    before = in_the_file(path)
    assert all(await store.import_promises([facts.promise(n) for n in range(ROWS - 1)]))
    assert in_the_file(path) == before == 0, "few rows stay in the log"
    assert all(await store.import_promises([facts.promise(ROWS)]))
    await eventually(lambda: in_the_file(path) == ROWS, 10, "the rows in the file")
    await store.close()


async def test_a_log_that_cannot_be_brought_in_keeps_nobody_from_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "EVERY", 1)
    tried = 0

    def refused() -> sqlite3.Connection:
        nonlocal tried
        tried += 1
        raise sqlite3.OperationalError("database or disk is full")

    store = await Store.open(f"sqlite:///{tmp_path}/a.db")
    database = store._database
    assert isinstance(database, Sqlite)
    database._checkpoints = Checkpoints(refused)
    for n in range(3):
        assert await store.import_promises([facts.promise(n)]) == [True]
        await eventually(lambda n=n: tried > n, 10, "a checkpoint")  # type: ignore[misc]
    assert len(await store.promises()) == 3
    await store.close()


async def test_where_no_thread_can_be_had_what_is_committed_is_told_as_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> NoReturn:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(checkpoint, "EVERY", 1)
    store = await Store.open(f"sqlite:///{tmp_path}/a.db")
    database = store._database
    assert isinstance(database, Sqlite)
    monkeypatch.setattr(database._checkpoints._thread, "submit", refused)
    assert await store.import_promises([facts.promise(1)]) == [True]
    assert len(await store.promises()) == 1
    await store.close()
