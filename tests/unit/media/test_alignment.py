"""Two senders whose clocks drift apart, and what their recording makes of it. Time is numbers."""

from __future__ import annotations

import numpy as np
import pytest

from softswitch.audio import FRAME, RATE_HZ
from softswitch.media.alignment import ALLOWANCE_S, Alignment
from softswitch.media.recording import BACK

TICK_S = 0.02
START_S = 1000.0  # our clock


class Sender:
    """20 ms packets by a clock that is ``ppm`` fast; each comes after ``least_s`` and what ``jitter`` draws."""

    def __init__(self, ppm: float, least_s: float, jitter: object, packets: int, seed: int) -> None:
        self.rate = 1 + ppm / 1e6
        chance = np.random.default_rng(seed)
        self.stamps = (int(chance.integers(2**32)) + FRAME * np.arange(packets)).astype(np.uint32)
        self.left_s = START_S + TICK_S * np.arange(packets) / self.rate
        self.came_s = self.left_s + least_s + jitter(chance, packets)  # type: ignore[operator]
        self.first = int(self.stamps[0])

    def stamp_at(self, moment_s: float) -> float:
        """RTP time, since the first packet, of what is said at this moment."""
        return (moment_s - START_S) * self.rate * RATE_HZ


def exponential(mean_s: float):  # type: ignore[no-untyped-def]
    return lambda chance, count: chance.exponential(mean_s, count)


def placed(senders: list[Sender], moments: list[float]) -> np.ndarray:
    """Where in the recording, in samples, each sender's ``moments`` (our seconds) come to lie: ``(moments, senders)``.

    Packets are heard in the tick after they came, and played 60 ms after they left, in whole frames.
    """
    alignment, rows = Alignment(len(senders)), np.arange(len(senders))
    came = np.concatenate([sender.came_s for sender in senders])
    order = np.argsort(came, kind="stable")
    owner = np.repeat(rows, [len(sender.came_s) for sender in senders])[order]
    stamps, came = np.concatenate([sender.stamps for sender in senders])[order], came[order]
    found = np.full((len(moments), len(senders)), np.nan)
    wanted = {round((moment - START_S) / TICK_S): index for index, moment in enumerate(moments)}
    done = 0
    for tick in range(1, max(wanted) + 12):
        now = START_S + tick * TICK_S
        until = int(np.searchsorted(came, now))
        alignment.hear(owner[done:until], stamps[done:until], came[done:until])
        done = until
        if not any(-60 < tick - moment < 12 for moment in wanted):
            continue  # nobody looks
        for row, sender in enumerate(senders):
            played = int(sender.stamp_at(now - 0.06)) // FRAME * FRAME
            if played < 0:
                continue
            stamp = np.array([(sender.first + played) % 2**32], np.uint32)
            shift = int(alignment.shifts(np.array([row]), stamp, now)[0])
            for moment, index in wanted.items():
                inside = sender.stamp_at(moments[index]) - played
                if abs(moment + 3 - tick) < 4 and 0 <= inside < FRAME:
                    found[index, row] = tick * FRAME + shift + inside
    return found


def test_two_channels_line_up_within_1_ms_after_10_minutes_with_100_ppm_of_drift() -> None:
    noise = exponential(0.003)
    senders = [Sender(100, 0.010, noise, 30_600, 1), Sender(0, 0.010, noise, 30_600, 2)]
    moments = [START_S + second for second in (60.01, 300.01, 600.01)]
    apart = np.diff(placed(senders, moments), axis=1)[:, 0] / RATE_HZ
    assert np.abs(apart).max() < 0.001
    drifted_s = 600 * 100e-6
    assert drifted_s > 50 * np.abs(apart[-1])  # what it would be by counting samples


def test_both_ways_of_drift_and_other_clock_rates() -> None:
    noise = exponential(0.001)
    senders = [Sender(-100, 0.005, noise, 6200, 3), Sender(100, 0.005, noise, 6200, 4)]
    found = placed(senders, [START_S + 60.01, START_S + 120.01])
    assert np.abs(np.diff(found, axis=1)).max() < 0.001 * RATE_HZ
    expected = (120.01 + 0.005 + ALLOWANCE_S) * RATE_HZ  # and it lies where it came in
    assert found[1, 0] == pytest.approx(expected, abs=0.001 * RATE_HZ)


def test_a_sender_that_starts_over_and_one_whose_way_grows_longer_are_followed() -> None:
    alignment, row = Alignment(1), np.array([0])

    def speak(first: int, seconds: range, late_s: float) -> int:
        for packet in range(seconds.start * 50, seconds.stop * 50):
            came = np.array([START_S + packet * TICK_S + late_s])
            stamp = np.array([(first + packet * FRAME) % 2**32], np.uint32)
            alignment.hear(row, stamp, came)
            shift = int(alignment.shifts(row, stamp, START_S + packet * TICK_S + 0.06)[0])
        return shift

    expected = round((ALLOWANCE_S - 0.06) * RATE_HZ)
    assert speak(2**32 - 5000, range(20), 0.0) == expected  # its timestamps wrap on the way
    assert speak(77, range(20, 40), 0.0) == expected
    assert speak(77, range(40, 80), 0.03) == pytest.approx(expected + 240, abs=8)


def test_what_comes_first_after_a_pause_moves_nothing() -> None:
    """It waited for something; one packet of a window is not its least delay."""
    alignment, row, chance = Alignment(1), np.array([0]), np.random.default_rng(1)

    def speak(packet: int, late_s: float) -> int:
        stamp = np.array([packet * FRAME], np.uint32)
        alignment.hear(row, stamp, np.array([START_S + packet * TICK_S + late_s]))
        return int(alignment.shifts(row, stamp, START_S + packet * TICK_S + 0.06)[0])

    before = [speak(packet, chance.uniform(0, 0.06)) for packet in range(3000)][-1]
    after = [speak(packet, 0.06) for packet in range(6000, 6005)]
    after += [speak(packet, chance.uniform(0, 0.06)) for packet in range(6005, 6300)]
    assert np.abs(np.array(after) - before).max() <= 8


def test_until_the_first_window_is_over_the_earliest_packet_counts() -> None:
    alignment, row = Alignment(1), np.array([0])
    shifts = []
    for packet, late_s in enumerate((0.03, 0.02, 0.0, 0.04)):
        stamp = np.array([packet * FRAME], np.uint32)
        alignment.hear(row, stamp, np.array([START_S + packet * TICK_S + late_s]))
        shifts.append(float(alignment._offset[0] - START_S))
    assert shifts == pytest.approx([0.03, 0.02, 0.0, 0.0])


def test_what_is_not_known_or_makes_no_sense_is_left_where_it_was_heard() -> None:
    alignment, row, stamp = Alignment(2), np.array([0]), np.array([800], np.uint32)
    assert alignment.shifts(row, stamp, START_S).tolist() == [0]
    alignment.hear(row, stamp, np.array([START_S]))
    assert alignment.shifts(row, stamp, START_S + ALLOWANCE_S).tolist() == [0]
    assert alignment.shifts(row, stamp, START_S + ALLOWANCE_S + BACK / RATE_HZ).tolist() == [0]
    assert alignment.shifts(row, stamp + np.uint32(2**31), START_S).tolist() == [0]
    assert alignment.shifts(row, stamp, START_S + 0.1).tolist() == [-480]
    alignment.begin(0)
    assert alignment.shifts(row, stamp, START_S + 0.1).tolist() == [0]
    alignment.hear(np.array([], np.int64), stamp[:0], np.array([]))


def test_a_clock_of_48_khz_is_the_same_time() -> None:
    alignment, row = Alignment(1), np.array([0])
    alignment.begin(0, 48_000)
    for packet in range(100):
        stamp = np.array([packet * 960], np.uint32)
        alignment.hear(row, stamp, np.array([START_S + packet * TICK_S]))
        shift = alignment.shifts(row, stamp, START_S + packet * TICK_S + 0.06)
    assert shift.tolist() == [-160]


def test_of_a_burst_the_packet_that_waited_least_counts() -> None:
    one, other = Alignment(2), Alignment(2)
    rows, stamps = np.array([1, 0, 1, 1]), np.array([0, 500, 160, 320], np.uint32)
    came = np.full(4, START_S)  # after a gap in the network
    one.hear(rows, stamps, came)
    other.hear(rows[[1, 3]], stamps[[1, 3]], came[[1, 3]])
    places = [each.shifts(np.array([0, 1]), stamps[[1, 3]], START_S + 0.1).tolist() for each in (one, other)]
    assert places[0] == places[1] == [-480, -480]
