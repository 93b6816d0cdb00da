"""Streams that have keys, in the receiver: who is heard, and whom a source is learnt from."""

from __future__ import annotations

import numpy as np
import pytest

from softswitch.audio import FRAME, g711
from softswitch.media.receiver import Receiver
from softswitch.media.sockets import Batch
from softswitch.rtp.packet import WIDTH, build
from softswitch.rtp.srtp import Srtps
from softswitch.sdp.crypto import SUITES, Srtp

PEER, NAT, STRANGER = ("10.0.0.1", 4000), ("10.0.0.9", 5000), ("10.0.0.3", 4000)
ROW = 2


class World:
    def __init__(self, suite: str) -> None:
        ours, theirs = bytes(SUITES[suite]), b"\x01" * SUITES[suite]
        self.receiver, self.far = Receiver(4), Srtps(1)
        self.receiver.srtp.agree(ROW, Srtp(suite, ours, theirs))
        self.far.agree(0, Srtp(suite, theirs, ours))
        self.receiver.sources[ROW].signal(PEER, NAT[0])
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
        table = np.zeros((1, WIDTH), np.uint8)
        table[0, : len(packet)] = np.frombuffer(packet, np.uint8)
        assert list(self.receiver.take(Batch(table, [ROW], [len(packet)], [source], np.zeros(1)))) == []

    def loud(self) -> bool:
        """Something of the peer's comes out within its buffer's time."""
        return any((np.abs(self.receiver.speak(4)[ROW]) > 1000).any() for _ in range(4))


@pytest.fixture(params=SUITES)
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


def test_the_peer_is_heard_and_learnt_from_behind_its_nat(world: World) -> None:
    world.comes(world.sealed(), NAT)
    assert world.loud()
    assert world.receiver.sources[ROW].learnt == NAT and world.receiver.srtp.refused == 0


def test_plain_packets_are_neither_heard_nor_learnt_from(world: World) -> None:
    for source in (PEER, NAT, STRANGER):
        world.comes(build(0, 1, 160, 7, b"\x00" * FRAME), source)
    assert not world.loud()
    assert world.receiver.sources[ROW].learnt is None
    assert world.receiver.srtp.refused == 2 and world.receiver.malformed == 3


def test_a_strangers_copy_of_a_sealed_packet_is_not_even_opened(world: World) -> None:
    packet = world.sealed()
    world.comes(packet, STRANGER)
    assert world.receiver.srtp.refused == 0 and not world.loud()
    world.comes(packet)
    assert world.loud()


def test_once_learnt_another_port_of_the_host_is_a_stranger(world: World) -> None:
    world.comes(world.sealed(), NAT)
    world.comes(world.sealed(), (NAT[0], 5002))
    assert world.receiver.sources[ROW].learnt == NAT and world.receiver.packets == 2
    world.comes(world.sealed())  # the signalled address may take over
    assert world.receiver.sources[ROW].learnt == PEER
