"""L16 (RFC 3551 section 4.5.11): linear samples of 16 bits, in network order."""

from __future__ import annotations

import numpy as np

from softswitch.audio.codec.coder import CodecError, Pcm

RATES = (8000, 16000)  # Hz; at 20 ms more would not fit in a packet of an Ethernet


class L16Coder:
    """Has no memory; the house's rate may still be another."""

    def __init__(self, rate: int) -> None:
        self.rate = self.rtp_clock = rate

    def decode(self, payload: bytes) -> Pcm:
        if len(payload) % 2:
            raise CodecError(f"L16: {len(payload)} octets are no whole samples")
        return np.frombuffer(payload, ">i2").astype(np.int16)

    def decode_fec(self, payload: bytes, samples: int) -> None:
        return None

    def conceal(self, samples: int) -> None:
        return None

    def encode(self, frame: Pcm) -> bytes:
        return frame.astype(">i2").tobytes()


def make(clock_rate: int, channels: int, fmtp: str, rate: int) -> L16Coder:
    """Raises ``CodecError``."""
    if clock_rate not in RATES or channels != 1:
        raise CodecError(f"L16/{clock_rate}/{channels}: ours are {', '.join(f'L16/{one}' for one in RATES)}, mono")
    return L16Coder(clock_rate)
