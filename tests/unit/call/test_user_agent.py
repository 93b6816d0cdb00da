"""A user agent: REGISTER, and whose a message is. Calls that come in, CANCEL and time: the ladders run on it too."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Dial, Failed, Finished, Release
from softswitch.call.user_agent import RegisterDone, UserAgent
from softswitch.core.effect import Effect
from softswitch.sip.digest import Authenticator, Verdict
from softswitch.sip.effect import Send
from softswitch.sip.message import Request, Response
from tests.unit.call.peer import OURS
from tests.unit.sip.exchange import UDP, ids, request, response, sent


def agent() -> UserAgent:
    return UserAgent(UDP, ids())


def asked(effects: list[Effect]) -> Request:
    (made,) = sent(effects)
    assert isinstance(made, Request)
    return made


@pytest.mark.parametrize(
    ("status", "more"), [(200, ()), (403, ()), (401, ()), (401, (("WWW-Authenticate", "Basic realm=x"),))]
)
def test_the_outcome_without_a_challenge_that_we_can_answer(status: int, more: tuple[tuple[str, str], ...]) -> None:
    ours = agent()
    first = asked(ours.register("1001", "secret", 0.0))
    assert (first.method, first.uri, str(first.to.uri)) == ("REGISTER", "sip:10.0.0.1:5060", "sip:1001@10.0.0.1")
    assert first.contact is not None and str(first.contact.uri) == "sip:1001@10.0.0.2:5060"
    assert ours.received(response(first, 100), UDP, 0.1) == []
    assert ours.received(response(first, status, more=more), UDP, 0.2) == [RegisterDone("1001", status)]


def test_the_first_challenge_is_answered_and_the_second_is_a_refusal() -> None:
    ours, house = agent(), Authenticator(b"key", "house")
    first = asked(ours.register("1001", "secret", 0.0))
    challenges = tuple(("WWW-Authenticate", one) for one in house.challenges(100.0))
    second = asked(ours.received(response(first, 401, more=challenges), UDP, 0.1))
    assert (second.call_id, second.cseq.number) == (first.call_id, 2)
    given = second.headers.get("Authorization") or ""
    assert house.verify(given, "REGISTER", lambda _: "secret", 100.2, uri=second.uri) == (Verdict.OK, "1001")
    assert ours.received(response(second, 401, more=challenges), UDP, 0.3) == [RegisterDone("1001", 401)]


def test_a_registrar_that_is_silent_is_a_408() -> None:
    ours = agent()
    effects = ours.register("1001", "secret", 0.0)
    while (now := ours.deadline) is not None:
        effects += ours.tick(now)
    assert effects[-1] == RegisterDone("1001", 408) and len(sent(effects)) == len(effects) - 1 == 11


def test_a_leg_that_has_finished_is_forgotten_and_hears_no_more() -> None:
    ours = agent()
    leg = ours.dial("1001", "8000", OURS, None, (("X-House", "1"),))
    made = asked(ours.tell(leg.id, Dial(), 0.0))
    assert (str(made.to.uri), made.uri) == ("sip:8000@10.0.0.1", "sip:8000@10.0.0.1:5060")
    assert made.headers.get("X-House") == "1"
    effects = ours.received(response(made, 486), UDP, 0.1)
    assert asked(effects).method == "ACK" and [type(one) for one in effects] == [Send, Failed, Finished]
    assert ours.legs == {} and ours.tell(leg.id, Release(), 0.2) == []


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (request("OPTIONS"), 200),
        (request("OPTIONS", to_tag="x"), 481),
        (request("BYE", to_tag="x"), 481),
        (request(to_tag="x"), 481),
        (request("INFO"), 481),
    ],
    ids=["OPTIONS", "OPTIONS in a dialog", "BYE", "re-INVITE", "INFO"],
)
def test_what_belongs_to_no_leg_is_answered_at_once(made: Request, status: int) -> None:
    (answer,) = sent(agent().received(made, UDP, 0.0))
    assert isinstance(answer, Response) and answer.status == status
