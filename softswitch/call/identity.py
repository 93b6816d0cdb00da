"""What an INVITE says of its caller beside the number: wish for privacy, earlier targets, a note, how far it may go.

Decided here: what of it is believed and how much is kept. Privacy (RFC 3323) is anybody's right. That a call was
diverted (History-Info, RFC 7044; Diversion, RFC 5806, which carriers still send) is believed of a trusted peer only: a
phone could make it up. User-to-User (RFC 7433) is carried unread, as long as it is short.

An asserted identity (RFC 3325) is written for trusted trunks only, and there also where the caller wants privacy: the
``Privacy`` header beside it obliges the carrier to withhold it.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.core.digits import whole
from softswitch.core.errors import PeerError
from softswitch.core.legible import legible
from softswitch.sip.header import parse_name_addr
from softswitch.sip.hop import MOST_HOPS
from softswitch.sip.message import Request
from softswitch.sip.section import HeaderLines
from softswitch.sip.uri import Uri

_WITHHELD = frozenset({"id", "user", "header"})
_MOST_DIVERSIONS = 10
_LONGEST_NOTE = 512  # characters; RFC 7433 section 4.1 asks for 128 octets at least, which are 256 in hexadecimal
_LONGEST_NUMBER = 64
ANONYMOUS = "sip:anonymous@anonymous.invalid"  # RFC 3323 section 4.1.1.3


@dataclass(frozen=True, slots=True)
class Origin:
    private: bool = False  # nobody outside of the trust domain may learn who calls
    diverted: tuple[str, ...] = ()  # numbers that were called before this one, the latest first
    note: str = ""  # the value of User-to-User; "" for none
    hops: int = MOST_HOPS  # Max-Forwards, counted on by every further INVITE: else a call could go round for ever


UNKNOWN = Origin()


def origin(invite: Request, trusted: bool) -> Origin:
    """What this INVITE says. What cannot be read is as if it were not there."""
    return Origin(private(invite), _diverted(invite) if trusted else (), _note(invite), _hops(invite))


def hops_left(of: Origin) -> int:
    """The Max-Forwards of a further INVITE. Raises ``PeerError`` (483) where there must be none."""
    if of.hops < 1:
        raise PeerError(483, "Too Many Hops")
    return of.hops - 1


def private(invite: Request) -> bool:
    """RFC 3323 section 4.2: whether the caller's identity is to be withheld from the called."""
    value = invite.headers.get("Privacy")
    return value is not None and any(word.strip().lower() in _WITHHELD for word in value.split(";"))


def lines(of: Origin, asserted: Uri | None = None) -> HeaderLines:
    """The header lines of a further INVITE; ``asserted`` is the caller's identity where the next peer is trusted."""
    found: list[tuple[str, str]] = []
    if asserted is not None:
        found.append(("P-Asserted-Identity", f"<{asserted}>"))
    if of.private:
        found.append(("Privacy", "id"))
    if of.note:
        found.append(("User-to-User", of.note))
    return tuple(found)


def _diverted(invite: Request) -> tuple[str, ...]:
    values = invite.headers.all("Diversion")
    if not values:
        # Section 10.3 of RFC 7044: in order of the hops, the last one being where the call is now.
        values = invite.headers.all("History-Info")[:-1][::-1]
    return tuple(filter(None, map(_number, values[:_MOST_DIVERSIONS])))


def _number(value: str) -> str:
    try:
        return legible(parse_name_addr(value).uri.number)[:_LONGEST_NUMBER]
    except PeerError:
        return ""


def _note(invite: Request) -> str:
    value = invite.headers.get("User-to-User") or ""
    return value if len(value) <= _LONGEST_NOTE and value.isascii() and value.isprintable() else ""


def _hops(invite: Request) -> int:
    hops = whole(invite.headers.get("Max-Forwards"), 3)
    return MOST_HOPS if hops is None else min(MOST_HOPS, hops)
