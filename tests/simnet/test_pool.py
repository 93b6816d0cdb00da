"""A list in the pool is called through by the whole switch: by age, at the pace of the agents, each once."""

from __future__ import annotations

import asyncio

from softswitch.callback.claim import HIGH
from softswitch.callback.model import Promise, PromiseState
from softswitch.callback.mover import call_id
from softswitch.callback.node import Claim, Claimed, Elsewhere, GiveBack, Meet
from softswitch.switch.event import UnitFailed
from softswitch.switch.pool_port import Shared
from tests.simnet.house import House
from tests.simnet.world import COMMIT_S, EPOCH, World

COUNT = 30


class SimPool:
    """``SharedPromises`` on the store in memory, for one node alone."""

    node = "a"
    alone = False

    def __init__(self, world: World) -> None:
        self._world = world
        self.claims = 0

    def claim(self, order: Claim) -> None:
        self._world.after(COMMIT_S, lambda: self._claim(order))

    def _claim(self, order: Claim) -> None:
        now = EPOCH + self._world.now
        taken = self._world.store.claim(self.node, order.name, order.most, order.below, now)
        self.claims += 1
        self._world.switch.feed(Shared(Claimed(order.name, tuple(taken))))

    def give_back(self, order: GiveBack) -> None:
        self._world.after(COMMIT_S, lambda: self._world.store.give_back(order.promise))

    def meet(self, order: Meet) -> None:
        raise AssertionError("nobody else is there")

    def elsewhere(self, order: Elsewhere) -> None: ...

    def rings(self, quiet_s: float) -> None: ...


def test_a_list_is_called_through_oldest_first_by_agents_who_are_free() -> None:
    house = House()
    world = house.world
    pool = world.shared = SimPool(world)
    world.crash()
    world.start()
    world.run(1)
    rows = [
        Promise(
            f"row-{n}",
            f"+86138{n:08d}",
            "orders",
            "imported",
            PromiseState.RECORDED,
            "",
            EPOCH - 1000.0 + n * 7 % COUNT,
        )
        for n in range(COUNT)
    ]
    asyncio.run(world.store.import_promises(rows))
    house.alice.answer_after = house.carrier.answer_after = 0.5
    called: list[str] = []
    for _ in range(COUNT):
        world.run_until(lambda: len(house.carrier.invites) > len(called), 60)
        called.append(house.carrier.invites[-1])
        world.run_until(lambda: house.carrier.talking, 60)
        world.run(1)
        assert len(house.carrier.talking) == 1, "one agent, one call"
        house.carrier.hang_up(house.carrier.talking[0])
        world.run(1)
    world.run(60)
    in_turn = sorted(rows, key=lambda row: (row.rank, row.id))
    assert called == [call_id(row.id, 1) for row in in_turn]
    assert len(house.carrier.invites) == COUNT
    kept = asyncio.run(world.store.promises())
    assert {(row.state, row.node) for row in kept} == {(PromiseState.KEPT, "a")}
    assert COUNT < HIGH and pool.claims > 1, "and it was looked at again"
    assert not world.facts(UnitFailed)
