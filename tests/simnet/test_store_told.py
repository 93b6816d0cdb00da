"""A store that is known to be away while the ledger has had nothing to write to it."""

from __future__ import annotations

from softswitch.callback.model import PromiseState
from softswitch.callback.node import StoreAway
from softswitch.callback.waits import STORE_AWAY
from softswitch.switch.event import UnitFailed
from softswitch.switch.pool_port import Shared
from tests.simnet.called_house import CalledHouse


def test_nobody_is_rung_until_it_is_back_and_people_are_told_why() -> None:
    house = CalledHouse(policy={"first": "agent"})
    house.lose()
    world, desk = house.world, house.world.switch.control.promise_desk()
    world.store.away = True
    world.switch.feed(Shared(StoreAway(True)))
    house.ready()
    world.run(300)
    assert not house.alice.calls and desk.unwritten() == 0, "nobody was asked in vain"
    wait = desk.wait(house.promise.id)
    assert wait is not None and wait.why == desk.standstill("orders").why == STORE_AWAY
    assert desk.store_trouble()
    world.store.away = False
    world.switch.feed(Shared(StoreAway(False)))
    assert not desk.store_trouble()
    world.run_until(lambda: bool(house.carrier.talking), 10)
    world.run(1)
    assert house.promise.state is PromiseState.KEPT and len(house.carrier.invites) == 1
    assert not world.facts(UnitFailed)
