"""Files in memory: decoded once, anew when they changed, bounded."""

import os
from pathlib import Path

import numpy as np
import pytest

from softswitch.audio import tone, wav
from softswitch.media.library import Library, music_files, pause
from softswitch.media.sound import SoundError


def sound(path: Path, seconds: float = 0.1, rate: int = 8000) -> str:
    path.write_bytes(wav.encode(np.full(round(seconds * rate), 500, np.int16), rate))
    return str(path)


def test_a_file_is_decoded_once(tmp_path: Path) -> None:
    library, path = Library(), sound(tmp_path / "a.wav")
    assert len(library.get(path).result()) == 800
    assert library.get(path) is library.get(path)
    assert library.loads == 1
    library.close()


def test_a_file_that_was_recorded_anew_is_heard_anew(tmp_path: Path) -> None:
    library, path = Library(), sound(tmp_path / "a.wav")
    library.get(path).result()
    sound(tmp_path / "a.wav", 0.2)
    os.utime(path, ns=(1, 1))
    assert len(library.get(path).result()) == 1600
    library.close()


def test_each_rate_is_decoded_once_and_has_its_own_band(tmp_path: Path) -> None:
    high = tone.sine(6000, 0.5, rate_hz=16000)
    (tmp_path / "high.wav").write_bytes(wav.encode(high, 16000))
    library, path = Library(), str(tmp_path / "high.wav")
    wide, narrow = (library.get(path, rate_hz).result() for rate_hz in (16000, 8000))
    assert np.array_equal(wide, high) and library.get(path, 16000).result() is wide and library.loads == 2
    assert len(narrow) == 4000 and np.abs(narrow[200:-200]).max() < 30
    tones = [library.get("tone:DE.busy.1", rate_hz).result() for rate_hz in (8000, 16000)]
    assert [len(one) for one in tones] == [8000, 16000]
    assert tone.strength(tones[1][:7000], 425, 16000) == pytest.approx(tone.strength(tones[0][:3500], 425), rel=0.01)
    library.close()


def test_other_rates_and_stereo_become_8_khz_mono(tmp_path: Path) -> None:
    at = np.arange(1600) / 16000
    left = np.rint(16000 * np.sin(2 * np.pi * 1000 * at)).astype(np.int16)
    (tmp_path / "s.wav").write_bytes(wav.encode(np.stack([left, np.zeros_like(left)], axis=1), 16000))
    library = Library()
    pcm = library.get(str(tmp_path / "s.wav")).result()
    assert len(pcm) == 800
    assert tone.strength(pcm, 1000) == pytest.approx(8000 / 32767, rel=0.05)
    library.close()


def test_what_is_missing_or_no_sound_fails_in_the_future(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "text.wav").write_text("hello")
    library = Library()
    assert isinstance(library.get(str(tmp_path / "no.wav")).exception(), FileNotFoundError)
    assert isinstance(library.get(str(tmp_path / "text.wav")).exception(), SoundError)
    assert "text.wav is not WAVE, FLAC, Ogg or MP3" in caplog.text
    library.close()


def test_the_longest_unused_goes_first(tmp_path: Path) -> None:
    library = Library(max_octets=4000)
    a, b, c = (sound(tmp_path / f"{name}.wav", 0.08) for name in "abc")
    for path in (a, b, a, c):
        library.get(path).result()
    library.get(sound(tmp_path / "d.wav", 0.08)).result()
    assert (library.loads, library.octets) == (4, 3 * 1280)
    library.get(a).result()
    assert library.loads == 4
    library.get(b).result()
    assert library.loads == 5
    library.close()


def test_what_does_not_fit_is_an_error_and_not_memory(tmp_path: Path) -> None:
    library = Library(max_octets=1600)
    assert isinstance(library.get(sound(tmp_path / "long.wav", 0.11)).exception(), SoundError)
    assert library.octets == 0
    library.close()


def test_a_pause_is_silence_of_its_length_and_has_an_end() -> None:
    assert [len(pause(seconds)(8000).result()) for seconds in (0.5, -1, 1e9)] == [4000, 0, 480_000]
    assert len(pause(0.5)(16000).result()) == 8000 and not pause(0.5)(16000).result().any()


def test_music_is_the_files_of_a_class_in_a_row_in_whole_frames(tmp_path: Path) -> None:
    for name in ("b.wav", "a.wav", "jazz/1.wav", "jazz/2.wav", "empty/x.txt", ".git/x.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        sound(tmp_path / name, 0.1)
    (tmp_path / "broken.wav").write_text("no")
    classes = music_files(tmp_path)
    assert {name: [file.name for file in files] for name, files in classes.items()} == {
        "default": ["a.wav", "b.wav", "broken.wav"],
        "jazz": ["1.wav", "2.wav"],
    }
    library = Library()
    music, none = library.music(classes["default"]), library.music([])
    assert [music(rate_hz).result().shape for rate_hz in (8000, 16000)] == [(10, 160), (10, 320)]
    assert [none(rate_hz).result().shape for rate_hz in (8000, 16000)] == [(0, 160), (0, 320)]
    library.close()
    assert music_files(None) == music_files(tmp_path / "nowhere") == {}
