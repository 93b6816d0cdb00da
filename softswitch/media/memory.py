"""What control wants of some streams and recordings, as octets that outlive it.

The next control adopts them: it wants the same of the same process, on the same ports, and what is said again to a
process that goes on changes nothing there. A memory may be older than the process's own state by a latch or an
offer/answer; then that of the process holds, because its ``serial`` is not lower.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from softswitch.media import protocol as p
from softswitch.media.wanted import Wanted, WantedPlay, WantedRecording, WantedStream

_NEVER = "-"  # the life of a process that there never was


class _Stream(msgspec.Struct, array_like=True, frozen=True):
    open: p.Open
    connect: p.Connect | None
    latch: p.Latch | None
    join: p.Join | None
    hold: str | None
    play: str | None
    playing: p.Play | None  # None: its files were being made


class _Recording(msgspec.Struct, array_like=True, frozen=True):
    name: str
    path: str
    left: str
    right: str | None
    segment: int
    paused: str | None


class Memory(msgspec.Struct, array_like=True, frozen=True):
    """``life``: of the process that held them; "" where none was there yet."""

    life: str
    streams: tuple[_Stream, ...]
    recordings: tuple[_Recording, ...]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Memory)


def pack(wanted: Wanted, life: str, streams: Iterable[str], recordings: Iterable[str]) -> bytes:
    """Names that are not there are left out."""
    found = (wanted.streams[name] for name in streams if name in wanted.streams)
    kept = (wanted.recordings[name] for name in recordings if name in wanted.recordings)
    return _ENCODER.encode(Memory(life, tuple(map(_stream, found)), tuple(map(_recording, kept))))


def _stream(one: WantedStream) -> _Stream:
    play, playing = (one.play.play, one.play.command) if one.play else (None, None)
    return _Stream(one.open, one.connect, one.latch, one.join, one.hold, play, playing)


def _recording(one: WantedRecording) -> _Recording:
    return _Recording(one.name, str(one.path), one.left, one.right, one.segment, one.paused)


def unpack(memory: bytes) -> Memory:
    """Raises ``ProtocolError``."""
    try:
        return _DECODER.decode(memory)
    except (ValueError, RecursionError) as error:  # ValueError: also text that is no UTF-8
        raise p.ProtocolError(f"a memory of media: {error}") from error


def restore(wanted: Wanted, memory: Memory) -> list[p.Open]:
    """Want it all again; the streams that are new here."""
    new = []
    for one in memory.streams:
        if one.open.stream not in wanted.streams:
            new.append(one.open)
            play = None
            if one.play is not None:
                play = WantedPlay(one.play, one.playing, memory.life if one.playing else _NEVER)
            wanted.streams[one.open.stream] = WantedStream(one.open, one.connect, one.latch, one.join, one.hold, play)
    for rec in memory.recordings:
        wanted.recordings.setdefault(
            rec.name,
            WantedRecording(rec.name, Path(rec.path), rec.left, rec.right, memory.life, rec.segment, rec.paused),
        )
    return new
