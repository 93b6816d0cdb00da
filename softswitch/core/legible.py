"""Text that came from outside, fit for a database and for JSON.

A peer's octets that are not UTF-8 travel through us as lone surrogates (``sip.message``), which no encoder takes, and
PostgreSQL takes no NUL. Here both become U+FFFD. What is sent back to the peer must not pass through here.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_ILLEGIBLE = re.compile("[\x00\ud800-\udfff]")
_NUL = rb"\u0000"  # as JSON writes it


def legible(value: T) -> T:
    """The value with all text in it made legible, also in tuples, lists, mappings and records; itself if it was."""
    return _legible(value)  # type: ignore[no-any-return]


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
    old = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
    new = {name: item for name, was in old.items() if (item := _legible(was)) != was}
    return replace(value, **new) if new else value
