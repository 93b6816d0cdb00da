"""What is played to whom: prompts one after the other, and hold music, of which all hear the same moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME

Pcm = npt.NDArray[np.int16]
Music = Mapping[str, Future[Pcm]]  # class -> (frames, FRAME), which is played in a loop

DEFAULT = "default"  # the music of who asks for none, or for one that is not there
_NO_MUSIC = -1


@dataclass(slots=True)
class Playing:
    """One row's prompts. ``fill`` moves on by a frame; a piece that is not decoded yet is waited for in silence."""

    play: str  # control's id
    pieces: Sequence[Future[Pcm]]
    index: int = 0  # piece
    at: int = 0  # sample of the piece
    failed: bool = False

    @property
    def over(self) -> bool:
        return self.failed or self.index == len(self.pieces)

    def fill(self, frame: Pcm) -> None:
        """Write the next ``(FRAME,)`` samples, silence where there are none."""
        done = 0
        frame[:] = 0
        while done < FRAME and (piece := self._piece()) is not None:
            size = min(FRAME - done, len(piece) - self.at)
            frame[done : done + size] = piece[self.at : self.at + size]
            done += size
            self._move(size, len(piece))

    def _piece(self) -> Pcm | None:
        """What is to be heard now; None where it is over, or not decoded yet."""
        if self.over or not self.pieces[self.index].done():
            return None
        self.failed = self.pieces[self.index].exception() is not None
        return None if self.failed else self.pieces[self.index].result()

    def _move(self, size: int, length: int) -> None:
        self.at += size
        if self.at == length:
            self.index, self.at = self.index + 1, 0


@dataclass(frozen=True, slots=True)
class Ended:
    row: int
    play: str
    ok: bool


class Player:
    """Prompts and hold music of all rows."""

    def __init__(self, streams: int, music: Music) -> None:
        self._playing: dict[int, Playing] = {}
        self._last: dict[int, Ended] = {}  # so that a repeated command is answered and not played again
        self._music = [music[name] for name in music]
        self._number = {name: number for number, name in enumerate(music)}
        self._default = self._number.get(DEFAULT, len(music))  # the last one is silence
        self._on_hold = np.full(streams, _NO_MUSIC, np.int16)  # number of the music that a row hears
        self._tick = 0

    def __len__(self) -> int:
        return len(self._playing)

    def play(self, row: int, play: str, pieces: Sequence[Future[Pcm]]) -> Ended | None:
        """Begin, in place of what was playing; how it ended, where this very ``play`` already has."""
        last = self._last.get(row)
        if last is not None and last.play == play:
            return last
        if row not in self._playing or self._playing[row].play != play:
            self._playing[row] = Playing(play, pieces)
        return None

    def hold(self, row: int, music: str = DEFAULT) -> None:
        self._on_hold[row] = self._number.get(music, self._default)

    def stop(self, row: int) -> None:
        self._playing.pop(row, None)
        self._on_hold[row] = _NO_MUSIC

    def forget(self, row: int) -> None:
        self.stop(row)
        self._last.pop(row, None)

    def busy(self, count: int) -> npt.NDArray[np.int64]:
        """Which of the first ``count`` rows ``render`` will write, in order."""
        mask = self._on_hold[:count] != _NO_MUSIC
        mask[[row for row in self._playing if row < count]] = True
        return np.flatnonzero(mask)

    def render(self, heard: Pcm) -> list[Ended]:
        """Put hold music and prompts over the rows of ``heard`` ``(n, FRAME)``; which prompts are over."""
        rows = np.flatnonzero(self._on_hold[: len(heard)] != _NO_MUSIC)
        if len(rows):
            heard[rows] = self._moment()[self._on_hold[rows]]
        self._tick += 1
        return list(self._prompts(heard))

    def _moment(self) -> Pcm:
        """This tick of every music, ``(classes + 1, FRAME)``; silence where it is not decoded yet, or is none."""
        now = np.zeros((len(self._music) + 1, FRAME), np.int16)
        for number, loop in enumerate(self._music):
            if loop.done() and not loop.exception() and len(frames := loop.result()):
                now[number] = frames[self._tick % len(frames)]
        return now

    def _prompts(self, heard: Pcm) -> Iterator[Ended]:
        for row, playing in list(self._playing.items()):
            playing.fill(heard[row])
            if playing.over:
                del self._playing[row]
                self._last[row] = Ended(row, playing.play, not playing.failed)
                yield self._last[row]
