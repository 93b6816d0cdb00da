"""What a codec makes up for a lost packet is heard by people, and is no evidence for us."""

from __future__ import annotations

from softswitch.audio import codec, tone
from softswitch.rtp.packet import build
from tests.support.virtual_plane import START_S, VirtualPlane

OPUS = {"codec": "opus", "clock_rate": 48000, "send_type": 111, "receive_type": 111, "event_type": None, "tones": True}
LOST = 20


def test_a_frame_that_opus_made_up_has_a_turn_and_is_no_sound_of_the_peer() -> None:
    plane, coder = VirtualPlane(1), codec.make("opus", 48000, rate=16000)
    plane.open(0, **OPUS)
    for number in range(40):
        payload = coder.encode(tone.sine(500, 0.02, rate_hz=16000, start=320 * number))
        if number != LOST:
            plane.bring(0, START_S + 0.02 * number + 0.01, build(111, number, 960 * number, 7, payload))
    receiver, ticks = plane.engine._receiver, []
    for _ in range(35):
        plane.run(1)
        ticks.append((bool(receiver.present[0]), bool(receiver.heard[0])))
    plane.close()
    first = ticks.index((True, True))
    assert [tick for tick in ticks[first:] if tick != (True, True)] == [(True, False)]
    assert ticks.index((True, False)) - first == LOST
    assert not plane.engine._coders.mended
