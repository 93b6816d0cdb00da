"""What is nothing in a walk or a visit is not written down, and a record that has it all is read as before."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from softswitch.contact.visit import Visit
from softswitch.ivr.model import EnterQueue
from softswitch.ivr.run import State, Wait

VISIT = Visit(EnterQueue("orders", None, 0.0, "en"), 7.0, lowest=3, been=("service",))
STATE = State("menu", Wait.KEYS, due=9.0, variables={"language": "en"}, secret=["pin"])


@pytest.mark.parametrize(("record", "named"), [(VISIT, {"order", "joined_at", "lowest", "been"}),
                                               (STATE, {"step", "wait", "due", "variables", "secret"})])  # fmt: skip
def test_only_what_is_something_is_written(record: Visit | State, named: set[str]) -> None:
    assert set(msgspec.msgpack.decode(msgspec.msgpack.encode(record))) == named


@pytest.mark.parametrize("record", [VISIT, STATE])
def test_a_record_with_all_of_it_is_the_same(record: Visit | State) -> None:
    """As processes wrote it before."""
    whole: dict[str, Any] = {name: getattr(record, name) for name in record.__struct_fields__}
    octets = msgspec.msgpack.encode(whole)
    assert len(octets) > len(msgspec.msgpack.encode(record))
    assert msgspec.msgpack.decode(octets, type=type(record)) == record
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=type(record)) == record
