"""What is noteworthy about the sound of streams: that it begins, that nothing comes, that only one side is heard.

Looked at once a second, for all rows at once; each trouble is told once, until it is over. What arrives and what the
peers report is ``rtp.quality``'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.rtp.quality import Reception, Report

Flags = npt.NDArray[np.bool_]

FIRST_PACKET, LATCHED, NO_MEDIA, ONE_WAY, SILENCE, RESUMED = (
    "first_packet", "latched", "no_media", "one_way", "silence", "resumed",
)  # fmt: skip
KINDS = (FIRST_PACKET, LATCHED, NO_MEDIA, ONE_WAY, SILENCE, RESUMED)
QUIET = "quiet"  # for as long as somebody has asked: see ``listening``
EVERY_S = 1.0
NO_MEDIA_S = 5.0  # without a packet that should come
UNHEARD_S = 12.0  # without the peer's reports saying that it hears us: two of their intervals
SILENCE_S = 20.0  # of packets without sound
_SOUND_DBOV = -57.0  # of a frame; below it is silence


class Happened(NamedTuple):
    row: int
    kind: str


class Watch:
    """``reception`` and ``report`` are those of the same rows."""

    def __init__(self, streams: int, reception: Reception, report: Report) -> None:
        self.happened: Counter[str] = Counter()
        self.loud_at = np.zeros(streams)
        self._reception, self._report = reception, report
        self._since = np.zeros(streams)  # the last offer/answer
        self._receives = np.zeros(streams, np.bool_)
        self._sends = np.zeros(streams, np.bool_)
        self._told = {kind: np.zeros(streams, np.bool_) for kind in KINDS}
        self._next_at = 0.0

    def agree(self, row: int, sends: bool, receives: bool, now: float) -> None:
        """After an offer/answer everything has its time anew."""
        self._sends[row], self._receives[row], self._since[row] = sends, receives, now
        self.loud_at[row] = self._report.moved_at[row] = now

    def forget(self, row: int) -> None:
        self._sends[row] = self._receives[row] = False
        for told in self._told.values():
            told[row] = False

    def listen(self, levels: npt.NDArray[np.float32], present: Flags, now: float) -> None:
        """How loud the first rows are, in dBov ``(n,)``, where anything has come; not every frame need be shown."""
        self.loud_at[: len(levels)][present & (levels > _SOUND_DBOV)] = now

    def latched(self, row: int) -> Iterator[Happened]:
        """Its peer was found elsewhere than signalled."""
        yield from self._tell(LATCHED, np.array([row]))
        self._told[LATCHED][row] = False  # it may happen again

    def look(self, count: int, now: float) -> Iterator[Happened]:
        """What has changed in the first ``count`` rows, when it is time to look."""
        if now < self._next_at:
            return
        self._next_at = now + EVERY_S
        rows = np.arange(count)
        heard = self._reception
        started = heard.received[:count] > 0
        yield from self._tell(FIRST_PACKET, rows[started & ~self._told[FIRST_PACKET][:count]])
        waited = now - np.maximum(heard.last_at[:count], self._since[:count])
        dry = self._receives[:count] & (waited > NO_MEDIA_S)
        deaf = self._unheard(count, now)
        hears_us = (self._report.blocks[:count] > 0) & (now - self._report.moved_at[:count] < UNHEARD_S)
        silent = self._receives[:count] & ~dry & started & (now - self.loud_at[:count] > SILENCE_S)
        troubled = self._troubled(count)
        yield from self._follow(NO_MEDIA, dry & ~hears_us)
        yield from self._follow(ONE_WAY, (dry & hears_us) | (deaf & ~dry & started))
        yield from self._follow(SILENCE, silent)
        over = rows[troubled & ~self._troubled(count)]
        self.happened[RESUMED] += len(over)
        for row in over.tolist():
            yield Happened(row, RESUMED)

    def _troubled(self, count: int) -> Flags:
        """One trouble may become the other: whom we no longer hear, no longer hears us either."""
        return np.asarray(self._told[NO_MEDIA][:count] | self._told[ONE_WAY][:count])

    def _unheard(self, count: int, now: float) -> Flags:
        """The peer reports, and never that it got something new from us."""
        report = self._report
        alive = (report.count[:count] >= 2) & (now - report.last_at[:count] < UNHEARD_S)
        stuck = now - np.maximum(report.moved_at[:count], self._since[:count]) > UNHEARD_S
        return np.asarray(self._sends[:count] & alive & stuck)

    def _follow(self, kind: str, troubled: Flags) -> Iterator[Happened]:
        told = self._told[kind][: len(troubled)]
        begun = np.flatnonzero(troubled & ~told)
        told &= troubled
        yield from self._tell(kind, begun)

    def _tell(self, kind: str, rows: npt.NDArray[Any]) -> Iterator[Happened]:
        self._told[kind][rows] = True
        self.happened[kind] += len(rows)
        for row in rows.tolist():
            yield Happened(row, kind)
