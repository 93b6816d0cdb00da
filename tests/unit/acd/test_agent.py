"""The agent's tables: every cell, held against grids written down independently of them, and what is told of both."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.acd.agent import CAPACITY, Agent, Ask, Cue, Delay, Work, settle, step
from softswitch.acd.model import AgentState, AgentStateChanged
from softswitch.acd.region import PRESENCE, STAGES, AgentInput, Presence, Stage
from softswitch.core.errors import UsageError
from softswitch.core.machine import transition

S = AgentState
I = AgentInput  # noqa: E741 (the house's word for an input)
P = Presence
G = Stage

# Next state by its letter; - stays, ! is our bug. O logged out, R ready, P paused, U suspended, L leaving.
OF_PRESENCE = {"O": P.LOGGED_OUT, "R": P.READY, "P": P.PAUSED, "U": P.SUSPENDED, "L": P.LEAVING}
WISHES = """
                O R P U L
LOG_IN          R - - - R
LOG_IN_PAUSED   P - - - P
LOG_OUT         - L L L -
SET_READY       - - R R R
SET_PAUSED      - P - P P
RESERVED        ! - ! ! !
RESUMED         L ! ! ! -
MISSED_OUT      ! U - - -
DONE            - - - - O
"""
# V reserved, T talking, W wrap-up, X over.
OF_STAGE = {"V": G.RESERVED, "T": G.TALKING, "W": G.WRAP_UP, "X": G.OVER}
WORK = """
                V T W
ANSWERED        T - -
NO_ANSWER       X ! !
MISSED_OUT      X ! !
FAILED          X ! !
RELEASED        X ! !
WRAP_UP_ASKED   - - -
ENDED           - W -
ENDED_AT_ONCE   - X -
EXTENDED        - - -
WRAP_UP_OVER    ! ! X
"""


def cells(grid: str) -> list[tuple[str, AgentInput, str]]:
    head, *rows = [line.split() for line in grid.strip().splitlines()]
    return [(state, I[row[0]], cell) for row in rows for state, cell in zip(head, row[1:], strict=True)]


def an_agent(*stages: Stage, presence: Presence = P.READY, cost: int = CAPACITY, **more: Any) -> Agent:
    """With such a contact in hand: c1, c2, ..."""
    works = [
        Work(f"c{number}", "q", cost, stage, None if stage is G.TALKING else 50.0, 300.0)
        for number, stage in enumerate(stages, 1)
    ]
    agent = Agent("ann", presence, works=works, reachable=True, **more)
    settle(agent, 0.0)
    agent.since = 0.0
    return agent


def test_the_grids_name_every_state_and_every_input() -> None:
    wishes, work = cells(WISHES), cells(WORK)
    assert {cue for _, cue, _ in (*wishes, *work)} == set(I)
    assert [{OF_PRESENCE[state] for state, _, _ in wishes}, {OF_STAGE[state] for state, _, _ in work}] == [
        set(P), set(G) - {G.OVER},
    ]  # fmt: skip
    assert {cue for row in PRESENCE.values() for cue in row} == {cue for _, cue, _ in wishes}
    assert {cue for row in STAGES.values() for cue in row} == {cue for _, cue, _ in work}


@pytest.mark.parametrize(("state", "cue", "cell"), cells(WISHES))
def test_cell_of_presence(state: str, cue: AgentInput, cell: str) -> None:
    before = OF_PRESENCE[state]
    if cell == "!":
        with pytest.raises(UsageError, match=f"{cue.name} in {before.name}"):
            transition(PRESENCE, before, cue, "agent")
        return
    after, _ = transition(PRESENCE, before, cue, "agent")
    assert after is (before if cell == "-" else OF_PRESENCE[cell])


@pytest.mark.parametrize(("state", "cue", "cell"), cells(WORK))
def test_cell_of_a_contact_in_hand(state: str, cue: AgentInput, cell: str) -> None:
    agent = an_agent(OF_STAGE[state])
    work = agent.works[0]
    if cell == "!":
        with pytest.raises(UsageError, match=f"{cue.name} in {work.stage.name}"):
            step(agent, Cue(cue, contact="c1"), 9.0)
        return
    step(agent, Cue(cue, contact="c1", until=60.0), 9.0)
    assert work.stage is (OF_STAGE[state] if cell == "-" else OF_STAGE[cell])
    assert (agent.holding("c1") is work) is (work.stage is not G.OVER)
    assert (work.until is not None) is (work.stage in (G.RESERVED, G.WRAP_UP))
    assert (agent.since == 9.0) is (cell != "-")


def test_a_contact_that_is_not_in_hand_is_our_bug() -> None:
    with pytest.raises(UsageError, match="no contact 'c9' in hand"):
        step(an_agent(G.TALKING), Cue(I.ENDED_AT_ONCE, contact="c9"), 9.0)


# ---- what the human wants while he works -----------------------------------------------------------------------------

BUSY = (G.RESERVED, G.TALKING, G.WRAP_UP)
WAY_OUT = {G.RESERVED: I.RELEASED, G.TALKING: I.ENDED_AT_ONCE, G.WRAP_UP: I.WRAP_UP_OVER}
SHOWN = {G.RESERVED: S.RESERVED, G.TALKING: S.TALKING, G.WRAP_UP: S.WRAP_UP}


def out(agent: Agent, stage: Stage) -> AgentStateChanged | None:
    return step(agent, Cue(WAY_OUT[stage], contact="c1"), 12.0)


@pytest.mark.parametrize("stage", BUSY)
def test_a_pause_asked_for_while_busy_comes_after_as_one_change(stage: Stage) -> None:
    agent = an_agent(stage)
    assert step(agent, Cue(I.SET_PAUSED, "lunch"), 9.0) is None
    assert (agent.state, agent.reason, agent.asked) == (SHOWN[stage], "", Ask(S.PAUSED, "lunch"))
    assert out(agent, stage) == AgentStateChanged("ann", SHOWN[stage], S.PAUSED, "lunch", "c1")
    assert agent.asked == Ask(S.PAUSED, "lunch")


@pytest.mark.parametrize("stage", BUSY)
def test_a_logout_asked_for_while_busy_comes_after(stage: Stage) -> None:
    agent = an_agent(stage)
    assert step(agent, Cue(I.LOG_OUT), 9.0) is None
    out(agent, stage)
    assert (agent.state, agent.presence) == (S.LOGGED_OUT, P.LOGGED_OUT)


def test_a_logout_of_somebody_who_is_not_busy_is_at_once() -> None:
    agent = an_agent()
    assert step(agent, Cue(I.LOG_OUT), 9.0) == AgentStateChanged("ann", S.READY, S.LOGGED_OUT, "", None)
    assert agent.presence is P.LOGGED_OUT


@pytest.mark.parametrize("stage", [G.RESERVED, G.TALKING])
def test_the_last_wish_counts(stage: Stage) -> None:
    agent = an_agent(stage)
    for cue in (Cue(I.SET_PAUSED, "lunch"), Cue(I.LOG_OUT), Cue(I.SET_READY)):
        step(agent, cue, 9.0)
    out(agent, stage)
    assert agent.state is S.READY


@pytest.mark.parametrize("stage", BUSY)
def test_a_login_takes_back_a_logout_to_come_but_not_a_pause(stage: Stage) -> None:
    leaving, pausing = an_agent(stage), an_agent(stage)
    step(leaving, Cue(I.LOG_OUT), 9.0)
    step(pausing, Cue(I.SET_PAUSED, "lunch"), 9.0)
    for agent in (leaving, pausing):
        step(agent, Cue(I.LOG_IN), 10.0)
        out(agent, stage)
    assert (leaving.state, pausing.state) == (S.READY, S.PAUSED)


def test_a_login_that_takes_back_a_logout_while_the_phone_rings_does_not_count_as_idleness_anew() -> None:
    agent = an_agent(G.RESERVED, idle_since=1.0)
    for cue in (Cue(I.LOG_OUT), Cue(I.LOG_IN), Cue(I.RELEASED, contact="c1")):
        step(agent, cue, 9.0)
    assert agent.idle_since == 1.0


# ---- pauses of the engine --------------------------------------------------------------------------------------------

MISSED_OUT = Cue(I.MISSED_OUT, "no answer", "c1")


def test_a_pause_of_the_engine_does_not_change_what_the_human_asked() -> None:
    agent = an_agent(G.RESERVED)
    step(agent, MISSED_OUT, 9.0)
    assert (agent.state, agent.reason, agent.asked) == (S.PAUSED, "no answer", Ask(S.READY))


def test_a_logout_to_come_wins_over_the_pause_of_the_engine() -> None:
    agent = an_agent(G.RESERVED)
    step(agent, Cue(I.LOG_OUT), 8.0)
    changed = step(agent, MISSED_OUT, 9.0)
    assert changed == AgentStateChanged("ann", S.RESERVED, S.LOGGED_OUT, "no answer", "c1", missed=True)


def test_a_pause_to_come_wins_over_the_pause_of_the_engine() -> None:
    agent = an_agent(G.RESERVED)
    step(agent, Cue(I.SET_PAUSED, "lunch"), 8.0)
    step(agent, MISSED_OUT, 9.0)
    assert (agent.state, agent.reason) == (S.PAUSED, "lunch")


def test_another_reason_of_a_pause_is_a_change_and_the_same_one_is_not() -> None:
    agent = an_agent(presence=P.PAUSED, pause="lunch")
    assert step(agent, Cue(I.SET_PAUSED, "lunch"), 9.0) is None
    assert step(agent, Cue(I.SET_PAUSED, "training"), 9.0) == AgentStateChanged(
        "ann", S.PAUSED, S.PAUSED, "training", None
    )


# ---- idleness, misses, delays ----------------------------------------------------------------------------------------


def test_idleness_begins_with_login() -> None:
    agent = an_agent(presence=P.LOGGED_OUT, idle_since=1.0)
    step(agent, Cue(I.LOG_IN), 9.0)
    assert agent.idle_since == 9.0


@pytest.mark.parametrize(("stage", "cue"), [(G.TALKING, I.ENDED_AT_ONCE), (G.WRAP_UP, I.WRAP_UP_OVER)])
def test_idleness_begins_with_the_end_of_work(stage: Stage, cue: AgentInput) -> None:
    agent = an_agent(stage, idle_since=1.0)
    step(agent, Cue(cue, contact="c1"), 9.0)
    assert agent.idle_since == 9.0


@pytest.mark.parametrize("cue", [I.NO_ANSWER, I.FAILED, I.RELEASED, I.MISSED_OUT])
def test_an_offer_that_came_to_nothing_keeps_the_idle_time(cue: AgentInput) -> None:
    agent = an_agent(G.RESERVED, idle_since=1.0)
    step(agent, Cue(cue, contact="c1"), 9.0)
    assert agent.idle_since == 1.0


@pytest.mark.parametrize(
    ("agent", "cue"),
    [
        (an_agent(G.RESERVED, misses=1, delay=Delay(99.0)), Cue(I.ANSWERED, contact="c1")),
        (an_agent(presence=P.SUSPENDED, misses=2, delay=Delay(99.0)), Cue(I.SET_READY)),
        (an_agent(presence=P.PAUSED, misses=1, delay=Delay(99.0)), Cue(I.SET_READY)),
        (an_agent(presence=P.LOGGED_OUT, misses=1, delay=Delay(99.0)), Cue(I.LOG_IN)),
    ],
)
def test_misses_are_forgiven(agent: Agent, cue: Cue) -> None:
    step(agent, cue, 9.0)
    assert (agent.misses, agent.delay) == (0, None)


def test_busy_is_no_miss() -> None:
    agent = an_agent(G.RESERVED, misses=1)
    step(agent, Cue(I.FAILED, "busy", "c1", delay=Delay(19.0)), 9.0)
    assert (agent.misses, agent.offerable, agent.deadline) == (1, False, 19.0)
