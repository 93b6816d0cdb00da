"""Text that came from outside, fit for a database and for JSON.

A peer's octets that are not UTF-8 travel through us as lone surrogates (``sip.message``), which no encoder takes, and
PostgreSQL takes no NUL. Here both become U+FFFD. What is sent back to the peer must not pass through here. A terminal
obeys control characters: where text is shown to people those become U+FFFD, too.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from operator import attrgetter, is_
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_ILLEGIBLE = re.compile("[\x00\ud800-\udfff]")
_BARE_CR = re.compile("\r(?!\n)")  # goes back to the beginning of the line, and writes over it
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
    way = _way(type(value))  # type: ignore[arg-type]  # a class is hashable
    return value if way is None else way(value)


@functools.cache
def _way(kind: type[Any]) -> Callable[[Any], Any] | None:
    """None: there is no text in it."""
    if issubclass(kind, str):
        return _text
    if kind is tuple or kind is list:
        return _sequence
    if issubclass(kind, dict):
        return lambda value: {_legible(key): _legible(item) for key, item in value.items()}
    return _record if is_dataclass(kind) and not issubclass(kind, type) else None


def _text(value: str) -> str:
    if value.isprintable() or (value.isascii() and "\0" not in value):
        return value  # nearly everything
    return _ILLEGIBLE.sub("\ufffd", value) if _ILLEGIBLE.search(value) else value


def _sequence(value: Any) -> Any:
    new = [_legible(item) for item in value]
    return value if all(map(is_, new, value)) else type(value)(new)


def _record(value: Any) -> Any:
    names, get = _fields(type(value))  # type: ignore[arg-type]  # likewise
    new = {}
    for name, was in zip(names, get(value), strict=True):
        if type(was) is str and was.isprintable():
            continue
        way = _way(type(was))  # type: ignore[arg-type]  # a class is hashable
        if way is not None and (item := way(was)) is not was and item != was:
            new[name] = item
    return replace(value, **new) if new else value


@functools.cache
def _fields(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Those that are given to make a record, and how to get all of them."""
    names = tuple(field.name for field in fields(kind) if field.init)
    if len(names) > 1:
        return names, attrgetter(*names)
    return names, lambda record: tuple(getattr(record, name) for name in names)
