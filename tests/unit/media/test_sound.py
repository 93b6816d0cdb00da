"""Files of every format, rate and number of channels; and files that mean harm."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest

from softswitch.audio import RATE_HZ, tone, wav
from softswitch.media.sound import Limits, SoundError, read
from tests.support.encoded import KINDS, encode, sine


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_rate_and_number_of_channels_is_heard(kind: str, tmp_path: Path) -> None:
    pcm = read(encode(tmp_path / f"a.{kind}", kind, sine(kind, 440, 1.0)))
    assert len(pcm) == pytest.approx(RATE_HZ, abs=RATE_HZ * 0.06)  # mp3 knows whole frames only
    assert tone.strength(pcm[1600:6400], 440) == pytest.approx(0.3, abs=0.02)


def test_what_is_in_8_khz_already_is_taken_bit_by_bit(tmp_path: Path) -> None:
    pcm = np.random.default_rng(1).integers(-32768, 32768, 4000).astype(np.int16)
    (tmp_path / "a.wav").write_bytes(wav.encode(pcm, RATE_HZ))
    assert np.array_equal(read(tmp_path / "a.wav"), pcm)


def test_what_lies_above_half_the_rate_is_not_folded_down(tmp_path: Path) -> None:
    pcm = read(encode(tmp_path / "a.flac", "flac", sine("flac", 5000, 0.5)))
    assert np.abs(pcm[400:-400]).max() < 33  # 60 dB below


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "is not WAVE"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "is not WAVE"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "is not WAVE"),
        (b"RIFF\x00\x00\x00\x00WAVE", "cannot be decoded"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff" + b"\xff" * 60, "cannot be decoded"),
        (b"fLaC" + b"\x00" * 100, "bad.x"),
        (b"OggS" + b"\xff" * 400, "cannot be decoded"),
        (b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f", "bad.x"),
        (wav.header(2, 8000, 0), "has no sound"),
        (wav.header(1, 900, 200) + bytes(200), "900 samples a second"),
    ],
)
def test_what_is_no_sound_says_so(octets: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "bad.x").write_bytes(octets)
    with pytest.raises(SoundError, match=why):
        read(tmp_path / "bad.x")


def test_a_sound_without_end_is_not_decoded_to_its_end(tmp_path: Path) -> None:
    path = encode(tmp_path / "silence.flac", "flac", np.zeros(44100 * 60))
    assert path.stat().st_size < 20_000
    with pytest.raises(SoundError, match="longer than 5 s"):
        read(path, limits=Limits(seconds=5))
    with pytest.raises(SoundError, match="takes too long"):
        read(path, limits=Limits(work_s=0.0))
    with pytest.raises(SoundError, match="larger than 0 MB"):
        read(path, limits=Limits(octets=1000))


def test_pipes_devices_and_directories_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    for path in (tmp_path / "pipe.wav", Path("/dev/zero"), tmp_path):
        with pytest.raises(SoundError, match="is not a file"):
            read(path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.wav")


@pytest.mark.parametrize("kind", ["float.wav", "flac", "ogg", "mp3"])
def test_damage_is_left_out_or_named_and_nothing_worse(kind: str, tmp_path: Path) -> None:
    whole = encode(tmp_path / f"a.{kind}", kind, sine(kind, 440, 3.0 if kind == "ogg" else 0.3)).read_bytes()
    chance, heard = random.Random(7), 0
    for _ in range(60):
        octets = bytearray(whole)
        for _ in range(chance.choice((1, 4, 40))):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        (tmp_path / "bad").write_bytes(octets[: chance.choice((len(octets), chance.randrange(len(octets))))])
        try:
            heard += len(read(tmp_path / "bad", limits=Limits(seconds=10, work_s=2))) > 0
        except SoundError:
            continue
    assert heard > 3  # a page of Ogg is given up for one wrong octet
