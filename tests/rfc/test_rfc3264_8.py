"""RFC 3264 section 8, what tests/unit/sdp leaves: a session that changes, on the wire of a whole call."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Renegotiate, Updated
from softswitch.core.errors import PeerError
from softswitch.sdp import negotiate
from softswitch.sdp.exchange import Exchange
from softswitch.sdp.media import PCMA, PCMU, LocalMedia, Media
from softswitch.sdp.session import parse_session
from softswitch.sip.message import Request
from tests.rfc.called import Called, inside, said_to
from tests.unit.call.peer import OURS, THEIRS

FAX = b"m=image 6000 udptl t38\r\n"
FIRST = negotiate.offer(THEIRS)


def talking() -> Called:
    one = Called()
    one.talk()
    one.told.clear()
    return one


def changed(one: Called) -> list[Media]:
    return [said.media for said in one.told if isinstance(said, Updated)]


def stream(body: bytes) -> tuple[int, str]:
    (section,) = parse_session(body).sections
    return section.port, next(
        name for name in ("sendrecv", "sendonly", "recvonly", "inactive") if section.attribute(name) is not None
    )


def test_8_a_change_is_answered_by_the_rules_of_section_6() -> None:
    one = talking()
    offer = negotiate.offer(LocalMedia(("10.0.0.1", 4000), (PCMA,)), 2) + b"m=video 5000 RTP/AVP 31\r\n"
    body = said_to(one, inside(one, "INVITE", body=offer)).body
    assert [(section.kind, section.port) for section in parse_session(body).sections] == [
        ("audio", 20000),
        ("video", 0),
    ]


def test_8_an_offer_that_is_the_same_is_answered_the_same() -> None:
    one = Called()
    first = one.talk().body
    assert said_to(one, inside(one, "INVITE", body=FIRST)).body == first


def test_8_ours_differs_from_the_one_before_by_one_in_its_version() -> None:
    one = Called()
    before = parse_session(one.talk().body)
    (made,) = one.tell(Renegotiate("sendonly"))
    after = parse_session(made.body)
    was, now = before.origin.split(), after.origin.split()
    assert int(now.pop(2)) == int(was.pop(2)) + 1 and now == was


def test_8_a_number_of_m_lines_never_falls() -> None:
    exchange = Exchange()
    exchange.answer(FIRST + FAX, OURS)
    exchange.answer(FIRST + FAX.replace(b"6000", b"0"), OURS)
    assert len(parse_session(exchange.offer(OURS)).sections) == 2


def test_8_1_a_stream_in_the_slot_of_one_that_was_disabled_is_answered() -> None:
    exchange = Exchange()
    exchange.answer(FAX.join([FIRST.partition(b"m=")[0], b"m=" + FIRST.partition(b"m=")[2]]), OURS)
    twice = FIRST.replace(b"m=audio", b"m=audio 4010 RTP/AVP 0\r\nm=audio", 1)
    sections = parse_session(exchange.answer(twice, OURS)).sections
    assert [(section.kind, bool(section.port)) for section in sections] == [("audio", True), ("audio", False)]


def test_8_2_what_is_removed_gets_no_more_media_and_the_call_stays() -> None:
    one = talking()
    body = said_to(one, inside(one, "INVITE", body=FIRST.replace(b"audio 4000", b"audio 0"))).body
    assert parse_session(body).sections[0].port == 0
    assert [media.direction for media in changed(one)] == ["inactive"]


def test_8_3_1_the_new_port_is_used_at_once_and_ours_stays() -> None:
    one = talking()
    body = said_to(one, inside(one, "INVITE", body=FIRST.replace(b"audio 4000", b"audio 4444"))).body
    assert [media.remote for media in changed(one)] == [("10.0.0.1", 4444)]
    assert stream(body) == (20000, "sendrecv")


def test_8_3_1_so_is_a_new_address() -> None:
    one = talking()
    said_to(one, inside(one, "INVITE", body=FIRST.replace(b"c=IN IP4 10.0.0.1", b"c=IN IP4 10.0.0.8")))
    assert [media.remote for media in changed(one)] == [("10.0.0.8", 4000)]


def test_8_3_1_the_transport_may_change_among_those_that_we_have() -> None:
    one = talking()
    body = said_to(one, inside(one, "INVITE", body=FIRST.replace(b"RTP/AVP ", b"RTP/AVPF "))).body
    assert parse_session(body).sections[0].proto == "RTP/AVPF"
    refused = said_to(one, inside(one, "INVITE", 3, body=FIRST.replace(b"RTP/AVP ", b"RTP/SAVP ")))
    assert refused.status == 488


def test_8_3_2_only_formats_of_the_latest_offer_are_sent() -> None:
    one = talking()
    said_to(one, inside(one, "INVITE", body=negotiate.offer(LocalMedia(("10.0.0.1", 4000), (PCMA,)), 2)))
    assert [media.codec for media in changed(one)] == [PCMA]


@pytest.mark.parametrize(
    "offer",
    [
        FIRST.partition(b"m=")[0] + FAX,
        FIRST.replace(b"audio 4000", b"audio 0") + FAX,
        FIRST.replace(b"audio 4000", b"audio 0") + b"m=video 5000 RTP/AVP 31\r\n",
    ],
    ids=["in its place", "beside it", "video only"],
)
def test_8_3_3_another_media_type_in_place_of_speech_is_refused_and_speech_goes_on(offer: bytes) -> None:
    """A gateway that hears 488 to its fax sends the fax as sound."""
    one = talking()
    assert said_to(one, inside(one, "INVITE", body=offer)).status == 488
    assert changed(one) == []


def test_8_3_4_a_new_attribute_holds_from_then_on() -> None:
    one = talking()
    said_to(one, inside(one, "INVITE", body=FIRST.replace(b"ptime:20", b"ptime:40")))
    assert [media.ptime_ms for media in changed(one)] == [40]


def test_8_4_who_is_put_on_hold_does_not_hold_in_return() -> None:
    one = talking()
    assert stream(said_to(one, inside(one, "INVITE", body=negotiate.offer(THEIRS, 2, "sendonly"))).body) == (
        20000, "recvonly"
    )  # fmt: skip


def test_8_4_our_hold_is_sendonly() -> None:
    one = talking()
    (made,) = one.tell(Renegotiate("sendonly"))
    assert isinstance(made, Request) and stream(made.body) == (20000, "sendonly")


def test_8_4_each_direction_is_held_by_itself_and_what_we_offer_is_what_we_want() -> None:
    """The section would have inactive offered by who is on hold; the answer makes it that (docs/sip.md)."""
    one = talking()
    said_to(one, inside(one, "INVITE", 2, body=negotiate.offer(THEIRS, 2, "sendonly")))
    one.hears(inside(one, "ACK", 2))
    (made,) = one.tell(Renegotiate("sendonly"))
    assert isinstance(made, Request) and stream(made.body) == (20000, "sendonly")
    one.answered(made, 200, body=negotiate.offer(THEIRS, 3, "inactive"))
    assert one.leg is not None and one.leg.media is not None and one.leg.media.direction == "inactive"
    body = said_to(one, inside(one, "INVITE", 3, body=negotiate.offer(THEIRS, 4))).body
    assert stream(body) == (20000, "sendonly")  # they resume, we still hold


@pytest.mark.parametrize("family", [b"IP4 0.0.0.0", b"IP6 ::"])
def test_8_4_a_first_offer_with_an_address_of_zeros_gets_an_answer_and_no_media(family: bytes) -> None:
    exchange = Exchange()
    body = exchange.answer(FIRST.replace(b"c=IN IP4 10.0.0.1", b"c=IN " + family), OURS)
    assert stream(body) == (20000, "recvonly")
    assert exchange.agreed is not None and exchange.agreed.held


def test_8_4_a_stream_that_is_held_may_change_its_codec() -> None:
    exchange = Exchange()
    exchange.answer(FIRST, OURS)
    exchange.answer(negotiate.offer(LocalMedia(THEIRS.address, (PCMA, PCMU)), 2, "sendonly"), OURS)
    assert exchange.agreed is not None and (exchange.agreed.codec, exchange.agreed.direction) == (PCMA, "recvonly")


def test_8_a_refused_change_leaves_what_was_agreed_on() -> None:
    exchange = Exchange()
    exchange.answer(FIRST, OURS)
    before = exchange.agreed
    with pytest.raises(PeerError):
        exchange.answer(FIRST.partition(b"m=")[0] + FAX, OURS)
    assert exchange.agreed == before
