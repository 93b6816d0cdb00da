"""Recordings of many streams: which row is on which channel, from which tick to which; and what if there is no disk."""

import os
import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from softswitch.audio import FRAME, WIDE_FRAME, WIDE_HZ
from softswitch.media import recorder as recording
from softswitch.media import sidecar
from softswitch.media.bands import LATE
from softswitch.media.finish import verify
from softswitch.media.recorder import FLUSH_TICKS, Failed, Recorder
from softswitch.media.writer import CHECK_TICKS


def said(*values: int) -> np.ndarray:
    return np.repeat(np.array(values, np.int16)[:, None], FRAME, axis=1)


def keep(recorder: Recorder, said: np.ndarray) -> list[Failed]:
    return recorder.keep(said, np.zeros(len(said), np.uint32), 0.0)


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())


def until(true: Callable[[], object]) -> None:
    limit = time.monotonic() + 5
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.001)


def test_sides_are_channels_and_a_missing_one_is_silent(tmp_path: Path) -> None:
    recorder = Recorder(8)
    recorder.start("both", tmp_path / "deep" / "both.wav", (0, 2), ("customer", "agent"))
    recorder.start("half", tmp_path / "half.wav", (1, None))
    recorder.start("one", tmp_path / "one.wav", (1,))
    recorder.start("late", tmp_path / "late.wav", (7,))
    for tick in range(3):
        keep(recorder, said(10 + tick, 20, 30 + tick))
    recorder.close()
    assert read(tmp_path / "deep" / "both.wav")[::FRAME].tolist() == [[10, 30], [11, 31], [12, 32]]
    assert read(tmp_path / "half.wav")[::FRAME].tolist() == [[20, 0]] * 3
    assert read(tmp_path / "one.wav")[::FRAME].tolist() == [[20]] * 3
    assert read(tmp_path / "late.wav")[::FRAME].tolist() == [[0]] * 3


def test_a_long_one_has_every_tick_once_and_in_order(tmp_path: Path) -> None:
    recorder = Recorder(4)
    recorder.start("early", tmp_path / "early.wav", (0,))
    for tick in range(333):
        if tick == 77:
            recorder.start("late", tmp_path / "late.wav", (0,))
        keep(recorder, said(tick))
    recorder.close()
    assert read(tmp_path / "early.wav")[::FRAME, 0].tolist() == list(range(333))
    assert read(tmp_path / "late.wav")[::FRAME, 0].tolist() == list(range(77, 333))


def test_voices_lie_as_they_came_in_and_not_as_they_were_played(tmp_path: Path) -> None:
    recorder, rows = Recorder(4), np.array([0, 2])
    recorder.start("r", tmp_path / "r.wav", (2, 0))
    for tick in range(20):
        now, stamps = 100 + tick * 0.02, np.array([tick * FRAME, 0, 7 * FRAME + tick * FRAME], np.uint32)
        recorder.hear(rows, stamps[rows], np.array([now, now]))
        late = np.array([tick - 2, 0, tick - 5])  # frames: one buffer is deeper than the other
        keep_at(recorder, said(*late), stamps - np.array([2, 0, 5], np.uint32) * FRAME, now)
    recorder.close()
    both = read(tmp_path / "r.wav")[::FRAME][4:14]  # what is said at a time lies at a time
    assert both[:, 0].tolist() == both[:, 1].tolist() == list(range(2, 12))


def keep_at(recorder: Recorder, said: np.ndarray, stamps: np.ndarray, now: float) -> None:
    assert recorder.keep(said, stamps.astype(np.uint32), now) == []


def test_a_row_given_back_and_taken_by_another_is_silent(tmp_path: Path) -> None:
    recorder = Recorder(4)
    recorder.start("r", tmp_path / "r.wav", (0, 1))
    keep(recorder, said(1, 2))
    recorder.forget(0)
    recorder.start("other", tmp_path / "other.wav", (0,))
    keep(recorder, said(9, 3))
    recorder.close()
    assert read(tmp_path / "r.wav")[::FRAME].tolist() == [[1, 2], [0, 3]]
    assert read(tmp_path / "other.wav")[::FRAME].tolist() == [[9]]


def test_starting_it_again_goes_on(tmp_path: Path) -> None:
    recorder = Recorder(4)
    recorder.start("r", tmp_path / "r.wav", (0,))
    keep(recorder, said(1))
    recorder.start("r", tmp_path / "other.wav", (0,))
    recorder.stop("r")
    recorder.stop("r")
    recorder.close()
    assert read(tmp_path / "r.wav")[::FRAME].tolist() == [[1]]
    assert not (tmp_path / "other.wav").exists()


def test_time_that_was_skipped_and_time_that_was_paused_pass_in_the_file(tmp_path: Path) -> None:
    recorder = Recorder(4)
    recorder.pass_time(5)
    recorder.start("r", tmp_path / "r.wav", (0,))
    keep(recorder, said(1))
    recorder.pass_time(2)
    keep(recorder, said(2))
    recorder.pause("r", "card number")
    keep(recorder, said(3))
    recorder.pause("r", None)
    keep(recorder, said(4))
    recorder.stop("nobody")
    recorder.pause("nobody", "")
    recorder.close()
    assert read(tmp_path / "r.wav")[::FRAME, 0].tolist() == [1, 0, 0, 2, 0, 4]


def test_one_that_is_stopped_is_finished_beside_those_that_go_on(tmp_path: Path) -> None:
    recorder = Recorder(4)
    recorder.start("a", tmp_path / "a.wav", (0,), ("leg-1",))
    recorder.start("b", tmp_path / "b.flac", (0,))
    for _ in range(FLUSH_TICKS):
        keep(recorder, said(5))
    recorder.stop("a")
    for _ in range(FLUSH_TICKS):
        keep(recorder, said(6))
    until(lambda: recorder.finished == 1)
    note = sidecar.load(tmp_path / "a.json")
    assert (note.state, note.left, note.duration_s) == ("finished", "leg-1", 0.06)
    assert dict(verify(tmp_path)) == {"a.wav": "ok", "b.flac": "unfinished"}
    recorder.stop("b")
    for _ in range(FLUSH_TICKS):
        keep(recorder, said(6))
    until(lambda: recorder.finished == 2)
    recorder.close()
    assert dict(verify(tmp_path)) == {"a.wav": "ok", "b.flac": "ok"}


def test_what_an_earlier_process_left_is_finished(tmp_path: Path) -> None:
    first = Recorder(4)
    first.start("a", tmp_path / "a.wav", (0,))
    for _ in range(FLUSH_TICKS):
        keep(first, said(5))
    first._writer.close()  # as if it had been killed: nobody said that the recording is over
    os.close(next(iter(first._writer._files.values()))._fd)
    second = Recorder(4, recover=tmp_path)
    until((tmp_path / "a.json").exists)
    assert sidecar.load(tmp_path / "a.json").state == "cut"
    second.close()


# ---- without a disk --------------------------------------------------------------------------------------------


def failures(recorder: Recorder) -> list[Failed]:
    """What is told within the next ticks."""
    found: list[Failed] = []
    for _ in range(FLUSH_TICKS * 2):
        found += keep(recorder, said(5))
    until(lambda: not recorder._writer.behind)
    until(lambda: len(recorder._writer.failed) or found)
    for _ in range(FLUSH_TICKS):
        found += keep(recorder, said(5))
    return found


def test_a_path_that_cannot_be_written_fails_that_recording_only(tmp_path: Path) -> None:
    (tmp_path / "there.wav").write_bytes(b"precious")
    recorder = Recorder(4)
    recorder.start("bad", tmp_path / "there.wav", (0,))
    recorder.start("good", tmp_path / "good.wav", (0,))
    failed = failures(recorder)
    assert [(one.recording, one.kind) for one in failed] == [("bad", "error")]
    assert "there.wav" in failed[0].why
    assert recorder.names() == ["good"]
    recorder.close()
    assert (tmp_path / "there.wav").read_bytes() == b"precious"
    assert len(read(tmp_path / "good.wav")) == 3 * FLUSH_TICKS * FRAME


def test_one_that_fails_and_is_stopped_before_anybody_looked_has_failed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "there.wav").write_bytes(b"precious")
    recorder = Recorder(4)
    recorder.start("bad", tmp_path / "there.wav", (0,))
    recorder.stop("bad")
    assert [one.recording for one in failures(recorder)] == ["bad"]
    recorder.start("bad", tmp_path / "there.wav", (0,))
    assert [one.recording for one in recorder.close()] == ["bad"]


def test_a_disk_that_is_nearly_full_begins_no_recording_and_ends_those_that_there_are(tmp_path: Path) -> None:
    recorder = Recorder(4, keep_free=1 << 60)
    recorder.start("new", tmp_path / "new.wav", (0,))
    failed = failures(recorder)
    assert [(one.recording, one.kind) for one in failed] == [("new", "disk_full")]
    assert not (tmp_path / "new.wav").exists()
    recorder._writer._keep_free = 0
    recorder.start("old", tmp_path / "old.wav", (0,))
    for _ in range(FLUSH_TICKS * 2):
        keep(recorder, said(7))
    until((tmp_path / "old.wav").exists)
    recorder._writer._keep_free = 1 << 60
    failed = [one for _ in range(CHECK_TICKS) for one in keep(recorder, said(7))] or failures(recorder)
    assert [(one.recording, one.kind) for one in failed] == [("old", "disk_full")]
    until(lambda: recorder.finished)  # close leaves to the next process what is not finished yet
    recorder.close()
    assert sidecar.load(tmp_path / "old.json").state == "failed"
    assert len(read(tmp_path / "old.wav")) > 0


def test_a_disk_that_cannot_follow_ends_recordings_and_never_delays_a_tick(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    stuck = threading.Event()
    recorder = Recorder(4)
    recorder.start("r", tmp_path / "r.wav", (0,))
    for _ in range(FLUSH_TICKS):
        keep(recorder, said(1))
    until((tmp_path / "r.wav").exists)
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda *given: (stuck.wait(), real(*given))[1])
    failed: list[Failed] = []
    begun = time.thread_time()
    for _ in range((recording._MOST_BEHIND + 3) * FLUSH_TICKS):
        failed += keep(recorder, said(2))
    assert time.thread_time() - begun < 1.0
    assert [(one.recording, one.kind) for one in failed] == [("r", "disk_slow")]
    assert len(recorder) == 0
    stuck.set()
    until(lambda: recorder.finished)
    recorder.close()
    assert sidecar.load(tmp_path / "r.json").why == "the disk cannot follow"
    assert read(tmp_path / "r.wav")[-FRAME:].tolist() == [[2]] * FRAME


def test_one_that_cannot_be_finished_is_counted(tmp_path: Path) -> None:
    recorder = Recorder(1)
    for name in ("lost", "kept"):
        recorder.start(name, tmp_path / f"{name}.wav", (0,))
    for _ in range(FLUSH_TICKS):
        keep(recorder, said(1))
    until((tmp_path / "lost.wav").exists)
    (tmp_path / "lost.wav").unlink()
    for name in ("lost", "kept"):
        recorder.stop(name)
    for _ in range(FLUSH_TICKS):
        keep(recorder, said(1))
    until(lambda: (recorder.finished, recorder.unfinished) == (1, 1))
    recorder.close()


def test_each_recording_has_its_rate_and_what_was_converted_for_it_is_put_back_by_the_delay(tmp_path: Path) -> None:
    """Row 1 is of 16 kHz itself; both rows are in a recording of each rate."""
    recorder = Recorder(4)
    recorder.start("narrow", tmp_path / "narrow.wav", (0, 1))
    recorder.start("wide", tmp_path / "wide.wav", (0, 1), rate_hz=WIDE_HZ)
    assert recorder.rows() == recorder.rows(WIDE_HZ) == {0, 1}
    coded = np.array([False, True, False, False])
    for tick in range(10):
        wide = np.repeat(np.array([tick, 100 + tick], np.int16)[:, None], WIDE_FRAME, axis=1)
        recorder.keep(said(tick, 100 + tick), np.zeros(2, np.uint32), 0.0, wide.__getitem__, coded)
    recorder.pass_time(2)
    recorder.close()
    narrow, wide = read(tmp_path / "narrow.wav"), read(tmp_path / "wide.wav")
    assert (len(narrow), len(wide)) == (12 * FRAME, 12 * WIDE_FRAME)
    for sound, frame, late in ((narrow, FRAME, (0, LATE)), (wide, WIDE_FRAME, (2 * LATE, 0))):
        for side, first in enumerate((0, 100)):
            assert sound[frame - late[side] :: frame, side].tolist()[:9] == list(range(first + 1, first + 10))
    assert sidecar.load(next(tmp_path.glob("wide*.json"))).rate_hz == WIDE_HZ  # finished or not
