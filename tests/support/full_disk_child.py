"""A process whose files may not grow for a while, in the middle of a pool that is dialled through; it prints what came.

RLIMIT_FSIZE is to a process what a full disk is to a machine: a write fails, and goes through once there is room.
"""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sys

from softswitch.callback.model import Lost, Policy
from tests.support import facts
from tests.support.ledger_node import Dial, LedgerNode, overlapping, unix

FULL_S = 1.0


async def until(condition: object, seconds: float = 40.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110 (a test that looks)
            await asyncio.sleep(0.02)


async def main(path: str) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    dials: list[Dial] = []
    policy = Policy("sales", "carrier", ring_s=0.4, settle_s=0.4, max_attempts=9)
    node = LedgerNode("a", policy, dials, agents=2, talk_s=0.02)
    await node.open(f"sqlite:///{path}")
    await node.store.import_promises([facts.promise(n, recorded_at=unix() - 3600.0 + n) for n in range(200)])
    await until(lambda: len(dials) > 20)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    await until(lambda: not node.store.healthy)
    await asyncio.sleep(0.2)
    before = len(dials)
    node.feed(Lost("13900000001", "sales", "accepted-offer", "c-1", unix(), 60.0, "offered"))
    node.feed(Lost("13900000002", "sales", "abandoned", "c-2", unix(), 60.0))
    await until(lambda: "offered" in node.answers)
    await asyncio.sleep(FULL_S)
    dialled_meanwhile = len(dials) - before
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    async with asyncio.timeout(60):
        while not node.store.healthy or await node.store.promises(open_only=True, limit=1):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    rows = await node.store.promises()
    await node.close()
    found = {
        "promised": node.answers["offered"].ok,
        "dialled_meanwhile": dialled_meanwhile,
        "overlapping": len(overlapping(dials)),
        "twice": len(dials) - len({(dial.promise, dial.attempt) for dial in dials}),
        "states": {row.number: row.state.value for row in rows},
    }
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
