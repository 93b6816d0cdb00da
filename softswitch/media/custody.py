"""Streams and recordings while control comes and goes: whose they are, and how long they wait for nobody.

A control that is gone leaves everything as it is. The next one names what it wants, which is the same if it has a
memory, and ``Settle`` ends the rest. If none comes, ``outlive_s`` after the last word of the last one all is closed.
The time is counted in ticks that were done, so that a process that was stopped itself has not counted.
"""

from __future__ import annotations

from softswitch.media import protocol as p
from softswitch.media.schedule import TICK_S

_FRAMING = (p.Hello, p.Settle)  # between which all that is wanted is named


class Custody:
    """What the control that speaks has named, and since when nobody has spoken."""

    def __init__(self, outlive_s: float) -> None:
        self.streams: set[str] = set()  # named between ``Hello`` and ``Settle``
        self.recordings: set[str] = set()
        self._naming = False
        self._most = round(outlive_s / TICK_S)
        self._silent = 0  # ticks

    def hear(self, command: p.Command) -> None:
        self._silent = 0
        if type(command) in _FRAMING:
            self.streams, self.recordings = set(), set()
            self._naming = isinstance(command, p.Hello)
        elif self._naming:
            match command:
                case p.Open(stream):
                    self.streams.add(stream)
                case p.Record(recording):
                    self.recordings.add(recording)

    def over(self, ticks: int) -> bool:
        """So many more are done; whether that was the last moment to wait: true once."""
        before, self._silent = self._silent, self._silent + ticks
        return before < self._most <= self._silent
