"""Thirty good plans have no mistake; and each of many seeded ones is told in its line, with what would be right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from softswitch.core.errors import Problem
from softswitch.core.yaml_nodes import load_yaml
from softswitch.ivr.load import load_plans
from softswitch.ivr.schema import dialplan_schema
from softswitch.ivr.verb import VERBS
from softswitch.settings import load
from tests.ivr.house import FLOWS, HERE, PLANS, world

FAULTS: list[dict[str, Any]] = yaml.safe_load((HERE / "faults.yaml").read_text("utf-8"))
IDS = [f"{number}-{fault['kind'].replace(' ', '-')}" for number, fault in enumerate(FAULTS, 1)]
# What DESIGN.md names: each at least once, and all at the right line.
NAMED = {
    "unknown key", "unknown verb", "unknown step", "unreachable step", "dead end", "menu without timeout",
    "loop that never waits", "wait without end", "undefined variable", "missing prompt",
    "missing prompt in one language", "unknown queue", "unknown skill", "unknown user", "unknown trunk",
    "unknown calendar", "overlapping numbers", "menu too wide", "menu too deep",
}  # fmt: skip


def problems(plans: dict[str, str], speech: bool = True) -> list[Problem]:
    return load_plans({f"{name}.yaml": text for name, text in plans.items()}, world(speech))[1]


def line_of(text: str, part: str) -> int:
    """Of the last line of ``part``, which stands there once."""
    assert text.count(part) == 1, f"{text.count(part)} times: {part}"
    return text[: text.index(part) + len(part.rstrip("\n"))].count("\n") + 1


def test_good_plans_have_no_mistake_and_use_every_verb() -> None:
    assert len(PLANS) == 30
    assert [str(problem) for problem in problems(PLANS)] == []
    steps = [step for text in PLANS.values() for step in load_yaml(text, "p.yaml")[0]["steps"].values()]
    assert {verb for step in steps for verb in step} >= set(VERBS)


def test_good_plans_keep_to_the_schema() -> None:
    validator = Draft202012Validator(dialplan_schema())
    wrong = {name: [error.message for error in validator.iter_errors(_keyed(text))] for name, text in PLANS.items()}
    assert {name: messages for name, messages in wrong.items() if messages} == {}


def _keyed(text: str) -> Any:
    """As an editor reads it: the keys of mappings are text."""

    def keyed(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): keyed(inner) for key, inner in value.items()}
        return [keyed(inner) for inner in value] if isinstance(value, list) else value

    return keyed(load_yaml(text, "p.yaml")[0])


def test_the_set_has_what_was_promised() -> None:
    kinds = Counter(fault["kind"] for fault in FAULTS)
    assert len(FAULTS) >= 60
    assert kinds.keys() >= NAMED
    assert len({fault["plan"] for fault in FAULTS}) >= 25


@pytest.mark.parametrize("fault", FAULTS, ids=IDS)
def test_a_seeded_mistake_is_told_in_its_line(fault: dict[str, Any]) -> None:
    good = PLANS[fault["plan"]]
    assert good.count(fault["find"]) == 1, f"{good.count(fault['find'])} times: {fault['find']}"
    bad = good.replace(fault["find"], fault["put"])
    line = line_of(bad, fault["at"]) if "at" in fault else line_of(bad, fault["put"].partition("\n")[0])
    plans = {name: PLANS[name] for name in [*FLOWS, *([fault["beside"]] if "beside" in fault else [])]}
    speech = fault.get("speech", True)
    before = {str(problem) for problem in problems(plans | {fault["plan"]: good}, speech)}
    found = [problem for problem in problems(plans | {fault["plan"]: bad}, speech) if str(problem) not in before]
    told = [str(problem) for problem in found]
    meant = [
        problem
        for problem in found
        if problem.line == line
        and problem.file == f"{fault['plan']}.yaml"
        and problem.level == fault.get("level", "error")
        and fault["says"] in problem.message
    ]
    assert meant, f"line {line}: {told}"
    assert len(found) <= 1 + fault.get("also", 0), told


def test_hours_in_the_gap_of_summer_time_are_told_in_their_line(tmp_path: Path) -> None:
    """The one that is seeded in the configuration: where the clock jumps, a night's hour never comes."""
    good = "calendars:\n  night:\n    zone: Europe/Berlin\n    open:\n      mon-sun: ['00:00-06:00']\n"
    (tmp_path / "softswitch.yaml").write_text("")
    for hours, lines in (("00:00-06:00", []), ("02:15-02:45", [5])):
        (tmp_path / "calendars.yaml").write_text(good.replace("00:00-06:00", hours))
        found = [problem for problem in load(tmp_path, {}).warnings if "calendars.yaml" in problem.file]
        assert [problem.line for problem in found] == lines
        assert all("never opens" in problem.message for problem in found)
