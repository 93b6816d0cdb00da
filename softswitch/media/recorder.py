"""Recordings: what streams said, side by side, tick by tick, and always a playable file.

The last seconds of all streams are kept in one ring, so that recording costs one copy per tick however many there are;
each recording takes its columns out of it once per second. A worker thread writes: samples first, then the header
that counts them, so that the file is right at every moment (softswitch.audio.wav). A disk that cannot follow makes
recordings fail, not calls.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ, wav

Pcm = npt.NDArray[np.int16]

_RING = 64  # ticks that are kept
FLUSH_TICKS = 50  # once per second and recording
_MOST_WAITING = 30  # unwritten batches of one recording: half a minute


class RecordingFile:
    """One growing file; used by the worker thread only."""

    def __init__(self, path: Path, channels: int) -> None:
        self._path, self._channels = path, channels
        self._fd = -1
        self._octets = 0

    def write(self, pcm: Pcm) -> None:
        """Append ``(samples, channels)``. Raises ``OSError``; an existing file is never overwritten."""
        if self._fd < 0:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
            os.pwrite(self._fd, wav.header(self._channels, RATE_HZ, 0), 0)
        data = pcm.astype("<i2").tobytes()
        at = wav.HEADER_OCTETS + self._octets
        written = os.pwrite(self._fd, data, at)
        if written != len(data):
            raise OSError(f"{self._path}: only {written} of {len(data)} octets written")
        self._octets += written
        os.pwrite(self._fd, wav.header(self._channels, RATE_HZ, self._octets), 0)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)


@dataclass(slots=True)
class _Recording:
    sides: tuple[int | None, ...]  # row of each channel; None: silence
    file: RecordingFile
    since: int  # tick up to which it is written
    waiting: list[Future[None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Failed:
    recording: str
    why: str


class Recorder:
    """All recordings of the process."""

    def __init__(self, streams: int) -> None:
        self._ring: Pcm = np.zeros((_RING, streams, FRAME), np.int16)
        self._tick = 0
        self._running: dict[str, _Recording] = {}
        self._ending: list[tuple[str, list[Future[None]]]] = []  # stopped, and not all written yet
        self._worker = ThreadPoolExecutor(1, "recordings")

    def __len__(self) -> int:
        return len(self._running)

    def names(self) -> list[str]:
        return list(self._running)

    def start(self, name: str, path: Path, sides: tuple[int | None, ...]) -> None:
        """From the next tick on; one channel for each of ``sides``. A name that is running already goes on."""
        if name not in self._running:
            file = RecordingFile(path, len(sides))
            empty = np.zeros((0, len(sides)), np.int16)
            self._running[name] = _Recording(sides, file, self._tick, [self._worker.submit(file.write, empty)])

    def stop(self, name: str) -> None:
        recording = self._running.pop(name, None)
        if recording is not None:
            self._flush(recording)
            self._ending.append((name, [*recording.waiting, self._worker.submit(recording.file.close)]))

    def forget(self, row: int) -> None:
        """The row is given back: what it said so far is written, and then its channels are silent."""
        for recording in self._running.values():
            if row in recording.sides:
                self._flush(recording)
                recording.sides = tuple(None if side == row else side for side in recording.sides)

    def keep(self, said: Pcm) -> list[Failed]:
        """Take what was said in this tick, ``(n, FRAME)``; which recordings have failed."""
        if not self._running:
            return list(self._failures_at_end())
        self._ring[self._tick % _RING, : len(said)] = said
        self._tick += 1
        for recording in self._running.values():
            if self._tick - recording.since >= FLUSH_TICKS:
                self._flush(recording)
        failed = list(self._failures_at_end())
        return failed + list(self._failures()) if self._tick % FLUSH_TICKS == 0 else failed

    def _flush(self, recording: _Recording) -> None:
        ticks = np.arange(recording.since, self._tick)
        recording.since = self._tick
        if not len(ticks):
            return
        pcm = np.zeros((len(ticks), FRAME, len(recording.sides)), np.int16)
        for channel, row in enumerate(recording.sides):
            if row is not None:
                pcm[:, :, channel] = self._ring[ticks % _RING, row]
        recording.waiting.append(
            self._worker.submit(recording.file.write, pcm.reshape(len(ticks) * FRAME, len(recording.sides)))
        )

    def _failures(self) -> Iterator[Failed]:
        for name, recording in list(self._running.items()):
            done = [future for future in recording.waiting if future.done()]
            errors = [str(error) for future in done if (error := future.exception())]
            recording.waiting = [future for future in recording.waiting if not future.done()]
            if len(recording.waiting) > _MOST_WAITING:
                errors.append("the disk cannot follow")
            if errors:
                del self._running[name]
                self._worker.submit(recording.file.close)
                yield Failed(name, errors[0])

    def _failures_at_end(self) -> Iterator[Failed]:
        over = [(name, written) for name, written in self._ending if written[-1].done()]  # one worker: in order
        for name, written in over:
            self._ending.remove((name, written))
            errors = [str(error) for future in written if (error := future.exception())]
            if errors:
                yield Failed(name, errors[0])

    def close(self) -> list[Failed]:
        """Finish all recordings and wait until they are on disk; which of them are not."""
        for name in list(self._running):
            self.stop(name)
        self._worker.shutdown()
        return list(self._failures_at_end())
