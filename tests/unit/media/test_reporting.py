"""RTCP over real sockets on loopback: what is sent and taken, from whom, sealed and not, and what hostile octets do."""

from __future__ import annotations

import errno
import random
import select
import socket
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from softswitch.media.reporting import Reporting
from softswitch.media.source import Address
from softswitch.rtp import rtcp, xr
from softswitch.rtp.rtcp import Block, Compound, Sent
from softswitch.rtp.srtp import Srtps
from softswitch.rtp.xr import Echo
from softswitch.sdp.crypto import Srtp
from tests.support.ports import LOOPBACK, free_port

ROWS, ROW, OURS, THEIRS = 4, 2, 0xAABB, 0xCCDD
KEY, OTHER = bytes(range(30)), bytes(range(1, 31))


class House:
    """Row 2 of a media process, and the socket of its peer's RTCP."""

    def __init__(self, mux: bool = False, keys: bool = False) -> None:
        self.peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.peer.bind((LOOPBACK, 0))
        self.peer.settimeout(5)
        self.rtp = (LOOPBACK, free_port())
        self.at = (LOOPBACK, self.rtp[1] + 1)  # where we take reports
        self.muxed: list[tuple[int, bytes, Address]] = []
        self.srtp = Srtps(ROWS)
        self.far = Srtps(1)  # the peer's
        if keys:
            self.srtp.agree(ROW, Srtp("AES_CM_128_HMAC_SHA1_80", KEY, OTHER))
            self.far.agree(0, Srtp("AES_CM_128_HMAC_SHA1_80", OTHER, KEY))
        self.peers: dict[int, Address | None] = {ROW: (LOOPBACK, self.port - 1)}
        self.reporting = Reporting(ROWS, self.srtp, self.peers.get, lambda *sent: self.muxed.append(sent))
        self.now = 1000.0
        self.reporting.open(ROW, self.rtp, OURS, self.now)
        self.reporting.agree(ROW, 0, mux, 8000, True, True, self.now)

    @property
    def port(self) -> int:
        return int(self.peer.getsockname()[1])

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            list(self.reporting.tick(ROWS, self.now))

    def taken(self) -> None:
        """What was sent to us has come."""
        select.select([self.reporting._ports[self.at].socket], [], [], 5)
        list(self.reporting.tick(ROWS, self.now))

    def tell(self, *packets: bytes) -> None:
        for packet in packets:
            self.peer.sendto(self.far.protect_rtcp(0, packet), self.at)
            self.taken()

    def heard(self) -> Compound:
        """The next report that the peer gets."""
        plain = self.far.unprotect_rtcp(0, self.peer.recv(1500))
        assert plain is not None
        found = rtcp.parse(plain)
        assert found is not None
        return found

    def rtp_comes(self, *numbers: int) -> None:
        for number in numbers:
            sequence, timestamp = np.array([number], np.uint16), np.array([160 * number], np.uint32)
            ssrc, timed = np.array([THEIRS], np.uint32), np.array([True])
            self.reporting.reception.note(np.array([ROW]), sequence, timestamp, ssrc, timed, np.array([self.now]))

    def rtp_goes(self, count: int) -> None:
        for number in range(count):
            row = np.array([ROW])
            self.reporting.sending(row, np.array([160 * number], np.uint32), np.array([160]))


@pytest.fixture
def houses() -> Iterator[list[House]]:
    made: list[House] = []
    yield made
    for house in made:
        house.peer.close()
        for row in list(house.reporting._ways):
            house.reporting.close(row, 0, 40.0, house.now)
        house.reporting._poll.close()


@pytest.fixture(params=[False, True], ids=["plain", "sealed"])
def house(request: pytest.FixtureRequest, houses: list[House]) -> House:
    houses.append(House(keys=request.param))
    return houses[0]


def report(*blocks: Block, sent: Sent | None = None, ssrc: int = THEIRS, leaves: bool = False) -> bytes:
    return rtcp.build(ssrc, sent, blocks, "phone", leaves)


def on_us(**what: int) -> Block:
    return replace(Block(OURS, 0.0, 0, 5, 0, 0, 0), **what)


def test_what_was_sent_and_received_is_reported(house: House) -> None:
    house.rtp_goes(50)
    house.rtp_comes(1, 2, 4)
    house.pass_time(2.6)
    found = house.heard()
    assert found.ssrc == OURS and found.sent is not None
    assert (found.sent.packets, found.sent.octets, found.sent.timestamp) == (50, 8000, 160 * 49)
    (block,) = found.blocks
    assert (block.ssrc, block.lost, block.highest, block.fraction) == (THEIRS, 1, 4, 0.25)


def test_who_sends_nothing_reports_as_a_receiver_and_at_the_rfcs_pace(house: House) -> None:
    house.pass_time(60)
    assert 6 < house.reporting.sent < 26
    found = house.heard()
    assert found.sent is None and found.blocks == ()


def test_the_peers_report_makes_the_round_trip(house: House) -> None:
    house.rtp_goes(100)
    house.pass_time(2.6)
    sent = house.heard().sent
    assert sent is not None
    house.tell(report(on_us(last_report=rtcp.middle(sent.ntp), lost=10), sent=Sent(1 << 40, 0, 1, 1)))
    quality = house.reporting.close(ROW, 3, 40.0, house.now)
    assert 0 <= quality.round_trip_ms < 5000
    assert (quality.reports, quality.lost_out, quality.late_in) == (1, 10, 3)
    last = house.heard()
    assert last.left == frozenset({OURS})


def test_a_peer_that_knows_extended_reports_is_answered_and_asked(house: House) -> None:
    """RFC 3611: it has asked; we send no sound and so could not know the round trip otherwise."""
    house.tell(rtcp.build(THEIRS, None, (), "phone", extended=[xr.reference(0x1234_5678_9ABC_DEF0)]))
    house.pass_time(2.6)
    extended = house.heard().extended
    assert extended is not None and extended.reference
    (echo,) = extended.echoes
    assert (echo.ssrc, echo.last) == (THEIRS, 0x5678_9ABC) and 2.4 < echo.delay / 65536 < 2.7
    house.tell(rtcp.build(THEIRS, None, (), "phone", extended=[xr.answer(Echo(OURS, extended.reference, 0))]))
    assert 0 <= house.reporting.close(ROW, 0, 40.0, house.now).round_trip_ms < 5000


def test_a_peer_that_does_not_is_told_nothing_that_it_does_not_know(house: House) -> None:
    house.tell(report())
    house.pass_time(2.6)
    assert house.heard().extended is None


def test_a_bye_is_counted(house: House) -> None:
    house.tell(report(leaves=True))
    assert house.reporting.counters()["rtcp_byes"] == 1


def test_reports_go_to_where_the_peers_come_from(houses: list[House]) -> None:
    house = House()
    houses.append(house)
    house.peers[ROW] = (LOOPBACK, 9)  # nobody's next port is the peer's
    house.tell(report())
    house.pass_time(2.6)
    assert house.heard().ssrc == OURS


def test_a_signalled_port_is_used(houses: list[House]) -> None:
    house = House()
    houses.append(house)
    house.peers[ROW] = (LOOPBACK, 9)
    house.reporting.agree(ROW, house.port, False, 8000, True, True, house.now)
    house.pass_time(2.6)
    assert house.heard().ssrc == OURS


def test_on_a_shared_port_reports_go_by_that(houses: list[House]) -> None:
    house = House(mux=True, keys=True)
    houses.append(house)
    house.pass_time(2.6)
    ((row, packet, to),) = house.muxed
    assert (row, to) == (ROW, house.peers[ROW])
    plain = house.far.unprotect_rtcp(0, packet)
    assert plain is not None and rtcp.parse(plain) is not None
    house.reporting.muxed(ROW, (LOOPBACK, 9), house.far.protect_rtcp(0, report(on_us())), house.now)
    house.reporting.muxed(ROW, ("127.0.0.9", 9), house.far.protect_rtcp(0, report(on_us())), house.now)
    assert (house.reporting.received, house.reporting.strangers) == (1, 1)


def test_strangers_are_not_believed(house: House) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.9", 0))
        stranger.sendto(report(on_us()), house.at)
        house.taken()
    house.rtp_comes(1)
    house.tell(report(ssrc=0x1234))  # from the right host, and of a source that we do not hear
    assert (house.reporting.received, house.reporting.strangers) == (0, 2)
    house.tell(report(on_us(), ssrc=0x1234))  # it knows ours
    assert house.reporting.received == 1


def test_hostile_octets_change_nothing(house: House) -> None:
    draw = random.Random(4)
    whole = report(on_us(), sent=Sent(1, 2, 3, 4))
    for _ in range(200):
        octets = bytearray(whole)
        for _ in range(draw.randrange(1, 6)):
            octets[draw.randrange(len(octets))] = draw.randrange(256)
        packet = bytes(octets[: draw.randrange(len(octets) + 1)])
        house.peer.sendto(packet if draw.random() < 0.5 else draw.randbytes(60), house.at)
        house.taken()
    quality = house.reporting.close(ROW, 0, 40.0, house.now)
    assert quality.mos_out == -1.0 or 1.0 <= quality.mos_out <= 4.5
    if house.srtp.rows.any():
        assert (house.reporting.received, house.srtp.refused) == (0, 200)


def test_a_taken_port_costs_the_reports_and_not_the_call(houses: list[House]) -> None:
    house = House()
    houses.append(house)
    other = Reporting(ROWS, Srtps(ROWS), house.peers.get, lambda *sent: None)
    other.open(ROW, house.rtp, OURS, 0.0)
    other.agree(ROW, 0, False, 8000, True, True, 0.0)
    list(other.tick(ROWS, 10.0))
    assert other.counters()["rtcp_unbound"] == 1 and other.sent == 0
    assert other.close(ROW, 0, 40.0, 11.0).reports == 0
    other._poll.close()


def test_a_port_that_cannot_be_watched_costs_the_reports_and_not_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, events: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    reporting = Reporting(ROWS, Srtps(ROWS), lambda row: None, lambda *sent: None)
    rtp = (LOOPBACK, free_port())
    with monkeypatch.context() as system:
        system.setattr(reporting, "_poll", SimpleNamespace(register=full))
        reporting.open(ROW, rtp, OURS, 1000.0)
    assert reporting.counters()["rtcp_unbound"] == 1
    reporting.close(ROW, 0, 0.0, 1001.0)
    reporting.open(ROW, rtp, OURS, 1002.0)
    assert reporting.counters()["rtcp_unbound"] == 1
    reporting.close(ROW, 0, 0.0, 1003.0)


def test_streams_on_one_port_are_told_apart(houses: list[House]) -> None:
    house = House()
    houses.append(house)
    house.reporting.open(3, house.rtp, 0xEE, house.now)
    house.reporting.agree(3, 0, False, 8000, True, True, house.now)
    house.peers[3] = (LOOPBACK, 9)
    house.rtp_comes(1)
    house.tell(report(on_us()))  # by its SSRC
    house.reporting.reception.forget(ROW)
    house.tell(report(on_us(), ssrc=5))  # by where it comes from
    assert house.reporting.report.count[[ROW, 3]].tolist() == [2, 0]
    house.reporting.close(3, 0, 40.0, house.now)
    assert house.at in house.reporting._ports
    house.reporting.close(ROW, 0, 40.0, house.now)
    assert not house.reporting._ports
