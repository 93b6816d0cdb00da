"""A ledger on a real store, with agents and customers who are a few lines: everything of a node but SIP.

``freeze`` is what SIGSTOP does to it: nothing is heard and no lease renewed until ``thaw``; what was said meanwhile is
heard then. Dials of all nodes are put on one list, so that a test can look whether two of a promise overlap.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from softswitch.callback.ledger import Ledger
from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    LedgerInput,
    NoAgent,
    Persist,
    Persisted,
    Policy,
    PromiseAnswer,
    ReleaseAgent,
    Restored,
    SeekAgent,
)
from softswitch.callback.node import Claim, Elsewhere, GiveBack, KeepServed, Meet, NodeInput, quiet_s
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.store.store import Store

EPOCH = time.time() - time.monotonic()
TICK_S = 0.01


def unix() -> float:
    return time.monotonic() + EPOCH


@dataclass
class Dial:
    promise: str
    attempt: int
    call_id: str
    node: str
    began: float
    ended: float  # the phone does not ring any more, or the talk is over
    rank: float = 0.0
    kept: bool = False  # he was reached


class LedgerNode:
    """``answer_s``: how long a phone rings until it is answered; ``talk_s``: the agent is free again after that."""

    def __init__(
        self, name: str, policy: Policy, dials: list[Dial], agents: int = 20, answer_s: float = 0.0, talk_s: float = 0.0
    ) -> None:
        self.name, self.policy, self.dials = name, policy, dials
        self.answers: dict[str, PromiseAnswer] = {}
        self.most_led = 0
        self._free = agents
        self._answer_s, self._talk_s = answer_s, talk_s
        self._engaged: set[str] = set()
        self._frozen = False
        self._heard: list[LedgerInput | NodeInput] = []
        self._failing: set[str] = set()

    async def open(self, url: str) -> None:
        self.store = await Store.open(url, node=self.name)
        self.store.on_stored = lambda key, token, ok: self.feed(Persisted(key, token, ok))
        rows = await self.store.shared.join(self.name, quiet_s([self.policy]), unix)
        self.ledger = Ledger([self.policy], Ids(random.Random().getrandbits), node=self.name)
        self.feed(Restored(tuple(rows)))
        self.store.shared.start(self.feed, lambda key, token: self.feed(Persisted(key, token, False, taken=True)))
        self._ticking = asyncio.create_task(self._tick())
        self._capacity()

    async def close(self) -> None:
        self._frozen = True
        self._ticking.cancel()
        await self.store.close()

    def fails(self, promises: Iterable[str]) -> None:
        """These customers are busy when they are called first."""
        self._failing |= set(promises)

    def feed(self, event: LedgerInput | NodeInput) -> None:
        if self._frozen:
            self._heard.append(event)
            return
        self._perform(self.ledger.handle(event, unix()))

    def freeze(self) -> None:
        self._frozen = True
        member = self.store.shared._member
        assert member is not None and member._round is not None
        member._round.cancel()

    def thaw(self) -> None:
        self._frozen = False
        heard, self._heard = self._heard, []
        for event in heard:
            self.feed(event)
        member = self.store.shared._member
        assert member is not None
        member.start(self.feed)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            if not self._frozen and (deadline := self.ledger.deadline) is not None and deadline <= unix():
                self._perform(self.ledger.tick(unix()))

    def _capacity(self) -> None:
        self.feed(Capacity(self.policy.queue, self._free, 0))

    def _perform(self, effects: list[Effect]) -> None:
        shared = self.store.shared
        takes: dict[type[Effect], Callable[[Any], object]] = {
            Persist: lambda order: self.store.put_promise(order.promise, order.token, order.by),
            KeepServed: lambda order: self.store.put_served(order.promise, order.token, order.by),
            Claim: shared.claim,
            Meet: shared.meet,
            Elsewhere: shared.elsewhere,
            GiveBack: shared.give_back,
            SeekAgent: self._seek,
            DialCustomer: self._dial,
            ReleaseAgent: lambda order: self._let_go(order.promise),
            PromiseAnswer: lambda answer: self.answers.update({answer.token: answer}),
        }
        for effect in effects:
            if (take := takes.get(type(effect))) is not None:  # the others are facts
                take(effect)
        self.most_led = max(self.most_led, self.ledger.open_count(self.policy.queue))

    def _seek(self, order: SeekAgent) -> None:
        """Whoever is reserved is not free from that moment on; that he has picked up comes later."""
        found = self._free > 0
        if found:
            self._free -= 1
            self._engaged.add(order.promise.id)
        asyncio.get_running_loop().call_soon(self._sought, order.promise.id, found)

    def _sought(self, promise: str, found: bool) -> None:
        self.feed(AgentFound(promise, "agent") if found else NoAgent(promise))
        self._capacity()

    def _dial(self, order: DialCustomer) -> None:
        promise, now = order.promise, unix()
        dial = Dial(promise.id, promise.attempts, promise.call_id, self.name, now, now + order.ring_s, promise.rank)
        self.dials.append(dial)
        asyncio.get_running_loop().call_later(self._answer_s, self._answered, dial)

    def _answered(self, dial: Dial) -> None:
        if self._frozen:
            return  # he hears nobody, and hangs up
        failed = dial.promise in self._failing
        self._failing.discard(dial.promise)
        if not failed:
            dial.ended, dial.kept = unix() + self._talk_s, True
        self.feed(AttemptFailed(dial.promise, 486, dial.call_id) if failed else CustomerAnswered(dial.promise))
        asyncio.get_running_loop().call_later(0.0 if failed else self._talk_s, self._let_go, dial.promise)

    def _let_go(self, promise: str) -> None:
        if promise in self._engaged:
            self._engaged.remove(promise)
            self._free += 1
            self._capacity()


def after_kept(dials: list[Dial]) -> list[Dial]:
    """Dials of customers who had been reached already."""
    found, reached = [], set[str]()
    for dial in sorted(dials, key=lambda dial: dial.began):
        if dial.promise in reached:
            found.append(dial)
        if dial.kept:
            reached.add(dial.promise)
    return found


def overlapping(dials: list[Dial]) -> list[tuple[Dial, Dial]]:
    """Pairs of dials of one promise of which the second began while the phone could still ring for the first."""
    found: list[tuple[Dial, Dial]] = []
    last: dict[str, Dial] = {}
    for dial in sorted(dials, key=lambda dial: dial.began):
        before = last.get(dial.promise)
        if before is not None and dial.began < before.ended:
            found.append((before, dial))
        last[dial.promise] = dial
    return found
