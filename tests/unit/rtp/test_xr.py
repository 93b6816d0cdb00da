"""Extended reports (RFC 3611): three of their blocks, and nothing else."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.rtp import xr
from softswitch.rtp.rtcp import build, parse
from softswitch.rtp.xr import Echo, Extended, Voip


def metrics(ssrc: int = 9, discarded: int = 64, buffer_ms: int = 60) -> bytes:
    """Section 4.7, field by field: of each another value."""
    head = struct.pack(">BBHI", 7, 0, 8, ssrc)
    shares = bytes([1, discarded, 3, 4])
    times = struct.pack(">HHHH", 5, 6, 7, 8)
    levels = bytes([9, 10, 11, 16])
    scores = bytes([93, 127, 43, 42])
    return head + shares + times + levels + scores + struct.pack(">BBHHH", 0xB0, 0, buffer_ms, 120, 200)


def told(*blocks: bytes) -> Extended | None:
    found = parse(build(5, None, (), "x", extended=blocks))
    assert found is not None
    return found.extended


def test_what_is_built_is_read() -> None:
    blocks = xr.reference(0x1111_2222_3333_4444), xr.answer(Echo(9, 0xABCDEF01, 65536)), metrics()
    assert told(*blocks) == Extended(0x2222_3333, (Echo(9, 0xABCDEF01, 65536),), (Voip(9, 0.25, 60),))
    assert told() is None


def test_two_answers_in_one_block() -> None:
    one, two = Echo(9, 1, 2), Echo(10, 3, 4)
    both = struct.pack(">BBH", 5, 0, 6) + xr.answer(one)[4:] + xr.answer(two)[4:]
    assert told(both) == Extended(echoes=(one, two))


def test_other_blocks_are_stepped_over() -> None:
    run_lengths = struct.pack(">BBHIHH", 1, 0, 3, 9, 1, 2) + bytes(4)
    assert told(run_lengths, metrics()) == Extended(voip=(Voip(9, 0.25, 60),))


@pytest.mark.parametrize("buffer_ms", [2001, 0xFFFF])
def test_a_buffer_that_is_no_buffer(buffer_ms: int) -> None:
    assert told(metrics(buffer_ms=buffer_ms)) == Extended(voip=(Voip(9, 0.25, 0),))


@pytest.mark.parametrize(
    "wrong",
    [
        struct.pack(">BBH", 7, 0, 7) + bytes(28),
        struct.pack(">BBH", 4, 0, 3) + bytes(12),
        struct.pack(">BBH", 5, 0, 2) + bytes(8),
        struct.pack(">BBH", 7, 0, 0xFFFF) + bytes(32),
    ],
)
def test_blocks_of_a_wrong_length_are_not_read(wrong: bytes) -> None:
    assert told(wrong) == Extended()


@given(st.binary(max_size=120))
def test_nothing_makes_the_reader_fail(octets: bytes) -> None:
    xr.parse(octets)
    xr.parse(bytes(4) + octets)
