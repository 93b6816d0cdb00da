"""Records of calls as MessagePack, with text that is none: peers write names in whatever code they have.

Octets that are no UTF-8 are lone surrogates in our strings (``surrogateescape``), which MessagePack cannot carry. Each
is written as a character of the private use area, and read back as what it was: a Call-ID has to be the same to the
octet. Nearly no record has any, and one that has none costs nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_ENCODER = msgspec.msgpack.Encoder()
_HIDDEN = {0xDC80 + at: 0xF780 + at for at in range(128)}
_SHOWN = {there: here for here, there in _HIDDEN.items()}
_LEADS = (b"\xef\x9e", b"\xef\x9f")  # with these the characters begin that stand for octets, in UTF-8


def encode(record: object) -> bytes:
    try:
        return _ENCODER.encode(record)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(record, builtin_types=(bytes,))
        return _ENCODER.encode(_each(plain, lambda text: text.translate(_HIDDEN)))


def decode(octets: bytes | msgspec.Raw, decoder: msgspec.msgpack.Decoder[T]) -> T:
    """Raises ``msgspec.MsgspecError``."""
    found = decoder.decode(octets)
    if not any(lead in bytes(octets) for lead in _LEADS):
        return found
    plain = _each(msgspec.msgpack.decode(octets), lambda text: text.translate(_SHOWN))
    return msgspec.convert(plain, decoder.type)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case dict():
            return {_each(key, change): _each(one, change) for key, one in value.items()}
        case list() | tuple():
            return [_each(one, change) for one in value]
        case _:
            return value
