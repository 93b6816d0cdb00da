"""Text that is no UTF-8 comes back from a record as it was, to the octet."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from softswitch.switch.plain import decode, encode


class Record(msgspec.Struct, array_like=True, frozen=True):
    name: str
    names: dict[str, tuple[str, ...]]
    octets: bytes


_DECODER = msgspec.msgpack.Decoder(Record)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_whatever_a_peer_has_written_is_read_back(name: bytes, other: bytes) -> None:
    text = name.decode("utf-8", "surrogateescape")
    assume(not any("\uf780" <= one <= "\uf7ff" for one in text))  # which stand for octets here
    record = Record(text, {text: (text, "plain")}, other)
    assert decode(encode(record), _DECODER) == record


def test_what_is_no_record_is_an_error() -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(encode(["\udcff"]), _DECODER)
