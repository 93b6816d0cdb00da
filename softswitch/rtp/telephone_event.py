"""Telephone events (RFC 4733): each press of a key is heard once, whatever was lost, repeated or reordered; and sent.

A press is known by the RTP timestamp of its packets, which is the moment at which it began; the marker is often
missing or wrong and is not looked at, and neither is the end bit to tell presses apart, for all three end packets can
be lost. What looks like a new press and is none:

- the next segment of a press that outlasts its 16-bit duration (section 2.5.1.3): 8 s at 8 kHz, 1.4 s at 48 kHz,
- the packets of phones that move the timestamp on within a press,
- what goes on, or is said once more, after the sender has changed its SSRC: its clock is another one then, so that only
  the moment of arrival and the duration tell.

Durations and timestamps count in the RTP clock of the stream, whatever its rate.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

DIGITS = "0123456789*#ABCD"  # by event code (section 3.2); 16 is flash, and no key
END = 0x80
LONGEST = 0xFFFF  # RTP clock units of one segment
END_PACKETS = 3  # section 2.5.1.4
VOLUME = 10  # -dBm0, as we send it
MOST_PER_S = 20.0  # presses of one peer that are believed; Q.24 allows for 12
MOST_AT_ONCE = 32.0  # after a silence, for what a network has held back

_PAYLOAD = struct.Struct(">BBH")
_RESTART_S = 60  # a step back by more is another clock, not a late packet
_SEGMENT_GAP_S = 0.2  # so much of the end of a segment may be lost
_SOURCES = 3  # SSRCs of one peer whose last press is remembered
_CARRIED_S = 0.2  # a press that goes on under another SSRC does so at once
_UNBROKEN_S = 0.06  # nobody lets go and presses again within this, and all three end packets take as long


def _later(a: int, b: int) -> int:
    """How much later timestamp ``a`` is than ``b``, negative where earlier."""
    return ((a - b + 0x80000000) & 0xFFFFFFFF) - 0x80000000


@dataclass(slots=True)
class _Press:
    """The last press under one SSRC."""

    event: int
    timestamp: int
    duration: int  # RTP clock units, as last reported
    ended: bool
    heard_at: float  # s

    def follows(self, event: int, timestamp: int, flags: int, duration: int, rate_hz: int) -> bool:
        """Whether a packet belongs to this press, or to one before it."""
        later = _later(timestamp, self.timestamp)
        if later <= 0:
            return later >= -_RESTART_S * rate_hz
        if event != self.event:
            return False
        if self.ended:  # of it there can only be more ends, whose timestamp has moved on
            return bool(flags & END) and duration >= self.duration > later
        return later <= self.duration or duration > later or self._next_segment(later, rate_hz)

    def _next_segment(self, later: int, rate_hz: int) -> bool:
        gap = int(_SEGMENT_GAP_S * rate_hz)
        return LONGEST - gap <= later <= LONGEST + 1 and later - self.duration <= gap

    def go_on(self, event: int, timestamp: int, flags: int, duration: int, now: float) -> None:
        later = _later(timestamp, self.timestamp)
        if event != self.event or later < 0:
            return  # a late packet of an earlier press
        self.duration = duration if later else max(duration, self.duration)
        self.timestamp, self.heard_at = timestamp, now
        self.ended = self.ended or bool(flags & END)

    def carried_over(self, event: int, flags: int, duration: int, now: float) -> bool:
        """Whether a packet under another SSRC is of this press."""
        if event != self.event or now - self.heard_at > _CARRIED_S:
            return False
        if self.ended:
            return bool(flags & END) and duration == self.duration
        return duration > self.duration or now - self.heard_at <= _UNBROKEN_S


@dataclass(slots=True)
class KeyListener:
    """The last presses of one stream."""

    rate_hz: int = 8000  # of the RTP clock
    _presses: dict[int, _Press] = field(default_factory=dict)  # by SSRC, the latest last
    _credit: float = MOST_AT_ONCE  # presses that are believed at this moment
    _at: float = 0.0

    def hear(self, timestamp: int, payload: bytes, ssrc: int = 0, now: float = 0.0) -> str | None:
        """The digit that a packet reports for the first time, or None. ``now`` is seconds of any steady clock."""
        if len(payload) < _PAYLOAD.size:
            return None
        event, flags, duration = _PAYLOAD.unpack_from(payload)
        if event >= len(DIGITS):
            return None  # flash, fax and modem tones
        press = self._presses.get(ssrc)
        if press is not None and press.follows(event, timestamp, flags, duration, self.rate_hz):
            press.go_on(event, timestamp, flags, duration, now)
            return None
        goes_on = press is None and self._carried_over(event, flags, duration, now)
        self._presses.pop(ssrc, None)
        self._presses[ssrc] = _Press(event, timestamp, duration, bool(flags & END), now)
        while len(self._presses) > _SOURCES:
            del self._presses[next(iter(self._presses))]
        return None if goes_on or not self._believed(now) else DIGITS[event]

    def _believed(self, now: float) -> bool:
        """Nobody presses faster than ``MOST_PER_S``: more is a flood, each key of which would cost all of the house."""
        self._credit, self._at = min(MOST_AT_ONCE, self._credit + max(0.0, now - self._at) * MOST_PER_S), now
        if self._credit < 1:
            return False
        self._credit -= 1
        return True

    def _carried_over(self, event: int, flags: int, duration: int, now: float) -> bool:
        latest = max(self._presses.values(), key=lambda press: press.heard_at, default=None)
        return latest is not None and latest.carried_over(event, flags, duration, now)


# ---- sending ---------------------------------------------------------------------------------------------------


class EventPacket(NamedTuple):
    payload: bytes
    timestamp: int  # of the segment's beginning, modulo 2^32
    marker: bool


@dataclass(slots=True)
class KeySender:
    """The keys that are to be pressed on one stream, one packet per tick in place of the stream's sound.

    The end is said three times, a tick apart, which is also part of the pause before the next key.
    """

    rate_hz: int = 8000  # of the RTP clock
    hold_s: float = 0.1
    pause_s: float = 0.1  # from the end of a press to the next; Q.24 asks for 40 ms
    tick_s: float = 0.02
    _waiting: deque[int] = field(default_factory=deque)  # event codes
    _event: int = -1  # being pressed; -1: none
    _began: int = 0  # timestamp of the segment
    _elapsed: int = 0  # clock units of the segment so far
    _left: int = 0  # ticks of the press
    _ends: int = 0  # end packets still to be sent
    _quiet: int = 0  # ticks until the next press may begin

    @property
    def waiting(self) -> int:
        """Keys that are still to be begun."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        return self._event < 0 and not self._waiting and not self._quiet

    def press(self, digits: str) -> None:
        """Raises ``ValueError`` where there is no such digit."""
        self._waiting.extend([DIGITS.index(digit) for digit in digits])

    def tick(self, timestamp: int) -> EventPacket | None:
        """The packet of this tick, whose sound would have had this ``timestamp``; None: send the sound."""
        marker = False
        if self._event < 0:
            if self._quiet or not self._waiting:
                self._quiet = max(0, self._quiet - 1)
                return None
            self._begin(timestamp)
            marker = True
        if self._ends:
            return self._say_end()
        return self._say_on(marker)

    def _begin(self, timestamp: int) -> None:
        self._event, self._began, self._elapsed = self._waiting.popleft(), timestamp, 0
        self._left = max(1, round(self.hold_s / self.tick_s))

    def _say_on(self, marker: bool) -> EventPacket:
        if self._elapsed >= LONGEST:  # section 2.5.1.3
            self._began, self._elapsed = (self._began + LONGEST) & 0xFFFFFFFF, self._elapsed - LONGEST
        self._elapsed += round(self.rate_hz * self.tick_s)
        self._left -= 1
        if not self._left and self._elapsed <= LONGEST:
            self._ends = END_PACKETS
            return self._say_end(marker)
        self._left = max(self._left, 1)  # a press that ends just beyond a segment needs one more packet
        return self._packet(0, min(self._elapsed, LONGEST), marker)

    def _say_end(self, marker: bool = False) -> EventPacket:
        self._ends -= 1
        packet = self._packet(END, self._elapsed, marker)
        if not self._ends:
            self._event = -1
            self._quiet = max(0, round(self.pause_s / self.tick_s) - END_PACKETS + 1)
        return packet

    def _packet(self, flags: int, duration: int, marker: bool) -> EventPacket:
        return EventPacket(_PAYLOAD.pack(self._event, flags | VOLUME, duration), self._began, marker)


def press(
    digit: str, hold_ms: int = 100, step_ms: int = 20, volume: int = VOLUME, rate_hz: int = 8000
) -> Iterator[bytes]:
    """The payloads of one press, one per ``step_ms``, all for the same timestamp; the end is sent three times.

    The sender puts the marker on the first. Raises ``ValueError`` where there is no such digit.
    """
    code = DIGITS.index(digit)
    for at_ms in range(step_ms, hold_ms, step_ms):
        yield _PAYLOAD.pack(code, volume, at_ms * rate_hz // 1000)
    for _ in range(END_PACKETS):
        yield _PAYLOAD.pack(code, END | volume, hold_ms * rate_hz // 1000)
