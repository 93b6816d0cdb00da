"""STUN binding requests on the SIP port: a phone asks what its NAT makes of it, and keeps the way open (RFC 5389, RFC
5626 section 4.4.2).

Answered without any state, and with no more than twice what was asked plus an address, so that nobody is worth being
reflected at. Credentials are not asked for; a request that depends on what we do not know is refused with 420.
"""

from __future__ import annotations

import ipaddress
import struct

from softswitch.sip.flow import Address

_HEADER = struct.Struct("!HHI12s")  # type, length, magic cookie, transaction id
_ATTRIBUTE = struct.Struct("!HH")
_COOKIE = 0x2112A442
_REQUEST, _SUCCESS, _ERROR = 0x0001, 0x0101, 0x0111
_XOR_MAPPED_ADDRESS, _ERROR_CODE, _UNKNOWN_ATTRIBUTES = 0x0020, 0x0009, 0x000A
_OPTIONAL = 0x8000  # attributes from here on may be passed over (section 15)
_UNDERSTOOD = frozenset({0x0006, 0x0008, 0x0014, 0x0015})  # USERNAME, MESSAGE-INTEGRITY, REALM, NONCE: not asked for
_MOST_UNKNOWN = 4  # attributes listed in a refusal


def is_stun(data: bytes) -> bool:
    """No SIP message begins so: two zero bits, and the cookie (RFC 5389 section 8)."""
    return len(data) >= _HEADER.size and data[0] < 0x40 and data[4:8] == _COOKIE.to_bytes(4, "big")


def answer(data: bytes, remote: Address) -> bytes | None:
    """The answer to what ``remote`` sent; None where none is due."""
    kind, length, _, transaction = _HEADER.unpack_from(data)
    if kind != _REQUEST or length != len(data) - _HEADER.size or length % 4:
        return None
    unknown = _unknown(data)
    if unknown is None:
        return None
    if unknown:
        return _message(_ERROR, transaction, _refusal(unknown))
    return _message(_SUCCESS, transaction, _attribute(_XOR_MAPPED_ADDRESS, _mapped(remote, transaction)))


def _unknown(data: bytes) -> list[int] | None:
    """The attributes that we would have to understand and do not; None where they cannot be read."""
    at, found = _HEADER.size, []
    while at < len(data):
        kind, size = _ATTRIBUTE.unpack_from(data, at)
        at += _ATTRIBUTE.size + (size + 3) // 4 * 4
        if at > len(data):
            return None
        if kind < _OPTIONAL and kind not in _UNDERSTOOD:
            found.append(kind)
    return found


def _refusal(unknown: list[int]) -> bytes:
    """Section 7.3.1: 420 Unknown Attribute, and which."""
    listed = b"".join(kind.to_bytes(2, "big") for kind in unknown[:_MOST_UNKNOWN])
    return _attribute(_ERROR_CODE, bytes([0, 0, 4, 20])) + _attribute(_UNKNOWN_ATTRIBUTES, listed)


def _mapped(remote: Address, transaction: bytes) -> bytes:
    """Section 15.2: veiled, because some NATs rewrite every address that they find."""
    host = ipaddress.ip_address(remote[0].partition("%")[0])
    veil = (_COOKIE.to_bytes(4, "big") + transaction)[: len(host.packed)]
    veiled = bytes(octet ^ mask for octet, mask in zip(host.packed, veil, strict=True))
    return struct.pack("!BBH", 0, 1 if host.version == 4 else 2, remote[1] ^ _COOKIE >> 16) + veiled


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) % 4)


def _message(kind: int, transaction: bytes, attributes: bytes) -> bytes:
    return _HEADER.pack(kind, len(attributes), _COOKIE, transaction) + attributes
