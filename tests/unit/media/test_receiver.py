"""Which packets are heard, and by which law."""

from __future__ import annotations

import socket
from typing import Any

import numpy as np
import pytest

from softswitch.audio import FRAME, g711
from softswitch.audio.conceal import RAMP
from softswitch.media.demux import Demux
from softswitch.media.receiver import Key, Receiver, turns
from softswitch.rtp.jitter import JitterSettings
from softswitch.rtp.packet import build
from softswitch.rtp.telephone_event import press
from tests.support.arrival import batch

PEER = ("10.0.0.1", 4000)
SILENCE = {g711.MU: 0xFF, g711.A: 0xD5}


def received(receiver: Receiver, *packets: tuple[bytes, int]) -> list[Key]:
    """Take in packets, each from this port of the peer's host, in one batch."""
    return list(receiver.take(batch([(octets, (PEER[0], port)) for octets, port in packets])))


def made(law: int = g711.MU, agreed: int = 0, receives: bool = True) -> Receiver:
    receiver = Receiver(4, Demux(4), JitterSettings(first=1))
    receiver.demux.open(2, 0, socket.AF_INET)
    receiver.demux.signal(2, PEER, "")
    receiver.allow(2, law, agreed, 101)
    if not receives:
        receiver.forbid(2)
    return receiver


def ticks(receiver: Receiver, count: int) -> list[Any]:
    """What row 2 says in so many ticks, None where it says nothing."""
    said = []
    for _ in range(count):
        present = receiver.speak(4)
        said.append(receiver.frames(4)[2].copy() if present[2] else None)
        receiver.jitter.advance(4)
    return said


def hears(payload_type: int, octet: int, law: int = g711.MU, agreed: int = 0, receives: bool = True) -> list[Any]:
    """What is heard of a packet that has this octet all through, past its rise."""
    receiver = made(law, agreed, receives)
    received(receiver, (build(payload_type, 1, 160, 7, bytes([octet]) * FRAME), PEER[1]))
    frames = [frame for frame in ticks(receiver, 3) if frame is not None]
    assert receiver.malformed + receiver.demux.strangers == (not frames)
    return [g711.decode(frame[RAMP:], law) for frame in frames]


@pytest.mark.parametrize(("payload_type", "spoken"), [(0, g711.MU), (8, g711.A)])
@pytest.mark.parametrize(("law", "agreed"), [(g711.MU, 0), (g711.A, 8), (g711.A, 120)])
def test_each_packet_is_heard_by_its_own_law(payload_type: int, spoken: int, law: int, agreed: int) -> None:
    for octet in (SILENCE[spoken], 0x10, 0x9A):
        (frame,) = hears(payload_type, octet, law, agreed)
        said = g711.decode(np.array([octet], np.uint8), spoken)
        assert frame[0] == g711.decode(g711.encode(said, law), law)[0]  # it is kept in the row's law


def test_a_type_of_the_answer_s_own_is_heard_by_the_law_that_was_agreed_on() -> None:
    (frame,) = hears(120, 0x10, g711.A, 120)
    assert frame[0] == g711.decode(np.array([[0x10]], np.uint8), np.array([g711.A], np.uint8))[0, 0]


@pytest.mark.parametrize(("payload_type", "receives"), [(18, True), (120, True), (0, False), (8, False)])
def test_nothing_else_is_heard_and_nothing_where_nothing_is_received(payload_type: int, receives: bool) -> None:
    assert hears(payload_type, 0x10, receives=receives) == []


def voice(number: int, octet: int, payload_type: int = 0) -> bytes:
    return build(payload_type, number, number * FRAME, 7, bytes([octet]) * FRAME)


def test_a_gap_is_filled_in_the_ring_itself_and_dies_away_in_time() -> None:
    receiver = made()
    tone = np.resize(g711.encode((8000 * np.sin(np.arange(80) * np.pi / 20)).astype(np.int16), g711.MU), FRAME)
    packets = [build(0, number, number * FRAME, 7, tone.tobytes()) for number in range(8)]
    received(receiver, *[(octets, PEER[1]) for number, octets in enumerate(packets) if number != 5])
    levels = []
    for _ in range(60):
        receiver.speak(4)
        levels.append(int(np.abs(g711.decode(receiver.frames(4)[2], g711.MU)).max()))
        receiver.jitter.advance(4)
    assert min(levels[1:9]) > 5000  # the sixth was made up
    assert levels[14:] == [0] * 46
    assert receiver.concealer.concealed == 1 + 3


def test_what_is_blended_after_a_gap_can_be_had_as_it_came() -> None:
    """For who looks for keys: of a short one each sample counts."""
    receiver = made()
    received(receiver, *[(voice(number, 0x10), PEER[1]) for number in (0, 1, 3)])
    loud = g711.decode(np.array([0x10], np.uint8), g711.MU)[0]
    whole = []
    for _ in range(5):
        receiver.speak(4)
        said = g711.decode(receiver.frames(4), receiver.law)
        rows = np.array([1, 2])
        raw = receiver.unblended(rows, said[rows].copy())
        assert np.array_equal(raw[0], said[1])
        assert np.array_equal(receiver.unblended(slice(0, 4, 2), said[0:4:2].copy())[1], raw[1])
        whole.append(((said[2] == loud).all(), (raw[1] == loud).all()))
        receiver.jitter.advance(4)
    assert whole[1] == whole[4] == (False, True)  # the first one, and the first one after the gap
    assert whole[2] == (True, True)


def test_several_packets_of_one_row_in_one_batch() -> None:
    receiver = made()
    received(receiver, *[(voice(number, 0x80 + number), PEER[1]) for number in (1, 3, 2, 4)])
    assert [frame[-1] - 0x80 for frame in ticks(receiver, 5) if frame is not None] == [1, 2, 3, 4]


def test_only_what_could_be_for_it_is_learnt_from() -> None:
    receiver = made()
    received(receiver, (voice(1, 0x10, 96), 5000), (voice(1, 0x20), 6000), (voice(2, 0x30), 5000))
    assert receiver.demux.peer(2) == (PEER[0], 6000)
    assert receiver.demux.strangers == 2


def test_a_key_is_told_once() -> None:
    receiver = made()
    packets = [build(101, number, 0, 7, payload) for number, payload in enumerate(press("5"))]
    assert received(receiver, *[(octets, PEER[1]) for octets in packets]) == [Key(2, "5")]


def test_a_batch_is_cut_so_that_no_row_is_twice_in_a_piece() -> None:
    rows = np.array([3, 1, 3, 2, 3, 1])
    pieces = [piece.tolist() for piece in turns(rows) if piece is not None]
    assert pieces == [[0, 1, 3], [2, 5], [4]]
    assert list(turns(np.array([2, 0, 1]))) == [None]
