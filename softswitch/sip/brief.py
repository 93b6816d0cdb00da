"""A refusal without reading: when there is too much to do, even parsing is (RFC 3261 section 8.2.6, 8.2.7).

Of an INVITE in a datagram only the lines that its answer repeats are looked at. What is unusual about it (folded lines,
a To tag, a header too many or too few) makes it no case for this module, and it is read like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from softswitch.sip.flow import Address

_KEYS = {
    b"via": b"v", b"v": b"v", b"from": b"f", b"f": b"f", b"to": b"t", b"t": b"t", b"call-id": b"i", b"i": b"i",
    b"cseq": b"c",
}  # fmt: skip
TAG = b"shed"  # of our To tags, so that the ACK is known again
_MOST_LINES = 60
_CALLED = re.compile(rb"INVITE (?:sips?|tel):([0-9+*#]{1,32})[@;: ]")


@dataclass(frozen=True, slots=True)
class Brief:
    """What was seen of an INVITE."""

    transaction: str  # as ``endpoint`` names it, where its branch has the magic cookie
    call_id: str
    lines: tuple[bytes, ...]  # to be repeated in the answer, in their order

    def refusal(self, retry_after_s: int) -> bytes:
        """503, with our tag at the To line."""
        head = (b"SIP/2.0 503 Service Unavailable", *self.lines)
        return b"\r\n".join((*head, b"Retry-After: %d" % retry_after_s, b"Content-Length: 0", b"", b""))


def called(data: bytes) -> str:
    """Who is called, where that is a plain number; "" where not."""
    found = _CALLED.match(data)
    return found[1].decode() if found else ""


def acknowledges(data: bytes) -> bool:
    """Whether a datagram is the ACK to such a refusal."""
    return data.startswith(b"ACK ") and b";tag=" + TAG in data


def skim(data: bytes, remote: Address) -> Brief | None:
    """The brief of an INVITE outside any dialog; None where it is to be read in full."""
    head, blank, _ = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n", _MOST_LINES)
    if not blank or len(lines) > _MOST_LINES or not lines[0].endswith(b" SIP/2.0") or b"\n" in lines[-1]:
        return None
    kept: list[bytes] = []
    found: dict[bytes, bytes] = {}
    for line in lines[1:]:
        if line[:1] in b" \t":
            return None
        name, _, value = line.partition(b":")
        key = _KEYS.get(name.strip().lower())
        if key is None:
            continue
        if key in found and key != b"v":
            return None
        if key == b"v" and key not in found:
            line = _stamped(line, remote)
        elif key == b"t":
            line += b";tag=" + TAG
        found.setdefault(key, value.strip())
        kept.append(line)
    if len(found) != 5 or b";tag=" in found[b"t"].lower() or b"," in found[b"v"]:
        return None
    return Brief(_transaction(found[b"v"]), found[b"i"].decode("utf-8", "surrogateescape"), tuple(kept))


def _stamped(line: bytes, remote: Address) -> bytes:
    """RFC 3581 section 4."""
    asked = line + b";"
    if b";rport;" in asked:
        line = asked.replace(b";rport;", b";rport=%d;" % remote[1], 1)[:-1]
    return line + b";received=" + remote[0].encode()


def _transaction(via: bytes) -> str:
    sent_by, _, params = via.partition(b" ")[2].partition(b";")
    branch = (b";" + params).partition(b";branch=")[2].partition(b";")[0]
    return f"{branch.decode('ascii', 'replace')}|{sent_by.strip().decode('ascii', 'replace').lower()}|INVITE"
