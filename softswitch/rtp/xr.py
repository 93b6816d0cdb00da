"""Extended reports (RFC 3611): the three blocks that tell what plain reports do not.

* Who sends nothing has no sender reports, and so no round trip: it asks with a receiver's reference time (section 4.4),
  and is answered with that and the delay since (DLRR, section 4.5).
* A packet that came too late to be played is lost to the ear and not to RTCP: VoIP metrics (section 4.7) say how many
  of those there were, and how much sound the receiver's buffer holds.

We answer, we ask where a peer has shown that it knows these reports, and we read metrics. We send none: their densities
of bursts and gaps have no value for "unknown", and to follow those would cost the hot loop. Other blocks are stepped
over.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

PACKET = 207  # RTCP packet type
_REFERENCE, _ANSWER, _VOIP = 4, 5, 7  # block types
_HEADER = struct.Struct(">BBH")
_ECHO = struct.Struct(">III")
_METRICS = struct.Struct(
    ">IxB20xH4x"
)  # source, share discarded, nominal delay of the buffer; the rest is not looked at
_NO_BUFFER_MS = 2000  # a nominal delay beyond this is no delay


@dataclass(frozen=True, slots=True)
class Echo:
    """The answer to a reference time."""

    ssrc: int  # who had sent that
    last: int  # middle 32 bits of its NTP time
    delay: int  # since it came, 1/65536 s


@dataclass(frozen=True, slots=True)
class Voip:
    """How a source is heard."""

    ssrc: int
    discarded: float  # share of its packets that came and were not played, 0..1
    buffer_ms: int  # nominal delay of the jitter buffer; 0: not told


@dataclass(frozen=True, slots=True)
class Extended:
    reference: int = 0  # middle 32 bits of the sender's NTP time, which it wants back; 0: none
    echoes: tuple[Echo, ...] = ()
    voip: tuple[Voip, ...] = ()


def parse(part: bytes) -> Extended:
    """What follows the header of the packet; a block that contradicts itself ends the reading."""
    reference, at = 0, 4  # the SSRC of the sender is that of the whole compound
    echoes: list[Echo] = []
    voip: list[Voip] = []
    while at + _HEADER.size <= len(part):
        kind, _, words = _HEADER.unpack_from(part, at)
        block = part[at + 4 : at + 4 + 4 * words]
        if len(block) < 4 * words:
            break
        if kind == _REFERENCE and len(block) == 8:
            reference = int.from_bytes(block[2:6], "big")
        elif kind == _ANSWER and not len(block) % _ECHO.size:
            echoes += [Echo(*fields) for fields in _ECHO.iter_unpack(block)]
        elif kind == _VOIP and len(block) == _METRICS.size:
            voip.append(_voip(block))
        at += 4 + 4 * words
    return Extended(reference, tuple(echoes), tuple(voip))


def _voip(block: bytes) -> Voip:
    ssrc, discarded, buffer_ms = _METRICS.unpack(block)
    return Voip(ssrc, discarded / 256, buffer_ms if buffer_ms <= _NO_BUFFER_MS else 0)


def reference(ntp: int) -> bytes:
    """The block that asks; ``ntp`` has 64 bits."""
    return _HEADER.pack(_REFERENCE, 0, 2) + ntp.to_bytes(8, "big")


def answer(echo: Echo) -> bytes:
    return _HEADER.pack(_ANSWER, 0, 3) + _ECHO.pack(echo.ssrc, echo.last, echo.delay)
