"""A carrier that answers OPTIONS and refuses each INVITE, or is silent: it costs the customer no attempt."""

from __future__ import annotations

import pytest

from softswitch.callback.breaker import TrunkLeftAlone, TrunkTakesCalls
from softswitch.callback.model import PromiseState
from softswitch.callback.waits import TRUNK_REFUSES
from tests.simnet.called_house import CalledHouse

S = PromiseState


@pytest.mark.parametrize("first", ["agent", "customer"])
def test_a_carrier_that_refuses_longer_than_there_are_attempts_ends_no_promise(first: str) -> None:
    house = CalledHouse(policy={"first": first, "retry_failed_s": 60.0, "max_attempts": 2})
    house.carrier.reject = 503
    house.lose()
    house.ready()
    house.world.run_until(lambda: len(house.carrier.invites) == 4, 1000)
    house.world.run_until(lambda: house.promise.state is S.RETRY_AT)
    told = house.promise
    assert (told.attempts, told.counted, told.status, told.outcome) == (4, 0, 503, "failed")
    house.carrier.reject = 486
    house.world.run_until(lambda: len(house.carrier.invites) == 5, 1000)
    house.world.run_until(lambda: house.promise.state is S.RETRY_AT)
    assert house.promise.counted == 1
    house.carrier.reject = 0
    house.world.run_until(lambda: house.promise.state is S.KEPT, 1000)
    assert len(set(house.carrier.invites)) == len(house.carrier.invites) == 6
    assert house.agent("alice") != "ready", "she talks to him"


def test_after_five_refusals_it_is_left_alone_and_why_says_so() -> None:
    house = CalledHouse(policy={"retry_failed_s": 1.0, "max_attempts": 9})
    house.carrier.reject = 503
    house.lose()
    house.ready()
    house.world.run_until(lambda: len(house.carrier.invites) == 5, 100)
    house.world.run(2)
    stops = house.world.switch.ledger.glance.standstill("orders", house.world.switch.unix)
    assert stops.why == TRUNK_REFUSES and 0.0 < stops.until - house.world.switch.unix <= 30.0
    assert stops.trunk == "carrier" and alone(house) == {"carrier": True}
    house.carrier.reject = 0
    house.world.run(25)
    assert len(house.carrier.invites) == 5
    house.world.run_until(lambda: house.promise.state is S.KEPT, 10)
    assert alone(house) == {"carrier": False}
    assert house.world.facts(TrunkLeftAlone) == [TrunkLeftAlone("carrier", 30.0)]
    assert house.world.facts(TrunkTakesCalls) == [TrunkTakesCalls("carrier")]


def alone(house: CalledHouse) -> dict[str, bool]:
    return {view.trunk: view.left_alone for view in house.world.switch.control.trunks()}
