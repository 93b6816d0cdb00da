"""A box between one phone and the switch, for SIP over UDP and for its RTP: a bad network, a NAT, a witness.

The phone takes it for the switch: addresses of the switch in what comes from there are replaced by the box's own, and
the phone's by another one of the box, so that the two never meet. Behind a ``nat`` the phone says where it would be in
its own network, where nobody can reach it, and its packets come from an address that nobody was told. RTP passes ``up``
(to the switch) and ``down`` along a ``Road`` each, and is written down as it came in; RTCP passes as it is. One call at
a time is kept: a new one begins with new ports and an empty book.
"""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple

from tests.support import ports
from tests.support.impairment import Road

Address = tuple[str, int]
_AUDIO = re.compile(rb"(?m)^m=audio ([0-9]+) ")
_HOST = re.compile(rb"(?m)^c=IN IP4 [0-9.]+")
_PRIVATE = b"127.0.0.77"  # nobody is there
_RTCP = re.compile(rb"(?m)^a=rtcp:[^\r\n]*\r\n")  # it goes by the port after RTP's
_LENGTH = re.compile(rb"(?mi)^(Content-Length|l)[ \t]*:[^\r\n]*")
_CALL = re.compile(rb"(?mi)^(?:Call-ID|i)[ \t]*:[ \t]*([^\r\n]+)")
_PTIME = re.compile(rb"(?m)^a=ptime:[0-9]+")


class Passed(NamedTuple):
    at: float  # monotonic s
    octets: bytes


class _Way:
    """A pair of ports, of RTP and RTCP, and to whom they lead."""

    def __init__(self, host: str, first: int, came: Callable[[int, bytes], None]) -> None:
        self.to: Address | None = None  # its RTP address
        self.port = first
        self._sockets = [_bound(host, first + kind) for kind in (0, 1)]
        for kind, one in enumerate(self._sockets):
            _read(one, lambda octets, _, kind=kind: came(kind, octets))

    def send(self, kind: int, octets: bytes) -> None:
        if self.to is not None and self._sockets:
            self._sockets[kind].sendto(octets, (self.to[0], self.to[1] + kind))

    def close(self) -> None:
        for one in self._sockets:
            _unread(one)
        self._sockets = []


class Middlebox:
    """``with Middlebox(switch.sip) as box:`` the phone registers at ``box.at`` as if that were the switch."""

    def __init__(self, switch: Address, *, nat: bool = False, seed: int = 1) -> None:
        self.at = (ports.LOOPBACK, ports.free_port())
        self.up, self.down = Road(seed), Road(seed + 1)
        self.went_up: list[Passed] = []  # RTP, in order
        self.went_down: list[Passed] = []
        self.arrived_up: list[Passed] = []  # as they left for the switch, after whatever the road did
        self.answers = 0  # descriptions that came from the switch
        self.said_ptime_ms = 0  # what the phone is told of the packets that the switch would like; 0: the truth
        self.other_source = 0  # is added to SSRC, sequence numbers and timestamps of the phone
        self.filter: Callable[[bytes], bytes] | None = None  # of what the phone sends as SIP
        self._switch = switch
        self._nat = nat
        self._outer = "127.0.0.9" if nat else ports.LOOPBACK
        self._ports = ports.claim(60)
        self._next = 0
        self._phone: Address | None = None
        self._call = b""
        self._ways: tuple[_Way, _Way] | None = None  # towards the phone, towards the switch
        self._inner_sip = _bound(*self.at)
        self._outer_sip = _bound(self._outer, ports.free_port())

    def __enter__(self) -> Middlebox:
        _read(self._inner_sip, self._from_phone)
        _read(self._outer_sip, self._from_switch)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _unread(self._inner_sip)
        _unread(self._outer_sip)
        self._close_ways()
        ports.release(self._ports)

    def forget(self) -> None:
        """The book is empty, from now on it is written anew."""
        self.went_up, self.went_down, self.arrived_up = [], [], []

    def rebind(self) -> None:
        """As a NAT that has lost its table: what the phone sends comes from other ports, what is sent to those that
        it had goes nowhere."""
        assert self._ways is not None
        inner, outer = self._ways
        outer.close()
        self._ways = inner, self._outwards(outer.to)

    def inject(self, octets: bytes) -> None:
        """Send the switch something as from the phone."""
        assert self._ways is not None
        self._ways[1].send(0, octets)

    @property
    def outer(self) -> Address:
        """From where the phone's RTP comes, for the switch."""
        assert self._ways is not None
        return self._outer, self._ways[1].port

    @property
    def to(self) -> Address:
        """The port of the switch."""
        assert self._ways is not None and self._ways[1].to is not None
        return self._ways[1].to

    # ---- SIP ---------------------------------------------------------------------------------------------------

    def _from_phone(self, octets: bytes, source: Address) -> None:
        self._phone = source
        if octets.startswith(b"SIP/2.0"):  # requests are signed as they are (digest), and read by their dialog
            octets = octets.replace(_text(self.at), _text(self._switch))
        octets = octets.replace(_text(source), _text(self._outer_sip.getsockname()))
        octets = self.filter(octets) if self.filter else octets
        self._outer_sip.sendto(self._described(octets, True), self._switch)

    def _from_switch(self, octets: bytes, _: Address) -> None:
        if self._phone is not None:
            octets = octets.replace(_text(self._switch), _text(self.at))
            octets = octets.replace(_text(self._outer_sip.getsockname()), _text(self._phone))
            self._inner_sip.sendto(self._described(octets, False), self._phone)

    def _described(self, octets: bytes, by_phone: bool) -> bytes:
        """With the addresses of a session description replaced."""
        head, blank, body = octets.partition(b"\r\n\r\n")
        port = _AUDIO.search(body)
        call = _CALL.search(head)
        if port is None or call is None or port[1] == b"0":
            return octets
        if call[1] != self._call or self._ways is None:
            self._begin(call[1])
        assert self._ways is not None
        inner, outer = self._ways
        theirs, ours = (inner, outer) if by_phone else (outer, inner)
        if by_phone and theirs.to not in (None, (ports.LOOPBACK, int(port[1]))):
            self.rebind()  # another port inside is another one outside
            inner, ours = self._ways
        theirs.to = (ports.LOOPBACK, int(port[1]))
        body = _RTCP.sub(b"", body)
        if by_phone and self._nat:
            body = _HOST.sub(b"c=IN IP4 " + _PRIVATE, body)
        else:
            body = _AUDIO.sub(b"m=audio %d " % ours.port, body)
        self.answers += not by_phone
        if not by_phone and self.said_ptime_ms:
            body = _PTIME.sub(b"a=ptime:%d" % self.said_ptime_ms, body)
        return _LENGTH.sub(b"Content-Length: %d" % len(body), head) + blank + body

    # ---- RTP ---------------------------------------------------------------------------------------------------

    def _begin(self, call: bytes) -> None:
        self._close_ways()
        self._call = call
        self.forget()
        inner = _Way(ports.LOOPBACK, self._fresh(), self._rises)
        self._ways = inner, self._outwards(None)

    def _outwards(self, to: Address | None) -> _Way:
        outer = _Way(self._outer, self._fresh(), self._falls)
        outer.to = to
        return outer

    def _fresh(self) -> int:
        """The first of two ports; those that were closed longest ago come again."""
        self._next = (self._next + 2) % len(self._ports)
        return self._ports[self._next]

    def _close_ways(self) -> None:
        for way in self._ways or ():
            way.close()

    def _rises(self, kind: int, octets: bytes) -> None:
        assert self._ways is not None
        if kind:
            self._ways[1].send(kind, octets)
            return
        self.went_up.append(Passed(time.monotonic(), octets))
        self._pass(self.up, 1, self._renamed(octets) if self.other_source else octets)

    def _falls(self, kind: int, octets: bytes) -> None:
        assert self._ways is not None
        if kind:
            self._ways[0].send(kind, octets)
            return
        self.went_down.append(Passed(time.monotonic(), octets))
        self._pass(self.down, 0, octets)

    def _pass(self, road: Road, towards: int, octets: bytes) -> None:
        for delay in road.delays():
            if delay:
                asyncio.get_running_loop().call_later(delay, self._arrives, towards, octets)
            else:
                self._arrives(towards, octets)

    def _arrives(self, towards: int, octets: bytes) -> None:
        if self._ways is None:
            return
        if towards:
            self.arrived_up.append(Passed(time.monotonic(), octets))
        self._ways[towards].send(0, octets)

    def _renamed(self, octets: bytes) -> bytes:
        sequence, stamp, ssrc = (int.from_bytes(octets[a:b], "big") for a, b in ((2, 4), (4, 8), (8, 12)))
        more = self.other_source
        fields = ((sequence + more & 0xFFFF, 2), (stamp + more & 0xFFFFFFFF, 4), (ssrc + more & 0xFFFFFFFF, 4))
        return octets[:2] + b"".join(value.to_bytes(size, "big") for value, size in fields) + octets[12:]


def _text(address: Address) -> bytes:
    return f"{address[0]}:{address[1]}".encode()


def _bound(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind((host, port))
    return made


def _read(one: socket.socket, came: Callable[[bytes, Address], None]) -> None:
    def ready() -> None:
        while True:
            try:
                octets, source = one.recvfrom(4096)
            except OSError:
                return  # empty, or an ICMP answer to what we sent
            came(octets, source)

    asyncio.get_running_loop().add_reader(one.fileno(), ready)


def _unread(one: socket.socket) -> None:
    asyncio.get_running_loop().remove_reader(one.fileno())
    one.close()
