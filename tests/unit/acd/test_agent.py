"""The agent's table: every cell, held against a grid written down independently of it, and what its actions do."""

from __future__ import annotations

import pytest

from softswitch.acd.agent import Agent, AgentInput, Ask, Cue, Delay, Work, step
from softswitch.acd.model import AgentState, AgentStateChanged
from softswitch.core.errors import UsageError

S = AgentState
I = AgentInput  # noqa: E741

# Next state by its initial: O logged out, R ready, V reserved, T talking, W wrap-up, P paused; - stays, ! is our bug.
LETTER = {"O": S.LOGGED_OUT, "R": S.READY, "V": S.RESERVED, "T": S.TALKING, "W": S.WRAP_UP, "P": S.PAUSED}
GRID = """
                O R V T W P
LOG_IN          R - - - - -
LOG_IN_PAUSED   P - - - - -
LOG_OUT         - O - - - O
SET_READY       - - - - R R
SET_PAUSED      - P - - - -
RESERVED        ! V ! ! ! !
RESUMED         T ! ! ! ! !
ANSWERED        ! ! T - - !
NO_ANSWER       ! ! R ! ! !
MISSED_OUT      ! ! P ! ! !
FAILED          ! ! R ! ! !
RELEASED        ! ! R ! ! !
ENDED           ! ! - W - !
ENDED_AT_ONCE   ! ! - R - !
WRAP_UP_OVER    ! ! ! ! R !
"""


def cells() -> list[tuple[AgentState, AgentInput, str]]:
    head, *rows = [line.split() for line in GRID.strip().splitlines()]
    return [(LETTER[state], I[row[0]], cell) for row in rows for state, cell in zip(head, row[1:], strict=True)]


def an_agent(state: AgentState = S.READY, **more: object) -> Agent:
    work = Work("c1", "q") if state in (S.RESERVED, S.TALKING, S.WRAP_UP) else None
    asked = Ask(state) if state in (S.LOGGED_OUT, S.PAUSED) else Ask(S.READY)
    fields = {"state": state, "asked": asked, "work": work, "reachable": True, "until": 50.0 if work else None}
    return Agent("ann", **{**fields, **more})  # type: ignore[arg-type]


def test_the_grid_names_every_state_and_input() -> None:
    assert {(state, cue) for state, cue, _ in cells()} == {(state, cue) for state in S for cue in I}


@pytest.mark.parametrize(("state", "cue", "cell"), cells())
def test_cell(state: AgentState, cue: AgentInput, cell: str) -> None:
    agent = an_agent(state)
    if cell == "!":
        with pytest.raises(UsageError, match=f"{cue.name} in {state.name}"):
            step(agent, Cue(cue), 9.0)
        return
    step(agent, Cue(cue, until=60.0, work=Work("c2", "q")), 9.0)
    assert agent.state is (state if cell == "-" else LETTER[cell])
    assert (agent.since == 9.0) is (cell != "-")


@pytest.mark.parametrize(("state", "cue", "cell"), [c for c in cells() if c[2] in LETTER])
def test_only_reservation_and_wrap_up_hold_a_deadline_and_only_work_holds_a_contact(
    state: AgentState, cue: AgentInput, cell: str
) -> None:
    agent = an_agent(state)
    step(agent, Cue(cue, until=60.0, work=agent.work or Work("c2", "q")), 9.0)
    assert (agent.until is not None) is (agent.state in (S.RESERVED, S.WRAP_UP))
    assert (agent.contact is not None) is (agent.state in (S.RESERVED, S.TALKING, S.WRAP_UP))


BUSY = (S.RESERVED, S.TALKING, S.WRAP_UP)
WAY_OUT = {S.RESERVED: I.RELEASED, S.TALKING: I.ENDED_AT_ONCE, S.WRAP_UP: I.WRAP_UP_OVER}


@pytest.mark.parametrize("state", BUSY)
def test_a_pause_asked_for_while_busy_comes_after_as_one_change(state: AgentState) -> None:
    agent = an_agent(state)
    assert step(agent, Cue(I.SET_PAUSED, "lunch"), 9.0) is None
    changed = step(agent, Cue(WAY_OUT[state]), 12.0)
    assert changed == AgentStateChanged("ann", state, S.PAUSED, "lunch", "c1")
    assert agent.asked == Ask(S.PAUSED, "lunch")


@pytest.mark.parametrize("state", BUSY)
def test_a_logout_asked_for_while_busy_comes_after(state: AgentState) -> None:
    agent = an_agent(state)
    step(agent, Cue(I.LOG_OUT), 9.0)
    step(agent, Cue(WAY_OUT[state]), 12.0)
    assert agent.state is S.LOGGED_OUT


@pytest.mark.parametrize("state", [S.RESERVED, S.TALKING])
def test_the_last_wish_counts(state: AgentState) -> None:
    agent = an_agent(state)
    for cue in (Cue(I.SET_PAUSED, "lunch"), Cue(I.LOG_OUT), Cue(I.SET_READY)):
        step(agent, cue, 9.0)
    step(agent, Cue(WAY_OUT[state]), 12.0)
    assert agent.state is S.READY


@pytest.mark.parametrize("state", BUSY)
def test_a_login_takes_back_a_logout_to_come_but_not_a_pause(state: AgentState) -> None:
    leaving, pausing = an_agent(state), an_agent(state)
    step(leaving, Cue(I.LOG_OUT), 9.0)
    step(pausing, Cue(I.SET_PAUSED, "lunch"), 9.0)
    for agent in (leaving, pausing):
        step(agent, Cue(I.LOG_IN), 10.0)
        step(agent, Cue(WAY_OUT[state]), 12.0)
    assert (leaving.state, pausing.state) == (S.READY, S.PAUSED)


def test_a_pause_of_the_engine_does_not_change_what_the_human_asked() -> None:
    agent = an_agent(S.RESERVED)
    step(agent, Cue(I.MISSED_OUT, "no answer"), 9.0)
    assert (agent.state, agent.reason, agent.asked) == (S.PAUSED, "no answer", Ask(S.READY))


def test_a_logout_to_come_wins_over_the_pause_of_the_engine() -> None:
    agent = an_agent(S.RESERVED)
    step(agent, Cue(I.LOG_OUT), 8.0)
    changed = step(agent, Cue(I.MISSED_OUT, "no answer"), 9.0)
    assert changed == AgentStateChanged("ann", S.RESERVED, S.LOGGED_OUT, "no answer", "c1", missed=True)


def test_another_reason_of_a_pause_is_a_change_and_the_same_one_is_not() -> None:
    agent = an_agent(S.PAUSED, reason="lunch")
    assert step(agent, Cue(I.SET_PAUSED, "lunch"), 9.0) is None
    assert step(agent, Cue(I.SET_PAUSED, "training"), 9.0) == AgentStateChanged(
        "ann", S.PAUSED, S.PAUSED, "training", None
    )


@pytest.mark.parametrize(
    ("state", "cue"), [(S.LOGGED_OUT, I.LOG_IN), (S.TALKING, I.ENDED_AT_ONCE), (S.WRAP_UP, I.WRAP_UP_OVER)]
)
def test_idleness_begins_with_login_and_with_the_end_of_work(state: AgentState, cue: AgentInput) -> None:
    agent = an_agent(state, idle_since=1.0)
    step(agent, Cue(cue), 9.0)
    assert agent.idle_since == 9.0


@pytest.mark.parametrize("cue", [I.NO_ANSWER, I.FAILED, I.RELEASED, I.MISSED_OUT])
def test_an_offer_that_came_to_nothing_keeps_the_idle_time(cue: AgentInput) -> None:
    agent = an_agent(S.RESERVED, idle_since=1.0)
    step(agent, Cue(cue), 9.0)
    assert agent.idle_since == 1.0


@pytest.mark.parametrize(
    ("state", "cue"), [(S.RESERVED, I.ANSWERED), (S.PAUSED, I.SET_READY), (S.LOGGED_OUT, I.LOG_IN)]
)
def test_misses_are_forgiven(state: AgentState, cue: AgentInput) -> None:
    agent = an_agent(state, misses=1, delay=Delay(99.0))
    step(agent, Cue(cue), 9.0)
    assert (agent.misses, agent.delay) == (0, None)


def test_busy_is_no_miss() -> None:
    agent = an_agent(S.RESERVED, misses=1)
    step(agent, Cue(I.FAILED, "busy", delay=Delay(19.0)), 9.0)
    assert (agent.misses, agent.offerable, agent.deadline) == (1, False, 19.0)
