"""Streams of the engine whose codec is not G.711, over real sockets: what is heard, what is sent, what lies between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from softswitch.audio import FRAME, codec, g711
from softswitch.audio.tone import sine, strength
from softswitch.media import protocol as p
from softswitch.media.engine import Engine, EngineSettings
from tests.support import media_peer
from tests.support.media_peer import NAMES

HZ = 600
_OPEN: list[media_peer.Peer] = []


def Peer(*given: Any, **named: Any) -> media_peer.Peer:
    _OPEN.append(media_peer.Peer(*given, **named))
    return _OPEN[-1]


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(EngineSettings(streams=8), {}, lambda event: None)
    yield made
    made.close()
    while _OPEN:
        _OPEN.pop().close()


def talk(engine: Engine, speaker: media_peer.Peer, *listeners: media_peer.Peer, ticks: int = 50) -> None:
    tone = sine(HZ, ticks * 0.02).reshape(-1, FRAME)
    for frame in tone:
        speaker.says(frame)
        engine.tick(1)
        for peer in (speaker, *listeners):
            peer.collect()


@pytest.mark.parametrize("said", list(NAMES))
@pytest.mark.parametrize("heard", list(NAMES))
def test_whatever_is_spoken_is_heard_in_the_listener_s_codec(engine: Engine, said: str, heard: str) -> None:
    speaker, listener = Peer(engine, "a", said), Peer(engine, "b", heard)
    talk(engine, speaker, listener)
    settled = listener.hears()[4000:]
    assert len(settled) == 4000 and strength(settled, HZ) == pytest.approx(0.3, rel=0.15)
    assert engine.gauges()["streams_coded"] == (said != "PCMU") + (heard != "PCMU")
    assert engine.counters()["codec_undecodable"] == 0


@pytest.mark.parametrize("name", ["G722", "opus", "L16"])
def test_every_codec_goes_with_keys(engine: Engine, name: str) -> None:
    speaker, listener = Peer(engine, "a", name, secured=True), Peer(engine, "b", name, 10, secured=True)
    talk(engine, speaker, listener)
    assert strength(listener.hears()[4000:], HZ) == pytest.approx(0.3, rel=0.15)
    assert engine.gauges()["streams_secured"] == 2 and engine.counters()["srtp_refused"] == 0


@pytest.mark.parametrize("name", ["PCMU", "G722", "opus", "L16"])
@pytest.mark.parametrize(("ptime_ms", "packets"), [(10, 100), (20, 50), (40, 25), (60, 16)])
def test_packets_are_as_long_as_agreed_and_on_the_codec_s_clock(
    engine: Engine, name: str, ptime_ms: int, packets: int
) -> None:
    listener = Peer(engine, "b", name, ptime_ms)
    talk(engine, Peer(engine, "a", "PCMU"), listener)
    if name == "L16" and ptime_ms == 60:
        ptime_ms, packets = 40, 25  # longer ones would be cut on the way
    assert len(listener.packets) == packets
    sequences, times = zip(
        *((int.from_bytes(one[2:4], "big"), int.from_bytes(one[4:8], "big")) for one in listener.packets), strict=True
    )
    assert {(b - a) & 0xFFFF for a, b in pairwise(sequences)} == {1}
    assert {(b - a) & 0xFFFFFFFF for a, b in pairwise(times)} == {listener.clock * ptime_ms // 1000}
    assert strength(listener.hears()[4000:], HZ) == pytest.approx(0.3, rel=0.15)


def test_packets_of_30_ms_are_heard_and_sent(engine: Engine) -> None:
    speaker, listener = Peer(engine, "a", "PCMU"), Peer(engine, "b", "PCMU", 30)
    talk(engine, speaker, listener, ticks=30)
    assert {len(packet) for packet in listener.packets} == {12 + 240} and len(listener.packets) == 20
    tone = sine(HZ, 1.2).reshape(-1, 240)
    for number in range(60):
        if number % 3 != 1:
            listener.send(g711.encode(tone[number - (number + 1) // 3], g711.MU).tobytes(), samples_ms=30)
        engine.tick(1)
        speaker.collect()
    assert strength(speaker.hears()[-4000:], HZ) == pytest.approx(0.3, rel=0.1)


def test_a_lost_packet_of_opus_is_not_heard(engine: Engine) -> None:
    speaker, listener = Peer(engine, "a", "opus"), Peer(engine, "b", "PCMU")
    speaker.coder = codec.make("opus", 48000, fmtp="useinbandfec=1", rate=speaker.rate)
    tone = sine(HZ, 1.0, rate_hz=speaker.rate).reshape(50, -1)
    for number, frame in enumerate(tone):
        if number % 10 == 9:
            assert speaker.coder is not None
            speaker.coder.encode(frame)
            speaker.sequence, speaker.timestamp = speaker.sequence + 1, speaker.timestamp + 960
        else:
            speaker.says(frame, speaker.rate)
        engine.tick(1)
        listener.collect()
    assert engine.counters()["codec_mended"] == 4 and engine.counters()["concealed"] <= 1


def test_keys_between_the_packets_of_a_coder_are_not_missing_sound(engine: Engine) -> None:
    speaker, listener = Peer(engine, "a", "opus"), Peer(engine, "b", "PCMU")
    talk(engine, speaker, listener, ticks=10)
    for _ in range(5):
        speaker.send(b"\x01\x0a\x00\xa0", 101, samples_ms=0)
        engine.tick(1)
    speaker.timestamp += 5 * 960
    talk(engine, speaker, listener, ticks=10)
    assert engine.counters()["codec_mended"] == 0


@pytest.mark.parametrize("name", ["PCMU", "G722"])
def test_a_peer_that_falls_silent_is_heard_as_the_noise_that_it_sends(engine: Engine, name: str) -> None:
    speaker, listener = Peer(engine, "a", name, noise_type=13), Peer(engine, "b", "PCMU")
    talk(engine, speaker, listener, ticks=20)
    speaker.send(bytes([40]), 13)  # -40 dBov
    for _ in range(70):
        engine.tick(1)
        listener.collect()
    noise = listener.hears()[-8000:].astype(float)
    assert 20 * np.log10(np.sqrt(np.mean(noise**2)) / 32768) == pytest.approx(-40, abs=1)
    assert engine.counters()["noise_packets"] == engine.gauges()["streams_hushed"] == 1
    speaker.timestamp += 69 * 160
    listener.packets.clear()
    talk(engine, speaker, listener, ticks=20)
    assert strength(listener.hears()[1600:], HZ) == pytest.approx(0.3, rel=0.15)
    assert engine.gauges()["streams_hushed"] == 0


def test_noise_that_nobody_agreed_on_is_none(engine: Engine) -> None:
    speaker = Peer(engine, "a", "PCMU")
    speaker.send(bytes([40]), 13)
    engine.tick(1)
    assert engine.counters()["noise_packets"] == 0 and engine.counters()["strangers"] == 1


def test_a_codec_may_change_in_mid_call(engine: Engine) -> None:
    speaker, listener = Peer(engine, "a", "PCMU"), Peer(engine, "b", "G722")
    talk(engine, speaker, listener, ticks=10)
    listener.choose("opus")
    listener.packets.clear()
    listener.connect(2, "sendrecv")
    talk(engine, speaker, listener)
    assert strength(listener.hears()[4000:], HZ) == pytest.approx(0.3, rel=0.15)
    engine.obey(p.Close("b"))
    assert engine.gauges()["streams_coded"] == 0


def test_a_codec_that_we_do_not_have_is_silence_and_no_crash(engine: Engine) -> None:
    peer = Peer(engine, "a", "PCMU")
    peer.choose("G729")
    peer.connect(2, "sendrecv")
    peer.send(bytes(20), 18)
    engine.tick(1)
    peer.collect()
    assert peer.packets == [] and engine.gauges()["streams_coded"] == 0
