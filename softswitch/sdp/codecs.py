"""Codecs in session descriptions: what each line means, which one is taken, what stands beside it.

Decided here, of RFC 3264 section 6.1: a list of codecs that somebody has written is a preference, and its order decides
among what is offered. Where nobody has, the offerer's order counts, but G.711 goes before all that has to be coded
stream by stream: that is our specific reason, and whoever wants G.722 or Opus has a list that says so. In an answer to
us the first one counts (section 7).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from softswitch.sdp.media import G722, L16, L16_WIDE, OPUS, PCMA, PCMU, Codec
from softswitch.sdp.reading import Found
from softswitch.sdp.session import Attributes, Section, number

KNOWN = {"PCMU": PCMU, "PCMA": PCMA, "G722": G722, "opus": OPUS, "L16": L16, "L16/16000": L16_WIDE}  # as in settings
USUAL = (PCMU, PCMA, G722, OPUS)  # where nothing is written: whoever calls is understood

EVENT, NOISE = "telephone-event", "CN"
# RFC 3551 tables 4 and 5: what a payload type means without an rtpmap.
_STATIC = {
    0: ("PCMU", 8000), 3: ("GSM", 8000), 4: ("G723", 8000), 8: ("PCMA", 8000), 9: ("G722", 8000), 13: (NOISE, 8000),
    15: ("G728", 8000), 18: ("G729", 8000),
}  # fmt: skip
_BY_TABLE = ("pcmu", "pcma")
_RTPMAP = re.compile(r"([0-9]{1,3})[ \t]+([^/\s]+)/([0-9]{1,7})(?:/([0-9]+))?[ \t]*")
_UNPRINTABLE = re.compile(r"[^A-Za-z0-9./_-]")
_NAMED_AT_MOST = 10  # codecs of the peer in a Warning


# ---- written ---------------------------------------------------------------------------------------------------


def attributes(codecs: tuple[Codec, ...]) -> Attributes:
    """The rtpmap and fmtp lines of ours."""
    lines = []
    for codec in codecs:
        channels = "/2" if codec.name.lower() == "opus" else ""  # RFC 7587 section 7
        lines.append(("rtpmap", f"{codec.payload_type} {codec.name}/{codec.rate_hz}{channels}"))
        if codec.fmtp:
            lines.append(("fmtp", f"{codec.payload_type} {codec.fmtp}"))
    return lines


@lru_cache(maxsize=256)
def events(codecs: tuple[Codec, ...], agreed: int | None) -> tuple[Codec, ...]:
    """One telephone-event for each clock rate among ``codecs`` (RFC 4733 section 2.1), on payload types that are free.

    The first keeps the one that was ``agreed`` on (RFC 3264 section 8.3.2).
    """
    taken = {codec.payload_type for codec in codecs}
    preferred = () if agreed is None else (agreed,)
    free = [number for number in dict.fromkeys((*preferred, 101, *range(96, 128))) if number not in taken]
    rates = list(dict.fromkeys(codec.rate_hz for codec in codecs))
    return tuple(Codec(EVENT, payload_type, rate, "0-16") for payload_type, rate in zip(free, rates, strict=False))


# ---- read ------------------------------------------------------------------------------------------------------


def of(section: Section) -> tuple[Codec, ...]:
    """The codecs of an m-line in its order; formats that say nothing to us are left out."""
    readings = section.readings
    if readings.codecs is None:
        readings.codecs = _read(section.formats, section.attributes)
    return readings.codecs


def _read(formats: tuple[str, ...], lines: Attributes) -> tuple[Codec, ...]:
    mapped = dict(filter(None, [_mapped(value) for name, value in lines if name == "rtpmap"]))
    parameters = dict([value.partition(" ")[::2] for name, value in reversed(lines) if name == "fmtp"])
    found = []
    for text in formats:
        payload_type = number(text, 127)
        if payload_type is None:
            continue
        named = mapped.get(payload_type) or _STATIC.get(payload_type)
        if named is not None:
            found.append(Codec(named[0], payload_type, named[1], parameters.get(text, "").strip()))
    return tuple(found)


def _mapped(value: str) -> tuple[int, tuple[str, int]] | None:
    """The payload type of an rtpmap, and what it means: name and clock rate."""
    match = _RTPMAP.fullmatch(value)
    payload_type = number(match[1], 127) if match else None
    if match is None or payload_type is None:
        return None
    if match[4] not in (None, "1") and match[2].lower() != "opus":
        return None  # stereo
    return payload_type, (match[2], int(match[3]))


# ---- chosen ----------------------------------------------------------------------------------------------------


def found(section: Section, ours: tuple[Codec, ...], ranked: bool, answered: bool) -> Found | None:
    """In their m-line, an offer or an answer to us; None: nothing."""
    asked, readings = (ours, ranked, answered), section.readings
    if readings.found is None or readings.found[0] != asked:
        readings.found = asked, _found(of(section), *asked)
    return readings.found[1]


def _found(theirs: Sequence[Codec], ours: Sequence[Codec], ranked: bool, answered: bool) -> Found | None:
    pair = _first(theirs, ours) if answered else chosen(theirs, ours, ranked)
    if pair is None:
        return None
    beside = event_beside(pair[1], theirs), noise_beside(pair[1], theirs)
    return Found(*pair, tuple(filter(None, beside)))


def chosen(theirs: Sequence[Codec], ours: Sequence[Codec], ranked: bool) -> tuple[Codec, Codec] | None:
    """Of an offer, ours and theirs; ``ranked``: ours are in the order that somebody wants. None: nothing in common."""
    common = _common(theirs, ours)
    if ranked:
        return min(common, key=lambda pair: ours.index(pair[0]), default=None)
    return min(common, key=lambda pair: pair[0].name.lower() not in _BY_TABLE, default=None)


def _first(theirs: Sequence[Codec], ours: Sequence[Codec]) -> tuple[Codec, Codec] | None:
    """Of an answer to ``ours``."""
    return next(iter(_common(theirs, ours)), None)


def _common(theirs: Sequence[Codec], ours: Sequence[Codec]) -> list[tuple[Codec, Codec]]:
    """Ours, each of which there is once, and theirs."""
    known = {_meaning(codec): codec for codec in ours}
    return [(known[meaning], codec) for codec in theirs if (meaning := _meaning(codec)) in known]


def same(one: Codec, other: Codec) -> bool:
    return _meaning(one) == _meaning(other)


def _meaning(codec: Codec) -> tuple[str, int]:
    return codec.name.lower(), codec.rate_hz


def event_beside(codec: Codec, offered: Sequence[Codec]) -> Codec | None:
    """On the clock of the stream that it interrupts (RFC 4733 section 2.1); or 8000 Hz, which is what phones write
    beside Opus without meaning it."""
    fitting = [other for other in offered if other.name.lower() == EVENT and other.rate_hz in (codec.rate_hz, 8000)]
    fitting.sort(key=lambda other: other.rate_hz != codec.rate_hz)
    return next((Codec(EVENT, other.payload_type, other.rate_hz, "0-16") for other in fitting), None)


def noise_beside(codec: Codec, offered: Sequence[Codec]) -> Codec | None:
    """Comfort noise (RFC 3389), on the clock of G.711 and G.722: who offers it may fall silent to us."""
    if codec.rate_hz != 8000:
        return None
    fitting = (other for other in offered if other.name.upper() == NOISE and other.rate_hz == 8000)
    return next((Codec(NOISE, other.payload_type, other.rate_hz) for other in fitting), None)


def legible(codecs: Sequence[Codec]) -> str:
    """What a peer offered, in a Warning header; "" where there was no codec."""
    named = (f"{codec.name}/{codec.rate_hz}" for codec in codecs if codec.name.lower() != EVENT)
    return ", ".join([_UNPRINTABLE.sub("?", name)[:30] for name in named][:_NAMED_AT_MOST])
