"""The file of calls as the former version of the switch has written it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

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


def written_by_former(house: House) -> None:
    """All that is there when the next one begins."""
    found = house.world.journal.found
    assert found
    house.world.journal.found = {name: as_former(octets) for name, octets in found.items()}
