"""A leg that was established and forgotten, but for its memory: the dialog goes on from both ends."""

from __future__ import annotations

from itertools import product

import msgspec
import pytest

from softswitch.call.leg import Leg
from softswitch.call.memory import CSEQ_LEAP, SOON_S, LegMemory, memory, remembered, ringing
from softswitch.call.signal import Accept, Offered, Release, Released, Renegotiate, Updated
from softswitch.call.state import SessionPolicy
from softswitch.call.table import S
from softswitch.call.user_agent import UserAgent
from softswitch.core.effect import Effect
from softswitch.sdp import crypto
from softswitch.sdp.media import LocalMedia
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.flow import Flow
from softswitch.sip.message import parse
from tests.support.sip_pair import Pair, Side, Signal, lossy

EPOCH = 1_790_000_000.0


def up(pair: Pair, offers: bool = True) -> Leg:
    """``a`` has called ``b``, and both talk."""

    def hear(side: str, signal: Effect) -> list[tuple[float, str, Accept]]:
        return [(0.1, "b", Accept())] if side == "b" and isinstance(signal, Offered) else []

    pair.hear = hear  # type: ignore[assignment]
    leg = pair.dial(offers=offers)
    pair.run(20.0)
    assert {one.state for side in (pair.a, pair.b) for one in side.every} == {S.UP}
    return leg


def octets(leg: Leg, epoch: float = EPOCH) -> bytes:
    kept = memory(leg, epoch)
    assert kept is not None
    return msgspec.msgpack.encode(kept)


def forgotten(pair: Pair, side: Side, epoch: float = EPOCH) -> Leg:
    """The side's process was killed; a new one has nothing but the octets."""
    kept = msgspec.msgpack.decode(octets(side.every[-1]), type=LegMemory)
    side.agent = UserAgent(side.flow, side.ids, side.timing)
    side.endpoint, side.legs = side.agent.endpoint, side.agent.legs
    policy = pair.policy.get(side.name, SessionPolicy())
    leg = remembered(
        kept, kept.flow, side.ids, side.timing, None, policy, epoch, pair.now, pair.now + 1.0
    )  # fmt: skip
    return side.keep(leg)


def released(side: Side) -> list[Signal]:
    return side.said(Released)


@pytest.mark.parametrize(("who", "ends", "offers"), list(product("ab", "ab", (True, False))))
def test_hold_resume_and_bye_work_from_both_ends(who: str, ends: str, offers: bool) -> None:
    pair = Pair()
    up(pair, offers)
    leg = forgotten(pair, pair.sides[who])
    other = "b" if who == "a" else "a"
    pair.run(30.0)
    assert f"{who} OPTIONS" in pair.ladder()  # it has asked
    for holder in (who, other):
        heard = pair.sides["b" if holder == "a" else "a"]
        for direction, held in (("sendonly", True), ("sendrecv", False)):
            pair.tell(holder, Renegotiate(direction))
            pair.run(pair.now + 5.0)
            last = heard.said(Updated)[-1]
            assert isinstance(last, Updated) and last.media.held is held
    pair.tell(ends, Release())
    pair.run(pair.now + 40.0)
    assert leg.state is S.FINISHED
    assert len(released(pair.a)) == len(released(pair.b)) == 1
    assert not pair.a.legs and not pair.b.legs


@pytest.mark.parametrize("seed", range(10))
def test_both_ends_forget_over_a_network_that_loses_and_ends_meet_all_the_same(seed: int) -> None:
    pair = Pair(lossy(0.2, 0.1, 0.05), seed)
    up(pair)
    for _ in range(3):
        forgotten(pair, pair.a)
        forgotten(pair, pair.b)
        pair.tell("a", Renegotiate("sendonly"))
        pair.run(pair.now + 40.0)
        pair.tell("a", Renegotiate("sendrecv"))
        pair.run(pair.now + 40.0)
    pair.tell("b", Release())
    pair.run(pair.now + 80.0)
    assert not pair.a.legs and not pair.b.legs


def test_an_ack_that_the_former_process_waited_for_is_not_missed() -> None:
    pair = Pair()
    lost = []

    def drop(side: str, message: object) -> bool:
        if side == "a" and getattr(message, "method", "") == "ACK" and not lost:
            lost.append(message)
            return True
        return False

    pair.drop = drop
    pair.hear = lambda side, signal: [(0.1, "b", Accept())] if isinstance(signal, Offered) else []
    pair.dial()
    pair.run(0.3)
    assert lost and pair.b.every[0].state is S.ANSWERED
    forgotten(pair, pair.b)
    pair.run(40.0)
    assert [leg.state for side in (pair.a, pair.b) for leg in side.legs.values()] == [S.UP, S.UP]


def test_the_session_timer_goes_on_by_wall_time() -> None:
    pair = Pair()
    pair.policy = {"a": SessionPolicy(600, 90), "b": SessionPolicy(600, 90)}
    leg = up(pair)
    before = leg.leg.refresh
    kept = msgspec.msgpack.decode(octets(leg), type=LegMemory)
    again = remembered(kept, kept.flow, pair.a.ids, pair.a.timing, None, SessionPolicy(), EPOCH + 100, 0.0, 1.0)
    after = again.leg.refresh
    assert before.end_at is not None and after.end_at == pytest.approx(before.end_at - 100)
    assert (after.interval_s, after.ours) == (before.interval_s, before.ours) == (600, True)
    leg.leg.refresh.due_at = None  # the refresh was under way
    kept = msgspec.msgpack.decode(octets(leg), type=LegMemory)
    again = remembered(kept, kept.flow, pair.a.ids, pair.a.timing, None, SessionPolicy(), EPOCH, 50.0, 51.0)
    assert again.leg.refresh.due_at == 50.0 + SOON_S
    forgotten(pair, pair.a)
    pair.run(1000.0)
    assert {one.state for side in (pair.a, pair.b) for one in side.legs.values()} == {S.UP}


def test_the_memory_of_a_memory_is_the_same_but_for_the_cseq() -> None:
    pair = Pair()
    for side in (pair.a, pair.b):
        local = LocalMedia(side.local.address, keys=crypto.fresh(side.ids.bits), rtcp_mux=True)
        side.local = local
    up(pair)
    for side in (pair.a, pair.b):
        first = memory(side.every[-1], EPOCH)
        leg = forgotten(pair, side)
        again = memory(leg, EPOCH)
        assert first is not None and again is not None and again.exchange.agreed is not None
        assert again.exchange.agreed.srtp is not None
        again.dialog.local_cseq -= CSEQ_LEAP
        assert again == first


def test_of_a_leg_that_is_not_up_nothing_is_kept() -> None:
    pair = Pair()
    pair.hear = lambda side, signal: []
    leg = pair.dial()
    assert memory(leg, EPOCH) is None
    pair.run(1.0)
    assert memory(leg, EPOCH) is None and memory(pair.b.every[0], EPOCH) is None
    pair.tell("a", Release())
    pair.run(40.0)
    assert memory(leg, EPOCH) is None


def test_an_invite_that_goes_another_way_is_kept_with_the_via_of_that_way() -> None:
    pair = Pair()
    side = pair.a
    stream = Flow("tcp", side.flow.local, side.flow.remote)
    side.agent.endpoint = Endpoint(side.ids, side.timing, stream_to=lambda remote: stream)
    leg = pair.dial(headers=(("Subject", "x" * 1300),))
    for flow, failed in ((stream, None), (side.flow, stream)):
        if failed is not None:
            side.agent.endpoint.transport_failed(failed, 0.1)  # what is to be sent is written down before it is
        kept = ringing(leg)
        assert kept is not None and parse(kept.invite).via.transport == flow.transport.upper()
