"""Control frames as no control says them: fields of the wrong kind, size and number, mutilated MessagePack.

What could do harm outside of the test is never mutated by chance: hosts and paths come from lists, so that nothing is
sent to anybody's address and nothing is written but below the directory that is given.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from softswitch.media import protocol as p

VICTIMS = 6  # streams that the frames are about
LONG = "x" * 1_000_000
_LENGTH = 4
_NAMES = ("", "0", "s" * 1024, "\0", "\x1b[2J", "名前", "victim-1\n", "..", LONG)
_HOSTS = ("127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "", "0.0.0.0", "::", "localhost", "127.0.0.1\0", "127.1",
          "999.1.1.1", "fe80::1%lo", "::1%nowhere", "%", ":" * 300, "\udc80", LONG)  # fmt: skip
_NUMBERS = (
    0,
    1,
    -1,
    9,
    101,
    127,
    128,
    255,
    256,
    65535,
    65536,
    70000,
    2**31,
    2**32,
    2**63 - 1,
    2**63,
    2**64 - 1,
    -(2**63),
)
_FLOATS = (0.0, -0.0, 1.0, 0.5, -1.0, 1e9, 1e308, 5e-324, float("nan"), float("inf"), float("-inf"))
_CODECS = ("PCMU", "PCMA", "G722", "opus", "L16", "pcmu", "GSM", "", "\0", "L16/44100", "OPUS" * 300)
_FMTP = ("", "maxplaybackrate=16000;useinbandfec=1", "useinbandfec", ";=;;=", "maxplaybackrate=0", "x=" + "9" * 5000,
         "maxaveragebitrate=-1", "minptime=0;ptime=0", "\0", "maxplaybackrate=nan")  # fmt: skip
_SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM", "", "NULL", "AES_256_CM")
_ENDINGS = ("r.wav", "r.opus", "r", ".wav", "..", "a/b/c.flac", "d" * 300, "r.wav/x.wav")  # of recordings
_KINDS: tuple[Any, ...] = (None, True, "text", b"octets", 7, -7, 1.5, [], [1], {}, {"a": 1})


class Hostile:
    """``frames`` without end; the same seed makes the same. ``home`` is where recordings may be made."""

    def __init__(self, seed: int, home: Path, ports: range) -> None:
        self._rng = random.Random(seed)
        self._home, self._ports = home, ports

    def frames(self) -> Iterator[bytes]:
        """What goes over the wire."""
        while True:
            fields, touchy = self._command()
            for _ in range(self._rng.choice((0, 0, 1, 1, 2))):
                self._spoil(fields, touchy)
            body = _packed(fields)
            if not touchy and self._rng.random() < 0.4:
                body = self._mutilated(body)
            if len(body) <= p.MAX_FRAME:  # or the connection ends, as it should
                yield len(body).to_bytes(_LENGTH, "big") + body

    # ---- commands ------------------------------------------------------------------------------------------------

    def _command(self) -> tuple[list[Any], set[int]]:
        """The fields of one, and which of them may not be spoilt."""
        makers = (
            self._open,
            *[self._connect] * 3,
            self._latch,
            self._play,
            self._join,
            self._record,
            *[self._other] * 5,
        )
        return self._rng.choice(makers)(self._stream())

    def _open(self, stream: str) -> tuple[list[Any], set[int]]:
        return ["open", stream, self._rng.choice(_HOSTS), self._rng.choice((*self._ports, 0, 70000))], {2, 3}

    def _connect(self, stream: str) -> tuple[list[Any], set[int]]:
        rng = self._rng
        keys = [rng.choice(_SUITES), rng.randbytes(rng.choice((0, 28, 30, 31))), rng.randbytes(rng.choice((28, 30)))]
        fields = [
            "connect", stream, self._number(), rng.choice(_HOSTS), 9, rng.choice(_HOSTS), rng.choice(_CODECS),
            0, 0, rng.choice((None, 101)), rng.choice(("sendrecv", "recvonly", "sideways")), rng.choice((None, keys)),
            0, False, True, rng.choice((8000, 16000, 48000, 0, 11025, 44100)), 8000, rng.choice(_FMTP),
            rng.choice((10, 20, 30, 60, 0, 25, 7000)), rng.choice((None, 13)),
        ]  # fmt: skip
        return fields[: rng.choice((5, 11, 12, 20, 20, 20, 20))], {3, 5}

    def _latch(self, stream: str) -> tuple[list[Any], set[int]]:
        return ["latch", stream, self._number(), self._rng.choice(_HOSTS), self._number()], {3}

    def _play(self, stream: str) -> tuple[list[Any], set[int]]:
        rng = self._rng
        files = (str(self._home / "none.wav"), "tone:busy/CN", "", "/", "\0", 0.02, rng.choice(_FLOATS), "tone:", LONG)
        return ["play", stream, rng.choice(_NAMES), rng.sample(files, rng.randint(0, 3))], {3}

    def _join(self, stream: str) -> tuple[list[Any], set[int]]:
        heard_by = self._rng.choice((None, [], [self._stream()], [LONG], ["nobody"] * 500))
        return ["join", self._rng.choice((*_NAMES, "room")), stream, heard_by, self._rng.choice(_FLOATS)], set()

    def _record(self, stream: str) -> tuple[list[Any], set[int]]:
        rng = self._rng
        path = str(self._home / rng.choice(_ENDINGS))
        return ["record", rng.choice(("r1", "r2", *_NAMES)), path, stream, rng.choice((None, self._stream()))], {2}

    def _other(self, stream: str) -> tuple[list[Any], set[int]]:
        name = self._rng.choice(_NAMES)
        keys = self._rng.choice(("1", "123#", "x", LONG[:70_000], "５", "\0"))
        words: tuple[list[Any], ...] = (
            ["close", stream], ["hold_music", stream, name], ["leave", stream], ["stop", stream], ["stop_record", "r1"],
            ["press", stream, keys, "event"], ["press", stream, keys, "tone"], ["pause_record", "r1", name], ["stats"],
            ["hello", 3],
            [name], [],
        )  # fmt: skip
        return self._rng.choice(words), set()

    def _stream(self) -> str:
        return f"victim-{self._rng.randrange(VICTIMS)}"

    def _number(self) -> int:
        return self._rng.choice(_NUMBERS)

    # ---- what is done to them ------------------------------------------------------------------------------------

    def _spoil(self, fields: list[Any], touchy: set[int]) -> None:
        rng = self._rng
        free = [at for at in range(len(fields)) if at not in touchy]
        if not free:
            return
        at = rng.choice(free)
        match rng.randrange(5):
            case 0:
                fields[at] = rng.choice(_KINDS)
            case 1 if isinstance(fields[at], int | float):
                fields[at] = rng.choice((*_NUMBERS, *_FLOATS))
            case 2 if isinstance(fields[at], str) and at:
                fields[at] = rng.choice(_NAMES)
            case 3 if not touchy:
                del fields[at]
            case _:
                fields.append(rng.choice(_KINDS))

    def _mutilated(self, body: bytes) -> bytes:
        rng, octets = self._rng, bytearray(body)
        match rng.randrange(5):
            case 0:
                for _ in range(rng.randint(1, 6)):
                    octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)
            case 1:
                del octets[rng.randrange(len(octets)) :]
            case 2:
                octets += rng.randbytes(rng.randint(1, 40))
            case 3:
                octets[1:1] = rng.choice(
                    (b"\xdd\xff\xff\xff\xff", b"\xc1", b"\xdb\xff\xff\xff\xff", b"\xa3\xed\xa0\x80")
                )
            case _:
                octets = bytearray(b"\x93\xa5leave\xa1a" + b"\x91" * 5000)
        return bytes(octets)


def _packed(fields: list[Any]) -> bytes:
    """MessagePack of anything, also of text that is none."""
    out = bytearray()
    out += b"\xdc" + len(fields).to_bytes(2, "big")
    for field in fields:
        if isinstance(field, list):
            out += _packed(field)
        elif isinstance(field, str):
            text = field.encode("utf-8", "surrogatepass")
            out += b"\xdb" + len(text).to_bytes(4, "big") + text
        else:
            out += msgspec.msgpack.encode(field)
    return bytes(out)
