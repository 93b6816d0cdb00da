"""Bodies: the session description is found, and what nobody understands refuses the message."""

from __future__ import annotations

import time

import pytest

from softswitch.core.errors import PeerError
from softswitch.sip.body import MAX_DEPTH, MAX_PARTS, SDP, part
from softswitch.sip.message import Headers, Request

DESCRIPTION = b"v=0\r\ns=-\r\n"
SDP_PART = b"Content-Type: application/sdp\r\n\r\n" + DESCRIPTION
OTHER = b"Content-Type: application/pidf+xml\r\n\r\n<presence/>"
OPTIONAL = b"Content-Disposition: signal;handling=optional\r\n" + OTHER


def message(kind: str, content: bytes, *more: tuple[str, str]) -> Request:
    return Request("INVITE", "sip:a@b", Headers((("Content-Type", kind), *more)), content)


def multipart(*parts: bytes, boundary: str = "unique", end: bool = True) -> bytes:
    delimiter = f"--{boundary}".encode()
    whole = b"".join(delimiter + b"\r\n" + one + b"\r\n" for one in parts)
    return whole + (delimiter + b"--\r\n" if end else b"")


def mixed(*parts: bytes, kind: str = "mixed", boundary: str = "unique") -> Request:
    return message(f"multipart/{kind};boundary={boundary}", multipart(*parts, boundary=boundary))


def taken(request: Request) -> bytes | None:
    found = part(request, (SDP,))
    return None if found is None else found.content


def refusal(request: Request) -> PeerError:
    with pytest.raises(PeerError) as caught:
        part(request, (SDP,))
    return caught.value


def test_a_body_as_it_is() -> None:
    assert taken(message("application/SDP ; charset=x", DESCRIPTION)) == DESCRIPTION
    assert taken(message(SDP, b"")) is None
    assert taken(message("text/plain", b"")) is None


def test_the_description_is_found_among_others() -> None:
    assert taken(mixed(OPTIONAL, SDP_PART)) == DESCRIPTION
    assert taken(mixed(SDP_PART, OPTIONAL)) == DESCRIPTION
    assert taken(mixed(OPTIONAL)) is None


def test_a_preamble_an_epilogue_and_a_quoted_boundary() -> None:
    content = b"nothing to see\r\n" + multipart(SDP_PART, boundary="a b'c") + b"nor here\r\n--a b'c\r\n"
    assert taken(message('multipart/mixed; boundary="a b\'c"', content)) == DESCRIPTION


def test_a_boundary_that_begins_like_another() -> None:
    inner = b"Content-Type: multipart/mixed;boundary=ab\r\n\r\n" + multipart(SDP_PART, boundary="ab")
    assert taken(mixed(inner, boundary="a")) == DESCRIPTION


def test_the_last_of_the_alternatives_that_can_be_used() -> None:
    second = SDP_PART.replace(b"s=-", b"s=2")
    assert taken(mixed(SDP_PART, second, OTHER, kind="alternative")) == DESCRIPTION.replace(b"s=-", b"s=2")
    assert refusal(mixed(OTHER, kind="alternative")).status == 415


def test_a_part_that_is_not_understood_is_415_unless_it_is_optional() -> None:
    for request in (mixed(SDP_PART, OTHER), message("text/plain", b"x"), message("", b"x"), mixed(b"\r\nplain text")):
        error = refusal(request)
        assert (error.status, error.headers) == (415, (("Accept", "application/sdp"),))
    optional = ("Content-Disposition", "render; handling=OPTIONAL")
    assert taken(message("text/plain", b"x", optional)) is None


def test_an_encoding_is_415_and_says_which_is_not() -> None:
    error = refusal(message(SDP, b"\x1f\x8b", ("Content-Encoding", "gzip")))
    assert (error.status, error.headers) == (415, (("Accept-Encoding", "identity"),))
    assert taken(message(SDP, DESCRIPTION, ("Content-Encoding", "Identity"))) == DESCRIPTION


def test_an_early_session_is_not_the_session() -> None:
    """RFC 3959 section 4."""
    early = b"Content-Disposition: early-session;handling=optional\r\n" + SDP_PART.replace(b"s=-", b"s=early")
    assert taken(mixed(early, SDP_PART)) == DESCRIPTION


def test_nested_as_deep_as_we_go() -> None:
    def nested(depth: int) -> Request:
        content, kind = DESCRIPTION, SDP
        for level in range(depth):
            head = f"Content-Type: {kind}\r\n\r\n".encode()
            kind, content = f"multipart/mixed;boundary=b{level}", multipart(head + content, boundary=f"b{level}")
        return message(kind, content)

    assert taken(nested(MAX_DEPTH)) == DESCRIPTION
    assert refusal(nested(MAX_DEPTH + 1)).status == 415


@pytest.mark.parametrize(
    "request_",
    [
        message("multipart/mixed", multipart(SDP_PART)),
        message("multipart/mixed;boundary=", multipart(SDP_PART)),
        message("multipart/mixed;boundary=" + "x" * 71, multipart(SDP_PART, boundary="x" * 71)),
        message("multipart/mixed;boundary=unique", multipart(SDP_PART, end=False)),
        message("multipart/mixed;boundary=unique", b"v=0\r\n"),
        message("multipart/mixed;boundary=unique", multipart(b"no header line\r\n\r\n")),
        message("multipart/mixed;boundary=unique", multipart(*[OPTIONAL] * (MAX_PARTS + 1))),
        message("multipart/mixed;boundary=unique", multipart(b"X: 1\r\n" * 20 + SDP_PART)),
        message("multipart/alternative;boundary=unique", b"--unique--\r\n"),
    ],
)
def test_what_cannot_be_taken_apart_is_400(request_: Request) -> None:
    assert refusal(request_).status == 400


def test_the_time_grows_with_the_size_and_no_faster() -> None:
    def spent_s(request: Request) -> float:
        begun = time.process_time()
        with pytest.raises(PeerError):
            part(request, (SDP,))
        return time.process_time() - begun

    bombs = (b"\r\n--unique" + b" " * 50, b"\r\n--uniqu", b" \t", b"\r\n ")
    for bomb in bombs:
        request = message("multipart/mixed;boundary=unique", bomb * (400_000 // len(bomb)))
        assert spent_s(request) < 2.0, bomb
        assert spent_s(mixed(bomb * (400_000 // len(bomb)) + b"\r\n\r\n")) < 2.0, bomb
