"""Tones: for the voices of a demonstration, and for tests that recognise a voice by its frequency."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from softswitch.audio import RATE_HZ

Pcm = npt.NDArray[np.int16]


def sine(hz: float, seconds: float, level: float = 0.3, start: int = 0, rate_hz: int = RATE_HZ) -> Pcm:
    """``(samples,)``; ``level`` is the peak as a share of full scale, ``start`` the first sample's number."""
    at = np.arange(start, start + round(seconds * rate_hz)) / rate_hz
    return np.rint(np.sin(2 * np.pi * hz * at) * level * 32767).astype(np.int16)


def strength(pcm: Pcm, hz: float, rate_hz: int = RATE_HZ) -> float:
    """How much of ``hz`` is in ``(samples,)``: the amplitude as a share of full scale, whatever the phase."""
    if not len(pcm):
        return 0.0
    turn = np.exp(-2j * np.pi * hz * np.arange(len(pcm)) / rate_hz)
    return float(2 * np.abs(np.dot(pcm.astype(np.float64), turn)) / len(pcm) / 32767)
