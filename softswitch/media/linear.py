"""What rows with a coder say, once the jitter buffer plays it: linear, at 16 kHz, gaps filled; and the same at 8 kHz.

The whole band is for whoever hears it. Talk, levels and keys are looked for at 8 kHz, as in all other rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, WIDE_FRAME, WIDE_HZ
from softswitch.audio.conceal import FADE_FRAMES, HISTORY, Concealer
from softswitch.media.bands import Bands
from softswitch.rtp.jitter import SLOTS, Jitter

Pcm = npt.NDArray[np.int16]
Rows = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

_PAST_FRAMES = HISTORY // FRAME


class Linear:
    """This tick's rows with a coder; ``missing`` counts the frames that fail, of all rows of the process."""

    def __init__(self, streams: int, jitter: Jitter, bands: Bands, missing: npt.NDArray[np.int32]) -> None:
        self.rows: Rows = np.zeros(0, np.int64)  # ascending
        self.narrow: Pcm = np.zeros((0, FRAME), np.int16)  # what they say, (rows, FRAME)
        self.concealer = Concealer(streams, WIDE_HZ, missing)
        self._jitter, self._bands = jitter, bands

    @property
    def frames(self) -> Pcm:
        """What rows of the process say, ``(streams, WIDE_FRAME)``; only that of ``rows`` means something."""
        frames: Pcm = self._jitter.wide[self._jitter.slot]
        return frames

    def speak(self, rows: Rows, present: Mask) -> None:
        """``present`` ``(count,)``: of whom a frame has arrived."""
        self.rows = rows
        if not len(rows):
            self.narrow = self.narrow[:0]
            return
        there = present[rows]
        if not there.all():
            self._fill(rows[~there])
        back = rows[there & (self.concealer.missing[rows] > 0)]
        if len(back):
            ramp = self.concealer.ramp
            self.frames[back, :ramp] = self.concealer.rejoin(back, self.frames[back, :ramp])
        self.narrow = self._bands.narrow(rows, self.frames[rows])

    def replace(self, rows: Rows, said: Pcm) -> None:
        """Rows of which nothing comes say this ``(n, FRAME)`` of 8 kHz; those without a coder are left alone."""
        mine = np.isin(rows, self.rows, assume_unique=True)
        rows, said = rows[mine], said[mine]
        if len(rows):
            self.narrow[np.searchsorted(self.rows, rows)] = said
            self.frames[rows] = self._bands.wide(rows, said)

    def _fill(self, absent: Rows) -> None:
        concealer = self.concealer
        silent = concealer.missing[absent] >= FADE_FRAMES
        away, gaps = absent[silent], absent[~silent]
        concealer.stay_away(away)
        self.frames[away] = 0
        if not len(gaps):
            return
        first = gaps[concealer.missing[gaps] == 0]
        if len(first):
            concealer.begin(first, self._past(first))
        self.frames[gaps] = concealer.next(gaps)

    def _past(self, rows: Rows) -> Pcm:
        """What these rows said last, ``(rows, 2 * HISTORY)``."""
        slots = (self._jitter.slot - np.arange(_PAST_FRAMES, 0, -1)) % SLOTS
        said = self._jitter.wide[slots[:, None], rows].transpose(1, 0, 2)
        return said.reshape(len(rows), _PAST_FRAMES * WIDE_FRAME)
