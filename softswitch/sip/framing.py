"""Messages in a stream of octets (RFC 3261 section 18.3, RFC 5626 section 4.4.1).

Decided here: where a message ends, and when a stream can no longer be trusted. On a stream Content-Length is mandatory:
without one that can be believed nobody knows where the next message starts, so that the connection has to be closed.
A request in the syntax of RFC 2543, which has none, is the last one that is read: all that came is its body.
The work is linear in what was received, however small the pieces in which it came.
"""

from __future__ import annotations

import re

from softswitch.core.errors import PeerError
from softswitch.sip.message import LIMITS, Limits, Message, ParseError, Request, content_length, parse

PONG = b"\r\n"
_END = b"\r\n\r\n"
_LINE_ENDS = re.compile(rb"(?:\r\n)++")
_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*+:((?:[^\r]|\r\n[ \t])*+)", re.IGNORECASE)


class _Unmeasured(PeerError):
    """There is no Content-Length."""


class StreamFramer:
    """One per connection and direction of reading."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.pongs = 0  # keep-alives still to be answered, each with ``PONG``
        self.broken = False  # framing is lost: send what is to be answered, then close the connection
        self._limits = limits
        self._buffer = bytearray()
        self._scanned = 0  # octets of the buffer known to hold no end of a header section
        self._wanted = 0  # length of the message at the head of the buffer; 0: not known yet

    def feed(self, data: bytes) -> list[Message | ParseError]:
        """The messages that ``data`` completes, in order; one that cannot be read stands there as its error.

        Where framing is lost ``broken`` is set, and the last element is the error, or the request in old syntax.
        Raises ``PeerError`` if fed again.
        """
        if self.broken:
            raise PeerError(0, "the stream cannot be framed any more")
        self._buffer += data
        found: list[Message | ParseError] = []
        try:
            while self._next():
                found.append(self._take())
        except PeerError as error:
            self.broken = True
            found.append(self._last_words(error))
        return found

    @property
    def unfinished(self) -> bool:
        """True while a message has begun and is not whole; line ends before a start line are no beginning."""
        return bool(self._wanted) or len(self._buffer) > len(PONG)

    def take_pongs(self) -> int:
        """How many keep-alives came since the last call; each is answered with ``PONG``."""
        pongs, self.pongs = self.pongs, 0
        return pongs

    def _next(self) -> bool:
        """True where a whole message is at the head of the buffer."""
        if not self._wanted:
            self._skip_line_ends()
            self._measure()
        return 0 < self._wanted <= len(self._buffer)

    def _skip_line_ends(self) -> None:
        # Section 7.5: line ends before a start line are ignored. Two of them are a ping (RFC 5626), one of them alone
        # is the pong to ours; a last one waits for its fellow.
        match = _LINE_ENDS.match(self._buffer)
        if match is None:
            return
        blank = match.end()
        pings = blank // len(_END)
        del match  # it would hold the buffer fast
        self.pongs += pings
        undecided = bytes(self._buffer[blank : blank + 2]) in (b"", b"\r")
        del self._buffer[: pings * len(_END) if undecided else blank]
        self._scanned = 0

    def _measure(self) -> None:
        end = self._buffer.find(_END, max(0, self._scanned - 3))
        if end < 0:
            self._scanned = len(self._buffer)
            if self._scanned > self._limits.max_header_bytes:
                raise PeerError(513, "Message Too Large")
            return
        if end > self._limits.max_header_bytes:
            raise PeerError(513, "Message Too Large")
        values = [value.decode("latin-1").strip() for value in _LENGTH.findall(self._buffer, 0, end)]
        length = content_length(values)
        if length is None:
            raise _Unmeasured(400, "no Content-Length on a stream")
        self._wanted = end + len(_END) + length
        if self._wanted > self._limits.max_bytes:
            raise PeerError(513, "Message Too Large")

    def _take(self) -> Message | ParseError:
        data = bytes(self._buffer[: self._wanted])
        del self._buffer[: self._wanted]
        self._wanted = self._scanned = 0
        try:
            return parse(data, self._limits)
        except ParseError as error:
            return error

    def _last_words(self, error: PeerError) -> Message | ParseError:
        """The error with as much of its request as can be read, so that it can be answered before closing."""
        data = bytes(self._buffer[: self._limits.max_bytes])
        self._buffer.clear()
        if isinstance(error, _Unmeasured) and (old := self._old(data)) is not None:
            return old
        head, blank, _ = data[: self._limits.max_header_bytes + len(_END)].partition(_END)
        try:
            message: Message | None = parse(head + blank, self._limits)
        except ParseError as parse_error:
            message = parse_error.partial
        if isinstance(message, Request) and message.method != "ACK":
            return ParseError(error.status, error.reason, message)
        return ParseError(0, error.reason)

    def _old(self, data: bytes) -> Request | None:
        """The request in these octets, if it follows RFC 2543."""
        try:
            message = parse(data, self._limits)
        except ParseError:
            return None
        return message if isinstance(message, Request) and message.via.old else None
