"""Two nodes on one store, either cut off from it at any time, killed, or declared dead: who was served is not dialled
again once the store has heard of it, and what was served is kept in the end.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.callback.ledger import Ledger
from softswitch.callback.model import (
    OPEN,
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    LedgerInput,
    Persist,
    Persisted,
    Policy,
    Promise,
    PromiseChanged,
    PromiseState,
    Restored,
    SeekAgent,
)
from softswitch.callback.node import Claim, Claimed, Disowned, GiveBack, KeepServed, Leased, NodeInput, Served
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from tests.unit.callback.pool_desk import pooled

S = PromiseState
POLICY = Policy("sales", "carrier", ring_s=20.0, settle_s=32.0, retry_busy_s=60.0, max_attempts=20, expiry_s=1e9)
QUIET_S, LEASE_S = 52.0, 9.0
STEPS_S = (0.0, 1.0, 5.0, 10.0, 60.0)


class Node:
    """A process after the other of one name. ``notes`` is its own disk."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.notes: dict[str, Promise] = {}
        self.cut_off = False
        self.begin()

    def begin(self) -> None:
        """A process; the store answers it, and what is its own is whatever nobody has taken."""
        self.cut_off, self.dialled, self.sought = False, list[Promise](), list[str]()
        self.ledger = Ledger([POLICY], Ids(random.Random(5).getrandbits), node=self.name)
        self.renew()
        self.feed(Restored(tuple(self.world.own(self.name))))
        for kept in list(self.notes.values()):
            self.feed(Served(kept))
        self.feed(Capacity("sales", 1, 0))

    def renew(self) -> None:
        self.world.leases[self.name] = self.world.now + LEASE_S
        self.feed(Leased(self.world.now + LEASE_S))

    def feed(self, event: LedgerInput | NodeInput) -> None:
        self.perform(self.ledger.handle(event, self.world.now))

    def perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Persist(promise) | KeepServed(promise):
                    self.write(effect)
                case Claim():
                    rows = () if self.cut_off else tuple(self.world.claim(self.name, effect.most))
                    self.feed(Claimed(effect.name, rows, not self.cut_off))
                case GiveBack(promise) if not self.cut_off and self.world.rows[promise.id].node == self.name:
                    self.world.rows[promise.id] = replace(promise, node="")
                case PromiseChanged(promise) if promise.state is S.KEPT:  # also where nothing is given to the store
                    self.notes.setdefault(promise.id, promise)
                case SeekAgent(promise):
                    self.sought.append(promise.id)
                case DialCustomer(promise):
                    assert promise.id not in self.world.told, "dialled after the store had heard that he was served"
                    assert self.world.rows[promise.id].call_id == promise.call_id
                    self.dialled.append(promise)

    def write(self, order: Persist | KeepServed) -> None:
        promise = order.promise
        ok = taken = False
        if not self.cut_off:
            ok = isinstance(order, KeepServed) or self.world.leases[self.name] >= 0.0
            taken = ok and isinstance(order, Persist) and self.world.rows[promise.id].node != self.name
            ok = ok and not taken
        if ok:
            self.world.put(order, self.name)
            if promise.state is S.KEPT:
                self.notes.pop(promise.id, None)
        self.feed(Persisted(promise.id, order.token, ok, taken))


class World:
    def __init__(self) -> None:
        self.now = 1_760_000_000.0
        self.rows = {row.id: row for row in (pooled(n, node="") for n in range(3))}
        self.leases: dict[str, float] = {}  # -1: declared dead
        self.served: set[str] = set()
        self.told: set[str] = set()  # of these, those of whom the store has heard
        self.nodes = [Node(self, "a"), Node(self, "b")]

    # ---- the store -------------------------------------------------------------------------------------------------

    def own(self, name: str) -> list[Promise]:
        return [row for row in self.rows.values() if row.node == name and row.state in OPEN]

    def claim(self, name: str, most: int) -> list[Promise]:
        """What waits in the pool waits by the store's own clock."""
        ripe = [r for r in self.rows.values() if not r.node and r.state in OPEN and r.not_before <= self.now]
        taken = [replace(row, node=name) for row in ripe[:most]]
        self.rows |= {row.id: row for row in taken}
        return taken

    def put(self, order: Persist | KeepServed, name: str) -> None:
        """As ``store.word.served`` and ``store.fence`` have it."""
        promise = order.promise
        if isinstance(order, Persist):
            self.rows[promise.id] = promise
        elif self.rows[promise.id].state is not S.KEPT:
            self.rows[promise.id] = replace(self.rows[promise.id], state=S.KEPT, node="")
        if promise.state is S.KEPT:
            self.told.add(promise.id)

    def bury(self) -> None:
        for name, until in self.leases.items():
            if 0.0 <= until < self.now:
                self.leases[name] = -1.0
                for row in self.own(name):
                    rings = row.state in (S.DIALLING, S.ANSWERED)
                    state = S.UNCERTAIN if rings else S.DUE if row.state is S.SEEKING else row.state
                    later = self.now + QUIET_S if rings else row.not_before
                    self.rows[row.id] = replace(row, node="", state=state, not_before=later)

    # ---- what happens ----------------------------------------------------------------------------------------------

    def time_passes(self, n: int) -> None:
        """A second at most between two rounds of who can reach the store."""
        for _ in range(int(STEPS_S[n % len(STEPS_S)]) + 1):
            self.now += 1.0
            for node in self.nodes:
                if not node.cut_off:
                    self.round(node)
                while (deadline := node.ledger.deadline) is not None and deadline <= self.now:
                    node.perform(node.ledger.tick(self.now))
            self.bury()

    def round(self, node: Node) -> None:
        if self.leases[node.name] < 0.0:
            rows = tuple(self.own(node.name))
            node.renew()
            node.dialled, node.sought = [], []  # whom it had dialled it has let go
            node.feed(Disowned(rows))
        node.renew()

    def agent_found(self, n: int) -> None:
        node = self.nodes[n % 2]
        if node.sought:
            node.feed(AgentFound(node.sought.pop(), "anna"))
            node.feed(Capacity("sales", 1, 0))

    def answered(self, n: int) -> None:
        node = self.nodes[n % 2]
        if node.dialled:
            promise = node.dialled.pop()
            if promise.id in {p.id for p in node.ledger.promises() if p.state is S.DIALLING}:
                self.served.add(promise.id)
                node.feed(CustomerAnswered(promise.id))

    def busy(self, n: int) -> None:
        node = self.nodes[n % 2]
        if node.dialled:
            promise = node.dialled.pop()
            node.feed(AttemptFailed(promise.id, 486, promise.call_id))

    def cut(self, n: int) -> None:
        self.nodes[n % 2].cut_off = True

    def mend(self, n: int) -> None:
        self.nodes[n % 2].cut_off = False

    def killed(self, n: int) -> None:
        self.nodes[n % 2].begin()

    def finish(self) -> None:
        for n in range(2):
            self.mend(n)
        for _ in range(20):
            self.time_passes(4)
        assert {id for id in self.served if self.rows[id].state is not S.KEPT} == set(), "served, and nobody knows it"
        assert self.served <= self.told and not any(node.notes for node in self.nodes)


WEIGHTS = {
    World.time_passes: 4, World.agent_found: 5, World.answered: 4, World.busy: 1, World.cut: 2, World.mend: 2,
    World.killed: 1,
}  # fmt: skip
STEP = st.tuples(st.sampled_from([what for what, weight in WEIGHTS.items() for _ in range(weight)]), st.integers(0, 99))


@settings(max_examples=60)
@given(st.lists(STEP, min_size=20, max_size=60))
def test_whatever_happens_to_two_nodes(steps: list[tuple[Callable[[World, int], None], int]]) -> None:
    world = World()
    for what, n in steps:
        what(world, n)
    world.finish()
