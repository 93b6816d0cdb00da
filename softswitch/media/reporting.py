"""RTCP of the streams (RFC 3550 section 6): reports go out and come in, on the port after RTP's or on RTP's (RFC 5761).

A report is taken from the host of the stream's peer alone, and where the stream is secured only if it is rightly
sealed. Intervals are the RFC's least, 5 s on average, each drawn anew (section 6.3.1): with one peer per stream the
share of the bandwidth never asks for longer ones. What has come is dated by the kernel, so that a tick adds nothing to
the round trip.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from softswitch.media.address import Address
from softswitch.media.watch import KINDS, Happened, Watch
from softswitch.rtp import rtcp, xr
from softswitch.rtp.quality import Quality, Reception, Report, measure
from softswitch.rtp.srtp import Srtps

NAME = "softswitch"  # our CNAME: nothing of the machine is told
INTERVAL_S = 5.0
_WIDTH = 1500
_MOST_PACKETS = 4  # from one port in a tick: a flood costs less than a millisecond, and 3,200 reports a second are read
_MOST_PORTS = 16  # in a tick; the kernel gives them in turn
_SO_TIMESTAMPNS = 35  # socket(7): arrival as struct timespec beside each packet
_TIMESPEC = struct.Struct("@qq")
_EVERY_FRAMES = 5  # one frame of so many is listened to

SendMuxed = Callable[[int, bytes, Address], None]


@dataclass(slots=True)
class _Port:
    socket: socket.socket
    rows: set[int]


@dataclass(slots=True)
class _Way:
    """Where a row's reports go, and when."""

    port: Address  # ours, of RTCP
    ssrc: int = 0
    peer_port: int = 0  # signalled; 0: the one after RTP's
    mux: bool = False
    heard_from: Address | None = None  # behind a NAT it is not what was signalled
    told_packets: int = 0  # of ours, in the report before


class Reporting:
    """``peer`` tells a row's RTP peer; ``send_muxed`` sends by its RTP port."""

    def __init__(self, streams: int, srtp: Srtps, peer: Callable[[int], Address | None], send_muxed: SendMuxed) -> None:
        self.reception, self.report = Reception(streams), Report(streams)
        self.watch = Watch(streams, self.reception, self.report)
        self.malformed = self.strangers = self.received = self.byes = self.sent = self.unbound = 0
        self._packets = np.zeros(streams, np.int64)  # sent by us
        self._octets = np.zeros(streams, np.int64)  # of payload
        self._timestamp = np.zeros(streams, np.uint32)  # of the latest
        self._next_at = np.full(streams, np.inf)
        self._srtp, self._peer, self._send_muxed = srtp, peer, send_muxed
        self._poll = select.epoll()
        self._ports: dict[Address, _Port] = {}
        self._by_fd: dict[int, Address] = {}
        self._ways: dict[int, _Way] = {}
        self._frames = 0

    # ---- what control wants ------------------------------------------------------------------------------------

    def open(self, row: int, rtp: Address, ssrc: int, now: float) -> None:
        """Where the port after RTP's is taken by somebody else, the stream goes without reports; that is counted."""
        way = self._ways[row] = _Way((rtp[0], rtp[1] + 1), ssrc)
        self._next_at[row] = now + INTERVAL_S / 2
        if way.port not in self._ports:
            made = _watched(way.port, self._poll)
            if made is None:
                self.unbound += 1
                return
            self._ports[way.port] = _Port(made, set())
            self._by_fd[made.fileno()] = way.port
        self._ports[way.port].rows.add(row)

    def agree(self, row: int, peer_port: int, mux: bool, clock: int, sends: bool, receives: bool, now: float) -> None:
        """After an offer/answer."""
        way = self._ways[row]
        way.peer_port, way.mux, way.heard_from = peer_port, mux, None
        self.reception.clock[row] = clock
        self.watch.agree(row, sends, receives, now)

    def close(self, row: int, late: int, buffer_ms: float, now: float) -> Quality:
        """Say goodbye; the numbers of the stream."""
        found = measure(self.reception, self.report, row, int(self._packets[row]), late, buffer_ms)
        way = self._ways.pop(row)
        if self._packets[row] or self.report.count[row]:
            self._send(row, way, now, leaves=True)
        self._release(way.port, row)
        self._next_at[row] = np.inf
        for part in (self.reception, self.report, self.watch):
            part.forget(row)
        self._packets[row] = self._octets[row] = 0
        return found

    def _release(self, address: Address, row: int) -> None:
        port = self._ports.get(address)
        if port is None:
            return
        port.rows.discard(row)
        if not port.rows:
            self._poll.unregister(port.socket.fileno())
            del self._by_fd[port.socket.fileno()], self._ports[address]
            port.socket.close()

    # ---- the hot loop ------------------------------------------------------------------------------------------

    def sending(
        self, rows: npt.NDArray[np.int64], timestamp: npt.NDArray[np.uint32], octets: npt.NDArray[np.int64]
    ) -> None:
        """One packet of each row, with so many octets of payload, is on its way."""
        self._packets[rows] += 1
        self._octets[rows] += octets
        self._timestamp[rows] = timestamp

    def listen(self, levels: npt.NDArray[np.float32], present: npt.NDArray[np.bool_], now: float) -> None:
        """How loud the first rows are, in dBov, and of which anything has arrived: ``(n,)`` each."""
        self._frames += 1
        if self._frames % _EVERY_FRAMES == 0:
            self.watch.listen(levels, present, now)

    def tick(self, count: int, now: float) -> Iterator[Happened]:
        """Take in what came, send what is due; what happened to the first ``count`` rows."""
        for fd, _ in self._poll.poll(0, _MOST_PORTS):
            self._drain(self._ports[self._by_fd[fd]], now)
        for row in (self._next_at[:count] <= now).nonzero()[0].tolist():
            self._next_at[row] = now + INTERVAL_S * random.uniform(0.5, 1.5)
            self._send(row, self._ways[row], now)
        return self.watch.look(count, now)

    # ---- in ----------------------------------------------------------------------------------------------------

    def _drain(self, port: _Port, now: float) -> None:
        for _ in range(_MOST_PACKETS):
            try:
                packet, beside, _, source = port.socket.recvmsg(_WIDTH, 64)
            except OSError:
                return  # empty, or an ICMP answer to what we sent
            wall = time.time()
            stamps = [data for level, kind, data in beside if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS)]
            seconds, nanoseconds = _TIMESPEC.unpack_from(stamps[0]) if stamps else (wall, 0)
            row = self._row_of(port.rows, source[:2], packet)
            if row is None:
                self.strangers += 1
            else:
                came = seconds + nanoseconds / 1e9
                self._take(row, source[:2], packet, now - max(0.0, wall - came), came)

    def muxed(self, row: int, source: Address, packet: bytes, at: float) -> None:
        """What came by the RTP port, ``at`` that moment, and is RTCP (RFC 5761 section 4)."""
        peer = self._peer(row)
        if peer is None or peer[0] != source[0]:
            self.strangers += 1
        else:
            self._take(row, source, packet, at, time.time() - max(0.0, time.monotonic() - at))

    def _row_of(self, rows: set[int], source: Address, packet: bytes) -> int | None:
        """Whose report that is: streams of one port are told apart by the reporter's SSRC, or by its source."""
        mine = [row for row in rows if (peer := self._peer(row)) is not None and peer[0] == source[0]]
        if len(mine) < 2:
            return mine[0] if mine else None
        ssrc = int.from_bytes(packet[4:8], "big")
        for row in mine:
            if self.reception.started[row] and int(self.reception.ssrc[row]) == ssrc:
                return row
        return next((row for row in mine if self._goes_to(row, self._ways[row]) == source), None)

    def _take(self, row: int, source: Address, packet: bytes, at: float, unix: float) -> None:
        plain = self._srtp.unprotect_rtcp(row, packet)
        if plain is None:
            return
        compound = rtcp.parse(plain)
        if compound is None:
            self.malformed += 1
            return
        way = self._ways[row]
        other = self.reception.started[row] and compound.ssrc != int(self.reception.ssrc[row])
        if other and not any(block.ssrc == way.ssrc for block in compound.blocks):
            self.strangers += 1
            return
        self.received += 1
        self.byes += compound.ssrc in compound.left
        if not way.mux:
            way.heard_from = source
        self.report.take(row, way.ssrc, compound, at, rtcp.ntp(unix))

    # ---- out ---------------------------------------------------------------------------------------------------

    def _goes_to(self, row: int, way: _Way) -> Address | None:
        peer = self._peer(row)
        if peer is None or way.mux:
            return peer
        return way.heard_from or (peer[0], way.peer_port or peer[1] + 1)

    def _send(self, row: int, way: _Way, now: float, leaves: bool = False) -> None:
        to = self._goes_to(row, way)
        if to is None or not 0 < to[1] < 65536:
            return
        packet = self._srtp.protect_rtcp(row, self._compound(row, way, now, leaves))
        if way.mux:
            self._send_muxed(row, packet, to)
            self.sent += 1
        elif way.port in self._ports:
            with contextlib.suppress(OSError):  # one report less; the next one says it all again
                self._ports[way.port].socket.sendto(packet, to)
                self.sent += 1

    def _compound(self, row: int, way: _Way, now: float, leaves: bool) -> bytes:
        packets, sent = int(self._packets[row]), None
        if packets > way.told_packets:
            sent = rtcp.Sent(
                rtcp.ntp(time.time()), int(self._timestamp[row]), packets & 0xFFFFFFFF,
                int(self._octets[row]) & 0xFFFFFFFF,
            )  # fmt: skip
        way.told_packets = packets
        heard = bool(self.reception.started[row])
        blocks = (self.reception.block(row, *self.report.due(row, now)),) if heard else ()
        return rtcp.build(way.ssrc, sent, blocks, NAME, leaves, self._extended(row, now, sent is not None))

    def _extended(self, row: int, now: float, sends: bool) -> list[bytes]:
        """For a peer that knows extended reports: what it has asked, and a question where we send nothing."""
        echo = self.report.echo(row, now)
        asked = [] if sends or not self.report.extends[row] else [xr.reference(rtcp.ntp(time.time()))]
        return asked if echo is None else [*asked, xr.answer(echo)]

    def gauges(self) -> dict[str, float]:
        return {"streams_round_trip_known": int(np.count_nonzero(self.report.round_trip >= 0))}

    def counters(self) -> dict[str, float]:
        return {
            "rtcp_received": self.received,
            "rtcp_byes": self.byes,
            "rtcp_sent": self.sent,
            "rtcp_malformed": self.malformed,
            "rtcp_strangers": self.strangers,
            "rtcp_unbound": self.unbound,
            **{f"streams_{kind}": self.watch.happened[kind] for kind in KINDS},
        }


def _watched(address: Address, poll: select.epoll) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        made = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    except OSError:
        return None  # no file descriptor left
    try:
        made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        made.bind(address)
        poll.register(made.fileno(), select.EPOLLIN)
    except (OSError, OverflowError):
        made.close()
        return None
    return made
