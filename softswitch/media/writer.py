"""The thread that writes recordings: it takes whole batches of ticks, and the tick never waits for it.

What it is told comes in order: begin, frames of all recorded streams, pause, resume, end. A recording that cannot be
written fails alone. Before the disk is full all recordings on it are ended: the switch needs what is left for its
promises and its log. Finishing them (softswitch.media.finish) is left to a second thread of low priority.
"""

from __future__ import annotations

import errno
import logging
import os
import queue
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from softswitch.audio import RATE_HZ
from softswitch.media.finish import attempt, recover
from softswitch.media.library import step_back
from softswitch.media.recording import MOST_TICKS, RecordingFile, Side
from softswitch.media.sidecar import Sidecar

Pcm = npt.NDArray[np.int16]

log = logging.getLogger(__name__)

CHECK_TICKS = 50  # how often it is looked how full the disk is
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Begin:
    name: str
    path: Path
    streams: tuple[str | None, ...]  # of each channel
    rows: tuple[int | None, ...]
    epoch: float  # Unix seconds
    rate_hz: int = RATE_HZ


@dataclass(frozen=True, slots=True)
class Heard:
    said: Pcm  # (rows, samples of 20 ms)
    shift: npt.NDArray[np.int64]  # (rows,) samples of 8 kHz by which each lies after its tick


@dataclass(frozen=True, slots=True)
class Frames:
    """One tick, by rate in Hz."""

    columns: Mapping[int, Mapping[int | None, int]]  # row -> index into what was heard
    heard: Mapping[int, Heard]


@dataclass(frozen=True, slots=True)
class Reseat:
    """The rows of a recording are others from here on."""

    name: str
    rows: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Hush:
    name: str
    reason: str | None  # None: it is heard again


@dataclass(frozen=True, slots=True)
class End:
    name: str
    why: str = ""  # it failed


Order = Begin | Frames | Reseat | Hush | End


@dataclass(frozen=True, slots=True)
class Failed:
    recording: str
    why: str
    kind: str = "error"  # "disk_full", "disk_slow"


def _sides(heard: list[Heard], rate_hz: int) -> list[Side]:
    """Ticks of all rows as rows of all ticks."""
    said = np.concatenate([one.said for one in heard], axis=1)  # (rows, ticks * samples)
    shift = np.stack([one.shift for one in heard], axis=1) * (rate_hz // RATE_HZ)
    steady = (shift == shift[:, :1]).all(axis=1).tolist()
    return [(pcm, moved[:1] if same else moved) for pcm, moved, same in zip(said, shift.tolist(), steady, strict=True)]


class Writer:
    """``keep_free`` octets of each disk are never used; ``failed`` is what went wrong, for the other side to take."""

    def __init__(self, keep_free: int = 0) -> None:
        self.failed: deque[Failed] = deque()
        self.finished = 0
        self.unfinished = 0  # recordings that are over and have got neither their format nor their checksum
        self._keep_free = keep_free
        self._files: dict[str, RecordingFile] = {}
        self._rows: dict[str, tuple[int | None, ...]] = {}
        self._ticks = 0
        self._batches: queue.SimpleQueue[list[Order] | None] = queue.SimpleQueue()
        self._finisher = ThreadPoolExecutor(1, "finishing", step_back)
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)
        self._thread.start()

    @property
    def behind(self) -> int:
        """Batches that wait."""
        return self._batches.qsize()

    def tell(self, batch: list[Order]) -> None:
        self._batches.put(batch)

    def recover(self, directory: Path) -> None:
        """Finish what a crash has left there, some time."""
        self._finisher.submit(self._recover, directory)

    def close(self) -> None:
        """Returns when all sound is on disk; what is not finished then is finished by the next process."""
        self._batches.put(None)
        self._thread.join()
        self._finisher.shutdown(cancel_futures=True)

    # ---- the thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            frames: list[Frames] = []
            for order in batch:
                if isinstance(order, Frames):
                    if frames and (frames[0].columns is not order.columns or len(frames) == MOST_TICKS):
                        self._take(frames)
                    frames.append(order)
                else:
                    self._take(frames)
                    self._do(order)
            self._take(frames)

    def _do(self, order: Begin | Reseat | Hush | End) -> None:
        try:
            match order:
                case Begin():
                    self._begin(order)
                case Reseat(name, rows):
                    self._rows[name] = rows
                case Hush(name, reason) if name in self._files:
                    self._files[name].resume() if reason is None else self._files[name].pause(reason)
                case End(name, why) if name in self._files:
                    self._end(name, "failed" if why else "finished", why)
        except Exception as error:
            self._fail(order.name, error)

    def _begin(self, order: Begin) -> None:
        note = Sidecar(
            file=order.path.name, state="recording", rate_hz=order.rate_hz, channels=len(order.rows),
            started_at=datetime.fromtimestamp(order.epoch, UTC).isoformat(timespec="milliseconds"),
            left=order.streams[0], right=order.streams[1] if len(order.streams) > 1 else None,
        )  # fmt: skip
        order.path.parent.mkdir(parents=True, exist_ok=True)
        self._guard(order.path.parent)
        self._files[order.name] = RecordingFile(order.path, note)
        self._rows[order.name] = order.rows

    def _take(self, frames: list[Frames]) -> None:
        if not frames:
            return
        columns = frames[0].columns
        sides = {rate_hz: _sides([one.heard[rate_hz] for one in frames], rate_hz) for rate_hz in columns}
        for name, file in list(self._files.items()):
            rate_hz, rows = file.note.rate_hz, self._rows[name]
            column = columns.get(rate_hz, {})
            try:
                file.take(len(frames), [sides[rate_hz][column[row]] if row in column else None for row in rows])
            except Exception as error:
                self._fail(name, error)
        self._ticks += len(frames)
        if self._ticks >= CHECK_TICKS:
            self._ticks = 0
            self._check_disks()
        frames.clear()

    # ---- what may go wrong -------------------------------------------------------------------------------------

    def _guard(self, directory: Path) -> None:
        room = os.statvfs(directory)
        if room.f_bavail * room.f_frsize < self._keep_free:
            raise OSError(errno.ENOSPC, f"less than {self._keep_free >> 20} MB are free")

    def _check_disks(self) -> None:
        full: dict[Path, OSError] = {}
        for directory in {file.path.parent for file in self._files.values()}:
            try:
                self._guard(directory)
            except OSError as error:
                full[directory] = error
        for name, file in list(self._files.items()):
            if file.path.parent in full:
                self._fail(name, full[file.path.parent])

    def _fail(self, name: str, error: Exception) -> None:
        """One recording, and no other; what it has so far is kept."""
        if not isinstance(error, OSError):
            log.error("recording %s", name, exc_info=error)
        kind = "disk_full" if isinstance(error, OSError) and error.errno in _FULL else "error"
        self.failed.append(Failed(name, str(error), kind))
        if name in self._files:
            try:
                self._end(name, "failed", str(error))
            except OSError as again:
                log.error("recording %s: %s", name, again)

    def _end(self, name: str, state: str, why: str) -> None:
        del self._rows[name]
        self._finisher.submit(self._finish, self._files.pop(name).close(state, why))

    # ---- the second thread -------------------------------------------------------------------------------------

    def _finish(self, unfinished: Path) -> None:
        if attempt(unfinished, self._keep_free):
            self.finished += 1
        else:
            self.unfinished += 1

    def _recover(self, directory: Path) -> None:
        try:
            recovered = recover(directory, self._keep_free)
            self.unfinished += recovered.failed
            if recovered.finished:
                log.info("%d recordings that an earlier process has left are finished", recovered.finished)
        except Exception:
            self.unfinished += 1
            log.exception("recordings in %s cannot be looked at", directory)
