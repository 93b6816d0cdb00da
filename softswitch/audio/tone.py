"""Tones: for the ringing in an ear, for tests that recognise a voice by its frequency, and for DTMF (ITU-T Q.23)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from softswitch.audio import RATE_HZ

Pcm = npt.NDArray[np.int16]

_ROW_HZ = (697, 770, 852, 941)
_COLUMN_HZ = (1209, 1336, 1477, 1633)
_KEYS = ("123A", "456B", "789C", "*0#D")
DTMF_HZ = {key: (_ROW_HZ[r], _COLUMN_HZ[c]) for r, keys in enumerate(_KEYS) for c, key in enumerate(keys)}


def sine(hz: float, seconds: float, level: float = 0.3, start: int = 0) -> Pcm:
    """``(samples,)`` at 8 kHz; ``level`` is the peak as a share of full scale, ``start`` the first sample's number."""
    at = np.arange(start, start + round(seconds * RATE_HZ)) / RATE_HZ
    return np.rint(np.sin(2 * np.pi * hz * at) * level * 32767).astype(np.int16)


def dtmf(digit: str, seconds: float = 0.1, level: float = 0.2) -> Pcm:
    """Both tones of a key, each with peak ``level``. Raises ``KeyError`` where there is no such key."""
    low, high = DTMF_HZ[digit]
    return np.asarray(sine(low, seconds, level) + sine(high, seconds, level), dtype=np.int16)


def strength(pcm: Pcm, hz: float) -> float:
    """How much of ``hz`` is in ``(samples,)``: the amplitude as a share of full scale, whatever the phase."""
    if not len(pcm):
        return 0.0
    turn = np.exp(-2j * np.pi * hz * np.arange(len(pcm)) / RATE_HZ)
    return float(2 * np.abs(np.dot(pcm.astype(np.float64), turn)) / len(pcm) / 32767)
