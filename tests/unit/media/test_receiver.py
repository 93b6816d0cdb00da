"""Which packets are heard, and by which law."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from softswitch.audio import FRAME, g711
from softswitch.media.receiver import Receiver
from softswitch.media.sockets import Batch
from softswitch.rtp.packet import HEADER, WIDTH, Headers

PEER = ("10.0.0.1", 4000)
SILENCE = {g711.MU: 0xFF, g711.A: 0xD5}


class Heard:
    """In place of the jitter buffer."""

    def __init__(self) -> None:
        self.frames: list[Any] = []

    def push(self, rows: object, headers: Headers, pcm: Any, size: object) -> None:
        self.frames += [frame[:FRAME] for frame in pcm]


def hears(payload_type: int, octet: int, law: int = g711.MU, agreed: int = 0, receives: bool = True) -> list[Any]:
    """What is heard of a packet that has this octet all through."""
    receiver, heard = Receiver(4), Heard()
    receiver.jitter = heard  # type: ignore[assignment]
    receiver.sources[2].signal(PEER, "")
    receiver.allow(2, law, agreed, 101)
    if not receives:
        receiver.forbid(2)
    table = np.full((1, WIDTH), octet, np.uint8)
    table[0, :HEADER] = np.frombuffer(struct.pack("!BBHII", 0x80, payload_type, 1, 160, 7), np.uint8)
    list(receiver.take(Batch(table, [2], [HEADER + FRAME], [PEER], np.zeros(1))))
    assert receiver.malformed == (not heard.frames)
    return heard.frames


@pytest.mark.parametrize(("payload_type", "spoken"), [(0, g711.MU), (8, g711.A)])
@pytest.mark.parametrize(("law", "agreed"), [(g711.MU, 0), (g711.A, 8), (g711.A, 120)])
def test_each_packet_is_heard_by_its_own_law(payload_type: int, spoken: int, law: int, agreed: int) -> None:
    for octet in (SILENCE[spoken], 0x10, 0x9A):
        (frame,) = hears(payload_type, octet, law, agreed)
        assert frame[0] == g711.decode(np.array([[octet]], np.uint8), np.array([spoken], np.uint8))[0, 0]


def test_a_type_of_the_answer_s_own_is_heard_by_the_law_that_was_agreed_on() -> None:
    (frame,) = hears(120, 0x10, g711.A, 120)
    assert frame[0] == g711.decode(np.array([[0x10]], np.uint8), np.array([g711.A], np.uint8))[0, 0]


@pytest.mark.parametrize(("payload_type", "receives"), [(18, True), (120, True), (0, False), (8, False)])
def test_nothing_else_is_heard_and_nothing_where_nothing_is_received(payload_type: int, receives: bool) -> None:
    assert hears(payload_type, 0x10, receives=receives) == []
