"""What keeps the control process from starting: said in one line, and whether trying again would help."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from softswitch.app import StoreAway, open_store
from softswitch.core.errors import ConfigError
from tests.support.ports import free_port

pytestmark = pytest.mark.real


async def test_a_database_that_does_not_answer_may_be_back_in_a_moment() -> None:
    with pytest.raises(StoreAway, match="does not answer"):
        await open_store(f"postgresql://switch:secret@127.0.0.1:{free_port()}/switch")


async def test_a_file_that_is_no_database_is_the_admins_to_mend(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    with pytest.raises(ConfigError, match=r"store\.url: cannot be opened") as caught:
        await open_store(f"sqlite:///{path}")
    assert "\n" not in str(caught.value)


async def test_a_directory_that_is_a_file_is_the_admins_to_mend(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(ConfigError, match="cannot be opened"):
        await open_store(f"sqlite:///{tmp_path}/var/x.db")


async def test_an_empty_place_becomes_a_database(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/x.db")
    await store.close()
    with sqlite3.connect(tmp_path / "x.db") as database:
        tables = {name for (name,) in database.execute("select name from sqlite_master")}
    database.close()
    assert {"promises", "calls", "bindings", "agents", "events"} <= tables
