"""Offer and answer (RFC 3264)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import PeerError
from softswitch.sdp.media import PCMA, PCMU, Codec, LocalMedia, Media
from softswitch.sdp.negotiate import accept, answer, offer
from softswitch.sdp.session import parse_session

US = LocalMedia(("192.0.2.1", 4000), session_id=77)
THEM = LocalMedia(("198.51.100.7", 5000))
HEAD = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=5 6\r\n"


def offered(*lines: str, head: str = HEAD) -> bytes:
    return (head + "".join(line + "\r\n" for line in lines)).encode()


def agreed(*lines: str, head: str = HEAD, direction: str = "sendrecv", local: LocalMedia = US) -> Media:
    return answer(offered(*lines, head=head), local, direction=direction)[1]


def refused(*lines: str, head: str = HEAD) -> PeerError:
    with pytest.raises(PeerError) as caught:
        agreed(*lines, head=head)
    return caught.value


def test_an_offer_has_everything_that_we_have() -> None:
    assert offer(US, version=3, direction="sendonly") == (
        b"v=0\r\no=softswitch 77 3 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        b"m=audio 4000 RTP/AVP 0 8 101\r\n"
        b"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
        b"a=ptime:20\r\na=sendonly\r\n"
    )


def test_each_clock_gets_its_own_events() -> None:
    wide = LocalMedia(("2001:db8::1", 4000), (Codec("opus", 101, 48000), PCMU))
    text = offer(wide).decode()
    assert "c=IN IP6 2001:db8::1\r\n" in text
    assert "m=audio 4000 RTP/AVP 101 0 96 97\r\n" in text
    assert "a=rtpmap:101 opus/48000/2\r\n" in text
    assert "a=rtpmap:96 telephone-event/48000\r\n" in text
    assert "a=rtpmap:97 telephone-event/8000\r\n" in text


def test_both_ends_agree() -> None:
    body, theirs = answer(offer(US), THEM)
    assert theirs == Media(("192.0.2.1", 4000), PCMU, 0, telephone_event=101)
    assert accept(body, US) == Media(("198.51.100.7", 5000), PCMU, 0, telephone_event=101)


def test_the_offerers_order_counts_among_ours() -> None:
    assert agreed("m=audio 5000 RTP/AVP 18 8 0").codec == PCMA


def test_the_offerers_payload_types_are_kept() -> None:
    media = agreed(
        "m=audio 5000 RTP/AVP 97 96 100",
        "a=rtpmap:97 telephone-event/16000",
        "a=rtpmap:96 pcma/8000/1",
        "a=rtpmap:100 telephone-event/8000",
    )
    assert (media.codec, media.receive_type, media.telephone_event) == (Codec("PCMA", 96, 8000), 96, 100)


def test_an_answer_may_use_its_own_payload_types() -> None:
    local = LocalMedia(("192.0.2.1", 4000), (Codec("opus", 96, 48000),))
    media = accept(offered("m=audio 5000 RTP/AVP 111", "a=rtpmap:111 opus/48000/2"), local)
    assert (media.codec.payload_type, media.receive_type) == (111, 96)


def test_events_on_another_clock_are_not_taken() -> None:
    assert agreed("m=audio 5000 RTP/AVP 0 97", "a=rtpmap:97 telephone-event/16000").telephone_event is None


def test_each_m_line_is_answered_in_its_place() -> None:
    body, media = answer(
        offered("m=video 6000 RTP/AVP 31", "m=audio 0 RTP/AVP 0", "m=audio 5000 RTP/AVPF 8", "m=audio 5002 RTP/AVP 0"),
        US,
        version=2,
    )
    answered = parse_session(body)
    assert [(one.kind, one.port, one.proto) for one in answered.sections] == [
        ("video", 0, "RTP/AVP"),
        ("audio", 0, "RTP/AVP"),
        ("audio", 4000, "RTP/AVPF"),
        ("audio", 0, "RTP/AVP"),
    ]
    assert (answered.timing, answered.origin) == ("5 6", "softswitch 77 2 IN IP4 192.0.2.1")
    assert media.remote == ("198.51.100.7", 5000)


@pytest.mark.parametrize(
    ("theirs", "wanted", "ours"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("recvonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "sendonly", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
        ("recvonly", "recvonly", "inactive"),
        ("sendrecv", "inactive", "inactive"),
    ],
)
def test_directions_are_mirrored_and_never_wider_than_wanted(theirs: str, wanted: str, ours: str) -> None:
    body, media = answer(offered("m=audio 5000 RTP/AVP 0", f"a={theirs}"), US, direction=wanted)
    assert media.direction == ours
    assert f"a={ours}\r\n".encode() in body
    assert media.held == (ours in ("recvonly", "inactive"))


def test_a_direction_of_the_session_holds_where_the_stream_has_none() -> None:
    assert agreed("a=sendonly", "m=audio 5000 RTP/AVP 0").direction == "recvonly"
    assert agreed("a=sendonly", "m=audio 5000 RTP/AVP 0", "a=sendrecv").direction == "sendrecv"


@pytest.mark.parametrize(
    ("written", "ours"), [("a=x", "recvonly"), ("a=sendrecv", "recvonly"), ("a=recvonly", "inactive")]
)
def test_an_address_of_zeros_is_hold(written: str, ours: str) -> None:
    media = agreed("m=audio 5000 RTP/AVP 0", "c=IN IP4 0.0.0.0", written)
    assert (media.direction, media.held) == (ours, True)


def test_the_packet_time_that_the_peer_wants_is_ours_if_it_is_sane() -> None:
    assert agreed("m=audio 5000 RTP/AVP 0", "a=ptime:40").ptime_ms == 40
    assert agreed("m=audio 5000 RTP/AVP 0", "a=ptime:0").ptime_ms == 20
    assert agreed("m=audio 5000 RTP/AVP 0", "a=ptime:many").ptime_ms == 20


def test_no_common_codec_names_both_sides() -> None:
    error = refused("m=audio 5000 RTP/AVP 18 96 101", 'a=rtpmap:96 x"\\y/8000', "a=rtpmap:101 telephone-event/8000")
    assert error.status == 488
    assert error.warning == ('305 softswitch "no common codec: offered G729/8000, x??y/8000; we have PCMU, PCMA"')


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((), 488),
        (("m=video 5000 RTP/AVP 31",), 488),
        (("m=audio 0 RTP/AVP 0",), 488),
        (("m=audio 5000 RTP/SAVP 0",), 488),
        (("m=audio 5000 RTP/AVP 96", "a=rtpmap:96 PCMU/16000"), 488),
        (("m=audio 5000 RTP/AVP 96", "a=rtpmap:96 L16/8000/2"), 488),
        (("m=audio 5000 RTP/AVP 0", "c=IN IP4 phone.example.com"), 488),
        (("m=audio 5000 RTP/AVP 0", "c=IN IP4 239.1.1.1/127"), 488),
        (("m=audio 5000 RTP/AVP 0", "c=IN IP4 255.255.255.255"), 488),
    ],
)
def test_what_we_cannot_serve_is_488(lines: tuple[str, ...], status: int) -> None:
    assert refused(*lines).status == status


WE6 = LocalMedia(("2001:db8::1", 4000))


@pytest.mark.parametrize(
    ("local", "theirs", "warning"),
    [
        (US, "IP6 2001:db8::7", '301 softswitch "no media over IPv6: ours are over IPv4"'),
        (US, 'IP6 fe80::7%"', '301 softswitch "no media over IPv6: ours are over IPv4"'),
        (WE6, "IP4 198.51.100.7", '301 softswitch "no media over IPv4: ours are over IPv6"'),
    ],
)
def test_an_address_of_the_other_family_is_488(local: LocalMedia, theirs: str, warning: str) -> None:
    """It could be answered, and nobody would ever hear anything."""
    described = offered("m=audio 5000 RTP/AVP 0", f"c=IN {theirs}")
    for negotiate in (answer, accept):
        with pytest.raises(PeerError) as caught:
            negotiate(described, local)
        assert (caught.value.status, caught.value.warning) == (488, warning)


def test_an_address_of_our_family_is_served() -> None:
    assert agreed("m=audio 5000 RTP/AVP 0", "c=IN IP6 2001:db8::7", local=WE6).remote == ("2001:db8::7", 5000)


@pytest.mark.parametrize(("local", "zeros"), [(US, "IP6 ::"), (WE6, "IP4 0.0.0.0")])
def test_hold_by_zeros_is_of_either_family(local: LocalMedia, zeros: str) -> None:
    assert agreed("m=audio 5000 RTP/AVP 0", f"c=IN {zeros}", local=local).held


def test_a_stream_without_an_address_is_400() -> None:
    assert refused("m=audio 5000 RTP/AVP 0", head="v=0\r\n").status == 400


LINE = st.one_of(
    st.sampled_from(
        ["m=audio 5000 RTP/AVP 0 96", "c=IN IP4 0.0.0.0", "a=rtpmap:96 PCMA/8000", "a=fmtp:96", "a=ptime:"]
    ),
    st.from_regex(r"[macto]=[ -~]{0,20}", fullmatch=True),
    st.text(max_size=10),
)


@given(st.lists(LINE, max_size=8))
def test_any_text_is_an_offer_or_a_peers_fault(lines: list[str]) -> None:
    body = (HEAD + "\r\n".join(lines)).encode("utf-8", "replace")
    try:
        answered, media = answer(body, US)
    except PeerError as error:
        assert error.status in (400, 488)  # noqa: PT017
        return
    assert len(parse_session(answered).sections) == len(parse_session(body).sections)
    assert 0 < media.remote[1] <= 65535
    assert accept(answered, THEM).codec.name == media.codec.name


@given(st.binary(max_size=100))
def test_any_octets_are_an_answer_or_a_peers_fault(data: bytes) -> None:
    with pytest.raises(PeerError):
        accept(b"v=0\r\n" + data, US)
