"""Keys of SRTP in session descriptions: a=crypto, "SDES" (RFC 4568), and when a stream may do without (RFC 8643).

Decided here: which line of an offer is taken, and whether a stream is fit at all. A stream that must be secured is
offered as RTP/SAVP; one that may be is offered as RTP/AVP with keys beside it (opportunistic, RFC 8643), so that a peer
that knows nothing of keys still answers. Taken is a line with a suite of ours, one key and no demand that we cannot
meet (section 6.3.7: what is not known must not be ignored); the offerer's order counts (section 5.1.2).

The keys are as safe as the signalling: only TLS keeps them from who reads along. They are in no ``repr``. How packets
are secured by them is ``rtp.srtp``'s; keys of DTLS (RFC 5764) would come to it in the same ``Srtp``.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

# Suite -> octets of master key and master salt together (RFC 4568 section 6.2, RFC 7714 section 14.2). Ours in order of
# preference: GCM first, which is the cheapest too; the second is the one that everybody has.
SUITES = {"AEAD_AES_128_GCM": 28, "AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30}

PLAIN = ("RTP/AVP", "RTP/AVPF")
SECURE = ("RTP/SAVP", "RTP/SAVPF")
_LINE = re.compile(
    r"([0-9]{1,9})[ \t]+(\w{1,64})[ \t]+inline:([A-Za-z0-9+/=]{1,200})((?:\|[^|;\s]{1,30}){0,2})(.*)", re.I
)
_LIFETIME = re.compile(r"\|(?:2\^([0-9]{1,2})|([0-9]{1,15}))")
_LEAST_LIFETIME = 1 << 22  # packets: 23 hours of 20 ms; a key that must be changed sooner is not for us
_HARMLESS = re.compile(r"(?:-\S+|WSH=[0-9]{1,6})", re.I)  # session parameters that bind nobody (sections 6.3.6, 6.3.7)


@dataclass(frozen=True, slots=True)
class Crypto:
    """One a=crypto line."""

    tag: int
    suite: str
    key: bytes = field(repr=False)  # master key, then master salt

    def line(self) -> str:
        return f"{self.tag} {self.suite} inline:{b64encode(self.key).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Srtp:
    """What was agreed on: one suite, and a key for each direction."""

    suite: str
    send_key: bytes = field(repr=False)
    receive_key: bytes = field(repr=False)


def fresh(bits: Callable[[int], int]) -> tuple[Crypto, ...]:
    """A key of our own for each suite: one key never serves two ciphers."""
    return tuple(
        Crypto(tag, suite, bits(8 * size).to_bytes(size, "big")) for tag, (suite, size) in enumerate(SUITES.items(), 1)
    )


def attributes(keys: Sequence[Crypto]) -> list[tuple[str, str]]:
    return [("crypto", key.line()) for key in keys]


def read(value: str) -> Crypto | None:
    """The line, or None where we cannot do what it asks for: another suite, several keys, an MKI, a short lifetime."""
    found = _LINE.fullmatch(value.strip())
    suite = found[2].upper() if found else ""
    if found is None or suite not in SUITES:
        return None
    demands = found[5].split()
    if found[5][:1] not in ("", " ", "\t") or not all(_HARMLESS.fullmatch(demand) for demand in demands):
        return None
    if not _lives(found[4]):
        return None
    try:
        key = b64decode(found[3], validate=True)
    except binascii.Error:
        return None
    return Crypto(int(found[1]), suite, key) if len(key) == SUITES[suite] else None


def _lives(rest: str) -> bool:
    """True of no lifetime or one that is long enough; an MKI (section 6.1) would lengthen each packet."""
    if not rest:
        return True
    lifetime = _LIFETIME.fullmatch(rest)
    if lifetime is None:
        return False
    packets = 1 << int(lifetime[1]) if lifetime[1] else int(lifetime[2])
    return packets >= _LEAST_LIFETIME


def taken(lines: Sequence[str], ours: Sequence[Crypto], answered: bool) -> tuple[Crypto, Srtp] | None:
    """What the keys of their m-line and ours come to: the line that we answer with, and the agreement; None: nothing.

    ``lines`` are the values of their a=crypto. ``answered``: theirs is the answer to ours, and must repeat tag and
    suite of a line that we offered.
    """
    for value in lines:
        theirs = read(value)
        if theirs is None:
            continue
        for own in ours:
            if own.suite == theirs.suite and (own.tag == theirs.tag or not answered):
                return Crypto(theirs.tag, own.suite, own.key), Srtp(own.suite, own.key, theirs.key)
    return None


def fit(proto: str, agreed: bool, secured: bool) -> bool:
    """True where a stream of that profile may be used, ``agreed`` on keys or not, ``secured`` of need or not."""
    if proto.upper() in SECURE:
        return agreed
    return proto.upper() in PLAIN and (agreed or not secured)
