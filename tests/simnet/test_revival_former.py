"""What the former version of the switch, or one before it, has written of a call that cannot go on in this one."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from softswitch.switch.former import NAMED
from tests.simnet.former_house import as_former
from tests.simnet.house import House
from tests.simnet.test_revival import killed, phone_to_phone
from tests.simnet.test_revival_odd import _no_contact


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
