"""Messages made wrong in every way that costs nothing: bits, cuts, repeats, exchanged lines, lies about lengths.

The same seed makes the same mutants, so that one that does harm can be made again by its number.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence

LONGEST = 65_535
_TOKENS = (
    b'"', b"\\", b"<", b">", b",", b";", b":", b"=", b"@", b"?", b"%", b"%00", b"%ff", b"\0", b"\r", b"\n", b"\r\n",
    b"\r\n\r\n", b"\r\n ", b" \t", b"[", b"]", b"[::1]", b":::", b"sip:", b"tel:", b"SIP/2.0", b"-1", b"0", b"--",
    b"4294967296", b"99999999999999999999", b"z9hG4bK", b";tag=", b";rport", b";received=", b"Via: ", b"\xff\xfe",
    b"Content-Length: ", b"Require: x", b"Contact: *", "三".encode(), b"multipart/mixed;boundary=", b"Expires: 0",
    b"m=audio 0 RTP/AVP",
)  # fmt: skip

_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*+:[^\r]*+(?=\r\n)", re.IGNORECASE)

Operation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def mutants(corpus: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Without end. Each is made of one message of ``corpus`` by one to four operations."""
    rng = random.Random(seed)
    while True:
        data = rng.choice(corpus)
        for _ in range(rng.choice((1, 1, 1, 1, 2, 2, 3, 4))):
            data = rng.choice(_OPERATIONS)(rng, data, corpus)
        if rng.random() < 0.5:
            data = _LENGTH.sub(b"", data)  # or most would be refused for it, and nothing else would be looked at
        yield data[:LONGEST]


def _flip(rng: random.Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8) if data else 0):
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _truncate(rng: random.Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    return data[: rng.randint(0, len(data))]


def _slice(rng: random.Random, data: bytes) -> tuple[int, int]:
    first, second = rng.randint(0, len(data)), rng.randint(0, len(data))
    return min(first, second), min(max(first, second), min(first, second) + 200)


def _delete(rng: random.Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    start, end = _slice(rng, data)
    return data[:start] + data[end:]


def _duplicate(rng: random.Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    start, end = _slice(rng, data)
    return data[:end] + data[start:]


def _insert(rng: random.Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] + rng.choice(_TOKENS) * rng.randint(1, 3) + data[at:]


def _repeat(rng: random.Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    """A token, or a piece of the message, up to thousands of times."""
    start, end = _slice(rng, data)
    piece = rng.choice(_TOKENS) if rng.random() < 0.5 else data[start : min(end, start + 20)]
    return data[:start] + piece * int(10 ** rng.uniform(0, 3.3)) + data[start:]


def _exchange_lines(rng: random.Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    lines = data.split(b"\r\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def _repeat_line(rng: random.Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    lines = data.split(b"\r\n")
    at = rng.randrange(len(lines))
    return b"\r\n".join(lines[:at] + [lines[at]] * rng.choice((0, 2, 2, 3, 100)) + lines[at + 1 :])


def _exchange_values(rng: random.Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    """One header gets the value of another."""
    lines = data.split(b"\r\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one] = lines[one].partition(b":")[0] + b":" + lines[other].partition(b":")[2]
    return b"\r\n".join(lines)


def _lie_about_length(rng: random.Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    length = rng.choice((0, 1, len(data), 65_535, 2**31, 2**64, -1))
    return data.replace(b"\r\n\r\n", b"\r\nContent-Length: %d\r\n\r\n" % length, 1)


def _splice(rng: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    other = rng.choice(corpus)
    return data[: rng.randint(0, len(data))] + other[rng.randint(0, len(other)) :]


def _graft(rng: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    """A line of another message."""
    lines, others = data.split(b"\r\n"), rng.choice(corpus).split(b"\r\n")
    lines.insert(rng.randint(1, len(lines)), rng.choice(others))
    return b"\r\n".join(lines)


_OPERATIONS: tuple[Operation, ...] = (
    _flip, _truncate, _delete, _duplicate, _insert, _insert, _repeat, _exchange_lines, _repeat_line, _exchange_values,
    _lie_about_length, _splice, _graft,
)  # fmt: skip
