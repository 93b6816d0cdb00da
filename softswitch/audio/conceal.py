"""Loss concealment without clicks, for all streams at once: repeat with fade, then silence.

The last good frame is repeated mirrored in time, and every other time forwards again, so that there is no step at the
seams; a linear fade takes it to zero within ``FADE_FRAMES``. The first good frame after a gap is faded in over
``RAMP`` samples, because by then the repetition has left off somewhere else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME

Pcm = npt.NDArray[np.int16]

FADE_FRAMES = 3  # 60 ms; a longer repetition of one frame begins to buzz
RAMP = 32  # samples, 4 ms

_FADE = 1.0 - np.arange(FADE_FRAMES * FRAME, dtype=np.float32).reshape(FADE_FRAMES, FRAME) / (FADE_FRAMES * FRAME)
_RISE = (np.arange(RAMP, dtype=np.float32) + 1) / (RAMP + 1)


class Concealer:
    """What each stream said last, and for how many frames it has been missing since."""

    def __init__(self, streams: int) -> None:
        self.last: Pcm = np.zeros((streams, FRAME), np.int16)
        self.missing = np.full(streams, FADE_FRAMES, np.int32)  # frames; FADE_FRAMES and more: it has become silence
        self.concealed = 0  # frames made up so far, all streams

    def forget(self, row: int) -> None:
        self.last[row] = 0
        self.missing[row] = FADE_FRAMES

    def conceal(self, frames: Pcm, present: npt.NDArray[np.bool_]) -> None:
        """Fill the rows of ``frames`` ``(n, FRAME)`` that are not ``present`` ``(n,)``; smooth the returning ones."""
        count = len(frames)
        gaps = np.flatnonzero(~present)
        back = np.flatnonzero(present & (self.missing[:count] > 0))
        if len(back):
            frames[back, :RAMP] = frames[back, :RAMP] * _RISE + self._continued(back)[:, :RAMP] * (1 - _RISE)
        self.last[:count][present] = frames[present]
        self.missing[:count][present] = 0
        if len(gaps):
            frames[gaps] = self._continued(gaps)
            self.concealed += int(np.count_nonzero(self.missing[gaps] < FADE_FRAMES))
            self.missing[gaps] += 1

    def _continued(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """The next made-up frame of each row, ``(rows, FRAME)``; zeros once the fade is over."""
        missing = self.missing[rows]
        faded = np.zeros((len(rows), FRAME), np.float32)
        for age in range(FADE_FRAMES):
            of_age = np.flatnonzero(missing == age)
            frame = self.last[rows[of_age]]
            faded[of_age] = (frame[:, ::-1] if age % 2 == 0 else frame) * _FADE[age]
        return faded
