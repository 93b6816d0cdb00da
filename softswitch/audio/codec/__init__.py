"""Codecs that are worked stream by stream: G.722, Opus, and linear samples at rates of their own.

G.711 is not here: it has no memory, so that all streams of a process are one table look-up (``audio.g711``). What is
here remembers what went before, or is coded at another rate than the house's. One ``Coder`` is one stream, both ways;
packets are decoded in the order in which they were sent, and what is missing is asked for by ``decode_fec`` and
``conceal``, so that the memory of the decoder stays in step with that of the encoder.

``make`` is the only door. Payloads are hostile: what is no payload of the codec raises ``CodecError``, never more.
"""

from __future__ import annotations

from collections.abc import Callable

from softswitch.audio.codec import g722, l16, opus
from softswitch.audio.codec.coder import CodecError, Coder
from softswitch.audio.g711 import LAWS

__all__ = ["CodecError", "Coder", "has", "make"]

_MAKERS: dict[str, Callable[[int, int, str, int], Coder]] = {"G722": g722.make, "L16": l16.make, "OPUS": opus.make}


def make(name: str, clock_rate: int, channels: int = 1, fmtp: str = "", rate: int = 8000) -> Coder:
    """A coder by its rtpmap: encoding name, RTP clock in Hz, channels. ``fmtp`` is the peer's: what it wants to get.

    ``rate`` is the sample rate that the house mixes at: a codec that can work at it does, and says so by its own
    ``rate``. Raises ``CodecError`` for what we do not have.
    """
    maker = _MAKERS.get(name.upper())
    if maker is None:
        raise CodecError(f"no coder for {name}/{clock_rate}")
    return maker(clock_rate, channels, fmtp, rate)


def has(name: str, clock_rate: int) -> bool:
    """Whether streams of this codec can be heard and spoken on this machine."""
    if name in LAWS:
        return True
    try:
        make(name, clock_rate)
    except CodecError:
        return False
    return True
