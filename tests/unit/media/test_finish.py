"""Recordings come to their end: checksum, other formats, and what a crash has left."""

import fcntl
import hashlib
import os
import shutil
import time
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from softswitch.audio import RATE_HZ, tone, wav
from softswitch.media import finish as finishing
from softswitch.media import sidecar
from softswitch.media.finish import finish, recover, verify
from softswitch.media.recorder import Recorder
from softswitch.media.sidecar import Pause, Sidecar
from softswitch.media.sound import read

LEFT_HZ, RIGHT_HZ = 440, 700


def left_behind(directory: Path, file: str = "r.wav", state: str = "finished") -> Path:
    """A recording of 2 s as the writer leaves it; the path of its sidecar."""
    directory.mkdir(exist_ok=True)
    growing = (directory / file).with_suffix(".wav")
    stereo = np.stack([tone.sine(LEFT_HZ, 2.0), tone.sine(RIGHT_HZ, 2.0)], axis=1)
    growing.write_bytes(wav.encode(stereo, RATE_HZ))
    note = Sidecar(
        file=file, state=state, started_at="2026-01-01", left="L", right="R", rate_hz=RATE_HZ, channels=2,
        pauses=[Pause(1.0, 1.5, "card number")],
    )  # fmt: skip
    sidecar.save(sidecar.unfinished(growing), note)
    return sidecar.unfinished(growing)


def test_a_finished_one_has_its_checksum_beside_it(tmp_path: Path) -> None:
    note = finish(left_behind(tmp_path))
    assert note == sidecar.load(tmp_path / "r.json")
    assert note.sha256 == hashlib.sha256((tmp_path / "r.wav").read_bytes()).hexdigest()
    assert (note.state, note.duration_s, note.octets) == ("finished", 2.0, (tmp_path / "r.wav").stat().st_size)
    assert note.pauses == [Pause(1.0, 1.5, "card number")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.json", "r.wav"]
    assert list(verify(tmp_path)) == [("r.wav", "ok")]


@pytest.mark.parametrize("form", ["flac", "opus"])
def test_other_formats_take_its_place_and_keep_the_channels_apart(form: str, tmp_path: Path) -> None:
    name = f"r.{form}"
    note = finish(left_behind(tmp_path, name))
    assert note.file == name
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["r.json", name])
    assert note.octets < 40_000  # 64 kB as a WAVE file
    mixed = read(tmp_path / name)
    assert len(mixed) == pytest.approx(2 * RATE_HZ, abs=160)
    assert tone.strength(mixed[4000:12000], LEFT_HZ) == pytest.approx(0.15, abs=0.02)
    left = channel(tmp_path / name, 0)[4000:12000]
    assert tone.strength(left, LEFT_HZ) > 10 * tone.strength(left, RIGHT_HZ)
    assert list(verify(tmp_path)) == [(name, "ok")]


@pytest.mark.parametrize("name", ["r.wav", "r.flac", "r.opus"])
def test_what_customers_say_is_not_for_everybody_on_the_machine(name: str, tmp_path: Path) -> None:
    recorder = Recorder(1)
    recorder.start("r", tmp_path / name, (0,))
    recorder.keep(np.ones((1, 160), np.int16), np.zeros(1, np.uint32), 0.0)
    recorder.close()
    recover(tmp_path)
    modes = {path.name: path.stat().st_mode & 0o007 for path in tmp_path.iterdir()}
    assert modes == {name: 0, "r.json": 0}


def test_half_made_files_that_nobody_touches_are_swept(tmp_path: Path) -> None:
    for name, age_s in ((".old.flac.part", 7200), (".new.flac.part", 0), ("mine.part", 7200)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    assert recover(tmp_path) == (0, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".new.flac.part", "mine.part"]


def channel(path: Path, index: int) -> np.ndarray:
    """One channel of a stereo file, by libav alone, as 8 kHz."""
    with av.open(str(path)) as file:
        resampler = av.AudioResampler("s16", "stereo", RATE_HZ)
        frames = [done for frame in file.decode(audio=0) for done in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in frames])[:, index]


def test_flac_is_bit_by_bit_what_was_recorded(tmp_path: Path) -> None:
    left_behind(tmp_path, "r.flac")
    with wave.open(str(tmp_path / "r.wav")) as file:
        before = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)[:, 0]
    recover(tmp_path)
    assert np.array_equal(channel(tmp_path / "r.flac", 0), before)


def test_what_a_crash_has_left_is_finished_from_every_moment_on(tmp_path: Path) -> None:
    finish(left_behind(tmp_path / "done", "r.flac"))
    moments = {
        "recording": left_behind(tmp_path / "a", "r.flac", "recording"),
        "converting": left_behind(tmp_path / "b", "r.flac"),
        "converted": left_behind(tmp_path / "c", "r.flac"),
        "described": left_behind(tmp_path / "d", "r.flac"),
        "last": left_behind(tmp_path / "e", "r.flac"),
    }
    (tmp_path / "b" / ".r.flac.part").write_bytes(b"half")
    for directory in "cde":
        shutil.copy(tmp_path / "done" / "r.flac", tmp_path / directory)
    for directory in "de":
        shutil.copy(tmp_path / "done" / "r.json", tmp_path / directory)
    (tmp_path / "e" / "r.wav").unlink()
    for moment, path in moments.items():
        assert recover(path.parent) == (1, 0)
        assert sorted(one.name for one in path.parent.iterdir()) == ["r.flac", "r.json"], moment
        assert list(verify(path.parent)) == [("r.flac", "ok")]
        assert sidecar.load(path.parent / "r.json").state == ("cut" if moment == "recording" else "finished")
        assert recover(path.parent) == (0, 0)


def test_what_another_process_is_recording_is_left_alone(tmp_path: Path) -> None:
    left_behind(tmp_path, state="recording")
    with (tmp_path / "r.wav").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert recover(tmp_path) == (0, 0)
        assert list(verify(tmp_path)) == [("r.wav", "unfinished")]
    assert recover(tmp_path) == (1, 0)


def test_one_that_cannot_be_finished_keeps_no_other_from_it(tmp_path: Path) -> None:
    left_behind(tmp_path, "a.wav").write_text("{")
    left_behind(tmp_path, "b.wav")
    (tmp_path / "b.wav").write_bytes(b"RIFF")
    sidecar.unfinished(tmp_path / "c.wav").write_bytes(left_behind(tmp_path, "d.wav").read_bytes())
    assert recover(tmp_path) == (1, 3)
    assert (tmp_path / "d.json").exists()


def test_where_it_cannot_be_converted_the_wave_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = finish(left_behind(tmp_path, "r.flac"), keep_free=1 << 60)
    assert note.file == "r.wav"
    monkeypatch.setattr(finishing, "convert", lambda *_: (_ for _ in ()).throw(OSError("gone")))
    note = finish(left_behind(tmp_path, "s.opus"))
    assert note.file == "s.wav"
    assert sorted(verify(tmp_path)) == [("r.wav", "ok"), ("s.wav", "ok")]


def test_verify_tells_what_is_changed_missing_or_no_sidecar(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav", "c.wav"):
        finish(left_behind(tmp_path, name))
    octets = bytearray((tmp_path / "a.wav").read_bytes())
    octets[1000] ^= 1
    (tmp_path / "a.wav").write_bytes(octets)
    (tmp_path / "b.wav").unlink()
    nonsense = {"x.json": b'{"file": "\xff"}', "y.json": b"[" * 100_000, "z.json": b"{}"}
    for name, text in nonsense.items():
        (tmp_path / name).write_bytes(text)
    verdicts = dict(verify(tmp_path))
    assert all(verdicts.pop(name).startswith(f"{name}: ") for name in nonsense)
    assert verdicts == {"a.wav": "changed", "b.wav": "missing", "c.wav": "ok"}
