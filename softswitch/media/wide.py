"""Rooms of 16 kHz: the same mix-minus as in narrow ones, with two samples where those have one.

Who has a coder is heard as he was decoded. Who speaks G.711 is brought to 16 kHz on his way in and back to 8 on his way
out, and so hears no more than 4 kHz of the others. All voices and ears lie by row, in the 14-bit domain of
``audio.mix``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, WIDE_FRAME, g711
from softswitch.audio.mix import Seating
from softswitch.media.bands import Bands
from softswitch.media.linear import Linear
from softswitch.media.rooms import Plan

Pcm = npt.NDArray[np.int16]
Octets = npt.NDArray[np.uint8]
Rows = npt.NDArray[Any]


class WideRooms:
    def __init__(self, streams: int, bands: Bands) -> None:
        self.voices: Pcm = np.zeros((streams, WIDE_FRAME), np.int16)
        self.heard: Pcm = np.zeros((streams, WIDE_FRAME), np.int16)  # 0 for who is in no such room
        self.narrow: Pcm = np.zeros((streams, FRAME), np.int16)  # the same for ``listeners``
        self.listeners: Rows = np.zeros(0, np.int64)  # rows of G.711 in such rooms
        self._bands = bands
        self._seating = Seating(())
        self._followers = self._leaders = np.zeros(0, np.int64)

    def take(self, plan: Plan, coded: npt.NDArray[np.bool_]) -> None:
        """``coded`` ``(streams,)``: rows that are given samples."""
        self.heard[self._seating.rows], self.heard[self._followers] = 0, 0
        self._seating, self._followers, self._leaders = plan.wide, plan.followers, plan.leaders
        rows = self._seating.rows[: self._seating.in_rooms]
        self.listeners = rows[~coded[rows]]

    def __bool__(self) -> bool:
        return len(self._seating.rows) > 0

    def listen(self, rows: Rows, frames: Octets, law: Rows, linear: Linear) -> None:
        """What these rows say; ``frames`` ``(count, FRAME)`` are the octets of all, also of those with a coder."""
        self.voices[rows[rows >= len(frames)]] = 0  # they have just gone
        rows = rows[rows < len(frames)]
        coded = np.isin(rows, linear.rows)
        self.voices[rows[coded]] = linear.frames[rows[coded]] >> 2
        narrow = rows[~coded]
        if len(narrow):
            self.voices[narrow] = self._bands.wide(narrow, g711.decode(frames[narrow], law[narrow])) >> 2

    def mix(self) -> None:
        rows = self._seating.rows[: self._seating.in_rooms]
        self.heard[rows] = self.ears(self._seating)[: len(rows)]
        self.heard[self._followers] = self.heard[self._leaders]

    def ears(self, seating: Seating) -> Pcm:
        """What its seats hear, ``(seats, WIDE_FRAME)``."""
        ears = np.empty((len(seating.rows), WIDE_FRAME), np.int16)
        seating.mix(self.voices[seating.rows], ears)
        return np.clip(ears, -8192, 8191)

    def narrowed(self, rows: Rows) -> None:
        """Put what these rows of G.711 ``heard`` into ``narrow``."""
        if len(rows):
            self.narrow[rows] = self._bands.for_narrow(rows, self.heard[rows] << 2) >> 2
