"""RFC 3261 section 14: modifying a session that stands, as the one who asks and as the one who is asked."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from softswitch.call.signal import Accept, NotUpdated, Release, Released, Renegotiate, SendText, Updated
from softswitch.core.ids import Ids
from softswitch.sdp import negotiate
from softswitch.sdp.media import PCMA, Codec, LocalMedia
from softswitch.sdp.session import Section, Session, parse_session
from softswitch.sip.message import Message, Request, Response
from tests.rfc.called import Called, inside, said_to
from tests.rfc.ends import Caller
from tests.unit.call.peer import OFFER, THEIRS, invite

HOLD = Renegotiate("sendonly")
ANSWER = negotiate.offer(THEIRS, 2, "recvonly")
MOVED = negotiate.offer(LocalMedia(("10.0.0.1", 4444)), 2)
G729 = negotiate.offer(LocalMedia(("10.0.0.1", 4000), (Codec("G729", 18, 8000),)), 2)
Make = Callable[[], Caller]


def called() -> Called:
    """In a call that a peer has made."""
    one = Called()
    one.talk()
    one.told.clear()
    return one


def caller() -> Caller:
    """In a call that we have made."""
    one = Caller()
    one.up()
    one.told.clear()
    return one


either = pytest.mark.parametrize("make", [called, caller])


def only(messages: list[Message]) -> Request:
    (found,) = messages
    assert isinstance(found, Request)
    return found


def names(messages: list[Message]) -> list[str]:
    return [said.method if isinstance(said, Request) else f"{said.status} {said.cseq.method}" for said in messages]


def stream(message: Message) -> tuple[Session, Section]:
    session = parse_session(message.body)
    (section,) = session.sections
    return session, section


def version(message: Message) -> int:
    return int(parse_session(message.body).origin.split()[2])


# ---- 14.1: ours ------------------------------------------------------------------------------------------------


@either
def test_14_either_side_may_modify_the_session(make: Make) -> None:
    one = make()
    assert only(one.tell(HOLD)).method == "INVITE"
    other = make()
    assert said_to(other, inside(other, "INVITE", body=MOVED)).status == 200


@either
def test_14_1_the_whole_session_is_described_with_the_next_version(make: Make) -> None:
    one = make()
    first = only(one.tell(HOLD))
    session, section = stream(first)
    assert (session.address, section.port, section.formats[0]) == ("10.0.0.2", 20000, "0")
    assert section.attribute("sendonly") is not None and section.attributes_of("rtpmap")
    one.answered(first, 200, body=ANSWER)
    assert version(only(one.tell(Renegotiate("sendrecv")))) == version(first) + 1


@either
def test_14_1_it_is_a_request_of_the_dialog(make: Make) -> None:
    one = make()
    made, leg = only(one.tell(HOLD)), one.leg
    assert leg is not None
    assert (made.call_id, made.from_.tag, made.to.tag) == (leg.call_id, leg.local_tag, leg.remote_tag)
    assert made.uri in ("sip:1001@10.0.0.1:5060", "sip:1002@10.0.0.1")
    assert made.cseq.number == (2 if isinstance(one, Caller) and not isinstance(one, Called) else 1)


@either
def test_14_1_no_second_one_while_the_first_has_no_final_response(make: Make) -> None:
    one = make()
    first = only(one.tell(HOLD))
    assert one.tell(Renegotiate("sendrecv")) == []
    one.answered(first, 100)
    assert one.tell(Renegotiate("inactive")) == []
    assert names(one.answered(first, 200, body=ANSWER)) == ["ACK", "INVITE"]


def test_14_1_none_while_a_2xx_of_ours_waits_for_its_ack() -> None:
    one = Called()
    one.accept()
    assert one.tell(HOLD) == []
    assert names(one.hears(inside(one, "ACK", 1))) == []
    assert names([said for _, said in one.passes(0.0)]) == ["INVITE"]
    other = called()
    said_to(other, inside(other, "INVITE", 2, body=MOVED))
    assert other.tell(HOLD) == []


def test_14_1_one_may_follow_a_refusal_of_ours_before_its_ack() -> None:
    """The section has us wait. A peer who has not heard the refusal yet says 491, and we ask again (docs/sip.md)."""
    one = called()
    assert said_to(one, inside(one, "INVITE", 2, body=G729)).status == 488
    assert only(one.tell(HOLD)).method == "INVITE"


@either
def test_14_1_other_requests_do_not_wait_for_it(make: Make) -> None:
    one = make()
    one.tell(HOLD)
    assert only(one.tell(SendText("text/plain", b"hello"))).method == "MESSAGE"
    assert only(one.tell(Release())).method == "BYE"


@either
def test_14_1_nor_it_for_them(make: Make) -> None:
    one = make()
    assert only(one.tell(SendText("text/plain", b"hello"))).method == "MESSAGE"
    assert only(one.tell(HOLD)).method == "INVITE"


@either
@pytest.mark.parametrize("status", [302, 403, 488, 500, 603])
def test_14_1_a_refusal_leaves_the_session_as_it_was(make: Make, status: int) -> None:
    one = make()
    before = one.leg and one.leg.media
    assert names(one.answered(only(one.tell(HOLD)), status)) == ["ACK"]
    assert (one.leg and one.leg.media) == before
    assert [(type(said), getattr(said, "status", 0)) for said in one.told] == [(NotUpdated, status)]


@pytest.mark.parametrize(("make", "least", "most"), [(caller, 2.1, 4.0), (called, 0.0, 2.0)])
def test_14_1_after_a_491_it_is_sent_once_more_after_a_while_of_chance(make: Make, least: float, most: float) -> None:
    waits = []
    for seed in range(60):
        one = make()
        assert one.leg is not None
        one.leg.leg.setup = replace(one.leg.leg.setup, ids=Ids(random.Random(seed).getrandbits))
        one.answered(only(one.tell(HOLD)), 491)
        (again, *_) = one.passes(5.0)
        assert names([again[1]]) == ["INVITE"] and stream(again[1])[1].attribute("sendonly") is not None
        waits.append(round(again[0], 3))
    assert least <= min(waits) and max(waits) <= most and max(waits) - min(waits) > 1.0
    assert all(round(100 * wait) == pytest.approx(100 * wait) for wait in waits)  # in units of 10 ms


@either
def test_14_1_but_not_if_it_is_wanted_no_more(make: Make) -> None:
    one = make()
    one.answered(only(one.tell(HOLD)), 491)
    bye = only(one.tell(Release()))
    one.answered(bye, 200)
    assert one.passes(10.0) == []


def test_14_1_its_2xx_is_acknowledged_each_time() -> None:
    one = caller()
    made = only(one.tell(HOLD))
    acks = [only(one.answered(made, 200, body=ANSWER)) for _ in range(3)]
    assert [str(ack.cseq) for ack in acks] == ["2 ACK"] * 3
    assert len([said for said in one.told if isinstance(said, Updated)]) == 1


# ---- 14.2: theirs ----------------------------------------------------------------------------------------------


def test_14_2_a_second_invite_before_the_answer_to_the_first_is_500_with_a_wait_of_chance() -> None:
    waits = set()
    for seed in range(60):
        one = Called()
        one.invited()
        assert one.leg is not None
        one.leg.leg.setup = replace(one.leg.leg.setup, ids=Ids(random.Random(seed).getrandbits))
        refused = said_to(one, inside(one, "INVITE", 2, body=OFFER, from_tag="their"))
        assert refused.status == 500
        waits.add(int(refused.headers.get("Retry-After") or "-1"))
    assert waits <= set(range(11)) and len(waits) > 5


def test_14_2_and_the_first_one_is_answered_as_if_nothing_had_been() -> None:
    one = Called()
    one.invited()
    said_to(one, inside(one, "INVITE", 2, body=OFFER, from_tag="their"))
    (accepted,) = one.tell(Accept())
    assert isinstance(accepted, Response) and (accepted.status, str(accepted.cseq)) == (200, "1 INVITE")


@either
def test_14_2_an_invite_while_ours_is_under_way_is_491(make: Make) -> None:
    one = make()
    one.tell(HOLD)
    assert said_to(one, inside(one, "INVITE", body=MOVED)).status == 491


@either
def test_14_2_a_description_that_has_changed_is_followed(make: Make) -> None:
    one = make()
    said_to(one, inside(one, "INVITE", body=MOVED))
    assert [said.media.remote for said in one.told if isinstance(said, Updated)] == [("10.0.0.1", 4444)]


@either
@pytest.mark.parametrize("change", [False, True], ids=["the same", "another under the same version"])
def test_14_2_its_content_is_looked_at_whatever_its_version_says(make: Make, change: bool) -> None:
    one = make()
    said_to(one, inside(one, "INVITE", body=OFFER.replace(b"audio 4000", b"audio 4444") if change else OFFER))
    (media,) = [said.media for said in one.told if isinstance(said, Updated)]
    assert (media.remote[1] == 4444) == change


@either
def test_14_2_one_that_we_cannot_take_is_488_and_why(make: Make) -> None:
    one = make()
    before = one.leg and one.leg.media
    refused = said_to(one, inside(one, "INVITE", body=G729))
    assert refused.status == 488 and "G729" in (refused.headers.get("Warning") or "")
    assert (one.leg and one.leg.media) == before and one.told == []


@either
def test_14_2_a_2xx_without_an_ack_ends_the_dialog(make: Make) -> None:
    one = make()
    said_to(one, inside(one, "INVITE", body=MOVED))
    assert names([said for _, said in one.passes(32.0)])[-1] == "BYE"
    assert [said.by for said in one.told if isinstance(said, Released)] == ["network"]


@either
def test_14_2_it_is_answered_at_once_and_does_not_ring(make: Make) -> None:
    one = make()
    assert names(one.hears(inside(one, "INVITE", body=MOVED))) == ["200 INVITE"]


@either
def test_14_2_without_an_offer_ours_has_all_that_we_can_and_what_is_in_use_first(make: Make) -> None:
    one = make()
    said_to(one, inside(one, "INVITE", 2, body=negotiate.offer(LocalMedia(("10.0.0.1", 4000), (PCMA,)), 2)))
    one.hears(inside(one, "ACK", 2))
    offer = said_to(one, inside(one, "INVITE", 3))
    _, section = stream(offer)
    assert [form for form in section.formats if form in ("0", "8")] == ["8", "0"]


@either
def test_14_2_it_is_made_as_for_a_new_call_though_they_hold(make: Make) -> None:
    one = make()
    said_to(one, inside(one, "INVITE", 2, body=negotiate.offer(THEIRS, 2, "sendonly")))
    one.hears(inside(one, "ACK", 2))
    assert stream(said_to(one, inside(one, "INVITE", 3)))[1].attribute("sendrecv") is not None


@either
def test_14_2_an_answer_to_it_that_we_cannot_take_ends_the_session(make: Make) -> None:
    one = make()
    said_to(one, inside(one, "INVITE", 2))
    assert names(one.hears(inside(one, "ACK", 2, body=G729))) == ["BYE"]


def test_14_2_a_re_invite_is_told_from_a_new_call_by_its_to_tag() -> None:
    one = called()
    assert names(one.hears(inside(one, "INVITE", body=MOVED))) == ["200 INVITE"]
    new = invite()
    new.headers.replace_first("Call-ID", "another")
    new.headers.replace_first("Via", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKother")
    assert names(one.hears(new)) == ["100 INVITE"]
