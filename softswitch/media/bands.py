"""The two rates of the house, and rows between them: 8 kHz for G.711, 16 kHz for everybody else.

Each direction of a row is a stream of its own for the filter, which keeps the row's past. It delays by ``LATE`` samples
of 8 kHz; who lays sounds of both kinds beside each other takes that into account.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import RATE_HZ, WIDE_HZ
from softswitch.audio.resample import Converter, delay

Pcm = npt.NDArray[np.int16]
Rows = npt.NDArray[Any]

LATE = delay(RATE_HZ, WIDE_HZ)  # samples at 8 kHz, both ways


class Bands:
    """All frames are ``(n, FRAME)`` or ``(n, WIDE_FRAME)`` of ``rows`` ``(n,)``, no row twice; each tick goes on."""

    def __init__(self, streams: int) -> None:
        self._said_up = Converter(streams, RATE_HZ, WIDE_HZ)
        self._said_down = Converter(streams, WIDE_HZ, RATE_HZ)
        self._heard_down = Converter(streams, WIDE_HZ, RATE_HZ)

    def forget(self, row: int) -> None:
        for converter in (self._said_up, self._said_down, self._heard_down):
            converter.forget(row)

    def wide(self, rows: Rows, said: Pcm) -> Pcm:
        """What rows say at 8 kHz, at 16."""
        return self._said_up.convert(rows, said)

    def narrow(self, rows: Rows, said: Pcm) -> Pcm:
        """What rows say at 16 kHz, at 8."""
        return self._said_down.convert(rows, said)

    def for_narrow(self, rows: Rows, heard: Pcm) -> Pcm:
        """What rows of G.711 are to hear, at 8 kHz."""
        return self._heard_down.convert(rows, heard)
