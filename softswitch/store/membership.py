"""A node among others: its lease, the promises that it takes out of the pool, and the words between nodes.

A round every ``ROUND_S``: the lease is renewed, words to us are read, promises whose time has come may be claimed, and
whose lease is over is declared dead and swept. What each step is good for is told in ``node``. Where the database does
not answer, the lease runs out by our own clock, which the ledger hears of with every renewal, and no other way.

A process has a name and an SQLite file to itself: on a file by a lock that the kernel takes away at its end, on
PostgreSQL by the names of connections, which end with the process as well. So a restart does not wait for a lease.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from softswitch.callback.model import OPEN, LedgerInput, Promise
from softswitch.callback.node import Claim, Claimed, Disowned, Inherited, Leased, Meet, Met, NodeInput, Owned
from softswitch.core.legible import legible
from softswitch.store import node as nodes
from softswitch.store import pool, word
from softswitch.store.database import Database, T, Transaction
from softswitch.store.fence import Fenced, Me, ensure
from softswitch.store.trouble import database_is_away

ROUND_S = 1.0
IN_ONE_GO = 1000  # rows that are told at once while others work: some 5 ms
FORGET_EVERY_S = 3600.0  # nodes that are gone for good
SETTLE_S = 3.0  # how long a process on the same file may take to be gone
RENEWALS = 2  # of its lease prove that a process of the same name lives: one may have been on its way when it died
MOST_LED = 100_000  # promises of an earlier life that are led on in memory; the rest goes into the pool
WORDS_AT_ONCE = 500

log = structlog.get_logger()
Hears = Callable[[NodeInput | LedgerInput], None]


class NodeTaken(Exception):
    """Another process that lives has this name, or this file."""


class Membership:
    """One node, from ``join`` to ``leave``. ``now`` is Unix seconds by a clock that never goes back."""

    def __init__(self, database: Database, name: str, file: str = "", now: Callable[[], float] = time.time) -> None:
        self.me = Me(name, 0)
        self.hears: Hears = lambda event: None
        self.idle: Callable[[], bool] = lambda: True  # is nothing on its way to the store?
        self.quiet_s = 62.0  # how long an attempt of ours may ring, at most, from its intent on
        self.failures = 0  # rounds that failed in a row
        self._database, self._name, self._file, self._now = database, name, file, now
        self._lock: int | None = None
        self._round: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[None]] = set()
        self._told: list[int] = []  # words; they leave the store with the next round
        self._unsure = False  # an answer was lost: rows may be ours that nobody leads
        self._asks = 0  # of the claims that are made now: those of before were given up
        self._others: Callable[[Transaction], int] = lambda transaction: 0
        self._forget_at = 0.0  # by our monotonic clock
        self.leased = Leased(float("-inf"))

    async def join(self, others: Callable[[Transaction], int] = lambda transaction: 0) -> list[Promise]:
        """What an earlier life has left us. ``others``: connections of this name, not ours. Raises ``NodeTaken``."""
        self._others = others
        until, leases = time.monotonic() + SETTLE_S, set()
        while lease := await self._taken(others):
            leases.add(lease)
            if len(leases) > RENEWALS or (self._file and time.monotonic() >= until):
                raise NodeTaken(self._why())
            await asyncio.sleep(0.1)
        return await self._begin()

    @property
    def healthy(self) -> bool:
        """Do rounds succeed? A single one may meet a lock."""
        return self.failures <= 1

    def start(self, hears: Hears) -> None:
        self.hears = hears
        self._round = asyncio.create_task(self._go_round(), name="store-node")

    async def leave(self) -> None:
        """Others may have what is ours, at once."""
        for task in (self._round, *self._asking):
            if task is not None:
                task.cancel()
        if self.me.epoch:
            try:
                await self._database.run(partial(nodes.leave, me=self.me))
            except Exception as error:
                if not database_is_away(error):
                    raise
        if self._lock is not None:
            os.close(self._lock)

    # ---- orders of the ledger --------------------------------------------------------------------------------------

    def claim(self, order: Claim) -> None:
        self._ask(self._claim(order))

    def meet(self, order: Meet) -> None:
        self._ask(self._meet(order))

    async def _claim(self, order: Claim) -> None:
        me = self.me
        claim = partial(pool.claim, me=me, asks=self._asks, name=legible(order.name), most=order.most)
        found = await self._try(self._database.each(partial(claim, below=order.below)))
        if me == self.me:  # else they are in the pool again, or among those that we lead in the new life
            self.hears(Claimed(order.name, tuple(found or ()), found is not None))

    async def _meet(self, order: Meet) -> None:
        me, promise = self.me, legible(order.promise)

        def work(transaction: Transaction) -> tuple[Promise | None, bool]:
            ensure(transaction, me)
            there, ours = pool.meet(transaction, me.node, promise)
            if there is not None and ours and not there.node and there.not_before:
                # It lay in the pool, whose clock is the database's: where ours is ahead, its pause is over later.
                ((left_s,),) = transaction.ask(
                    f"SELECT :until - {nodes.clock(transaction)}", {"until": there.not_before}
                )
                there = replace(there, not_before=max(there.not_before, self._now() + left_s))
            if there is not None and there.state in OPEN and not ours:
                body = word.body(replace(order.loss, token=""))
                pool.word(transaction, there.node, there.id, "Lost", body, self._now())
            return there, ours

        found = await self._try(self._database.run(work))
        there, ours = found if found is not None and me == self.me else (None, False)  # of a life that is over: others'
        self.hears(Met(order.promise.id, order.token, there, ours, found is not None and me == self.me))

    async def _try(self, asked: Awaitable[T]) -> T | None:
        """None: the database does not answer, or we are dead. What it was asked for may be done all the same."""
        try:
            return await asked
        except Exception as error:
            self._unsure = True
            if not isinstance(error, Fenced) and not database_is_away(error):
                log.exception("the pool was asked in vain")
            return None

    def _ask(self, asking: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(asking)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    # ---- the lease -------------------------------------------------------------------------------------------------

    async def _go_round(self) -> None:
        while True:
            try:
                await self._once()
                self.failures = 0
            except Exception as error:
                self.failures += 1
                if not database_is_away(error):
                    log.exception("a round of the node failed")
            await asyncio.sleep(ROUND_S)

    async def _once(self) -> None:
        began = self._now()
        try:
            words, dead, ripe = await self._database.run(self._look)
        except Fenced:
            if await self._taken(self._others):
                log.error("another process has our name and our promises; nobody is called here", node=self._name)
                return
            log.error("this node was declared dead; it begins a new life without what it led", node=self._name)
            rows, standing = await self._begin_anew()
            while len(rows) > IN_ONE_GO:
                self.hears(Inherited(tuple(rows[-IN_ONE_GO:])))
                del rows[-IN_ONE_GO:]
                await asyncio.sleep(0)
            for one in standing:
                self.hears(one)
            self.hears(Disowned(tuple(rows)))
            self._unsure = True  # what was written since these rows were read is ours as well
            self.hears(self.leased)
            return
        self._lease(began)
        self.hears(self.leased)
        if self._unsure and self.idle():
            await self._make_sure()
        self._told = [number for number, _ in words]
        for _, told in words:
            if told is not None:
                self.hears(told)
        await self._clear_up(dead)
        while ripe >= pool.RIPEN_AT_ONCE:
            ripe = await self._database.run(lambda transaction: pool.ripen(transaction, nodes.clock(transaction)))

    async def _clear_up(self, dead: list[Me]) -> None:
        for one in dead:
            while await self._database.run(partial(nodes.sweep, me=self.me, dead=one)) >= nodes.AT_ONCE:
                pass
        if dead and time.monotonic() >= self._forget_at:
            await self._database.run(nodes.forget)
            self._forget_at = time.monotonic() + FORGET_EVERY_S

    async def _make_sure(self) -> None:
        """While nothing is on its way to the store that would give a promise back, all rows of ours are to be led."""
        me = self.me
        asks = await self._database.run(partial(nodes.refuse_claims, me=me))
        if me != self.me:
            return
        self._asks, self._unsure, sure = asks, False, False
        try:
            rows = await self._database.run(partial(nodes.own, me=me, most=MOST_LED))
            sure = self.idle() and me == self.me
        finally:
            self._unsure |= not sure  # or an answer was lost meanwhile
        if sure:
            self.hears(Owned(tuple(rows)))

    def _look(self, transaction: Transaction) -> tuple[list[tuple[int, word.Heard | None]], list[Me], int]:
        alone = bool(self._file)
        if not alone and not nodes.renew(transaction, self.me, self.quiet_s):
            raise Fenced(self._name)
        if self._told:
            # What they have led to is on its way to the store before they are gone: nothing is told in vain. One by
            # one: a word with a lower number may be committed later, or be a dead node's that has become ours.
            told = ", ".join(map(str, self._told))
            transaction.change(f"DELETE FROM promise_words WHERE node = :node AND id IN ({told})", {"node": self._name})
        words = word.waiting(transaction, self._name, WORDS_AT_ONCE)
        dead = nodes.bury(transaction, self.me, alone)
        return words, dead, pool.ripen(transaction, nodes.clock(transaction))

    async def _begin_anew(self) -> tuple[list[Promise], list[word.Heard]]:
        """And what was told to all meanwhile. A life of which the ledger cannot be told is none: the next round begins
        another one."""
        dead = self.me
        try:
            return await self._begin(), await self._database.run(word.standing)
        except Exception:
            self.me = dead
            raise

    async def _begin(self) -> list[Promise]:
        """A life: what is ours by name, of any life, is ours. More than we lead in memory goes into the pool."""
        began = self._now()

        def work(transaction: Transaction) -> tuple[Me, list[Promise]]:
            me = nodes.join(transaction, self._name, self.quiet_s)
            nodes.inherit(transaction, me, alone=bool(self._file))
            return me, nodes.own(transaction, me, MOST_LED)

        self.me, rows = await self._database.run(work)
        self._asks = 0
        if len(rows) == MOST_LED:
            last = rows[-1]
            after = (last.recorded_at, last.id)
            give_up = partial(nodes.give_up_rest, me=self.me, after=after, quiet_s=self.quiet_s)
            while await self._database.run(give_up) >= nodes.AT_ONCE:
                pass
        self._lease(began)
        return rows

    def _lease(self, began: float) -> None:
        self.leased = Leased(float("inf") if self._file else began + nodes.LEASE_S - nodes.MARGIN_S)

    async def _taken(self, others: Callable[[Transaction], int]) -> float:
        """Until when, by the lease of whoever has it; 0: nobody has.

        Connections may outlive their process: PostgreSQL does not look after it while one waits for a lock.
        """
        if self._file:
            return 0.0 if self._locked() else float("inf")

        def work(transaction: Transaction) -> float:
            return nodes.lease(transaction, self._name) if others(transaction) else 0.0

        return await self._database.run(work)

    def _why(self) -> str:
        if self._file:
            return f"another switch is at work on {self._file}; only PostgreSQL is shared by several"
        return f"another switch with the name {self._name!r} is at work on this database; each needs a name of its own"

    def _locked(self) -> bool:
        file = os.open(f"{os.path.realpath(self._file)}-node", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._lock = file
        return True
