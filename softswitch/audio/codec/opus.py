"""Opus in RTP (RFC 6716, RFC 7587): mono, with in-band error correction, at the house's rate.

Opus codes at whichever rate it is asked to, and for less the lower that is: the house has it work at 16 kHz. The RTP
clock is 48000 Hz whatever the rate, and the rtpmap always says two channels. Of the peer's ``a=fmtp`` what concerns the
sender counts: ``maxaveragebitrate``, ``useinbandfec``, ``cbr``. ``maxplaybackrate`` is a hint, and 8 kHz the least that
it can be. Silence is coded too (``usedtx`` is a permission, no wish): a stream that stops is then one that is broken.
"""

from __future__ import annotations

from softswitch.audio.codec.coder import CodecError, Pcm
from softswitch.audio.codec.libopus import Decoder, Encoder, load
from softswitch.core.digits import whole

RTP_CLOCK = 48000
RATES = (8000, 16000, 48000)  # Hz, of the house
_BIT_RATE = {8000: 24_000, 16000: 32_000, 48000: 48_000}  # below this there is no room for the repetition
_LEAST_BIT_RATE = 6_000  # RFC 7587 section 6.1
_COMPLEXITY = 1  # of 0..10; more takes up to four times as long, and comes no nearer to speech (log-spectral distance)
_PACKETS_MS = (10, 20, 40, 60)
_EXPECTED_LOSS = 10  # percent; how much of the rate goes to repetition


class OpusCoder:
    """Both directions of one stream; each is made when it is first needed."""

    rtp_clock = RTP_CLOCK

    def __init__(self, rate: int, bit_rate: int, fec: bool, constant: bool) -> None:
        self.rate = rate
        self._wish = (rate, bit_rate, _COMPLEXITY, _EXPECTED_LOSS if fec else 0, constant)
        self._encoder: Encoder | None = None
        self._decoder: Decoder | None = None

    def decode(self, payload: bytes) -> Pcm:
        return self._ear().decode(payload)

    def decode_fec(self, payload: bytes, samples: int) -> Pcm:
        return self._ear().decode_fec(payload, samples)

    def conceal(self, samples: int) -> Pcm:
        return self._ear().conceal(samples)

    def packet_ms(self, wished: int) -> int:
        return max(one for one in _PACKETS_MS if one <= wished)

    def encode(self, frame: Pcm) -> bytes:
        if self._encoder is None:
            self._encoder = Encoder(*self._wish)
        return self._encoder.encode(frame)

    def _ear(self) -> Decoder:
        if self._decoder is None:
            self._decoder = Decoder(self.rate)
        return self._decoder


def make(clock_rate: int, channels: int, fmtp: str, rate: int) -> OpusCoder:
    """Raises ``CodecError``, also where there is no libopus."""
    if clock_rate != RTP_CLOCK or rate not in RATES:
        raise CodecError(f"opus/{clock_rate} at {rate} Hz: only opus/{RTP_CLOCK} is one of ours")
    load()
    given = parameters(fmtp)
    most = whole(given.get("maxaveragebitrate", "")) or _BIT_RATE[rate]
    bit_rate = max(_LEAST_BIT_RATE, min(most, _BIT_RATE[rate]))
    return OpusCoder(rate, bit_rate, given.get("useinbandfec") == "1", given.get("cbr") == "1")


def parameters(fmtp: str) -> dict[str, str]:
    """``a=1; b=2`` as a mapping (RFC 8866 section 6.15 leaves the form to the codec; this is nearly everybody's)."""
    pairs = (part.partition("=") for part in fmtp.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}
