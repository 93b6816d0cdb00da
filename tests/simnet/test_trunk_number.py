"""What a caller is called does not become an order to the carrier, whoever dials it."""

from __future__ import annotations

import pytest

from softswitch.switch.event import UnitFailed
from tests.simnet.house import House, plans

PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
start: first
steps:
  first: {dial: {number: "0{{ caller.number }}", trunk: carrier}, next: bye, failed: no}
  no: {say: "No.", next: bye}
  bye: {hangup: normal}
"""


@pytest.mark.parametrize("caller", [";rn=09001234;npdi", "1?Subject=x", "1/2", "9" * 64])
def test_a_caller_whose_number_is_none_is_not_dialled(caller: str) -> None:
    house = House(plans=plans(PLAN))
    house.carrier.user = caller
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "ended")
    assert house.carrier.calls == [call], "nobody was called"
    assert [prompt.text for _, prompt in house.world.media.said] == ["No."]
    assert not house.world.facts(UnitFailed)


@pytest.mark.parametrize("number", ["13800138000", "+8613800138000", "*21#", "reception.desk-1"])
def test_numbers_and_names_are_dialled(number: str) -> None:
    target = House().world.switch.directory.trunk_target("carrier", number)
    assert target is not None and target.trunk == "carrier"
