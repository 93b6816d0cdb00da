"""A database goes back to before there were campaigns and nodes, and on again, with rows in all that is changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, Row, Table, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from softswitch.store.engine import engines, migrations, upgrade
from tests.support.store_node import database_url

pytestmark = pytest.mark.real
Whole = dict[str, object]
NUMBERS = [f"+861380000000{n}" for n in range(10)]
INTERVALS = {"queue_intervals": "queue", "agent_intervals": "agent"}
CHANGED = ("promises", "attempts", "calls", "bindings", "agents", "deliveries", "paths", *INTERVALS)
NEW = ("promise_log", "promise_words", "nodes", "tallies", "campaign_pauses", "do_not_call")


@pytest.fixture(params=["sqlite", "postgresql"])
async def before(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncConnection]:
    """A database of revision 0010, in a transaction."""
    both = engines(database_url(request, tmp_path))
    async with both.write.begin() as connection:
        await connection.run_sync(upgrade, "0010")
        yield connection
    await both.dispose()


def put(connection: Connection, name: str, /, **given: object) -> None:
    """A row; what is not given is nothing, of whatever type."""
    table = Table(name, MetaData(), autoload_with=connection)
    nothing = {column.name: column.type.python_type() for column in table.columns if column.name != "id"}
    connection.execute(table.insert().values({**nothing, **given}))


def downgrade(connection: Connection) -> None:
    command.downgrade(migrations(connection), "0010")


def rows(connection: Connection, name: str) -> list[Row[Any]]:
    table = Table(name, MetaData(), autoload_with=connection)
    return list(connection.execute(select(table).order_by(*table.primary_key)))


def shape(connection: Connection) -> Whole:
    """How the tables are made."""
    inspector = inspect(connection)
    made = "indexdef FROM pg_indexes WHERE schemaname = 'public'"
    if connection.dialect.name == "sqlite":
        made = "sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    columns: Whole = {
        table: [(one["name"], str(one["type"]), one["nullable"], one["default"])
                for one in inspector.get_columns(table)]
        for table in inspector.get_table_names()
    }  # fmt: skip
    keys: Whole = {f"key of {table}": inspector.get_pk_constraint(table) for table in columns}
    return columns | keys | {"indices": sorted(connection.scalars(text(f"SELECT {made}")))}


def one_of_each(connection: Connection) -> None:
    put(connection, "promises", id="p1", number=NUMBERS[0], queue="sales", state="due", attempts=1, recorded_at=5.5)
    put(connection, "attempts", promise="p1", attempt=1, call_id="c1", outcome="busy")
    put(connection, "calls", contact="c1", promise="p1", ended_at=7.5)
    put(connection, "bindings", aor="sip:anna@example.org", contact="sip:anna@192.0.2.7", expires_at=9.5)
    put(connection, "agents", agent="anna", logged_in=True)
    put(connection, "deliveries", id="d1", state="waiting")
    put(connection, "paths", contact="c1", ended=True)
    for table, what in INTERVALS.items():
        put(connection, table, **{"start": 900, what: "sales", "answered": 3, "talk_s": 1.5} if what == "queue" else
            {"start": 900, what: "anna", "answered": 3, "talking_s": 1.5})  # fmt: skip


def whole(connection: Connection) -> Whole:
    return shape(connection) | {f"rows of {table}": rows(connection, table) for table in CHANGED}


async def test_who_goes_back_and_on_again_finds_all_as_it_was(before: AsyncConnection) -> None:
    def there_and_back(connection: Connection) -> None:
        one_of_each(connection)
        first = whole(connection)
        upgrade(connection)
        second = whole(connection)
        for table in NEW:
            put(connection, table, **({"id": 1} if table == "promise_words" else {}))
        downgrade(connection)
        assert whole(connection) == first
        upgrade(connection)
        assert whole(connection) == second
        assert not any(rows(connection, table) for table in NEW)

    await before.run_sync(there_and_back)


async def test_what_nodes_have_counted_is_added_up_on_the_way_back(before: AsyncConnection) -> None:
    many = {"answered": 2**30 - 1, "missed": 2, "hold_s": 0.25}

    def count(connection: Connection) -> None:
        upgrade(connection)
        for node, longest_s in (("", 20.0), ("a", 50.0), ("b", 30.0)):
            counted = {"start": 900, "node": node} | (many if node != "b" else {})
            put(connection, "queue_intervals", **counted, queue="sales", longest_s=longest_s)
            put(connection, "agent_intervals", **counted, agent="anna", talking_s=1.5)
        put(connection, "queue_intervals", start=1800, node="a", queue="sales", answered=7)
        downgrade(connection)
        sales, later = (row._mapping for row in rows(connection, "queue_intervals"))
        assert (sales["answered"], sales["missed"], sales["hold_s"], sales["longest_s"]) == (2**31 - 2, 4, 0.5, 50.0)
        assert (later["start"], later["answered"]) == (1800, 7)
        (anna,) = (row._mapping for row in rows(connection, "agent_intervals"))
        assert (anna["agent"], anna["answered"], anna["talking_s"]) == ("anna", 2**31 - 2, 4.5)

    await before.run_sync(count)


async def test_nobody_is_called_by_mistake_after_the_way_back(before: AsyncConnection) -> None:
    """By a version that takes every open promise for one of its queue, and has one for each number there."""
    due = {"state": "due", "queue": "sales", "name": "sales", "group": "sales"}
    listed = {
        "ours": due | {"number": NUMBERS[0], "node": "a"},
        "kept": due | {"number": NUMBERS[0], "state": "kept"},
        "of a list": due | {"number": NUMBERS[0], "campaign": "spring", "name": "spring", "group": "spring"},
        "never again": due | {"number": NUMBERS[1]},
        "withdrawn by word": due | {"number": NUMBERS[2], "node": "b"},
        "of another group": due | {"number": NUMBERS[3], "group": "shop", "recorded_at": 1.0},
        "rings": due | {"number": NUMBERS[3], "state": "uncertain", "recorded_at": 2.0, "not_before": 4e9},
        "older": due | {"number": NUMBERS[4], "recorded_at": 1.0},
        "later": due | {"number": NUMBERS[4], "group": "shop", "recorded_at": 2.0},
        "at another queue": due | {"number": NUMBERS[4], "queue": "help", "group": "help"},
        "on the line": due | {"number": NUMBERS[5], "state": "answered", "updated_at": 5.0},
    }

    def lead(connection: Connection) -> None:
        upgrade(connection)
        for id, row in listed.items():
            put(connection, "promises", id=id, **row)
        put(connection, "do_not_call", number=NUMBERS[1])
        put(connection, "promise_words", id=1, node="b", promise="withdrawn by word", kind="Withdraw")
        downgrade(connection)
        now = {row._mapping["id"]: row._mapping for row in rows(connection, "promises")}
        states = {id: row["state"] for id, row in now.items()}
        ended = ("of a list", "never again", "withdrawn by word", "of another group", "later")
        still = {"ours": "due", "kept": "kept", "rings": "uncertain", "older": "due", "at another queue": "due"}
        assert states == dict.fromkeys(ended, "withdrawn") | still | {"on the line": "dialling"}
        assert {now[id]["outcome"] for id in ended} == {"downgrade"}
        assert now["rings"]["not_before"] == 4e9

    await before.run_sync(lead)
