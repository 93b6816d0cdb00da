"""The former version of the switch was killed, and this one is started: who talked, waited or heard ringing goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec
import pytest

from softswitch.call.state import Refresh
from softswitch.contact.bridge import Bridge
from softswitch.contact.journey import Facts
from softswitch.sdp.exchange import Exchange
from softswitch.sdp.media import Codec, LocalMedia, Media
from softswitch.sip.dialog import Dialog
from softswitch.switch.arrivals import Arrival
from softswitch.switch.former import NAMED, brought_up
from softswitch.switch.journal import CallKept
from softswitch.switch.plain import decode
from tests.simnet.house import House
from tests.simnet.test_arrivals import ASKS, centre
from tests.simnet.test_revival import ended, hears, into_orders, killed, outcomes, phone_to_phone
from tests.simnet.test_revival_odd import _no_contact

NAMES = (Codec, LocalMedia, Media, Exchange, Dialog, Refresh, Bridge, Facts)  # were written by name


def _former(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        named = {name: _former(getattr(value, name)) for name in value.__struct_fields__}
        in_order = value.__struct_config__.array_like and not isinstance(value, NAMES)
        return [*named.values()] if in_order else named
    if is_dataclass(value):
        return {one.name: _former(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, (list, tuple, frozenset)):
        return [_former(one) for one in value]
    return value


def as_former(octets: bytes) -> bytes:
    """As version 3 would have written it."""
    rings = msgspec.msgpack.decode(octets)[0] == "arrival"
    decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Arrival if rings else CallKept)
    kept = decode(octets, decoder)
    former = msgspec.msgpack.encode(["arrival", *_former(kept)] if rings else [NAMED, *_former(kept)[1:]])
    assert former != octets and decode(brought_up(former), decoder) == kept
    return former


def upgraded(house: House) -> None:
    """The file of the former version is there when this one begins."""
    found = house.world.journal.found
    assert found
    house.world.journal.found = {name: as_former(octets) for name, octets in found.items()}
    killed(house)


def test_two_phones_talk_on() -> None:
    house = House()
    caller, called = phone_to_phone(house)
    upgraded(house)
    assert outcomes(house) == ["resumed"] and hears(house, caller, called) == ["talk", "talk"]
    house.alice.hang_up(called)
    assert ended(house).ended_by == "called"


def test_who_waits_is_offered_to_the_agent_whose_phone_rang_for_him() -> None:
    house = House()
    house.alice.answer_after = None
    call = into_orders(house, house.carrier, "ringing")
    (before,) = house.alice.calls
    house.alice.answer_after = 0.5
    upgraded(house)
    house.world.run_until(lambda: hears(house, call) == ["talk"], 5)
    assert before.state == "ended"
    house.carrier.hang_up(call)
    assert ended(house).agent == "alice"


def test_who_hears_ringing_is_answered_and_the_phone_that_rang_rings_again() -> None:
    house = centre(ASKS)
    house.desk.answer_after = None
    call = house.carrier.call("8000")
    house.world.run_until(lambda: any(one.state == "ringing" for one in house.desk.calls))
    upgraded(house)
    house.world.run(2)
    first, second = house.desk.calls
    assert (first.state, second.state) == ("ended", "ringing")
    house.desk.answer(second)
    house.world.run_until(lambda: call.state == "talking")


def _older_yet(octets: bytes) -> bytes:
    return msgspec.msgpack.encode([NAMED - 1, *msgspec.msgpack.decode(octets)[1:]])


def _nobodys(octets: bytes) -> bytes:
    record = msgspec.msgpack.decode(octets)
    del record[2][0]["contact"]  # which there must be
    return msgspec.msgpack.encode(record)


@pytest.mark.parametrize("damage", [_older_yet, _nobodys, _no_contact])
def test_both_sides_of_a_call_that_cannot_go_on_are_told_so(damage: Callable[[bytes], bytes]) -> None:
    """What can be read of a record is used to end it in order: its legs are."""
    house = House()
    caller, called = phone_to_phone(house)
    found = house.world.journal.found
    house.world.journal.found = {name: damage(as_former(octets)) for name, octets in found.items()}
    killed(house)
    house.world.run(1)
    assert (caller.state, called.state) == ("ended", "ended")
    house.world.run(60)
    assert not house.world.switch.calls.legs and not house.world.media.streams and not house.world.journal.found
