"""How many frames are due: an absolute schedule, bounded catch-up, then the clock is reset; everything is counted.

Waiting for "20 ms more" would add up every delay; here the n-th tick has its moment from the beginning. After a stall
of more than ``MOST_FRAMES`` the missed time is given up: sending it all at once would only fill the peers' buffers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

TICK_S = 0.02
MOST_FRAMES = 5  # 100 ms of catching up
LATE_S = 0.005
_KEPT = 1000  # latest lateness values, 20 s


class Due(NamedTuple):
    frames: int  # to be done now
    skipped: int  # given up: time passes for RTP timestamps, and nothing is sent


class Schedule:
    """The tick's clock; ``now`` is monotonic seconds."""

    def __init__(self, now: float) -> None:
        self.next_at = now + TICK_S
        self.ticks = 0
        self.late = 0  # wake-ups more than LATE_S after their moment
        self.catch_ups = 0  # frames done in one go with another
        self.resets = 0
        self._lateness_us = np.zeros(_KEPT, np.int64)

    def due(self, now: float) -> Due:
        behind = now - self.next_at
        if behind < 0:
            return Due(0, 0)
        self._note(behind)
        frames = int(behind / TICK_S) + 1
        if frames > MOST_FRAMES:
            self.resets += 1
            self.next_at = now + TICK_S
            return Due(1, frames - 1)
        self.catch_ups += frames - 1
        self.next_at += frames * TICK_S
        return Due(frames, 0)

    def rest(self, now: float) -> int:
        """Nothing had to be done up to now, and the next tick is due at once; how many were left out."""
        frames = max(0, int((now - self.next_at) / TICK_S))
        self.next_at = max(self.next_at, now)
        return frames

    def _note(self, behind: float) -> None:
        self._lateness_us[self.ticks % _KEPT] = round(behind * 1e6)
        self.ticks += 1
        self.late += behind > LATE_S

    def lateness_us(self, percent: float) -> float:
        """Of the latest ticks, the lateness in microseconds that ``percent`` of them did not exceed."""
        known = self._lateness_us[: min(self.ticks, _KEPT)]
        return float(np.percentile(known, percent)) if len(known) else 0.0
