"""Loss concealment without clicks, for all streams at once: repeat the waveform with a fade, then silence.

Speech goes on for a while as it was, so a missing frame is made of the last pitch period (the idea of ITU-T G.711
appendix I): the lag at which the past is most like itself is found by correlation, one period is closed to a ring by a
cross-fade of its ends, and goes round. Longer gaps go round two periods, lest one buzz. What is made up fades within
``FADE_FRAMES``; what comes after that, noise or silence, is not decided here (``media.listening``). The first good
frame after a gap is faded in over ``RAMP`` samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME

Pcm = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[Any]

HISTORY = 3 * FRAME  # samples that ``begin`` looks at
FADE_FRAMES = 3  # 60 ms
AWAY = 1 << 20  # frames: as good as never heard
RAMP = 40  # samples, 5 ms

_LEAST_LAG, _MOST_LAG = 24, 128  # samples: 333 Hz to 62.5 Hz
_WINDOW = 160  # samples that are compared
_SEAM = 16  # samples of the cross-fade that closes the period
_FADE_FROM = 80  # samples, 10 ms at full level

_RISE = ((np.arange(RAMP, dtype=np.float32) + 1) / (RAMP + 1)).astype(np.float32)
_SEAM_RISE = ((np.arange(_SEAM, dtype=np.float32) + 1) / (_SEAM + 1)).astype(np.float32)
_TIME = np.arange((FADE_FRAMES + 1) * FRAME, dtype=np.float32)  # the last frame of it is silent
_FADE = np.clip(1 - (_TIME - _FADE_FROM) / (FADE_FRAMES * FRAME - _FADE_FROM), 0, 1).reshape(-1, FRAME)


class Concealer:
    """What each stream said last, and for how many frames it has been missing since."""

    def __init__(self, streams: int) -> None:
        self.missing = np.full(streams, AWAY, np.int32)  # frames, at most AWAY; from FADE_FRAMES on it is silence
        self.concealed = 0  # frames made up so far, all streams
        self._ring: Floats = np.zeros((streams, 2 * _MOST_LAG), np.float32)  # one period and the one before
        self._lag = np.full(streams, _LEAST_LAG, np.int64)
        self._step = np.zeros(streams, np.float32)  # what the seam at the very beginning would jump by

    def forget(self, row: int) -> None:
        self.missing[row] = AWAY

    def begin(self, rows: Rows, history: Pcm) -> None:
        """These rows miss their first frame; ``history`` ``(rows, HISTORY)`` is what they said up to now."""
        past = history.astype(np.float32)
        lag = _pitch(past)
        self.missing[rows], self._lag[rows] = 0, lag
        at = np.arange(2 * _MOST_LAG)
        period = lag[:, None]
        ring = np.take_along_axis(past, HISTORY - 2 * period + np.minimum(at, 2 * period - 1), axis=1)
        # the end of the last period is led over into its beginning: into what came before that in the past
        end, seam = 2 * period - _SEAM + np.arange(_SEAM), np.arange(-_SEAM, 0)
        before = np.take_along_axis(past, HISTORY - period + seam, axis=1)
        closed = np.take_along_axis(ring, end, axis=1) * (1 - _SEAM_RISE) + before * _SEAM_RISE
        np.put_along_axis(ring, end, closed, axis=1)
        self._ring[rows] = ring
        first = np.take_along_axis(past, HISTORY - period, axis=1)[:, 0]
        slope = past[:, -1] - past[:, -2]
        self._step[rows] = past[:, -1] + slope / 2 - first

    def next(self, rows: Rows) -> Pcm:
        """The next made-up frame of each row, ``(rows, FRAME)``."""
        made = self._continued(rows, FRAME)
        self.concealed += len(rows)
        self.missing[rows] += 1
        return np.clip(made, -32768, 32767).astype(np.int16)

    def stay_away(self, rows: Rows) -> None:
        """These rows, faded, miss one frame more."""
        self.missing[rows] = np.minimum(self.missing[rows] + 1, AWAY)

    def rejoin(self, rows: Rows, heads: Pcm) -> Pcm:
        """The beginnings ``(rows, RAMP)`` of the first good frames, faded in over what was made up."""
        made = self._continued(rows, RAMP)
        self.missing[rows] = 0
        return np.asarray(heads * _RISE + made * (1 - _RISE)).astype(np.int16)

    def _continued(self, rows: Rows, samples: int) -> Floats:
        age = self.missing[rows]
        lag, at = self._lag[rows][:, None], np.arange(samples)
        time = age[:, None] * FRAME + at
        # one period round and round in the first frame, two of them after that
        place = np.where(age[:, None] == 0, lag + time % lag, time % (2 * lag))
        made = np.take_along_axis(self._ring[rows], place, axis=1)
        jump = np.clip(1 - time / RAMP, 0, None) * self._step[rows][:, None]
        return np.asarray((made + jump) * _FADE[np.minimum(age, FADE_FRAMES), :samples], np.float32)


def _pitch(past: Floats) -> Rows:
    """The lag in samples at which the end of each row ``(rows, HISTORY)`` is most like what was before it."""
    now = past[:, -_WINDOW:]
    lagged = np.lib.stride_tricks.sliding_window_view(past, _WINDOW, axis=1)
    first = HISTORY - _WINDOW - _MOST_LAG
    before = lagged[:, first : first + _MOST_LAG - _LEAST_LAG + 1]  # the largest lag first
    product = np.matmul(before, now[:, :, None])[:, :, 0]
    energy = np.einsum("rlw,rlw->rl", before, before)
    return np.asarray(_MOST_LAG - np.argmax(product / np.sqrt(energy + 1e3), axis=1))
