"""One writer with group commit: all that is queued goes into one transaction, answers follow the commit.

When the database is away, durable facts are answered ``ok=False`` at once, the rest waits, up to ``MOST_BUFFERED``.

Whatever is raised, the writer goes on: a row that raises what nobody thought of is refused like one that the database
refuses, and an error that belongs to no row counts as the database being away. Only ``close`` ends the task.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from itertools import count, islice

import structlog

from softswitch.store.database import Database, Fact, Refusal, complain
from softswitch.store.fence import Me
from softswitch.store.statement import Change

OnStored = Callable[[str, str, bool], None]  # key, token, ok

LAG_S = 0.05  # how long a fact that nobody waits for may wait for company
MOST_AT_ONCE = 500  # facts in one transaction: who waits for them is told in one turn of the loop, in some 15 ms
MOST_BUFFERED = 100_000  # facts that wait for a database
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0

log = structlog.get_logger()


class Writer:
    """The queue in front of the database and the task that empties it."""

    def __init__(self, database: Database, on_stored: OnStored) -> None:
        self.on_stored = on_stored
        self.on_taken: Callable[[str, str], None] | None = None  # key, token; instead, where another row is in the way
        self.dropped = 0  # facts lost because the buffer was full or the database refused them
        self._database = database
        self._queue: deque[Fact] = deque()
        self._some = asyncio.Event()  # something is queued
        self._now = asyncio.Event()  # somebody waits for it, or we are closing
        self._closing = False
        self._writing = False
        self._asked: dict[str, asyncio.Future[bool]] = {}  # who waits for all that was put before, by token
        self._tokens = count()
        self._database_away = False
        self._task = asyncio.create_task(self._run(), name="store-writer")

    @property
    def healthy(self) -> bool:
        return not self._database_away and not self._task.done()

    @property
    def idle(self) -> bool:
        """Is nothing queued or being written?"""
        return not self._queue and not self._writing

    @property
    def waiting(self) -> int:
        """Facts that are not written yet."""
        return len(self._queue)

    def put(
        self,
        changes: Sequence[Change],
        key: str = "",
        token: str = "",
        fence: Me | None = None,
        disowns: bool = False,
    ) -> None:
        """Queue a fact; with a token, ``on_stored(key, token, ok)`` follows, never before this returns."""
        fact = Fact(changes, key, token, fence, disowns)
        refused = len(self._queue) >= MOST_BUFFERED or self._closing
        if refused or (fact.awaited and not self.healthy):
            self._answer([fact], False)
            self.dropped += not fact.awaited
            return
        self._queue.append(fact)
        self._some.set()
        if fact.awaited or len(self._queue) >= MOST_AT_ONCE:
            self._now.set()

    async def settled(self) -> bool:
        """Is all that was put before durable? Waits until it is; False where the database is away."""
        token = f"settled-{next(self._tokens)}"
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked[token] = answer
        self.put((), "", token)
        return await answer

    async def close(self, at_last: Callable[[], Awaitable[None]] | None = None) -> None:
        """Write what is queued, once, and stop; ``at_last`` is done with the database before it is let go."""
        self._closing = True
        self._some.set()
        self._now.set()
        await self._task
        if at_last is not None:
            await at_last()
        await self._database.close()

    # ---- the task ------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not (self._closing and not self._queue):
            await self._wait_for_work()
            if await self._write_some():
                pause_s = FIRST_PAUSE_S
            elif self._closing:
                self._give_up()
            else:
                await self._pause(pause_s)
                pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    async def _wait_for_work(self) -> None:
        await self._some.wait()
        try:
            async with asyncio.timeout(LAG_S):
                await self._now.wait()
        except TimeoutError:
            pass  # nobody waits for any of it: so be it

    async def _pause(self, pause_s: float) -> None:
        """Back off, unless the store is closed meanwhile."""
        self._now.clear()
        try:
            async with asyncio.timeout(pause_s):
                while not self._closing:
                    await self._now.wait()
                    self._now.clear()
        except TimeoutError:
            self._now.set()

    async def _write_some(self) -> bool:
        """Take a batch and write it. False: the database is away, and who waited has been told."""
        batch = self._batch()
        if not self._queue:
            self._some.clear()
            self._now.clear()
        self._writing = True
        try:
            refused = await self._database.commit(batch)
        except asyncio.CancelledError as error:
            if _being_cancelled():
                raise
            self._away(batch, error)  # a driver's, which leaked
            return False
        except Exception as error:
            self._away(batch, error)
            return False
        finally:
            self._writing = False
        self._back()
        self._answer([fact for index, fact in enumerate(batch) if index not in refused], True)
        lost = [batch[index] for index in sorted(refused)]
        taken = {id(batch[index]) for index, why in refused.items() if why is Refusal.TAKEN}
        self._answer(lost, False, taken)
        self.dropped += sum(not fact.awaited for fact in lost)
        return True

    def _batch(self) -> list[Fact]:
        """Whose a promise is, is asked at the beginning of a transaction: what is written of one after a fact that may
        have taken it away waits for the next."""
        batch: list[Fact] = []
        disowned = False
        while self._queue and len(batch) < MOST_AT_ONCE:
            if disowned and self._queue[0].fence is not None and self._queue[0].key:
                break
            fact = self._queue.popleft()
            disowned |= fact.disowns
            batch.append(fact)
        return batch

    # ---- the database's health -----------------------------------------------------------------------------------

    def _away(self, batch: Sequence[Fact], error: BaseException) -> None:
        if not self._database_away:
            complain("database is away", error)
        self._database_away = True
        waiting = [*batch, *self._queue]
        self._queue = deque(islice((fact for fact in waiting if not fact.awaited), MOST_BUFFERED))
        self._answer([fact for fact in waiting if fact.awaited], False)
        self._some.set()  # also with nothing left to write: an empty transaction tells when it is back

    def _back(self) -> None:
        if self._database_away:
            with suppress(Exception):
                log.info("database is back", queued=len(self._queue))
        self._database_away = False

    def _give_up(self) -> None:
        self.dropped += len(self._queue)
        self._queue.clear()

    def _answer(self, facts: Iterable[Fact], ok: bool, taken: Collection[int] = ()) -> None:
        """From the loop, not from here: whoever asked has returned by then, and his mistakes do not end the writer."""
        loop = asyncio.get_running_loop()
        for fact in facts:
            if fact.awaited:
                loop.call_soon(self._tell, fact, ok, id(fact) in taken)

    def _tell(self, fact: Fact, ok: bool, taken: bool) -> None:
        if (asked := self._asked.pop(fact.token, None)) is not None:
            if not asked.done():  # whoever asked has gone
                asked.set_result(ok)
        elif taken and fact.fence and self.on_taken is not None:
            self.on_taken(fact.key, fact.token)
        else:
            self.on_stored(fact.key, fact.token, ok)


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
