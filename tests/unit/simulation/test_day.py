"""A smaller one of the bench's days: nothing is lost in it, and twice it is the same, in whatever process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from softswitch.acd.model import AgentState, AgentStateChanged, QueueJoined
from softswitch.core.effect import Effect
from softswitch.core.errors import UsageError
from softswitch.simulation.digest import Digest
from tests.bench.day import day

ROOT = Path(__file__).parents[3]
CONTACTS = 2000
JOINED = QueueJoined("c1", "orders", 1, "call")


def _elsewhere(hash_seed: str) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.bench.day", "--once", str(CONTACTS)]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_two_runs_of_a_day_are_the_same_in_all_that_happens() -> None:
    here, other = day(CONTACTS), _elsewhere("4242")
    assert here.outcome.digest == other["digest"] == day(CONTACTS).outcome.digest
    assert here.outcome.happened == other["happened"]
    assert day(CONTACTS, seed=2).outcome.digest != here.outcome.digest


def test_the_day_has_what_a_day_has_and_nobody_is_lost_from_the_books() -> None:
    found = day(3000, count=12)  # too few, so that queues fill up
    figures = found.queues.values()
    ended = sum(one.answered + one.abandoned + one.elsewhere for one in figures)
    assert found.outcome.contacts == found.outcome.refused + sum(one.offered for one in figures)
    assert sum(one.offered for one in figures) == ended
    assert found.outcome.refused and sum(one.abandoned for one in figures)
    assert found.agents.missed > 0 and found.agents.seconds[AgentState.PAUSED] > 12 * 1500
    kept = [one.told() for one in found.callbacks.values()]
    assert sum(one["kept"] for one in kept) > 50 and sum(one["attempts"] for one in kept) > 50
    assert sum(one["recorded"] for one in kept) > sum(one["kept"] for one in kept)


@pytest.mark.parametrize(
    "other",
    [
        QueueJoined("c2", "orders", 1, "call"),
        QueueJoined("c1", "orders", 2, "call"),
        QueueJoined("c1", "orders", 1, "call", again=True),
        AgentStateChanged("c1", AgentState.READY, AgentState.PAUSED, "", None),
    ],
)
def test_each_value_is_in_the_digest(other: Effect) -> None:
    assert _digest((JOINED, 1.0)) == _digest((JOINED, 1.0))
    assert _digest((other, 1.0)) != _digest((JOINED, 1.0)) != _digest((JOINED, 1.0000001))
    assert _digest((JOINED, 1.0), (other, 1.0)) != _digest((other, 1.0), (JOINED, 1.0))


def test_what_has_another_text_in_each_process_is_refused() -> None:
    with pytest.raises(UsageError, match="frozenset"):
        _digest((QueueJoined("c1", "orders", 1, frozenset({"call"})), 1.0))  # type: ignore[arg-type]


def _digest(*happened: tuple[Effect, float]) -> str:
    digest = Digest()
    for effect, at in happened:
        digest.add([effect], at)
    return str(digest)
