"""Mix-minus: everybody in a room hears all the others and not himself, for all rooms of a process at once.

Samples are in the 14-bit domain of G.711 (``g711.decode14``): four talkers add up in int16 without overflow, and the
encoder's table does the clipping. So rooms of up to ``SMALL`` members are added in int16, whatever the sum of all five
does on the way: arithmetic modulo 2^16 is undone by subtracting one's own voice. Larger rooms are summed in int32.
Who is heard by nobody counts as silent there. Only a room where some hear another louder, or not at all, has a matrix
of gains.

The order of work is the order of ``seats``: a group of rooms of one size lies member by member, so that adding the
second members of a thousand rooms to the first ones is one addition of two blocks of memory.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]
Gains = npt.NDArray[np.float32]

SMALL = 5  # members
_FULL = 32767


@dataclass(frozen=True, slots=True)
class Table:
    """One room: its rows, and how loud (first index) hears (second index); None: all hear all others alike."""

    rows: Sequence[int]
    gains: Gains | None = None
    silent: Collection[int] = ()  # rows that nobody hears, where there are no gains


@dataclass(frozen=True, slots=True)
class _Group:
    """Rooms of one size, ``size * rooms`` seats from ``start`` on."""

    start: int
    size: int
    rooms: int
    gains: Gains | None = None  # (rooms, size, size)


class Seating:
    """Who sits where; made once per change, used in every tick."""

    def __init__(self, tables: Sequence[Table], alone: Sequence[int] = ()) -> None:
        """``alone``: rows that are to have a seat though they are in no room; they hear nothing."""
        seats: list[int] = []
        silent: list[int] = []
        self._groups: list[_Group] = []
        for key in sorted({_kind(table) for table in tables}):
            alike = [table for table in tables if _kind(table) == key]
            gains = np.stack([_gains(table) for table in alike]) if key[1] else None
            runs = [[table] for table in alike] if key[0] > SMALL and not key[1] else [alike]
            for run in runs:
                self._groups.append(_Group(len(seats), key[0], len(run), gains))
                order = [(table.rows[member], table) for member in range(key[0]) for table in run]
                silent += [len(seats) + place for place, (row, table) in enumerate(order) if row in table.silent]
                seats += [row for row, _ in order]
        self.rows = np.array([*seats, *alone], np.int64)  # (seats,)
        self.in_rooms = len(seats)  # the first seats; the others are alone
        self._silent = np.array(silent, np.int64)

    def mix(self, said: Pcm, heard: Pcm) -> None:
        """From what each seat says to what it hears, both ``(seats, samples)`` in the 14-bit domain.

        What silent ones say is lost.
        """
        if len(self._silent):
            said[self._silent] = 0
        for group in self._groups:
            seats = slice(group.start, group.start + group.size * group.rooms)
            shape = (group.size, group.rooms, said.shape[1])
            voices, ears = said[seats].reshape(shape), heard[seats].reshape(shape)
            if group.gains is not None:
                _with_gains(voices, group.gains, ears)
            elif group.size <= SMALL:
                _few(voices, ears)
            else:
                _many(voices[:, 0], ears[:, 0])
        heard[self.in_rooms :] = 0


def _kind(table: Table) -> tuple[int, bool]:
    return len(table.rows), table.gains is not None


def _gains(table: Table) -> Gains:
    return table.gains if table.gains is not None else np.zeros((0, 0), np.float32)


def _few(voices: Pcm, ears: Pcm) -> None:
    if len(voices) == 1:
        ears[:] = 0
    elif len(voices) == 2:
        ears[0], ears[1] = voices[1], voices[0]
    elif len(voices) == 3:
        for ear, (one, other) in enumerate(((1, 2), (0, 2), (0, 1))):
            np.add(voices[one], voices[other], out=ears[ear])
    else:
        total = voices[0] + voices[1]
        for voice in voices[2:]:
            total += voice
        np.subtract(total[None], voices, out=ears)


def _many(voices: Pcm, ears: Pcm) -> None:
    total = np.add.reduce(voices, axis=0, dtype=np.int32)
    if int(np.abs(total).max(initial=0)) + 8192 <= _FULL:  # few talk at a time: nothing can overflow
        np.subtract(total.astype(np.int16), voices, out=ears)
        return
    rest = total - voices
    np.maximum(rest, -_FULL - 1, out=rest)
    np.minimum(rest, _FULL, out=rest)
    ears[:] = rest


def _with_gains(voices: Pcm, gains: Gains, ears: Pcm) -> None:
    mixed = np.matmul(gains, voices.transpose(1, 0, 2).astype(np.float32))
    ears[:] = np.clip(np.rint(mixed), -_FULL - 1, _FULL).transpose(1, 0, 2)
