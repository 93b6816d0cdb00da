"""What happens to the sound of a stream, told by the whole engine: with a virtual clock, so that 20 s cost nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from softswitch.audio import FRAME, g711, tone
from softswitch.media import protocol as p
from softswitch.rtp import rtcp
from softswitch.rtp.packet import build
from tests.support.virtual_plane import VirtualPlane

SILENT, LOUD = b"\xff" * FRAME, g711.encode(tone.sine(500, 0.02), g711.MU).tobytes()
THEIRS = 7


class Call:
    """One stream; its reports come by its RTP port."""

    def __init__(self) -> None:
        self.plane = VirtualPlane(2)
        self.plane.open(0, rtcp_mux=True)
        self._sent = 0

    def run(self, seconds: float, says: bytes | None = None, hears: int | None = None) -> list[str]:
        """What was told in this time. ``hears``: the peer reports each 2 s, so many packets more each time."""
        self.plane.told.clear()
        for tick in range(round(seconds * 50)):
            at = self.plane.now + 0.02 * tick + 0.01
            if says is not None:
                self._sent += 1
                self.plane.bring(0, at, build(0, self._sent, self._sent * FRAME, THEIRS, says))
            if hears is not None and tick % 100 == 99:
                self.plane.bring(0, at, self._report(hears * (tick // 100 + 1)))
        self.plane.run(round(seconds * 50))
        events = [event for _, event in self.plane.told if isinstance(event, p.StreamEvent)]
        return [event.kind for event in events]

    def _report(self, highest: int) -> bytes:
        ours = self.plane.engine._sender.ssrc(0)
        return rtcp.build(THEIRS, None, (rtcp.Block(ours, 0.0, 0, highest, 0, 0, 0),), "phone")


@pytest.fixture
def call() -> Iterator[Call]:
    made = Call()
    yield made
    made.plane.close()


def test_nothing_comes_and_then_it_does(call: Call) -> None:
    assert call.run(4.0) == []
    assert call.run(3.0) == ["no_media"]
    assert call.run(2.0, LOUD) == ["first_packet", "resumed"]
    assert call.run(7.0) == ["no_media"]


def test_a_peer_that_sends_silence_is_told_of_once(call: Call) -> None:
    assert call.run(15.0, SILENT) == ["first_packet"]
    assert call.run(10.0, SILENT) == ["silence"]
    assert call.run(3.0, LOUD) == []


def test_we_are_heard_and_hear_nothing(call: Call) -> None:
    assert call.run(2.0, LOUD, 100) == ["first_packet"]
    assert call.run(8.0, None, 100) == ["one_way"]
    assert call.run(3.0, LOUD, 100) == ["resumed"]


def test_we_hear_and_are_not_heard(call: Call) -> None:
    assert call.run(10.0, LOUD, 0) == ["first_packet"]
    assert call.run(6.0, LOUD, 0) == ["one_way"]
    assert call.run(4.0, LOUD, 1000) == ["resumed"]
