"""One growing file, by a reader that is not ours."""

import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.audio import FRAME, RATE_HZ, tone, wav
from softswitch.media import sidecar
from softswitch.media.recording import AHEAD, BACK, MOST_TICKS, RecordingFile, stretched
from softswitch.media.sidecar import Pause, Sidecar, SidecarError


def note(channels: int = 1, file: str = "r.wav") -> Sidecar:
    return Sidecar(file=file, state="recording", started_at="2026-01-01", left="L", rate_hz=RATE_HZ, channels=channels)


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())


def frames(*values: int) -> np.ndarray:
    return np.repeat(np.array(values, np.int16), FRAME)


def at(*shifts: int) -> list[int]:
    return list(shifts)


def test_killed_between_any_two_writes_the_file_is_playable(tmp_path: Path) -> None:
    """The moments at which it can die: after each octet string that ``take`` puts down."""
    path = tmp_path / "r.wav"
    file = RecordingFile(path, note(2))
    assert len(read(path)) == 0
    file.take(1, [(frames(1), at(0))] * 2)
    before = path.read_bytes()
    assert len(read(path)) == FRAME
    for torn in (b"", b"\x02", b"\x02\x00\x02\x00" * 40):  # samples are down, the header is not yet
        (tmp_path / "torn.wav").write_bytes(before + torn)
        assert read(tmp_path / "torn.wav").tolist() == [[1, 1]] * FRAME
        assert len(wav.decode(before + torn)[0]) == FRAME
    file.close("finished")


def test_each_channel_lies_where_its_own_clock_says(tmp_path: Path) -> None:
    file = RecordingFile(tmp_path / "r.wav", note(2))
    for tick in range(200):
        file.take(1, [(frames(tick), at(-480)), (frames(tick), at(320))])
    sound = read(tmp_path / "r.wav")
    assert len(sound) == 200 * FRAME
    assert sound[:-480:FRAME, 0].tolist() == list(range(3, 200))
    assert sound[320::FRAME, 1].tolist() == list(range(198))
    assert not sound[-480:, 0].any() and not sound[:320, 1].any()  # not come yet, and not begun


def test_many_ticks_at_once_are_the_same_as_one_by_one(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    said = chance.integers(-9000, 9000, (3 * MOST_TICKS, FRAME)).astype(np.int16)
    shifts = np.cumsum(chance.integers(-1, 2, len(said))) - 160
    one, many = RecordingFile(tmp_path / "one.wav", note()), RecordingFile(tmp_path / "many.wav", note())
    for tick in range(len(said)):
        one.take(1, [(said[tick], [int(shifts[tick])])])
    for first in range(0, len(said), MOST_TICKS):
        part = slice(first, first + MOST_TICKS)
        many.take(MOST_TICKS, [(said[part].reshape(-1), shifts[part].tolist())])
    assert np.array_equal(read(tmp_path / "one.wav"), read(tmp_path / "many.wav"))


def test_a_clock_that_drifts_is_followed_without_a_click(tmp_path: Path) -> None:
    said = tone.sine(400, 20.0).reshape(-1, FRAME)
    file = RecordingFile(tmp_path / "r.wav", note())
    for tick, frame in enumerate(said):
        file.take(1, [(frame, at(-80 + tick // 10))])  # 100 samples in 20 s: far more than a crystal does
    sound = read(tmp_path / "r.wav")[200:-200, 0].astype(np.int64)
    steepest = np.abs(np.diff(tone.sine(400, 0.1).astype(np.int64))).max()
    assert np.abs(np.diff(sound)).max() < 1.1 * steepest
    assert np.abs(sound.reshape(-1, 80)).max(axis=1).min() > 9000  # and without a gap


def test_a_frame_that_the_jitter_buffer_left_out_or_made_up_moves_nothing_else(tmp_path: Path) -> None:
    file = RecordingFile(tmp_path / "r.wav", note())
    for value, shift in ((1, 0), (2, 0), (4, 160), (5, 160), (5, 0), (6, 0)):
        file.take(1, [(frames(value), at(shift))])
    assert read(tmp_path / "r.wav")[::FRAME, 0].tolist() == [1, 2, 0, 4, 5, 6]


def test_a_place_beyond_the_window_does_no_harm(tmp_path: Path) -> None:
    file = RecordingFile(tmp_path / "r.wav", note())
    for tick in range(100):
        file.take(1, [(frames(1), at(-100 * BACK if tick % 2 else 100 * AHEAD))])
    assert read(tmp_path / "r.wav").shape == (100 * FRAME, 1)


def test_a_pause_is_silence_and_its_reason_is_kept(tmp_path: Path) -> None:
    file = RecordingFile(tmp_path / "r.wav", note(2))
    for tick in range(1, 11):
        if tick == 4:
            file.pause("card number")
            file.pause("again")
        if tick == 8:
            file.resume()
            file.resume()
        file.take(1, [(frames(tick), at(0)), (frames(tick), at(-FRAME))])
    sound = read(tmp_path / "r.wav")[::FRAME]
    assert sound[:, 0].tolist() == [1, 2, 3, 0, 0, 0, 0, 8, 9, 10]
    assert sound[:, 1].tolist() == [2, 3, 0, 0, 0, 0, 0, 9, 10, 0]  # 8 was heard after, and said before its end
    known = sidecar.load(sidecar.unfinished(tmp_path / "r.wav"))
    assert known.pauses == [Pause(3 * 0.02, 7 * 0.02, "card number")]
    file.pause("")
    assert sidecar.load(sidecar.unfinished(tmp_path / "r.wav")).pauses[-1] == Pause(0.2, None, "")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "r.wav").write_bytes(b"precious")
    (tmp_path / "s.flac").write_bytes(b"precious")
    for name in ("r.wav", "s.flac"):
        with pytest.raises(FileExistsError):
            RecordingFile(tmp_path / name, note(file=name))
        assert (tmp_path / name).read_bytes() == b"precious"


@pytest.mark.parametrize("text", ["", "{}", "[]", "{", '{"file": "../x", "state": "", "started_at": ""}'])
def test_a_sidecar_that_is_none_says_so(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(SidecarError, match=r"x\.json"):
        sidecar.load(tmp_path / "x.json")


def test_a_sidecar_that_points_elsewhere_is_none(tmp_path: Path) -> None:
    sidecar.save(tmp_path / "x.json", note(file="../secret"))
    with pytest.raises(SidecarError, match="not in its directory"):
        sidecar.load(tmp_path / "x.json")


def test_stretching_keeps_both_ends() -> None:
    assert stretched(np.array([0, 10, 20], np.int16), 5).tolist() == [0, 5, 10, 15, 20]
    assert stretched(np.array([0, 5, 10, 15, 20], np.int16), 3).tolist() == [0, 10, 20]


def test_a_file_of_16_khz_has_the_same_times(tmp_path: Path) -> None:
    known = note(2)
    known.rate_hz = 2 * RATE_HZ
    file = RecordingFile(tmp_path / "r.wav", known)
    for tick in range(200):
        if tick in (50, 60):
            file.pause("card number") if tick == 50 else file.resume()
        sound = np.full(2 * FRAME, tick, np.int16)
        file.take(1, [(sound, at(-960)), (sound, at(640))])
    with wave.open(str(tmp_path / "r.wav")) as made:
        assert (made.getframerate(), made.getnframes()) == (2 * RATE_HZ, 200 * 2 * FRAME)
    sound = read(tmp_path / "r.wav")[:: 2 * FRAME]
    assert sound[:47, 0].tolist() == list(range(3, 50)) and sound[2:50, 1].tolist() == list(range(48))
    assert not sound[52:60].any() and sound[60:197, 0].tolist() == list(range(63, 200))
    assert known.pauses == [Pause(1.0, 1.2, "card number")]
    file.close("finished")
    assert known.duration_s == 4.0
