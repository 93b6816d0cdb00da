"""Who is asked first and for whom agents are kept: preferred agents, reserves, shares of queues, capacity."""

from __future__ import annotations

import pytest

from softswitch.acd.decision import Decided
from softswitch.acd.model import (
    Leave,
    LogIn,
    LogOut,
    Need,
    OfferFailed,
    QueueSpec,
    Refused,
    Reserve,
    SetPaused,
    SetReady,
    Strategy,
    WrapUp,
)
from softswitch.core.effect import Effect
from tests.unit.acd.centre import Centre, offers, only, spec

PLAIN = QueueSpec("q", wrap_up=WrapUp.timed(0), max_misses=99)


def reasons(effects: list[Effect]) -> dict[str, str]:
    return dict(only(effects, Decided)[-1].passed_over)


# ---- preferred -------------------------------------------------------------------------------------------------------


def preferring(centre: Centre, contact: str, agent: str = "bob", for_s: float = 20.0) -> list[Effect]:
    return centre.join(contact, preferred=agent, preferred_s=for_s)


def a_pair(queue: QueueSpec = PLAIN) -> Centre:
    return Centre([spec("amy", en=5), spec("bob")], [queue])


def test_the_preferred_agent_has_it_whatever_the_needs_say() -> None:
    centre = a_pair(QueueSpec("q", (Need("en"),)))
    centre.staff("amy", "bob")
    effects = preferring(centre, "c1")
    assert offers(effects) == [("c1", "bob")]
    assert reasons(effects) == {"amy": "kept for the preferred agent"}


def test_it_waits_for_him_alone_and_then_for_anybody() -> None:
    centre = a_pair()
    centre.staff("amy", "bob")
    centre.tell(SetPaused("bob", "tea"))
    effects = preferring(centre, "c1")
    assert offers(effects) == []
    assert reasons(effects) == {"amy": "kept for the preferred agent", "bob": "paused"}
    assert offers(centre.pass_time(19.9)) == []
    assert offers(centre.pass_time(0.1)) == [("c1", "amy")]


def test_he_comes_back_in_time() -> None:
    centre = a_pair()
    centre.staff("amy", "bob")
    centre.tell(SetPaused("bob", "tea"))
    preferring(centre, "c1")
    assert offers(centre.tell(SetReady("bob"))) == [("c1", "bob")]


def test_nobody_waits_for_who_is_not_there() -> None:
    centre = a_pair()
    centre.staff("amy")
    assert offers(preferring(centre, "c1")) == [("c1", "amy")]
    centre = a_pair()
    centre.staff("amy")
    assert offers(preferring(centre, "c1", "nobody of this name")) == [("c1", "amy")]


def test_he_logs_out_meanwhile_or_in() -> None:
    centre = a_pair()
    centre.staff("amy", "bob")
    centre.tell(SetPaused("bob", "tea"))
    preferring(centre, "c1")
    assert offers(centre.tell(LogOut("bob"))) == [("c1", "amy")]
    preferring(centre, "c2")
    assert offers(centre.tell(LogIn("bob", ready=False), OfferFailed("c1", "amy", "busy"))) == []
    assert offers(centre.pass_time(10)) == [], "amy's delay is over, and both wait for bob, who is there again"
    assert offers(centre.tell(SetReady("bob"))) == [("c1", "bob")]
    assert offers(centre.pass_time(10)) == [("c2", "amy")]


def test_one_scale_for_those_who_prefer_him_and_those_who_do_not() -> None:
    centre = a_pair()
    centre.join("old", age_s=50)
    preferring(centre, "new")
    assert offers(centre.staff("bob"))[:1] == [("old", "bob")]


def test_nothing_is_kept_of_a_preference_that_is_over() -> None:
    centre = a_pair()
    centre.staff("amy")
    for number in range(9):
        preferring(centre, f"c{number}", f"whoever {number}")
    assert len(centre.acd._state.preferring) == 8, "c0 is being offered"
    centre.pass_time(20)
    for number in range(9):
        centre.tell(Leave(f"c{number}", "abandoned"))
    assert centre.acd._state.preferring == {}


# ---- reserve ---------------------------------------------------------------------------------------------------------

KEPT = QueueSpec("q", wrap_up=WrapUp.timed(0), reserve=Reserve(1, 60.0), priority_s=500.0, max_misses=99)


def test_the_last_free_agents_are_for_those_with_priority_of_their_own() -> None:
    centre = a_pair(KEPT)
    centre.staff("amy", "bob")
    assert offers(centre.join("c1")) == [("c1", "amy")]
    effects = centre.join("c2")
    assert offers(effects) == []
    assert reasons(effects) == {"amy": "reserved", "bob": "kept in reserve"}
    assert offers(centre.join("vip", priority_s=60.0)) == [("vip", "bob")]


def test_an_agent_who_becomes_free_lifts_it_for_who_has_been_idle_longer() -> None:
    centre = a_pair(KEPT)
    centre.staff("amy")
    assert offers(centre.join("c1")) == []
    effects = centre.staff("bob")
    assert offers(effects) == [("c1", "amy")]
    assert reasons(effects) == {"bob": "idle for less time"}


def test_ring_all_leaves_the_reserve_alone() -> None:
    ring = QueueSpec("q", strategy=Strategy.RING_ALL, reserve=Reserve(1, 60.0))
    centre = Centre([spec(name) for name in ("amy", "bob", "cid")], [ring])
    centre.staff("amy", "bob", "cid")
    effects = centre.join("c1")
    assert offers(effects) == [("c1", "amy"), ("c1", "bob")]
    assert reasons(effects) == {"cid": "kept in reserve"}


def test_a_full_queue_takes_only_who_can_be_offered_at_once() -> None:
    centre = a_pair(QueueSpec("q", reserve=Reserve(1, 60.0), max_waiting=0))
    centre.staff("amy")
    assert [one.why for one in only(centre.join("c1"), Refused)] == ["full"]
    assert offers(centre.join("vip", priority_s=90.0)) == [("vip", "amy")]


# ---- shares ----------------------------------------------------------------------------------------------------------


def sharing(**waiting: int) -> Centre:
    """Queues a, b, c with 1/2, 1/4 and no share, and so many in each, who came one second apart: a first."""
    queues = [QueueSpec("a", share=0.5), QueueSpec("b", share=0.25), QueueSpec("c")]
    centre = Centre([spec("amy"), spec("bob")], queues)
    for queue, count in waiting.items():
        for number in range(count):
            centre.join(f"{queue}{number}", queue)
            centre.pass_time(1)
    return centre


@pytest.mark.parametrize(
    ("waiting", "first"),
    [
        ({"b": 2, "a": 4}, "a0"),  # 4 - 3 against 2 - 1.5
        ({"a": 3, "b": 3}, "b0"),  # 0 against 1.5
        ({"b": 1, "a": 3}, "a0"),
        ({"c": 1, "a": 1, "b": 3}, "c0"),  # c has no share: by rank
        ({"a": 1, "c": 1, "b": 3}, "c0"),  # b stands for both, and came after c
    ],
)
def test_the_queue_that_exceeds_its_share_most_comes_first(waiting: dict[str, int], first: str) -> None:
    centre = sharing(**waiting)
    assert offers(centre.staff("amy"))[:1] == [(first, "amy")]


def test_the_record_shows_what_the_queues_exceeded() -> None:
    (decision,) = only(sharing(a=3, b=3).staff("amy"), Decided)
    assert decision.record.shares == (("b", 3, 0.25), ("a", 3, 0.5))
    assert decision.replay() == decision.agent == "amy"


# ---- capacity --------------------------------------------------------------------------------------------------------


def test_a_chat_fits_beside_chats_and_a_call_beside_nothing() -> None:
    centre = Centre([spec("amy")], [PLAIN])
    centre.staff("amy")
    for number in range(5):
        assert offers(centre.join(f"chat{number}", cost=20)) == [(f"chat{number}", "amy")]
        centre.answer(f"chat{number}", "amy")
    effects = centre.join("chat5", cost=20)
    assert (offers(effects), reasons(effects)) == ([], {"amy": "talking"})
    assert offers(centre.end("chat0", "amy")) == [("chat5", "amy")]
    centre.tell(OfferFailed("chat5", "amy", "busy"))
    effects = centre.join("call")
    assert reasons(effects) == {"amy": "talking"}


def test_a_call_waits_behind_what_fits() -> None:
    centre = Centre([spec("amy")], [PLAIN])
    centre.staff("amy")
    centre.join("chat", cost=20)
    centre.answer("chat", "amy")
    effects = centre.join("call", age_s=60)
    assert (offers(effects), reasons(effects)) == ([], {"amy": "no room for it beside what he has in hand"})
    assert offers(centre.join("chat2", cost=80)) == [("chat2", "amy")]
