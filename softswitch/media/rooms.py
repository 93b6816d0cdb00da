"""Who hears whom: rooms by name, their members, and from that who is mixed at which rate, and who is relayed.

Members hear all others of their room. One may be heard by some only: nobody (a supervisor who listens, a caller who is
muted), or one (the agent to whom a supervisor whispers); and one may be louder or softer than others.

A room is narrow, 8 kHz, while all its members speak G.711, and wide, 16 kHz, as soon as one has another codec. Of the
members whom nobody hears all hear the same: one of each kind is mixed for, and the others follow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from softswitch.audio.mix import Seating, Table

LOUDEST = 8.0  # gain: +18 dB
_SAMPLES = 2  # kind of ear that is given samples; lower ones are laws of G.711
_NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Member:
    room: str
    heard_by: frozenset[str] | None = None  # names of streams; None: by all
    gain: float = 1.0

    @property
    def plain(self) -> bool:
        return self.heard_by is None and self.gain == 1.0


@dataclass(frozen=True, slots=True)
class Room:
    """One room of a plan."""

    table: Table
    wide: bool
    followers: Mapping[int, int]  # row -> row that hears the same in the same form
    relayed: bool = False


Key = tuple[str, int, bool]  # name, number of its last change, wide: the room of one key is the same


@dataclass(frozen=True, slots=True)
class Plan:
    """What a tick does, until something changes."""

    seating: Seating  # of narrow rooms
    wide: Seating
    listeners: npt.NDArray[np.int64]  # rows that are sent, as it came,
    talkers: npt.NDArray[np.int64]  # what these rows say
    followers: npt.NDArray[np.int64]  # rows that are sent
    leaders: npt.NDArray[np.int64]  # what these are sent
    rooms: Mapping[Key, Room]

    @property
    def wide_rooms(self) -> int:
        return sum(room.wide for room in self.rooms.values())


class Rooms:
    """A room is made by its first member and gone with its last one."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[int, Member]] = {}
        self._names: dict[int, str] = {}
        self._room_of: dict[int, str] = {}
        self._changes = 0
        self._changed: dict[str, int] = {}  # number of its last change, by room
        self._made: dict[str, tuple[Key, Room]] = {}  # by room, as long as nothing changes by which it was made
        self._seen: frozenset[int] = frozenset()  # rows that were watched in the last plan,
        self._coded: frozenset[int] = frozenset()  # had a coder,
        self._kinds = np.zeros(0, np.int64)  # and what others came and went by

    def __len__(self) -> int:
        return len(self._rooms)

    def join(self, name: str, row: int, member: Member) -> None:
        """Stream ``name`` has this ``row``; it leaves the room that it was in."""
        self.leave(row)
        self._rooms.setdefault(member.room, {})[row] = member
        self._names[row], self._room_of[row] = name, member.room
        self._note_change(member.room)

    def leave(self, row: int) -> None:
        if self._names.pop(row, None) is None:
            return
        room = self._room_of.pop(row)
        del self._rooms[room][row]
        self._note_change(room)
        if not self._rooms[room]:
            del self._rooms[room], self._changed[room]

    def _note_change(self, room: str) -> None:
        self._changes += 1
        self._changed[room] = self._changes
        self._made.pop(room, None)

    def plan(
        self,
        watched: Iterable[int],
        pipes: npt.NDArray[np.int64],
        coded: Collection[int] = (),
        watched_wide: Iterable[int] = (),
        laws: npt.NDArray[np.uint8] | None = None,
    ) -> Plan:
        """``watched``: rows whose sound is wanted at 8 kHz in any case; ``watched_wide``: at 16. ``coded``: rows with
        another codec than G.711; ``laws`` ``(streams,)``: those of the others, outgoing. ``pipes`` ``(streams,)``: what
        a row's frames are made of, as they come in and as they go out, where that is the same; negative where it is
        not. Two rows of one such number may be relayed.
        """
        alone, alone_wide, coded = set(watched), set(watched_wide), frozenset(coded)
        seen = frozenset(alone | alone_wide)
        self._forget_changed(seen, coded, pipes if laws is None else pipes * _SAMPLES + laws)
        for name, members in self._rooms.items():
            if name in self._made:
                continue
            wide = not coded.isdisjoint(members)
            room = self._room(members, wide, coded, seen, pipes, laws)
            self._made[name] = (name, self._changed[name], wide), room
        rooms = dict(self._made.values())
        mixed = [room for room in rooms.values() if not room.relayed]
        relayed = [room.table.rows for room in rooms.values() if room.relayed]
        pairs = [pair for room in mixed for pair in room.followers.items()]
        return Plan(
            _seating([room.table for room in mixed if not room.wide], alone),
            _seating([room.table for room in mixed if room.wide], alone_wide),
            np.array([row for rows in relayed for row in rows], np.int64),
            np.array([row for rows in relayed for row in rows[::-1]], np.int64),
            np.array([follower for follower, _ in pairs], np.int64),
            np.array([leader for _, leader in pairs], np.int64),
            rooms,
        )

    def _forget_changed(self, seen: frozenset[int], coded: frozenset[int], kinds: npt.NDArray[np.int64]) -> None:
        """A room is made anew where one of its rows is another than in the last plan. Most rooms are not."""
        if len(kinds) != len(self._kinds):
            self._made.clear()
        else:
            changed = {*(seen ^ self._seen), *(coded ^ self._coded), *(kinds != self._kinds).nonzero()[0].tolist()}
            for row in changed & self._room_of.keys():
                self._made.pop(self._room_of[row], None)
        self._seen, self._coded, self._kinds = seen, coded, kinds.copy()

    def _room(
        self,
        members: dict[int, Member],
        wide: bool,
        coded: frozenset[int],
        seen: frozenset[int],
        pipes: npt.NDArray[np.int64],
        laws: npt.NDArray[np.uint8] | None,
    ) -> Room:
        rows = list(members)
        if all(member.plain for member in members.values()):
            pipe = len(rows) == 2 and pipes[rows[0]] == pipes[rows[1]] >= 0 and not seen & members.keys()
            return Room(Table(rows), wide, {}, relayed=bool(pipe))
        leaders: dict[tuple[int, frozenset[int]], int] = {}  # by kind, and by who speaks to him and not to all
        followers: dict[int, int] = {}
        whispers = {row: member.heard_by for row, member in members.items() if member.heard_by}
        for row, member in members.items():
            if member.heard_by == _NOBODY:
                kind = _SAMPLES if row in coded else int(laws[row]) if laws is not None else 0
                told = frozenset(talker for talker, ears in whispers.items() if self._names[row] in ears)
                leader = leaders.setdefault((kind, told), row)
                if leader != row:
                    followers[row] = leader
        seated = {row: member for row, member in members.items() if row not in followers}
        if all(member.plain or member.heard_by == _NOBODY for member in seated.values()):
            return Room(Table(list(seated), None, seated.keys() & leaders.values()), wide, followers)
        return Room(Table(list(seated), self._gains(seated)), wide, followers)

    def _gains(self, members: Mapping[int, Member]) -> npt.NDArray[np.float32]:
        loud = [min(max(member.gain, 0.0), LOUDEST) for member in members.values()]
        gains = np.tile(np.array(loud, np.float32), (len(members), 1))
        for voice, member in enumerate(members.values()):
            if member.heard_by is not None:
                gains[:, voice] *= [self._names[listener] in member.heard_by for listener in members]
        np.fill_diagonal(gains, 0.0)
        return gains


def _seating(tables: list[Table], alone: set[int]) -> Seating:
    """``alone``: rows that are wanted in any case; who is silent in his room has a second seat for it."""
    heard = {row for table in tables for row in table.rows if row not in table.silent}
    return Seating(tables, sorted(alone - heard))
