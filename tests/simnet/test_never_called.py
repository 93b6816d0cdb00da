"""Who is on the do-not-call list, or whose hour has not come, is not called by the whole switch either."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from softswitch.callback.model import DoNotCall, LossNotRecorded, Policy, PromiseState, Window
from softswitch.core.errors import ConfigError
from softswitch.switch.do_not_call import NumbersListed, NumbersUnlisted
from softswitch.switch.event import UnitFailed
from softswitch.switch.pool_port import Shared
from softswitch.switch.staff import StaffChanges
from tests.simnet.house import House
from tests.simnet.test_promise import NUMBER, abandoned
from tests.simnet.test_reload_staff import Place
from tests.simnet.world import EPOCH

S = PromiseState
ORDERS = Policy("orders", "carrier", ring_s=20.0)
HOUR = 3600.0


def listed(house: House, *numbers: str) -> list[str]:
    return [one.number for one in house.world.switch.control.do_not_call().put(numbers, "asked us", "test")]


def states(house: House) -> list[PromiseState]:
    return [promise.state for promise in house.world.switch.control.promises()]


def ready(house: House) -> None:
    house.alice.answer_after = 1.0
    house.world.switch.control.set_ready("alice")


def test_a_listed_caller_is_not_recorded_and_not_called() -> None:
    house = House()
    assert listed(house, "0138-0013-8000", "nobody") == [NUMBER, ""]
    abandoned(house)
    ready(house)
    house.world.run(60)
    assert states(house) == [] and house.carrier.invites == []
    assert [fact.why for fact in house.world.facts(LossNotRecorded)] == ["do-not-call"]
    (fact,) = house.world.facts(NumbersListed)
    assert (fact.numbers, fact.why, fact.by) == ((NUMBER,), "asked us", "test")
    assert not house.world.facts(UnitFailed)


def test_listing_withdraws_his_promise_and_outlives_a_crash() -> None:
    house = House()
    abandoned(house)
    listed(house, NUMBER)
    house.world.run(1)
    assert states(house) == [S.WITHDRAWN]
    house.world.crash()
    house.world.start()
    assert [row.number for row in house.world.switch.control.do_not_call().rows()] == [NUMBER]
    abandoned(house)
    ready(house)
    house.world.run(60)
    assert house.carrier.invites == []


def test_who_is_taken_out_is_called_when_he_is_lost_again() -> None:
    house = House()
    desk = house.world.switch.control.do_not_call()
    listed(house, NUMBER)
    assert listed(house, "86 138 0013 8000") == [NUMBER] and len(desk.rows()) == 1
    assert desk.remove("13800138000", "test").number == NUMBER
    with pytest.raises(LookupError, match="not on the do-not-call list"):
        desk.remove("13800138000", "test")
    assert [fact.numbers for fact in house.world.facts(NumbersUnlisted)] == [(NUMBER,)]
    abandoned(house)
    ready(house)
    house.world.run_until(lambda: house.carrier.invites)


def test_the_list_in_the_file_is_another_one() -> None:
    house = House(barred=frozenset({NUMBER}))
    desk = house.world.switch.control.do_not_call()
    assert desk.in_file("13800138000") and desk.rows() == [] and desk.file_size == 1
    abandoned(house)
    assert states(house) == []


def test_a_listed_phone_of_our_own_is_not_called() -> None:
    house = House(policies=(replace(ORDERS, numbers="1[0-9]{3}"),))
    assert listed(house, "1004") == ["1004"]
    assert not house.world.switch.ledger.can_promise("1004", "orders")


def changed(house: House, **changes: Any) -> None:
    switch = house.world.switch
    switch.staff.exchange(replace(switch.configuration, **changes), StaffChanges())


def test_a_reload_of_the_file_withdraws_promises_too() -> None:
    house = House()
    abandoned(house)
    changed(house, barred=frozenset({NUMBER}))
    house.world.run(1)
    assert states(house) == [S.WITHDRAWN]


def until_hour(house: House, hour: int) -> float:
    """Seconds until it comes in Shanghai."""
    return (hour * HOUR - (house.world.now + EPOCH + 8 * HOUR)) % (24 * HOUR)


def test_he_is_called_when_his_window_and_ours_are_both_open() -> None:
    now = (EPOCH + 8 * HOUR) % (24 * HOUR) / 60
    opens = int(now) // 60 * 60 + 120
    policy = replace(ORDERS, window=Window("UTC"), callee_window=Window("", opens, opens + 60))
    house = House(policies=(policy,))
    abandoned(house)
    ready(house)
    wait = until_hour(house, opens // 60)
    assert HOUR < wait < 2 * HOUR
    house.world.run(wait - 30)
    assert house.carrier.invites == [] and states(house) == [S.RECORDED]
    house.alice.register()  # the last time is long ago
    house.world.run(60)
    assert len(house.carrier.invites) == 1


def test_several_spellings_of_him_are_one_promise() -> None:
    house = House()
    for spelling in ("13800138000", "+8613800138000", "008613800138000", "013800138000", "8613800138000"):
        house.carrier.user = spelling
        abandoned(house)
        house.world.switch.control.set_ready("alice")
        house.world.switch.control.set_paused("alice", "break")
    (promise,) = house.world.switch.control.promises()
    assert (promise.number, promise.losses) == (NUMBER, 5)


def test_what_another_node_has_listed_holds_here() -> None:
    house = House()
    abandoned(house)
    house.world.switch.feed(Shared(DoNotCall(add=(NUMBER,))))
    house.world.run(1)
    assert states(house) == [S.WITHDRAWN]
    desk = house.world.switch.control.do_not_call()
    assert [(row.number, row.by) for row in desk.rows()] == [(NUMBER, "another node")]
    house.world.switch.feed(Shared(DoNotCall(remove=(NUMBER,))))
    assert desk.rows() == [] and house.world.switch.ledger.can_promise(NUMBER, "orders")
    assert not house.world.facts(UnitFailed)


def test_the_file_is_read_again_by_a_reload_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    switch, file = place.world.switch, tmp_path / "list.txt"
    assert switch.ledger.can_promise(NUMBER, "orders")
    file.write_text("13800138000\n")
    place.reload(softswitch="region: CN\ndo_not_call: list.txt\n")
    assert not switch.ledger.can_promise(NUMBER, "orders")
    file.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        place.reload()
    assert not switch.ledger.can_promise(NUMBER, "orders"), "the numbers that were read last stay"
    file.write_text("oops\n")
    (warning,) = place.reload().warnings
    assert "list.txt:1:1: warning: 'oops' is no number" in str(warning)
    assert switch.ledger.can_promise(NUMBER, "orders")
