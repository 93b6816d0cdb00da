"""How long a caller waits until the promise may be spoken: a loss through the ledger into SQLite and back, durable.

And what a million of them in the store cost (``million``)."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path

from softswitch.callback.ledger import Ledger
from softswitch.callback.model import Lost, Persist, Persisted, Policy, PromiseAnswer
from softswitch.core.ids import Ids
from softswitch.store.store import Store
from tests.bench import million
from tests.bench.report import emit, spread

LOSSES = 500  # a run
RUNS = 5
AT_ONCE = 20  # callers who are lost in the same moment


class Bench:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._ledger = Ledger([Policy("orders", "carrier")], Ids(random.Random(1).getrandbits))
        self._begun: dict[str, float] = {}
        self.took_s: list[float] = []
        self._done = asyncio.Event()
        self._left = 0
        store.on_stored = lambda key, token, ok: self._perform(
            self._ledger.handle(Persisted(key, token, ok), time.time())
        )

    async def lose(self, numbers: list[str]) -> None:
        self._left = len(numbers)
        self._done.clear()
        for number in numbers:
            self._begun[number] = time.perf_counter()
            now = time.time()
            self._perform(self._ledger.handle(Lost(number, "orders", "abandoned", "c", now, 30.0, number), now))
        await self._done.wait()

    def _perform(self, effects: list) -> None:  # type: ignore[type-arg]
        for effect in effects:
            if isinstance(effect, Persist):
                self._store.put_promise(effect.promise, effect.token)
            elif isinstance(effect, PromiseAnswer):
                assert effect.ok, effect
                self.took_s.append(time.perf_counter() - self._begun[effect.token])
                self._left -= 1
                if not self._left:
                    self._done.set()


async def measure() -> None:
    with tempfile.TemporaryDirectory() as directory:
        store = await Store.open(f"sqlite:///{Path(directory) / 'bench.db'}")
        bench, p99s = Bench(store), []
        for run in range(RUNS):
            bench.took_s.clear()
            for first in range(0, LOSSES, AT_ONCE):
                serial = run * LOSSES + first
                await bench.lose([f"+861380{serial + n:07d}" for n in range(AT_ONCE)])
            p99s.append(sorted(bench.took_s)[int(len(bench.took_s) * 0.99)] * 1000)
        await store.close()
    emit("ledger.record_p99_ms", sorted(p99s)[RUNS // 2], "ms", RUNS, spread(p99s), store="sqlite", at_once=AT_ONCE)


if __name__ == "__main__":
    asyncio.run(measure())
    asyncio.run(million.main(million.MILLION))
