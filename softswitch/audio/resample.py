"""Changing the sample rate: of whole files by soxr, of live streams by one matrix product for all of them.

A file is converted once and kept, and may take its time. A live frame has to be converted in its tick, and hundreds
with it: there the low-pass filter is written out as a matrix, whose columns are the filter shifted to where each new
sample lies, so that ``(streams, past + samples) @ matrix`` is all there is to do. Some of what went before is kept for
each stream, as the filter is longer than the border of a frame.
"""

from __future__ import annotations

from functools import cache
from math import gcd
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

Pcm = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]

_SPAN_S = 0.005  # length of the filter; half of it is its delay
_BETA = 5.65  # of the Kaiser window: 60 dB down from 9 % above half the lower rate; flat up to 9 % below it


def resample(pcm: Pcm, from_hz: int, to_hz: int) -> Pcm:
    """``(samples,)`` at another rate; what lies above half the lower rate is removed and not folded down."""
    if from_hz == to_hz or not len(pcm):
        return pcm
    return np.asarray(soxr.resample(pcm, from_hz, to_hz), np.int16)


def delay(from_hz: int, to_hz: int) -> int:
    """By how many samples of the lower rate a ``Converter`` is late."""
    return len(_filter(from_hz, to_hz)) // 2 * gcd(from_hz, to_hz) // max(from_hz, to_hz)


class Converter:
    """Live streams from one rate to another: row by row, each going on where it was."""

    def __init__(self, streams: int, from_hz: int, to_hz: int) -> None:
        self.from_hz, self.to_hz = from_hz, to_hz
        self.step = from_hz // gcd(from_hz, to_hz)  # samples; frames are multiples of it
        self._past: Floats = np.zeros((streams, _past(from_hz, to_hz)), np.float32)

    def forget(self, row: int) -> None:
        self._past[row] = 0

    def convert(self, rows: npt.NDArray[Any], frames: Pcm) -> Pcm:
        """The next ``(n, samples)`` of ``rows`` ``(n,)``, no row twice; ``samples`` is a multiple of ``step``."""
        if not frames.shape[1]:
            return frames
        whole = _matrix(self.from_hz, self.to_hz)
        line = np.concatenate([self._past[rows], frames], axis=1, dtype=np.float32)
        size = frames.shape[1]
        self._past[rows] = line[:, size:]
        past, most = self._past.shape[1], len(whole) - self._past.shape[1]
        pieces = []
        for at in range(0, size, most):
            piece = line[:, at : at + past + most]
            # A column looks only back: what a shorter frame is made by is a corner of the matrix.
            columns = (piece.shape[1] - past) * self.to_hz // self.from_hz
            pieces.append(piece @ whole[: piece.shape[1], :columns])
        made = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)
        np.clip(np.rint(made, out=made), -32768, 32767, out=made)
        return made.astype(np.int16)


def _past(from_hz: int, to_hz: int) -> int:
    """Samples before a frame that its first new sample is made of."""
    return -(-len(_filter(from_hz, to_hz)) * gcd(from_hz, to_hz) // to_hz)


@cache
def _filter(from_hz: int, to_hz: int) -> npt.NDArray[np.float64]:
    """A windowed sinc at the least common rate, whose sum is what it takes to keep the level."""
    up = to_hz // gcd(from_hz, to_hz)
    common = from_hz * up
    taps = round(_SPAN_S * common) | 1
    at = np.arange(taps) - taps // 2
    cut = min(from_hz, to_hz) / common  # twice the frequency, as a share of the common rate
    shape = np.sinc(at * cut) * np.kaiser(taps, _BETA)
    return np.asarray(shape * (up / shape.sum()))


@cache
def _matrix(from_hz: int, to_hz: int) -> Floats:
    """Of a frame of 20 ms, ``(past + samples, made)``: column m is the filter as it lies over the new sample m."""
    samples = from_hz // 50
    taps = _filter(from_hz, to_hz)
    up, down = to_hz // gcd(from_hz, to_hz), from_hz // gcd(from_hz, to_hz)
    past = _past(from_hz, to_hz)
    old = np.arange(past + samples)[:, None] - past
    place = np.arange(samples * up // down)[None, :] * down - old * up
    inside = (place >= 0) & (place < len(taps))
    return np.where(inside, taps[np.clip(place, 0, len(taps) - 1)], 0.0).astype(np.float32)
