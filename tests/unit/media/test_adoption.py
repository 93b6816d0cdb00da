"""A new control says again what the last one wanted: not an octet of what the peers are sent changes for that.

The same minute is played twice to the same engine, but for the second time everything is said again in the middle.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from softswitch.audio import FRAME, g711, tone
from softswitch.media import protocol as p
from softswitch.rtp.packet import HEADER, build
from softswitch.rtp.srtp import Srtps
from softswitch.sdp.crypto import SUITES, Srtp
from tests.support.virtual_plane import HOUSE, PEER, START_S, Packet, VirtualPlane

TICKS = 100
SUITE = "AES_CM_128_HMAC_SHA1_80"
OURS, THEIRS = bytes(SUITES[SUITE]), b"\x01" * SUITES[SUITE]
NAT = ("192.0.2.2", 61000)  # where the second one really comes from


def seal(far: Srtps, packet: bytes) -> bytes:
    table = np.zeros((1, 256), np.uint8)
    table[0, : len(packet)] = np.frombuffer(packet, np.uint8)
    lengths = np.array([len(packet)])
    far.protect(table, lengths, np.array([0]))
    return table[0, : lengths[0]].tobytes()


def bring(plane: VirtualPlane) -> None:
    """All that the peers say: one secured, one from behind a NAT, both with a sequence number that wraps."""
    far = Srtps(1)
    far.agree(0, Srtp(SUITE, THEIRS, OURS))
    for tick in range(TICKS):
        at, sequence = START_S + 0.02 * tick + 0.001, (65_500 + tick) % 65536
        for number, hz in enumerate((440, 1000)):
            sound = g711.encode(tone.sine(hz, 0.02, start=tick * FRAME), g711.MU).tobytes()
            packet = build(0, sequence, tick * FRAME, number + 1, sound)
            if number == 0:
                plane.bring(0, at, seal(far, packet))
            else:
                plane.sockets.bring(at, 1, NAT, packet)


class Call:
    def __init__(self, directory: Path) -> None:
        self.plane = VirtualPlane(4)
        self.connects = [self._connect(0, p.Keys(SUITE, OURS, THEIRS)), self._connect(1, None)]
        self.record = p.Record("rec", str(directory / "rec.wav"), "s0", "s1")

    def _connect(self, number: int, keys: p.Keys | None) -> p.Connect:
        return p.Connect(f"s{number}", 1, PEER, 10000 + number, PEER, "PCMU", 0, 0, 101, "sendrecv", keys)

    def say(self, latch: bool) -> None:
        for number, connect in enumerate(self.connects):
            self.plane.obey(p.Open(f"s{number}", HOUSE, 20000 + 2 * number))
            self.plane.obey(connect)
            if latch:
                self.plane.obey(p.Latch(f"s{number}", 1, PEER, 10000 + number))  # of old: before the NAT was learnt
            self.plane.obey(p.Join("room", f"s{number}"))
        self.plane.obey(self.record)

    def run(self, again: bool) -> list[Packet]:
        plane = self.plane
        self.say(latch=False)
        plane.obey(p.Open("forgotten", HOUSE, 20008))
        bring(plane)
        plane.run(TICKS // 2)
        plane.told.clear()
        if again:
            self.say(latch=True)
        plane.engine.settle({"s0", "s1"}, {"rec"})
        plane.run(TICKS // 2)
        plane.close()
        return plane.sockets.sent


def numbers(packets: list[Packet], port: int) -> list[tuple[int, int, bytes]]:
    """Sequence numbers and timestamps, from 0, and SSRC of the voice."""
    voice = [one for one in packets if one.port == port and one.kind == 0]
    first = voice[0]
    return [
        (
            (int.from_bytes(one.octets[2:4]) - int.from_bytes(first.octets[2:4])) % 65536,
            (one.timestamp - first.timestamp) % 2**32,
            one.octets[8:HEADER],
        )
        for one in voice
    ]


def test_nothing_changes_for_the_peers(tmp_path: Path) -> None:
    one, other = Call(tmp_path / "one"), Call(tmp_path / "other")
    plain, adopted = one.run(again=False), other.run(again=True)
    for port in (0, 1):
        counted = numbers(adopted, port)
        assert [count[0] for count in counted] == list(range(TICKS))
        assert [count[1] for count in counted] == list(range(0, TICKS * FRAME, FRAME))
        assert len({count[2] for count in counted}) == 1
    for packets in (plain, adopted):
        assert len(packets) > 2 * TICKS - 5
    assert [one.payload for one in plain if one.port == 1 and one.kind == 0] == [
        one.payload for one in adopted if one.port == 1 and one.kind == 0
    ]
    sizes = [(path / "rec.wav").stat().st_size for path in (tmp_path / "one", tmp_path / "other")]
    assert sizes[0] == sizes[1]
    assert not (tmp_path / "other" / "rec.2.wav").exists()


def test_who_is_latched_is_told_again_and_what_was_not_named_is_closed(tmp_path: Path) -> None:
    call = Call(tmp_path)
    call.run(again=True)
    told = [event for _, event in call.plane.told]
    assert [event for event in told if isinstance(event, p.Latched)] == [
        p.Latched("s0", 1, PEER, 10000),
        p.Latched("s1", 1, *NAT),  # what the process knows, not what the memory knew
    ]
    ended = [event.stream for event in told if isinstance(event, p.StreamEnded)]
    assert ended[0] == "forgotten"
    assert not [event for event in told if isinstance(event, p.RecordError | p.OpenFailed)]


@pytest.mark.parametrize("missing", ["s1", "rec"])
def test_what_is_not_named_ends_alone(tmp_path: Path, missing: str) -> None:
    call = Call(tmp_path)
    call.say(latch=False)
    bring(call.plane)
    call.plane.run(10)
    call.plane.engine.settle({"s0", "s1"} - {missing}, {"rec"} - {missing})
    gauges = call.plane.engine.gauges()
    assert (gauges["streams"], gauges["recordings"]) == ((1, 1) if missing == "s1" else (2, 0))
    call.plane.close()
