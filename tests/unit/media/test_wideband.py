"""Rooms with a wideband member are mixed, played to and recorded at 16 kHz; who has G.711 hears his 4 kHz of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from softswitch.audio import RATE_HZ, WIDE_FRAME, WIDE_HZ, wav
from softswitch.audio.tone import sine, strength
from softswitch.media import protocol as p
from softswitch.media.ear import Pcm
from softswitch.media.engine import Engine, EngineSettings
from tests.support.media_peer import Peer

LEVEL = 0.3


class Clock:
    """By which recordings are laid out: the machine's own would tell of how busy it is."""

    now_s = 1000.0


clock = Clock()
Scene = tuple[Engine, Callable[..., Peer]]


@pytest.fixture
def scene() -> Iterator[Scene]:
    """An engine that is ticked by hand, and what makes its peers."""
    engine, peers = Engine(EngineSettings(streams=16), {}, lambda event: None), []
    hear = engine._recorder.hear
    engine._receiver.on_sound = lambda rows, stamps, came_s: hear(rows, stamps, np.full(len(rows), clock.now_s))

    def peer(name: str, codec: str, **more: Any) -> Peer:
        peers.append(Peer(engine, name, codec, **more))
        return peers[-1]

    yield engine, peer
    engine.close()
    for one in peers:
        one.close()


def tone(hz: float, ticks: int, start: int = 0) -> Pcm:
    return sine(hz, ticks * 0.02, LEVEL, start * WIDE_FRAME, WIDE_HZ).reshape(ticks, WIDE_FRAME)


def run(
    engine: Engine, saying: dict[Peer, Pcm], *others: Peer, each: Callable[[int], None] = lambda tick: None
) -> None:
    """Each talker says his frames of 16 kHz, ``(ticks, WIDE_FRAME)``, tick by tick."""
    for tick, frames in enumerate(zip(*saying.values(), strict=True)):
        for peer, frame in zip(saying, frames, strict=True):
            peer.says(frame if peer.rate == WIDE_HZ else frame[::2], peer.rate)
        clock.now_s += 0.02
        engine.tick(1, at=clock.now_s)
        for peer in (*saying, *others):
            peer.collect()
        each(tick)


def decibels(sound: Pcm, hz: float, rate_hz: int) -> float:
    """Of a tone, against what was said."""
    return float(20 * np.log10(max(strength(sound, hz, rate_hz), 1e-9) / LEVEL))


def loudest(sound: Pcm) -> float:
    """Of everything, against the tone that was said."""
    return float(20 * np.log10(max(np.sqrt(2 * np.mean(sound.astype(float) ** 2)) / 32767, 1e-9) / LEVEL))


def recorded(path: Path) -> tuple[Pcm, int]:
    limit = time.monotonic() + 5
    while not path.with_suffix(".json").exists():
        assert time.monotonic() < limit, "the recording is not finished"
        time.sleep(0.01)
    return wav.decode(path.read_bytes())


@pytest.mark.parametrize("hz", [300, 1000, 3000, 5000, 6000, 6800])
@pytest.mark.parametrize("said", ["G722", "L16"])
def test_the_whole_band_is_heard_by_who_has_it_and_recorded(scene: Scene, tmp_path: Path, said: str, hz: int) -> None:
    engine, peer = scene
    talker, wide, coded, narrow = (
        peer(name, codec) for name, codec in (("a", said), ("b", "G722"), ("c", "opus"), ("d", "PCMU"))
    )
    engine.obey(p.Record("r", str(tmp_path / "r.wav"), "a", "d"))
    run(engine, {talker: tone(hz, 60)}, wide, coded, narrow)
    engine.obey(p.StopRecord("r"))
    run(engine, {talker: tone(hz, 3)})
    assert engine.gauges()["rooms_wide"] == 1
    for listener in (wide, coded):
        assert decibels(listener.hears(WIDE_HZ)[8000:], hz, WIDE_HZ) == pytest.approx(0, abs=3)
    heard = narrow.hears()[4000:]
    if hz < 3500:
        assert decibels(heard, hz, RATE_HZ) == pytest.approx(0, abs=1)
    else:
        # Neither the tone nor what it would be folded to. Of 5 kHz G.722 itself makes noise just below 4 kHz.
        assert loudest(heard) < (-35 if (said, hz) == ("G722", 5000) else -40)
    kept, rate_hz = recorded(tmp_path / "r.wav")
    assert rate_hz == WIDE_HZ and decibels(kept[8000:-2000, 0], hz, WIDE_HZ) == pytest.approx(0, abs=3)
    assert not kept[:, 1].any()


def test_two_codecs_that_are_wide_have_the_whole_band_between_them(scene: Scene) -> None:
    engine, peer = scene
    one, other = peer("a", "opus"), peer("b", "G722")
    run(engine, {one: tone(5500, 50), other: tone(6500, 50)})
    assert decibels(other.hears(WIDE_HZ)[8000:], 5500, WIDE_HZ) == pytest.approx(0, abs=3)
    assert decibels(one.hears(WIDE_HZ)[8000:], 6500, WIDE_HZ) == pytest.approx(0, abs=3)


def test_a_narrow_voice_is_heard_and_recorded_as_it_is_among_wide_ones(scene: Scene, tmp_path: Path) -> None:
    engine, peer = scene
    talker, wide = peer("a", "PCMU"), peer("b", "G722")
    engine.obey(p.Record("r", str(tmp_path / "r.wav"), "a", "b"))
    run(engine, {talker: tone(2500, 50)}, wide)
    engine.obey(p.StopRecord("r"))
    run(engine, {talker: tone(2500, 3)})
    heard = wide.hears(WIDE_HZ)[8000:]
    assert decibels(heard, 2500, WIDE_HZ) == pytest.approx(0, abs=1) and decibels(heard, 5500, WIDE_HZ) < -45
    kept, _ = recorded(tmp_path / "r.wav")
    assert decibels(kept[8000:-2000, 0], 2500, WIDE_HZ) == pytest.approx(0, abs=0.5)


def test_a_recording_keeps_the_rate_that_it_began_with_and_a_room_does_not(scene: Scene, tmp_path: Path) -> None:
    engine, peer = scene
    one, other = peer("a", "PCMU"), peer("b", "PCMU")
    engine.obey(p.Record("r", str(tmp_path / "r.wav"), "a", "b"))
    run(engine, {one: tone(1000, 20)}, other)
    assert engine.gauges()["rooms_wide"] == 0
    other.choose("G722")
    other.connect(2, "sendrecv")
    run(engine, {one: tone(1000, 40), other: tone(2000, 40)})
    assert engine.gauges()["rooms_wide"] == 1
    engine.obey(p.StopRecord("r"))
    run(engine, {one: tone(1000, 3)})
    kept, rate_hz = recorded(tmp_path / "r.wav")
    assert rate_hz == RATE_HZ and json.loads((tmp_path / "r.json").read_text())["rate_hz"] == RATE_HZ
    settled = kept[6400:8000]
    for side, hz in enumerate((1000, 2000)):
        assert decibels(settled[:, side], hz, RATE_HZ) == pytest.approx(0, abs=1)


@pytest.mark.parametrize("codecs", [("PCMU", "G722"), ("PCMU", "L16"), ("L16", "L16")])
def test_voices_of_both_kinds_line_up_in_a_recording(scene: Scene, tmp_path: Path, codecs: tuple[str, str]) -> None:
    """The same click is said by both at the same time; what converts one of them does not make it late."""
    engine, peer = scene
    sides = [peer(name, codec) for name, codec in zip("ab", codecs, strict=True)]
    engine.obey(p.Record("r", str(tmp_path / "r.wav"), "a", "b"))
    said = np.zeros((30, WIDE_FRAME), np.int16)
    said[20, 100:140] = np.rint(8000 * np.hanning(40))
    run(engine, dict.fromkeys(sides, said))
    engine.obey(p.StopRecord("r"))
    run(engine, {sides[0]: said[:3]})
    kept, rate_hz = recorded(tmp_path / "r.wav")
    left, right = (int(np.argmax(kept[:, side])) for side in (0, 1))
    assert rate_hz == WIDE_HZ
    own_ms = 22 / 16 if "G722" in codecs else 0.0  # the delay of the codec's own filters, as both ends have it
    assert (right - left) * 1000 / rate_hz == pytest.approx(own_ms, abs=0.2)


def test_prompts_and_keys_are_played_to_each_at_his_own_rate(scene: Scene, tmp_path: Path) -> None:
    engine, peer = scene
    wide, narrow = peer("a", "G722", room=""), peer("b", "PCMU", room="")
    (tmp_path / "high.wav").write_bytes(wav.encode(sine(6000, 1.0, LEVEL, rate_hz=WIDE_HZ), WIDE_HZ))
    for name in "ab":
        engine.obey(p.Play(name, "p", (str(tmp_path / "high.wav"),)))
    for rate_hz in (RATE_HZ, WIDE_HZ):
        engine._library.get(str(tmp_path / "high.wav"), rate_hz).result(5)
    for one in (wide, narrow):
        one.says(np.zeros(one.rate // 50, np.int16), one.rate)  # so that it is known where it is
    for _ in range(50):
        engine.tick(1)
        wide.collect()
        narrow.collect()
    assert decibels(wide.hears(WIDE_HZ)[1600:12000], 6000, WIDE_HZ) == pytest.approx(0, abs=1)
    assert loudest(narrow.hears()[800:6000]) < -40


def test_a_lost_packet_of_g722_is_made_up_over_the_whole_band(scene: Scene) -> None:
    engine, peer = scene
    talker, listener = peer("a", "G722"), peer("b", "L16")
    for tick, frame in enumerate(tone(4800, 60)):
        if tick in (30, 40):
            talker.sequence, talker.timestamp = talker.sequence + 1, talker.timestamp + 160
        else:
            talker.says(frame, WIDE_HZ)
        engine.tick(1)
        listener.collect()
    assert engine.counters()["concealed"] == 2
    frames = listener.hears(WIDE_HZ)[20 * WIDE_FRAME :].reshape(-1, WIDE_FRAME)
    assert min(strength(frame, 4800, WIDE_HZ) for frame in frames) > 0.15


@pytest.mark.parametrize("lost", [1, 2, 5])
@pytest.mark.parametrize("codec", ["opus", "G722"])
def test_a_gap_is_filled_without_a_step_and_a_long_one_ends_in_silence(scene: Scene, codec: str, lost: int) -> None:
    """Nothing follows in time: what comes in comes after the gap."""
    engine, peer = scene
    talker, listener = peer("a", codec), peer("b", "L16")
    for tick, frame in enumerate(tone(450, 70)):
        if 40 <= tick < 40 + lost:
            assert talker.coder is not None
            talker.coder.encode(frame)
            talker.sequence, talker.timestamp = talker.sequence + 1, talker.timestamp + talker.clock // 50
        else:
            talker.says(frame, WIDE_HZ)
        engine.tick(1)
        listener.collect()
    assert min(lost, 3) <= engine.counters()["codec_mended"] + engine.counters()["concealed"] <= max(lost, 3)
    sound = listener.hears(WIDE_HZ)[20 * WIDE_FRAME :].astype(float) / (LEVEL * 32767)
    assert np.abs(np.diff(sound)).max() < 1.6 * 2 * np.pi * 450 / WIDE_HZ
    frames = sound.reshape(-1, WIDE_FRAME)
    assert np.sqrt((frames**2).mean(axis=1)).min() < 0.1 or lost < 5
    assert np.sqrt((frames[-20:] ** 2).mean()) == pytest.approx(np.sqrt(0.5), rel=0.1)


def roughness(peer: Peer) -> Pcm:
    """The largest change of slope in each tick of what one hears, ``(ticks,)``; a click is far above a tone."""
    sound = peer.hears().astype(float) / (LEVEL * 32767)
    sound = np.append(sound, np.zeros(-len(sound) % 160))
    return np.asarray(np.abs(np.diff(sound, 2, prepend=0, append=0)).reshape(-1, 160).max(axis=1))


@pytest.mark.parametrize("joins", ["opus", "G722", "PCMU"])
def test_who_comes_and_goes_and_what_that_does_to_the_room_is_no_click(scene: Scene, joins: str) -> None:
    """A supervisor listens to a call of G.711, talks, is muted again and leaves."""
    engine, peer = scene
    one, other = peer("a", "PCMU"), peer("b", "PCMU")
    third = peer("c", joins, room="")

    def change(tick: int) -> None:
        if tick == 20:
            engine.obey(p.Join("r", "c", ()))
        if tick == 35:
            engine.obey(p.Join("r", "c"))
        if tick == 50:
            engine.obey(p.Join("r", "c", ()))
        if tick == 65:
            engine.obey(p.Leave("c"))
        assert engine.gauges()["rooms_wide"] == (joins != "PCMU" and 21 <= tick <= 65)

    run(engine, {one: tone(410, 80), other: tone(315, 80), third: tone(365, 80)}, each=change)
    for listener in (one, other):
        assert roughness(listener)[4:-1].max() < 0.45  # G.711 makes 0.39 of these tones; a cut is more than 1
    heard = third.hears()
    assert loudest(heard[30 * 160 : 48 * 160]) > 0 and loudest(heard[-12 * 160 :]) < -60
    assert roughness(third)[:-1].max() < 0.45
    assert decibels(one.hears()[38 * 160 : 48 * 160], 365, RATE_HZ) == pytest.approx(0, abs=1)
    assert decibels(one.hears()[-8 * 160 :], 315, RATE_HZ) == pytest.approx(0, abs=1)


@pytest.mark.parametrize("wide", [False, True])
def test_silent_listeners_hear_one_mix_each_in_his_codec(scene: Scene, wide: bool) -> None:
    engine, peer = scene
    talkers = [peer("a", "G722" if wide else "PCMU"), peer("b", "PCMU")]
    silent = [peer(name, "PCMU", heard_by=()) for name in "cde"] + [peer("f", "G722", heard_by=())] * wide
    run(engine, {talkers[0]: tone(600, 50), talkers[1]: tone(900, 50)}, *silent)
    assert len(engine._mixer.plan.followers) == 2
    for listener in silent:
        for hz in (600, 900):
            assert decibels(listener.hears()[4000:], hz, RATE_HZ) == pytest.approx(0, abs=1)
    first = [packet[12:] for packet in silent[0].packets[30:]]
    assert [[packet[12:] for packet in other.packets[30:]] for other in silent[1:3]] == [first] * 2


@pytest.mark.parametrize("codec", ["PCMU", "G722"])
def test_whom_nobody_hears_is_recorded(scene: Scene, tmp_path: Path, codec: str) -> None:
    engine, peer = scene
    talker, listener, silent = peer("a", "PCMU"), peer("b", "PCMU"), peer("c", codec, heard_by=())
    engine.obey(p.Record("r", str(tmp_path / "r.wav"), "c", "a"))
    run(engine, {talker: tone(600, 40), silent: tone(900, 40)}, listener)
    engine.obey(p.StopRecord("r"))
    run(engine, {talker: tone(600, 3)})
    kept, rate_hz = recorded(tmp_path / "r.wav")
    for side, hz in enumerate((900, 600)):
        assert decibels(kept[rate_hz // 5 : -rate_hz // 5, side], hz, rate_hz) == pytest.approx(0, abs=0.5)
    assert decibels(listener.hears()[1600:], 900, RATE_HZ) < -50
    assert decibels(silent.hears()[1600:6400], 600, RATE_HZ) == pytest.approx(0, abs=1)
