"""Tells the ledger when the database is away and when it is back, whether or not the ledger has something to write.

Both the writer and the rounds of the node find that out, and a round that hangs finds out nothing: so they are looked
at from outside, often enough that nobody sees the ledger and ``/readyz`` say different things.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from softswitch.callback.node import StoreAway

LOOK_S = 0.1


class Pulse:
    def __init__(self, answers: Callable[[], bool], hears: Callable[[StoreAway], None]) -> None:
        self._answers, self._hears = answers, hears
        self._task = asyncio.create_task(self._beat(), name="store-pulse")

    async def _beat(self) -> None:
        away = False
        while True:
            if away is self._answers():
                away = not away
                self._hears(StoreAway(away))
            await asyncio.sleep(LOOK_S)

    def stop(self) -> None:
        self._task.cancel()
