"""What a final response tells the client besides its status (RFC 3261 sections 8.1.3.4, 10.2.4, 20.33)."""

from __future__ import annotations

from softswitch.core.digits import whole
from softswitch.core.errors import PeerError
from softswitch.sip.header import NameAddr, parse_name_addr
from softswitch.sip.message import Response
from softswitch.sip.response import PHRASES

_CLASS = 100
_LONGEST_S = 86400  # nobody is obeyed for longer
_MOST_CONTACTS = 10


def recognized(status: int) -> int:
    """What we do not know is what the first of its class is (section 8.1.3.2)."""
    return status if status in PHRASES else status - status % _CLASS


def retry_after_s(response: Response) -> float:
    """0 where it does not say."""
    text = (response.headers.get("Retry-After") or "").partition(";")[0].partition("(")[0]
    return float(min(seconds(text), _LONGEST_S))


def contact_uris(response: Response) -> tuple[str, ...]:
    """Of a redirection, in its order; what cannot be read is left out."""
    return tuple(str(found.uri) for found in _contacts(response))[:_MOST_CONTACTS]


def granted_s(response: Response, user: str, asked_s: int) -> float:
    """For how long a registrar has bound our contact, the one with this ``user`` part; 0: not at all.

    What the Contact says, else Expires, else what we asked for.
    """
    theirs = _contacts(response)
    ours = [found for found in theirs if found.uri.user == user]
    if theirs and not ours:
        return 0.0
    for text in (*(found.param("expires") for found in ours), response.headers.get("Expires")):
        if text is not None:
            return float(min(seconds(text), _LONGEST_S))
    return float(asked_s)


def seconds(text: str | None) -> int:
    """0 where there is no number."""
    return whole((text or "").strip(), 9) or 0


def _contacts(response: Response) -> list[NameAddr]:
    found: list[NameAddr] = []
    for text in response.headers.all("Contact"):
        try:
            found.append(parse_name_addr(text))
        except PeerError:
            continue
    return found
