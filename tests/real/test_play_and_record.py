"""Playing and recording in the media process as it runs, with files of every kind, and a process that is killed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from softswitch.audio import FRAME, RATE_HZ, tone, wav
from softswitch.ivr.model import Prompt
from softswitch.media import sidecar
from softswitch.media.finish import verify
from softswitch.media.sidecar import Pause
from tests.real.test_media_process import CLEAR, FAINT, HOST, LEFT_HZ, RIGHT_HZ, Plane, eventually, media, recorded
from tests.support.encoded import encode, sine
from tests.support.rtp_phone import RtpPhone

pytestmark = pytest.mark.real

JAZZ_HZ, FIRST_HZ, SECOND_HZ, LAST_HZ = 1300.0, 600.0, 900.0, 2100.0


class Studio(Plane):
    """A media process that finishes what it finds in ``recordings``."""

    keep_free_mb = 0

    def start_process(self) -> None:
        command = [sys.executable, "-m", "softswitch.media", "--socket", str(self.socket)]
        command += ["--hold", str(self.directory / "hold"), "--recordings", str(self.directory / "recordings")]
        self.process = subprocess.Popen([*command, "--keep-free", str(self.keep_free_mb)])


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    for directory in ("hold/jazz", "prompts/en", "recordings"):
        (tmp_path / directory).mkdir(parents=True)
    at = np.arange(3 * RATE_HZ) / RATE_HZ
    sweep = np.rint(9000 * np.sin(2 * np.pi * (300 * at + 500 * at**2))).astype(np.int16)
    (tmp_path / "hold" / "sweep.wav").write_bytes(wav.encode(sweep, RATE_HZ))
    encode(tmp_path / "hold" / "jazz" / "a.ogg", "ogg", sine("ogg", JAZZ_HZ, 1.0))
    for name, kind, hz in (("1.mp3", "mp3", FIRST_HZ), ("2.flac", "flac", SECOND_HZ), ("3.wav", "wav", LAST_HZ)):
        encode(tmp_path / "prompts" / "en" / name, kind, sine(kind, hz, 0.5))
    (tmp_path / "prompts" / "en" / "bad.mp3").write_bytes(b"ID3\x04" + bytes(300))
    made = Studio(tmp_path, tmp_path / "media.sock")
    try:
        made.start_process()
        await made.start_client()
        yield made
    finally:
        await made.end()


def lag(one: np.ndarray, other: np.ndarray) -> int:
    """By how many samples ``other`` is behind."""
    size = min(len(one), len(other))
    spectrum = np.fft.rfft(one[-size:], 2 * size) * np.conj(np.fft.rfft(other[-size:], 2 * size))
    found = int(np.argmax(np.fft.irfft(spectrum)))
    return found - 2 * size if found > size else found


async def test_music_of_each_class_is_the_same_moment_for_all_who_hear_it(studio: Studio) -> None:
    client = studio.client
    assert client is not None
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right, RtpPhone(RIGHT_HZ) as third:
        for name, phone in (("L", left), ("R", right), ("T", third)):
            phone.send_to = client.open(name)
            client.connect(name, media(phone.address), HOST)
        client.hold_music("L")
        client.hold_music("T", "jazz")
        await eventually(lambda: np.abs(left.heard(0.4)).max(initial=0) > 5000)
        client.hold_music("R", "no such class")
        await eventually(lambda: np.abs(right.heard(0.8)[:FRAME]).max(initial=0) > 5000)
        one, other = left.heard(0.6), right.heard(0.6)
        assert abs(lag(one, other)) <= 2 * FRAME  # one of them may have had its last packets a moment before
        assert third.strength(JAZZ_HZ) > CLEAR


async def test_prompts_of_every_kind_in_a_row_with_silence_between_them(studio: Studio) -> None:
    client = studio.client
    assert client is not None
    with RtpPhone(LEFT_HZ) as left:
        left.send_to = client.open("L")
        client.connect("L", media(left.address), HOST)
        await eventually(lambda: len(left.heard(9)) > 0)
        gap = Prompt("en", silence_s=0.3)
        files = [Prompt("en", "1.mp3"), gap, Prompt("en", "2.flac"), gap, Prompt("en", "3.wav")]
        client.play("L", "all", files)
        await eventually(lambda: studio.played == [("L", "all", True)])
        await asyncio.sleep(0.2)  # the last packets are on their way
        heard = left.heard(9).astype(np.int64)
        loud = np.abs(heard[: len(heard) // 80 * 80].reshape(-1, 80)).max(axis=1) > 1000
        starts = 80 * (np.flatnonzero(np.diff(loud.astype(int)) == 1) + 1)
        assert len(starts) == 3
        for start, hz in zip(starts, (FIRST_HZ, SECOND_HZ, LAST_HZ), strict=True):
            assert tone.strength(heard[start + 400 : start + 3600].astype(np.int16), hz) > CLEAR
        assert np.abs(np.diff(starts) - 0.8 * RATE_HZ).max() < 0.08 * RATE_HZ  # mp3 knows whole frames only
        client.play("L", "bad", [Prompt("en", "bad.mp3")])
        await eventually(lambda: studio.played[-1] == ("L", "bad", False))
        assert client.stats()["errors"] == 0


async def test_a_recording_is_paused_converted_and_has_its_checksum(studio: Studio) -> None:
    client, path = studio.client, studio.directory / "recordings" / "call.flac"
    assert client is not None
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right:
        studio.join("r", "L", left)
        studio.join("r", "R", right)
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR and left.strength(RIGHT_HZ) > CLEAR)
        client.record("rec", path, "L", "R")
        growing = path.with_suffix(".wav")
        await eventually(lambda: growing.exists() and len(recorded(growing)) > 0.4 * RATE_HZ)
        client.pause_record("rec", "card number")
        await eventually(lambda: bool(sidecar.load(sidecar.unfinished(path)).pauses))
        paused = len(recorded(growing))
        await eventually(lambda: len(recorded(growing)) > paused + 0.4 * RATE_HZ)
        client.pause_record("rec", None)
        await eventually(lambda: sidecar.load(sidecar.unfinished(path)).pauses[0].to_s is not None)
        resumed = len(recorded(growing))
        await eventually(lambda: len(recorded(growing)) > resumed + 0.4 * RATE_HZ)
        sound = recorded(growing)
        client.stop_record("rec")
        await eventually(path.with_suffix(".json").exists)
    note = sidecar.load(path.with_suffix(".json"))
    assert (note.file, note.state, note.left, note.right) == ("call.flac", "finished", "L", "R")
    (pause,) = note.pauses
    assert isinstance(pause, Pause) and pause.to_s is not None and pause.reason == "card number"
    first, last = round(pause.from_s * RATE_HZ), round(pause.to_s * RATE_HZ)
    assert not sound[first + 4 * FRAME : last].any()
    for channel, hz, other in ((0, LEFT_HZ, RIGHT_HZ), (1, RIGHT_HZ, LEFT_HZ)):
        for part in (sound[first - 2000 : first, channel], sound[last : last + 2000, channel]):
            assert tone.strength(part, hz) > CLEAR
            assert tone.strength(part, other) < FAINT
    assert list(verify(path.parent)) == [("call.flac", "ok")]
    assert sorted(one.name for one in path.parent.iterdir()) == ["call.flac", "call.json"]


async def test_what_is_said_at_a_time_lies_at_a_time_in_both_channels(studio: Studio) -> None:
    client, path = studio.client, studio.directory / "recordings" / "call.wav"
    assert client is not None
    with RtpPhone(0.0) as left, RtpPhone(0.0) as right:  # silent but for the clicks
        await asyncio.sleep(0.007)
        studio.join("r", "L", left)
        studio.join("r", "R", right)
        client.record("rec", path, "L", "R")
        await eventually(lambda: path.exists() and len(recorded(path)) > 1.5 * RATE_HZ)
        click = np.zeros(FRAME, np.int16)
        click[0] = 30000
        for phone in (left, right):
            phone.say(click)
        await eventually(lambda: len(left.said_at) > 0 < len(right.said_at))
        spoken = len(recorded(path))
        await eventually(lambda: len(recorded(path)) > spoken + 0.5 * RATE_HZ)
        client.stop_record("rec")
        await eventually(path.with_suffix(".json").exists)
    sound = np.abs(recorded(path).astype(np.int64))
    assert sound.max(axis=0).min() > 20000
    apart = np.diff(sound.argmax(axis=0))[0] / RATE_HZ
    assert apart == pytest.approx(right.said_at[0] - left.said_at[0], abs=0.002)


async def test_what_a_killed_process_was_recording_is_finished_by_the_next(studio: Studio) -> None:
    client, path = studio.client, studio.directory / "recordings" / "call.opus"
    assert client is not None
    client.open("L")
    client.record("rec", path, "L", None)
    growing = path.with_suffix(".wav")
    await eventually(lambda: growing.exists() and len(recorded(growing)) > 0.5 * RATE_HZ)
    studio.kill_process()
    studio.start_process()
    await eventually(path.with_suffix(".json").exists)
    note = sidecar.load(path.with_suffix(".json"))
    assert (note.state, note.file) == ("cut", "call.opus")
    assert note.duration_s > 0.5
    await eventually((path.parent / "call.2.wav").exists)  # and it goes on in another file
    assert dict(verify(path.parent)) == {"call.opus": "ok", "call.2.opus": "unfinished"}


async def test_a_disk_that_is_nearly_full_is_told(studio: Studio) -> None:
    client = studio.client
    assert client is not None
    studio.kill_process()
    studio.keep_free_mb = 1 << 40
    await eventually(lambda: not client.gauges()["connected"])
    studio.start_process()
    await client.connected(10)
    client.open("L")
    client.record("rec", studio.directory / "recordings" / "call.wav", "L", None)
    await eventually(lambda: client.stats()["record_errors"] == 1)
    assert not list((studio.directory / "recordings").iterdir())
