"""An established leg asks its peer for a sign of life (RFC 3261 section 12.2.1.2), and ends where none comes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softswitch.call.leg import Leg
from softswitch.call.signal import Answered, Finished, Offered, Release, Released, SendRequest
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.message import Message, Request
from tests.support.sip_pair import Pair
from tests.unit.call.peer import OFFER, ack, established, inside, requests_in, up
from tests.unit.call.test_ladder import answering, ends, hanging_up
from tests.unit.sip.exchange import UDP, response

MADE: dict[str, Callable[[], tuple[Leg, float]]] = {  # a leg, and when it was up
    "inbound": lambda: (up(), 0.1),
    "outbound": lambda: (established()[0], 1.0),
}
both = pytest.mark.parametrize("kind", MADE)


def probed(kind: str) -> tuple[Leg, Request, float]:
    """A leg that waits for the answer to its OPTIONS, sent at the third value."""
    leg, since = MADE[kind]()
    now = since + 60.0
    (probe,) = requests_in(leg.tick(now))
    return leg, probe, now


def say(leg: Leg, probe: Request, status: int, now: float) -> list[Effect]:
    return leg.handle(ResponseArrived(leg.id, "t", response(probe, status), UDP), now)


def lose(leg: Leg, why: str, now: float) -> list[Effect]:
    return leg.handle(TransactionFailed(leg.id, "t", "OPTIONS", why), now)


@both
def test_after_60_s_of_silence_a_leg_asks_inside_the_dialog(kind: str) -> None:
    leg, since = MADE[kind]()
    assert leg.deadline == since + 60.0
    assert leg.tick(since + 59.9) == []
    (probe,) = requests_in(leg.tick(since + 60.0))
    assert leg.leg.dialog is not None
    assert (probe.method, probe.to.tag, probe.from_.tag) == ("OPTIONS", leg.leg.dialog.remote_tag, leg.local_tag)
    assert probe.cseq.number == leg.leg.dialog.local_cseq
    assert leg.deadline is None  # the transaction has its own
    assert leg.tick(since + 80.0) == []


@both
@pytest.mark.parametrize("status", [200, 401, 405, 486, 500, 501])
def test_any_other_answer_is_a_sign_of_life(kind: str, status: int) -> None:
    leg, probe, now = probed(kind)
    assert say(leg, probe, status, now + 1.0) == []
    assert (leg.state, leg.deadline) == (S.UP, now + 61.0)
    (again,) = requests_in(leg.tick(now + 61.0))
    assert again.cseq.number == probe.cseq.number + 1


def test_a_provisional_answer_is_none() -> None:
    leg, probe, now = probed("inbound")
    assert say(leg, probe, 100, now + 1.0) == []
    assert leg.deadline is None


@both
@pytest.mark.parametrize("status", [408, 481])
def test_408_and_481_end_the_leg(kind: str, status: int) -> None:
    leg, probe, now = probed(kind)
    effects = say(leg, probe, status, now + 1.0)
    check_end(leg, effects, str(status))


@both
@pytest.mark.parametrize("why", ["timeout", "transport"])
def test_no_answer_ends_the_leg(kind: str, why: str) -> None:
    leg, _, now = probed(kind)
    check_end(leg, lose(leg, why, now + 32.0), why)


def check_end(leg: Leg, effects: list[Effect], reason: str) -> None:
    """With a BYE (section 12.2.1.2), of which nobody needs to hear."""
    assert [made.method for made in requests_in(effects)] == ["BYE"]
    assert effects[1:] == [Released(leg.id, "network", reason)]
    assert leg.handle(TransactionFailed(leg.id, "t", "BYE", "timeout"), 130.0) in ([], [Finished(leg.id)])
    effects = []
    while (moment := leg.deadline) is not None:
        effects += leg.tick(moment)
    assert leg.state is S.FINISHED


@pytest.mark.parametrize("method", ["INFO", "OPTIONS"])
def test_any_request_of_the_peer_puts_the_probe_off(method: str) -> None:
    leg = up()
    inside(leg, method)  # at 1 s
    assert leg.deadline == 61.0


def test_a_request_that_is_none_of_the_dialog_does_not() -> None:
    leg = up()
    inside(leg, "INFO", from_tag="another")
    assert leg.deadline == 60.1


def test_whoever_speaks_while_the_probe_is_out_is_alive() -> None:
    """Its answer may be what got lost; but a 481 says that the dialog is gone."""
    leg, _, _ = probed("inbound")
    inside(leg, "INFO")  # at 1 s of its own clock: only that it speaks counts
    assert lose(leg, "timeout", 92.1) == []
    assert leg.state is S.UP
    (probe,) = requests_in(leg.tick(92.1))
    inside(leg, "INFO", cseq=3)
    assert say(leg, probe, 481, 93.0) != []
    assert leg.state is S.LEAVING


def test_no_probe_while_one_is_out_or_our_200_waits_for_its_ack() -> None:
    leg, _, _ = probed("inbound")
    inside(leg, "INFO")  # the next probe would be due at 61 s
    assert leg.tick(70.0) == []
    waiting = up()
    inside(waiting, "INVITE", OFFER)  # at 1 s
    waiting.leg.ack.until = 100.0  # type: ignore[union-attr]
    assert [made.method for made in requests_in(waiting.tick(61.0))] == []
    waiting.handle(ack(waiting, 2), 62.0)
    assert waiting.deadline == 122.0


@both
def test_released_while_the_probe_is_out(kind: str) -> None:
    leg, probe, now = probed(kind)
    assert [type(effect) for effect in leg.handle(Release(), now + 1.0)] == [SendRequest, Released]
    assert say(leg, probe, 481, now + 1.1) == []
    assert lose(leg, "timeout", now + 1.2) == []
    assert leg.state is S.LEAVING


# ---- ladders ---------------------------------------------------------------------------------------------------


def test_phones_that_are_there_keep_their_call() -> None:
    pair = hanging_up(answering(Pair()), "a", 3600.0)
    pair.dial()
    pair.run(4000.0)
    assert [type(end) for end in ends(pair, "a")] == [Released]
    assert pair.a.said(Released)[0].by == "us"  # type: ignore[union-attr]
    probes = pair.times("a", "OPTIONS") + pair.times("b", "OPTIONS")
    assert 55 <= len(probes) <= 120  # each one is a sign of life of its sender too


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_phone_that_vanishes_leaves_no_call(side: str) -> None:
    pair = answering(Pair())
    gone = [False]
    pair.drop = lambda _who, _message: gone[0]
    pair.at(10.0, lambda: gone.__setitem__(0, True))
    pair.dial()
    pair.run(300.0)
    assert ends(pair, side) == [Released("out" if side == "a" else "in0", "network", "timeout")]
    assert pair.times(side, "OPTIONS")[:4] == [
        pytest.approx(up_at(pair, side) + wait) for wait in (60, 60.5, 61.5, 63.5)
    ]
    (released_at,) = [at for at, said in pair.sides[side].signals if isinstance(said, Released)]
    (finished_at,) = [at for at, said in pair.sides[side].signals if isinstance(said, Finished)]
    assert released_at == pytest.approx(up_at(pair, side) + 92.0)
    assert finished_at == pytest.approx(up_at(pair, side) + 124.0)


def up_at(pair: Pair, side: str) -> float:
    """When it has the 200, when it has the ACK: each message takes 10 ms."""
    (at,) = pair.times("a", "ACK")
    return at if side == "a" else at + 0.01


def test_a_probe_that_gets_lost_is_sent_again() -> None:
    pair = hanging_up(answering(Pair()), "a", 100.0)
    lost: list[Message] = []

    def drop(_who: str, message: Message) -> bool:
        first = isinstance(message, Request) and message.method == "OPTIONS" and len(lost) < 4
        lost.extend([message] if first else [])
        return first

    pair.drop = drop
    pair.dial()
    pair.run(200.0)
    assert pair.a.said(Released)[0].by == "us"  # type: ignore[union-attr]
    assert [type(said) for said in pair.b.said()] == [Offered, Answered, Released, Finished]
