"""Concealment as the receiver does it, on linear samples and without a jitter buffer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME
from softswitch.audio.conceal import FADE_FRAMES, HISTORY, RAMP, Concealer

Pcm = npt.NDArray[np.int16]


class Repair(Concealer):
    """``conceal`` fills what is missing in place."""

    def __init__(self, streams: int) -> None:
        super().__init__(streams)
        self.past: Pcm = np.zeros((streams, HISTORY), np.int16)

    def conceal(self, frames: Pcm, present: npt.NDArray[np.bool_]) -> None:
        """``frames`` ``(streams, FRAME)``, of which those that are not ``present`` ``(streams,)`` have been lost."""
        faded = np.flatnonzero(~present & (self.missing >= FADE_FRAMES))
        frames[faded] = 0
        gaps = np.flatnonzero(~present & (self.missing < FADE_FRAMES))
        self.stay_away(faded)
        first = gaps[self.missing[gaps] == 0]
        if len(first):
            self.begin(first, self.past[first])
        if len(gaps):
            frames[gaps] = self.next(gaps)
        back = np.flatnonzero(present & (self.missing > 0))
        if len(back):
            frames[back, :RAMP] = self.rejoin(back, frames[back, :RAMP])
        self.past = np.concatenate((self.past[:, FRAME:], frames), axis=1)
