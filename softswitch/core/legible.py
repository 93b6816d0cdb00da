"""Text that came from outside, fit for a database and for JSON.

A peer's octets that are not UTF-8 travel through us as lone surrogates (``sip.message``), which no encoder takes, and
PostgreSQL takes no NUL. Here both become U+FFFD. What is sent back to the peer must not pass through here. A terminal
obeys control characters: where text is shown to people those become U+FFFD, too.
"""

from __future__ import annotations

import functools
import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_ILLEGIBLE = re.compile("[\x00\ud800-\udfff]")
_BARE_CR = re.compile("\r(?!\n)")  # goes back to the beginning of the line, and writes over it
_PLAIN = frozenset({int, float, bool, type(None)})
_NUL = rb"\u0000"  # as JSON writes it


def legible(value: T) -> T:
    """The value with all text in it made legible, also in tuples, lists, mappings and records; itself if it was."""
    return _legible(value)  # type: ignore[no-any-return]


def printable(text: str) -> str:
    """Without what would steer the terminal, or turn the direction of writing. Line ends and tabs stay."""
    if text.isprintable():
        return text
    shown = "".join([char if char.isprintable() or char in "\r\n\t" else "\ufffd" for char in text])
    return _BARE_CR.sub("\ufffd", shown)


def to_json(value: object) -> bytes:
    """Legible JSON: dataclasses and enums as they are, an endless number as null, anything unknown as its text."""
    try:
        encoded = msgspec.json.encode(value, enc_hook=str)
    except UnicodeEncodeError:
        encoded = _NUL
    if _NUL not in encoded:
        return encoded
    return msgspec.json.encode(legible(msgspec.to_builtins(value, enc_hook=str, str_keys=True)))


def _legible(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN or (kind is str and value.isascii() and "\0" not in value):
        return value  # nearly everything
    if isinstance(value, str):
        return _ILLEGIBLE.sub("\ufffd", value) if _ILLEGIBLE.search(value) else value
    if type(value) in (tuple, list):
        return type(value)(_legible(item) for item in value)
    if isinstance(value, dict):
        return {_legible(key): _legible(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return _record(value)
    return value


def _record(value: Any) -> Any:
    new = {}
    for name in _names(type(value)):  # type: ignore[arg-type]  # a class of anything
        was = getattr(value, name)
        if type(was) not in _PLAIN and (item := _legible(was)) is not was and item != was:
            new[name] = item
    return replace(value, **new) if new else value


@functools.cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a record that are given to make one."""
    return tuple(field.name for field in fields(kind) if field.init)
