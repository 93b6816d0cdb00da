"""What control wants of the media process, so that it can be said again to one that knows nothing.

A prompt cannot be resumed: its listener has heard an unknown part of it. Everything else can.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from softswitch.media import protocol as p


@dataclass(slots=True)
class WantedPlay:
    play: str
    command: p.Play | None = None  # None: its files are still being made


@dataclass(slots=True)
class WantedStream:
    open: p.Open
    connect: p.Connect | None = None
    latch: p.Latch | None = None  # whom the process has learnt since
    join: p.Join | None = None
    hold: str | None = None  # class of music
    play: WantedPlay | None = None

    def commands(self) -> Iterator[p.Command]:
        name = self.open.stream
        yield self.open
        if self.connect is not None:
            yield self.connect
        if self.latch is not None:
            yield self.latch
        if self.join is not None:
            yield self.join
        if self.hold is not None:
            yield p.HoldMusic(name, self.hold)
        if self.play is not None and self.play.command is not None:
            yield self.play.command


@dataclass(slots=True)
class WantedRecording:
    name: str
    path: Path
    left: str
    right: str | None
    segment: int = 1  # one more with each media process that took part
    paused: str | None = None  # why

    def commands(self) -> Iterator[p.Command]:
        path = self.path
        if self.segment > 1:
            path = path.with_name(f"{path.stem}.{self.segment}{path.suffix}")
        yield p.Record(self.name, str(path), self.left, self.right)
        if self.paused is not None:
            yield p.PauseRecord(self.name, self.paused)


@dataclass(slots=True)
class Wanted:
    """All streams and recordings of a control."""

    streams: dict[str, WantedStream] = field(default_factory=dict)
    recordings: dict[str, WantedRecording] = field(default_factory=dict)

    def commands(self) -> Iterator[p.Command]:
        for stream in self.streams.values():
            yield from stream.commands()
        for recording in self.recordings.values():
            yield from recording.commands()

    def begin_new_life(self) -> list[tuple[str, str]]:
        """The process was restarted: recordings go on in a new file; the prompts that are lost, as (stream, play)."""
        for recording in self.recordings.values():
            recording.segment += 1
        lost = []
        for name, stream in self.streams.items():
            if stream.play is not None and stream.play.command is not None:
                lost.append((name, stream.play.play))
                stream.play = None
        return lost
