"""L16 (RFC 3551 section 4.5.11): linear samples of 16 bits, in network order."""

from __future__ import annotations

import numpy as np

from softswitch.audio.codec.coder import CodecError, Pcm

RATES = (8000, 16000)  # Hz; 20 ms of more would not fit in a packet
_MOST_OCTETS = 1400  # of a payload, so that no packet of an Ethernet is cut


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

    def packet_ms(self, wished: int) -> int:
        return min(wished, _MOST_OCTETS * 1000 // (2 * self.rate) // 10 * 10)

    def encode(self, frame: Pcm) -> bytes:
        return frame.astype(">i2").tobytes()


def make(clock_rate: int, channels: int, fmtp: str, rate: int) -> L16Coder:
    """Raises ``CodecError``."""
    if clock_rate not in RATES or channels != 1:
        raise CodecError(f"L16/{clock_rate}/{channels}: ours are {', '.join(f'L16/{one}' for one in RATES)}, mono")
    return L16Coder(clock_rate)
