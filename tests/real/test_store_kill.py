"""kill -9 at any moment: what was acknowledged is there, in SQLite and in PostgreSQL, and the store opens again."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.store.store import Store

pytestmark = pytest.mark.real
ENOUGH = 300  # acknowledged promises before the kill


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/switch.db"
    else:
        yield request.getfixturevalue("server").database(f"t{uuid.uuid4().hex}")


async def test_every_acknowledged_promise_survives(url: str) -> None:
    acknowledged: list[str] = []
    for life in range(2):
        acknowledged += await _write_until_killed(url, life)
    store = await Store.open(url)
    found = {promise.id for promise in await store.promises()}
    await store.close()
    assert len(acknowledged) >= 2 * ENOUGH
    assert set(acknowledged) <= found


async def _write_until_killed(url: str, life: int) -> list[str]:
    """Start a child that writes promises and prints what was acknowledged; kill it in the middle."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.store_child", url, str(life), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(60):
        while len(lines) < ENOUGH:
            line = await child.stdout.readline()
            assert line, "the child ended by itself"
            lines.append(line.decode())
        child.kill()
        lines += (await child.stdout.read()).decode().splitlines(keepends=True)
        await child.wait()
    return [line.strip() for line in lines if line.endswith("\n")]
