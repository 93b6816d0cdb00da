"""Messages in a stream (RFC 3261 section 18.3, RFC 5626 section 4.4.1)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import PeerError
from softswitch.sip.framing import StreamFramer
from softswitch.sip.message import Limits, Message, ParseError, Request, parse

HEAD = (
    b"MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n"
    b"To: <sip:b@h>\r\nCall-ID: x\r\nCSeq: 1 MESSAGE\r\n"
)
SHORT = HEAD + b"l:\r\n 5\r\n\r\nhello"
EMPTY = HEAD + b"Content-Length : 0\r\n\r\n"


def only_error(items: list[Message | ParseError]) -> ParseError:
    (error,) = items
    assert isinstance(error, ParseError)
    return error


@given(st.lists(st.integers(1, 200)))
def test_messages_are_found_however_the_stream_is_cut(sizes: list[int]) -> None:
    stream = SHORT + b"\r\n" + EMPTY + b"\r\n\r\n" + SHORT + b"\r\n\r\n\r\n\r\n"
    framer, found, at = StreamFramer(), [], 0
    for size in [*sizes, len(stream)]:
        found += framer.feed(stream[at : at + size])
        at += size
    assert found == [parse(SHORT), parse(EMPTY), parse(SHORT)]
    assert framer.take_pongs() == 3
    assert framer.take_pongs() == 0


def test_a_message_that_cannot_be_read_does_not_lose_the_next() -> None:
    bad, good = StreamFramer().feed(EMPTY.replace(b"CSeq: 1 MESSAGE", b"CSeq: 1 BYE") + SHORT)
    assert isinstance(bad, ParseError)
    assert bad.status == 400
    assert isinstance(good, Request)


@pytest.mark.parametrize("length", [b"", b"Content-Length: -1\r\n", b"l: 0\r\nl: 1\r\n", b"l: x\r\n"])
def test_without_a_believable_length_framing_is_lost(length: bytes) -> None:
    framer = StreamFramer()
    good, error = framer.feed(SHORT + HEAD + length + b"\r\n" + SHORT)
    assert isinstance(good, Request)
    assert framer.broken
    assert isinstance(error, ParseError)
    assert (error.status, error.partial and error.partial.method) == (400, "MESSAGE")
    with pytest.raises(PeerError):
        framer.feed(SHORT)


def test_a_request_of_rfc_2543_is_the_last_of_its_stream() -> None:
    """It has no length: whatever follows is its body, and nobody's next message."""
    old = HEAD.replace(b"branch=z9hG4bK1", b"branch=1")
    framer = StreamFramer()
    good, last = framer.feed(SHORT + old + b"\r\n" + SHORT)
    assert isinstance(good, Request)
    assert isinstance(last, Request)
    assert (last.body, framer.broken) == (SHORT, True)
    refused = StreamFramer().feed(old + b"Content-Length: -1\r\n\r\n")  # a length that lies is no lack of one
    assert only_error(refused).status == 400


def test_too_large_is_refused_before_it_has_arrived() -> None:
    framer = StreamFramer(Limits(max_bytes=1000))
    error = only_error(framer.feed(HEAD + b"l: 1001\r\n\r\n"))
    assert (error.status, framer.broken) == (513, True)


def test_an_endless_header_section_is_cut_off() -> None:
    framer = StreamFramer(Limits(max_header_bytes=1000))
    assert framer.feed(HEAD + b"X: " + b"x" * 500) == []
    error = only_error(framer.feed(b"x" * 500))
    assert (error.status, framer.broken) == (513, True)
    assert error.partial is not None
    assert error.partial.headers.get("Call-ID") == "x"


def test_other_protocols_are_not_answered() -> None:
    framer = StreamFramer()
    assert only_error(framer.feed(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")).status == 0
    assert framer.broken


def test_a_slow_drip_costs_no_more_than_linear_work() -> None:
    framer = StreamFramer()
    body = b"x" * 30000
    message = HEAD + b"X: " + b"y" * 30000 + b"\r\nl: 30000\r\n\r\n" + body
    began = time.process_time()
    found = [item for at in range(len(message)) for item in framer.feed(message[at : at + 1])]
    assert time.process_time() - began < 3.0
    assert [item.body for item in found if isinstance(item, Request)] == [body]
