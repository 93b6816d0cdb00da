"""kill -9 of the switch, again and again, while promises are recorded and kept: none lost, none dialled twice.

``python -m tests.bench.kill [--kills 1000] [--promises 10000] [--nodes 1] [--first agent] [--postgres] [--away 60]``

Each node is a real control process with a real media process beside it; control is killed at a random moment of its
life, its beginning included, and started again at once (from a ``nursery``, so that a thousand lives take minutes); at
one kill in ten the media process dies with it. Of several nodes some stay dead, and some are stopped (SIGSTOP), for
longer than their lease, so that others take over, and go on.

All the while a carrier makes the calls of customers who ask to be called back (the dialplan says whether the promise is
durable by the status that ends the call) and answers, or does not, the calls that come for them. When the last kill is
over, the switch is left alone until nothing is open.

The verdict is the carrier's, who counts INVITEs, and the database's, which has to know every promise that was given.
``rows.txt`` in the directory of ``--keep`` tells of each customer whose rows want explaining (``kill_rows``).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from softswitch.callback.model import OPEN, Promise, PromiseState
from softswitch.callback.mover import call_id
from softswitch.process import raise_file_limit
from softswitch.settings import load
from softswitch.settings.kept import kept_file
from softswitch.store.node import LEASE_S
from softswitch.store.store import Store
from softswitch.supervisor import media_command
from tests.bench.endpoint import LOOPBACK
from tests.bench.kill_peers import COUNTRY, Address, Carrier, Customer, Phones
from tests.bench.kill_rows import by_number, served_unkept, tell, too_many, wants_explaining
from tests.bench.nursery import ENDED, Nursery
from tests.bench.report import emit
from tests.support import ports
from tests.support.postgres import Postgres, running
from tests.support.process import eventually
from tests.support.switch_process import ROOT, SwitchProcess, Tree

AGENTS = 20
ASKING = 12  # callers at a time
NUMBER = "8100"
LONGEST_LIFE_S = 1.5  # after its first word; one life in ten ends before that
FIRST_WORD_S = 5.0
MOST_WAITED_S = 5.0  # for promises, before a life's last moments
STOPPED, DEAD = 0.05, 0.05  # shares of kills, of several nodes
DRAIN_S = 600.0
BEFORE_AWAY_S = 20.0
TOLD = "rows.txt"  # in the directory of a run
SQLITE = "sqlite:///var/softswitch.db"
PLAN = f"""
dialplan: promise
numbers: ["{NUMBER}"]
language: en
start: promise
steps:
  promise: {{callback: {{queue: orders, failed: sorry}}, next: promised}}
  promised: {{reject: {{code: 486}}}}
  sorry: {{reject: {{code: 480}}}}
"""
CALLBACK: Tree = {
    "trunk": "carrier",
    "stages": ["accepted-offer"],
    "window": {"zone": "Asia/Shanghai", "hours": "00:00-24:00"},
    "retry": {"busy": "1s", "no_answer": "1s", "failed": "1s"},
    "max_attempts": 20,
    "ring": "1s",
}
FIRST: dict[str, Tree] = {"agent": {}, "customer": {"first": "customer", "answer": {"auto_answer": True}}}
TALK_S = {"agent": 0.1, "customer": 1.0}  # who is called first leaves when he has had time to be given an agent


@dataclass(frozen=True, slots=True)
class Options:
    kills: int
    promises: int
    nodes: int = 1
    seed: int = 1
    first: Literal["agent", "customer"] = "agent"
    away_s: float = 0.0  # for which the database is stopped


@dataclass
class Life:
    """Of one control process."""

    pid: int
    began: float
    ended: float | None = None


@dataclass
class Node:
    """One switch, dying and coming back."""

    name: str
    switch: SwitchProcess
    nursery: Nursery
    media: subprocess.Popen[bytes]
    media_words: list[str]
    lives: list[Life] = field(default_factory=list)
    ended: int = 0  # lives that ended before we killed them

    @property
    def address(self) -> Address:
        return self.switch.sip

    def born(self) -> None:
        self.lives.append(Life(self.nursery.start(), time.monotonic()))

    async def stopped(self, stop_s: float) -> None:
        """It does not know how late it is when it goes on, and has two seconds more."""
        life = self.lives[-1]
        try:
            os.kill(life.pid, signal.SIGSTOP)
        except ProcessLookupError:
            return  # it has ended by itself: ``killed`` finds out
        life.ended = time.monotonic()
        await asyncio.sleep(stop_s)
        os.kill(life.pid, signal.SIGCONT)
        self.lives.append(Life(life.pid, time.monotonic()))
        await asyncio.sleep(2.0)

    def killed(self, media_too: bool) -> None:
        life = self.lives[-1]
        try:
            os.kill(life.pid, signal.SIGKILL)
        except ProcessLookupError:
            self._ended_by_itself()
        life.ended = time.monotonic()
        if media_too:
            self.media.kill()
            self.media.wait()
            self.media = _media(self.media_words, self.switch)

    def _ended_by_itself(self) -> None:
        """The database was away while it began; the supervisor would start it again, as we do."""
        words = self.nursery.log.read_text().splitlines()[-10:]
        assert words[-1:] == [ENDED.format(1)], f"{self.name} died by itself: {words}"
        self.ended += 1

    def lived(self, since: float, until: float) -> bool:
        """One life, all that time?"""
        return any(life.began <= since and until <= (life.ended or float("inf")) for life in self.lives)


def _media(words: list[str], switch: SwitchProcess) -> subprocess.Popen[bytes]:
    with (switch.directory / "media.log").open("ab") as log:
        return subprocess.Popen([sys.executable, *words], stdout=log, stderr=log, cwd=switch.directory,
                                env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip


class World:
    def __init__(self, options: Options, directory: Path, url: str) -> None:
        self.options = options
        self.chance = random.Random(options.seed)
        self.carrier = Carrier(random.Random(options.seed + 1), self._lived, TALK_S[options.first])
        self.carrier_port, self.url = ports.free_port(), url
        self.phones: list[Phones] = []
        self.nodes = [self._node(directory, f"node{number}") for number in range(options.nodes)]
        self.kills = 0

    def _lived(self, node: Address, since: float, until: float) -> bool:
        return until <= time.monotonic() and any(one.lived(since, until) for one in self.nodes if one.address == node)

    def _node(self, directory: Path, name: str) -> Node:
        plans = directory / name / "plans"
        plans.mkdir(parents=True)
        (plans / "promise.yaml").write_text(PLAN)
        phones = Phones()
        phones.port = ports.free_port()
        self.phones.append(phones)
        names = [f"{name}-agent{number:02}" for number in range(AGENTS)]  # each works at one switch
        contact = f"{LOOPBACK}:{phones.port}"
        users = {one: {"password": "a-long-password", "contact": f"sip:{one}@{contact}"} for one in names}
        agents = {one: {"user": one, "skills": {"orders": 5}, "auto_login": True} for one in names}
        queue = {"needs": [{"skill": "orders"}], "wrap_up": "0s", "record": False, "max_misses": 1000,
                 "retry_no_answer": "0s", "retry_busy": "0s", "retry_rejected": "0s", "retry_unreachable": "0s",
                 "callback": CALLBACK | FIRST[self.options.first]}  # fmt: skip
        settings: Tree = {
            "log": {"level": "warning"},
            "limits": {"calls": 5000},
            "store": {"url": self.url.format(name=name)},
            "callbacks": {"settle": "1s"},
        }
        if self.options.nodes > 1:
            settings["node"] = name
        switch = SwitchProcess(directory / name / "switch", users=users, agents=agents, queues={"orders": queue},
                               dialplans=plans, settings=settings, trunk_port=self.carrier_port)  # fmt: skip
        read = load(switch.config)
        words, kept = media_command(read), kept_file(read.paths.var)
        read.paths.var.mkdir(parents=True, exist_ok=True)
        nursery = Nursery(switch.config, kept, switch.directory / "control.log")
        return Node(name, switch, nursery, _media(words, switch), words)

    # ---- what goes on --------------------------------------------------------------------------------------------

    async def open(self) -> None:
        await self.carrier.open(self.carrier_port)
        for phones in self.phones:
            await phones.open(phones.port)
        for node in self.nodes:
            node.born()

    def close(self) -> None:
        for node in self.nodes:
            if node.lives and node.lives[-1].ended is None:
                node.killed(False)
            node.media.kill()
            node.media.wait()
            node.nursery.close()
        self.carrier.close()
        for phones in self.phones:
            phones.close()

    async def ask(self, numbers: list[str]) -> None:
        """One caller after the other, each until he has his promise; they are spread over all the kills."""
        while numbers:
            await self._turn(self.options.promises - len(numbers))
            if not numbers:
                return
            customer = self.carrier.customers.setdefault(numbers[-1], Customer(numbers.pop()))
            while not await self.carrier.ask(customer, self.chance.choice(self.nodes).address, NUMBER):
                pass

    async def _turn(self, asked: int) -> None:
        share = asked / self.options.promises
        await eventually(lambda: self.kills >= share * 0.9 * self.options.kills - 3, 600, "the next kill", 0.02)

    async def _share_promised(self) -> None:
        """On a busy machine most would be promised after the last kill otherwise."""
        due = self.kills / self.options.kills * 0.9 * self.options.promises
        with contextlib.suppress(AssertionError):
            await eventually(lambda: len(self.carrier.customers) >= due, MOST_WAITED_S, "its share of promises", 0.02)

    async def live_and_die(self, node: Node) -> None:
        while self.kills < self.options.kills:
            life = node.lives[-1]
            end = life.began + FIRST_WORD_S
            if self.chance.random() < 0.1:
                end = life.began + self.chance.random() * 0.8
            await self._first_word(node, life, end)
            if time.monotonic() < end:
                await self._share_promised()
                await asyncio.sleep(self.chance.random() * LONGEST_LIFE_S)
            self.kills += 1
            fate = self.chance.random() if self.options.nodes > 1 else 1.0
            if fate < STOPPED:
                await node.stopped(LEASE_S + self.chance.random() * LEASE_S)
            node.killed(media_too=self.chance.random() < 0.1)
            if STOPPED <= fate < STOPPED + DEAD:  # so long that others take over
                await asyncio.sleep(LEASE_S + self.chance.random() * LEASE_S)
            node.born()
            if self.kills % 50 == 0:
                print(json.dumps(self.account()), file=sys.stderr, flush=True)

    async def _first_word(self, node: Node, life: Life, end: float) -> None:
        async def spoken() -> bool:
            return not self._silent(node, life)

        with contextlib.suppress(AssertionError):
            await eventually(spoken, end - time.monotonic(), "it says something", 0.005)

    def _silent(self, node: Node, life: Life) -> bool:
        peers = [self.carrier, *self.phones]
        return all(peer.heard_of.get(node.address, 0.0) < life.began for peer in peers)

    async def drained(self, store: Store) -> None:
        """Until nothing is open; a store that cannot be read now is asked again."""
        end = time.monotonic() + DRAIN_S
        while await store.promises(open_only=True, limit=1):
            assert time.monotonic() < end, "promises stay open"
            await asyncio.sleep(1)

    def account(self) -> dict[str, Any]:
        customers, wrong = self.carrier.customers.values(), self.carrier.account
        return {
            "kills": self.kills,
            "ended_by_themselves": sum(one.ended for one in self.nodes),
            "promised": sum(one.promised_at is not None for one in customers),
            "attempts": sum(len(one.attempts) for one in customers),
            "answered": sum(any(two.acked_at for two in one.attempts) for one in customers),
            "doubled": len(wrong.doubled),
            "overlapping": len(wrong.overlapping),
            "again": len(wrong.again),
            "such_as": [*wrong.doubled, *wrong.overlapping][:5],
        }

    def _after_kept(self, rows: list[Promise]) -> list[tuple[str, str]]:
        """Of those dialled again after they had talked. Who calls again is owed another promise: that one is fair,
        where the store knows of both attempts."""
        of = {call_id(row.id, number): row.id for row in rows for number in range(1, row.attempts + 1)}
        pairs = [(one, two, {of.get(one), of.get(two)}) for one, two in self.carrier.account.again]
        return [(one, two) for one, two, promises in pairs if None in promises or len(promises) == 1]

    async def tell(self, store: Store, rows: list[Promise], began: float) -> list[str]:
        """Of those customers whose rows want explaining; ``began`` is a monotonic moment."""
        names, of = {one.address: one.name for one in self.nodes}, by_number(rows)
        again = {call for pair in self.carrier.account.again for call in pair}
        odd = [
            one
            for one in self.carrier.customers.values()
            if wants_explaining(one, of) or any(attempt.call_id in again for attempt in one.attempts)
        ]
        return [line for one in odd for line in await tell(one, of, store, names, began)]

    def verdict(self, rows: list[Promise]) -> dict[str, Any]:
        """The database's account beside the carrier's."""
        of, customers = by_number(rows), self.carrier.customers.values()
        lost = [one.number for one in customers if one.promised_at is not None and one.number not in of]
        dials = {attempt.call_id for one in customers for attempt in one.attempts}
        known = sum(row.attempts for row in rows)
        after_kept = self._after_kept(rows)
        return self.account() | {
            "after_kept": len(after_kept),
            "first_after_kept": after_kept[:3],
            "lost": len(lost),
            "still_open": sum(row.state in OPEN for row in rows),
            "rows_without_a_call": sum(too_many(one, of) for one in customers),
            "served_unkept": sum(served_unkept(one, of) for one in customers),
            "states": dict(Counter(row.state.value for row in rows)),
            "attempts_in_store": known,
            "attempts_never_seen": known - len(dials),  # intents whose INVITE did not leave
            "kept_of_promised": sum(row.state is PromiseState.KEPT for row in rows),
        }


async def run(options: Options, directory: Path, url: str = SQLITE, server: Postgres | None = None) -> dict[str, Any]:
    world = World(options, directory, url)
    numbers = [f"{COUNTRY}138{number:08}" for number in range(options.promises)]
    try:
        await world.open()
        began = time.monotonic()
        asking = [asyncio.create_task(world.ask(numbers)) for _ in range(ASKING)]
        dying = [asyncio.create_task(world.live_and_die(node)) for node in world.nodes]
        if options.away_s and server is not None:
            await asyncio.sleep(BEFORE_AWAY_S)
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(options.away_s)
            await asyncio.to_thread(server.start)
        await asyncio.gather(*dying, *asking)
        store = await Store.open(url.format(name="node0") if server else _path(world.nodes[0]))
        try:
            await world.drained(store)
            rows = await store.promises(limit=10 * options.promises)
            (directory / TOLD).write_text("\n".join(await world.tell(store, rows, began)))
        finally:
            await store.close()
        return world.verdict(rows) | {"took_s": round(time.monotonic() - began)}
    finally:
        world.close()


def wrong(found: dict[str, Any]) -> int:
    """How many times the switch did what it must not."""
    faults = "lost", "doubled", "overlapping", "after_kept", "rows_without_a_call", "still_open"
    return sum(int(found[one]) for one in faults)


def _path(node: Node) -> str:
    return f"sqlite:///{node.switch.directory / 'var/softswitch.db'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--promises", type=int, default=10_000)
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--away", type=float, default=0.0, help="seconds for which the database is stopped")
    parser.add_argument("--first", choices=("agent", "customer"), default="agent")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a directory in which everything stays")
    given = parser.parse_args()
    if given.away and not given.postgres:
        parser.error("--away stops PostgreSQL: it goes with --postgres")
    options = Options(given.kills, given.promises, given.nodes, given.seed, given.first, given.away)
    raise_file_limit()
    with ExitStack() as stack:
        directory = given.keep.resolve() if given.keep else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server, url = None, SQLITE
        if given.postgres:
            server = stack.enter_context(running())
            assert server, "PostgreSQL is not installed"
            url = server.database("promises")
        found = asyncio.run(run(options, directory, url, server))
    where = {"nodes": options.nodes, "database": "postgresql" if server else "sqlite", "away_s": options.away_s,
             "first": options.first}  # fmt: skip
    emit("ledger.kill_wrong", wrong(found), "promises", 1, 0.0, **where, **found)


if __name__ == "__main__":
    main()
