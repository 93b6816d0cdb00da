"""Tones have their frequency, and keep it through a change of rate."""

import numpy as np
import pytest

from softswitch.audio import tone
from softswitch.audio.resample import resample


def at_rate(hz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return np.rint(9830 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(np.int16)


def test_a_sine_is_where_it_should_be_and_nowhere_else() -> None:
    pcm = tone.sine(440, 0.5, level=0.3)
    assert tone.strength(pcm, 440) == pytest.approx(0.3, rel=0.01)
    assert tone.strength(pcm, 600) < 0.01
    assert tone.strength(pcm[:0], 440) == 0.0


def test_a_sine_goes_on_where_it_left_off() -> None:
    assert np.array_equal(np.concatenate([tone.sine(440, 0.02), tone.sine(440, 0.02, start=160)]), tone.sine(440, 0.04))


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000, 11025])
def test_resampling_keeps_length_level_and_pitch(rate: int) -> None:
    out = resample(at_rate(1000, rate), rate, 8000)
    assert len(out) == 4000
    assert tone.strength(out, 1000) == pytest.approx(0.3, rel=0.02)


def test_resampling_folds_nothing_down() -> None:
    out = resample(at_rate(5000, 16000), 16000, 8000)
    assert np.abs(out[200:-200]).max() < 100


def test_resampling_upwards_and_not_at_all() -> None:
    pcm = tone.sine(1000, 0.1)
    assert len(resample(pcm, 8000, 16000)) == 1600
    assert resample(pcm, 8000, 8000) is pcm
    assert len(resample(pcm[:0], 16000, 8000)) == 0
