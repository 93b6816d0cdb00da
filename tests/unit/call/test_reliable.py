"""100rel and PRACK, as the called one and as the caller (RFC 3262), and UPDATE before the answer (RFC 3311)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from softswitch.call.leg import Leg
from softswitch.call.signal import (
    Accept,
    Answered,
    Failed,
    NotUpdated,
    Offered,
    Progress,
    Reject,
    Release,
    Renegotiate,
    Respond,
    Ring,
    SendRequest,
)
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.sdp import negotiate
from softswitch.sip.effect import CancelArrived, ResponseArrived, TransactionFailed
from softswitch.sip.message import Message, Response
from tests.support.sip_pair import Pair
from tests.unit.call.peer import (
    OFFER,
    SDP,
    THEIRS,
    ack,
    answer,
    arrived,
    calling,
    inside,
    invite,
    offered,
    requests_in,
    response_in,
    status_in,
    up,
)
from tests.unit.call.test_ladder import ends, hanging_up, losing
from tests.unit.sip.exchange import UDP, request, response

SUPPORTED = (("Supported", "100rel"), ("Allow", "UPDATE, PRACK"))
REQUIRED = (("Require", "100rel"),)
RELIABLE = (("Require", "100rel"), ("RSeq", "7"), ("Allow", "UPDATE"))
HELD = negotiate.offer(THEIRS, 2, "sendonly")


def supported(body: bytes = OFFER) -> Leg:
    return offered(invite(body, SUPPORTED))[0]


def required(body: bytes = OFFER) -> Leg:
    return offered(invite(body, REQUIRED))[0]


def prack(leg: Leg, rseq: int | str, body: bytes = b"", cseq: int = 2, rack: str = "") -> list[Effect]:
    more = (("RAck", rack or f"{rseq} 1 INVITE"), *(SDP if body else ()))
    made = request("PRACK", to_tag=leg.local_tag, cseq=cseq, more=more, body=body)
    return leg.handle(arrived(made, f"t{cseq}"), 0.2)


def rseq(response: Response) -> int:
    return int(response.headers.get("RSeq") or "0")


def ringing(leg: Leg, status: int = 183, now: float = 0.1) -> Response:
    return response_in(leg.handle(Ring(status), now))


def bodies(effects: list[Effect]) -> list[Response]:
    return [effect.response for effect in effects if isinstance(effect, Respond)]


# ---- as ladders ------------------------------------------------------------------------------------------------


def early_media(pair: Pair, accept_at: float = 2.0) -> Pair:
    pair.hear = lambda _side, signal: (
        [(1.0, "b", Ring(183)), (accept_at, "b", Accept())] if isinstance(signal, Offered) else []
    )
    return pair


def test_early_media_are_acknowledged_and_the_200_says_nothing_more() -> None:
    pair = hanging_up(early_media(Pair()), "a", 10.0)
    described: list[tuple[str, bool]] = []

    def spy(side: str, message: Message) -> bool:
        described.append((side, bool(message.body)))
        return False

    pair.drop = spy
    pair.dial()
    pair.run(100.0)
    assert pair.ladder() == [
        "a INVITE", "b 100 INVITE", "b 183 INVITE", "a PRACK", "b 200 PRACK", "b 200 INVITE", "a ACK", "a BYE",
        "b 200 BYE",
    ]  # fmt: skip
    assert [number for number, (_, body) in enumerate(described) if body] == [0, 2]
    (answered,) = pair.a.said(Answered)
    assert answered.media is not None  # type: ignore[union-attr]
    assert answered.media.remote == pair.b.local.address  # type: ignore[union-attr]


def test_a_reliable_183_is_repeated_until_the_prack_and_acknowledged_once() -> None:
    pair = losing(hanging_up(early_media(Pair(), 8.0), "a", 20.0), "b", "183 INVITE", 2)
    pair.dial()
    pair.run(100.0)
    assert pair.times("b", "183 INVITE") == [1.01, 1.51, 2.51]
    assert pair.times("a", "PRACK") == [2.52]
    assert len(pair.a.said(Progress)) == 1


def test_the_200_waits_for_the_prack() -> None:
    pair = losing(hanging_up(early_media(Pair(), 1.001), "a", 20.0), "a", "PRACK", 3)
    pair.dial()
    pair.run(100.0)
    assert pair.times("a", "PRACK") == [1.02, 1.52, 2.52, 4.52]
    assert pair.times("b", "200 INVITE") == [4.53]
    assert ends(pair, "b")[0].by == "peer"  # type: ignore[union-attr]


def test_no_prack_is_504_after_64_t1() -> None:
    pair = losing(early_media(Pair(), 3.0), "a", "PRACK", 1000)
    pair.dial()
    pair.run(200.0)
    assert pair.times("b", "183 INVITE") == [1.01, 1.51, 2.51, 4.51, 8.51, 16.51, 32.51]
    assert pair.times("b", "504 INVITE") == [33.01]
    assert ends(pair, "b") == [Failed("in0", 504, "no PRACK", "network")]
    assert ends(pair, "a")[0].status == 504  # type: ignore[union-attr]


def test_hold_before_the_answer_is_an_update() -> None:
    pair = hanging_up(early_media(Pair(), 5.0), "a", 20.0)
    pair.at(2.0, lambda: pair.tell("a", Renegotiate("sendonly")))
    pair.at(3.0, lambda: pair.tell("b", Renegotiate("inactive")))
    pair.dial()
    pair.run(100.0)
    assert pair.ladder()[5:10] == ["a UPDATE", "b 200 UPDATE", "b UPDATE", "a 200 UPDATE", "b 200 INVITE"]
    (answered,) = pair.a.said(Answered)
    assert answered.media.direction == "inactive"  # type: ignore[union-attr]


# ---- as UAS: section 3 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "status", "reliable"),
    [
        (SUPPORTED, 180, False), (SUPPORTED, 183, True), (REQUIRED, 180, True), (REQUIRED, 183, True), ((), 183, False),
    ],
)  # fmt: skip
def test_section_3_which_provisional_responses_are_reliable(
    more: tuple[tuple[str, str], ...], status: int, reliable: bool
) -> None:
    leg, (trying, _) = offered(invite(more=more))
    assert "RSeq" not in trying.response.headers  # type: ignore[attr-defined]  # a 100 never is
    sent = ringing(leg, status)
    assert ("RSeq" in sent.headers, sent.headers.get("Require") == "100rel") == (reliable, reliable)
    if reliable:
        assert 1 <= rseq(sent) <= 2**31 - 1


def test_section_3_the_next_one_waits_for_the_prack_and_its_rseq_is_one_higher() -> None:
    leg = required()
    first = ringing(leg, 180)
    assert leg.handle(Ring(183), 0.15) == []
    ok, second = bodies(prack(leg, rseq(first)))
    assert (ok.status, second.status, rseq(second)) == (200, 183, rseq(first) + 1)
    assert second.body and not ok.body


@pytest.mark.parametrize("rack", ["1 1 INVITE", "x 1 INVITE", "", "9999999999999 1 INVITE", "{} 2 INVITE", "{} 1 BYE"])
def test_section_3_a_prack_that_matches_nothing_is_481(rack: str) -> None:
    leg = required()
    number = rseq(ringing(leg))
    assert status_in(prack(leg, 0, rack=rack.format(number) or " ")) == 481
    assert status_in(prack(leg, number, cseq=3)) == 200
    assert status_in(prack(leg, number, cseq=4)) == 481  # it has been acknowledged


def test_section_3_a_refusal_does_not_wait_and_ends_the_repeats() -> None:
    leg = required()
    number = rseq(ringing(leg))
    assert status_in(leg.handle(Reject(486), 0.3)) == 486
    assert leg.tick(1.1) == [] and leg.state is S.ENDED
    assert status_in(prack(leg, number)) == 200  # MUST be prepared to process it
    assert leg.deadline == pytest.approx(32.1)
    leg.tick(32.1)
    assert leg.state is S.FINISHED


def test_section_3_a_2xx_waits_only_if_a_description_is_unacknowledged() -> None:
    leg = required()
    number = rseq(ringing(leg, 180))
    assert status_in(leg.handle(Accept(), 0.3)) == 200
    assert leg.leg.ack is not None and leg.leg.ack.resend_at == 0.8
    assert leg.deadline == 0.8  # the 180 is not repeated
    assert status_in(prack(leg, number)) == 200
    assert leg.state is S.ANSWERED


def test_section_3_a_reminder_comes_every_two_and_a_half_minutes_with_a_new_rseq() -> None:
    leg = required()
    first = ringing(leg, 180, 0.1)
    prack(leg, rseq(first))
    assert leg.deadline == pytest.approx(150.1)
    again = response_in(leg.tick(150.1))
    assert (again.status, rseq(again)) == (180, rseq(first) + 1)


@pytest.mark.parametrize(
    ("event", "status"),
    [(Release(480), 480), (Reject(603), 603), (CancelArrived("t1", request("CANCEL"), UDP), 487)],
    ids=["release", "reject", "cancel"],
)
def test_what_ends_an_acceptance_that_waits(event: Release | Reject | CancelArrived, status: int) -> None:
    leg = supported()
    ringing(leg)
    assert leg.handle(Accept(), 0.2) == [] and leg.state is S.ACCEPT_DUE
    assert leg.handle(Accept(), 0.2) == leg.handle(Ring(), 0.2) == []
    effects = leg.handle(event, 0.3)
    assert status_in(effects) == status and [type(one) for one in effects][1] is Failed


# ---- offer and answer: section 5 -------------------------------------------------------------------------------


def test_section_5_without_an_offer_the_first_reliable_response_has_one() -> None:
    leg = required(b"")
    sent = ringing(leg, 180)
    assert b"m=audio 20000" in sent.body
    assert status_in(prack(leg, rseq(sent))) == 400  # the answer is missing
    theirs, _ = negotiate.answer(sent.body, THEIRS)
    assert leg.handle(Accept(), 0.3) == []
    ok, accepted = bodies(prack(leg, rseq(sent), theirs, 3))
    assert (ok.status, accepted.status, accepted.body) == (200, 200, b"")
    assert leg.media is not None and leg.media.remote == THEIRS.address
    assert leg.handle(ack(leg), 0.4) == [] and leg.state is S.UP


def test_section_5_an_offer_in_the_prack_is_answered_in_its_200() -> None:
    leg = supported()
    (ok,) = bodies(prack(leg, rseq(ringing(leg)), HELD))
    assert b"a=recvonly" in ok.body
    (answered,) = [one for one in leg.handle(Accept(), 0.3) if isinstance(one, Answered)]
    assert answered.media is not None and answered.media.held


def test_section_5_an_offer_in_the_prack_of_a_response_that_answered_nothing_is_refused() -> None:
    leg = required()
    assert status_in(prack(leg, rseq(ringing(leg, 180)), HELD)) == 400


def test_what_cannot_be_used_in_a_prack_is_refused_and_may_come_again() -> None:
    leg = supported()
    number = rseq(ringing(leg))
    assert status_in(prack(leg, number, HELD.replace(b"0 8", b"4").replace(b"PCM", b"G7"))) == 488
    assert status_in(prack(leg, number, cseq=3)) == 200


# ---- as UAC: section 4 -----------------------------------------------------------------------------------------


def racks(effects: list[Effect]) -> list[str | None]:
    return [made.headers.get("RAck") for made in requests_in(effects) if made.method == "PRACK"]


def numbered(number: int | str) -> tuple[tuple[str, str], ...]:
    return (("Require", "100rel"), ("RSeq", str(number)), ("Allow", "UPDATE"))


def test_section_4_each_one_in_order_is_acknowledged_once() -> None:
    leg, sent = calling()
    assert "100rel" in (sent.headers.get("Supported") or "")
    assert racks(answer(leg, sent, 180, more=numbered(7))) == ["7 1 INVITE"]
    assert answer(leg, sent, 180, more=numbered(7)) == []  # a repeat
    assert answer(leg, sent, 183, more=numbered(9)) == []  # has overtaken the next
    assert racks(answer(leg, sent, 183, more=numbered(8))) == ["8 1 INVITE"]
    assert racks(answer(leg, sent, 183, more=numbered(9))) == ["9 1 INVITE"]


def test_section_4_each_branch_counts_for_itself() -> None:
    leg, sent = calling()
    for tag, number in (("x", 7), ("y", 900)):
        (effect, _) = answer(leg, sent, 180, tag, more=numbered(number))
        assert isinstance(effect, SendRequest)
        assert (effect.request.to.tag, effect.request.headers.get("RAck")) == (tag, f"{number} 1 INVITE")
        assert effect.request.cseq.number == 2


@pytest.mark.parametrize("number", ["0", "4294967296", "x", "-1", ""])
def test_an_rseq_that_is_none_is_not_acknowledged(number: str) -> None:
    leg, sent = calling()
    assert answer(leg, sent, 180, more=numbered(number)) == []


def test_section_4_in_a_100_the_option_is_ignored() -> None:
    leg, sent = calling()
    assert answer(leg, sent, 100, "", more=numbered(7)) == []


def test_the_answer_of_a_reliable_response_stands_whatever_the_2xx_says() -> None:
    leg, sent = calling()
    answer(leg, sent, 183, body=OFFER, more=RELIABLE)
    answer(leg, sent, 200, body=negotiate.offer(replace(THEIRS, address=("10.0.0.66", 6666))))
    assert leg.media is not None and leg.media.remote == THEIRS.address


def test_a_peer_who_has_us_acknowledge_without_end_is_not_answered() -> None:
    leg, sent = calling()
    pracks = [racks(answer(leg, sent, 183, more=numbered(7 + number))) for number in range(100)]
    assert sum(map(len, pracks)) == 32 == len(leg.leg.asked)


# ---- UPDATE: RFC 3311 section 5.2 ------------------------------------------------------------------------------


def test_update_refreshes_the_target_and_answers_an_offer() -> None:
    leg = up()
    leg.leg.dialog.remote_target = "sip:old@10.0.0.99"  # type: ignore[union-attr]
    effects = inside(leg, "UPDATE", HELD)
    assert b"a=recvonly" in response_in(effects).body and response_in(effects).headers.get("Contact")
    assert leg.leg.dialog.remote_target == "sip:1001@10.0.0.1:5060"  # type: ignore[union-attr]
    assert leg.media is not None and leg.media.held and len(effects) == 2
    assert not response_in(inside(leg, "UPDATE", cseq=3)).body
    assert leg.leg.ack is None


def test_update_before_their_offer_is_answered_is_500_with_retry_after() -> None:
    leg = supported()
    refusal = response_in(inside(leg, "UPDATE", HELD))
    assert refusal.status == 500 and 0 <= int(refusal.headers.get("Retry-After") or "-1") <= 10
    assert status_in(inside(leg, "UPDATE", cseq=3)) == 200  # without an offer it may come


def test_update_while_our_offer_is_unanswered_is_491() -> None:
    leg, sent = calling()
    answer(leg, sent, 180)
    assert status_in(inside(leg, "UPDATE", HELD, from_tag="x")) == 491
    late = required(b"")
    ringing(late)
    assert status_in(inside(late, "UPDATE", HELD)) == 491


def test_update_after_a_reliable_answer_moves_early_media() -> None:
    leg, sent = calling()
    answer(leg, sent, 183, body=OFFER, more=RELIABLE)
    moved = negotiate.offer(replace(THEIRS, address=("10.0.0.7", 4444)), 2)
    ok, progress = inside(leg, "UPDATE", moved, from_tag="x")
    assert isinstance(ok, Respond) and ok.response.body
    assert isinstance(progress, Progress) and progress.media is not None
    assert progress.media.remote == ("10.0.0.7", 4444)
    answer(leg, sent, 200)
    assert leg.media == progress.media


def test_an_update_that_cannot_be_served_leaves_the_session() -> None:
    leg = up()
    before = leg.media
    assert status_in(inside(leg, "UPDATE", OFFER.replace(b"0 8", b"4").replace(b"PCM", b"G7"))) == 488
    assert leg.media == before


def test_an_early_update_without_any_answer_does_not_block_the_session() -> None:
    leg, sent = calling()
    prack_, _ = answer(leg, sent, 183, body=OFFER, more=RELIABLE)
    assert leg.handle(Renegotiate("sendonly"), 1.0) == []  # the PRACK must not be overtaken
    made = prack_.request  # type: ignore[attr-defined]
    made.headers.prepend("Via", "SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKp")
    leg.handle(ResponseArrived("out", "t", response(made, 200, ""), UDP), 1.1)
    (update,) = requests_in(leg.tick(1.1))
    assert update.method == "UPDATE"
    effects = leg.handle(TransactionFailed("out", "t", "UPDATE", "timeout", update), 33.0)
    assert effects == [NotUpdated("out", 408, "timeout")]
    answer(leg, sent, 200)
    assert status_in(inside(leg, "INVITE", HELD, from_tag="x")) == 200
