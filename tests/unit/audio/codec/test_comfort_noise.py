"""The silence of the other end (RFC 3389): its level, its colour, and that it has no seams."""

import numpy as np
import pytest

from softswitch.audio.codec import CodecError
from softswitch.audio.codec.comfort_noise import Noise


def second(payload: bytes) -> np.ndarray:
    noise = Noise(payload)
    return np.concatenate([noise.frame(number) for number in range(50)]).astype(float)


@pytest.mark.parametrize("level", [20, 40, 60])
@pytest.mark.parametrize("colour", [b"", bytes([80, 140, 120])])
def test_the_level_is_that_of_the_packet(level: int, colour: bytes) -> None:
    found = 20 * np.log10(np.sqrt(np.mean(second(bytes([level]) + colour) ** 2)) / 32768)
    assert found == pytest.approx(-level, abs=0.3)


def test_the_reserved_bit_is_not_read() -> None:
    assert np.array_equal(second(bytes([0x80 | 40])), second(bytes([40])))


def test_reflection_coefficients_colour_it() -> None:
    """The first one is minus the likeness of neighbouring samples."""
    for index, likeness in ((27, 0.787), (227, -0.787), (127, 0.0)):
        noise = second(bytes([30, index]))
        assert np.mean(noise * np.roll(noise, 1)) / np.mean(noise**2) == pytest.approx(likeness, abs=0.05)


def test_it_goes_round_without_a_seam_and_is_never_the_same_tone() -> None:
    noise = second(bytes([30, 27]))
    step = np.abs(np.diff(noise))
    assert abs(noise[0] - noise[-1]) <= step.max()
    spectrum = np.abs(np.fft.rfft(second(bytes([30]))))[100:-100]
    assert spectrum.max() < 1.2 * np.median(spectrum)


@pytest.mark.parametrize("payload", [bytes([127]), bytes([0] * 40), bytes([60] + [0, 254] * 8), bytes([50, 255, 0])])
def test_any_octets_are_some_noise(payload: bytes) -> None:
    assert np.isfinite(second(payload)).all()


def test_no_octets_are_none() -> None:
    with pytest.raises(CodecError, match="level"):
        Noise(b"")
