"""Rooms and recordings that reach across media processes: what each process is told of them, and the lines between.

``ties.py`` says how a room is wired; here the difference to what the processes know is said, and streams are opened for
the ends of new lines. A recording lies in the process of its left side, and takes a right side that is elsewhere from
the end of a line; so that line stays as long as it does.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from softswitch.core.errors import PortsExhausted
from softswitch.media.client import MediaClient
from softswitch.media.ties import Member, Tie, end, wiring
from softswitch.sdp.media import L16_WIDE, PCMA, PCMU, Codec, Media

log = logging.getLogger(__name__)


class Recorded(NamedTuple):
    """``ends`` of the line that brings its right side, which is one of ``room``; none: it needs no line."""

    process: int
    room: str = ""
    ends: tuple[str, ...] = ()


@dataclass(slots=True)
class Lines:
    """Of one room. They speak the law of its members, or L16 where one has another codec, which makes the room wide."""

    codec: str
    ends: dict[str, int]  # the streams that are open for them, and the process of each


class Exchange:
    """``places``: the process of each stream, which its owner keeps; ends of lines are no streams of his."""

    def __init__(self, clients: Mapping[int, MediaClient], places: Mapping[str, int]) -> None:
        self.rooms: dict[str, dict[str, Member]] = {}
        self.room: dict[str, str] = {}  # by stream
        self.lines: dict[str, Lines] = {}  # by room
        self.codecs: dict[str, str] = {}  # by stream
        self.recordings: dict[str, Recorded] = {}
        self._clients, self._places = clients, places
        self._told: dict[str, tuple[str, Member]] = {}  # room and membership of a stream, as its process knows it

    def agreed(self, stream: str, codec: str) -> None:
        """The stream has this codec now, by its encoding name."""
        before, self.codecs[stream] = self.codecs.get(stream), codec
        if codec != before and stream in self.room:
            self.wire(self.room[stream])

    def forget(self, stream: str) -> None:
        """It is going to be closed."""
        self.leave(stream)
        self.codecs.pop(stream, None)

    # ---- rooms -------------------------------------------------------------------------------------------------

    def join(self, room: str, member: Member) -> None:
        if self.room.get(member.stream) != room:
            self._forget(member.stream)
        self.room[member.stream] = room
        self.rooms.setdefault(room, {})[member.stream] = member
        self.wire(room)

    def leave(self, stream: str) -> None:
        """Its process knows."""
        self._told.pop(stream, None)
        self._forget(stream)

    def _forget(self, stream: str) -> None:
        room = self.room.pop(stream, None)
        if room is not None:
            del self.rooms[room][stream]
            if not self.rooms[room]:
                del self.rooms[room]
            self.wire(room)

    def wire(self, room: str) -> None:
        """Tell the processes what has changed of the room."""
        members = self.rooms.get(room, {})
        if room not in self.lines and len({member.process for member in members.values()}) < 2:
            self._tell(room, members.values(), ())
            return
        wired = wiring(room, list(members.values()))
        codec = _codec({self.codecs[one] for one in members if one in self.codecs})
        lines = self.lines.setdefault(room, Lines(codec.name, {}))
        ends = lines.ends
        for tie in wired.ties:
            if codec.name != lines.codec or tie.near.stream not in ends or tie.far.stream not in ends:
                self._tie(ends, tie, codec)
        lines.codec = codec.name
        self._tell(room, wired.members, ends)
        wanted = {one.stream for tie in wired.ties for one in (tie.near, tie.far)}
        wanted.update(*(recorded.ends for recorded in self.recordings.values() if recorded.room == room))
        for name in ends.keys() - wanted:
            self._told.pop(name, None)
            self._clients[ends.pop(name)].close(name)
        if not ends:
            del self.lines[room]

    def _tell(self, room: str, members: Iterable[Member], ends: Collection[str]) -> None:
        """What is news to their processes, of streams that are there."""
        for member in members:
            there = member.stream in ends or member.stream in self._places
            if there and self._told.get(member.stream) != (room, member):
                self._told[member.stream] = room, member
                self._clients[member.process].join(room, member.stream, member.heard_by, member.gain)

    def _tie(self, open_ends: dict[str, int], tie: Tie, codec: Codec) -> None:
        ends = (tie.near, tie.far)
        try:
            addresses = [self._clients[one.process].open(one.stream) for one in ends]
        except PortsExhausted as error:
            log.error("members of a room in two media processes do not hear each other: %s", error)
            for one in ends:
                self._clients[one.process].close(one.stream)
            return
        for one, address in zip(ends, reversed(addresses), strict=True):
            open_ends[one.stream] = one.process
            media = Media(address, codec, codec.payload_type, rtcp_mux=True)
            self._clients[one.process].connect(one.stream, media, address[0])

    # ---- recordings --------------------------------------------------------------------------------------------

    def record(self, recording: str, path: Path, left: str, right: str | None) -> None:
        if recording in self.recordings:
            return
        number = self._places.get(left, min(self._clients))
        recorded = Recorded(number)
        if right is not None and self._places.get(right, number) != number:
            recorded = self._brought(left, right)
            right = recorded.ends[0] if recorded.ends else right
        self.recordings[recording] = recorded
        self._clients[number].record(recording, path, left, right)

    def _brought(self, left: str, right: str) -> Recorded:
        """The line by which ``right`` is heard in the process of ``left``, its end there first."""
        room, here = self.room.get(left, ""), self._places.get(left, 0)
        if not room or self.room.get(right) != room:
            log.warning("the right channel of a recording stays silent: %s and %s are in no room", left, right)
            return Recorded(here)
        hub = next(iter(self.rooms[room].values())).process
        other = self._places[right] if here == hub else hub
        return Recorded(here, room, (end(room, here, other), end(room, other, here)))

    def pause_record(self, recording: str, reason: str | None) -> None:
        recorded = self.recordings.get(recording)
        if recorded is not None:
            self._clients[recorded.process].pause_record(recording, reason)

    def stop_record(self, recording: str) -> None:
        recorded = self.recordings.pop(recording, None)
        if recorded is not None:
            self._clients[recorded.process].stop_record(recording)
            if recorded.room:
                self.wire(recorded.room)


def _codec(spoken: set[str]) -> Codec:
    """What loses nothing of these: two who talk over a line are relayed octet for octet."""
    if spoken <= {"PCMU", "PCMA"}:
        return PCMA if spoken == {"PCMA"} else PCMU
    return L16_WIDE
