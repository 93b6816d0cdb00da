"""The jitter buffer, one row or several; every frame is filled with its own number, so that one sees what is played."""

import numpy as np
import pytest

from softswitch.rtp.jitter import FRAME, IDLE_TICKS, SILENCE, SLOTS, WINDOW_TICKS, Count, Jitter, JitterSettings
from softswitch.rtp.packet import Headers

GAP = 0  # what ``play`` reports where nothing was there


class Line:
    """A sender and the buffer: ``send`` a frame by its number, ``play`` ticks and see which numbers come out."""

    def __init__(
        self, sequence: int = 0, timestamp: int = 0, row: int = 0, settings: JitterSettings | None = None, ssrc: int = 9
    ) -> None:
        self.jitter = Jitter(3, settings or JitterSettings(least=2, first=2))
        self.sequence, self.timestamp, self.row, self.ssrc = sequence, timestamp, row, ssrc

    def send(self, *numbers: int) -> None:
        for number in numbers:
            self.push(self.sequence + number, self.timestamp + number * FRAME, np.full((1, FRAME), number, np.uint8))

    def push(self, sequence: int, timestamp: int, pcm: np.ndarray, marker: bool = False) -> None:
        headers = Headers(
            np.array([True]),
            np.array([0], np.uint8),
            np.array([marker]),
            np.array([sequence & 0xFFFF], np.uint16),
            np.array([timestamp & 0xFFFFFFFF], np.uint32),
            np.array([self.ssrc], np.uint32),
            np.array([pcm.shape[1]]),
        )
        self.jitter.push(np.array([self.row]), headers, pcm, np.array([pcm.shape[1]]))

    def frame(self) -> np.ndarray | None:
        present = self.jitter.play(3)[self.row]
        frame = self.jitter.ring[self.jitter.slot, self.row].copy()
        self.jitter.advance(3)
        return frame if present else None

    def play(self, ticks: int) -> list[int]:
        frames = [self.frame() for _ in range(ticks)]
        return [GAP if frame is None else int(frame[0]) for frame in frames]

    def count(self, count: Count) -> int:
        return int(self.jitter.counts[self.row, count])


@pytest.mark.parametrize("row", [0, 2])
@pytest.mark.parametrize(
    ("sequence", "timestamp"),
    [(0, 0), (65533, 0), (0, 2**32 - 3 * FRAME), (65535, 2**32 - 2 * FRAME), (40000, 2**31 - 77)],
)
def test_frames_leave_in_order_after_the_first_depth(sequence: int, timestamp: int, row: int) -> None:
    line, played = Line(sequence, timestamp, row), []
    for number in range(1, 9):
        line.send(number)
        played += line.play(1)
    assert played == [GAP, GAP, 1, 2, 3, 4, 5, 6]
    assert line.jitter.totals() == {count.name.lower(): 8 if count is Count.RECEIVED else 0 for count in Count}


def test_reordered_frames_are_put_back_in_order() -> None:
    line = Line()
    line.send(1, 3, 2, 5, 4)
    assert line.play(7) == [GAP, GAP, 1, 2, 3, 4, 5]
    assert line.count(Count.REORDERED) == 2


def test_a_reordered_pair_across_the_wrap_of_both_numbers() -> None:
    line = Line(sequence=65534, timestamp=2**32 - 2 * FRAME)
    line.send(1, 3, 2, 4)
    assert line.play(6) == [GAP, GAP, 1, 2, 3, 4]


def test_a_lost_frame_leaves_a_gap_and_shifts_nothing() -> None:
    line = Line()
    line.send(1, 2, 4)
    assert line.play(6) == [GAP, GAP, 1, 2, GAP, 4]
    assert line.count(Count.UNDERRUN) == 0


def test_a_duplicate_is_played_once() -> None:
    line = Line()
    line.send(1, 2, 2, 1, 3)
    assert line.play(6) == [GAP, GAP, 1, 2, 3, GAP]
    assert line.count(Count.DUPLICATE) == 2


def test_a_duplicate_that_comes_after_its_turn_is_not_played_again() -> None:
    line = Line()
    line.send(1)
    line.play(3)
    line.send(1)
    assert line.play(3) == [GAP, GAP, GAP]
    assert line.count(Count.DUPLICATE) == 1


def test_a_late_frame_is_dropped_and_the_buffer_grows_by_one_frame() -> None:
    line = Line()
    line.send(1, 3, 4, 5)
    assert line.play(4) == [GAP, GAP, 1, GAP]
    line.send(2)
    assert line.play(4) == [GAP, 3, 4, 5]
    assert line.count(Count.LATE) == 1


def test_a_burst_of_late_frames_grows_it_only_once() -> None:
    line = Line()
    line.send(1, 4, 5)
    line.play(5)
    line.send(3, 2)
    assert line.play(3) == [GAP, 4, 5]
    assert line.count(Count.LATE) == 2


def test_after_running_dry_the_next_frame_is_played_soon_and_all_after_it() -> None:
    line = Line()
    line.send(1, 2)
    assert line.play(7) == [GAP, GAP, 1, 2, GAP, GAP, GAP]
    line.send(3, 4, 5)  # a stall in the network: they come at once
    assert line.play(6) == [GAP, GAP, 3, 4, 5, GAP]
    assert line.count(Count.UNDERRUN) == 2  # after 2, and after 5
    assert line.count(Count.LATE) == 0


def test_a_new_source_starts_at_once() -> None:
    line = Line()
    line.send(1, 2, 3)
    line.play(3)
    line.ssrc, line.timestamp, line.sequence = 77, 123456, 999
    line.send(7, 8)
    assert line.play(4) == [GAP, GAP, 7, 8]
    assert line.count(Count.SOURCE_CHANGE) == 1


def test_a_clock_that_jumps_forward_starts_over() -> None:
    line = Line()
    line.send(1, 2, 3)
    line.timestamp = 10_000_000
    line.send(4, 5)
    assert line.play(4) == [GAP, GAP, 4, 5]
    assert line.count(Count.OVERRUN) == 1


def test_a_clock_that_jumps_back_starts_over() -> None:
    line = Line(timestamp=10_000_000)
    line.send(1, 2, 3)
    line.play(3)
    line.timestamp = 0
    line.send(4, 5)
    assert line.play(4) == [GAP, GAP, 4, 5]


def test_a_sequence_that_starts_over_does_not_deafen_the_stream() -> None:
    line = Line(sequence=30000)
    line.send(1, 2)
    line.sequence = 60000  # one stray number, far ahead
    line.send(3)
    line.sequence = 30000
    line.send(4, 5)
    assert line.play(7) == [GAP, GAP, 1, 2, 3, 4, 5]


def test_after_a_long_pause_the_depth_is_kept_again() -> None:
    line = Line()
    line.send(1)
    line.play(IDLE_TICKS + 5)
    line.send(1)
    assert line.play(4) == [GAP, GAP, 1, GAP]


@pytest.mark.parametrize(("samples", "frames"), [(80, 6), (240, 6), (320, 6), (480, 9), (200, 5)])
def test_any_packet_time_is_cut_into_frames(samples: int, frames: int) -> None:
    line, sound = Line(), (np.arange(1, frames * FRAME + 1) % 251).astype(np.uint8)
    for number, start in enumerate(range(0, len(sound), samples)):
        line.push(number, start, sound[None, start : start + samples])
    played = [frame for frame in (line.frame() for _ in range(frames + 2)) if frame is not None]
    assert np.array_equal(np.concatenate(played), sound)


def test_a_row_that_always_has_more_than_its_depth_skips_a_frame() -> None:
    line = Line(settings=JitterSettings(least=1, first=5))
    for number in range(1, 8 * WINDOW_TICKS):
        line.push(number, number * FRAME, _quiet(number))
        line.play(1)
    assert line.count(Count.SKIPPED) == 4  # from 5 down to 1, one per window, and no further
    assert line.count(Count.UNDERRUN) == 0


def _quiet(number: int) -> np.ndarray:
    return np.full((1, FRAME), 0xF0 + number % 16, np.uint8)


def test_a_sender_with_a_fast_clock_does_not_fill_the_ring() -> None:
    line, number = Line(), 0
    for tick in range(4000):
        for _ in range(2 if tick % 300 == 0 else 1):  # 0.3 % fast
            number += 1
            line.push(number, number * FRAME, np.full((1, FRAME), 0x10, np.uint8))
        line.play(1)
    assert line.count(Count.OVERRUN) == 0
    assert line.count(Count.SKIPPED) >= 8


def test_a_sender_with_a_slow_clock_is_played_with_few_gaps() -> None:
    line, number, gaps = Line(), 0, 0
    for tick in range(3000):
        if tick % 300:
            number += 1
            line.push(number, number * FRAME, np.full((1, FRAME), 0x60, np.uint8))
        gaps += line.play(1) == [GAP]
    assert gaps < 30
    assert line.count(Count.LATE) == 0


def test_a_row_given_back_keeps_its_counts_in_the_totals_and_nothing_else() -> None:
    line = Line()
    line.send(1, 2, 2)
    line.jitter.forget(0)
    assert line.count(Count.RECEIVED) == 0
    assert line.jitter.totals()["duplicate"] == 1
    assert line.play(4) == [GAP] * 4


def test_rows_do_not_touch_each_other() -> None:
    line = Line()
    line.send(1, 2)
    line.row = 1
    line.send(5, 6)
    seen = []
    for _ in range(4):
        present, first = line.jitter.play(2), line.jitter.ring[line.jitter.slot, :2, 0]
        seen.append([int(value) if there else GAP for value, there in zip(first, present, strict=True)])
        line.jitter.advance(2)
    assert seen == [[GAP, GAP], [GAP, GAP], [1, 5], [2, 6]]


@pytest.mark.parametrize("depths", [(0, 2, 10), (3, 2, 10), (1, 2, SLOTS), (2, 12, 10)])
def test_depths_that_make_no_sense_are_refused(depths: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="least <= first <= most"):
        JitterSettings(*depths)


def test_samples_of_16_khz_are_laid_in_pairs_whatever_the_packet_time() -> None:
    line, said, heard = Line(), np.arange(24 * FRAME, dtype=np.int16), []
    at = 0
    for number, size in enumerate([160, 80, 80, 240, 160, 480], 1):
        headers = Headers(*(np.array([value]) for value in (True, 0, False)), *_counts(number, at, size))
        line.jitter.push(np.array([0]), headers, said[2 * at : 2 * (at + size)][None], np.array([size]))
        at += size
    for _ in range(10):
        if line.jitter.play(1)[0]:
            heard.append(line.jitter.wide[line.jitter.slot, 0].copy())
        line.jitter.advance(1)
    assert np.array_equal(np.concatenate(heard)[: 2 * at], said[: 2 * at]) and len(heard) == 8


def _counts(sequence: int, timestamp: int, size: int) -> tuple[np.ndarray, ...]:
    return np.array([sequence], np.uint16), np.array([timestamp], np.uint32), np.array([9], np.uint32), np.array([size])


def test_half_a_frame_is_not_filled_up_with_what_was_said_a_round_of_the_ring_ago() -> None:
    line = Line()
    loud = [7] * 64 + [int(SILENCE)] * 40  # packets of 30 ms: three rounds of the ring, and more
    played: list[np.ndarray] = []
    for number, value in enumerate(loud):
        if number != 80:  # is lost; of one frame the other half is known
            line.push(number, number * 240, np.full((1, 240), value, np.uint8))
        for _ in range(1 + number % 2):  # 20 ms each
            frame = line.frame()
            if frame is not None:
                played.append(frame)
    late = played[-40:]
    assert all((frame == SILENCE).all() for frame in late)
