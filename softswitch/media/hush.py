"""Peers that fall silent and say how their silence sounds (RFC 3389), by row.

The noise begins with the time of its packet and ends with that of the next sound; in between it takes the place of
frames that do not come, which are then neither lost nor concealed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from softswitch.audio.codec import CodecError
from softswitch.audio.codec.comfort_noise import Noise
from softswitch.rtp.jitter import Jitter

Pcm = npt.NDArray[np.int16]


@dataclass(slots=True)
class _Hush:
    noise: Noise
    begin: int  # timestamp, on the house's clock
    end: int | None = None  # of the first sound after it


class Hushes:
    """Rows that are silent; those that are not cost nothing."""

    def __init__(self) -> None:
        self.packets = 0
        self._rows: dict[int, _Hush] = {}
        self._tick = 0

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, row: int, timestamp: int, payload: bytes) -> None:
        """A packet of comfort noise. One that cannot be read changes nothing."""
        known = self._rows.get(row)
        if known is not None and known.noise.payload == payload:
            known.end = None
            return
        try:
            noise = Noise(payload)
        except CodecError:
            return
        self.packets += 1
        self._rows[row] = _Hush(noise, timestamp)

    def sound(self, rows: npt.NDArray[np.int64], timestamps: npt.NDArray[np.uint32]) -> None:
        """These rows have sound again from these times."""
        if not self._rows:
            return
        for row, timestamp in zip(rows.tolist(), timestamps.tolist(), strict=True):
            hush = self._rows.get(row)
            if hush is not None and hush.end is None and (timestamp - hush.begin) & 0xFFFFFFFF < 1 << 31:
                hush.end = timestamp

    def forget(self, row: int) -> None:
        self._rows.pop(row, None)

    def fill(self, frames: Pcm, present: npt.NDArray[np.bool_], jitter: Jitter) -> None:
        """Put noise into ``frames`` ``(n, FRAME)`` of rows that are silent and not ``present``, and mark them so."""
        self._tick += 1
        for row, hush in list(self._rows.items()):
            if row >= len(frames):
                continue
            begun, over = (None if at is None else jitter.ahead(row, at) for at in (hush.begin, hush.end))
            if over is not None and over <= 0:
                del self._rows[row]
            elif not present[row] and (begun is None or begun <= 0):
                frames[row], present[row] = hush.noise.frame(self._tick), True
