"""A text to a user, outside of any call: page-mode MESSAGE (RFC 3428), taken in and sent on to each of his phones.

Decided here: what a text may be (section 8: small enough for any path), and when it counts as delivered: as soon as one
phone has taken it. Nothing is kept for later: whoever cannot be reached now is not told afterwards. Who may write to
whom is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from softswitch.core.errors import PeerError
from softswitch.core.ids import Ids
from softswitch.sip.header import NameAddr, is_token
from softswitch.sip.hop import MAX_FORWARDS
from softswitch.sip.message import Headers, Request

MOST_BYTES = 1300  # section 8: of a body, so that the message fits into a datagram on the way
PLAIN = "text/plain;charset=UTF-8"
NOBODY = 480  # no phone of the user is registered

_LONGEST_TYPE = 128
_TELLING = (603, 486, 600, 415, 413, 405, 404)  # what to report of several refusals: what tells the writer most


@dataclass(frozen=True, slots=True)
class Text:
    content_type: str  # as it came, parameters and all
    body: bytes


def read(request: Request) -> Text:
    """The text of a MESSAGE. Raises ``PeerError``: 400, 413, 415."""
    kind = (request.headers.get("Content-Type") or "").strip()
    if len(request.body) > MOST_BYTES:
        raise PeerError(413, "Request Entity Too Large")
    if request.headers.get("Content-Encoding") not in (None, "", "identity"):
        raise PeerError(415, "Unsupported Media Type", headers=(("Accept-Encoding", "identity"),))
    if not request.body:
        return Text("", b"")
    family, slash, rest = kind.partition("/")
    if len(kind) > _LONGEST_TYPE or not (slash and is_token(family) and is_token(rest.partition(";")[0].strip())):
        raise PeerError(400, "a body without a usable Content-Type")
    return Text(kind, request.body)


def compose(uri: str, to_uri: str, writer: NameAddr, text: Text, ids: Ids, routes: Iterable[str] = ()) -> Request:
    """A MESSAGE to one phone, without a Via. ``writer`` is who we know to have written it."""
    items = [("Route", route) for route in routes]
    items += [
        ("Max-Forwards", MAX_FORWARDS),
        ("From", str(writer.with_tag(ids.tag()))),
        ("To", f"<{to_uri}>"),
        ("Call-ID", ids.call_id()),
        ("CSeq", "1 MESSAGE"),
    ]
    if text.body:
        items.append(("Content-Type", text.content_type))
    return Request("MESSAGE", uri, Headers(items), text.body)


@dataclass(slots=True)
class Page:
    """One text on its way to ``phones`` phones."""

    phones: int
    statuses: list[int] = field(default_factory=list)  # of those that did not take it

    def answered(self, status: int) -> int | None:
        """One phone has answered, or did not (408, 503). The outcome, once it is known."""
        if status < 200:
            return None
        if status < 300:
            return 200
        self.statuses.append(status)
        return self._failure() if len(self.statuses) >= self.phones else None

    def _failure(self) -> int:
        """No phone took it. Their timeouts and challenges mean nothing to the writer (RFC 4320 section 4.2: no 408)."""
        return next((status for status in _TELLING if status in self.statuses), NOBODY)
