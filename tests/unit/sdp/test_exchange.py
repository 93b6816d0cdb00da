"""RFC 3264 section 8: what a later description takes over from those before it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from softswitch.core.errors import PeerError
from softswitch.sdp import negotiate
from softswitch.sdp.exchange import Exchange
from softswitch.sdp.media import PCMA, PCMU, Codec, LocalMedia, Media
from softswitch.sdp.session import parse_session

OURS = LocalMedia(("10.0.0.2", 20000))
THEIRS = LocalMedia(("10.0.0.1", 4000))
OPUS = Codec("opus", 111, 48000)
VIDEO_FIRST = b"m=video 5000 RTP/AVP 31\r\nm=audio"


def version(body: bytes) -> int:
    return int(parse_session(body).origin.split()[2])


def agreed(exchange: Exchange) -> Media:
    assert exchange.agreed is not None
    return exchange.agreed


def ports(body: bytes) -> list[tuple[str, int]]:
    return [(section.kind, section.port) for section in parse_session(body).sections]


def test_section_8_the_version_rises_by_one_only_if_the_description_changes() -> None:
    exchange = Exchange()
    first, again = exchange.offer(OURS), exchange.offer(OURS)
    assert first == again and version(first) == 1
    exchange.direction = "sendonly"
    assert version(exchange.offer(OURS)) == 2
    exchange.direction = "sendrecv"
    assert version(exchange.offer(OURS)) == 3


def test_section_8_an_answer_that_says_the_same_keeps_its_version() -> None:
    exchange = Exchange()
    offer = negotiate.offer(THEIRS)
    bodies = [exchange.answer(offer, OURS) for _ in range(2)]
    assert bodies[0] == bodies[1]
    held = exchange.answer(negotiate.offer(THEIRS, 2, "sendonly"), OURS)
    assert version(held) == 2 and agreed(exchange).held


def test_section_8_the_origin_is_the_same_but_for_the_version() -> None:
    exchange = Exchange()
    bodies = [exchange.offer(OURS)]
    exchange.direction = "inactive"
    bodies.append(exchange.offer(OURS))
    words = [parse_session(body).origin.split() for body in bodies]
    assert len({(*one[:2], *one[3:]) for one in words}) == 1


def test_an_offer_that_cannot_be_answered_changes_nothing() -> None:
    exchange = Exchange()
    said, media = exchange.answer(negotiate.offer(THEIRS), OURS), exchange.agreed
    with pytest.raises(PeerError):
        exchange.answer(negotiate.offer(replace(THEIRS, codecs=(OPUS,)), 2), OURS)
    assert (exchange.said, exchange.version, exchange.agreed) == (said, 1, media)


def test_section_8_our_offer_has_every_m_line_there_was_in_its_place() -> None:
    exchange = Exchange()
    offer = negotiate.offer(THEIRS).replace(b"m=audio", VIDEO_FIRST, 1)
    body = exchange.answer(offer, OURS)
    assert ports(body) == [("video", 0), ("audio", 20000)]
    ours = exchange.offer(OURS)
    assert ports(ours) == [("video", 0), ("audio", 20000)]
    theirs = negotiate.offer(THEIRS).replace(b"m=audio", b"m=video 0 RTP/AVP 31\r\nm=audio", 1)
    assert exchange.accept(theirs, OURS).remote == ("10.0.0.1", 4000)


def test_section_6_an_answer_that_serves_another_m_line_than_we_offered_is_none() -> None:
    exchange = Exchange()
    exchange.offer(OURS)
    moved = negotiate.offer(THEIRS).replace(b"m=audio", b"m=audio 0 RTP/AVP 0\r\nm=audio", 1)
    with pytest.raises(PeerError):
        exchange.accept(moved, OURS)


def test_section_8_3_2_a_payload_type_means_what_it_meant() -> None:
    ours = replace(OURS, codecs=(PCMU, PCMA, replace(OPUS, payload_type=96)))
    exchange = Exchange()
    offer = negotiate.offer(replace(THEIRS, codecs=(OPUS,))).replace(b"101 telephone", b"97 telephone")
    offer = offer.replace(b" 101\r\n", b" 97\r\n").replace(b"fmtp:101", b"fmtp:97")
    exchange.answer(offer, ours)
    media = agreed(exchange)
    assert (media.codec.name, media.receive_type, media.telephone_event) == ("opus", 111, 97)
    again = exchange.offer(ours)
    (audio,) = parse_session(again).sections
    assert audio.formats[:3] == ("111", "0", "8")
    assert "97 telephone-event/48000" in audio.attributes_of("rtpmap")
    assert exchange.accept(negotiate.offer(replace(THEIRS, codecs=(OPUS,))), ours).receive_type == 111


def test_section_8_2_a_stream_that_is_given_up_by_port_0_comes_back() -> None:
    exchange = Exchange()
    exchange.answer(negotiate.offer(THEIRS), OURS)
    media = agreed(exchange)
    body = exchange.answer(negotiate.offer(THEIRS, 2).replace(b"audio 4000", b"audio 0"), OURS)
    assert ports(body) == [("audio", 0)] and agreed(exchange).held
    assert ports(exchange.offer(OURS)) == [("audio", 20000)]
    body = exchange.answer(negotiate.offer(THEIRS, 3), OURS)
    assert ports(body) == [("audio", 20000)] and agreed(exchange) == media


def test_a_first_offer_without_a_stream_is_488() -> None:
    with pytest.raises(PeerError) as refused:
        Exchange().answer(negotiate.offer(THEIRS).replace(b"audio 4000", b"audio 0"), OURS)
    assert refused.value.status == 488


HOLDS = {
    "sendonly": [(b"a=sendrecv", b"a=sendonly")],
    "recvonly": [(b"a=sendrecv", b"a=recvonly")],
    "inactive": [(b"a=sendrecv", b"a=inactive")],
    "0.0.0.0": [(b"c=IN IP4 10.0.0.1", b"c=IN IP4 0.0.0.0")],
    "::": [(b"c=IN IP4 10.0.0.1", b"c=IN IP6 ::")],
    "port 0": [(b"audio 4000", b"audio 0")],
    "session level": [(b"\r\na=sendrecv", b""), (b"t=0 0", b"t=0 0\r\na=sendonly")],
    "media level 0.0.0.0": [(b"a=rtpmap:0", b"c=IN IP4 0.0.0.0\r\na=rtpmap:0")],
}


@pytest.mark.parametrize("form", HOLDS)
def test_hold_in_all_its_forms_and_resume(form: str) -> None:
    exchange = Exchange()
    exchange.answer(negotiate.offer(THEIRS), OURS)
    media = agreed(exchange)
    offer = negotiate.offer(THEIRS, 2)
    for before, after in HOLDS[form]:
        assert before in offer
        offer = offer.replace(before, after, 1)
    exchange.answer(offer, OURS)
    held = agreed(exchange)
    # recvonly is no hold: the peer wants to hear and does not speak.
    assert held.direction == {"recvonly": "sendonly", "inactive": "inactive", "port 0": "inactive"}.get(
        form, "recvonly"
    )
    assert held.held is (form != "recvonly")
    exchange.answer(negotiate.offer(THEIRS, 3), OURS)
    assert exchange.agreed == media
