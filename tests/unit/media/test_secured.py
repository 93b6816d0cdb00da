"""Streams that have keys, in the receiver: who is heard, and whom a source is learnt from."""

from __future__ import annotations

import socket

import numpy as np
import pytest

from softswitch.audio import FRAME, g711
from softswitch.media.address import Address
from softswitch.media.demux import Demux
from softswitch.media.receiver import Receiver
from softswitch.rtp.packet import build
from softswitch.rtp.srtp import Srtps
from softswitch.sdp.crypto import SUITES, Srtp
from tests.support.arrival import batch

PEER, NAT, STRANGER = ("10.0.0.1", 4000), ("10.0.0.9", 5000), ("10.0.0.3", 4000)
ROW = 2


class World:
    def __init__(self, suite: str) -> None:
        ours, theirs = bytes(SUITES[suite]), b"\x01" * SUITES[suite]
        self.receiver, self.far = Receiver(4, Demux(4)), Srtps(1)
        self.receiver.srtp.agree(ROW, Srtp(suite, ours, theirs))
        self.far.agree(0, Srtp(suite, theirs, ours))
        self.receiver.demux.open(ROW, 0, socket.AF_INET)
        self.receiver.demux.signal(ROW, PEER, NAT[0])
        self.receiver.allow(ROW, g711.MU, 0, 101)
        self.sequence = 0

    def sealed(self) -> bytes:
        self.sequence += 1
        table = np.zeros((1, 200), np.uint8)
        packet = build(0, self.sequence, 160 * self.sequence, 7, b"\x00" * FRAME)
        table[0, : len(packet)] = np.frombuffer(packet, np.uint8)
        lengths = np.array([len(packet)])
        self.far.protect(table, lengths, np.array([0]))
        return table[0, : lengths[0]].tobytes()

    def comes(self, packet: bytes, source: tuple[str, int] = PEER) -> None:
        assert list(self.receiver.take(batch([(packet, source)]))) == []

    def loud(self) -> bool:
        """Something of the peer's comes out within its buffer's time."""
        loudest = 0
        for _ in range(4):
            self.receiver.speak(4)
            frame = self.receiver.frames(4)[ROW]
            loudest = max(loudest, int(np.abs(g711.decode(frame, g711.MU).astype(int)).max()))
            self.receiver.jitter.advance(4)
        return loudest > 1000

    def learnt(self) -> Address | None:
        """Whom its packets go to, where that was learnt."""
        return self.receiver.demux.peer(ROW) if self.receiver.demux.learnt else None


@pytest.fixture(params=SUITES)
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


def test_the_peer_is_heard_and_learnt_from_behind_its_nat(world: World) -> None:
    world.comes(world.sealed(), NAT)
    assert world.loud()
    assert world.learnt() == NAT and world.receiver.srtp.refused == 0


def test_plain_packets_are_neither_heard_nor_learnt_from(world: World) -> None:
    for source in (PEER, NAT, STRANGER):
        world.comes(build(0, 1, 160, 7, b"\x00" * FRAME), source)
    assert not world.loud()
    assert world.learnt() is None
    assert world.receiver.srtp.refused == 2 and world.receiver.demux.strangers == 3


def test_a_strangers_copy_of_a_sealed_packet_is_not_even_opened(world: World) -> None:
    packet = world.sealed()
    world.comes(packet, STRANGER)
    assert world.receiver.srtp.refused == 0 and not world.loud()
    world.comes(packet)
    assert world.loud()


def test_once_learnt_another_port_of_the_host_is_a_stranger(world: World) -> None:
    world.comes(world.sealed(), NAT)
    world.comes(world.sealed(), (NAT[0], 5002))
    assert world.learnt() == NAT and world.receiver.packets == 2
    world.comes(world.sealed())  # the signalled address may take over
    assert world.learnt() == PEER
