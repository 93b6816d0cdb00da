"""Where in a recording a frame belongs: by the sender's clock (RTP time), not by the tick in which it was heard.

A sender's crystal is up to 100 ppm off ours: 60 ms after ten minutes. The jitter buffer follows it in steps of whole
frames, and changes its depth besides. Heard, that is nothing; but two voices in one recording would slide apart. So for
each row a line is kept: our time at which a sample of RTP time t came in at the earliest,

    earliest(t) = t + offset + slope * t

It is fitted to the least delay of each second (delay is never negative, so the least one is nearest to the truth), by
the recursive least squares of a straight line (an alpha-beta filter whose gains fall as 1/n, as in R. E. Kalata's "The
tracking index", 1984), with a memory of two minutes. A second with few packets, as after a pause, decides nothing; and
until the first one is over, the earliest packet so far is all that is known. A frame's place is ``earliest`` plus an
allowance that is the same for all rows. Both ends of a conversation then lie as they came to us, to a fraction of a
millisecond.

Times are seconds of our clock. All rows at once; only those that are recorded need be fed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ
from softswitch.media.recording import AHEAD, BACK

Rows = npt.NDArray[Any]
Seconds = npt.NDArray[np.float64]

ALLOWANCE_S = 0.040  # how long after its earliest coming in a frame has its place: the usual depth of a jitter buffer
WINDOW_S = 1.0
_LEAST_PACKETS = 10  # in a window: the first one after a pause tells what it waited, not what the way takes
_MEMORY = 120  # windows; older ones count less and less
_SLOPE_AFTER = 10  # windows: before, two points far from the line would make any slope
_MOST_SLOPE = 500e-6
_STEP_S, _RELEARN = 0.02, 3  # the way through the network has changed: as if only so many windows were known
_JUMP_S = 0.5  # a sender whose clock does this has started over
_SLEW = 4  # samples by which a place moves in a tick, at the most
_HYSTERESIS = 0.75  # samples


class Alignment:
    """The lines of all rows. ``hear`` in any order of rows; ``shifts`` once per tick."""

    def __init__(self, streams: int) -> None:
        self._known = np.zeros(streams, np.bool_)
        self._latest = np.zeros(streams, np.int64)  # index of the row's last packet in a batch
        self._clock_hz = np.full(streams, float(RATE_HZ))
        self._stamp = np.zeros(streams, np.uint32)  # RTP time of the last packet
        self._sent = np.zeros(streams)  # the same in seconds since the first
        self._offset = np.zeros(streams)  # of the line at ``_at``
        self._at = np.zeros(streams)  # sender's seconds
        self._slope = np.zeros(streams)
        self._least = np.full(streams, np.inf)  # delay over the line in this window
        self._until = np.zeros(streams)  # our time at which the window ends, if it has enough packets by then
        self._packets = np.zeros(streams, np.int64)  # in this window
        self._windows = np.zeros(streams, np.int64)
        self._place = np.full(streams, np.nan)  # samples between the sender's clock and ours, as they are used now

    def begin(self, row: int, clock_hz: int = RATE_HZ) -> None:
        """Another sender, or none: nothing is known of its clock but its rate."""
        self._known[row], self._clock_hz[row] = False, clock_hz

    def hear(self, rows: Rows, stamps: Rows, came_s: Seconds) -> None:
        """Packets of these rows, with their RTP timestamps, came at these times.

        Of several of one row the last one counts: it has waited least.
        """
        index = np.arange(len(rows))
        self._latest[rows] = index
        rows, stamps, came_s = (one[self._latest[rows] == index] for one in (rows, stamps, came_s))
        sent = self._sent_s(rows, stamps)
        delay = came_s - sent - self._line(rows, sent)
        fresh = ~self._known[rows] | (np.abs(delay) > _JUMP_S)
        self._restart(rows[fresh], stamps[fresh], came_s[fresh])
        rows, stamps, came_s, sent, delay = (one[~fresh] for one in (rows, stamps, came_s, sent, delay))
        newer = sent > self._sent[rows]
        self._stamp[rows[newer]], self._sent[rows[newer]] = stamps[newer], sent[newer]
        first = self._windows[rows] == 0  # no window is over: the earliest packet so far is all that is known
        self._offset[rows[first]] += np.minimum(delay[first], 0.0)
        self._least[rows] = np.where(first, 0.0, np.minimum(self._least[rows], delay))
        self._packets[rows] += 1
        over = (came_s >= self._until[rows]) & (self._packets[rows] >= _LEAST_PACKETS)
        if over.any():
            self._fit(rows[over], came_s[over])

    def _sent_s(self, rows: Rows, stamps: Rows) -> Seconds:
        """The sender's seconds, across the wrap of its timestamps."""
        step = (stamps.astype(np.uint32) - self._stamp[rows]).astype(np.int32)
        return np.asarray(self._sent[rows] + step / self._clock_hz[rows])

    def _line(self, rows: Rows, sent: Seconds) -> Seconds:
        return np.asarray(self._offset[rows] + self._slope[rows] * (sent - self._at[rows]))

    def _restart(self, rows: Rows, stamps: Rows, came_s: Seconds) -> None:
        self._known[rows], self._stamp[rows], self._sent[rows], self._at[rows] = True, stamps, 0.0, 0.0
        self._offset[rows], self._slope[rows], self._windows[rows] = came_s, 0.0, 0
        self._least[rows], self._until[rows], self._place[rows] = 0.0, came_s + WINDOW_S, np.nan
        self._packets[rows] = 1

    def _fit(self, rows: Rows, came_s: Seconds) -> None:
        """A window is over: turn the line towards its least delay."""
        self._windows[rows] += 1
        moved = (self._windows[rows] > _RELEARN) & (np.abs(self._least[rows]) > _STEP_S)
        self._windows[rows[moved]] = _RELEARN
        n = np.minimum(self._windows[rows], _MEMORY)
        alpha, beta = 2 * (2 * n - 1) / (n * (n + 1)), 6 / (n * (n + 1))
        step, least = self._sent[rows] - self._at[rows], self._least[rows]
        self._offset[rows] = self._line(rows, self._sent[rows]) + np.minimum(alpha, 1.0) * least
        turn = np.where((n > _SLOPE_AFTER) & (step > 0), beta * least / np.maximum(step, WINDOW_S), 0.0)
        self._slope[rows] = np.clip(self._slope[rows] + turn, -_MOST_SLOPE, _MOST_SLOPE)
        self._at[rows] = self._sent[rows]
        self._least[rows], self._until[rows], self._packets[rows] = np.inf, came_s + WINDOW_S, 0

    def shifts(self, rows: Rows, stamps: Rows, tick_s: float) -> npt.NDArray[np.int64]:
        """By how many samples the frames that are heard in the tick at ``tick_s`` belong after it, ``(rows,)``.

        ``stamps`` is the RTP time of their first samples. 0 where nothing is known.
        """
        sent = self._sent_s(rows, stamps)
        ours = (self._line(rows, sent) + ALLOWANCE_S) * RATE_HZ  # our samples less the sender's
        place = self._place[rows]
        off = ours - place
        moved = place + np.clip(np.rint(off), -_SLEW, _SLEW)
        place = np.where(
            np.isnan(place) | (np.abs(off) > BACK), np.rint(ours), np.where(np.abs(off) > _HYSTERESIS, moved, place)
        )
        self._place[rows] = place
        shift = np.rint(place + sent * RATE_HZ - tick_s * RATE_HZ)
        usable = self._known[rows] & (shift >= FRAME - BACK) & (shift <= AHEAD - FRAME)
        return np.where(usable, shift, 0).astype(np.int64)
