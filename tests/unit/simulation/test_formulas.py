"""The simulated ACD against exact results: the M/M/n formulas, an exact product form for skills, and priorities.

A mean must lie within three standard errors of the exact one. Seeds are fixed: what fails here has changed. These are
some rows, with few callers; ``python -m tests.bench.formulas`` takes all, with more.
"""

import csv
import json
from typing import Any

import pytest

from tests.bench.formulas import ERLANG, PRIORITY, SKILLS, erlang, priority, skills

CALLERS = 1000
_ROWS = [row for row in csv.DictReader(ERLANG.read_text().splitlines()) if row["agents"] in ("7", "24")]
_CLASSES = list(csv.DictReader(PRIORITY.read_text().splitlines()))


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: f"{row['model']}-{row['agents']}")
def test_waits_and_abandonment_are_those_of_erlang(row: dict[str, str]) -> None:
    assert _worst(erlang(row, CALLERS)) <= 3


@pytest.mark.parametrize("row", json.loads(SKILLS.read_text())[-1:], ids=lambda row: row["name"].split()[0])
def test_longest_waiting_caller_and_longest_idle_agent_have_their_product_form(row: dict[str, Any]) -> None:
    assert _worst(skills(row, CALLERS)) <= 3


def test_whoever_has_priority_waits_as_the_formula_says() -> None:
    assert _worst(priority([row for row in _CLASSES if row["agents"] == "30"], CALLERS)) <= 3


def _worst(found: dict[str, float]) -> float:
    return max(abs(errors) for errors in found.values())
