"""RFC 3264 sections 6 to 8, sentence by sentence, where a sentence concerns one audio stream and one codec."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from softswitch.core.errors import PeerError
from softswitch.sdp import negotiate
from softswitch.sdp.exchange import Exchange
from softswitch.sdp.media import PCMA, PCMU, Codec, LocalMedia, Media
from softswitch.sdp.session import Section, Session, parse_session

OURS = LocalMedia(("10.0.0.2", 20000))
THEIRS = LocalMedia(("10.0.0.1", 4000))
G729 = Codec("G729", 18, 8000)
VIDEO = b"m=video 5000 RTP/AVP 31 32\r\na=rtpmap:31 H261/90000\r\n"


def offered(*codecs: Codec, direction: str = "sendrecv") -> bytes:
    return negotiate.offer(replace(THEIRS, codecs=codecs or THEIRS.codecs), 1, direction)


def answered(offer: bytes, ours: LocalMedia = OURS, exchange: Exchange | None = None) -> tuple[Session, Media]:
    exchange = exchange or Exchange()
    body = exchange.answer(offer, ours)
    assert exchange.agreed is not None
    return parse_session(body), exchange.agreed


def audio(session: Session) -> Section:
    (found,) = [section for section in session.sections if section.kind == "audio" and section.port]
    return found


def codecs(section: Section) -> list[str]:
    events = [value.split()[0] for value in section.attributes_of("rtpmap") if "telephone-event" in value]
    return [form for form in section.formats if form not in events]


# ---- section 6: the answer -------------------------------------------------------------------------------------


def test_section_6_the_same_number_of_m_lines_in_the_same_order() -> None:
    offer = offered().replace(b"m=audio", VIDEO + b"m=image 6000 udptl t38\r\nm=audio", 1) + VIDEO
    session, _ = answered(offer)
    assert [section.kind for section in session.sections] == ["video", "image", "audio", "video"]


def test_section_6_the_t_line_equals_that_of_the_offer() -> None:
    assert answered(offered().replace(b"t=0 0", b"t=3034423619 3042462419"))[0].timing == "3034423619 3042462419"


def test_section_6_a_rejected_stream_has_port_zero_and_at_least_one_format() -> None:
    session, _ = answered(offered() + VIDEO)
    assert [(section.port, section.formats) for section in session.sections[1:]] == [(0, ("31", "32"))]


def test_section_6_a_rejected_offer_changes_nothing_and_is_refused_as_a_whole() -> None:
    exchange = Exchange()
    with pytest.raises(PeerError) as refused:
        exchange.answer(offered(G729), OURS)
    assert (refused.value.status, exchange.said, exchange.agreed) == (488, b"", None)


@pytest.mark.parametrize("offer", [offered().partition(b"m=")[0], VIDEO.join([offered().partition(b"m=")[0], b""])])
def test_section_6_without_an_audio_stream_there_is_nothing_to_answer(offer: bytes) -> None:
    with pytest.raises(PeerError):
        Exchange().answer(offer, OURS)


# ---- section 6.1: unicast streams ------------------------------------------------------------------------------


def test_section_6_1_the_answer_has_a_unicast_address_and_the_media_type_of_the_offer() -> None:
    session, _ = answered(offered())
    assert (session.address, audio(session).kind, audio(session).proto) == ("10.0.0.2", "audio", "RTP/AVP")


@pytest.mark.parametrize("address", [b"224.2.1.1", b"255.255.255.255"])
def test_section_6_1_a_multicast_stream_is_refused(address: bytes) -> None:
    with pytest.raises(PeerError):
        Exchange().answer(offered().replace(b"c=IN IP4 10.0.0.1", b"c=IN IP4 " + address), OURS)


@pytest.mark.parametrize(
    ("theirs", "wanted", "ours"),
    [
        ("sendonly", "sendrecv", "recvonly"), ("sendonly", "inactive", "inactive"),
        ("sendonly", "sendonly", "inactive"),
        ("recvonly", "sendrecv", "sendonly"), ("recvonly", "inactive", "inactive"),
        ("recvonly", "recvonly", "inactive"),
        ("sendrecv", "sendrecv", "sendrecv"), ("sendrecv", "sendonly", "sendonly"),
        ("sendrecv", "recvonly", "recvonly"),
        ("sendrecv", "inactive", "inactive"), ("inactive", "sendrecv", "inactive"),
    ],
)  # fmt: skip
def test_section_6_1_directions(theirs: str, wanted: str, ours: str) -> None:
    session, media = answered(offered(direction=theirs), exchange=Exchange(direction=wanted))
    assert audio(session).attribute(ours) is not None and media.direction == ours


def test_section_6_1_without_a_direction_it_is_sendrecv() -> None:
    assert answered(offered().replace(b"a=sendrecv\r\n", b""))[1].direction == "sendrecv"


def test_section_6_1_the_media_formats_are_a_subset_of_the_offer_in_the_offer_s_order_of_preference() -> None:
    session, media = answered(offered(G729, PCMA, PCMU))
    assert codecs(audio(session)) == ["8"] and media.codec.name == "PCMA"


def test_section_6_1_the_payload_type_of_the_offer_is_used_and_has_its_rtpmap() -> None:
    odd = Codec("PCMU", 120, 8000)
    session, media = answered(offered(odd))
    assert codecs(audio(session)) == ["120"] and "120 PCMU/8000" in audio(session).attributes_of("rtpmap")
    assert (media.codec.payload_type, media.receive_type) == (120, 120)


def test_section_6_1_a_static_payload_type_is_mapped_too() -> None:
    session, _ = answered(b"\r\n".join(line for line in offered().split(b"\r\n") if not line.startswith(b"a=rtpmap:0")))
    assert "0 PCMU/8000" in audio(session).attributes_of("rtpmap")


def test_section_6_1_with_no_format_in_common_the_stream_is_rejected() -> None:
    """Another one may be served."""
    second = b"m=audio 4002 RTP/AVP 8\r\n"
    session, media = answered(offered(G729) + second)
    assert [section.port for section in session.sections] == [0, 20000] and media.remote[1] == 4002


def test_section_6_1_media_are_sent_where_the_offer_says_and_no_faster_than_it_can_take() -> None:
    offer = offered().replace(b"a=ptime:20", b"a=ptime:40\r\nc=IN IP4 10.0.0.9")
    _, media = answered(offer)
    assert (media.remote, media.ptime_ms) == (("10.0.0.9", 4000), 40)


# ---- section 7: the offerer reads the answer -------------------------------------------------------------------


def accepted(answer: bytes, ours: LocalMedia = OURS) -> Media:
    exchange = Exchange()
    exchange.offer(ours)
    return exchange.accept(answer, ours)


def test_section_7_the_first_format_of_the_answer_is_used() -> None:
    assert accepted(offered(PCMA, PCMU)).codec == PCMA


def test_section_7_the_peer_s_payload_type_is_sent_and_ours_is_received() -> None:
    media = accepted(offered(Codec("PCMA", 110, 8000)))
    assert (media.codec.payload_type, media.receive_type) == (110, 8)


def test_section_7_ptime_of_the_answer_counts() -> None:
    assert accepted(offered().replace(b"ptime:20", b"ptime:30")).ptime_ms == 30


def test_section_7_a_rejected_stream_is_none() -> None:
    with pytest.raises(PeerError):
        accepted(offered().replace(b"audio 4000", b"audio 0"))


# ---- section 8: later descriptions (more in test_exchange) -----------------------------------------------------


def test_section_8_an_offer_with_the_same_version_is_answered_all_the_same() -> None:
    exchange = Exchange()
    first, _ = answered(offered(), exchange=exchange)
    assert answered(offered(), exchange=exchange)[0] == first


def test_section_8_either_side_may_offer_next() -> None:
    exchange = Exchange()
    answered(offered(), exchange=exchange)
    exchange.direction = "sendonly"
    assert exchange.accept(exchange.offer(OURS).replace(b"sendonly", b"recvonly"), OURS).direction == "sendonly"


def test_section_8_1_a_new_m_line_below_the_others_is_answered_in_its_place() -> None:
    exchange = Exchange()
    answered(offered(), exchange=exchange)
    session, _ = answered(offered() + VIDEO, exchange=exchange)
    assert [(section.kind, section.port) for section in session.sections] == [("audio", 20000), ("video", 0)]
    again = parse_session(exchange.offer(OURS))
    assert [(section.kind, section.port) for section in again.sections] == [("audio", 20000), ("video", 0)]


def test_section_8_2_a_stream_with_port_zero_is_answered_with_port_zero() -> None:
    exchange = Exchange()
    answered(offered(), exchange=exchange)
    session, media = answered(offered().replace(b"audio 4000", b"audio 0"), exchange=exchange)
    assert [section.port for section in session.sections] == [0] and media.held


def test_section_8_3_1_address_and_port_may_change_at_any_time() -> None:
    exchange = Exchange()
    answered(offered(), exchange=exchange)
    moved = offered().replace(b"audio 4000", b"audio 4444").replace(b"c=IN IP4 10.0.0.1", b"c=IN IP4 10.0.0.7")
    assert answered(moved, exchange=exchange)[1].remote == ("10.0.0.7", 4444)


def test_section_8_3_2_the_formats_may_change() -> None:
    exchange = Exchange()
    answered(offered(PCMU), exchange=exchange)
    session, media = answered(offered(PCMA), exchange=exchange)
    assert codecs(audio(session)) == ["8"] and media.codec == PCMA


def test_section_8_4_hold_and_the_old_way_of_it() -> None:
    """An address of zero means that neither RTP nor RTCP goes there; it stays known that media may come."""
    exchange = Exchange()
    answered(offered(), exchange=exchange)
    session, media = answered(offered().replace(b"c=IN IP4 10.0.0.1", b"c=IN IP4 0.0.0.0"), exchange=exchange)
    assert audio(session).port == 20000 and media.direction == "recvonly" and media.held


def test_section_8_4_a_held_stream_of_ours_keeps_its_port() -> None:
    exchange = Exchange(direction="sendonly")
    (section,) = parse_session(exchange.offer(OURS)).sections
    assert section.port == 20000 and section.attribute("sendonly") is not None
