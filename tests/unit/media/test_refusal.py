"""A command that is none is refused by the name of what is wrong with it, and those around it are obeyed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from softswitch.media import protocol as p

CONNECT: list[Any] = ["connect", "s", 1, "127.0.0.1", 4000, "", "PCMU", 0, 0, None, "sendrecv"]


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def connect(**wrong: Any) -> list[Any]:
    """A good ``Connect`` with all its fields, but for these."""
    good = msgspec.msgpack.decode(p.pack(msgspec.convert(CONNECT, p.Connect))[4:])
    return [wrong.get(name, value) for name, value in zip(["", *p.Connect.__struct_fields__], good, strict=True)]


@pytest.mark.parametrize(
    ("said", "word", "field"),
    [
        (["open", "s", "127.0.0.1", 70000], "open", "port"),
        (["open", "s", "127.0.0.1", 0], "open", "port"),
        (["open", "s" * 2000, "127.0.0.1", 4000], "open", "stream"),
        (["open", b"s", "127.0.0.1", 4000], "open", "stream"),
        (connect(port=70000), "connect", "port"),
        (connect(ptime_ms=0), "connect", "ptime_ms"),
        (connect(ptime_ms=25), "connect", "ptime_ms"),
        (connect(clock_rate=0), "connect", "clock_rate"),
        (connect(event_type=128), "connect", "event_type"),
        (connect(direction="sideways"), "connect", "direction"),
        (connect(keys=["AEAD_AES_128_GCM", b"", b""]), "connect", "keys"),
        (connect(keys=["ROT13", b"x" * 30, b"x" * 30]), "connect", "keys"),
        (["join", "r", "s", None, float("nan")], "join", "gain"),
        (["join", "r", "s", None, -1.0], "join", "gain"),
        (["join", "r", "s", ["a", 7]], "join", "heard_by[1]"),
        (["play", "s", "p", ["/a.wav", float("nan")]], "play", "files[1]"),
        (["play", "s", "p", ["/a\0.wav"]], "play", "files[0]"),
        (["press", "s", "1", "loudly"], "press", "form"),
        (["record", "r", "", "s", None], "record", "path"),
        ([7, "s"], "7", "word"),
        (["fly", "s"], "fly", "word"),
    ],
)
def test_it_names_the_field(said: list[Any], word: str, field: str) -> None:
    why: list[str] = []
    octets = p.pack(p.Leave("a")) + framed(msgspec.msgpack.encode(said)) + p.pack(p.Leave("b"))
    assert list(p.Frames(why.append).commands(octets)) == [p.Leave("a"), p.Leave("b")]
    assert len(why) == 1
    assert why[0].startswith(f"{word}: ") and why[0].endswith(f"`{field}`"), why


def test_so_it_does_where_text_is_no_text() -> None:
    why: list[str] = []
    assert not list(p.Frames(why.append).commands(framed(b"\x95\xa5latch\xa1s\x01\xa3\xed\xa0\x80\x09")))
    assert why[0].startswith("latch: 'utf-8' codec") and why[0].endswith("`host`")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"\xc0",
        b"\x90",
        b"\x91" * 100_000,
        b"\x92\xa5leave",
        b"\x92\xa5leave\xdb\xff\xff\xff\xff",
        b"\xa5leave",
    ],
)
def test_what_is_no_array_with_a_word_is_refused_all_the_same(body: bytes) -> None:
    why: list[str] = []
    assert list(p.Frames(why.append).commands(framed(body) + p.pack(p.Stop("s")))) == [p.Stop("s")]
    assert len(why) == 1 and len(why[0]) <= 200


def test_a_reason_shows_no_key_and_is_short() -> None:
    why: list[str] = []
    secret = connect(keys=["AEAD_AES_128_GCM", b"hush" * 5, b"hush" * 7])
    list(p.Frames(why.append).commands(framed(msgspec.msgpack.encode(secret))))
    list(p.Frames(why.append).commands(framed(msgspec.msgpack.encode(["x" * 900_000]))))
    assert len(why) == 2 and max(map(len, why)) <= 200 and "hush" not in str(why)


def test_without_somebody_to_tell_it_ends_the_connection() -> None:
    with pytest.raises(p.ProtocolError, match="`port`"):
        list(p.Frames().commands(framed(msgspec.msgpack.encode(["open", "s", "h", 0]))))
