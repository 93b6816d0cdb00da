"""Telephone events (RFC 4733): each press of a key is reported once, whatever was lost, repeated or reordered.

A press is known by the RTP timestamp of its packets, which is the moment at which it began; the marker is often
missing and is not looked at, and neither is the end bit to tell presses apart, for all three end packets can be lost.
Two things look like a new press and are none: the next segment of a press that outlasts its 16-bit duration
(section 2.5.1.3), and the packets of phones that move the timestamp on within a press.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

DIGITS = "0123456789*#ABCD"  # by event code (section 3.2)
END = 0x80
_PAYLOAD = struct.Struct(">BBH")
_RESTART = 8000 * 60  # timestamps; a step back by more is another clock, not a late packet


def _later(a: int, b: int) -> int:
    """How much later timestamp ``a`` is than ``b``, negative where earlier."""
    return ((a - b + 0x80000000) & 0xFFFFFFFF) - 0x80000000


@dataclass(slots=True)
class KeyListener:
    """The last press of one stream."""

    event: int = -1  # code; -1: none yet
    timestamp: int = 0
    duration: int = 0  # RTP clock units, as last reported
    ended: bool = False

    def hear(self, timestamp: int, payload: bytes) -> str | None:
        """The digit that a packet reports for the first time, or None."""
        if len(payload) < _PAYLOAD.size:
            return None
        event, flags, duration = _PAYLOAD.unpack_from(payload)
        if event >= len(DIGITS):
            return None  # flash, fax and modem tones
        if self.event >= 0 and not self._is_new(event, _later(timestamp, self.timestamp)):
            self._follow(event, timestamp, flags, duration)
            return None
        self.event, self.timestamp, self.duration, self.ended = event, timestamp, duration, bool(flags & END)
        return DIGITS[event]

    def _is_new(self, event: int, later: int) -> bool:
        if later <= 0:
            return later < -_RESTART
        if event != self.event:
            return True
        return later >= self.duration if self.ended else later > self.duration

    def _follow(self, event: int, timestamp: int, flags: int, duration: int) -> None:
        later = _later(timestamp, self.timestamp)
        if event != self.event or later < 0:
            return  # a late packet of an earlier press
        self.duration = duration if later else max(duration, self.duration)
        self.timestamp = timestamp
        self.ended = self.ended or bool(flags & END)


def press(digit: str, hold_ms: int = 100, step_ms: int = 20, volume: int = 10) -> Iterator[bytes]:
    """The payloads of one press at 8 kHz, one per ``step_ms``, all for the same timestamp; the end is sent three times.

    The sender puts the marker on the first. Raises ``ValueError`` where there is no such digit.
    """
    code = DIGITS.index(digit)
    for at_ms in range(step_ms, hold_ms, step_ms):
        yield _PAYLOAD.pack(code, volume, at_ms * 8)
    for _ in range(3):
        yield _PAYLOAD.pack(code, END | volume, hold_ms * 8)
