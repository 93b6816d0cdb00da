"""What of a message nobody may read who looks at calls: it is written over with as many ``x``.

Decided here: which octets those are. The proofs of passwords (``response`` of Authorization and Proxy-Authorization,
RFC 3261 section 22: a short password can be found from one), the keys of media (RFC 4568 ``inline``), and the digits
that a caller presses, which may be a card's number (INFO with application/dtmf-relay or application/dtmf).
"""

from __future__ import annotations

import re

_END = b"\r\n\r\n"
_PROOF = re.compile(rb'(\bresponse[ \t]*=[ \t\r\n]*"?)([^"\s,;]+)', re.IGNORECASE)
_KEY = re.compile(rb"(\binline:)([^\s|;]+)", re.IGNORECASE)
_SIGNAL = re.compile(rb"(\bsignal[ \t]*=[ \t]*)([0-9*#A-D]+)", re.IGNORECASE)
_LINE = re.compile(rb"()([^\r\n]+)")


def masked(octets: bytes) -> bytes:
    """The octets of a message, as long as they were, without what is secret."""
    head, end, body = octets.partition(_END)
    low = head.lower()
    if b"authorization" in low:
        head = _PROOF.sub(_hide, head)
    if b"inline:" in body.lower():
        body = _KEY.sub(_hide, body)
    if b"application/dtmf" in low:
        body = (_SIGNAL if b"dtmf-relay" in low else _LINE).sub(_hide, body)
    return head + end + body


def _hide(found: re.Match[bytes]) -> bytes:
    return found[1] + b"x" * len(found[2])
