"""What is played to whom: prompts one after the other, and hold music, of which all hear the same moment.

A row hears what is played to it at its own rate. Where that changes in mid-sentence, the sentence goes on at the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ, WIDE_HZ
from softswitch.media.library import Sound

Pcm = npt.NDArray[np.int16]
Mask = npt.NDArray[np.bool_]
Music = Mapping[str, Sound]  # class -> (frames, samples), which is played in a loop

DEFAULT = "default"  # the music of who asks for none, or for one that is not there
_NO_MUSIC = -1


@dataclass(slots=True)
class Heard:
    """What rows are to hear in a tick, the narrow ones and the wide ones."""

    narrow: Pcm  # (n, FRAME)
    wide: Pcm  # (n, WIDE_FRAME)
    wants_wide: Mask  # (n,): which of the two it is that counts

    def __len__(self) -> int:
        return len(self.wants_wide)

    def of(self, row: int) -> Pcm:
        frame: Pcm = (self.wide if self.wants_wide[row] else self.narrow)[row]
        return frame


class Playing:
    """One row's prompts. ``fill`` moves on by a frame; a piece that is not decoded yet is waited for in silence."""

    def __init__(self, play: str, sounds: Sequence[Sound], rate_hz: int) -> None:
        self.play = play  # control's id
        self.failed = False
        self._sounds = sounds
        self._index = 0  # piece
        self._at = 0  # sample of the piece
        self._begin(rate_hz)

    def _begin(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._pieces = [sound(rate_hz) for sound in self._sounds]

    @property
    def over(self) -> bool:
        return self.failed or self._index == len(self._pieces)

    def fill(self, frame: Pcm) -> None:
        """Write the next samples of 20 ms, silence where there are none."""
        rate_hz = len(frame) * RATE_HZ // FRAME
        if rate_hz != self._rate_hz:
            self._at = self._at * rate_hz // self._rate_hz
            self._begin(rate_hz)
        done = 0
        frame[:] = 0
        while done < len(frame) and (piece := self._piece()) is not None:
            size = max(0, min(len(frame) - done, len(piece) - self._at))
            frame[done : done + size] = piece[self._at : self._at + size]
            done += size
            self._move(size, len(piece))

    def _piece(self) -> Pcm | None:
        """What is to be heard now; None where it is over, or not decoded yet."""
        if self.over or not self._pieces[self._index].done():
            return None
        self.failed = self._pieces[self._index].exception() is not None
        return None if self.failed else self._pieces[self._index].result()

    def _move(self, size: int, length: int) -> None:
        self._at += size
        if self._at >= length:
            self._index, self._at = self._index + 1, 0


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

    def play(self, row: int, play: str, sounds: Sequence[Sound], rate_hz: int = RATE_HZ) -> Ended | None:
        """Begin, in place of what was playing; how it ended, where this very ``play`` already has.

        ``rate_hz`` is what the row hears now.
        """
        last = self._last.get(row)
        if last is not None and last.play == play:
            return last
        if row not in self._playing or self._playing[row].play != play:
            self._playing[row] = Playing(play, sounds, rate_hz)
        return None

    def hold(self, row: int, music: str = DEFAULT) -> None:
        self._on_hold[row] = self._number.get(music, self._default)

    def stop(self, row: int) -> None:
        self._playing.pop(row, None)
        self._on_hold[row] = _NO_MUSIC

    def forget(self, row: int) -> None:
        self.stop(row)
        self._last.pop(row, None)

    def busy(self, count: int) -> Mask:
        """Which of the first ``count`` rows ``render`` will write, ``(count,)``."""
        mask: Mask = self._on_hold[:count] != _NO_MUSIC
        if self._playing:
            mask[[row for row in self._playing if row < count]] = True
        return mask

    def render(self, heard: Heard) -> list[Ended]:
        """Put hold music and prompts over what the first rows hear; which prompts are over."""
        on_hold = (self._on_hold[: len(heard)] != _NO_MUSIC).nonzero()[0]
        if len(on_hold):
            wide = heard.wants_wide[on_hold]
            self._hold(on_hold[~wide], heard.narrow, RATE_HZ)
            self._hold(on_hold[wide], heard.wide, WIDE_HZ)
        self._tick += 1
        return list(self._prompts(heard))

    def _hold(self, rows: npt.NDArray[np.int64], heard: Pcm, rate_hz: int) -> None:
        if len(rows):
            heard[rows] = self._moment(rate_hz, heard.shape[1])[self._on_hold[rows]]

    def _moment(self, rate_hz: int, samples: int) -> Pcm:
        """This tick of every music, ``(classes + 1, samples)``; silence where it is not decoded yet, or is none."""
        now = np.zeros((len(self._music) + 1, samples), np.int16)
        for number, music in enumerate(self._music):
            loop = music(rate_hz)
            if loop.done() and not loop.exception() and len(frames := loop.result()):
                now[number] = frames[self._tick % len(frames)]
        return now

    def _prompts(self, heard: Heard) -> Iterator[Ended]:
        for row, playing in list(self._playing.items()):
            playing.fill(heard.of(row))
            if playing.over:
                del self._playing[row]
                self._last[row] = Ended(row, playing.play, not playing.failed)
                yield self._last[row]
