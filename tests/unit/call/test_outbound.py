"""Calling: the INVITE, challenges, forks, and how it fails."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Answered, Failed, Finished, Progress, Release, SendAck, SendCancel, SendRequest
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.message import Headers, Request, Response
from tests.unit.call.peer import OFFER, answer, calling, established, inside, requests_in, status_in
from tests.unit.sip.exchange import UDP, response

CHALLENGE = (("WWW-Authenticate", 'Digest realm="trunk", nonce="abc", algorithm=MD5, qop="auth"'),)
PROXY = (("Proxy-Authenticate", 'Digest realm="trunk", nonce="abc", algorithm=MD5, qop="auth"'),)
NOT_OURS = (("WWW-Authenticate", 'Bearer realm="trunk"'),)
KEYS = ("400", "secret")


def test_the_invite() -> None:
    leg, sent = calling(call_id="given", request_uri="sip:x@proxy", headers=(("P-Early-Media", "supported"),))
    assert (sent.method, sent.uri, sent.call_id) == ("INVITE", "sip:x@proxy", "given")
    assert str(sent.to) == "<sip:13800138000@trunk>"
    assert (sent.from_.uri.user, sent.from_.tag) == ("400", leg.local_tag)
    assert sent.headers.get("Max-Forwards") == "70"
    assert sent.headers.get("P-Early-Media") == "supported"
    assert leg.call_id == "given"


def test_a_uri_that_is_none_is_found_before_anything_is_sent() -> None:
    with pytest.raises(PeerError):
        calling(request_uri="nonsense")


def test_trying_is_no_progress() -> None:
    leg, sent = calling()
    assert answer(leg, sent, 100, tag="") == []
    assert leg.handle(Release(), 1.0)[0] == SendCancel("out")


def test_progress_with_and_without_early_media() -> None:
    leg, sent = calling()
    assert answer(leg, sent, 180) == [Progress("out", 180, None)]
    (early,) = answer(leg, sent, 183, body=OFFER)
    assert isinstance(early, Progress)
    assert early.media is not None
    assert answer(leg, sent, 183, body=b"rubbish") == [Progress("out", 183, None)]


def test_the_answer_is_acknowledged_and_told() -> None:
    leg, sent = calling()
    effects = answer(leg, sent, 200, body=OFFER)
    (ack,) = requests_in(effects)
    assert (ack.method, ack.uri, ack.cseq.number) == ("ACK", "sip:x@10.0.0.1", 1)
    assert effects[1:] == [Answered("out", leg.media)]


def test_a_repeated_2xx_is_acknowledged_again_and_not_told() -> None:
    leg, sent = established()
    effects = answer(leg, sent, 200, body=OFFER)
    assert [type(effect) for effect in effects] == [SendAck]


def test_a_2xx_is_acknowledged_even_after_the_end() -> None:
    leg, sent = established()
    inside(leg, "BYE", cseq=1, from_tag="x")
    assert [type(effect) for effect in answer(leg, sent, 200, body=OFFER)] == [SendAck]
    assert leg.deadline == 33.0
    assert leg.tick(33.0) == [Finished("out")]


def test_a_2xx_of_another_branch_is_acknowledged_and_released() -> None:
    leg, sent = established()
    effects = answer(leg, sent, 200, tag="fork", body=OFFER)
    ack, bye = requests_in(effects)
    assert [type(effect) for effect in effects] == [SendAck, SendRequest]
    assert (ack.method, ack.to.tag, ack.uri) == ("ACK", "fork", "sip:fork@10.0.0.1")
    assert (bye.method, bye.to.tag, bye.cseq.number) == ("BYE", "fork", 2)
    assert [type(effect) for effect in answer(leg, sent, 200, tag="fork", body=OFFER)] == [SendAck]
    assert answer(leg, bye, 200) == []  # its BYE is not ours
    assert leg.handle(TransactionFailed("out", "t", "BYE", "timeout"), 2.0) == []


def test_answers_of_branches_without_end_cost_nothing() -> None:
    leg, sent = established()
    said = [answer(leg, sent, 200, tag=f"fork{number}", body=OFFER) for number in range(100)]
    assert sum(map(bool, said)) == 16
    assert len(leg.leg.outbound.forks) == 16  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("status", "challenge", "header"), [(401, CHALLENGE, "Authorization"), (407, PROXY, "Proxy-Authorization")]
)
def test_a_challenge_is_answered_once(status: int, challenge: tuple[tuple[str, str], ...], header: str) -> None:
    leg, sent = calling(credentials=KEYS)
    (again,) = requests_in(answer(leg, sent, status, more=challenge))
    assert (again.call_id, again.from_.tag, again.cseq.number) == (sent.call_id, leg.local_tag, 2)
    assert again.to.tag is None
    assert 'username="400"' in (again.headers.get(header) or "")
    assert "secret" not in (again.headers.get(header) or "")
    assert answer(leg, sent, status, more=challenge) == []  # of the first INVITE, late
    refused = answer(leg, again, status, more=challenge)
    assert refused == [Failed("out", status, "Because", "peer"), Finished("out")]


def test_the_ack_has_the_credentials_of_the_invite() -> None:
    leg, sent = calling(credentials=KEYS)
    (again,) = requests_in(answer(leg, sent, 401, more=CHALLENGE))
    (ack,) = requests_in(answer(leg, again, 200, body=OFFER))
    assert ack.cseq.number == 2
    assert ack.headers.get("Authorization") == again.headers.get("Authorization")


@pytest.mark.parametrize(
    ("credentials", "challenge"),
    [(None, CHALLENGE), (KEYS, NOT_OURS), (KEYS, ()), (KEYS, (("WWW-Authenticate", "Digest"),))],
)
def test_a_challenge_that_we_cannot_answer_is_a_refusal(
    credentials: tuple[str, str] | None, challenge: tuple[tuple[str, str], ...]
) -> None:
    leg, sent = calling(credentials=credentials)
    assert answer(leg, sent, 401, more=challenge)[0] == Failed("out", 401, "Because", "peer")


def test_a_challenge_to_bye_is_answered_once() -> None:
    leg, sent = calling(credentials=KEYS)
    answer(leg, sent, 200, body=OFFER)
    (bye,) = requests_in(leg.handle(Release(), 2.0))
    (again,) = requests_in(answer(leg, bye, 407, more=PROXY))
    assert (again.method, again.cseq.number) == ("BYE", 3)
    assert again.headers.get("Proxy-Authorization")
    assert answer(leg, again, 407, more=PROXY) == []
    assert leg.tick(33.0) == [Finished("out")]


@pytest.mark.parametrize("status", [404, 486, 500, 603])
def test_every_refusal_is_told_and_ends_the_leg(status: int) -> None:
    leg, sent = calling()
    assert answer(leg, sent, status) == [Failed("out", status, "Because", "peer"), Finished("out")]


def test_rfc_3263_4_3_a_503_sends_us_elsewhere_unless_it_rang() -> None:
    leg, sent = calling()
    refused = answer(leg, sent, 503, more=(("Retry-After", "30 (soon)"),))
    assert refused[0] == Failed("out", 503, "Because", "peer", elsewhere=True, retry_after_s=30.0)
    leg, sent = calling()
    answer(leg, sent, 180)
    assert answer(leg, sent, 503)[0] == Failed("out", 503, "Because", "peer", rang=True)


def test_8_1_3_4_a_redirection_tells_where_to() -> None:
    leg, sent = calling()
    more = (("Contact", "<sip:1@a>, nonsense, <sip:2@b;transport=tcp>;q=0.5"),)
    (failed, _) = answer(leg, sent, 302, more=more)
    assert isinstance(failed, Failed) and failed.contacts == ("sip:1@a", "sip:2@b;transport=tcp", "sip:x@10.0.0.1")


LOST = [("timeout", Failed("out", 408, "timeout", "network", silent=True)),
        ("transport", Failed("out", 503, "transport", "network", elsewhere=True))]  # fmt: skip


@pytest.mark.parametrize(("why", "told"), LOST)
def test_no_answer_at_all(why: str, told: Failed) -> None:
    leg, _ = calling()
    effects = leg.handle(TransactionFailed("out", "t", "INVITE", why), 32.0)
    assert effects == [told, Finished("out")]


@pytest.mark.parametrize(("why", "status"), [("timeout", 408), ("transport", 503)])
def test_who_was_heard_once_may_ring_on(why: str, status: int) -> None:
    leg, sent = calling()
    answer(leg, sent, 100, tag="")
    effects = leg.handle(TransactionFailed("out", "t", "INVITE", why), 32.0)
    assert effects == [Failed("out", status, why, "network"), Finished("out")]


def test_cancelled_and_never_answered_ends_by_the_transaction() -> None:
    leg, sent = calling()
    answer(leg, sent, 180)
    leg.handle(Release(), 2.0)
    assert leg.handle(TransactionFailed("out", "t", "INVITE", "timeout"), 34.0) == [Finished("out")]


@pytest.mark.parametrize("provisional", [False, True])
def test_given_up_legs_finish_even_if_nothing_is_ever_heard(provisional: bool) -> None:
    leg, sent = calling()
    if provisional:
        answer(leg, sent, 180)
    leg.handle(Release(), 2.0)
    assert leg.deadline is not None
    assert leg.tick(leg.deadline) == [Finished("out")]


def test_ring_timeout_before_any_provisional_waits_for_one_to_cancel() -> None:
    leg, sent = calling(ring_timeout_s=5.0)
    assert leg.tick(5.0) == [Failed("out", 408, "no answer", "us", silent=True)]
    assert answer(leg, sent, 180) == [SendCancel("out")]


def test_a_server_that_says_nothing_is_given_up_before_the_ring_timeout() -> None:
    leg, sent = calling(ring_timeout_s=30.0, try_s=4.0)
    assert leg.deadline == 4.0
    assert leg.tick(4.0) == [Failed("out", 408, "no answer", "us", silent=True)]
    assert answer(leg, sent, 180) == [SendCancel("out")]


def test_a_server_that_says_trying_is_given_the_ring_timeout() -> None:
    leg, sent = calling(ring_timeout_s=30.0, try_s=4.0)
    answer(leg, sent, 100, tag="")
    assert leg.deadline == 30.0
    assert leg.tick(30.0) == [SendCancel("out"), Failed("out", 408, "no answer", "us")]


def test_a_2xx_without_contact_is_answered_where_we_called() -> None:
    leg, sent = calling()
    bare = response(sent, 200, "x", (("Content-Type", "application/sdp"),))
    effects = leg.handle(ResponseArrived("out", "t", Response(200, "OK", Headers(bare.headers), OFFER), UDP), 1.0)
    assert first(effects).uri == sent.uri


@pytest.mark.parametrize("contact", ["<sip:", "*", "sip:@", '"Bob <sip:bob@10.0.0.1>', "<sip:bob@10.0.0.1:99999>", ";"])
def test_a_2xx_with_a_contact_that_is_none_is_answered_where_we_called(contact: str) -> None:
    leg, sent = calling()
    bare = response(sent, 200, "x", (("Contact", contact), ("Content-Type", "application/sdp")))
    effects = leg.handle(ResponseArrived("out", "t", Response(200, "OK", Headers(bare.headers), OFFER), UDP), 1.0)
    assert (first(effects).method, first(effects).uri) == ("ACK", sent.uri)
    assert leg.state is S.UP


def first(effects: list[Effect]) -> Request:
    return requests_in(effects)[0]


def test_bye_of_the_peer_crossing_ours() -> None:
    leg, _ = established()
    (bye,) = requests_in(leg.handle(Release(), 2.0))
    assert status_in(inside(leg, "BYE", cseq=1, from_tag="x")) == 200
    assert answer(leg, bye, 481) == []
    assert leg.tick(33.0) == [Finished("out")]


# ---- the peer makes the offer (section 13.2.1) -----------------------------------------------------------------


def test_without_an_offer_the_answer_goes_with_the_ack_and_with_each_repeat_of_it() -> None:
    leg, sent = calling(offers=False)
    assert not sent.body and "Content-Type" not in sent.headers
    acknowledged, said = answer(leg, sent, 200, body=OFFER)
    body = acknowledged.request.body  # type: ignore[attr-defined]
    assert b"m=audio 20000 RTP/AVP 0 101" in body and said == Answered("out", leg.media)
    assert leg.media is not None and leg.media.remote == ("10.0.0.1", 4000)
    (again,) = answer(leg, sent, 200, body=OFFER)
    assert again.request.body == body  # type: ignore[attr-defined]


def test_an_offer_that_comes_reliably_is_answered_in_the_prack() -> None:
    leg, sent = calling(offers=False)
    prack, progress = answer(leg, sent, 183, body=OFFER, more=(("Require", "100rel"), ("RSeq", "1")))
    assert b"m=audio 20000" in prack.request.body  # type: ignore[attr-defined]
    assert progress.media is not None  # type: ignore[attr-defined]
    (acknowledged, _) = answer(leg, sent, 200)
    assert not acknowledged.request.body and leg.media == progress.media  # type: ignore[attr-defined]


@pytest.mark.parametrize("body", [b"", b"nonsense", OFFER.replace(b"0 8", b"4").replace(b"PCM", b"G7")])
def test_a_2xx_without_an_offer_that_we_can_answer_is_ack_and_bye(body: bytes) -> None:
    leg, sent = calling(offers=False)
    effects = answer(leg, sent, 200, body=body)
    assert [made.method for made in requests_in(effects)] == ["ACK", "BYE"]
    assert isinstance(effects[2], Failed) and effects[2].status == 488


def test_an_offer_that_may_get_lost_is_not_answered() -> None:
    leg, sent = calling(offers=False)
    assert answer(leg, sent, 183, body=OFFER) == [Progress("out", 183, None)]
