"""Who hears whom: rooms by name, and the number of its room for each row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from softswitch.audio.mix import NOWHERE, Seating, mix_minus

Pcm = npt.NDArray[np.int16]


class Rooms:
    """A room is made by its first member and gone with its last one."""

    def __init__(self, streams: int) -> None:
        self._number = np.full(streams, NOWHERE, np.int64)
        self._names: dict[str, int] = {}
        self._seating: Seating | None = None

    def __len__(self) -> int:
        return len(self._names)

    def join(self, room: str, row: int) -> None:
        number = self._names.get(room)
        if number is None:
            number = self._names[room] = 1 + max(self._names.values(), default=-1)
        self._number[row], self._seating = number, None
        self._drop_empty()

    def leave(self, row: int) -> None:
        self._number[row], self._seating = NOWHERE, None
        self._drop_empty()

    def _drop_empty(self) -> None:
        used = set(self._number[self._number != NOWHERE].tolist())
        self._names = {name: number for name, number in self._names.items() if number in used}

    def mix(self, said: Pcm, heard: Pcm) -> None:
        if self._seating is None:
            self._seating = Seating.of(self._number)
        mix_minus(said, self._seating, heard)
