"""Calls between two legs, as ladders: who sends what, when, and what the two ends say."""

from __future__ import annotations

import pytest

from softswitch.call.signal import (
    Accept,
    Answered,
    Command,
    Failed,
    Finished,
    Offered,
    Progress,
    Reject,
    Release,
    Released,
    Ring,
)
from softswitch.sip.message import Message, Request
from tests.support.sip_pair import Pair, Signal, is_response


def answering(pair: Pair, after: float = 2.0, ring: float = 1.0) -> Pair:
    """``b`` rings and accepts."""
    pair.hear = lambda _side, signal: (
        [(ring, "b", Ring()), (after, "b", Accept())] if isinstance(signal, Offered) else []
    )
    return pair


def hanging_up(pair: Pair, side: str, at: float, command: Command | None = None) -> Pair:
    pair.at(at, lambda: pair.tell(side, command or Release()))
    return pair


def ends(pair: Pair, side: str) -> list[Signal]:
    """How it ended for this side; the last word is Finished."""
    said = pair.sides[side].said()
    assert [type(signal) for signal in said].count(Finished) == 1
    assert isinstance(said[-1], Finished)
    assert not pair.sides[side].legs
    assert len(pair.sides[side].endpoint) == 0
    return [signal for signal in said if isinstance(signal, (Failed, Released))]


def losing(pair: Pair, side: str, what: str, times: int) -> Pair:
    """The first ``times`` of ``what`` sent by ``side`` get lost."""
    left = [times]

    def drop(who: str, message: Message) -> bool:
        said = message.method if isinstance(message, Request) else f"{message.status} {message.cseq.method}"
        if (who, said) != (side, what) or left[0] == 0:
            return False
        left[0] -= 1
        return True

    pair.drop = drop
    return pair


# ---- the plain call --------------------------------------------------------------------------------------------


def test_a_call_that_the_caller_ends() -> None:
    pair = hanging_up(answering(Pair()), "a", 10.0)
    pair.dial()
    pair.run(200.0)
    assert pair.ladder() == [
        "a INVITE", "b 100 INVITE", "b 180 INVITE", "b 200 INVITE", "a ACK", "a BYE", "b 200 BYE",
    ]  # fmt: skip
    assert [type(signal) for signal in pair.a.said()] == [Progress, Answered, Released, Finished]
    assert [type(signal) for signal in pair.b.said()] == [Offered, Answered, Released, Finished]
    assert ends(pair, "a") == [Released("out", "us", "released")]
    assert ends(pair, "b") == [Released("in0", "peer", "bye")]


def test_a_call_that_the_called_one_ends() -> None:
    pair = hanging_up(answering(Pair()), "b", 10.0)
    pair.dial()
    pair.run(200.0)
    assert pair.ladder()[-2:] == ["b BYE", "a 200 BYE"]
    assert ends(pair, "a") == [Released("out", "peer", "bye")]
    assert ends(pair, "b") == [Released("in0", "us", "released")]


def test_both_ends_agree_on_where_the_media_go() -> None:
    pair = answering(Pair())
    pair.dial()
    pair.run(5.0)
    (a,), (b,) = pair.a.legs.values(), pair.b.legs.values()
    assert a.media is not None
    assert b.media is not None
    assert (a.media.remote, b.media.remote) == (pair.b.local.address, pair.a.local.address)
    assert (a.deadline, b.deadline) == pytest.approx((62.02, 62.03))  # the probes


def test_who_calls_and_whom() -> None:
    pair = Pair()
    pair.dial()
    pair.run(0.5)
    (offered,) = pair.b.said(Offered)
    assert isinstance(offered, Offered)
    assert (offered.caller, offered.caller_name, offered.called) == ("1001", "Ann", "8000")
    assert offered.media is not None


def test_early_media_in_a_183() -> None:
    pair = Pair()
    pair.hear = lambda _side, signal: [(1, "b", Ring(183))] if isinstance(signal, Offered) else []
    pair.dial()
    pair.run(5.0)
    (progress,) = pair.a.said(Progress)
    assert isinstance(progress, Progress)
    assert progress.status == 183
    assert progress.media is not None
    assert progress.media.remote == pair.b.local.address


def test_a_ringing_leg_reminds_each_minute_and_gives_up_after_ten() -> None:
    pair = Pair()
    pair.hear = lambda _side, signal: [(1, "b", Ring())] if isinstance(signal, Offered) else []
    pair.dial(ring_timeout_s=10_000.0)
    pair.run(2000.0)
    assert pair.times("b", "180 INVITE") == [pytest.approx(1.01 + 60 * minute) for minute in range(10)]
    assert pair.times("b", "480 INVITE") == [600.01]
    assert ends(pair, "b") == [Failed("in0", 408, "no answer", "us")]
    assert ends(pair, "a") == [Failed("out", 480, "Temporarily Unavailable", "peer", rang=True)]


# ---- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "said", "heard"),
    [
        (Reject(603), "rejected", "Decline"),
        (Reject(486, "On The Phone"), "On The Phone", "On The Phone"),
        (Release(480), "rejected", "Temporarily Unavailable"),
    ],
)
def test_a_refused_call(command: Reject | Release, said: str, heard: str) -> None:
    pair = hanging_up(Pair(), "b", 1.0, command)
    pair.dial()
    pair.run(100.0)
    assert pair.ladder() == ["a INVITE", "b 100 INVITE", f"b {command.status} INVITE", "a ACK"]
    assert ends(pair, "b") == [Failed("in0", command.status, said, "us")]
    assert ends(pair, "a") == [Failed("out", command.status, heard, "peer")]


def test_nobody_there() -> None:
    pair = Pair(link=lambda _rng: [])
    pair.dial()
    pair.run(100.0)
    assert pair.times("a", "INVITE") == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert ends(pair, "a") == [Failed("out", 408, "timeout", "network", silent=True)]
    assert pair.a.signals[-1][0] == 32.0


def test_ring_timeout_is_a_cancel() -> None:
    pair = Pair()
    pair.dial(ring_timeout_s=20.0)
    pair.run(100.0)
    assert pair.ladder() == [
        "a INVITE", "b 100 INVITE", "a CANCEL", "b 200 CANCEL", "b 487 INVITE", "a ACK",
    ]  # fmt: skip
    assert pair.times("a", "CANCEL") == [20.0]
    assert ends(pair, "a") == [Failed("out", 408, "no answer", "us")]
    assert ends(pair, "b") == [Failed("in0", 487, "cancelled", "peer")]


def test_timer_c_where_nobody_said_how_long_it_may_ring() -> None:
    pair = Pair()
    pair.dial()
    pair.run(400.0)
    assert pair.times("a", "CANCEL") == [180.0]


# ---- races -----------------------------------------------------------------------------------------------------


def test_no_cancel_before_a_provisional_response() -> None:
    pair = losing(hanging_up(Pair(), "a", 0.2), "a", "INVITE", 2)
    pair.dial()
    pair.run(100.0)
    assert [(at, what) for at, who, what in pair.wire if who == "a"] == [
        (0, "INVITE"), (0.5, "INVITE"), (1.5, "INVITE"), (1.52, "CANCEL"), (1.54, "ACK"),
    ]  # fmt: skip
    assert pair.a.signals[0] == (0.2, Failed("out", 487, "released", "us"))
    assert ends(pair, "a") == [Failed("out", 487, "released", "us")]


def test_cancel_crossing_200_is_ack_and_bye() -> None:
    pair = hanging_up(answering(Pair(), after=2.0), "a", 2.015)
    pair.dial()
    pair.run(100.0)
    assert pair.ladder()[3:] == [
        "b 200 INVITE", "a CANCEL", "a ACK", "a BYE", "b 200 CANCEL", "b 200 BYE",
    ]  # fmt: skip
    assert ends(pair, "a") == [Failed("out", 487, "released", "us")]
    assert ends(pair, "b") == [Released("in0", "peer", "bye")]


def test_200_to_an_abandoned_invite_is_ack_and_bye() -> None:
    pair = losing(hanging_up(answering(Pair(), after=0.0, ring=0.0), "a", 0.005), "b", "100 INVITE", 1)
    pair.hear = lambda _side, signal: [(0, "b", Accept())] if isinstance(signal, Offered) else []
    pair.dial()
    pair.run(100.0)
    assert pair.ladder()[2:] == ["b 200 INVITE", "a ACK", "a BYE", "b 200 BYE"]
    assert ends(pair, "a") == [Failed("out", 487, "released", "us")]
    assert ends(pair, "b") == [Released("in0", "peer", "bye")]


def test_bye_crossing_bye() -> None:
    pair = hanging_up(hanging_up(answering(Pair()), "a", 10.0), "b", 10.005)
    pair.dial()
    pair.run(200.0)
    assert sorted(pair.ladder()[5:]) == ["a 200 BYE", "a BYE", "b 200 BYE", "b BYE"]
    assert ends(pair, "a") == [Released("out", "us", "released")]
    assert ends(pair, "b") == [Released("in0", "us", "released")]


def test_release_twice_is_one_bye() -> None:
    pair = hanging_up(hanging_up(answering(Pair()), "a", 10.0), "a", 10.001)
    pair.dial()
    pair.run(200.0)
    assert pair.ladder().count("a BYE") == 1


def test_release_before_dial_sends_nothing() -> None:
    pair = Pair()
    leg = pair.dial()
    pair.wire.clear()
    fresh = type(leg)(leg.leg.__class__(leg.leg.setup, leg.flow, outbound=leg.leg.outbound))
    assert fresh.handle(Release(), 0.0) == [Failed("out", 487, "released", "us"), Finished("out")]


def test_the_peer_is_gone_when_we_say_bye() -> None:
    pair = hanging_up(answering(Pair()), "a", 10.0)
    pair.at(9.0, lambda: pair.b.legs.clear())
    pair.dial()
    pair.run(200.0)
    assert pair.ladder()[-2:] == ["a BYE", "b 481 BYE"]
    assert ends(pair, "a") == [Released("out", "us", "released")]


def test_bye_without_any_answer() -> None:
    pair = hanging_up(answering(Pair()), "a", 10.0)
    pair.at(9.0, lambda: setattr(pair, "link", lambda _rng: []))
    pair.dial()
    pair.run(60.0)
    assert len(pair.times("a", "BYE")) == 11
    assert ends(pair, "a") == [Released("out", "us", "released")]
    assert pair.a.signals[-1] == (42.0, Finished("out"))


# ---- lost ACKs -------------------------------------------------------------------------------------------------


def test_2xx_is_repeated_from_t1_to_t2_until_the_ack() -> None:
    pair = losing(answering(Pair()), "a", "ACK", 4)
    pair.dial()
    pair.run(30.0)
    assert pair.times("b", "200 INVITE") == [2.01, 2.51, 3.51, 5.51, 9.51]
    assert pair.times("a", "ACK") == [2.02, 2.52, 3.52, 5.52, 9.52]
    assert [type(signal) for signal in pair.a.said()] == [Progress, Answered]


def test_no_ack_is_a_bye_after_64_t1() -> None:
    pair = losing(answering(Pair()), "a", "ACK", 1000)
    pair.dial()
    pair.run(200.0)
    assert pair.times("b", "200 INVITE") == pytest.approx([2.01, 2.51, 3.51, *[5.51 + 4 * n for n in range(8)]])
    assert pair.times("b", "BYE") == [34.01]
    assert ends(pair, "b") == [Released("in0", "network", "no ACK")]
    assert ends(pair, "a") == [Released("out", "peer", "bye")]


def test_no_bye_before_the_ack() -> None:
    pair = losing(hanging_up(answering(Pair()), "b", 2.1), "a", "ACK", 1)
    pair.dial()
    pair.run(200.0)
    assert pair.b.signals[2] == (2.1, Released("in0", "us", "released"))
    assert pair.times("b", "BYE") == [2.53]
    assert ends(pair, "b") == [Released("in0", "us", "released")]


def test_bye_in_place_of_the_ack_ends_the_repeats() -> None:
    pair = losing(hanging_up(answering(Pair()), "a", 2.1), "a", "ACK", 1)
    pair.dial()
    pair.run(200.0)
    assert pair.times("b", "200 INVITE") == [2.01]
    assert ends(pair, "b") == [Released("in0", "peer", "bye")]


def test_no_ack_to_a_refusal_ends_by_itself() -> None:
    pair = losing(hanging_up(Pair(), "b", 1.0, Reject(486)), "a", "ACK", 1000)
    pair.dial()
    pair.run(100.0)
    assert len(pair.times("b", "486 INVITE")) == 11
    assert len(pair.times("a", "ACK")) == 11
    assert ends(pair, "b") == [Failed("in0", 486, "rejected", "us")]


# ---- answers that cannot be used -------------------------------------------------------------------------------


def test_200_without_a_usable_answer_is_ack_and_bye() -> None:
    pair = answering(Pair())

    def mangle(_side: str, message: Message) -> None:
        if is_response(message, 200, "INVITE"):
            message.body = b""

    pair.mangle = mangle
    pair.dial()
    pair.run(100.0)
    assert pair.ladder()[3:] == ["b 200 INVITE", "a ACK", "a BYE", "b 200 BYE"]
    assert ends(pair, "a") == [Failed("out", 488, "no usable answer", "us")]


def test_200_without_a_body_after_early_media_keeps_them() -> None:
    pair = Pair()
    pair.hear = lambda _side, signal: [(1, "b", Ring(183)), (2, "b", Accept())] if isinstance(signal, Offered) else []

    def mangle(_side: str, message: Message) -> None:
        if is_response(message, 200, "INVITE"):
            message.body = b""

    pair.mangle = mangle
    pair.dial()
    pair.run(10.0)
    (answered,) = pair.a.said(Answered)
    assert isinstance(answered, Answered)
    assert answered.media is not None
    assert answered.media.remote == pair.b.local.address


def test_an_offer_that_cannot_be_served_is_refused_with_a_warning() -> None:
    pair = Pair()

    def mangle(_side: str, message: Message) -> None:
        if isinstance(message, Request) and message.method == "INVITE":
            message.body = message.body.replace(b"PCMU", b"G729").replace(b"PCMA", b"G723")

    warned: list[str | None] = []

    def spy(side: str, message: Message) -> bool:
        if side == "b" and is_response(message, 488, "INVITE"):
            warned.append(message.headers.get("Warning"))
        return False

    pair.mangle, pair.drop = mangle, spy
    pair.dial()
    pair.run(100.0)
    assert pair.ladder() == ["a INVITE", "b 488 INVITE", "a ACK"]
    assert warned[0] is not None
    assert "G729" in warned[0]
    assert ends(pair, "b") == [Failed("in0", 488, "Not Acceptable Here", "us")]
    assert ends(pair, "a") == [Failed("out", 488, "Not Acceptable Here", "peer")]
