"""Recordings, as the tick sees them: one copy of what the recorded streams said, and nothing that can wait.

Three ticks at a time go to the thread that writes (softswitch.media.writer), so that a process which is killed has lost
less than 100 ms. A disk that cannot follow makes recordings fail, not calls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ, WIDE_FRAME, WIDE_HZ
from softswitch.media.alignment import Alignment
from softswitch.media.bands import LATE
from softswitch.media.writer import Begin, End, Failed, Frames, Heard, Hush, Order, Reseat, Writer

__all__ = ["FLUSH_TICKS", "Failed", "Recorder"]

Pcm = npt.NDArray[np.int16]
Rows = npt.NDArray[np.int64]

FLUSH_TICKS = 3
_MOST_BEHIND = 10 * 50 // FLUSH_TICKS  # batches that wait for the disk: 10 s


class Recorder:
    """All recordings of the process; ``recover`` is where earlier processes may have left some unfinished.

    ``hear`` is told of every packet of sound, so that each voice lies where its own clock says; one of which nothing is
    told lies where it was played. The stamps of ``hear`` and of ``keep`` must be of one clock, of 8000 Hz.

    A recording is of 8 or of 16 kHz. A row whose voice was converted for it is late by the filter's delay, and is put
    back by that.
    """

    def __init__(self, streams: int, keep_free: int = 0, recover: Path | None = None) -> None:
        self._alignment = Alignment(streams)
        self._recorded = np.zeros(streams, np.bool_)
        self._rows: Rows = np.zeros(0, np.int64)  # that are recorded, ascending
        self._sides: dict[str, tuple[int | None, ...]] = {}  # row of each channel; None: silence
        self._wide: set[str] = set()  # recordings of 16 kHz
        self._narrow_rows = self._wide_rows = self._rows
        self._columns: dict[int, dict[int | None, int]] = {}  # by rate, row -> place among what is kept
        self._told: list[Order] = []
        self._ticks = 0
        self._writer = Writer(keep_free)
        if recover is not None:
            self._writer.recover(recover)

    def __len__(self) -> int:
        return len(self._sides)

    @property
    def idle(self) -> bool:
        """Nothing is recorded, and nothing waits to be handed over."""
        return not self._sides and not self._told

    @property
    def finished(self) -> int:
        return self._writer.finished

    @property
    def unfinished(self) -> int:
        return self._writer.unfinished

    def names(self) -> list[str]:
        return list(self._sides)

    def rows(self, rate_hz: int = RATE_HZ) -> set[int]:
        """Whose voices are recorded at this rate."""
        return {
            row for name, sides in self._sides.items() if (name in self._wide) == (rate_hz == WIDE_HZ)
            for row in sides if row is not None
        }  # fmt: skip

    def start(
        self,
        name: str,
        path: Path,
        sides: tuple[int | None, ...],
        streams: tuple[str | None, ...] = (None, None),
        rate_hz: int = RATE_HZ,
    ) -> None:
        """From the next tick on; one channel for each of ``sides``. A name that is running already goes on."""
        if name not in self._sides:
            self._told.append(Begin(name, path, streams, sides, time.time(), rate_hz))
            if rate_hz == WIDE_HZ:
                self._wide.add(name)
            self._seat(name, sides)

    def stop(self, name: str) -> None:
        if name in self._sides:
            self._told.append(End(name))
            self._unseat(name)

    def pause(self, name: str, reason: str | None) -> None:
        """All channels are silent until ``reason`` is None; it is kept beside the recording."""
        if name in self._sides:
            self._told.append(Hush(name, reason))

    def hear(self, rows: npt.NDArray[np.int64], stamps: npt.NDArray[Any], came_s: npt.NDArray[np.float64]) -> None:
        """Packets of these rows, by their RTP timestamps, came in at these monotonic seconds."""
        if self._sides:
            wanted = self._recorded[rows]
            self._alignment.hear(rows[wanted], stamps[wanted], came_s[wanted])

    def forget(self, row: int) -> None:
        """The row is given back: from here on its channels are silent."""
        self._alignment.begin(row)
        for name, sides in list(self._sides.items()):
            if row in sides:
                left = tuple(None if side == row else side for side in sides)
                self._told.append(Reseat(name, left))
                self._seat(name, left)

    def _seat(self, name: str, sides: tuple[int | None, ...]) -> None:
        self._sides[name] = sides
        self._sort()

    def _unseat(self, name: str) -> None:
        del self._sides[name]
        self._wide.discard(name)
        self._sort()

    def _sort(self) -> None:
        narrow, wide = (sorted(self.rows(rate_hz)) for rate_hz in (RATE_HZ, WIDE_HZ))
        self._narrow_rows, self._wide_rows = np.array(narrow, np.int64), np.array(wide, np.int64)
        self._rows = np.union1d(self._narrow_rows, self._wide_rows)
        self._columns = {
            rate_hz: {row: index for index, row in enumerate(rows)}
            for rate_hz, rows in ((RATE_HZ, narrow), (WIDE_HZ, wide))
            if rows
        }
        self._recorded[:] = False
        self._recorded[self._rows] = True

    def keep(
        self,
        said: Pcm,
        stamps: npt.NDArray[np.uint32],
        tick_s: float,
        said_wide: Callable[[Rows], Pcm] | None = None,
        coded: npt.NDArray[np.bool_] | None = None,
    ) -> list[Failed]:
        """Take what was said in the tick at ``tick_s``, ``(n, FRAME)``; which recordings have failed.

        ``stamps`` ``(n,)``: the RTP time of the first sample of each frame. ``said_wide`` gives what rows said at 16
        kHz, ``(rows, WIDE_FRAME)``. ``coded``: the rows that are of 16 kHz themselves.
        """
        if self._sides:
            # A recording may name a row above the ones in use: a stream that said nothing yet.
            rows = self._rows[self._rows < len(said)]
            shift = self._alignment.shifts(rows, stamps[rows], tick_s)
            heard = {}
            if RATE_HZ in self._columns:
                late = None if coded is None else coded[rows]
                heard[RATE_HZ] = _heard(self._narrow_rows, FRAME, rows, shift, late, said.__getitem__)
            if WIDE_HZ in self._columns and said_wide is not None:
                late = None if coded is None else ~coded[rows]
                heard[WIDE_HZ] = _heard(self._wide_rows, WIDE_FRAME, rows, shift, late, said_wide)
            self._told.append(Frames(self._columns, heard))
        self._ticks += 1
        return self._hand_over() if self._ticks % FLUSH_TICKS == 0 else []

    def pass_time(self, frames: int) -> None:
        """Time in which no tick was done is silence, so that a recording is as long as the call."""
        if not self._sides:
            return
        nobody, nothing = np.zeros(0, np.int64), np.zeros((0, 0), np.int16)
        empty = {
            rate_hz: _heard(np.array(list(column)), FRAME * rate_hz // RATE_HZ, nobody, nobody, None, lambda _: nothing)
            for rate_hz, column in self._columns.items()
        }
        self._told += [Frames(self._columns, empty)] * frames

    def _hand_over(self) -> list[Failed]:
        if self._told:
            self._writer.tell(self._told)
            self._told = []
        slow = list(self._give_up()) if self._writer.behind > _MOST_BEHIND else []
        return [*slow, *self._failures()]

    def _give_up(self) -> Iterator[Failed]:
        why = "the disk cannot follow"
        self._writer.tell([End(name, why) for name in self._sides])
        yield from (Failed(name, why, "disk_slow") for name in self._sides)
        self._sides.clear()
        self._wide.clear()
        self._sort()

    def _failures(self) -> Iterable[Failed]:
        while self._writer.failed:
            failed = self._writer.failed.popleft()
            if failed.recording in self._sides:
                self._unseat(failed.recording)
            yield failed

    def close(self) -> list[Failed]:
        """Finish all recordings and wait until they are on disk; which of them are not."""
        for name in list(self._sides):
            self.stop(name)
        told, self._told = self._told, []
        self._writer.tell(told)
        self._writer.close()
        return list(self._failures())


def _heard(
    wanted: Rows,
    samples: int,
    rows: Rows,
    shift: npt.NDArray[np.int64],
    late: npt.NDArray[np.bool_] | None,
    said: Callable[[Rows], Pcm],
) -> Heard:
    """What ``wanted`` rows said, silence for those that are not among ``rows``; all are ascending."""
    there = np.isin(wanted, rows, assume_unique=True)
    kept, shifts = np.zeros((len(wanted), samples), np.int16), np.zeros(len(wanted), np.int64)
    if there.any():
        kept[there] = said(wanted[there])
        place = np.searchsorted(rows, wanted[there])
        shifts[there] = shift[place] - (0 if late is None else LATE * late[place])
    return Heard(kept, shifts)
