"""Coming and going without clicks: the tick in which rooms change is mixed as before and as from now on, and led over.

So a voice that comes rises, one that goes falls, and where a room changes its rate, for somebody with a wideband phone
has joined, the step of time between the two ways through the filters is covered up. The new mix begins to be heard
after ``SETTLE_S``, when its filters have filled: one on the way in and one on the way out, 5 ms each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ, WIDE_FRAME, g711
from softswitch.audio.mix import Seating
from softswitch.media.bands import Bands
from softswitch.media.rooms import Plan, Room
from softswitch.media.wide import WideRooms

Pcm = npt.NDArray[np.int16]
Octets = npt.NDArray[np.uint8]
Rows = npt.NDArray[Any]

SETTLE_S = 0.010


def _shares(samples: int) -> npt.NDArray[np.float32]:
    """How much of the new mix is heard, from 0 to 1."""
    settle = round(SETTLE_S * RATE_HZ) * samples // FRAME
    return np.clip((np.arange(samples) + 1 - settle) / (samples - settle), 0, 1).astype(np.float32)


_SHARES = {samples: _shares(samples) for samples in (FRAME, WIDE_FRAME)}


def cross(old: Pcm, new: Pcm) -> Pcm:
    """Both ``(n, samples)``, of one frame."""
    change = new.astype(np.float32) - old
    change *= _SHARES[new.shape[1]]
    return np.asarray(np.rint(change + old), np.int16)


class Crossing:
    """The rooms that are not any more, and the rows whose room has changed; all arrays are by those rows.

    What can be is led over at 16 kHz: who has a coder, and who goes from one wide room to another. Others, of G.711,
    are at 8 kHz. Who goes on following another row in a wide room does just that.
    """

    def __init__(self, before: Plan, after: Plan, coded: npt.NDArray[np.bool_], closed: Collection[int] = ()) -> None:
        """``closed``: rows whose streams are gone; who has such a row now hears nothing of what was."""
        gone = [room for key, room in before.rooms.items() if key not in after.rooms]
        come = [room for key, room in after.rooms.items() if key not in before.rooms]
        changed = sorted({row for room in gone + come for row in _members(room)})
        rows = np.array(changed, np.int64)
        was_wide, is_wide = (
            _among(changed, {row for room in some if room.wide for row in _members(room)}) for some in (gone, come)
        )
        follows = _among(changed, {row for room in come for row in room.followers})
        self.wide, self._narrow = (
            Seating([room.table for room in gone if room.wide is wide]) for wide in (True, False)
        )
        self._followed = {follower: leader for room in gone for follower, leader in room.followers.items()}
        self._rows = rows
        stays = ~_among(changed, closed)
        self._at_wide = stays & (coded[rows] | (was_wide & is_wide & ~follows))
        self._at_narrow = stays & ~self._at_wide & ~(was_wide & is_wide)
        self._left_wide = was_wide & self._at_narrow
        self.wide_rows, self.narrow_rows = rows[self._at_wide], rows[self._at_narrow]
        self._old = np.zeros((len(rows), FRAME), np.int16)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def mixes_wide(self) -> bool:
        """Whether somebody hears, or would still hear, anything at 16 kHz."""
        return len(self.wide.rows) > 0 or len(self.wide_rows) > 0

    def lead_wide(self, rooms: WideRooms, bands: Bands) -> None:
        """Change what ``wide_rows`` have heard. Once per tick, after the wide rooms are mixed."""
        old = np.zeros((len(self._rows), WIDE_FRAME), np.int16)
        self._put(old, self.wide, rooms.ears(self.wide))
        rooms.heard[self.wide_rows] = cross(old[self._at_wide], rooms.heard[self.wide_rows])
        left = self._left_wide & ~_among(self._rows.tolist(), self._followed)
        if left.any():
            self._old[left] = bands.for_narrow(self._rows[left], old[left] << 2) >> 2
        self._follow(self._old)

    def lead_narrow(self, frames: Octets, law: Rows, new: Pcm) -> Pcm:
        """What ``narrow_rows`` hear in place of ``new`` ``(narrow_rows, FRAME)``."""
        rows = self._narrow.rows
        there = rows < len(frames)
        voices, ears = (np.zeros((len(rows), FRAME), np.int16) for _ in range(2))
        if there.any():
            voices[there] = g711.decode(frames[rows[there]], law[rows[there]]) >> 2
        self._narrow.mix(voices, ears)
        self._put(self._old, self._narrow, np.clip(ears, -8192, 8191))
        return cross(self._old[self._at_narrow], new)

    def _put(self, old: Pcm, seating: Seating, ears: Pcm) -> None:
        old[np.searchsorted(self._rows, seating.rows)] = ears
        self._follow(old)

    def _follow(self, old: Pcm) -> None:
        followers, leaders = list(self._followed), list(self._followed.values())
        old[np.searchsorted(self._rows, followers)] = old[np.searchsorted(self._rows, leaders)]


def _among(rows: Iterable[int], some: Collection[int]) -> npt.NDArray[np.bool_]:
    """Which of ``rows`` are among ``some``. They are few, and an array would be a detour."""
    return np.array([row in some for row in rows], np.bool_)


def _members(room: Room) -> list[int]:
    return [*room.table.rows, *room.followers]
