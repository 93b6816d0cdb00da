"""A million promises in the store: how fast they come in, how long a claim takes, what a ledger beside them weighs.

The rows lie in the pool, half of them of a campaign: what is imported is as old as its place in the list, and its ids
and numbers come in no order. Memory is what
the process has more of than before (RSS): per promise in a ledger's memory, and in all with the million in the pool.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from softswitch.callback.claim import HIGH, LEAST, LOW
from softswitch.callback.ledger import Ledger
from softswitch.callback.model import Policy, Promise, PromiseState, Restored
from softswitch.callback.node import Claim, Claimed
from softswitch.core.ids import Ids
from softswitch.store.store import Store
from tests.bench.report import emit
from tests.support import postgres

MILLION = 1_000_000
AT_ONCE = 20_000  # rows that are made for one call
CLAIMS = 300
LED = 50_000  # promises in a ledger, to weigh one
POLICIES = (Policy("orders", "carrier"), Policy("orders", "carrier", campaign="spring"))


def rows(count: int, now: float) -> Iterator[list[Promise]]:
    for first in range(0, count, AT_ONCE):
        yield [row(n, now) for n in range(first, min(count, first + AT_ONCE))]


def row(n: int, now: float) -> Promise:
    campaign = "spring" if n % 2 else ""
    return Promise(
        f"promise-{n * 2_654_435_761 % 2**32:08x}-{n}", f"+861{3 + n % 7}{n * 7919 % 10**9:09d}", "orders", "imported",
        PromiseState.RECORDED, "", now - 86_400.0 + n / 100, updated_at=now, campaign=campaign,
        group=campaign or "orders", consent=f"form-{n}", variables=(("name", "安娜"), ("city", "上海")),
    )  # fmt: skip


def resident() -> int:
    """Octets of memory that this process has."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def measure(url: str, count: int, kind: str) -> None:
    store = await Store.open(url, node="bench")
    took = 0.0
    now = time.time()
    for some in rows(count, now):
        begun = time.perf_counter()
        answers = await store.import_promises(some)
        took += time.perf_counter() - begun
        assert all(answers), "one of them met another"
    emit("ledger.import_rows_per_s", count / took, "rows/s", 1, 0.0, store=kind, rows=count)
    await store.close()
    before, begun = resident(), time.perf_counter()
    store = await Store.open(url, node="bench")
    led = await store.shared.join("bench", 62.0)
    ledger = Ledger(POLICIES, Ids(random.Random(1).getrandbits), node="bench")
    ledger.handle(Restored(tuple(led)), time.time())
    took = time.perf_counter() - begun
    emit("ledger.start_ms", took * 1000, "ms", 1, 0.0, store=kind, rows=count)
    heard: asyncio.Queue[Claimed] = asyncio.Queue()
    store.shared.start(lambda event: heard.put_nowait(event) if isinstance(event, Claimed) else None, lambda *_: None)
    await asyncio.sleep(1.0)
    for what, most in (("look", LEAST), ("refill", HIGH - LOW)):
        times = []
        for n in range(CLAIMS):
            begun = time.perf_counter()
            store.shared.claim(Claim("spring" if n % 2 else "orders", most, float("inf")))
            answer = await heard.get()
            times.append(time.perf_counter() - begun)
            assert answer.ok and len(answer.promises) == most
            ledger.handle(answer, time.time())
        p50, p99 = sorted(times)[CLAIMS // 2], sorted(times)[int(CLAIMS * 0.99)]
        emit("ledger.claim_p99_ms", p99 * 1000, "ms", CLAIMS, 0.0, store=kind, what=what, most=most,
             p50_ms=round(p50 * 1000, 2), rows=count)  # fmt: skip
    emit("ledger.memory_total_mb", (resident() - before) / 2**20, "MiB", 1, 0.0, store=kind, rows=count)
    await _reads(store, kind, count)
    await store.close()


async def _reads(store: Store, kind: str, count: int) -> None:
    """What people look at, and what is asked for each contact."""
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        assert len(await store.promises(open_only=True, limit=100)) == 100
        assert len(await store.promises(limit=100)) == 100
        times.append(time.perf_counter() - begun)
    emit("ledger.list_ms", sorted(times)[-1] * 1000, "ms", 20, 0.0, store=kind, rows=count)


def weigh() -> None:
    """What one promise weighs in a ledger, with its deadlines."""
    ledger = Ledger(POLICIES, Ids(random.Random(1).getrandbits), node="bench")
    before, now = resident(), time.time()
    for some in rows(LED, now):
        ledger.handle(Restored(tuple(some)), now)
    per = (resident() - before) / LED
    emit("ledger.memory_bytes_per_promise", per, "octets", 1, 0.0, promises=len(ledger.promises()))


async def main(count: int) -> None:
    weigh()
    with tempfile.TemporaryDirectory() as directory:
        await measure(f"sqlite:///{Path(directory) / 'million.db'}", count, "sqlite")
    with postgres.running() as server:
        if server is None:
            print('{"name": "ledger.postgresql", "skipped": "PostgreSQL is not installed"}', flush=True)
        else:
            await measure(server.database("million"), count, "postgresql")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else MILLION))
