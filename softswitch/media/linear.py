"""What rows with a coder say, once the jitter buffer plays it: linear, at 16 kHz, gaps filled; and the same at 8 kHz.

The whole band is for whoever hears it. Talk, levels and keys are looked for at 8 kHz, as in all other rows. Gaps are
filled by the codec where it can, for it knows best what it would have said (Opus), else with the waveform.
"""

from __future__ import annotations

from collections.abc import Callable
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
    """This tick's rows with a coder.

    ``missing`` counts the frames that fail, of all rows of the process; ``make_up`` asks a row's codec for one.
    """

    def __init__(
        self,
        streams: int,
        jitter: Jitter,
        bands: Bands,
        missing: npt.NDArray[np.int32],
        make_up: Callable[[int], Pcm | None],
    ) -> None:
        self.rows: Rows = np.zeros(0, np.int64)  # ascending
        self.narrow: Pcm = np.zeros((0, FRAME), np.int16)  # what they say, (rows, FRAME)
        self.concealer = Concealer(streams, WIDE_HZ, missing)
        self._jitter, self._bands, self._make_up = jitter, bands, make_up
        self._by_codec = np.zeros(streams, np.bool_)  # rows whose gap the codec is filling

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
            self._rejoin(back)
        self.narrow = self._bands.narrow(rows, self.frames[rows])

    def replace(self, rows: Rows, said: Pcm) -> None:
        """Rows of which nothing comes say this ``(n, FRAME)`` of 8 kHz; those without a coder are left alone."""
        mine = np.isin(rows, self.rows, assume_unique=True)
        rows, said = rows[mine], said[mine]
        if len(rows):
            self.narrow[np.searchsorted(self.rows, rows)] = said
            self.frames[rows] = self._bands.wide(rows, said)

    def _rejoin(self, back: Rows) -> None:
        """The first good frames after a gap: a codec goes on from what it made up, at the level to which that fell."""
        concealer, ramp = self.concealer, self.concealer.ramp
        # A gap that has outlasted the fade, or that was another stream's, is none of the codec's.
        by_codec = self._by_codec[back] & (concealer.missing[back] <= FADE_FRAMES)
        self._by_codec[back] = False
        some = back[by_codec]
        if len(some):
            least = concealer.fade[concealer.missing[some] - 1, -1:]
            rise = np.linspace(0, 1, ramp, dtype=np.float32)
            self.frames[some, :ramp] = self.frames[some, :ramp] * (least + (1 - least) * rise)
            concealer.missing[some] = 0
        back = back[~by_codec]
        self.frames[back, :ramp] = concealer.rejoin(back, self.frames[back, :ramp])

    def _fill(self, absent: Rows) -> None:
        concealer = self.concealer
        silent = concealer.missing[absent] >= FADE_FRAMES
        away, gaps = absent[silent], absent[~silent]
        concealer.stay_away(away)
        self.frames[away] = 0
        self._by_codec[away] = False  # who comes back from silence rises
        gaps = gaps[[not self._filled_by_codec(row) for row in gaps.tolist()]] if len(gaps) else gaps
        if not len(gaps):
            return
        first = gaps[concealer.missing[gaps] == 0]
        if len(first):
            concealer.begin(first, self._past(first))
        self.frames[gaps] = concealer.next(gaps)

    def _filled_by_codec(self, row: int) -> bool:
        """Whether that could be done. What has begun with one kind goes on with it; both fade alike."""
        missing = self.concealer.missing[row]
        made = self._make_up(row) if missing == 0 or self._by_codec[row] else None
        self._by_codec[row] |= made is not None
        if not self._by_codec[row]:
            return False
        self.frames[row] = 0 if made is None else made * self.concealer.fade[missing]
        self.concealer.missing[row] += 1
        self.concealer.concealed += 1
        return True

    def _past(self, rows: Rows) -> Pcm:
        """What these rows said last, ``(rows, 2 * HISTORY)``."""
        slots = (self._jitter.slot - np.arange(_PAST_FRAMES, 0, -1)) % SLOTS
        said = self._jitter.wide[slots[:, None], rows].transpose(1, 0, 2)
        return said.reshape(len(rows), _PAST_FRAMES * WIDE_FRAME)
