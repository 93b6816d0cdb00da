"""A million promises in the store: how fast they come in, how long a claim takes, what a ledger beside them weighs.

The rows lie in the pool, half of them of a campaign: what is imported is as old as its place in the list, and its ids
and numbers come in no order. A claim is timed twice: as a ledger asks for it while it dials through the pool and writes
what comes of it, from its order until it has dealt with the answer; and alone, as a store answers that has nothing else
to do. Memory is what the process has more of than before (RSS): per promise in a ledger's memory, and in all with the
million in the pool.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from softswitch.callback.campaign import Campaign
from softswitch.callback.claim import LOW
from softswitch.callback.ledger import Ledger
from softswitch.callback.model import LedgerInput, Policy, Promise, PromiseState, Restored
from softswitch.callback.node import Claim, Claimed, NodeInput
from softswitch.callback.reading import Reading
from softswitch.callback.sheet.reader import Reader
from softswitch.callback.sheet.row import Import
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.store.store import Store
from tests.bench.command import numbers
from tests.bench.report import emit
from tests.support import postgres
from tests.support.ledger_node import Dial, LedgerNode

MILLION = 1_000_000
AT_ONCE = 20_000  # rows that are made for one call
CLAIMS = 300
AGENTS, ANSWER_S, TALK_S = 40, 0.05, 0.2  # some 150 calls in a second, as of thousands of agents
LISTED = 100_000  # rows of a file
PIECE, BATCH = 65_536, 1000  # octets that come at once, rows that the store is given at once
LEASE_S = 60.0
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
    node = Node("bench", POLICIES[0], [], AGENTS, ANSWER_S, TALK_S)
    await node.open(url)
    emit("ledger.start_ms", (time.perf_counter() - begun) * 1000, "ms", 1, 0.0, store=kind, rows=count)
    while len(node.took_s) < CLAIMS:  # noqa: ASYNC110 (nobody tells)
        await asyncio.sleep(0.05)
    times = sorted(node.took_s[:CLAIMS])
    emit("ledger.claim_p99_ms", times[int(CLAIMS * 0.99)] * 1000, "ms", CLAIMS, 0.0, store=kind,
         p50_ms=round(times[CLAIMS // 2] * 1000, 2), claimed=node.claimed, dialled=len(node.dials),
         rows=count)  # fmt: skip
    emit("ledger.memory_total_mb", (resident() - before) / 2**20, "MiB", 1, 0.0, store=kind, rows=count)
    await _reads(node.store, kind, count)
    await node.close()
    await _alone(url, kind, count)


async def _alone(url: str, kind: str, count: int) -> None:
    """One claim after the other, by a node that does nothing else."""
    store = await Store.open(url, node="alone")
    await store.shared.join("alone", LEASE_S)
    heard: asyncio.Queue[Claimed] = asyncio.Queue()
    store.shared.start(lambda event: heard.put_nowait(event) if isinstance(event, Claimed) else None, lambda *_: None)
    times = []
    for n in range(CLAIMS):
        begun = time.perf_counter()
        store.shared.claim(Claim(POLICIES[n % 2].name, LOW, float("inf")))
        answer = await heard.get()
        times.append(time.perf_counter() - begun)
        assert answer.ok and len(answer.promises) == LOW
    p50, p99 = sorted(times)[CLAIMS // 2], sorted(times)[int(CLAIMS * 0.99)]
    emit("ledger.claim_alone_p99_ms", p99 * 1000, "ms", CLAIMS, 0.0, store=kind, p50_ms=round(p50 * 1000, 2),
         rows=count)  # fmt: skip
    await store.close()


class Node(LedgerNode):
    """It knows how long each claim took, and how many came of all."""

    def __init__(
        self, name: str, policy: Policy, dials: list[Dial], agents: int, answer_s: float, talk_s: float
    ) -> None:
        super().__init__(name, policy, dials, agents, answer_s, talk_s)
        self.took_s: list[float] = []
        self.claimed = 0
        self._asked: dict[str, float] = {}

    def feed(self, event: LedgerInput | NodeInput) -> None:
        super().feed(event)
        if isinstance(event, Claimed) and (begun := self._asked.pop(event.name, None)) is not None:
            assert event.ok
            self.took_s.append(time.perf_counter() - begun)
            self.claimed += len(event.promises)

    def _perform(self, effects: list[Effect]) -> None:
        self._asked |= {one.name: time.perf_counter() for one in effects if isinstance(one, Claim)}
        super()._perform(effects)


async def from_file(url: str, kind: str) -> None:
    """The whole way of a list, from its octets on."""
    octets = b"number,name,city\n" + b"".join(_line(n) for n in range(LISTED))
    common = Import(Campaign("spring", "orders"), "spring", Reading(), 0.0, 864_000.0, "Asia/Shanghai", time.time(),
                    lambda number: False)  # fmt: skip
    store, reader = await Store.open(url, node="bench"), Reader(common)
    begun, cpu = time.perf_counter(), time.process_time()
    writing: asyncio.Task[list[bool]] | None = None
    for first in range(0, len(octets), PIECE):
        reader.feed(octets[first : first + PIECE], first + PIECE >= len(octets))
        while some := [row.promise for row in reader.rows(BATCH) if row.promise is not None]:
            if writing is not None:
                assert all(await writing)
            writing = asyncio.create_task(store.import_promises(some))
            await asyncio.sleep(0)
    assert writing is not None and all(await writing)
    rate, cpu_us = LISTED / (time.perf_counter() - begun), (time.process_time() - cpu) / LISTED * 1e6
    assert reader.tally.rows == LISTED and not reader.tally.refused
    emit("ledger.import_csv_rows_per_s", rate, "rows/s", 1, 0.0, store=kind, rows=LISTED, cpu_us=round(cpu_us, 1))
    await store.close()


def _line(n: int) -> bytes:
    """Plain mobile numbers, each another, in no order."""
    return f"138{n * 7919 % 10**8:08d},安娜,上海\n".encode()


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
    while ledger.deadline is not None and ledger.deadline <= now:  # until each of them has been looked at
        ledger.tick(now)
    per = (resident() - before) / LED
    emit("ledger.memory_bytes_per_promise", per, "octets", 1, 0.0, promises=len(ledger.promises()))


async def main(count: int) -> None:
    weigh()
    with tempfile.TemporaryDirectory() as directory:
        await from_file(f"sqlite:///{Path(directory) / 'list.db'}", "sqlite")
        await measure(f"sqlite:///{Path(directory) / 'million.db'}", count, "sqlite")
    with postgres.running() as server:
        if server is None:
            print('{"name": "ledger.postgresql", "skipped": "PostgreSQL is not installed"}', flush=True)
        else:
            await from_file(server.database("list"), "postgresql")
            await measure(server.database("million"), count, "postgresql")


if __name__ == "__main__":
    asyncio.run(main(*numbers(__doc__, promises=MILLION)))
