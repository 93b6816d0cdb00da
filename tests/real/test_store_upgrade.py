"""A database of before there were campaigns and nodes is led on: nothing that was open is lost, or rung for twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from softswitch.callback.model import PromiseState
from softswitch.store import engine
from softswitch.store.engine import engines, upgrade
from softswitch.store.store import Store
from tests.support import postgres
from tests.support.store_node import Node, database_url, quick, url

__all__ = ["quick", "url"]  # fixtures

pytestmark = pytest.mark.real
S = PromiseState
ROW = """INSERT INTO promises (id, number, queue, stage, state, contact, recorded_at, attempts, losses, not_before,
    call_id, outcome, updated_at) VALUES (:id, :number, 'sales', 'abandoned', :state, 'c', :at, 1, 2, :not_before, :id,
    '', :at)"""


async def before(url: str, *rows: tuple[str, float]) -> None:
    """A database of revision 0010 with these states, each until then."""
    both = engines(url)
    async with both.write.begin() as connection:
        await connection.run_sync(upgrade, "0010")
        for n, (state, not_before) in enumerate(rows):
            values = {"id": f"p{n}", "number": f"+861380000000{n}", "state": state, "at": 1.7e9 + n}
            await connection.execute(text(ROW), values | {"not_before": not_before})
    await both.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_open_promises_of_before_are_taken_by_who_has_agents(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    request.param = kind
    url = database_url(request, tmp_path)
    await before(url, ("recorded", 0.0), ("kept", 0.0), ("retry_at", 1000.0), ("dialling", 0.0), ("uncertain", 4e9))
    node = await Node.open(url)
    assert node.rows == [], "they were nobody's"
    found: list[str] = []
    while len(found) < 3:
        found += await node.claim()
    assert sorted(found) == ["p0", "p2", "p3"]
    rows = {row.id: row for row in await node.store.promises()}
    assert {row.key for row in rows.values()} == {"sales"} and rows["p3"].state is S.DIALLING
    assert rows["p4"].state is S.UNCERTAIN and rows["p4"].node == "", "its phone may ring"
    await node.store.close()


async def test_who_begins_while_another_process_upgrades_waits_for_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a statement of it takes."""
    await before(url)
    monkeypatch.setattr(engine, "PATIENCE_S", 0.5)
    both = engines(url)
    async with both.write.begin() as connection:
        await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({engine.MIGRATION_LOCK})")
        opening = asyncio.create_task(Store.open(url))
        await asyncio.sleep(1.5)
        assert not opening.done()
    await (await opening).close()
    await both.dispose()


async def test_what_is_claimed_is_swept_out_of_the_pool_before_a_fifth_of_all_rows_has_changed(
    url: str, server: postgres.Postgres
) -> None:
    """Else each claim goes past all those of before it, in an index of ten million."""
    await (await Store.open(url)).close()
    name = url.rpartition("/")[2]
    told = server.psql(name, "SELECT unnest(reloptions) FROM pg_class WHERE relname = 'promises'").split()
    assert sorted(told) == ["autovacuum_vacuum_scale_factor=0.01", "vacuum_index_cleanup=on"]
