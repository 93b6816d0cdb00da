"""A process that writes promises as fast as it may and prints the id of each acknowledged one, until it is killed."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys

from softswitch.store.store import Store
from tests.support import facts

IN_FLIGHT = 50


async def main(url: str, life: int) -> None:
    places = asyncio.Semaphore(IN_FLIGHT)

    def stored(key: str, token: str, ok: bool) -> None:
        assert ok, key
        os.write(1, f"{key}\n".encode())
        places.release()

    store = await Store.open(url, stored)
    for n in itertools.count(life * 1_000_000):
        await places.acquire()
        store.put_promise(facts.promise(n), f"token-{n}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
