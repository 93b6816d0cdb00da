"""Comfort noise: what is heard in place of nothing, at the level of the row's own background.

Complete silence sounds like a call that has broken off. The noise is drawn once and cut at a different place for each
row and tick; it falls by 6 dB per octave above 500 Hz, as the background of a room does, for white noise hisses.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ

Pcm = npt.NDArray[np.int16]

_LENGTH = 1 << 15  # samples of the store; 4 s, so that nobody hears the repetition
_CORNER_HZ = 500.0


def _store() -> npt.NDArray[np.float32]:
    """One turn of noise with a root mean square of 1."""
    random = np.random.default_rng(3389)  # always the same: what is heard must not depend on chance
    hz = np.fft.rfftfreq(_LENGTH, 1 / RATE_HZ)
    spectrum = np.exp(2j * np.pi * random.random(len(hz))) / np.sqrt(1 + (hz / _CORNER_HZ) ** 2)
    spectrum[hz < 100] = 0  # what a telephone does not carry
    wave = np.fft.irfft(spectrum)
    return np.tile(wave / np.sqrt(np.mean(wave**2)), 2).astype(np.float32)


_NOISE = _store()
_STRIDE = 7919  # prime: rows and ticks begin everywhere


class Comfort:
    """Noise for rows; every tick goes on where the row's last one ended."""

    def __init__(self, streams: int) -> None:
        self._at = np.arange(streams, dtype=np.int64) * _STRIDE % _LENGTH

    def fill(self, frames: Pcm, rows: npt.NDArray[Any], dbov: npt.NDArray[Any]) -> None:
        """Write noise of these levels ``(k,)`` into ``rows`` ``(k,)`` of ``frames`` ``(n, FRAME)``."""
        peak = (32768 * 10.0 ** (np.asarray(dbov, np.float32) / 20)).astype(np.float32)
        places = self._at[rows][:, None] + np.arange(FRAME)
        frames[rows] = np.clip(np.rint(_NOISE[places] * peak[:, None]), -32768, 32767)
        self._at[rows] = (self._at[rows] + FRAME) % _LENGTH
