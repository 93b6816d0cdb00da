"""The text of session descriptions (RFC 8866)."""

import pytest

from softswitch.core.errors import PeerError
from softswitch.sdp.session import parse_session, render

DESCRIPTION = (
    b"v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=sendonly\r\n"
    b"m=audio 4000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\nm=video 0 RTP/AVP 31\r\nc=IN IP6 2001:db8::1\r\n"
)


def test_what_is_read_is_written_the_same() -> None:
    assert render(parse_session(DESCRIPTION)) == DESCRIPTION


def test_line_ends_and_unknown_lines_are_forgiven() -> None:
    untidy = DESCRIPTION.replace(b"\r\n", b"\n").replace(b"t=0 0", b"i=what\nz=1 2\nt=0 0").rstrip()
    assert render(parse_session(untidy)) == DESCRIPTION


def test_of_several_addresses_of_a_stream_the_first_is_taken() -> None:
    assert parse_session(DESCRIPTION + b"c=IN IP6 2001:db8::2\r\n").sections[-1].address == "2001:db8::1"


def test_of_two_origins_or_times_the_last_counts_wherever_it_stands() -> None:
    twice = parse_session(DESCRIPTION + b"o=- 3 4 IN IP4 192.0.2.9\r\nt=5 6\r\n")
    assert (twice.origin, twice.timing) == ("- 3 4 IN IP4 192.0.2.9", "5 6")
    above = parse_session(DESCRIPTION.replace(b"t=0 0", b"o=- 3 4 IN IP4 192.0.2.9\r\nt=0 0"))
    assert above.origin == "- 3 4 IN IP4 192.0.2.9"
    assert parse_session(DESCRIPTION).origin == "- 1 2 IN IP4 192.0.2.1"  # of the same text below its o= line


@pytest.mark.parametrize(
    "text",
    [b"", b"hello", b"v=1\r\n", b"v=0\r\nnonsense", b"v=0\r\nm=audio 4000 RTP/AVP", b"v=0\r\nm=audio x RTP/AVP 0",
     b"v=0\r\nm=audio 65536 RTP/AVP 0", b"v=0\r\nc=192.0.2.1", b"v=0\r\n" + b"m=audio 1 RTP/AVP 0\r\n" * 33,
     b"v=0\r\n" + b"a=x\r\n" * 1000],
)  # fmt: skip
def test_what_cannot_be_read_is_400(text: bytes) -> None:
    with pytest.raises(PeerError) as caught:
        parse_session(text)
    assert caught.value.status == 400
