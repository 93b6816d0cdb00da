"""Comfort noise as it is sent (RFC 3389): a level, and perhaps the colour, of the silence at the other end.

A peer that suppresses silence sends one such packet when it falls silent and then now and again. Each is turned into a
second of noise that joins its own beginning, so that a tick only takes the next piece of it. The first octet is the
level in -dBov, 0 dBov being the loudest square wave; each further one is a reflection coefficient of an all-pole
filter, of which those of use to 8 kHz are read (section 3).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ
from softswitch.audio.codec.coder import CodecError, Pcm

_PIECES = RATE_HZ // FRAME  # in a second
_MOST_COEFFICIENTS = 16
_UNUSED = 255  # index of a coefficient; reserved
_STEEPEST = 0.97  # coefficient; beyond it the filter rings like a bell
_WHITE = np.exp(2j * np.pi * np.random.default_rng(3389).random(RATE_HZ // 2 + 1))  # the same for all, for ever


class Noise:
    """The silence of one stream, from its latest packet."""

    def __init__(self, payload: bytes) -> None:
        """Raises ``CodecError``."""
        if not payload:
            raise CodecError("comfort noise without a level")
        self.payload = payload
        self._loop = _noise(_level(payload[0]), _coefficients(payload[1:]))

    def frame(self, number: int) -> Pcm:
        """``(FRAME,)``, for the tick of that number."""
        piece: Pcm = self._loop[number % _PIECES]
        return piece


def _level(octet: int) -> float:
    """The effective value of the samples; the first bit is not used (section 3.1)."""
    return float(32768 * 10 ** (-(octet & 0x7F) / 20))


def _coefficients(octets: bytes) -> list[float]:
    known = octets[:_MOST_COEFFICIENTS]
    if _UNUSED in known:
        known = known[: known.index(_UNUSED)]
    quantized = (258 * (index - 127) / 32768 for index in known)  # section 3.2
    return [max(-_STEEPEST, min(one, _STEEPEST)) for one in quantized]


def _noise(level: float, reflection: list[float]) -> Pcm:
    """``(_PIECES, FRAME)``."""
    colour = _WHITE / np.fft.rfft(_predictor(reflection), RATE_HZ)
    colour[0] = 0
    wave = np.fft.irfft(colour, RATE_HZ)
    wave *= level / np.sqrt(np.mean(wave**2))
    return np.clip(np.rint(wave), -32768, 32767).astype(np.int16).reshape(_PIECES, FRAME)


def _predictor(reflection: list[float]) -> npt.NDArray[np.float64]:
    """From reflection coefficients to A(z) = 1 + a1/z + ..., one order after the other."""
    predictor = np.ones(1)
    for one in reflection:
        longer = np.append(predictor, 0.0)
        predictor = longer + one * longer[::-1]
    return predictor
