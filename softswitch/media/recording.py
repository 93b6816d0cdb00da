"""One growing WAVE file, right at every moment: samples first, then the header that counts them (softswitch.audio.wav).

Each channel's frames have a place in time of their own (softswitch.media.alignment says which), some milliseconds
before or after the tick in which they were heard. So the latest part of the file is kept in a window, and what changed
of it is written again. Where a place moves by a few samples, the frame is stretched to fit: that is how two clocks that
drift are kept together without a click. Times are samples from the beginning of the recording, at its own rate; the
constants are of 8 kHz, and as many times more at another. Used by one thread.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ, wav
from softswitch.media import sidecar
from softswitch.media.sidecar import Pause, Sidecar

Pcm = npt.NDArray[np.int16]
Side = tuple[Pcm, list[int]]  # frames in a row, (ticks * FRAME,), and their shifts; one shift: all have the same

BACK, AHEAD = 16 * FRAME, 4 * FRAME  # how far from its tick a frame may have its place
_WINDOW = 64 * FRAME
MOST_TICKS = (_WINDOW - BACK - AHEAD) // FRAME  # that can be taken at once
_MOST_SLIP = FRAME // 20  # samples by which a frame is stretched, 5 %; a greater step is a gap, or is written over


class RecordingFile:
    """``note.file`` may have another ending than the growing file, which is a WAVE file: it is converted at the end."""

    def __init__(self, path: Path, note: Sidecar) -> None:
        """Raises ``OSError``; an existing file is never overwritten."""
        self.path, self.note = path.with_suffix(".wav"), note
        self._scale = note.rate_hz // RATE_HZ
        self._frame = FRAME * self._scale
        self._window: Pcm = np.zeros((_WINDOW * self._scale, note.channels), np.int16)
        self._base = 0  # time of the first sample in the window
        self._end = 0  # of what is written
        self._floor = 0  # nothing is placed before the end of the last pause
        self._next = [0] * note.channels  # where the channel's last frame ended
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for taken in (path, self.path):
            if taken.exists():
                raise FileExistsError(f"{taken} exists already")
        part = self.path.with_name(f".{self.path.name}.part")
        self._fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        fcntl.flock(self._fd, fcntl.LOCK_EX)  # whoever looks for what a crash has left sees that this is alive
        os.pwrite(self._fd, wav.header(note.channels, note.rate_hz, 0), 0)
        os.replace(part, self.path)  # with its header, or not at all
        self._save()

    # ---- the sound ---------------------------------------------------------------------------------------------

    def take(self, ticks: int, sides: Sequence[Side | None]) -> None:
        """The next ticks, at most ``MOST_TICKS``. Raises ``OSError``.

        For each channel its frames, and by how many samples each of them lies after its tick; None: silence.
        """
        first, dirty = self._end, self._end
        self._end += ticks * self._frame
        self._move_window(first)
        if not self._paused:
            for channel, side in enumerate(sides):
                if side is not None:
                    dirty = min(dirty, self._place_all(channel, first, *side))
        self._write(dirty)

    def _place_all(self, channel: int, first: int, frames: Pcm, shifts: list[int]) -> int:
        """The first sample that has changed."""
        if len(shifts) == 1:
            return self._place(channel, first + shifts[0], frames)
        places = [
            self._place(channel, first + at + shift, frames[at : at + self._frame])
            for at, shift in zip(range(0, len(frames), self._frame), shifts, strict=True)
        ]
        return min(places)

    def _place(self, channel: int, at: int, pcm: Pcm) -> int:
        slip = at - self._next[channel]
        if slip and abs(slip) <= _MOST_SLIP * self._scale:
            pcm, at = stretched(pcm, len(pcm) + slip), at - slip
        self._next[channel] = at + len(pcm)
        least, most = max(self._base, self._floor), self._base + len(self._window)
        if at < least or at + len(pcm) > most:
            pcm, at = pcm[max(0, least - at) :], max(at, least)
            pcm = pcm[: max(0, most - at)]
        self._window[at - self._base : at - self._base + len(pcm), channel] = pcm
        return at

    def _move_window(self, first: int) -> None:
        if self._end + AHEAD * self._scale <= self._base + len(self._window):
            return
        gone = first - BACK * self._scale - self._base
        self._window[:-gone] = self._window[gone:]
        self._window[-gone:] = 0
        self._base += gone

    def _write(self, dirty: int) -> None:
        data = self._window[dirty - self._base : self._end - self._base]
        row = 2 * self.note.channels
        written = os.pwrite(self._fd, data.data, wav.HEADER_OCTETS + dirty * row)
        if written != data.nbytes:
            raise OSError(f"{self.path}: only {written} of {data.nbytes} octets written")
        os.pwrite(self._fd, wav.header(self.note.channels, self.note.rate_hz, self._end * row), 0)

    # ---- what is kept beside it --------------------------------------------------------------------------------

    @property
    def _paused(self) -> bool:
        return bool(self.note.pauses) and self.note.pauses[-1].to_s is None

    def pause(self, reason: str) -> None:
        if not self._paused:
            self.note.pauses = [*self.note.pauses, Pause(self._end / self.note.rate_hz, None, reason)]
            self._save()

    def resume(self) -> None:
        if self._paused:
            self.note.pauses[-1].to_s = self._end / self.note.rate_hz
            self._floor = self._end
            self._save()

    def close(self, state: str, why: str = "") -> Path:
        """Where the sidecar is; whoever finishes the recording starts from that."""
        self.note.state, self.note.why, self.note.duration_s = state, why, self._end / self.note.rate_hz
        try:
            self._save()
        finally:
            os.close(self._fd)
        return sidecar.unfinished(self.path)

    def _save(self) -> None:
        sidecar.save(sidecar.unfinished(self.path), self.note)


def stretched(pcm: Pcm, samples: int) -> Pcm:
    """``pcm`` in a few samples more or less, by linear interpolation."""
    places = np.linspace(0, len(pcm) - 1, samples)
    return np.rint(np.interp(places, np.arange(len(pcm)), pcm)).astype(np.int16)
