"""RTCP (RFC 3550 section 6, appendix A.2)."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.rtp.rtcp import Block, Compound, Sent, build, middle, ntp, parse

SENT = Sent(0xE2D8A1C0_80000000, 160_000, 1000, 160_000)
BLOCK = Block(7, 0.25, 12, 0x1_0005, 33, 0xA1C08000, 65536)


def part(kind: int, body: bytes, count: int = 0, flags: int = 0x80) -> bytes:
    return struct.pack(">BBH", flags | count, kind, len(body) // 4) + body


def test_what_is_built_is_read() -> None:
    assert parse(build(9, SENT, (BLOCK,), "softswitch")) == Compound(9, SENT, (BLOCK,), frozenset())
    assert parse(build(9, None, (), "x", leaves=True)) == Compound(9, None, (), frozenset({9}))


WORD = st.integers(0, 2**32 - 1)
SHARE = st.integers(0, 255).map(lambda n: n / 256)
BLOCKS = st.builds(Block, WORD, SHARE, st.integers(-(2**23), 2**23 - 1), WORD, WORD, WORD, WORD)


@given(WORD, st.lists(BLOCKS, max_size=31), st.text(max_size=300))
def test_any_report_is_read_as_it_was_built(ssrc: int, blocks: list[Block], name: str) -> None:
    packet = build(ssrc, None, tuple(blocks), name)
    assert len(packet) % 4 == 0 and len(packet) == sum(len_of(packet))
    assert parse(packet) == Compound(ssrc, None, tuple(blocks), frozenset())


def len_of(packet: bytes) -> list[int]:
    at, sizes = 0, []
    while at < len(packet):
        sizes.append(4 * (1 + int.from_bytes(packet[at + 2 : at + 4], "big")))
        at += sizes[-1]
    return sizes


def test_too_many_blocks_are_our_mistake() -> None:
    with pytest.raises(ValueError, match="32 report blocks"):
        build(1, None, (BLOCK,) * 32, "x")


def test_other_kinds_are_stepped_over() -> None:
    app, feedback = part(204, bytes(8)), part(206, bytes(8))
    bye = part(203, struct.pack(">II", 9, 10), 2)
    read = parse(build(9, SENT, (), "x") + app + feedback + bye)
    assert read == Compound(9, SENT, (), frozenset({9, 10}))


def test_padding_is_allowed_in_the_last_part_only() -> None:
    report = part(201, struct.pack(">I", 9))
    padded = part(203, struct.pack(">I", 9) + b"\0\0\0\4", 1, 0xA0)
    assert parse(report + padded) == Compound(9, None, (), frozenset({9}))
    assert parse(part(201, struct.pack(">I", 9) + b"\0\0\0\4", 0, 0xA0) + report) is None


@pytest.mark.parametrize(
    "hostile",
    [
        b"", b"\x80", b"\x80\xc9\x00\x01", b"\x80\xc9\x00\x02\0\0\0\x09",
        part(203, struct.pack(">I", 9), 1),  # begins with BYE
        part(201, struct.pack(">I", 9), 1),  # one block is claimed
        part(200, struct.pack(">I", 9)),  # a sender report without its middle
        b"\x00" + part(201, struct.pack(">I", 9))[1:],  # version 0
        part(201, struct.pack(">I", 9)) + b"\x80\xca\xff\xff\0\0\0\0",
        part(201, struct.pack(">I", 9)) + b"\x80",
        b"\xff" * 1500, part(200, bytes(24), 31),
    ],
)  # fmt: skip
def test_what_is_no_compound_is_not_read(hostile: bytes) -> None:
    assert parse(hostile) is None


@given(st.binary(max_size=200))
def test_nothing_makes_the_reader_fail(octets: bytes) -> None:
    parse(octets)
    parse(b"\x81\xc9\x00\x07" + octets)
    parse(build(1, None, (), "x") + octets)


def test_time_as_ntp_has_it() -> None:
    assert ntp(0.5) == (2_208_988_800 << 32) + (1 << 31)
    assert middle(0x11112222_33334444) == 0x22223333
