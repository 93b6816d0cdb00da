"""Cells in which nothing may happen, and limits that only a peer who vanishes runs into."""

from __future__ import annotations

import pytest

from softswitch.call.leg import Leg
from softswitch.call.signal import (
    Accept,
    Command,
    Failed,
    Finished,
    Reject,
    Release,
    Ring,
    SendAck,
    SendCancel,
    SendRequest,
)
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.sip.effect import CancelArrived, TransactionFailed
from softswitch.sip.message import Request
from tests.unit.call.peer import OFFER, ack, answer, answered, calling, established, inside, up
from tests.unit.sip.exchange import UDP, request

COMMANDS = [Ring(), Accept(), Reject(486), Release()]


def abandoned() -> tuple[Leg, Request]:
    leg, sent = calling(credentials=("400", "secret"))
    leg.handle(Release(), 0.0)
    return leg, sent


def cancelling() -> tuple[Leg, Request]:
    leg, sent = calling(credentials=("400", "secret"))
    answer(leg, sent, 180)
    leg.handle(Release(), 0.0)
    return leg, sent


def bye_due() -> Leg:
    leg, _ = answered()
    leg.handle(Release(), 0.0)
    return leg


def leaving_in() -> Leg:
    leg = up()
    leg.handle(Release(), 0.5)
    return leg


def leaving_out() -> Leg:
    leg, _ = established()
    leg.handle(Release(), 1.0)
    return leg


RELEASED = {
    S.ABANDONED: lambda: abandoned()[0],
    S.CANCELLING: lambda: cancelling()[0],
    S.BYE_DUE: bye_due,
    S.LEAVING: leaving_in,
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", RELEASED)
def test_commands_after_release_are_dropped(state: S, command: Command) -> None:
    leg = RELEASED[state]()
    assert leg.state is state
    assert leg.handle(command, 1.0) == []
    assert leg.state is state


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_after_release_of_an_outbound_call_are_dropped(command: Command) -> None:
    leg = leaving_out()
    assert leg.handle(command, 1.0) == []
    assert leg.state is S.LEAVING


@pytest.mark.parametrize("make", [bye_due, leaving_in, leaving_out, up, lambda: established()[0]])
def test_a_late_cancel_changes_nothing(make) -> None:  # type: ignore[no-untyped-def]
    leg = make()
    before = leg.state
    assert leg.handle(CancelArrived("t1", request("CANCEL"), UDP), 1.0) == []
    assert leg.state is before


@pytest.mark.parametrize("make", [abandoned, cancelling])
@pytest.mark.parametrize("body", [OFFER, b""])
def test_a_2xx_after_giving_up_is_acknowledged_and_released(make, body: bytes) -> None:  # type: ignore[no-untyped-def]
    leg, sent = make()
    assert [type(effect) for effect in answer(leg, sent, 200, body=body)] == [SendAck, SendRequest]
    assert leg.state is S.LEAVING


@pytest.mark.parametrize("make", [abandoned, cancelling])
@pytest.mark.parametrize("status", [401, 487])
def test_a_refusal_after_giving_up_is_the_end(make, status: int) -> None:  # type: ignore[no-untyped-def]
    leg, sent = make()
    challenge = (("WWW-Authenticate", 'Digest realm="trunk", nonce="abc"'),)
    assert answer(leg, sent, status, more=challenge if status == 401 else ()) == [Finished("out")]


def test_provisional_after_cancel_does_not_cancel_again() -> None:
    leg, sent = abandoned()
    assert answer(leg, sent, 180) == [SendCancel("out")]
    assert answer(leg, sent, 183) == []


def test_a_challenge_after_ringing() -> None:
    leg, sent = calling(credentials=("400", "secret"))
    answer(leg, sent, 100, tag="")
    effects = answer(leg, sent, 401, more=(("WWW-Authenticate", 'Digest realm="trunk", nonce="abc"'),))
    assert [type(effect) for effect in effects] == [SendRequest]
    assert leg.state is S.CALLING  # nothing heard of the new INVITE: no CANCEL yet


def test_200_without_answer_while_ringing() -> None:
    leg, sent = calling()
    answer(leg, sent, 180)
    effects = answer(leg, sent, 200)
    assert [type(effect) for effect in effects] == [SendAck, SendRequest, Failed]


def test_a_ringing_invite_that_is_lost() -> None:
    leg, sent = calling()
    answer(leg, sent, 180)
    effects = leg.handle(TransactionFailed("out", "t", "INVITE", "transport"), 2.0)
    assert effects == [Failed("out", 503, "transport", "network", rang=True), Finished("out")]


@pytest.mark.parametrize("make", [lambda: calling()[0], lambda: abandoned()[0], lambda: cancelling()[0]])
def test_bye_before_any_dialog_is_481(make) -> None:  # type: ignore[no-untyped-def]
    leg = make()
    before = leg.state
    assert statuses(inside(leg, "BYE", from_tag="x")) == [481]
    assert leg.state is before


def statuses(effects: list[Effect]) -> list[int]:
    return [effect.response.status for effect in effects]  # type: ignore[attr-defined]


def test_reinvite_of_the_callee_that_nobody_acknowledges() -> None:
    leg, _ = established()
    inside(leg, "INVITE", OFFER, cseq=1, from_tag="x")
    assert leg.handle(ack(leg, 1), 1.5) == []
    inside(leg, "INVITE", OFFER, cseq=2, from_tag="x")
    effects = leg.tick(33.0)
    assert [type(effect) for effect in effects][:1] == [SendRequest]
    assert leg.state is S.LEAVING


@pytest.mark.parametrize("make", [up, lambda: established()[0]])
def test_reinvite_without_offer_and_without_answer_is_bye(make) -> None:  # type: ignore[no-untyped-def]
    leg = make()
    tag = "their" if make is up else "x"
    inside(leg, "INVITE", from_tag=tag)
    effects = leg.handle(ack(leg, 2), 1.5)
    assert effects[1].reason == "no answer in the ACK"  # type: ignore[attr-defined]
    assert leg.state is S.LEAVING


@pytest.mark.parametrize("make", [leaving_in, leaving_out])
def test_a_bye_of_which_nothing_is_ever_heard(make) -> None:  # type: ignore[no-untyped-def]
    leg = make()
    effects: list[Effect] = []
    while (moment := leg.deadline) is not None:
        effects += leg.tick(moment)
    assert effects == [Finished(leg.id)]
