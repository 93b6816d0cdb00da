"""From octets to text: UTF-8 with or without its mark, or what spreadsheets write where the numbers are of: GB18030 in
Chinese, elsewhere Windows-1252.

Whether it is UTF-8 shows at the first characters that are not ASCII: the others are hardly ever UTF-8, so whatever
reads as UTF-8 for the greater part is that. Octets that make no character become U+FFFD, which costs the row.
"""

from __future__ import annotations

import codecs
import re

from softswitch.callback.sheet.mistake import SheetError

ENCODINGS = ("auto", "utf-8", "gb18030", "windows-1252")
_CHINESE = frozenset({"CN", "HK", "MO", "SG", "TW"})
ENOUGH = 4096  # octets to decide by
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
BROKEN = "\ufffd"
_REMEDY = "save it as CSV, encoded in UTF-8"
_MARKS = (
    (b"PK\x03\x04", "is a workbook or an archive"),
    (b"\xd0\xcf\x11\xe0", "is an old workbook"),
    (b"%PDF", "is a PDF"),
    (b"\x1f\x8b", "is compressed"),
    (b"\xff\xfe", "is UTF-16"),
    (b"\xfe\xff", "is UTF-16"),
)


class Decoding:
    """``encoding`` is what it was found to be; "" as long as all was ASCII."""

    def __init__(self, wanted: str = "auto", region: str = "CN") -> None:
        self._other = "gb18030" if region in _CHINESE else "windows-1252"
        self.encoding = "" if wanted == "auto" else wanted
        self._held = b""
        self._begun = False
        self._decoder = self._make() if self.encoding else None

    def feed(self, octets: bytes, final: bool = False) -> str:
        """The text so far. Raises ``SheetError`` for what is no text."""
        held = self._held + octets if self._held else octets
        if not self._begun:
            if len(held) < ENOUGH and not final:
                self._held = held
                return ""
            held = self._first(held)
        if self._decoder is None:
            first = _BEYOND_ASCII.search(held)
            if first is None:
                self._held = b""
                return held.decode("ascii")
            if len(held) - first.start() < ENOUGH and not final:
                self._held = held
                return ""
            self.encoding = _guess(held[first.start() : first.start() + ENOUGH], self._other)
            self._decoder = self._make()
        self._held = b""
        return self._decoder.decode(held, final)

    def _first(self, octets: bytes) -> bytes:
        self._begun = True
        if why := no_text(octets[:ENOUGH], "CSV"):
            raise SheetError(f"the file {why}; {_REMEDY}")
        if not octets.startswith(codecs.BOM_UTF8):
            return octets
        if self.encoding not in ("", "utf-8"):
            raise SheetError(f"the file begins with the mark of UTF-8, and is to be read as {self.encoding}")
        self.encoding, octets = "utf-8", octets.removeprefix(codecs.BOM_UTF8)
        self._decoder = self._make()
        return octets

    def _make(self) -> codecs.IncrementalDecoder:
        return codecs.getincrementaldecoder(self.encoding)("replace")


def no_text(begin: bytes, wanted: str = "text") -> str:
    """Why a file that begins so is none that is read here, whatever its encoding; "" where it may be one."""
    if what := next((what for mark, what in _MARKS if begin.startswith(mark)), ""):
        return f"{what}, and no {wanted}"
    many = begin.count(0) * 20 > len(begin)  # UTF-16 without its mark has more; one is a row's fault
    return "has many NUL octets, so it is no text" if many else ""


def _guess(octets: bytes, other: str) -> str:
    text = octets.decode("utf-8", "replace")
    broken = text.count(BROKEN)
    whole = sum(not char.isascii() for char in text) - broken
    if broken <= whole:
        return "utf-8"
    return other if octets.decode(other, "replace").count(BROKEN) < broken else "utf-8"
