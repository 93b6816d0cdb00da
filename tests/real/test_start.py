"""What keeps the control process from starting: said in one line, and whether trying again would help."""

from __future__ import annotations

import errno
import socket
import sqlite3
import time
from pathlib import Path
from typing import NoReturn

import pytest

from softswitch.core.errors import ConfigError
from softswitch.settings import Settings
from softswitch.settings.system import Callbacks
from softswitch.storage import join_nodes, open_store
from softswitch.store.membership import Membership
from softswitch.store.store import Store
from softswitch.store.trouble import DatabaseAway
from softswitch.switch.ports import Clock
from tests.support.ports import free_port

pytestmark = pytest.mark.real


async def test_a_database_that_does_not_answer_may_be_back_in_a_moment() -> None:
    with pytest.raises(DatabaseAway, match="Connect call failed"):
        await open_store(f"postgresql://switch:secret@127.0.0.1:{free_port()}/switch")


def fails_with(error: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object, **__: object) -> NoReturn:
        raise error

    monkeypatch.setattr(Store, "open", refused)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EHOSTUNREACH, "No route to host"),
        OSError(errno.ENETUNREACH, "Network is unreachable"),
        OSError("Multiple exceptions: [Errno 111] Connection refused, [Errno 99] Cannot assign requested address"),
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
    ],
)
async def test_a_network_that_is_not_there_yet_is_waited_for(error: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(error, monkeypatch)
    with pytest.raises(DatabaseAway):
        await open_store("postgresql://switch:secret@database/switch")
    with pytest.raises(ConfigError, match=r"store\.url: cannot be opened"):
        await open_store("sqlite:///somewhere/x.db")


async def test_a_server_that_has_not_made_its_socket_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAway, match="No such file"):
        await open_store(f"postgresql://switch:secret@/switch?host={tmp_path}")


async def test_a_host_that_nobody_knows_is_the_admins_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(socket.gaierror(socket.EAI_NONAME, "Name or service not known"), monkeypatch)
    with pytest.raises(ConfigError, match=r"cannot be opened: .*not known"):
        await open_store("postgresql://switch:secret@datbase/switch")


async def test_a_database_that_goes_away_while_we_start_may_be_back_in_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late() -> NoReturn:
        raise TimeoutError  # has no text of its own

    settings = Settings.model_construct(node="north", queues={}, campaigns={}, callbacks=Callbacks(), calendars={})
    store = await open_store(f"sqlite:///{tmp_path}/x.db", "north")
    monkeypatch.setattr(Membership, "_begin", lambda _: late())
    with pytest.raises(DatabaseAway, match="TimeoutError"):
        await join_nodes(store, settings, Clock(time.monotonic, 0.0))
    await store.close()


async def test_a_file_beside_the_database_that_cannot_be_written_is_the_admins_to_mend(tmp_path: Path) -> None:
    settings = Settings.model_construct(node="north", queues={}, campaigns={}, callbacks=Callbacks(), calendars={})
    (tmp_path / "x.db-node").mkdir()
    store = await open_store(f"sqlite:///{tmp_path}/x.db", "north")
    with pytest.raises(ConfigError, match=r"store\.url: cannot be opened: .*x\.db-node"):
        await join_nodes(store, settings, Clock(time.monotonic, 0.0))
    await store.close()


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


async def test_a_second_switch_of_the_same_name_is_told_so(tmp_path: Path) -> None:
    clock = Clock(time.monotonic, 0.0)
    settings = Settings.model_construct(node="north", queues={}, campaigns={}, callbacks=Callbacks(), calendars={})
    first = await open_store(f"sqlite:///{tmp_path}/x.db", "north")
    assert await join_nodes(first, settings, clock) == []
    second = await open_store(f"sqlite:///{tmp_path}/x.db", "north")
    with pytest.raises(ConfigError, match=r"node: another switch is at work on .*x\.db; only PostgreSQL is shared"):
        await join_nodes(second, settings, clock)
    await first.close()
    third = await open_store(f"sqlite:///{tmp_path}/x.db", "north")
    await join_nodes(third, settings, clock)
    await third.close()
