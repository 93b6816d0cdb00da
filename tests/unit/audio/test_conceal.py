"""Gaps are filled without steps and die away."""

import numpy as np

from softswitch.audio import FRAME, tone
from softswitch.audio.conceal import FADE_FRAMES, Concealer


def through(missing: set[int], frames: int = 20) -> tuple[np.ndarray, np.ndarray, Concealer]:
    """A tone with some frames missing, and what comes out: both flat ``(samples,)``."""
    source = tone.sine(440, frames * 0.02).reshape(frames, FRAME)
    concealer, out = Concealer(2), []
    for number, frame in enumerate(source):
        batch = np.zeros((1, FRAME), np.int16) if number in missing else frame[None].copy()
        concealer.conceal(batch, np.array([number not in missing]))
        out.append(batch[0])
    return source.reshape(-1), np.concatenate(out), concealer


def test_without_loss_nothing_but_the_very_first_rise_is_touched() -> None:
    source, out, concealer = through(set())
    assert np.array_equal(source[FRAME:], out[FRAME:])
    assert concealer.concealed == 0


def test_one_lost_frame_is_filled_and_makes_no_step() -> None:
    source, out, concealer = through({10})
    gap = out[10 * FRAME : 11 * FRAME]
    assert np.abs(gap).max() > 2000
    assert np.abs(np.diff(out.astype(int))).max() < 1.6 * np.abs(np.diff(source.astype(int))).max()
    assert concealer.concealed == 1


def test_a_long_gap_fades_to_silence_and_only_the_fade_counts() -> None:
    _, out, concealer = through({5, 6, 7, 8, 9, 10})
    levels = [np.abs(out[n * FRAME : (n + 1) * FRAME]).max() for n in range(5, 11)]
    assert levels == sorted(levels, reverse=True)
    assert levels[FADE_FRAMES:] == [0, 0, 0]
    assert concealer.concealed == FADE_FRAMES


def test_a_row_that_is_taken_over_remembers_nothing() -> None:
    _, _, concealer = through(set())
    concealer.forget(0)
    batch = np.zeros((1, FRAME), np.int16)
    concealer.conceal(batch, np.array([False]))
    assert not batch.any()
