"""Mutants of the torture messages and of the messages of a call: before the parser, and before the whole switch."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterator

import pytest

from softswitch.core.errors import PeerError
from softswitch.sdp.media import LocalMedia
from softswitch.sdp.negotiate import offer as sdp_offer
from softswitch.sip.flow import Flow
from softswitch.sip.framing import StreamFramer
from softswitch.sip.message import Message
from softswitch.switch.event import UnitFailed
from softswitch.switch.ports import Arrived
from tests.simnet.house import CARRIER_PORT, House
from tests.simnet.world import SWITCH, World, read
from tests.support.cpu import spent_s
from tests.support.mutation import mutants
from tests.support.reading import read as read_all
from tests.torture.manifest import rows

METHODS = ("INVITE", "UPDATE", "PRACK", "INFO", "OPTIONS", "REFER", "NOTIFY", "BYE", "CANCEL")
DESCRIPTION = sdp_offer(LocalMedia(("127.0.0.1", 6000)))
COUNT = 20_000
BATCH = 250  # mutants in one virtual second
STRANGERS = [("127.0.0.1", 7000 + number) for number in range(50)]
TRUNK = ("127.0.0.1", CARRIER_PORT)
CORPUS = [row.data for row in rows()]

needs_corpus = pytest.mark.skipif(not CORPUS, reason="the torture messages are not here")


@needs_corpus
def test_mutants_are_messages_or_a_peers_fault() -> None:
    good = 0
    for number, data in enumerate(itertools.islice(mutants(CORPUS, 3261), COUNT)):
        try:
            good += read_all(data) is not None
        except Exception as error:
            raise AssertionError(f"mutant {number}: {data!r}") from error
    assert good > COUNT / 10  # or it is the mutator that is broken


@needs_corpus
@pytest.mark.parametrize("remote", ["stranger", "trunk"])
def test_mutants_leave_nothing_in_the_switch(remote: str) -> None:
    house = House(login=False, policies=())
    heard(house.world)
    throw(house.world, mutants(CORPUS, 4475), COUNT // 10, STRANGERS if remote == "stranger" else [TRUNK])
    nothing_is_left(house.world)


def test_mutants_in_a_call_leave_nothing_in_the_switch() -> None:
    """What a carrier says in a call, said wrong while it lasts: the same dialog, the same transactions."""
    house = House(policies=())
    sent = heard(house.world)
    for seed in range(8):
        sent.clear()
        house.carrier.call("8000")
        house.world.run(2.0)
        invite = next(data for data in sent if data.startswith(b"INVITE "))
        ack = next(data for data in sent if data.startswith(b"ACK "))
        inside = [within(ack, method, number) for number, method in enumerate(METHODS)]
        throw(house.world, mutants([invite, ack, *inside], seed), COUNT // 80, [TRUNK])
        for call in house.carrier.talking:  # whom no mutant of a BYE has cut off
            house.carrier.hang_up(call)
    nothing_is_left(house.world)


def heard(world: World) -> list[bytes]:
    """What the trunk will have sent. An answer that quotes what nobody can read does not arrive, or is dropped."""
    carry, sent = world.carry, []
    listening = world.peers.get(TRUNK)

    def listens(message: Message, flow: Flow) -> None:
        with contextlib.suppress(PeerError):
            assert listening is not None
            listening(message, flow)

    def noted(data: bytes, source: tuple[str, int], destination: tuple[str, int]) -> None:
        if source == TRUNK:
            sent.append(data)
        if isinstance(read(data, Flow("udp", destination, source)), Arrived):
            carry(data, source, destination)

    world.carry = noted  # type: ignore[method-assign]
    if listening is not None:
        world.peers[TRUNK] = listens
    return sent


def within(ack: bytes, method: str, number: int) -> bytes:
    """Another request of the same dialog."""
    name = method.encode()
    other = ack.replace(b"ACK sip:", name + b" sip:", 1).replace(b" ACK\r\n", b" " + name + b"\r\n", 1)
    other = re.sub(rb"CSeq: \d+", b"CSeq: %d" % (number + 10), other)
    other = other.replace(b"branch=z9hG4bK", b"branch=z9hG4bK%d" % number, 1)
    body = DESCRIPTION if method in ("INVITE", "UPDATE", "PRACK") else b""
    lines = b"Contact: <sip:c@127.0.0.1:5090>\r\nRefer-To: <sip:1002@h>\r\nRAck: 1 1 INVITE\r\nEvent: refer\r\n"
    return other.replace(b"Content-Length: 0\r\n\r\n", lines + b"Content-Type: application/sdp\r\n\r\n" + body)


def throw(world: World, source: Iterator[bytes], count: int, remotes: list[tuple[str, int]]) -> None:
    for number, data in enumerate(itertools.islice(source, count)):
        remote = remotes[number % len(remotes)]
        world.feed(read(data, Flow("udp", SWITCH, remote)))
        assert not world.facts(UnitFailed), data
        if number % BATCH == BATCH - 1:
            world.run(1.0)


def nothing_is_left(world: World) -> None:
    world.run(300.0)
    switch = world.switch
    assert not world.facts(UnitFailed)
    assert (len(switch.endpoint), len(switch.calls.legs), len(switch.calls.contacts)) == (0, 0, 0)
    assert not world.media.streams


# ---- time ------------------------------------------------------------------------------------------------------

HEAD = (
    b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1%b\r\nFrom: %b<sip:a@h%b>;tag=1%b\r\n"
    b"To: <sip:b@h>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContact: %b\r\n%b\r\n"
)
UNITS = [
    b" ", b"\t", b" \t", b"\r\n ", b" \r\n\t", b'"', b'\\"', b'"\\', b'""', b",", b", ", b'","', b"<", b">", b"<>",
    b"<,", b";", b";a", b';a="', b';a=";"', b"=", b"a=", b"@", b":", b"?", b"%", b"%41", b"&", b"[", b"]", b"[:",
    b"<sip:a@b>,", b'"a" <sip:a@b>;q=1,', b"SIP/2.0/UDP h,", b"SIP / 2.0 / UDP h ,", b"\xff", b"\xe4\xb8\x89",
    b"(", b"()", b"\\", b"a", b"1", b".", b"-", b"+",
]  # fmt: skip
PLACES = range(6)


def bomb(unit: bytes, place: int, size: int) -> bytes:
    fill = [b"", b"", b"", b"", b"<sip:a@b>", b""]
    piece = unit * (size // len(unit))
    fill[place] = b"X: " + piece + b"\r\n" if place == 5 else piece
    return HEAD % tuple(fill)


@pytest.mark.parametrize("place", PLACES)
def test_the_time_to_read_grows_with_the_size_and_no_faster(place: int) -> None:
    """30 kB of anything, at any place, take milliseconds; what is quadratic takes a second."""
    for unit in UNITS:
        data = bomb(unit, place, 30_000)
        assert spent_s(lambda data=data: read_all(data)) < 0.3, unit  # type: ignore[misc]


@pytest.mark.parametrize(
    "line", [b"Via: SIP/2.0/UDP h\r\n", b"X: 1\r\n", b"a:\r\n", b"Contact: *\r\n", b"l: 0\r\n", b"\r\n"]
)
def test_header_bombs_cost_what_they_weigh(line: bytes) -> None:
    def reading(size: int) -> Callable[[], object]:
        return lambda: read_all(HEAD % (b"", b"", b"", b"", b"*", line * (size // len(line))))

    assert spent_s(reading(64_000)) < 0.3


@pytest.mark.parametrize("piece", [b"x", b"\r", b"\n", b"\r\n", b"a:b\r\n", b"l: 1\r\n ", b"\r\n\r"])
def test_a_stream_in_small_pieces_costs_what_it_weighs(piece: bytes) -> None:
    def feeding(size: int) -> Callable[[], object]:
        def feed() -> None:
            framer = StreamFramer()
            for _ in range(size // len(piece)):
                try:
                    framer.feed(piece)
                except PeerError:
                    return

        return feed

    assert spent_s(feeding(60_000)) < 1.0


NAMES = (
    b"Authorization", b"Accept", b"Require", b"Supported", b"Content-Type", b"Content-Disposition", b"Record-Route",
    b"P-Asserted-Identity", b"Privacy", b"Diversion", b"History-Info", b"Session-Expires", b"Replaces", b"Refer-To",
    b"Referred-By", b"Event", b"Reason", b"User-to-User", b"Path", b"User-Agent",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_header_of_twenty_kilobytes_holds_the_switch_up_for_milliseconds(name: bytes) -> None:
    """From a trunk, whose requests are read whole."""
    house = House(login=False, policies=())
    heard(house.world)
    for number, unit in enumerate(UNITS[NAMES.index(name) % 4 :: 4]):
        lines = b"%b: %b\r\nCall-ID: bomb-%d" % (name, unit * (20_000 // len(unit)), number)
        data = (HEAD % (b"%d" % number, b"", b"", b"", b"<sip:a@b>", b"")).replace(b"Call-ID: x", lines)
        event = read(data, Flow("udp", SWITCH, TRUNK))
        assert spent_s(lambda event=event: house.world.feed(event), times=1) < 0.5, unit  # type: ignore[misc]
    assert not house.world.facts(UnitFailed)
