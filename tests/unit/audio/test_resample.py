"""Live rate conversion: it keeps tones and levels, removes what would be folded, and has no seams between frames."""

from itertools import permutations

import numpy as np
import pytest

from softswitch.audio.resample import Converter, Pcm, delay, resample


def tone(hz: float, rate: int, seconds: float = 0.4) -> Pcm:
    wave = 8000 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return np.asarray(np.rint(wave), np.int16)


def piecewise(pcm: Pcm, from_hz: int, to_hz: int, frame_s: float = 0.02) -> Pcm:
    converter, samples = Converter(3, from_hz, to_hz), round(frame_s * from_hz)
    row = np.array([1])
    frames = pcm[: len(pcm) // samples * samples].reshape(-1, 1, samples)
    return np.concatenate([converter.convert(row, frame)[0] for frame in frames])


def amplitude(pcm: Pcm, hz: float, rate: int) -> float:
    """Of the settled part."""
    settled = pcm[len(pcm) // 4 :].astype(float)
    return float(2 * abs(np.dot(settled, np.exp(-2j * np.pi * hz * np.arange(len(settled)) / rate))) / len(settled))


@pytest.mark.parametrize(("from_hz", "to_hz"), list(permutations((8000, 16000, 48000), 2)))
@pytest.mark.parametrize("hz", [300, 1000, 3400])
def test_a_tone_of_the_voice_keeps_its_level(from_hz: int, to_hz: int, hz: int) -> None:
    made = piecewise(tone(hz, from_hz), from_hz, to_hz)
    assert amplitude(made, hz, to_hz) == pytest.approx(8000, rel=0.01)


@pytest.mark.parametrize(("from_hz", "hz", "folded"), [(16000, 4600, 3400), (16000, 6000, 2000), (48000, 7000, 1000)])
def test_what_is_above_half_the_lower_rate_is_removed(from_hz: int, hz: int, folded: int) -> None:
    made = piecewise(tone(hz, from_hz), from_hz, 8000)
    assert amplitude(made, folded, 8000) < 8000 / 1000  # 60 dB down


@pytest.mark.parametrize(("to_hz", "hz"), [(16000, 1000), (16000, 3400), (48000, 3400)])
def test_no_image_appears_above(to_hz: int, hz: int) -> None:
    made = piecewise(tone(hz, 8000), 8000, to_hz)
    assert amplitude(made, 8000 - hz, to_hz) < 8000 / 1000


@pytest.mark.parametrize(("from_hz", "to_hz"), [(16000, 8000), (8000, 16000), (8000, 48000)])
def test_the_length_of_frames_does_not_matter(from_hz: int, to_hz: int) -> None:
    noise = np.random.default_rng(1).integers(-9000, 9000, from_hz // 5).astype(np.int16)
    usual = piecewise(noise, from_hz, to_hz)
    for frame_s in (0.01, 0.03, 0.04, 0.055):
        other = piecewise(noise, from_hz, to_hz, frame_s)
        assert np.abs(other.astype(int) - usual[: len(other)]).max() <= 1, frame_s  # of rounding


def test_rows_do_not_hear_each_other() -> None:
    converter = Converter(4, 16000, 8000)
    loud, silent = tone(500, 16000, 0.02), np.zeros(320, np.int16)
    for _ in range(3):
        made = converter.convert(np.array([2, 0]), np.stack([loud, silent]))
    assert np.abs(made[0]).max() > 6000 and not made[1].any()
    assert not converter.convert(np.array([3]), silent[None]).any()
    converter.forget(2)
    assert not converter.convert(np.array([2]), silent[None]).any()


def test_too_loud_is_clipped_and_does_not_wrap() -> None:
    square = np.where(np.arange(1600) // 4 % 2, 32767, -32768).astype(np.int16)
    made = piecewise(square, 16000, 8000)
    assert (made.max(), made.min()) == (32767, -32768)
    assert np.corrcoef(made[40:], resample(square, 16000, 8000)[20 : 20 + len(made) - 40])[0, 1] > 0.9


@pytest.mark.parametrize(("from_hz", "to_hz"), [(8000, 16000), (16000, 8000)])
def test_the_delay_is_known(from_hz: int, to_hz: int) -> None:
    click = np.zeros(from_hz // 10, np.int16)
    click[400 * from_hz // 8000] = 20000
    made = piecewise(click, from_hz, to_hz)
    assert int(np.argmax(made)) * 8000 // to_hz == 400 + delay(from_hz, to_hz) == 420
