from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from softswitch.store.engine import engines, migrate, upgrade
from softswitch.store.schema import ENDED, metadata
from softswitch.store.sqlite import connect
from softswitch.store.store import Store
from tests.support import facts


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite://", "sqlite:///:memory:"])
def test_an_url_that_cannot_work_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"SQLite|sqlite"):
        engines(url)


def test_sqlite_has_reached_the_disk_when_a_commit_returns(tmp_path: Path) -> None:
    connection = connect(f"{tmp_path}/a.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()


async def test_a_new_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    both = engines(f"sqlite:///{tmp_path}/var/a.db")
    await migrate(both.write)
    async with both.write.begin() as writing:
        await writing.execute(text("INSERT INTO agents VALUES ('anna', 1, '', '', '')"))
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "var").iterdir()}
    assert modes == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}
    await both.dispose()


async def test_a_reader_does_not_wait_for_the_writer(tmp_path: Path) -> None:
    both = engines(f"sqlite:///{tmp_path}/a.db")
    await migrate(both.write)
    async with both.write.begin() as writing, both.read.connect() as reading:
        await writing.execute(text("INSERT INTO agents VALUES ('anna', 1, '', '', '')"))
        assert (await reading.execute(text("SELECT count(*) FROM agents"))).scalar() == 0
    await both.dispose()


def test_the_migrations_make_the_schema(tmp_path: Path) -> None:
    migrated, declared = create_engine(f"sqlite:///{tmp_path}/m.db"), create_engine(f"sqlite:///{tmp_path}/d.db")
    with migrated.begin() as connection:
        upgrade(connection)
    metadata.create_all(declared)
    with migrated.connect() as one, declared.connect() as other:
        assert _sql(one) == _sql(other)
    migrated.dispose()
    declared.dispose()


def _sql(connection: Connection) -> dict[str, object]:
    inspector = inspect(connection)
    indexes = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
    columns = {
        table: [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)]
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }
    return {"columns": columns, "indexes": {name: " ".join(sql.split()) for name, sql in indexes}}


def test_ended_states_are_those_of_the_ledger() -> None:
    from softswitch.callback.model import OPEN, PromiseState

    assert {state.value for state in PromiseState} - {state.value for state in OPEN} == set(ENDED)


async def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/er/a.db"
    store = await Store.open(url)
    store.put_agent("anna", True, "", "")
    store.put_promise(facts.promise(), "t1")
    await store.close()
    again = await Store.open(url)
    assert [agent.agent for agent in await again.agents()] == ["anna"]
    assert await again.promises() == [facts.promise()]
    await again.close()
