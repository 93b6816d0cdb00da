"""The media plane of several processes: which of them a stream is placed in, and how a room reaches across.

Streams of one group, which is a contact, are placed together where that can be; else where there are the fewest. A
process that is drained takes no new groups. Where a room has members in several processes anyway (a transfer, a
pick-up, a supervisor), tie lines carry its sound (``exchange.py``), and nothing is lost but time: the wait of one
jitter buffer. Nobody above knows of any of this: the pool is a ``MediaPlane`` like a single client.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import msgspec

from softswitch.call.press import Form
from softswitch.core.errors import PortsExhausted
from softswitch.ivr.model import Prompt
from softswitch.media import protocol as p
from softswitch.media.allot import Ports
from softswitch.media.client import MediaClient, MediaListener
from softswitch.media.exchange import Exchange, Lines, Recorded
from softswitch.media.memory import unpack
from softswitch.media.prompts import SPEAKING, PromptStore, Speaking
from softswitch.media.speech import find_engine
from softswitch.media.ties import PREFIX, Member
from softswitch.rtp.quality import Quality
from softswitch.sdp.media import Address, Media

log = logging.getLogger(__name__)

_LATENESS = "tick_late_"  # of these gauges the worst is shown, of ``_MEANS`` the mean; all others add up
_MEANS = ("jitter_depth_ms",)


@dataclass(frozen=True, slots=True)
class ProcessView:
    """One media process, for people and programs."""

    process: int  # from 1
    connected: bool
    draining: bool  # takes no new calls
    streams: int
    tick_late_p99_us: float
    cpu_seconds: float


class PortSpan(Protocol):
    """The settings' port range, both ends included."""

    @property
    def first(self) -> int: ...

    @property
    def last(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Share:
    """Both ends included."""

    first: int
    last: int


def shares(ports: PortSpan, processes: int) -> list[Share]:
    """The port range in as many parts, each beginning at an even port. Raises ``ValueError`` where it is too small."""
    pairs = (ports.last + 1 - ports.first - ports.first % 2) // 2 // processes
    if pairs < 1:
        raise ValueError(f"{ports.first}-{ports.last} has too few ports for {processes} media processes")
    first = ports.first + ports.first % 2
    return [Share(first + 2 * pairs * number, first + 2 * pairs * (number + 1) - 1) for number in range(processes)]


class _Memory(msgspec.Struct, array_like=True, frozen=True):
    parts: dict[int, bytes]  # by process
    places: dict[str, int]  # process of each stream
    rooms: list[tuple[str, Member]]
    codecs: dict[str, str]  # of the streams
    lines: dict[str, Lines]  # of these rooms
    recordings: dict[str, Recorded]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Memory)


class MediaPool:
    """``clients`` by the number of their process, from 1. Like them: ``adopt``, ``begin``, ``shutdown``."""

    def __init__(self, clients: Mapping[int, MediaClient]) -> None:
        self._clients = dict(clients)
        self._place: dict[str, int] = {}  # process of each stream
        self._group: dict[str, str] = {}  # by stream
        self._grouped: dict[str, dict[str, None]] = {}  # streams by group, in order
        self._exchange = Exchange(self._clients, self._place)

    @classmethod
    async def start(
        cls,
        sockets: Sequence[Path],
        host: str,
        ports: PortSpan,
        prompts: Path,
        cache: Path,
        listener: MediaListener,
        recordings: Path | None = None,
        speaking: Speaking = SPEAKING,
    ) -> MediaPool:
        """For processes of which each has a socket; they are told nothing before ``begin``.

        They share who speaks for them, and ``ports`` of ``host``, on which RTP is received. ``prompts`` holds the sound
        files, ``cache`` what is made by the speech engine, if there is one; ``recordings`` what may be heard again.
        """
        told, engine = without_ties(listener), find_engine(speaking.voices)
        store = PromptStore(prompts, cache, engine, recordings, speaking=speaking)
        parts = zip(sockets, shares(ports, len(sockets)), strict=True)
        return cls(
            {
                number: MediaClient(socket, Ports(host, share.first, share.last), store, told)
                for number, (socket, share) in enumerate(parts, 1)
            }
        )

    def begin(self) -> None:
        """Speak to all of them from now on."""
        for room in {*self._exchange.rooms, *self._exchange.lines}:
            self._exchange.wire(room)
        for client in self._clients.values():
            client.begin()

    async def connected(self, timeout_s: float) -> None:
        """Wait until all processes are there and know what is wanted. Raises ``TimeoutError``."""
        await asyncio.gather(*(client.connected(timeout_s) for client in self._clients.values()))

    async def shutdown(self) -> None:
        """Let go of the processes; they go on with what they were told."""
        for client in self._clients.values():
            await client.shutdown()

    # ---- what outlives control ---------------------------------------------------------------------------------

    def memory(self, streams: Sequence[str], recordings: Sequence[str]) -> bytes:
        """All that is wanted of these, with the ties of their rooms; unknown names are left out."""
        exchange = self._exchange
        places = {one: self._place[one] for one in streams if one in self._place}
        rooms = [
            (exchange.room[one], exchange.rooms[exchange.room[one]][one]) for one in places if one in exchange.room
        ]
        kept = {one: exchange.recordings[one] for one in recordings if one in exchange.recordings}
        tied = {room for room, _ in rooms} | {recorded.room for recorded in kept.values()}
        lines = {room: exchange.lines[room] for room in tied if room in exchange.lines}
        codecs = {one: exchange.codecs[one] for one in places if one in exchange.codecs}
        ends = [end for one in lines.values() for end in one.ends.items()]
        parts: dict[int, tuple[list[str], list[str]]] = {}
        for one, number in (*places.items(), *ends):
            parts.setdefault(number, ([], []))[0].append(one)
        for one, recorded in kept.items():
            parts.setdefault(recorded.process, ([], []))[1].append(one)
        packed = {number: self._clients[number].memory(*names) for number, names in parts.items()}
        return _ENCODER.encode(_Memory(packed, places, rooms, codecs, lines, kept))

    def adopt(self, memory: bytes) -> None:
        """Want what an earlier control wanted. Before ``begin``. Raises ``ProtocolError``."""
        try:
            found = _DECODER.decode(memory)
        except (ValueError, RecursionError) as error:  # ValueError: also text that is no UTF-8
            raise p.ProtocolError(f"a memory of media: {error}") from error
        if unknown := found.parts.keys() - self._clients.keys():
            raise p.ProtocolError(f"a memory of media process {min(unknown)}; there are {len(self._clients)} now")
        for part in found.parts.values():
            unpack(part)  # all or nothing
        for number, part in found.parts.items():
            self._clients[number].adopt(part)
        for name, place in found.places.items():
            self._seat(name, place)
        exchange = self._exchange
        for room, member in found.rooms:
            exchange.rooms.setdefault(room, {})[member.stream] = member
            exchange.room[member.stream] = room
        exchange.codecs |= found.codecs
        for room, lines in found.lines.items():
            exchange.lines.setdefault(room, lines).ends.update(lines.ends)
        exchange.recordings.update(found.recordings)

    # ---- where -------------------------------------------------------------------------------------------------

    def open(self, stream: str) -> Address:
        """Allot an RTP address at once. Raises ``PortsExhausted``, also where no process takes new calls."""
        if stream in self._place:
            return self._clients[self._place[stream]].open(stream)
        for number in self._candidates(stream.partition(".")[0]):
            try:
                address = self._clients[number].open(stream)
            except PortsExhausted:
                continue
            self._seat(stream, number)
            return address
        raise PortsExhausted("no media process takes a new stream")

    def _seat(self, stream: str, number: int) -> None:
        self._place[stream] = number
        self.group(stream, stream.partition(".")[0])

    def _candidates(self, group: str) -> Iterator[int]:
        """The process of the group first, if it has one; then the one with the fewest streams."""
        own = next((self._place[one] for one in self._grouped.get(group, ())), None)
        if own is not None:
            yield own
        takers = [number for number, client in self._clients.items() if not client.draining and number != own]
        yield from sorted(takers, key=lambda number: (not self._clients[number].is_up, self._clients[number].load))

    def group(self, stream: str, group: str) -> None:
        """Streams of a group belong together; one that is opened as ``GROUP.more`` is of that group."""
        if stream in self._place and self._group.get(stream) != group:
            self._ungroup(stream)
            self._group[stream] = group
            self._grouped.setdefault(group, {})[stream] = None

    def _ungroup(self, stream: str) -> None:
        group = self._group.pop(stream, None)
        if group is not None:
            self._grouped[group].pop(stream)
            if not self._grouped[group]:
                del self._grouped[group]

    def close(self, stream: str) -> None:
        number = self._place.get(stream)
        if number is not None:
            self._exchange.forget(stream)
            self._ungroup(stream)
            del self._place[stream]
            self._clients[number].close(stream)

    def _of(self, stream: str) -> MediaClient | None:
        return self._clients.get(self._place.get(stream, 0))

    # ---- one stream --------------------------------------------------------------------------------------------

    def connect(self, stream: str, media: Media, signalling_host: str, tones: bool = False) -> None:
        if client := self._of(stream):
            client.connect(stream, media, signalling_host, tones)
            self._exchange.agreed(stream, media.codec.name)

    def play(self, stream: str, play: str, prompts: Sequence[Prompt]) -> None:
        if client := self._of(stream):
            client.play(stream, play, prompts)

    def hold_music(self, stream: str, music: str = "") -> None:
        if client := self._of(stream):
            client.hold_music(stream, music)

    def stop(self, stream: str) -> None:
        if client := self._of(stream):
            client.stop(stream)

    def press(self, stream: str, digits: str, form: Form) -> None:
        if client := self._of(stream):
            client.press(stream, digits, form)

    # ---- rooms and recordings ----------------------------------------------------------------------------------

    def join(self, room: str, stream: str, heard_by: tuple[str, ...] | None = None, gain: float = 1.0) -> None:
        if stream in self._place:
            self._exchange.join(room, Member(stream, self._place[stream], heard_by, gain))

    def leave(self, stream: str) -> None:
        if client := self._of(stream):
            client.leave(stream)
            self._exchange.leave(stream)

    def record(self, recording: str, path: Path, left: str, right: str | None) -> None:
        self._exchange.record(recording, path, left, right)

    def pause_record(self, recording: str, reason: str | None) -> None:
        self._exchange.pause_record(recording, reason)

    def stop_record(self, recording: str) -> None:
        self._exchange.stop_record(recording)

    def watch_silence(self, stream: str, after_s: float) -> None:
        if client := self._of(stream):
            client.watch_silence(stream, after_s)

    def erase(self, path: Path) -> None:
        next(iter(self._clients.values())).erase(path)

    # ---- numbers, and what operators want ----------------------------------------------------------------------

    @property
    def takes_calls(self) -> bool:
        """Whether there is a process for a new call."""
        return any(client.is_up and not client.draining for client in self._clients.values())

    def drain(self, process: int, on: bool) -> None:
        """It takes no new calls, or takes them again. Raises ``LookupError``."""
        if process not in self._clients:
            raise LookupError(f"no media process {process}; there are 1 to {len(self._clients)}")
        self._clients[process].drain(on)

    def processes(self) -> list[ProcessView]:
        return [
            ProcessView(
                number,
                client.is_up,
                client.draining,
                client.load,
                client.gauges().get("tick_late_p99_us", 0.0),
                client.stats().get("cpu_seconds", 0.0),
            )
            for number, client in self._clients.items()
        ]

    def stats(self) -> dict[str, float]:
        """Counters by name, those of all processes added up."""
        total: dict[str, float] = {}
        for client in self._clients.values():
            for name, value in client.stats().items():
                total[name] = total.get(name, 0.0) + value
        return total

    def gauges(self) -> dict[str, float]:
        """What goes up and down, by name; ``connected`` is 1 where all processes are."""
        found = [client.gauges() for client in self._clients.values()]
        return {name: _together(name, [one.get(name, 0.0) for one in found]) for name in set().union(*found)}


def _together(name: str, values: Sequence[float]) -> float:
    if name == "connected":
        return min(values)
    if name.startswith(_LATENESS):
        return max(values)
    return sum(values) / len(values) if name in _MEANS else sum(values)


def without_ties(listener: MediaListener) -> MediaListener:
    """It is told of the streams that it knows."""

    def on_lost(stream: str) -> None:
        if stream.startswith(PREFIX):
            log.error("%s could not be opened: members of its room do not hear each other", stream)
        else:
            listener.on_lost(stream)

    def on_noted(stream: str, kind: str) -> None:
        if not stream.startswith(PREFIX):
            listener.on_noted(stream, kind)

    def on_measured(stream: str, quality: Quality) -> None:
        if not stream.startswith(PREFIX):
            listener.on_measured(stream, quality)

    return replace(listener, on_lost=on_lost, on_noted=on_noted, on_measured=on_measured)
