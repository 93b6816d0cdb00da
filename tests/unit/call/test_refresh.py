"""Session timers, as caller and as called one, refreshed by either (RFC 4028)."""

from __future__ import annotations

import pytest

from softswitch.call.leg import Leg
from softswitch.call.signal import Accept, Failed, Finished, Release, Released, SendRequest
from softswitch.call.state import SessionPolicy
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.sdp import negotiate
from softswitch.sip.message import Message, Request, Response
from softswitch.sip.timing import Timing
from tests.support.sip_pair import Pair
from tests.unit.call.peer import (
    OFFER,
    OURS,
    THEIRS,
    ack,
    answer,
    arrived,
    calling,
    inside,
    invite,
    requests_in,
    response_in,
)
from tests.unit.call.test_ladder import answering, ends, hanging_up
from tests.unit.call.test_renegotiate import replied
from tests.unit.sip.exchange import ids, request

TIMER = (("Supported", "timer"), ("Allow", "UPDATE"))


def asking(expires: str, more: tuple[tuple[str, str], ...] = TIMER) -> tuple[tuple[str, str], ...]:
    return (*more, ("Session-Expires", expires))


def called(
    more: tuple[tuple[str, str], ...],
    policy: SessionPolicy = SessionPolicy(),  # noqa: B008 (frozen)
) -> tuple[Leg, Response]:
    """A leg that is called with these lines, up; and its 200."""
    event = arrived(invite(more=more))
    leg = Leg.inbound("in", event, OURS, ids(), Timing(), session=policy)
    leg.handle(event, 0.0)
    ok = response_in(leg.handle(Accept(), 0.0))
    leg.handle(ack(leg), 0.0)
    return leg, ok


def caller(more: tuple[tuple[str, str], ...]) -> Leg:
    """A leg that calls, up since 1.0; its peer's 200 has these lines."""
    leg, sent = calling()
    assert sent.headers.get("Session-Expires") == "1800" and sent.headers.get("Min-SE") == "90"
    assert "timer" in (sent.headers.get("Supported") or "")
    answer(leg, sent, 200, body=OFFER, more=more)
    return leg


def until(leg: Leg, at: float) -> list[Effect]:
    """Time passes; the peer answers each probe."""
    found: list[Effect] = []
    while leg.deadline is not None and leg.deadline <= at:
        now = leg.deadline
        for one in leg.tick(now):
            if isinstance(one, SendRequest) and one.request.method == "OPTIONS":
                replied(leg, requests_in([one])[0], 200, now=now)
            else:
                found.append(one)
    return found


# ---- as ladders ------------------------------------------------------------------------------------------------


def test_the_caller_refreshes_by_update_at_half_the_interval() -> None:
    pair = hanging_up(answering(Pair()), "b", 2000.0)
    pair.dial()
    pair.run(2100.0)
    assert pair.times("a", "UPDATE") == pytest.approx([2.02 + 900, 2.04 + 1800])
    assert pair.times("b", "UPDATE") == [] and len(pair.times("b", "200 UPDATE")) == 2
    assert ends(pair, "a") == [Released("out", "peer", "bye")]


def test_a_refresh_that_never_arrives_ends_the_call_on_both_sides_before_the_interval_does() -> None:
    """The OPTIONS go through: somebody is there, but not with this session."""
    pair = answering(Pair())
    pair.drop = lambda who, message: who == "a" and isinstance(message, Request) and message.method == "UPDATE"
    pair.dial()
    pair.run(3000.0)
    assert ends(pair, "a") == [Released("out", "network", "timeout")]
    assert ends(pair, "b") == [Released("in0", "peer", "bye")]


def test_a_refusal_with_422_is_tried_again_with_a_longer_interval() -> None:
    pair = answering(Pair())
    policy = SessionPolicy(expires_s=3600, min_s=2400)
    seen: list[str | None] = []

    def spy(side: str, message: Message) -> bool:
        if side == "a" and isinstance(message, Request) and message.method == "INVITE":
            seen.append(message.headers.get("Session-Expires"))
        return False

    pair.drop = spy
    pair.policy["b"] = policy
    hanging_up(pair, "a", 10.0).dial()
    pair.run(100.0)
    assert pair.ladder()[:5] == ["a INVITE", "b 422 INVITE", "a ACK", "a INVITE", "b 100 INVITE"]
    assert seen == ["1800", "2400"]


# ---- the called one: section 9 ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "said", "ours"),
    [
        (TIMER, "1800;refresher=uac", False),
        (asking("600"), "600;refresher=uac", False),
        (asking("600;refresher=uac"), "600;refresher=uac", False),
        (asking("600;refresher=uas"), "600;refresher=uas", True),
        (asking("7200"), "1800;refresher=uac", False),
        ((*asking("7200"), ("Min-SE", "4000")), "4000;refresher=uac", False),
        (asking("600;refresher=uac", ()), "600;refresher=uas", True),  # a proxy asks; the caller knows nothing of it
        ((), None, False),
        (asking("nonsense"), "1800;refresher=uac", False),
    ],
)
def test_section_9_table_2_who_refreshes(more: tuple[tuple[str, str], ...], said: str | None, ours: bool) -> None:
    leg, ok = called(more)
    assert ok.headers.get("Session-Expires") == said
    assert (ok.headers.get("Require") == "timer") is (said is not None and not ours)
    assert leg.leg.refresh.ours is ours


def test_section_9_too_short_is_422_with_min_se() -> None:
    event = arrived(invite(more=asking("60")))
    leg = Leg.inbound("in", event, OURS, ids(), Timing())
    effects = leg.handle(event, 0.0)
    assert response_in(effects).status == 422 and response_in(effects).headers.get("Min-SE") == "90"
    assert [type(one) for one in effects[1:]] == [Failed, Finished]


def test_section_9_a_caller_who_does_not_know_timers_gets_no_422() -> None:
    _, ok = called(asking("60", ()))
    assert ok.headers.get("Session-Expires") == "90;refresher=uas"


def test_without_a_wish_of_ours_only_the_peer_s_counts() -> None:
    assert called(TIMER, SessionPolicy(expires_s=0))[1].headers.get("Session-Expires") is None
    assert called(asking("600"), SessionPolicy(expires_s=0))[1].headers.get("Session-Expires") == "600;refresher=uac"


def test_section_10_no_refresh_of_theirs_is_a_bye_slightly_before_the_end() -> None:
    leg, _ = called(asking("600"))
    assert until(leg, 567.9) == []
    effects = until(leg, 568.1)
    assert [made.method for made in requests_in(effects)] == ["BYE"]
    assert effects[1] == Released("in", "network", "session expired")
    short, _ = called(asking("90"))
    assert until(short, 59.9) == [] and requests_in(until(short, 60.0))[0].method == "BYE"


def test_each_refresh_of_theirs_begins_the_interval_again() -> None:
    leg, _ = called(asking("600"))
    until(leg, 400.0)
    made = request("UPDATE", to_tag=leg.local_tag, cseq=2, more=asking("600;refresher=uac"))
    ok = response_in(leg.handle(arrived(made, "t2"), 400.0))
    assert (ok.status, ok.headers.get("Session-Expires")) == (200, "600;refresher=uac")
    assert until(leg, 960.0) == [] and requests_in(until(leg, 970.0))[0].method == "BYE"


def test_a_reinvite_without_the_header_of_who_does_not_know_timers_stops_it() -> None:
    leg, _ = called(asking("600"))
    inside(leg, "INVITE", OFFER)
    leg.handle(ack(leg, 2), 1.0)
    assert until(leg, 1000.0) == []


# ---- we refresh ------------------------------------------------------------------------------------------------


def refresh_of(leg: Leg, at: float) -> Request:
    assert until(leg, at - 0.1) == []
    (made,) = requests_in(until(leg, at))
    return made


def test_section_10_we_refresh_at_half_by_update_and_keep_our_role() -> None:
    leg, _ = called(asking("600;refresher=uas"))
    made = refresh_of(leg, 300.0)
    assert (made.method, made.body) == ("UPDATE", b"")
    assert made.headers.get("Session-Expires") == "600;refresher=uac"  # of this transaction we are the UAC
    replied(leg, made, 200, more=(("Session-Expires", "600;refresher=uac"),), now=300.1)
    assert refresh_of(leg, 600.1).method == "UPDATE"


def test_a_peer_without_update_is_refreshed_by_reinvite() -> None:
    leg, _ = called((("Supported", "timer"), ("Session-Expires", "600;refresher=uas")))
    first = leg.leg.exchange.said
    made = refresh_of(leg, 300.0)
    assert made.method == "INVITE" and b"m=audio" in made.body and made.body != first  # all codecs again
    body = negotiate.offer(THEIRS)
    effects = replied(leg, made, 200, body, (("Session-Expires", "600;refresher=uac"),), 300.1)
    assert [one.method for one in requests_in(effects)] == ["ACK"]
    again = refresh_of(leg, 600.1)
    assert again.body == made.body  # RFC 3264 section 8: nothing has changed, so that the version stays


def test_a_2xx_without_the_header_ends_the_timer() -> None:
    assert caller(()).leg.refresh.end_at is None


@pytest.mark.parametrize(("refresher", "ours"), [("uac", True), ("uas", False)])
def test_section_7_2_who_refreshes(refresher: str, ours: bool) -> None:
    leg = caller((("Session-Expires", f"600;refresher={refresher}"), ("Allow", "UPDATE")))
    assert (leg.leg.refresh.due_at == 301.0, leg.leg.refresh.ours) == (ours, ours)


def test_an_interval_of_nothing_does_not_make_us_refresh_all_the_time() -> None:
    assert caller((("Session-Expires", "1;refresher=uac"),)).leg.refresh.due_at == 46.0


def test_a_refresh_that_is_refused_is_tried_again_until_the_end() -> None:
    leg = caller((("Session-Expires", "600"), ("Allow", "UPDATE")))
    made, tries, now = refresh_of(leg, 301.0), 0, 301.0
    while made.method == "UPDATE":
        assert replied(leg, made, 500, now=now) == []
        tries += 1
        while not (effects := until(leg, now := leg.deadline or 0.0)):
            pass
        made = requests_in(effects)[0]
    assert made.method == "BYE" and leg.state is S.LEAVING and now == pytest.approx(569.0) and 3 < tries < 12


def test_a_422_to_a_refresh_raises_the_interval() -> None:
    leg = caller((("Session-Expires", "600"), ("Allow", "UPDATE")))
    (again,) = requests_in(replied(leg, refresh_of(leg, 301.0), 422, more=(("Min-SE", "900"),), now=301.1))
    assert (again.headers.get("Session-Expires"), again.headers.get("Min-SE")) == ("900;refresher=uac", "900")
    assert replied(leg, again, 422, more=(("Min-SE", "900"),), now=301.2) == []  # the same again makes no sense


@pytest.mark.parametrize("status", [408, 481])
def test_a_refresh_of_a_session_that_is_gone_ends_it(status: int) -> None:
    leg = caller((("Session-Expires", "600"), ("Allow", "UPDATE")))
    effects = replied(leg, refresh_of(leg, 301.0), status, now=301.1)
    assert [made.method for made in requests_in(effects)] == ["BYE"]


def test_a_reinvite_of_theirs_may_cross_a_refresh_of_ours_that_offers_nothing() -> None:
    leg = caller((("Session-Expires", "600"), ("Allow", "UPDATE")))
    made = refresh_of(leg, 301.0)
    assert response_in(inside(leg, "INVITE", OFFER, from_tag="x")).status == 200
    assert replied(leg, made, 200, more=(("Session-Expires", "600;refresher=uac"),), now=301.2) == []
    assert leg.leg.refresh.due_at == pytest.approx(601.2)


def test_after_our_bye_nothing_is_refreshed() -> None:
    leg = caller((("Session-Expires", "600"), ("Allow", "UPDATE")))
    leg.handle(Release(), 300.9)
    assert [made.method for made in requests_in(leg.tick(301.0))] == []
