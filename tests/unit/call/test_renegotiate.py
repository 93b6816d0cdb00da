"""Re-INVITE and UPDATE of ours: hold and resume, glare, refusals, challenges, and what is too late (section 14)."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from softswitch.call.leg import Leg
from softswitch.call.signal import (
    Accept,
    Answered,
    NotUpdated,
    Release,
    Released,
    Renegotiate,
    SendAck,
    SendCancel,
    SendRequest,
    Updated,
)
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.sdp import negotiate
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.message import Request, Response
from tests.support.sip_pair import Pair
from tests.unit.call.peer import (
    OFFER,
    SDP,
    THEIRS,
    ack,
    answer,
    answered,
    arrived,
    calling,
    established,
    inside,
    invite,
    offered,
    requests_in,
    response_in,
    status_in,
    up,
)
from tests.unit.call.test_ladder import answering, ends, hanging_up
from tests.unit.sip.exchange import UDP, request, response

HELD = negotiate.offer(THEIRS, 2, "recvonly")
CHALLENGE = (("WWW-Authenticate", 'Digest realm="phone", nonce="abc"'),)


def told(leg: Leg, direction: str, now: float = 2.0) -> Request:
    """Our re-INVITE."""
    (sent,) = requests_in(leg.handle(Renegotiate(direction), now))
    return sent


def replied(
    leg: Leg, to: Request, status: int, body: bytes = b"", more: tuple[tuple[str, str], ...] = (), now: float = 3.0
) -> list[Effect]:
    made = response(to, status, "", (*more, ("Contact", "<sip:x@10.0.0.9>"), *(SDP if body else ())))
    return leg.handle(ResponseArrived(leg.id, "t", Response(status, made.reason, made.headers, body), UDP), now)


# ---- as ladders ------------------------------------------------------------------------------------------------


def test_we_hold_and_resume() -> None:
    pair = answering(Pair())
    for at, direction in ((10.0, "sendonly"), (20.0, "sendrecv")):
        pair.at(at, lambda direction=direction: pair.tell("a", Renegotiate(direction)))  # type: ignore[misc]
    hanging_up(pair, "a", 30.0).dial()
    pair.run(200.0)
    assert pair.ladder()[5:] == [
        "a INVITE", "b 200 INVITE", "a ACK", "a INVITE", "b 200 INVITE", "a ACK", "a BYE", "b 200 BYE",
    ]  # fmt: skip
    directions = {
        name: [said.media.direction for said in pair.sides[name].said(Updated)]  # type: ignore[union-attr]
        for name in "ab"
    }
    assert directions == {"a": ["sendonly", "sendrecv"], "b": ["recvonly", "sendrecv"]}


def test_the_called_one_holds() -> None:
    pair = answering(Pair())
    pair.at(10.0, lambda: pair.tell("b", Renegotiate("inactive")))
    hanging_up(pair, "b", 30.0).dial()
    pair.run(200.0)
    assert pair.ladder()[5:] == ["b INVITE", "a 200 INVITE", "b ACK", "b BYE", "a 200 BYE"]


def test_glare_both_wait_and_both_are_heard_in_the_end() -> None:
    """Section 14.1: whoever owns the Call-ID waits 2.1 to 4 s, the other 0 to 2 s, in units of 10 ms."""
    pair = answering(Pair())
    for name in "ab":
        pair.at(10.0, lambda name=name: pair.tell(name, Renegotiate("sendonly")))  # type: ignore[misc]
    hanging_up(pair, "a", 30.0).dial()
    pair.run(200.0)
    assert sorted(pair.ladder()[5:11]) == [
        "a 491 INVITE", "a ACK", "a INVITE", "b 491 INVITE", "b ACK", "b INVITE",
    ]  # fmt: skip
    assert pair.ladder()[11:14] == ["b INVITE", "a 200 INVITE", "b ACK"]
    wait_s = pair.times("b", "INVITE")[1] - 10.02
    assert 0 <= wait_s <= 2.0 and round(wait_s * 100, 6) % 1 == 0
    # Each wants to send only: in the end neither does. What the caller wants went with its answer.
    assert [leg.media.direction for leg in pair.a.every + pair.b.every if leg.media] == ["inactive", "inactive"]
    assert ends(pair, "b") == [Released("in0", "peer", "bye")]


@pytest.mark.parametrize(("made", "least", "most"), [(up, 0.0, 2.0), (lambda: established()[0], 2.1, 4.0)])
def test_section_14_1_whoever_owns_the_call_id_waits_longer(made, least: float, most: float) -> None:  # type: ignore[no-untyped-def]
    leg = made()
    sent = told(leg, "sendonly")
    assert replied(leg, sent, 491, now=3.0) == []
    assert leg.deadline is not None
    wait_s = leg.deadline - 3.0
    assert least <= wait_s <= most and round(wait_s * 100, 6) % 1 == 0


def test_a_2xx_that_is_repeated_is_acknowledged_again() -> None:
    pair = answering(Pair())
    pair.at(10.0, lambda: pair.tell("a", Renegotiate("sendonly")))
    pair.drop = lambda who, message: (
        who == "a" and isinstance(message, Request) and (message.method == "ACK" and 10.0 < pair.now < 12.0)
    )
    hanging_up(pair, "a", 30.0).dial()
    pair.run(200.0)
    assert pair.times("b", "200 INVITE")[1:] == [10.01, 10.51, 11.51, 13.51]
    assert pair.times("a", "ACK")[1:] == [10.02, 10.52, 11.52, 13.52]
    assert ends(pair, "b") == [Released("in0", "peer", "bye")]


def test_a_wish_before_the_session_stands_is_carried_out_when_it_does() -> None:
    pair = answering(Pair())
    pair.at(1.5, lambda: pair.tell("a", Renegotiate("sendonly")))
    hanging_up(pair, "a", 30.0).dial()
    pair.run(200.0)
    assert pair.ladder()[3:8] == ["b 200 INVITE", "a ACK", "a INVITE", "b 200 INVITE", "a ACK"]
    assert [type(said) for said in pair.a.said()][1:3] == [Answered, Updated]


def test_a_wish_before_the_answer_goes_with_the_answer() -> None:
    leg, _ = offered()
    assert leg.handle(Renegotiate("sendonly"), 0.0) == []
    ok = response_in(leg.handle(Accept(), 1.0))
    assert b"a=sendonly" in ok.body
    assert leg.handle(ack(leg), 1.1) == [] and leg.tick(1.1) == [] and leg.leg.change is None


def test_what_is_wanted_while_a_change_is_under_way_follows_it() -> None:
    leg = up()
    first = told(leg, "sendonly")
    assert leg.handle(Renegotiate("sendrecv"), 2.5) == []
    effects = replied(leg, first, 200, HELD)
    assert [type(one) for one in effects] == [SendAck, Updated, SendRequest]
    assert b"a=sendrecv" in effects[2].request.body  # type: ignore[attr-defined]


def test_our_offer_lists_every_m_line_of_the_session() -> None:
    video = OFFER.replace(b"m=audio", b"m=video 5000 RTP/AVP 31\r\nm=audio", 1)
    leg, _ = answered(invite(video))
    leg.handle(ack(leg), 0.1)
    body = told(leg, "sendonly").body
    assert [line.split()[:2] for line in body.split(b"\r\n") if line.startswith(b"m=")] == [
        [b"m=video", b"0"], [b"m=audio", b"20000"],
    ]  # fmt: skip


# ---- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 488, 500, 603])
def test_a_refusal_leaves_the_session_as_it_was(status: int) -> None:
    leg = up()
    before = leg.media
    effects = replied(leg, told(leg, "sendonly"), status)
    assert effects == [NotUpdated("in", status, "Because")]
    assert (leg.state, leg.media, leg.leg.exchange.direction) == (S.UP, before, "sendrecv")
    assert b"a=sendonly" in told(leg, "sendonly", 4.0).body  # and it may be tried again


@pytest.mark.parametrize("status", [408, 481])
def test_408_and_481_end_the_dialog(status: int) -> None:
    leg = up()
    effects = replied(leg, told(leg, "sendonly"), status)
    assert [made.method for made in requests_in(effects)] == ["BYE"]
    assert effects[1] == Released("in", "network", str(status))


def test_no_answer_ends_the_dialog() -> None:
    leg = up()
    sent = told(leg, "sendonly")
    effects = leg.handle(TransactionFailed("in", "t", "INVITE", "timeout", sent), 34.0)
    assert [made.method for made in requests_in(effects)] == ["BYE"]
    assert effects[1] == Released("in", "network", "timeout")


def test_a_2xx_without_a_usable_answer_is_ack_and_bye() -> None:
    leg = up()
    effects = replied(leg, told(leg, "sendonly"), 200)
    assert [made.method for made in requests_in(effects)] == ["ACK", "BYE"]
    assert effects[2] == Released("in", "us", "no answer in the 2xx")


def test_491_again_and_again_is_given_up() -> None:
    leg = up()
    sent = told(leg, "sendonly")
    said: list[Effect] = []
    tries = 1
    now = 3.0
    while True:
        said = replied(leg, sent, 491, now=now)
        if said:
            break
        assert leg.deadline is not None and leg.deadline <= now + 4.0
        now = leg.deadline
        (sent,) = requests_in(leg.tick(now))
        tries += 1
    assert said == [NotUpdated("in", 491, "Because")] and tries == 6


def test_500_with_retry_after_is_tried_again_when_it_says() -> None:
    leg = up()
    assert replied(leg, told(leg, "sendonly"), 500, more=(("Retry-After", "7"),)) == []
    assert leg.deadline == 10.0
    assert [made.method for made in requests_in(leg.tick(10.0))] == ["INVITE"]


def test_an_answer_that_does_not_come_is_cancelled() -> None:
    leg = up()
    sent = told(leg, "sendonly")
    assert replied(leg, sent, 100) == []
    while leg.deadline != 62.0:
        assert leg.deadline is not None
        leg.tick(leg.deadline)
    assert SendCancel("in") in leg.tick(62.0)
    assert replied(leg, sent, 487, now=62.1) == [NotUpdated("in", 487, "Because")]


def test_the_change_waits_for_the_ack_to_our_2xx() -> None:
    leg = up()
    inside(leg, "INVITE", OFFER)
    assert leg.handle(Renegotiate("sendonly"), 1.1) == []
    assert leg.handle(ack(leg, 2), 1.2) == []
    assert leg.deadline == 1.1 and [made.method for made in requests_in(leg.tick(1.2))] == ["INVITE"]


# ---- glare, seen from one side ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_theirs_is_491_while_ours_is_pending(method: str) -> None:
    leg = up()
    told(leg, "sendonly")
    assert status_in(inside(leg, method, OFFER)) == 491


def test_bye_while_ours_is_pending_and_its_late_2xx_is_acknowledged() -> None:
    leg = up()
    sent = told(leg, "sendonly")
    assert [made.method for made in requests_in(leg.handle(Release(), 2.5))] == ["BYE"]
    assert [made.method for made in requests_in(replied(leg, sent, 200, HELD))] == ["ACK"]
    assert leg.state is S.LEAVING


# ---- challenges ------------------------------------------------------------------------------------------------


def established_with_account() -> Leg:
    leg, sent = calling(credentials=("400", "secret"))
    answer(leg, sent, 200, body=OFFER)
    return leg


def test_a_challenge_to_a_reinvite_is_answered_once_and_once_more_if_stale() -> None:
    leg = established_with_account()
    sent = told(leg, "sendonly")
    (second,) = requests_in(replied(leg, sent, 401, more=CHALLENGE))
    assert (second.method, second.cseq.number, second.body) == ("INVITE", sent.cseq.number + 1, sent.body)
    assert "username=" in (second.headers.get("Authorization") or "")
    stale = (("WWW-Authenticate", 'Digest realm="phone", nonce="def", stale=true'),)
    (third,) = requests_in(replied(leg, second, 401, more=stale))
    assert 'nonce="def"' in (third.headers.get("Authorization") or "")
    assert len(third.headers.all("Authorization")) == 1
    effects = replied(leg, third, 200, HELD)
    assert [type(one) for one in effects] == [SendAck, Updated]
    assert "Authorization" in effects[0].request.headers  # type: ignore[attr-defined]  # section 22.1


def test_a_second_challenge_that_is_not_stale_is_a_refusal() -> None:
    leg = established_with_account()
    (second,) = requests_in(replied(leg, told(leg, "sendonly"), 401, more=CHALLENGE))
    assert replied(leg, second, 401, more=CHALLENGE) == [NotUpdated("out", 401, "Because")]


def test_proxy_and_phone_may_each_challenge_a_bye() -> None:
    leg = established_with_account()
    (bye,) = requests_in(leg.handle(Release(), 2.0))
    proxy = (("Proxy-Authenticate", 'Digest realm="proxy", nonce="p"'),)
    (second,) = requests_in(replied(leg, bye, 407, more=proxy))
    (third,) = requests_in(replied(leg, second, 401, more=CHALLENGE))
    assert {"Authorization", "Proxy-Authorization"} <= {name for name, _ in third.headers}
    replied(leg, third, 200)
    assert leg.state in (S.ENDED, S.FINISHED)


def test_the_bye_of_a_fork_is_challenged_too() -> None:
    leg, sent = calling(credentials=("400", "secret"))
    answer(leg, sent, 200, body=OFFER)
    _, bye = requests_in(answer(leg, sent, 200, tag="y", body=OFFER))
    (second,) = requests_in(replied(leg, bye, 401, more=CHALLENGE))
    assert second.method == "BYE" and second.to.tag == "y" and leg.state is S.UP
    assert replied(leg, second, 200) == [] and leg.state is S.UP


# ---- early dialogs ---------------------------------------------------------------------------------------------


def test_the_confirmed_dialog_goes_on_from_its_branch() -> None:
    leg, sent = calling()
    for tag in ("x", "y"):
        answer(
            leg, sent, 183, tag, negotiate.offer(msgspec.structs.replace(THEIRS, address=(f"10.0.0.{ord(tag)}", 4000)))
        )
    assert list(leg.leg.outbound.early) == ["x", "y"]  # type: ignore[union-attr]
    answer(leg, sent, 180, "x")
    assert leg.leg.talking is not None and leg.leg.talking.remote_tag == "x"
    answer(leg, sent, 200, "y")
    assert leg.media is not None and leg.media.remote == (f"10.0.0.{ord('y')}", 4000)
    assert status_in(inside(leg, "OPTIONS", from_tag="x")) == 481


def test_a_request_in_an_early_dialog_is_checked_against_that_dialog() -> None:
    leg, sent = calling()
    answer(leg, sent, 180, "x")
    assert status_in(inside(leg, "OPTIONS", cseq=7, from_tag="x")) == 200
    assert status_in(inside(leg, "OPTIONS", cseq=6, from_tag="x")) == 500
    answer(leg, sent, 200, "x", OFFER)
    assert status_in(inside(leg, "OPTIONS", cseq=6, from_tag="x")) == 500


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "UPDATE", "INFO"])
def test_a_request_of_a_branch_that_we_do_not_know_is_481(method: str) -> None:
    leg, sent = calling()
    answer(leg, sent, 180, "x")
    assert status_in(inside(leg, method, from_tag="y")) == 481


def test_a_peer_who_forks_without_end_fills_nothing() -> None:
    leg, sent = calling()
    for number in range(100):
        answer(leg, sent, 180, f"t{number}")
    assert len(leg.leg.outbound.early) == 16  # type: ignore[union-attr]


def test_an_ack_of_somebody_else_moves_nothing() -> None:
    leg, _ = answered()
    stranger = ack(leg)
    stranger.request.headers.replace_first("From", "<sip:1001@10.0.0.1>;tag=other")
    flow = replace(UDP, remote=("10.0.0.66", 5060))
    assert leg.handle(replace(stranger, flow=flow), 0.1) == []
    assert (leg.state, leg.flow) == (S.ANSWERED, UDP)


def test_a_request_of_the_dialog_moves_the_flow_only_if_it_is_in_order() -> None:
    leg = up()
    flow = replace(UDP, remote=("10.0.0.66", 5060))
    for cseq, tag, moved in ((0, "their", UDP), (2, "other", UDP), (2, "their", flow)):
        made = request_inside(leg, cseq, tag)
        leg.handle(replace(arrived(made, f"t{cseq}{tag}"), flow=flow), 1.0)
        assert leg.flow == moved


def request_inside(leg: Leg, cseq: int, tag: str) -> Request:
    return request("OPTIONS", to_tag=leg.local_tag, from_tag=tag, cseq=cseq)
