"""Every transcript beside a sample plan goes as it is written, and together they take nearly every step."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from softswitch.ivr.plan import with_flows
from softswitch.ivr.verb import VERBS
from softswitch.rehearsal.coverage import measure
from softswitch.rehearsal.outcome import Outcome
from softswitch.rehearsal.suite import perform
from tests.support.samples import FILES, house, transcripts

ENOUGH = 90.0  # percent of the steps


def test_every_dialplan_has_transcripts_and_every_verb_is_taken_by_one() -> None:
    plans = house().plans
    assert {Path(plan.file).stem for plan in plans.values()} == {path.stem for path in FILES}
    known = with_flows(plans)
    steps = [step for path in FILES for one in outcomes(path) for step in one.steps]
    assert {known[plan].steps[step].verb.verb for plan, step in steps} == set(VERBS)


@functools.cache
def outcomes(file: Path) -> list[Outcome]:
    return [perform(one, house()) for one in transcripts() if one.file == str(file)]


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_calls_go_as_they_are_written(file: Path) -> None:
    wrong = [f"{one.file}:{one.failed_at}: {one.name}: {one.why}" for one in outcomes(file) if not one.passed]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_nearly_every_step_is_taken(file: Path) -> None:
    plans = {name: plan for name, plan in house().plans.items() if Path(plan.file).stem == file.stem}
    assert plans, f"{file} stands beside no plan"
    for one in measure(plans, outcomes(file)):  # and of the flows that it calls
        assert one.percent >= ENOUGH, f"{one.plan}: not taken: {', '.join(one.missing_steps)}"
