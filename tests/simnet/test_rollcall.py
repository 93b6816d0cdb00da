"""Who waited when control died may have hung up since: nobody is offered to an agent before he has been heard."""

from __future__ import annotations

import pytest

from softswitch.acd.decision import Decided
from softswitch.callback.model import PromiseChanged
from softswitch.switch.event import UnitFailed
from tests.simnet.house import CARRIER_PORT, House
from tests.simnet.phone import SimPhone
from tests.simnet.test_promise import abandoned
from tests.simnet.test_revival import hears, into_orders


def offered(house: House) -> int:
    """How often a caller who waits was offered to alice; callbacks do not count."""
    return sum(one.agent == "alice" and not one.contact.startswith("cb-") for one in house.world.facts(Decided))


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize("away_s", [40.0, 1200.0])
def test_who_hung_up_while_there_was_no_control_is_not_offered_but_called_back(answers: bool, away_s: float) -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "break")
    into_orders(house, house.carrier)
    house.world.run(15)
    house.world.crash()
    house.carrier.agent.legs.clear()
    del house.world.peers[house.carrier.address]
    if answers:  # 481
        house.carrier = SimPhone(house.world, "13800138000", CARRIER_PORT)
    house.world.run(away_s)
    house.world.start()
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.world.facts(PromiseChanged), 40)
    assert offered(house) == 0
    assert house.world.switch.control.promises()[0].stage == "abandoned"
    assert not house.world.facts(UnitFailed)


def test_who_is_there_is_offered_at_once_and_before_any_promise() -> None:
    house = House()
    abandoned(house)
    waits = into_orders(house, house.desk)
    house.world.crash()
    house.world.run(1)
    house.world.start()
    house.world.switch.control.set_ready("alice")
    began = house.world.now
    house.world.run_until(lambda: hears(house, waits) == ["talk"], 5)
    assert house.world.now - began < 1.0
    assert not house.carrier.invites


def test_who_hangs_up_as_he_is_asked_is_a_loss_and_does_not_join() -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "break")
    call = into_orders(house, house.carrier)
    house.world.run(15)
    house.world.crash()
    house.carrier.hang_up(call)
    house.world.run(1)
    house.world.start()
    house.world.switch.control.set_ready("alice")
    house.world.run(5)
    assert offered(house) == 0
    assert [promise.stage for promise in house.world.switch.control.promises()] == ["abandoned"]
