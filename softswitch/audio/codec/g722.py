"""G.722 (ITU-T G.722, 64 kbit/s): 7 kHz of speech in 8000 octets a second, through libg722.

Its RTP clock is 8000 Hz although it is sampled at 16000: a mistake of RFC 1890 that RFC 3551 section 4.5.2 keeps. The
library can also work on the lower band alone, at 8 kHz and half the price; but what lies about 4 kHz is then folded
over (5 kHz returns at 3 kHz, 20 dB down), so the whole band is decoded and filtered by whoever wants less.
"""

from __future__ import annotations

import G722
import numpy as np

from softswitch.audio.codec.coder import CodecError, Pcm

RATE, RTP_CLOCK = 16000, 8000
_BIT_RATE = 64000  # the only one of RFC 3551; every octet sequence is a payload


class G722Coder:
    """Both directions of one stream. The library keeps one state for each."""

    rate, rtp_clock = RATE, RTP_CLOCK

    def __init__(self) -> None:
        self._codec = G722.G722(RATE, _BIT_RATE)

    def decode(self, payload: bytes) -> Pcm:
        return np.asarray(self._codec.decode(payload), np.int16)

    def decode_fec(self, payload: bytes, samples: int) -> None:
        return None

    def conceal(self, samples: int) -> None:
        return None

    def packet_ms(self, wished: int) -> int:
        return wished

    def encode(self, frame: Pcm) -> bytes:
        return bytes(self._codec.encode(frame))


def make(clock_rate: int, channels: int, fmtp: str, rate: int) -> G722Coder:
    """Raises ``CodecError``."""
    if (clock_rate, channels) != (RTP_CLOCK, 1):
        raise CodecError(f"G722/{clock_rate}/{channels}: only G722/{RTP_CLOCK} is one of ours")
    return G722Coder()
