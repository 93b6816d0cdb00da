"""Who hears whom: rooms by name, their members, and from that who is mixed and who is relayed.

Members hear all others of their room. One may be heard by some only: nobody (a supervisor who listens, a caller who is
muted), or one (the agent to whom a supervisor whispers); and one may be louder or softer than others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from softswitch.audio.mix import Seating, Table

LOUDEST = 8.0  # gain: +18 dB


@dataclass(frozen=True, slots=True)
class Member:
    room: str
    heard_by: frozenset[str] | None = None  # names of streams; None: by all
    gain: float = 1.0

    @property
    def plain(self) -> bool:
        return self.heard_by is None and self.gain == 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a tick does, until something changes."""

    seating: Seating
    listeners: npt.NDArray[np.int64]  # rows that are sent, as it came,
    talkers: npt.NDArray[np.int64]  # what these rows say


class Rooms:
    """A room is made by its first member and gone with its last one."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[int, Member]] = {}
        self._names: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def join(self, name: str, row: int, member: Member) -> None:
        """Stream ``name`` has this ``row``; it leaves the room that it was in."""
        self.leave(row)
        self._rooms.setdefault(member.room, {})[row] = member
        self._names[row] = name

    def leave(self, row: int) -> None:
        if self._names.pop(row, None) is None:
            return
        for room, members in list(self._rooms.items()):
            if members.pop(row, None) is not None and not members:
                del self._rooms[room]

    def plan(self, watched: Iterable[int], pipes: npt.NDArray[np.int64]) -> Plan:
        """``watched``: rows whose sound is wanted in any case. ``pipes`` ``(streams,)``: what a row's frames are made
        of, as they come in and as they go out, where that is the same; negative where it is not. Two rows of one
        such number may be relayed.
        """
        alone, tables, listeners, talkers = set(watched), [], [], []
        for members in self._rooms.values():
            rows = list(members)
            plain = all(member.plain for member in members.values())
            if plain and len(rows) == 2 and pipes[rows[0]] == pipes[rows[1]] >= 0 and not alone & members.keys():
                listeners += rows
                talkers += rows[::-1]
            else:
                tables.append(Table(rows, None if plain else self._gains(members)))
        seated = {row for table in tables for row in table.rows}
        seating = Seating(tables, sorted(alone - seated))
        return Plan(seating, np.array(listeners, np.int64), np.array(talkers, np.int64))

    def _gains(self, members: dict[int, Member]) -> npt.NDArray[np.float32]:
        gains = np.zeros((len(members), len(members)), np.float32)
        for ear, listener in enumerate(members):
            for voice, (talker, member) in enumerate(members.items()):
                hears = member.heard_by is None or self._names[listener] in member.heard_by
                if hears and talker != listener:
                    gains[ear, voice] = min(max(member.gain, 0.0), LOUDEST)
        return gains
