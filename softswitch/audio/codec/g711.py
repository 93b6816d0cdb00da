"""G.711 for packets of another length than a tick (RFC 3551 section 4.5.14); those of 20 ms are the hot loop's."""

from __future__ import annotations

import numpy as np

from softswitch.audio import RATE_HZ, g711
from softswitch.audio.codec.coder import CodecError, Pcm


class G711Coder:
    """Has no memory, and a table for each direction."""

    rate = rtp_clock = RATE_HZ

    def __init__(self, law: int) -> None:
        self._law = law

    def decode(self, payload: bytes) -> Pcm:
        return g711.decode(np.frombuffer(payload, np.uint8), self._law)

    def decode_fec(self, payload: bytes, samples: int) -> None:
        return None

    def conceal(self, samples: int) -> None:
        return None

    def packet_ms(self, wished: int) -> int:
        return wished

    def encode(self, frame: Pcm) -> bytes:
        return g711.encode(frame, self._law).tobytes()


def make(law: int, clock_rate: int, channels: int) -> G711Coder:
    """Raises ``CodecError``."""
    if (clock_rate, channels) != (RATE_HZ, 1):
        raise CodecError(f"G.711 at {clock_rate} Hz, {channels} channels: ours has {RATE_HZ} Hz and one")
    return G711Coder(law)
