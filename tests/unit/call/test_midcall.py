"""Inside the dialog: hold, resume, moves, glare, keys, and what we do not do."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from softswitch.call.signal import Digit, Release, Respond, Updated
from softswitch.call.table import S
from softswitch.sdp import negotiate
from tests.unit.call.peer import (
    OFFER,
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
from tests.unit.sip.exchange import request

HOLD = negotiate.offer(THEIRS, 2, "sendonly")
RESUME = negotiate.offer(THEIRS, 3)
MOVED = negotiate.offer(replace(THEIRS, address=("10.0.0.7", 4444)), 2)
NO_CODEC = OFFER.replace(b"0 8", b"4").replace(b"PCM", b"G7")


def test_hold_and_resume() -> None:
    leg = up()
    held = inside(leg, "INVITE", HOLD)
    assert [type(effect) for effect in held] == [Respond, Updated]
    assert held[1].media.held  # type: ignore[attr-defined]
    assert b"a=recvonly" in response_in(held).body
    leg.handle(ack(leg, 2), 1.1)
    resumed = inside(leg, "INVITE", RESUME, cseq=3)
    assert not resumed[1].media.held  # type: ignore[attr-defined]
    assert leg.media is not None
    assert leg.media.direction == "sendrecv"


def test_each_description_of_ours_has_a_higher_version() -> None:
    leg, ok = answered()
    leg.handle(ack(leg), 0.1)
    again = response_in(inside(leg, "INVITE", HOLD))
    versions = [int(body.split(b"o=")[1].split()[2]) for body in (ok.body, again.body)]
    assert versions == [1, 2]


def test_a_reinvite_that_changes_nothing_is_told_too() -> None:
    """The phone's NAT may have forgotten: whom we hear is to be learnt again."""
    leg = up()
    effects = inside(leg, "INVITE", OFFER)
    assert status_in(effects) == 200 and leg.media is not None
    assert effects[1:] == [Updated(leg.id, leg.media)]


def test_media_move() -> None:
    leg = up()
    assert inside(leg, "INVITE", MOVED)[1].media.remote == ("10.0.0.7", 4444)  # type: ignore[attr-defined]


def test_the_200_to_a_reinvite_is_repeated_until_its_ack() -> None:
    leg = up()
    inside(leg, "INVITE", HOLD)
    assert leg.deadline == 1.5
    assert status_in(leg.tick(1.5)) == 200
    assert leg.deadline == 2.5
    leg.handle(ack(leg, 2), 2.0)
    assert leg.deadline == 62.0  # the next probe


def test_no_ack_to_the_200_of_a_reinvite_is_bye() -> None:
    leg = up()
    inside(leg, "INVITE", HOLD)
    effects = leg.tick(33.0)
    assert [made.method for made in requests_in(effects)] == ["BYE"]
    assert effects[1].by == "network"  # type: ignore[attr-defined]


def test_488_leaves_the_session_as_it_was() -> None:
    leg = up()
    before = leg.media
    refusal = response_in(inside(leg, "INVITE", NO_CODEC))
    assert refusal.status == 488
    assert refusal.headers.get("Warning")
    assert (leg.media, leg.deadline) == (before, 61.0)  # the next probe


def test_reinvite_without_offer_gets_ours_and_its_answer_comes_with_the_ack() -> None:
    leg = up()
    ok = response_in(inside(leg, "INVITE"))
    theirs, _ = negotiate.answer(ok.body, replace(THEIRS, address=("10.0.0.7", 4444)))
    (updated,) = leg.handle(ack(leg, 2, theirs), 1.1)
    assert isinstance(updated, Updated)
    assert updated.media.remote == ("10.0.0.7", 4444)


def test_a_reinvite_moves_the_remote_target() -> None:
    leg = up()
    assert leg.leg.dialog is not None
    leg.leg.dialog.remote_target = "sip:old@10.0.0.99"
    inside(leg, "INVITE", HOLD)
    (bye,) = requests_in(leg.handle(Release(), 2.0))
    assert bye.uri == "sip:1001@10.0.0.1:5060"


def test_a_reinvite_before_the_ack_shows_that_the_2xx_has_arrived() -> None:
    leg, _ = answered()
    assert status_in(inside(leg, "INVITE", HOLD)) == 200
    assert leg.state is S.UP and leg.leg.ack is not None and leg.leg.ack.cseq == 2


def test_reinvite_before_the_answer_to_our_offer_is_491() -> None:
    leg, _ = answered(invite(b""))
    assert status_in(inside(leg, "INVITE", HOLD)) == 491


def test_reinvite_while_our_invite_is_pending_is_491() -> None:
    leg, sent = calling()
    answer(leg, sent, 180)
    assert status_in(inside(leg, "INVITE", OFFER, from_tag="x")) == 491


def test_reinvite_from_whom_we_called() -> None:
    leg, _ = established()
    made = inside(leg, "INVITE", HOLD, cseq=1, from_tag="x")
    assert made[1].media.held  # type: ignore[attr-defined]


def test_a_lower_cseq_is_500() -> None:
    leg = up()
    inside(leg, "OPTIONS", cseq=5)
    assert status_in(inside(leg, "BYE", cseq=4)) == 500
    assert status_in(inside(leg, "BYE", cseq=6)) == 200


def test_another_from_tag_is_481() -> None:
    assert status_in(inside(up(), "BYE", from_tag="other")) == 481


@pytest.mark.parametrize(
    ("kind", "body", "digit"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay", b"Signal= *\r\nDuration= 160", "*"),
        ("application/dtmf-relay", b"signal=11\r\n", "#"),
        ("application/dtmf; x=y", b" d\r\n", "D"),
    ],
)
def test_a_key_by_info(kind: str, body: bytes, digit: str) -> None:
    effects = inside(up(), "INFO", body, kind)
    assert status_in(effects) == 200
    assert effects[1:] == [Digit("in", digit)]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/dtmf-relay", b"Signal=55\r\n", 400),
        ("application/dtmf-relay", b"\xff", 400),
        ("application/dtmf", b"12345", 400),
        ("application/media_control+xml", b"<x/>", 415),
    ],
)
def test_info_that_is_no_key(kind: str, body: bytes, status: int) -> None:
    effects = inside(up(), "INFO", body, kind)
    assert status_in(effects) == status
    assert len(effects) == 1


def test_empty_info_is_a_sign_of_life() -> None:
    assert [type(effect) for effect in inside(up(), "INFO")] == [Respond]


def test_options_in_the_dialog() -> None:
    ok = response_in(inside(up(), "OPTIONS"))
    assert (ok.status, ok.headers.get("Accept")) == (200, "application/sdp")


@pytest.mark.parametrize("method", ["WHATEVER"])
def test_405_names_what_is_allowed(method: str) -> None:
    refusal = response_in(inside(up(), method))
    assert refusal.status == 405
    assert "INVITE" in (refusal.headers.get("Allow") or "")


def test_keys_after_our_bye_are_of_no_use() -> None:
    leg = up()
    leg.handle(Release(), 0.5)
    assert status_in(inside(leg, "INFO", b"5", "application/dtmf")) == 481


def test_bye_of_the_callee_on_an_early_dialog_is_481() -> None:
    leg, sent = calling()
    answer(leg, sent, 180)
    assert status_in(inside(leg, "BYE", from_tag="x")) == 481


def test_an_offered_leg_hears_keys() -> None:
    leg, _ = offered()
    assert inside(leg, "INFO", b"1", "application/dtmf")[1:] == [Digit("in", "1")]


def test_an_info_package_is_469_and_we_receive_none() -> None:
    leg = up()
    made = request("INFO", to_tag=leg.local_tag, cseq=2, more=(("Info-Package", "foo"),))
    refusal = response_in(leg.handle(arrived(made, "t2"), 1.0))
    assert (refusal.status, refusal.headers.get("Recv-Info")) == (469, "")
