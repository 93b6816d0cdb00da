"""When there is too much to do, what is left undone? (RFC 3261 section 21.5.4; the idea of RFC 7339.)

Measured elsewhere and told here every hundredth of a second, less often while all is calm: how late the loop is, and
how full the sockets' receive buffers are. Both mean that messages wait. The answer is a *pressure* from 0 to 1 in
proportion to it, smoothed: as many calls are shed as keep the queue where it is, short of full, and all the others are
served. Shed first is what strangers ask for (OPTIONS, REGISTER), then new calls, a growing share of them; then what
known phones ask for. What belongs to a dialog is never shed: finishing what was begun is what makes room. Where most of
what arrives is turned away at the door, that is a flood, and it is no reason to shed calls: pressure would do to the
callers what the flood did not.

A call is shed or taken by its Call-ID, so that a repeated INVITE meets with the same answer.
"""

from __future__ import annotations

import enum
import zlib

JUNK = 0.5  # of what arrives is turned away: a flood, and no work
LATE_S = (0.1, 0.4)  # a loop that is this late: nothing is shed yet, everything is
CALM_S = 0.02  # a loop that is less late than this has nothing to fear at once
FULL = (0.2, 0.9)  # of a receive buffer: the same
BUSY = 0.25  # from this on, strangers are held to their share
HOLD_S = 1.0  # and for so long after the last sign of it
EWMA = 0.3  # weight of the newest sample
LEAST = 0.01  # pressure that is none
RETRY_AFTER_S = (5, 30)  # spread, lest all come back at once


class Rank(enum.IntEnum):
    """What a message is about; the lowest is shed first."""

    STRANGER = 0  # a request out of the blue: OPTIONS, REGISTER, SUBSCRIBE ...
    CALL = 1  # a new INVITE
    KNOWN = 2  # whatever a known phone asks for that is no call
    DIALOG = 3  # of a call or a transaction that exists


# The pressure at which shedding begins, and that at which everything of the rank is shed.
_SHED = {Rank.STRANGER: (0.0, 0.3), Rank.CALL: (0.1, 1.0), Rank.KNOWN: (0.8, 1.2), Rank.DIALOG: (2.0, 3.0)}


class Overload:
    """Fed by ``sample``; asked by ``sheds``. ``now`` in monotonic seconds."""

    def __init__(self) -> None:
        self.lag_s = 0.0  # EWMA
        self.backlog = 0.0  # 0..1, the newest
        self.pressure = 0.0  # 0..1
        self._busy_until = 0.0

    def sample(self, lag_s: float, backlog: float, now: float, junk: float = 0.0) -> None:
        """``lag_s``: how late the loop woke; ``backlog``: the fullest receive buffer, 0..1.

        ``junk``: the share of messages since the last sample that were turned away at the door.
        """
        self.lag_s += EWMA * (lag_s - self.lag_s)
        self.backlog = backlog
        strain = max(_along(self.lag_s, LATE_S), _along(backlog, FULL))
        if strain >= BUSY:
            self._busy_until = now + HOLD_S
        self.pressure += EWMA * ((strain if junk < JUNK else 0.0) - self.pressure)
        if self.pressure < LEAST:
            self.pressure = 0.0

    @property
    def calm(self) -> bool:
        """Nothing waits that would be a sign of more: it is enough to measure now and then."""
        return not self.pressure and self.lag_s < CALM_S and self.backlog < FULL[0]

    def busy(self, now: float) -> bool:
        """Whether strangers are to be held to their share."""
        return now < self._busy_until

    def sheds(self, rank: Rank, call_id: str) -> bool:
        begin, whole = _SHED[rank]
        if self.pressure <= begin:
            return False
        return _draw(call_id) < (self.pressure - begin) / (whole - begin)


def retry_after_s(call_id: str) -> int:
    """For the header of that name."""
    least, most = RETRY_AFTER_S
    return least + int(_draw(call_id[::-1]) * (most - least))


def _along(value: float, way: tuple[float, float]) -> float:
    """How far ``value`` has come from the one end to the other, 0..1."""
    begin, end = way
    return min(1.0, max(0.0, (value - begin) / (end - begin)))


def _draw(call_id: str) -> float:
    """0..1, the same for the same call."""
    return zlib.crc32(call_id.encode("utf-8", "surrogateescape")) / 2**32
