"""The tick's clock: absolute moments, bounded catch-up, a reset after a stall."""

import pytest

from softswitch.media.schedule import MOST_FRAMES, TICK_S, Due, Schedule


def test_nothing_is_due_before_its_moment() -> None:
    assert Schedule(100.0).due(100.0199) == Due(0, 0)


def test_delays_do_not_add_up() -> None:
    clock, frames = Schedule(0.0), 0
    for tick in range(1, 501):
        frames += clock.due(tick * TICK_S + 0.004).frames
    assert frames == 500
    assert clock.next_at == pytest.approx(501 * TICK_S)
    assert (clock.late, clock.catch_ups, clock.resets) == (0, 0, 0)


def test_a_late_tick_is_counted_and_a_missed_one_caught_up() -> None:
    clock = Schedule(0.0)
    assert clock.due(0.0200001).frames == 1
    assert clock.due(0.0655).frames == 2  # the one of 40 ms and the one of 60 ms
    assert (clock.ticks, clock.late, clock.catch_ups) == (2, 1, 1)
    assert clock.due(0.0801).frames == 1


def test_after_a_stall_the_clock_is_set_anew() -> None:
    clock = Schedule(0.0)
    assert clock.due(0.02 + TICK_S * (MOST_FRAMES - 1) + 0.001) == Due(MOST_FRAMES, 0)
    assert clock.due(10.0) == Due(1, 494)
    assert clock.resets == 1
    assert clock.next_at == pytest.approx(10.02)


def test_a_rest_is_no_delay() -> None:
    clock = Schedule(0.0)
    assert clock.rest(0.01) == 0 and clock.due(0.0201).frames == 1
    assert clock.rest(9.0501) == 450
    assert clock.due(9.0502) == Due(1, 0)
    assert (clock.late, clock.resets) == (0, 0)


def test_lateness_is_given_in_percentiles() -> None:
    clock = Schedule(0.0)
    assert clock.lateness_us(99) == 0.0
    for tick in range(1, 101):
        clock.due(tick * TICK_S + tick * 1e-5)
    assert clock.lateness_us(50) == pytest.approx(505, abs=6)
    assert clock.lateness_us(99) == pytest.approx(990, abs=6)
