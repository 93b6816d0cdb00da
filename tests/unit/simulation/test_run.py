"""The clock and the people."""

import math
import random

import pytest

from softswitch.acd.model import (
    AgentSpec,
    AgentState,
    AgentStateChanged,
    QueueLeft,
    QueueSpec,
    Strategy,
    WrapUp,
    WrapUpMode,
)
from softswitch.acd.statistics import Statistics
from softswitch.core.effect import DomainEvent
from softswitch.simulation.arrival import Arrival, exponential, poisson, read
from softswitch.simulation.people import Habits
from softswitch.simulation.run import Outcome, Run

ANNA = AgentSpec("anna", "1001", ())


def _played(
    arrivals: list[Arrival], spec: QueueSpec, pickup_s: float = 0.0, agents: tuple[AgentSpec, ...] = (ANNA,)
) -> tuple[Outcome, list[tuple[str, str, float]]]:
    left: list[tuple[str, str, float]] = []

    def hear(event: DomainEvent, now: float) -> None:
        if isinstance(event, QueueLeft):
            left.append((event.contact, event.why, round(event.waited_s, 6)))

    return Run(agents, [spec], hear, Habits(pickup_s)).play(arrivals), left


def test_callers_talk_one_after_the_other_and_wrap_up_counts() -> None:
    arrivals = [Arrival(0.0, "q", 60.0), Arrival(10.0, "q", 60.0)]
    outcome, left = _played(arrivals, QueueSpec("q", wrap_up=WrapUp.timed(15.0)), pickup_s=3.0)
    assert left == [("c1", "answered", 3.0), ("c2", "answered", 3.0 + 60.0 + 15.0 - 10.0 + 3.0)]
    assert (outcome.contacts, outcome.ended_at) == (2, 3 + 60 + 15 + 3 + 60 + 15)


def test_who_has_no_patience_left_is_gone_also_while_the_phone_rings() -> None:
    arrivals = [Arrival(0.0, "q", 60.0, patience_s=2.0), Arrival(1.0, "q", 5.0)]
    _, left = _played(arrivals, QueueSpec("q", wrap_up=WrapUp.timed(0.0)), pickup_s=3.0)
    assert left == [("c1", "abandoned", 2.0), ("c2", "answered", 4.0)]


def test_a_full_queue_refuses_and_a_long_wait_ends() -> None:
    arrivals = [Arrival(float(at), "q", 1000.0) for at in range(3)]
    outcome, left = _played(arrivals, QueueSpec("q", wrap_up=WrapUp.timed(0.0), max_waiting=1, max_wait_s=30.0))
    assert outcome.refused == 1
    assert left == [("c1", "answered", 0.0), ("c2", "timeout", 30.0)]


def test_one_input_gives_one_output_decision_by_decision() -> None:
    def digest(seed: int) -> str:
        chance = random.Random(seed)
        talk, patience = exponential(chance, 180.0), exponential(chance, 60.0)
        agents = tuple(AgentSpec(f"a{number}", "", ()) for number in range(5))
        spec = QueueSpec("q", wrap_up=WrapUp.timed(5.0))
        return _played(list(poisson(chance, "q", 120, 7200, talk, patience)), spec, 2.0, agents)[0].digest

    assert digest(1) == digest(1) != digest(2)


def test_a_wrap_up_with_open_end_lasts_as_long_as_the_queue_says_or_the_file() -> None:
    spec = QueueSpec("q", wrap_up=WrapUp(WrapUpMode.UNTIL_DONE, 25.0))
    _, left = _played([Arrival(0.0, "q", 60.0), Arrival(1.0, "q", 60.0)], spec)
    assert left[1] == ("c2", "answered", 60.0 + 25.0 - 1.0)
    _, left = _played([Arrival(0.0, "q", 60.0, wrap_up_s=7.0), Arrival(1.0, "q", 60.0)], spec)
    assert left[1] == ("c2", "answered", 60.0 + 7.0 - 1.0)


def test_a_timed_wrap_up_is_ended_early_and_an_optional_one_is_asked_for() -> None:
    timed = QueueSpec("q", wrap_up=WrapUp.timed(30.0))
    _, left = _played([Arrival(0.0, "q", 60.0, wrap_up_s=4.0), Arrival(1.0, "q", 60.0)], timed)
    assert left[1] == ("c2", "answered", 60.0 + 4.0 - 1.0)
    optional = QueueSpec("q", wrap_up=WrapUp(WrapUpMode.OPTIONAL, 20.0))
    _, left = _played(
        [Arrival(0.0, "q", 60.0), Arrival(1.0, "q", 60.0, wrap_up_s=12.0), Arrival(2.0, "q", 5.0)], optional
    )
    assert [waited_s for _, _, waited_s in left] == [0.0, 59.0, 60.0 + 60.0 + 12.0 - 2.0]


def test_of_all_who_are_rung_at_once_one_has_the_call() -> None:
    agents = (ANNA, AgentSpec("bob", "1002", ()))
    spec = QueueSpec("q", wrap_up=WrapUp.timed(0.0), strategy=Strategy.RING_ALL)
    _, left = _played([Arrival(0.0, "q", 60.0), Arrival(10.0, "q", 60.0)], spec, 3.0, agents)
    assert left == [("c1", "answered", 3.0), ("c2", "answered", 3.0)]


def test_whoever_misses_rings_is_paused_and_comes_back() -> None:
    left: list[str] = []
    states: list[tuple[float, str]] = []

    def hear(event: DomainEvent, now: float) -> None:
        if isinstance(event, QueueLeft):
            left.append(event.why)
        elif isinstance(event, AgentStateChanged) and event.new in (AgentState.PAUSED, AgentState.READY):
            states.append((now, event.new.value))

    spec = QueueSpec("q", ring_timeout_s=10.0, max_misses=2, max_wait_s=60.0)
    Run([ANNA], [spec], hear, Habits(2.0, misses=1.0, back_s=30.0)).play([Arrival(0.0, "q", 5.0)])
    paused = next(at for at, state in states if state == "paused")
    assert left == ["timeout"] and 20.0 <= paused <= 30.0
    assert min(at for at, state in states if at > paused and state == "ready") == paused + 30.0


def test_all_that_was_offered_is_accounted_for() -> None:
    chance = random.Random(7)
    statistics = Statistics({})
    arrivals = list(poisson(chance, "q", 200, 7200, exponential(chance, 120.0), exponential(chance, 90.0)))
    outcome = Run([ANNA], [QueueSpec("q", max_waiting=5)], statistics.observe).play(arrivals)
    figures = list(statistics.queues.values())
    assert outcome.contacts == len(arrivals) == outcome.refused + sum(one.offered for one in figures)
    assert sum(one.offered for one in figures) == sum(one.answered + one.abandoned + one.elsewhere for one in figures)


def test_arrivals_are_read_in_any_order_with_clock_times() -> None:
    found, problems = read("at,queue,talk,patience\n9:00:30,q,60,\n32400,q,10.5,20\n\n", "day.csv")
    assert not problems
    assert found == [Arrival(32400.0, "q", 10.5, 20.0), Arrival(32430.0, "q", 60.0, math.inf)]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("", 1, "missing"),
        ("at,queue\n1,q\n", 1, "missing"),
        ("at,queue,talk,wait\n", 1, "must be one of"),
        ("at,queue,talk,talk\n", 1, "once"),
        ("at,queue,talk\n1,q,nan\n", 2, "number of seconds"),
        ("at,queue,talk\n1,q,1\n2,q,-1\n", 3, "from 0 to"),
        ("at,queue,talk\n25:61,q,1\n", 2, "number of seconds"),
        ("at,queue,talk\n1,,1\n", 2, "is empty"),
        ("at,queue,talk\n1,q\n", 2, "talk"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_in_its_line(text: str, line: int, word: str) -> None:
    _, problems = read(text, "day.csv")
    assert (problems[0].line, word in str(problems[0])) == (line, True)
