"""Loss concealment without clicks, for all streams at once: repeat the waveform with a fade, then silence.

Speech goes on for a while as it was, so a missing frame is made of the last pitch period (the idea of ITU-T G.711
appendix I): the lag at which the past is most like itself is found by correlation, one period is closed to a ring by a
cross-fade of its ends, and goes round. Longer gaps go round two periods, lest one buzz. What is made up fades within
``FADE_FRAMES``; what comes after that, noise or silence, is not decided here (``media.listening``). The first good
frame after a gap is faded in over ``RAMP`` samples. Constants are samples at 8 kHz; a concealer of another rate has
as many times more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ

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


def _rise(samples: int) -> Floats:
    return ((np.arange(samples, dtype=np.float32) + 1) / (samples + 1)).astype(np.float32)


def _fade(scale: int) -> Floats:
    """By frame of a gap; the last one is silent."""
    time = np.arange((FADE_FRAMES + 1) * FRAME * scale, dtype=np.float32) / scale
    share = np.clip(1 - (time - _FADE_FROM) / (FADE_FRAMES * FRAME - _FADE_FROM), 0, 1)
    return share.reshape(FADE_FRAMES + 1, -1).astype(np.float32)


class Concealer:
    """What each stream said last, and for how many frames it has been missing since."""

    def __init__(self, streams: int, rate_hz: int = RATE_HZ, missing: npt.NDArray[np.int32] | None = None) -> None:
        """``missing``: of another concealer that has other rows of the same streams."""
        self.missing = np.full(streams, AWAY, np.int32) if missing is None else missing
        # in frames, at most AWAY; from FADE_FRAMES on it is silence
        self.concealed = 0  # frames made up so far, all streams
        scale = self._scale = rate_hz // RATE_HZ
        self.ramp = RAMP * scale
        self.fade = _fade(scale)  # by frame of a gap, (FADE_FRAMES + 1, samples)
        self._rise, self._seam_rise = _rise(self.ramp), _rise(_SEAM * scale)
        self._ring: Floats = np.zeros((streams, 2 * _MOST_LAG * scale), np.float32)  # one period and the one before
        self._lag = np.full(streams, _LEAST_LAG * scale, np.int64)
        self._step = np.zeros(streams, np.float32)  # what the seam at the very beginning would jump by

    def forget(self, row: int) -> None:
        self.missing[row] = AWAY

    def begin(self, rows: Rows, history: Pcm) -> None:
        """These rows miss their first frame; ``history`` ``(rows, HISTORY)`` is what they said up to now."""
        past = history.astype(np.float32)
        lag, size, edge = _pitch(past, self._scale), past.shape[1], len(self._seam_rise)
        self.missing[rows], self._lag[rows] = 0, lag
        at = np.arange(self._ring.shape[1])
        period = lag[:, None]
        ring = np.take_along_axis(past, size - 2 * period + np.minimum(at, 2 * period - 1), axis=1)
        # the end of the last period is led over into its beginning: into what came before that in the past
        end, seam = 2 * period - edge + np.arange(edge), np.arange(-edge, 0)
        before = np.take_along_axis(past, size - period + seam, axis=1)
        closed = np.take_along_axis(ring, end, axis=1) * (1 - self._seam_rise) + before * self._seam_rise
        np.put_along_axis(ring, end, closed, axis=1)
        self._ring[rows] = ring
        first = np.take_along_axis(past, size - period, axis=1)[:, 0]
        slope = past[:, -1] - past[:, -2]
        self._step[rows] = past[:, -1] + slope / 2 - first

    def next(self, rows: Rows) -> Pcm:
        """The next made-up frame of each row, ``(rows, FRAME)``."""
        made = self._continued(rows, FRAME * self._scale)
        self.concealed += len(rows)
        self.missing[rows] += 1
        return np.clip(made, -32768, 32767).astype(np.int16)

    def stay_away(self, rows: Rows) -> None:
        """These rows, faded, miss one frame more."""
        self.missing[rows] = np.minimum(self.missing[rows] + 1, AWAY)

    def rejoin(self, rows: Rows, heads: Pcm) -> Pcm:
        """The beginnings ``(rows, ramp)`` of the first good frames, faded in over what was made up."""
        made = self._continued(rows, self.ramp)
        self.missing[rows] = 0
        return np.asarray(heads * self._rise + made * (1 - self._rise)).astype(np.int16)

    def _continued(self, rows: Rows, samples: int) -> Floats:
        age = self.missing[rows]
        lag, at = self._lag[rows][:, None], np.arange(samples)
        time = age[:, None] * (FRAME * self._scale) + at
        # one period round and round in the first frame, two of them after that
        place = np.where(age[:, None] == 0, lag + time % lag, time % (2 * lag))
        made = np.take_along_axis(self._ring[rows], place, axis=1)
        jump = np.clip(1 - time / self.ramp, 0, None) * self._step[rows][:, None]
        return np.asarray((made + jump) * self.fade[np.minimum(age, FADE_FRAMES), :samples], np.float32)


def _pitch(past: Floats, scale: int) -> Rows:
    """The lag in samples at which the end of each row ``(rows, samples)`` is most like what was before it."""
    window, least, most = _WINDOW * scale, _LEAST_LAG * scale, _MOST_LAG * scale
    now = past[:, -window:]
    lagged = np.lib.stride_tricks.sliding_window_view(past, window, axis=1)
    first = past.shape[1] - window - most
    before = lagged[:, first : first + most - least + 1]  # the largest lag first
    product = np.matmul(before, now[:, :, None])[:, :, 0]
    energy = np.einsum("rlw,rlw->rl", before, before)
    return np.asarray(most - np.argmax(product / np.sqrt(energy + 1e3), axis=1))
