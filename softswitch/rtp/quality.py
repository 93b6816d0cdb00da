"""How well the streams are heard, as arrays by row: what arrives here (RFC 3550 appendix A), and what the peers report.

``Reception`` follows the sequence numbers and the arrival times of packets; ``Report`` keeps what RTCP of the peer said
of our own packets, and how long the way there and back takes (section 6.4.1, or RFC 3611 where the peer knows that).
``measure`` puts both into the numbers of one stream, each direction with its score by the E-model. Pure: times are
arguments, monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.rtp import emodel
from softswitch.rtp.rtcp import Block, Compound, middle
from softswitch.rtp.xr import Echo, Extended

Ints = npt.NDArray[Any]

UNKNOWN = -1.0
_MAX_DROPOUT, _MAX_MISORDER = 3000, 100  # appendix A.1; beyond, the sender began anew
_FIXED_MS = 40.0  # of the way from mouth to ear: packet time and tick
_PEER_BUFFER_MS = 40.0  # a guess at what the peer's jitter buffer holds, besides twice the jitter
_LONGEST_S = 10.0  # a round trip that is longer was reckoned from nonsense


@dataclass(frozen=True, slots=True)
class Quality:
    """One stream from its beginning; ``in`` is from the peer to us, ``out`` what the peer reports. -1.0: not known."""

    packets_in: int = 0
    lost_in: int = 0
    late_in: int = 0  # came, too late to be played
    jitter_in_ms: float = UNKNOWN
    mos_in: float = UNKNOWN
    packets_out: int = 0
    lost_out: int = 0
    jitter_out_ms: float = UNKNOWN
    mos_out: float = UNKNOWN
    round_trip_ms: float = UNKNOWN
    reports: int = 0  # of the peer


class Reception:
    """What arrives."""

    def __init__(self, streams: int) -> None:
        self.ssrc = np.zeros(streams, np.uint32)
        self.started = np.zeros(streams, np.bool_)
        self.highest = np.zeros(streams, np.int64)  # sequence number with its rounds
        self.received = np.zeros(streams, np.int64)
        self.jitter = np.zeros(streams)  # RTP clock units
        self.last_at = np.zeros(streams)
        self.clock = np.full(streams, 8000.0)  # Hz
        self.gaps = np.zeros(streams, np.int64)  # runs of packets that were missing when a later one came
        self.missing = np.zeros(streams, np.int64)  # packets in them
        self._base = np.zeros(streams, np.int64)
        self._past = np.zeros(streams, np.int64)  # expected of sources before this one
        self._transit = np.zeros(streams, np.int64)
        self._timed = np.zeros(streams, np.bool_)  # ``_transit`` is of this source
        self._told_expected = np.zeros(streams, np.int64)  # up to the last report
        self._told_received = np.zeros(streams, np.int64)

    def forget(self, row: int) -> None:
        for array in vars(self).values():
            array[row] = 0
        self.clock[row] = 8000.0

    def note(self, rows: Ints, sequence: Ints, timestamp: Ints, ssrc: Ints, timed: Ints, at: Ints) -> None:
        """Packets in their order, ``(n,)`` each, that came ``at``. ``timed``: the timestamp is when it was said."""
        while len(rows) and int(np.bincount(rows).max()) > 1:
            _, first = np.unique(rows, return_index=True)  # one packet of each row at a time
            self._note(rows[first], sequence[first], timestamp[first], ssrc[first], timed[first], at[first])
            later = np.ones(len(rows), np.bool_)
            later[first] = False
            rows, sequence, timestamp, ssrc, timed, at = (
                array[later] for array in (rows, sequence, timestamp, ssrc, timed, at)
            )
        if len(rows):
            self._note(rows, sequence, timestamp, ssrc, timed, at)

    def _note(self, rows: Ints, sequence: Ints, timestamp: Ints, ssrc: Ints, timed: Ints, at: Ints) -> None:
        step = (sequence - self.highest[rows].astype(np.uint16)).view(np.int16).astype(np.int64)
        anew = ~self.started[rows] | (ssrc != self.ssrc[rows]) | (step > _MAX_DROPOUT) | (step < -_MAX_MISORDER)
        if anew.any():
            self._begin(rows[anew], sequence[anew], ssrc[anew])
            step[anew] = 0
        if (gap := step > 1).any():
            self.gaps[rows[gap]] += 1
            self.missing[rows[gap]] += step[gap] - 1
        self.highest[rows] += np.maximum(step, 0)
        self.received[rows] += 1
        self.last_at[rows] = at
        if not timed.all():
            rows, timestamp, at = rows[timed], timestamp[timed], at[timed]
        self._time(rows, timestamp, at)

    def _begin(self, rows: Ints, sequence: Ints, ssrc: Ints) -> None:
        old = rows[self.started[rows]]
        self._past[old] += self.highest[old] - self._base[old] + 1
        self.started[rows] = True
        self._timed[rows] = False
        self.ssrc[rows] = ssrc
        self.highest[rows] = self._base[rows] = sequence

    def _time(self, rows: Ints, timestamp: Ints, at: Ints) -> None:
        """The mean deviation of packet spacing (appendix A.8)."""
        transit = (at * self.clock[rows]).astype(np.int64) - timestamp
        change = np.abs((transit - self._transit[rows]).astype(np.uint32).view(np.int32).astype(np.float64))
        self.jitter[rows] += np.where(self._timed[rows], (change - self.jitter[rows]) / 16.0, 0.0)
        self._transit[rows], self._timed[rows] = transit, True

    def expected(self, row: int) -> int:
        heard = int(self.highest[row] - self._base[row]) + 1 if self.started[row] else 0
        return int(self._past[row]) + heard

    def block(self, row: int, last_report: int, delay: int) -> Block:
        """The report on this row's source, since the one before (appendix A.3)."""
        expected, received = self.expected(row), int(self.received[row])
        due, came = expected - int(self._told_expected[row]), received - int(self._told_received[row])
        self._told_expected[row], self._told_received[row] = expected, received
        fraction = max(0, due - came) / due if due > 0 else 0.0
        return Block(
            int(self.ssrc[row]), fraction, expected - received, int(self.highest[row]) & 0xFFFFFFFF,
            int(self.jitter[row]), last_report, delay,
        )  # fmt: skip


class Report:
    """What peers report of the packets that we send them."""

    def __init__(self, streams: int) -> None:
        self.count = np.zeros(streams, np.int64)  # reports that came
        self.blocks = np.zeros(streams, np.int64)  # with a block on us
        self.lost = np.zeros(streams, np.int64)
        self.jitter = np.zeros(streams, np.int64)  # RTP clock units
        self.highest = np.zeros(streams, np.int64)
        self.moved_at = np.zeros(streams)  # when ``highest`` last rose: the peer hears us
        self.round_trip = np.full(streams, UNKNOWN)  # s
        self.last_at = np.zeros(streams)
        self.sent_ntp = np.zeros(streams, np.int64)  # middle 32 bits of its last sender report
        self.sent_at = np.zeros(streams)  # when that came
        self.extends = np.zeros(streams, np.bool_)  # it knows extended reports (RFC 3611)
        self.discarded = np.full(streams, UNKNOWN)  # share of our packets that came there and were not played
        self.buffer_ms = np.full(streams, UNKNOWN)  # how long its jitter buffer holds them
        self._asked_ntp = np.zeros(streams, np.int64)  # its reference time that is to be answered; 0: none
        self._asked_by = np.zeros(streams, np.int64)  # SSRC
        self._asked_at = np.zeros(streams)

    def forget(self, row: int) -> None:
        for array in vars(self).values():
            array[row] = 0
        self.round_trip[row] = self.discarded[row] = self.buffer_ms[row] = UNKNOWN

    def take(self, row: int, ssrc: int, compound: Compound, at: float, ntp: int) -> None:
        """``ssrc`` is ours; ``at`` and ``ntp`` (64 bits) are the moment at which it came."""
        self.count[row] += 1
        self.last_at[row] = at
        if compound.sent is not None:
            self.sent_ntp[row], self.sent_at[row] = middle(compound.sent.ntp), at
        for block in compound.blocks:
            if block.ssrc == ssrc:
                self._take(row, block, at, ntp)
        if compound.extended is not None:
            self._extend(row, ssrc, compound.ssrc, compound.extended, at, ntp)

    def _extend(self, row: int, ours: int, theirs: int, extended: Extended, at: float, ntp: int) -> None:
        self.extends[row] = True
        if extended.reference:
            self._asked_ntp[row], self._asked_by[row], self._asked_at[row] = extended.reference, theirs, at
        for echo in extended.echoes:
            if echo.ssrc == ours and echo.last:
                self._travelled(row, ntp, echo.last, echo.delay)
        for voip in extended.voip:
            if voip.ssrc == ours:
                self.discarded[row] = voip.discarded
                self.buffer_ms[row] = voip.buffer_ms or UNKNOWN

    def echo(self, row: int, at: float) -> Echo | None:
        """The answer to its reference time, once."""
        if not self._asked_ntp[row]:
            return None
        last, self._asked_ntp[row] = int(self._asked_ntp[row]), 0
        return Echo(int(self._asked_by[row]), last, int((at - self._asked_at[row]) * 65536) & 0xFFFFFFFF)

    def _travelled(self, row: int, ntp: int, left: int, delay: int) -> None:
        trip = (middle(ntp) - left - delay & 0xFFFFFFFF) / 65536.0
        if trip < _LONGEST_S:
            self.round_trip[row] = trip

    def _take(self, row: int, block: Block, at: float, ntp: int) -> None:
        if block.highest > self.highest[row] or not self.blocks[row]:
            self.highest[row], self.moved_at[row] = block.highest, at
        self.blocks[row] += 1
        self.lost[row], self.jitter[row] = max(0, block.lost), block.jitter
        if block.last_report:
            self._travelled(row, ntp, block.last_report, block.delay)

    def due(self, row: int, at: float) -> tuple[int, int]:
        """LSR and DLSR of our next block (section 6.4.1)."""
        if not self.sent_ntp[row]:
            return 0, 0
        return int(self.sent_ntp[row]), int((at - self.sent_at[row]) * 65536) & 0xFFFFFFFF


def measure(reception: Reception, report: Report, row: int, sent: int, late: int, buffer_ms: float) -> Quality:
    """The numbers of a stream. ``sent``: our packets; ``late``: what came and could not be played."""
    half_ms = max(0.0, float(report.round_trip[row])) * 500.0
    to_ms = 1000.0 / float(reception.clock[row])
    expected, received = reception.expected(row), int(reception.received[row])
    lost, gaps = max(0, expected - received), int(reception.gaps[row])
    jitter_ms, out_ms = float(reception.jitter[row]) * to_ms, float(report.jitter[row]) * to_ms
    share = min(1.0, (lost + late) / expected) if expected > 0 else 0.0
    burst = int(reception.missing[row]) / gaps * (1 - share) if gaps else 1.0
    heard, reported = received > 0, int(report.blocks[row]) > 0 and sent > 0
    lost_out = int(report.lost[row])
    unheard = min(1.0, lost_out / sent + max(0.0, float(report.discarded[row]))) if sent else 0.0
    told_ms = float(report.buffer_ms[row])
    held_ms = told_ms if told_ms >= 0 else _PEER_BUFFER_MS + 2 * out_ms
    return Quality(
        received, lost, late,
        jitter_ms if heard else UNKNOWN,
        score(share, half_ms + buffer_ms + _FIXED_MS, burst) if heard else UNKNOWN,
        sent, lost_out,
        out_ms if reported else UNKNOWN,
        score(unheard, half_ms + held_ms + _FIXED_MS, 1.0) if reported else UNKNOWN,
        round(float(report.round_trip[row]) * 1000.0, 2) if report.round_trip[row] >= 0 else UNKNOWN,
        int(report.count[row]),
    )  # fmt: skip


def score(loss: float, delay_ms: float, burst: float) -> float:
    r = emodel.rating(np.array([loss]), np.array([delay_ms]), np.array([burst]))
    return round(float(emodel.mos(r)[0]), 2)
