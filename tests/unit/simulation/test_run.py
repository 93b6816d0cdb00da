"""The clock, the people, the command."""

import math
import random
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from softswitch.acd.model import AgentSpec, QueueLeft, QueueSpec, WrapUp
from softswitch.acd.statistics import Statistics
from softswitch.cli.main import app
from softswitch.core.effect import DomainEvent
from softswitch.simulation.arrival import Arrival, exponential, poisson, read
from softswitch.simulation.people import Habits
from softswitch.simulation.run import Outcome, Run

ROOT = Path(__file__).parents[3]
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
        ("at,queue,talk\n1,q,1\n2,q,-1\n", 3, "from 0 on"),
        ("at,queue,talk\n25:61,q,1\n", 2, "number of seconds"),
        ("at,queue,talk\n1,,1\n", 2, "is empty"),
        ("at,queue,talk\n1,q\n", 2, "talk"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_in_its_line(text: str, line: int, word: str) -> None:
    _, problems = read(text, "day.csv")
    assert (problems[0].line, word in str(problems[0])) == (line, True)


def _simulate(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["simulate", *arguments])
    return done.exit_code, done.output


def test_two_configurations_are_shown_side_by_side(tmp_path: Path) -> None:
    other = tmp_path / "more"
    shutil.copytree(ROOT / "config", other)
    agents = (other / "agents.yaml").read_text(encoding="utf-8")
    users = (other / "users.yaml").read_text(encoding="utf-8")
    (other / "users.yaml").write_text(users.replace("users:", 'users:\n  "1099": {password: test-1099}', 1))
    (other / "agents.yaml").write_text(
        agents.replace("agents:", 'agents:\n  dora: {user: "1099", skills: {orders: 5}}')
    )
    code, output = _simulate(
        "--config", str(ROOT / "config"), "--against", str(other), "--calls", "orders=60", "--patience", "2m"
    )
    lines = [line.split() for line in output.splitlines() if line.strip().startswith("orders")]
    assert code == 0 and len(lines) == 2
    assert int(lines[0][3]) < int(lines[1][3]), "one more agent answers more"


def test_what_cannot_be_simulated_is_refused(tmp_path: Path) -> None:
    config = ("--config", str(ROOT / "config"))
    assert _simulate(*config)[0] == 2
    assert _simulate(*config, "--calls", "orders=many")[0] == 2
    code, output = _simulate(*config, "--calls", "order=60")
    assert code == 1 and "did you mean 'orders'?" in output
    wrong = tmp_path / "day.csv"
    wrong.write_text("at,queue,talk\nnoon,orders,60\n")
    code, output = _simulate(*config, "--arrivals", str(wrong))
    assert code == 1 and f"{wrong}:2" in output
