"""Recordings in files, by a reader that is not ours."""

import wave
from pathlib import Path

import numpy as np

from softswitch.audio import FRAME, wav
from softswitch.media.recorder import FLUSH_TICKS, Failed, Recorder, RecordingFile


def said(*values: int) -> np.ndarray:
    return np.repeat(np.array(values, np.int16)[:, None], FRAME, axis=1)


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())


def test_sides_are_channels_and_a_missing_one_is_silent(tmp_path: Path) -> None:
    recorder = Recorder(4)
    recorder.start("both", tmp_path / "deep" / "both.wav", (0, 2))
    recorder.start("half", tmp_path / "half.wav", (1, None))
    recorder.start("one", tmp_path / "one.wav", (1,))
    for tick in range(3):
        recorder.keep(said(10 + tick, 20, 30 + tick))
    recorder.close()
    assert read(tmp_path / "deep" / "both.wav")[::FRAME].tolist() == [[10, 30], [11, 31], [12, 32]]
    assert read(tmp_path / "half.wav")[::FRAME].tolist() == [[20, 0]] * 3
    assert read(tmp_path / "one.wav")[::FRAME].tolist() == [[20]] * 3


def test_a_long_one_has_every_tick_once_and_in_order(tmp_path: Path) -> None:
    recorder = Recorder(1)
    recorder.start("early", tmp_path / "early.wav", (0,))
    for tick in range(333):
        if tick == 77:
            recorder.start("late", tmp_path / "late.wav", (0,))
        recorder.keep(said(tick))
    recorder.close()
    assert read(tmp_path / "early.wav")[::FRAME, 0].tolist() == list(range(333))
    assert read(tmp_path / "late.wav")[::FRAME, 0].tolist() == list(range(77, 333))


def test_a_row_given_back_and_taken_by_another_is_silent(tmp_path: Path) -> None:
    recorder = Recorder(2)
    recorder.start("r", tmp_path / "r.wav", (0, 1))
    recorder.keep(said(1, 2))
    recorder.forget(0)
    recorder.keep(said(9, 3))
    recorder.close()
    assert read(tmp_path / "r.wav")[::FRAME].tolist() == [[1, 2], [0, 3]]


def test_starting_it_again_goes_on(tmp_path: Path) -> None:
    recorder = Recorder(1)
    recorder.start("r", tmp_path / "r.wav", (0,))
    recorder.keep(said(1))
    recorder.start("r", tmp_path / "other.wav", (0,))
    recorder.stop("r")
    recorder.stop("r")
    recorder.close()
    assert read(tmp_path / "r.wav")[::FRAME].tolist() == [[1]]
    assert not (tmp_path / "other.wav").exists()


def test_a_path_that_cannot_be_written_fails_that_recording_only(tmp_path: Path) -> None:
    (tmp_path / "there.wav").write_bytes(b"precious")
    recorder = Recorder(1)
    recorder.start("bad", tmp_path / "there.wav", (0,))
    recorder.start("good", tmp_path / "good.wav", (0,))
    failed: list[Failed] = []
    recorder._worker.submit(int).result()  # what was submitted before is done
    for _ in range(FLUSH_TICKS):
        failed += recorder.keep(said(5))
    assert [one.recording for one in failed] == ["bad"]
    assert "there.wav" in failed[0].why
    assert recorder.names() == ["good"]
    recorder.close()
    assert (tmp_path / "there.wav").read_bytes() == b"precious"
    assert len(read(tmp_path / "good.wav")) == FLUSH_TICKS * FRAME


def test_one_that_fails_and_is_stopped_before_anybody_looked_has_failed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "there.wav").write_bytes(b"precious")
    recorder = Recorder(1)
    recorder.start("bad", tmp_path / "there.wav", (0,))
    recorder.start("good", tmp_path / "good.wav", (0,))
    assert recorder.keep(said(5)) == []
    recorder.stop("bad")
    recorder.stop("good")
    recorder._worker.submit(int).result()  # what was submitted before is done
    failed = recorder.keep(said(5))
    assert [one.recording for one in failed] == ["bad"]
    assert "there.wav" in failed[0].why
    assert recorder.keep(said(5)) == recorder.close() == []


def test_one_that_fails_in_the_last_moment_is_told_at_the_end(tmp_path: Path) -> None:
    recorder = Recorder(1)
    (tmp_path / "there.wav").write_bytes(b"precious")
    recorder.start("bad", tmp_path / "there.wav", (0,))
    assert [one.recording for one in recorder.close()] == ["bad"]


def test_killed_between_any_two_writes_the_file_is_playable(tmp_path: Path) -> None:
    """The moments at which it can die: after each octet string that ``write`` puts down."""
    path = tmp_path / "r.wav"
    file = RecordingFile(path, 2)
    file.write(np.zeros((0, 2), np.int16))
    assert len(read(path)) == 0
    file.write(np.ones((80, 2), np.int16))
    before = path.read_bytes()
    assert len(read(path)) == 80
    for torn in (b"", b"\x02", b"\x02\x00\x02\x00" * 40):  # samples are down, the header is not yet
        (tmp_path / "torn.wav").write_bytes(before + torn)
        assert read(tmp_path / "torn.wav").tolist() == [[1, 1]] * 80
        assert len(wav.decode(before + torn)[0]) == 80
    file.close()
