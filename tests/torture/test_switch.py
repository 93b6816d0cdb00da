"""The torture messages before the whole switch, in datagrams and on streams, from a stranger and from a trunk.

Judged by what comes back: a status that serves or refuses for what is asked counts as "accept". After each message the
next OPTIONS is answered, and when the timers have run nothing is left of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from softswitch.sip.flow import Flow
from softswitch.sip.framing import StreamFramer
from softswitch.sip.message import Message, ParseError, Request, Response, render
from softswitch.switch.event import UnitFailed
from softswitch.switch.ports import Arrived, Malformed
from tests.simnet.house import CARRIER_PORT, configuration
from tests.simnet.world import SWITCH, World, read
from tests.torture.manifest import Row, rows

ROWS = rows()
STRANGER = ("127.0.0.1", 7777)
TRUNK = ("127.0.0.1", CARRIER_PORT)
OPTIONS = (
    b"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:7777;branch=z9hG4bKafter;rport\r\n"
    b"From: <sip:after@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: after\r\nCSeq: 1 OPTIONS\r\n"
    b"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)

pytestmark = pytest.mark.skipif(not ROWS, reason="the torture messages are not here")


@dataclass
class Peer:
    """Sends octets to a switch of its own and hears what comes back."""

    remote: tuple[str, int]
    transport: str
    heard: list[Message] = field(default_factory=list)
    broken: bool = False

    def __post_init__(self) -> None:
        self.world = World(configuration(policies=()))
        self.world.send = self.hear  # type: ignore[method-assign]

    def hear(self, message: Message, flow: Flow) -> None:
        """Unparsed: what is copied from a message that cannot be read can be read by nobody."""
        assert render(message).endswith(b"\r\n\r\n" + message.body)
        self.heard.append(message)

    def send(self, data: bytes) -> None:
        if self.transport == "udp":
            self.world.feed(read(data, Flow("udp", SWITCH, self.remote)))
        else:
            framer, flow = StreamFramer(), Flow("tcp", SWITCH, self.remote, 1)
            for item in framer.feed(data):
                error = isinstance(item, ParseError)
                self.world.feed(Malformed(item, flow) if error else Arrived(item, flow))  # type: ignore[arg-type]
            self.broken = framer.broken
        self.world.run(1.0)

    def answers(self, call_id: str = "") -> list[Response]:
        found = [message for message in self.heard if isinstance(message, Response)]
        return [message for message in found if not call_id or message.headers.get("Call-ID") == call_id]


def verdicts(peer: Peer) -> set[str]:
    """What became of the message: the first final answer (or that one is on its way), closed, or nothing."""
    answers = peer.answers()
    found = {str(answer.status) for answer in answers if answer.status >= 200}
    found = found or {"accept" for _ in answers}
    if peer.broken:
        found.add("close")
    return found or {"drop"}


@pytest.mark.parametrize("remote", [STRANGER, TRUNK], ids=["stranger", "trunk"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_message_is_judged_as_its_rfc_says(row: Row, transport: str, remote: tuple[str, int]) -> None:
    peer = Peer(remote, transport)
    peer.send(row.data)
    wanted = row.datagram if transport == "udp" else row.stream
    found = verdicts(peer)
    assert any(row.right(verdict, wanted) for verdict in found), (found, wanted, row.note)
    for answer in peer.answers():
        if answer.status in (406, 415, 420):
            assert all(name in answer.headers for name in row.headers), row.note

    peer.send(OPTIONS)
    assert [answer.status for answer in peer.answers("after")] == [200]
    peer.world.run(200.0)
    assert not peer.world.facts(UnitFailed)
    switch = peer.world.switch
    assert (len(switch.endpoint), len(switch.calls.legs), len(switch.calls.contacts)) == (0, 0, 0)


def test_octets_behind_a_datagrams_message_are_noise() -> None:
    peer = Peer(STRANGER, "udp")
    peer.send(next(row.data for row in ROWS if row.name == "dblreq"))
    assert {answer.cseq.method for answer in peer.answers()} == {"REGISTER"}


def test_a_request_that_nobody_understands_registers_nobody() -> None:
    peer = Peer(STRANGER, "udp")
    peer.send(next(row.data for row in ROWS if row.name == "esc02"))
    assert [answer.status for answer in peer.answers()] == [501]
    assert not peer.world.switch.registrar.bindings()


def test_only_answers_leave_the_switch() -> None:
    """No response of a stranger is sent on, to a broadcast address or anywhere else."""
    peer = Peer(STRANGER, "udp")
    for row in ROWS:
        peer.send(row.data)
    assert not [message for message in peer.heard if isinstance(message, Request)]


def test_the_answer_to_what_cannot_be_read_says_where_it_came_from() -> None:
    """Section 18.2.1, RFC 3581: as of any other request."""
    peer = Peer(STRANGER, "udp")
    peer.send(OPTIONS.replace(b"CSeq: 1 OPTIONS", b"CSeq: 1 BYE"))
    (answer,) = peer.answers()
    assert (answer.status, answer.via.received, answer.via.port) == (400, "127.0.0.1", 7777)
    assert dict(answer.via.params)["rport"] == "7777"
