"""RFC 3264 sections 6 and 7, what tests/unit/sdp/test_rfc3264.py leaves: whose description it is, ports, formats."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from softswitch.core.errors import PeerError
from softswitch.sdp import negotiate
from softswitch.sdp.exchange import Exchange
from softswitch.sdp.media import PCMA, PCMU, Codec, LocalMedia
from softswitch.sdp.session import Section, Session, parse_session
from tests.rfc.called import Called, inside
from tests.simnet.house import House
from tests.unit.call.peer import invite

OURS = LocalMedia(("10.0.0.2", 20000), session_id=77)
THEIRS = LocalMedia(("10.0.0.1", 4000), session_id=5)


def offered(direction: str = "sendrecv", version: int = 1, codecs: tuple[Codec, ...] = (PCMU, PCMA)) -> bytes:
    return negotiate.offer(replace(THEIRS, codecs=codecs), version, direction)


def answered(offer: bytes, direction: str = "sendrecv") -> tuple[Session, Section]:
    session = parse_session(Exchange(direction=direction).answer(offer, OURS))
    return session, session.sections[-1]


def test_6_the_origin_of_the_answer_is_ours_and_its_version_has_nothing_to_do_with_theirs() -> None:
    session, _ = answered(offered(version=900))
    assert session.origin.split()[1:] == ["77", "1", "IN", "IP4", "10.0.0.2"]


def test_6_an_offer_without_any_stream_is_refused() -> None:
    """It could be answered with none; but then nobody would hear anything (docs/sip.md)."""
    with pytest.raises(PeerError) as refused:
        Exchange().answer(offered().partition(b"m=")[0], OURS)
    assert refused.value.status == 488


@pytest.mark.parametrize("theirs", ["sendonly", "recvonly", "sendrecv", "inactive"])
def test_6_1_whatever_the_direction_a_format_and_an_address_with_a_port_are_there(theirs: str) -> None:
    """Of an inactive one too, as if it were sendrecv."""
    session, section = answered(offered(theirs))
    assert (session.address, section.port, section.formats[0]) == ("10.0.0.2", 20000, "0")


@pytest.mark.parametrize("ours", ["sendonly", "recvonly", "inactive"])
def test_6_1_also_where_it_is_we_who_hold(ours: str) -> None:
    _, section = answered(offered(), ours)
    assert section.port == 20000 and section.formats[0] == "0" and section.attribute(ours) is not None


def test_6_1_a_dynamic_payload_type_has_its_rtpmap() -> None:
    _, section = answered(offered(codecs=(Codec("PCMA", 99, 8000),)))
    assert "99 PCMA/8000" in section.attributes_of("rtpmap")


def test_6_1_the_answer_names_one_codec_of_those_in_common() -> None:
    """All of them could be; what we decode is what was agreed on (docs/sip.md)."""
    _, section = answered(offered())
    assert section.formats == ("0", "101")


def test_6_1_it_says_how_long_packets_to_us_should_be() -> None:
    assert answered(offered())[1].attribute("ptime") == "20"


def test_6_1_nothing_in_common_in_any_stream_refuses_the_whole() -> None:
    g729 = offered(codecs=(Codec("G729", 18, 8000),))
    with pytest.raises(PeerError) as refused:
        Exchange().answer(g729 + b"m=audio 4002 RTP/AVP 3\r\n", OURS)
    assert refused.value.status == 488 and "GSM/8000" in (refused.value.warning or "")


def test_6_1_media_may_come_and_go_as_soon_as_the_answer_is_sent() -> None:
    """The stream has its port before there is an offer, and is connected when there is an answer."""
    house = House()
    call = house.desk.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    (media,) = house.world.media.streams.values()
    assert media is not None and media.remote == call.rtp


def test_6_1_what_is_sent_has_the_payload_type_of_the_offer() -> None:
    exchange = Exchange()
    exchange.answer(offered(codecs=(Codec("PCMA", 120, 8000),)), OURS)
    assert exchange.agreed is not None and exchange.agreed.codec.payload_type == 120


def test_7_only_a_format_of_the_answer_is_sent() -> None:
    exchange = Exchange()
    exchange.offer(OURS)
    assert exchange.accept(offered(codecs=(PCMA,)), OURS).codec == PCMA


def test_7_an_answer_with_formats_that_were_not_offered_only_is_none() -> None:
    exchange = Exchange()
    exchange.offer(OURS)
    with pytest.raises(PeerError):
        exchange.accept(offered(codecs=(Codec("G729", 18, 8000),)), OURS)


@pytest.mark.parametrize(("theirs", "ours"), [("recvonly", "sendonly"), ("sendonly", "recvonly"),
                                              ("inactive", "inactive"), ("sendrecv", "sendrecv")])  # fmt: skip
def test_7_we_send_only_if_the_answer_says_that_it_is_received(theirs: str, ours: str) -> None:
    exchange = Exchange()
    exchange.offer(OURS)
    assert exchange.accept(offered(theirs), OURS).direction == ours


def test_7_an_answer_that_rejects_the_stream_ends_the_call() -> None:
    one = Called()
    one.accept(invite(b""))
    said = one.hears(inside(one, "ACK", 1, body=offered().replace(b"audio 4000", b"audio 0")))
    assert [getattr(message, "method", "") for message in said] == ["BYE"]
