"""Mix-minus: everybody in a room hears all the others and not himself, for all rooms of a process at once.

The sum of a room is taken once, in int32, and each member's own voice is subtracted from it; so the work grows with the
number of streams and not with the square of the room. Who is in which room changes rarely: ``Seating`` sorts the rows
once per change, and each tick then only gathers, adds and scatters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]

NOWHERE = -1  # the room of a row that is in none


@dataclass(frozen=True, slots=True)
class Seating:
    """The rows that are in a room, sorted so that the members of a room lie side by side."""

    rows: npt.NDArray[Any]  # (members,) row of each member
    starts: npt.NDArray[Any]  # (rooms,) where each room begins in ``rows``
    room: npt.NDArray[Any]  # (members,) index into ``starts``

    @classmethod
    def of(cls, room: npt.NDArray[Any]) -> Seating:
        """From the room number of each row, ``(streams,)``, ``NOWHERE`` where it is in none."""
        rows = np.argsort(room, kind="stable")
        rows = rows[np.searchsorted(room[rows], 0) :]
        _, starts, index = np.unique(room[rows], return_index=True, return_inverse=True)
        return cls(rows, starts, index.reshape(-1))


def clip(total: npt.NDArray[np.int32]) -> Pcm:
    """Sums as samples, saturated in place; this is the only clipping on the way from ear to ear."""
    np.maximum(total, -32768, out=total)
    np.minimum(total, 32767, out=total)
    return total.astype(np.int16)


def mix_minus(said: Pcm, seating: Seating, heard: Pcm) -> None:
    """Write into ``heard`` what each seated row hears of ``said``; both ``(streams, samples)``. Others stay."""
    if not len(seating.rows):
        return
    own = said[seating.rows].astype(np.int32)
    total = np.add.reduceat(own, seating.starts, axis=0)
    heard[seating.rows] = clip(total[seating.room] - own)
