"""The header section of a message: order, upper and lower case, compact forms, lists (RFC 3261 sections 7.3, 20).

A header is found under any spelling of its name and rendered under the one that it came with. Values are text as
received, unfolded; what parsing makes of them is remembered until the section is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from softswitch.sip.header import LWS, is_token, split_commas

T = TypeVar("T")
HeaderLines = tuple[tuple[str, str], ...]  # name and value, to be added to a message

_FOLD = re.compile(r"(?<![ \t])[ \t]*+\r\n[ \t]++")  # each run of white space is looked at once

COMPACT = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition", "e": "content-encoding",
    "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported", "l": "content-length", "m": "contact",
    "n": "identity-info", "o": "event", "r": "refer-to", "s": "subject", "t": "to", "u": "allow-events", "v": "via",
    "x": "session-expires", "y": "identity",
}  # fmt: skip

# Headers whose value is a comma-separated list, so that several lines and one line mean the same (section 7.3.1).
LISTS = frozenset({
    "accept", "accept-contact", "accept-encoding", "accept-language", "alert-info", "allow", "allow-events",
    "call-info", "contact", "content-encoding", "content-language", "diversion", "error-info", "history-info",
    "in-reply-to", "p-asserted-identity", "p-associated-uri", "path", "proxy-require", "reason", "record-route",
    "reject-contact", "require", "route", "service-route", "supported", "unsupported", "via", "warning",
})  # fmt: skip

_COMMON = (
    "Via", "From", "To", "Call-ID", "CSeq", "Contact", "Content-Length", "Content-Type", "Max-Forwards", "Route",
    "Record-Route", "Allow", "Supported", "Require", "User-Agent", "Server", "Accept", "Expires", "Authorization",
    "WWW-Authenticate", "Proxy-Authorization", "Proxy-Authenticate", "Warning", "Reason", "Event", "Min-Expires",
    "Retry-After", "Session-Expires", "Min-SE", "Path", "Subject", "Date", "P-Asserted-Identity", "Accept-Encoding",
    "Accept-Language", "Allow-Events", "Content-Disposition", "Content-Encoding", "Diversion", "History-Info",
    "P-Preferred-Identity", "Privacy", "Proxy-Require", "RAck", "Refer-To", "Referred-By", "Remote-Party-ID",
    "Replaces", "RSeq", "Subscription-State", "Timestamp", "Unsupported", "User-to-User",
)  # fmt: skip
_KEYS = {spelling: name.lower() for name in _COMMON for spelling in (name, name.lower(), name.upper())}
_KEYS |= {spelling: name for short, name in COMPACT.items() for spelling in (short, short.upper())}


def key_of(name: str) -> str:
    """The lower-case long form of a header name."""
    key = _KEYS.get(name)
    if key is None:
        lower = name.lower()
        key = COMPACT.get(lower, lower)
    return key


_UNREAD: Any = object()


class Headers:
    """An ordered list of (name, value), found by name whatever its case or form.

    ``readings`` is what ``parsed`` remembers; for who asks so often that a call counts, and not to be changed.
    """

    __slots__ = ("_index", "_items", "readings")

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items = [(_KEYS.get(name) or key_of(name), name, value) for name, value in items]
        self._index: dict[str, str] | None = None  # as ``first``; None: nobody has asked since it changed
        self.readings: dict[str, Any] = {}

    def copy(self, lines: list[tuple[str, str, str]], read: Iterable[str]) -> Headers:
        """Others, of ``lines`` as ``self.lines`` has them. What is ``read`` of keys that are unchanged stays read."""
        copy = Headers.__new__(Headers)
        copy._items = lines
        copy._index = None
        known = self.readings
        copy.readings = {key: known[key] for key in read if key in known}
        return copy

    @property
    def first(self) -> dict[str, str]:
        """Each key's first value. Not to be changed. What we write is seldom asked, so that it is made when it is."""
        index = self._index
        if index is None:
            index = self._index = {key: value for key, _, value in reversed(self._items)}
        return index

    @property
    def repeats(self) -> bool:
        """Whether a name has more than one line."""
        return len(self._index or self.first) < len(self._items)

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """(key, name, value) of each line, in order. Not to be changed."""
        return self._items

    def get(self, name: str) -> str | None:
        """The value of the first line of that name, whole; None where there is none."""
        return (self._index or self.first).get(_KEYS.get(name) or key_of(name))

    def all(self, name: str) -> list[str]:
        """Every value of that name, in order; the elements of list headers one by one."""
        key = _KEYS.get(name) or key_of(name)
        index = self._index or self.first
        value = index.get(key)
        if value is None:
            return []
        if len(index) == len(self._items):  # no name has more than one line
            values = [value]
        else:
            values = [value for found, _, value in self._items if found == key]
        if key not in LISTS:
            return values
        return [element for value in values for element in split_commas(value) if element]

    def add(self, name: str, value: str) -> None:
        """A further line, at the end."""
        key = key_of(name)
        self._items.append((key, name, value))
        self._index = None
        self._forget(key)

    def prepend(self, name: str, value: str) -> None:
        """A further line, before all others."""
        key = key_of(name)
        self._items.insert(0, (key, name, value))
        self._index = None
        self._forget(key)

    def replace_first(self, name: str, value: str) -> None:
        """The first line of that name, which exists, gets another value; further lines stay."""
        key = key_of(name)
        place = [item[0] for item in self._items].index(key)
        self._items[place] = (key, self._items[place][1], value)
        if self._index is not None:
            self._index[key] = value
        self._forget(key)

    def remember(self, key: str, value: object) -> None:
        """What ``parsed`` would find, known to who has written the line."""
        self.readings[key] = value

    def parsed(self, what: str, parse: Callable[[Headers], T]) -> T:
        """``parse(self)``, remembered under ``what`` until the lines that it is made of are changed.

        ``what`` is the key of a header, or its key and "*" for all of its values.
        """
        value: T = self.readings.get(what, _UNREAD)
        if value is not _UNREAD:
            return value
        value = parse(self)
        self.readings[what] = value
        return value

    def _forget(self, key: str) -> None:
        if self.readings:
            self.readings.pop(key, None)
            self.readings.pop(f"{key}*", None)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter([(name, value) for _, name, value in self._items])

    def __contains__(self, name: str) -> bool:
        return (_KEYS.get(name) or key_of(name)) in (self._index or self.first)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._items == other._items

    def __repr__(self) -> str:
        return f"Headers({list(self)!r})"


def unfold(text: str) -> str:
    """Header lines without their folding: the white space around each line end in a value is one space."""
    return _FOLD.sub(" ", text) if "\r\n " in text or "\r\n\t" in text else text


def parse_headers(lines: list[str]) -> tuple[Headers, str]:
    """The well-formed ones of header lines, and what is wrong with the first that is not ("": nothing).

    What a line before was folded into is none: it begins with white space.
    """
    headers = Headers.__new__(Headers)
    items: list[tuple[str, str, str]] = []
    first: dict[str, str] = {}
    headers._items, headers._index, headers.readings = items, first, {}
    wrong, keys = "", _KEYS
    for line in lines:
        name, colon, value = line.partition(": ")
        try:
            key = keys[name]  # as nearly all are written
        except KeyError:
            name, colon, value = line.partition(":")
            name = name.rstrip(LWS)  # section 7.3.1: white space may stand before the colon
            if not is_token(name):
                wrong = wrong or f"bad header name {name[:40]!r}"
                continue
            key = key_of(name)
        if not colon:
            wrong = wrong or f"header {name[:40]!r} without a colon"
            continue
        value = value.strip(LWS)
        items.append((key, name, value))
        if key not in first:
            first[key] = value
    return headers, wrong
