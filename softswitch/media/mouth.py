"""What goes out on a row with a coder: frames of a tick become packets of the length that the peer wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.audio.codec import Coder

Pcm = npt.NDArray[np.int16]


class Spoken(NamedTuple):
    """A packet to be sent."""

    row: int
    offset: int  # of its timestamp from that of the tick, on the codec's clock
    payload: bytes


class Mouth:
    """The outgoing side of one row."""

    def __init__(self, coder: Coder) -> None:
        self.coder = coder
        self.packet_ms = 20
        self._begun: Pcm = np.zeros(0, np.int16)  # of a packet that is not full, at the coder's rate

    def say(self, row: int, frame: Pcm) -> Iterator[Spoken]:
        """The packets that are full with this frame of a tick, ``(samples,)`` at the coder's rate."""
        size = self.coder.rate * self.packet_ms // 1000
        if len(frame) == size and not len(self._begun):
            yield Spoken(row, 0, self.coder.encode(frame))
            return
        line = np.concatenate([self._begun, frame])
        whole = len(line) // size * size
        for at in range(0, whole, size):
            offset = (at - len(self._begun)) * self.coder.rtp_clock // self.coder.rate
            yield Spoken(row, offset, self.coder.encode(line[at : at + size]))
        self._begun = line[whole:]
