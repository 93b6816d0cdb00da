"""STUN binding requests, against the samples of RFC 5769."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from softswitch.sip import stun

VECTORS = Path(__file__).parents[4] / "shared/vectors/stun_rfc5769.json"
V4, V6 = ("192.0.2.1", 32853), ("2001:db8:1234:5678:11:2233:4455:6677", 32853)
TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")
ASKED = struct.pack("!HHI", 1, 0, 0x2112A442) + TRANSACTION


def with_attributes(attributes: bytes, kind: int = 1) -> bytes:
    return struct.pack("!HHI", kind, len(attributes), 0x2112A442) + TRANSACTION + attributes


@pytest.mark.skipif(not VECTORS.exists(), reason="the vectors of RFC 5769 are not here")
@pytest.mark.parametrize(("index", "remote"), [(1, V4), (2, V6)])
def test_rfc_5769_2_2_and_2_3_the_mapped_address(index: int, remote: tuple[str, int]) -> None:
    sample = bytes.fromhex(json.loads(VECTORS.read_text())["messages"][index]["hex"])
    answer = stun.answer(ASKED, remote)
    assert answer is not None
    assert answer[:2] == sample[:2]
    assert answer[4:20] == sample[4:20]
    assert answer[20:] in sample  # XOR-MAPPED-ADDRESS, between SOFTWARE and MESSAGE-INTEGRITY
    assert len(answer) == 20 + struct.unpack_from("!H", answer, 2)[0]


@pytest.mark.skipif(not VECTORS.exists(), reason="the vectors of RFC 5769 are not here")
def test_rfc_5389_7_3_1_an_attribute_that_must_be_understood_and_is_not() -> None:
    """The sample request is ICE's: it has PRIORITY."""
    sample = bytes.fromhex(json.loads(VECTORS.read_text())["messages"][0]["hex"])
    assert stun.is_stun(sample)
    assert stun.answer(sample, V4) == bytes.fromhex("01110010") + sample[4:20] + bytes.fromhex(
        "0009000400000414" + "000a000200240000"
    )


def test_attributes_that_may_be_passed_over() -> None:
    software = bytes.fromhex("8022000573697000" + "00000000")
    assert stun.answer(with_attributes(software), V4) == stun.answer(ASKED, V4)


@pytest.mark.parametrize("remote", [V4, V6])
@pytest.mark.parametrize("asked", [ASKED, with_attributes(bytes.fromhex("00010000") * 300)])
def test_nobody_is_worth_being_reflected_at(asked: bytes, remote: tuple[str, int]) -> None:
    answer = stun.answer(asked, remote)
    assert answer is not None
    assert len(answer) <= 3 * len(asked)


@pytest.mark.parametrize(
    "data",
    [
        with_attributes(b"", kind=0x0101),  # an answer
        with_attributes(b"", kind=0x0011),  # an indication
        ASKED + b"\0\0\0\0",  # longer than it says
        with_attributes(b"\0\1\0"),
        with_attributes(bytes.fromhex("00060009" + "61626300")),  # an attribute longer than the message
    ],
)
def test_what_asks_for_no_answer_or_cannot_be_read_has_none(data: bytes) -> None:
    assert stun.is_stun(data)
    assert stun.answer(data, V4) is None


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"OPTIONS sip:a SIP/2.0\r\n", ASKED[:19], b"\x80" + ASKED[1:]])
def test_sip_and_media_are_no_stun(data: bytes) -> None:
    assert not stun.is_stun(data)
