"""Several contacts in hand: as many as their costs allow, each for itself, and one state that is told of all."""

from __future__ import annotations

import pytest

from softswitch.acd.agent import Agent, Cue, Delay, Work, step
from softswitch.acd.model import AgentState, AgentStateChanged, QueueSpec, WrapUp
from softswitch.acd.region import AgentInput, Presence, Stage
from softswitch.core.errors import UsageError
from tests.unit.acd.centre import Centre, offers, spec

S = AgentState
I = AgentInput  # noqa: E741 (the house's word for an input)
G = Stage
CALL, CHAT = 100, 20


def an_agent() -> Agent:
    return Agent("ann", Presence.READY, state=S.READY, reachable=True)


def reserve(agent: Agent, contact: str, cost: int, until: float = 30.0) -> AgentStateChanged | None:
    return step(agent, Cue(I.RESERVED, work=Work(contact, "q", cost), until=until), 1.0)


def talk(agent: Agent, contact: str, cost: int) -> None:
    reserve(agent, contact, cost)
    step(agent, Cue(I.ANSWERED, contact=contact), 2.0)


def end(agent: Agent, contact: str) -> AgentStateChanged | None:
    return step(agent, Cue(I.ENDED_AT_ONCE, contact=contact), 5.0)


def test_five_chats_fit_and_a_sixth_does_not() -> None:
    agent = an_agent()
    for number in range(5):
        assert (agent.offerable, agent.room) == (True, 100 - 20 * number)
        talk(agent, f"chat{number}", CHAT)
    assert (agent.offerable, agent.room) == (False, 0)
    with pytest.raises(UsageError, match="ann has 0 units free, and chat5 costs 20"):
        reserve(agent, "chat5", CHAT)


def test_one_call_leaves_no_room_and_fits_beside_nothing() -> None:
    agent = an_agent()
    talk(agent, "call1", CALL)
    assert (agent.offerable, agent.room) == (False, 0)
    for contact, cost in (("call2", CALL), ("chat", CHAT)):
        with pytest.raises(UsageError, match="ann has 0 units free"):
            reserve(agent, contact, cost)
    end(agent, "call1")
    talk(agent, "chat", CHAT)
    with pytest.raises(UsageError, match="ann has 80 units free, and call2 costs 100"):
        reserve(agent, "call2", CALL)


def test_a_contact_costs_until_its_wrap_up_is_over() -> None:
    agent, rooms = an_agent(), []
    reserve(agent, "chat", CHAT)
    cues = (
        Cue(I.ANSWERED, contact="chat"),
        Cue(I.ENDED, contact="chat", until=20.0),
        Cue(I.WRAP_UP_OVER, contact="chat"),
    )
    for cue in cues:
        rooms.append(agent.room)
        step(agent, cue, 5.0)
    assert (rooms, agent.room) == ([80, 80, 80], 100)


def test_no_contact_is_in_hand_twice_and_none_is_free() -> None:
    agent = an_agent()
    talk(agent, "chat", CHAT)
    for contact, cost in (("chat", CHAT), ("other", 0), ("other", -20)):
        with pytest.raises(UsageError):
            reserve(agent, contact, cost)
    assert [work.contact for work in agent.works] == ["chat"]


def test_the_state_that_is_told_is_that_of_the_liveliest_contact() -> None:
    agent, seen = an_agent(), []
    reserve(agent, "a", CHAT)
    step(agent, Cue(I.ANSWERED, contact="a"), 2.0)
    assert reserve(agent, "b", CHAT) is None, "he talks all the while"
    for cue in (
        Cue(I.ENDED, contact="a", until=90.0),
        Cue(I.ANSWERED, contact="b"),
        Cue(I.ENDED_AT_ONCE, contact="b"),
        Cue(I.WRAP_UP_OVER, contact="a"),
    ):
        changed = step(agent, cue, 6.0)
        seen.append((agent.state, changed and (changed.new, changed.contact), agent.contact))
    assert seen == [
        (S.RESERVED, (S.RESERVED, "a"), "b"),
        (S.TALKING, (S.TALKING, "b"), "b"),
        (S.WRAP_UP, (S.WRAP_UP, "b"), "a"),
        (S.READY, (S.READY, "a"), None),
    ]


def test_each_reservation_has_its_own_deadline() -> None:
    agent = an_agent()
    reserve(agent, "a", CHAT, until=30.0)
    reserve(agent, "b", CHAT, until=20.0)
    assert agent.deadline == 20.0
    step(agent, Cue(I.RELEASED, contact="b"), 3.0)
    assert agent.deadline == 30.0


def test_a_wish_that_waits_keeps_further_contacts_away_and_comes_after_the_last() -> None:
    agent = an_agent()
    talk(agent, "a", CHAT)
    talk(agent, "b", CHAT)
    step(agent, Cue(I.SET_PAUSED, "lunch"), 3.0)
    assert (agent.state, agent.offerable, agent.room) == (S.TALKING, False, 60)
    assert end(agent, "a") is None
    assert end(agent, "b") == AgentStateChanged("ann", S.TALKING, S.PAUSED, "lunch", "b")


def test_a_chat_that_is_missed_beside_another_is_told_and_delays_the_next() -> None:
    agent = an_agent()
    talk(agent, "a", CHAT)
    reserve(agent, "b", CHAT)
    missed = step(agent, Cue(I.NO_ANSWER, "no answer", "b", delay=Delay(40.0)), 30.0)
    assert missed == AgentStateChanged("ann", S.TALKING, S.TALKING, "no answer", "b", missed=True)
    assert (agent.offerable, agent.deadline, agent.since) == (False, 40.0, 2.0)


def test_the_miss_that_was_one_too_many_suspends_at_once_and_shows_after_the_chat() -> None:
    agent = an_agent()
    talk(agent, "a", CHAT)
    reserve(agent, "b", CHAT)
    step(agent, Cue(I.MISSED_OUT, "no answer", "b"), 30.0)
    assert (agent.state, agent.offerable) == (S.TALKING, False)
    assert end(agent, "a") == AgentStateChanged("ann", S.TALKING, S.PAUSED, "no answer", "a")


def test_two_conversations_are_taken_over_before_the_login() -> None:
    agent = Agent("ann")
    for contact in ("a", "b"):
        step(agent, Cue(I.RESUMED, work=Work(contact, "q", CHAT)), 1.0)
    assert (agent.state, agent.asked.state) == (S.TALKING, S.LOGGED_OUT)
    step(agent, Cue(I.LOG_IN), 2.0)
    assert (end(agent, "a"), agent.state) == (None, S.TALKING)
    end(agent, "b")
    assert agent.state is S.READY


def test_the_delay_of_who_wanted_to_leave_and_stays_ends_by_its_own_time() -> None:
    agent = an_agent()
    talk(agent, "a", CHAT)
    reserve(agent, "b", CHAT)
    step(agent, Cue(I.FAILED, "busy", "b", delay=Delay(40.0)), 30.0)
    step(agent, Cue(I.LOG_OUT), 31.0)
    assert agent.deadline == 40.0
    step(agent, Cue(I.LOG_IN), 32.0)
    assert (agent.offerable, agent.deadline) == (False, 40.0)


@pytest.mark.parametrize("cost", [0, -20, 101])
def test_a_cost_that_makes_no_sense_is_our_bug_and_harms_nobody(cost: int) -> None:
    centre = Centre([spec("ann")], [QueueSpec("q")])
    centre.staff("ann")
    with pytest.raises(UsageError, match=f"costs {cost}; it must be 1 to 100"):
        centre.join("c1", cost=cost)
    assert centre.acd.waiting("q", centre.now) == []
    assert offers(centre.join("c2")) == [("c2", "ann")]


def test_a_call_waits_for_the_end_of_all_chats_and_a_chat_for_the_end_of_the_call() -> None:
    centre = Centre([spec("ann")], [QueueSpec("q", wrap_up=WrapUp.timed(5))])
    centre.staff("ann")
    for chat in ("chat1", "chat2"):
        assert offers(centre.join(chat, cost=20)) == [(chat, "ann")]
        centre.answer(chat, "ann")
    assert offers(centre.join("call")) == []
    assert offers(centre.end("chat1", "ann") + centre.pass_time(5)) == []
    assert offers(centre.end("chat2", "ann") + centre.pass_time(4)) == []
    assert offers(centre.pass_time(1)) == [("call", "ann")]
    assert offers(centre.answer("call", "ann") + centre.join("chat3", cost=20)) == []
    assert offers(centre.end("call", "ann") + centre.pass_time(5)) == [("chat3", "ann")]
