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
    life: str = ""  # of the process that was told to play it; "": none yet


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
    life: str = ""  # of the process that records it; "": none was told yet
    segment: int = 1  # one more with each media process that took part
    paused: str | None = None  # why

    @property
    def file(self) -> Path:
        """Of the segment."""
        if self.segment == 1:
            return self.path
        return self.path.with_name(f"{self.path.stem}.{self.segment}{self.path.suffix}")

    def meet(self, life: str) -> None:
        """A process with this life will be told; one that did not record it so far begins a new file."""
        if self.life not in ("", life):
            self.segment += 1
            while self._taken():  # by a segment that a memory does not know of
                self.segment += 1
        self.life = life

    def _taken(self) -> bool:
        return self.file.exists() or self.file.with_suffix(".wav").exists()  # all grow as WAVE files

    def commands(self) -> Iterator[p.Command]:
        yield p.Record(self.name, str(self.file), self.left, self.right)
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

    def meet(self, life: str) -> list[tuple[str, str]]:
        """A process with this life is there: the prompts that were lost with the one before, as (stream, play)."""
        for recording in self.recordings.values():
            recording.meet(life)
        lost = []
        for name, stream in self.streams.items():
            play = stream.play
            if play is not None and play.life not in ("", life):
                lost.append((name, play.play))
                stream.play = None
            elif play is not None and play.command is not None:
                play.life = life
        return lost
