"""What is done again and again finds its promises by an index, on either database."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from softswitch.callback.model import OPEN, PromiseState
from softswitch.callback.node import WithdrawNumber
from softswitch.callback.wanted import CLOSED, Wanted
from softswitch.store import node, pool, promises, word
from softswitch.store.database import Transaction
from softswitch.store.fence import Me
from softswitch.store.statement import Row
from softswitch.store.store import Store
from tests.support import facts, postgres

pytestmark = pytest.mark.real
S = PromiseState
ME = Me("a", 1)
NOW = "1760000000.0"
DIALECTS = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": postgresql.dialect(paramstyle="named"),  # type: ignore[no-untyped-call]
}


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, server: postgres.Postgres) -> AsyncIterator[Store]:
    there = f"sqlite:///{tmp_path}/a.db"
    made = await Store.open(there if request.param == "sqlite" else server.database(f"t{uuid.uuid4().hex}"))
    yield made
    await made.close()


class Heard:
    """A transaction that only listens."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.said: list[tuple[str, Row]] = []

    def ask(self, sql: str, values: Row) -> Sequence[Sequence[Any]]:
        self.said.append((sql, values))
        return [(62.0,)] if "quiet_s FROM" in sql or sql.startswith("SELECT 1 FROM nodes") else []

    def change(self, sql: str, values: Row) -> int:
        self.said.append((sql, values))
        return 0


def explained(said: Sequence[tuple[str, Row]], transaction: Transaction) -> str:
    """How the database would do it if it had a million of them."""
    if transaction.dialect == "sqlite":
        explain = "EXPLAIN QUERY PLAN"
    else:
        explain = "EXPLAIN"
        transaction.change("SET LOCAL enable_seqscan = off", {})
    return "\n".join(str(row) for sql, values in said for row in transaction.ask(f"{explain} {sql}", values))


def withdraw_number(transaction: Transaction) -> None:
    """By whoever reached the customer; its statements find out themselves where the promise is."""
    for table, verb, row in word.elsewhere(WithdrawNumber("+861", "g", "w"), "a", 1.0):
        if verb == "withdraw number":
            transaction.change(word.statements(transaction.dialect)[table, verb].text, row)


WORK: list[tuple[str, Callable[[Any], object]]] = [
    ("promises_pool", partial(pool.claim, me=ME, asks=0, name="sales", most=20, below=1e12)),
    ("promises_pool_later", partial(pool.ripen, clock=NOW)),
    ("promises_one_open", partial(pool.meet, node="a", new=facts.promise(1))),
    ("promises_node", partial(node.own, me=ME, most=10)),
    ("promises_node", partial(node.sweep, me=ME, dead=Me("b", 1))),
    ("promises_one_open", withdraw_number),
]


@pytest.mark.parametrize(("index", "work"), WORK)
async def test_what_nodes_do(store: Store, index: str, work: Callable[[Any], object]) -> None:
    def plan(transaction: Transaction) -> str:
        heard = Heard(transaction.dialect)
        work(heard)
        return explained(heard.said, transaction)

    told = await store._database.run(plan)
    assert index in told, told


@pytest.mark.parametrize(
    ("index", "wanted"),
    [
        ("promises_listed_open", Wanted(OPEN)),
        ("promises_listed_ended", Wanted(CLOSED, newest_first=True)),
        ("promises_listed_state", Wanted(frozenset({S.DIALLING}))),
        ("promises_listed_state", Wanted(frozenset({S.WITHDRAWN}))),
        ("promises_listed_stage", Wanted(OPEN, stage="shed")),
        ("promises_open_name", Wanted(OPEN, campaign="welcome")),
        ("promises_ended_name", Wanted(CLOSED, campaign="welcome")),
        ("promises_one_open", Wanted(OPEN, numbers=frozenset({"+8613800000001"}))),
        ("promises_ended_number", Wanted(CLOSED, numbers=frozenset({"+8613800000001"}))),
    ],
)
async def test_what_people_ask_for(store: Store, index: str, wanted: Wanted) -> None:
    def plan(transaction: Transaction) -> str:
        compiled = [
            one.compile(dialect=DIALECTS[transaction.dialect], compile_kwargs={"literal_binds": True})
            for one in promises.page(wanted, (1e9, "p"), 10)
        ]
        return explained([(str(one), {}) for one in compiled], transaction)

    told = await store._database.run(plan)
    if store._engines.read.dialect.name == "postgresql":  # which of several, it says when it knows the rows
        assert "Seq Scan" not in told and " using promises_" in told, told
    else:
        assert f"INDEX {index} " in told, told


async def test_what_is_counted_to_tell_why_nothing_is_dialled(store: Store) -> None:
    """Of a million in the pool each entry of an index is seen, and no row looked up."""
    dialect = store._engines.read.dialect.name
    query = promises.lying("a", dialect).compile(dialect=DIALECTS[dialect], compile_kwargs={"literal_binds": True})
    told = await store._database.run(partial(explained, [(str(query), {})]))
    by = "INDEX {}'" if dialect == "sqlite" else "Index Only Scan using {} on"
    assert by.format("promises_pool") in told, told
    assert by.format("promises_pool_later").rstrip("'") in told and "promises_node" in told, told
