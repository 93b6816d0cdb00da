"""What a dialplan may read of a campaign that leads customers to it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.load import World, load_plans
from softswitch.ivr.model import PlayPrompts, Start
from softswitch.ivr.run import Facts
from tests.unit.ivr.conftest import WALL

PLAN = """
dialplan: welcome
numbers: ["8001"]
language: en
start: hello
steps:
  hello: {say: "TEXT", next: bye}
  bye: {hangup: normal}
"""


def problems(text: str, columns: Mapping[str, frozenset[str]] | None) -> list[str]:
    _, found = load_plans({"welcome.yaml": PLAN.replace("TEXT", text)}, World(columns=columns))
    return [f"{problem.line}: {problem.message}" for problem in found if problem.level == "error"]


def test_columns_that_every_row_has_may_be_read() -> None:
    assert problems("{{ campaign.product }} of {{ campaign.name }}", {"welcome": frozenset({"product"})}) == []


@pytest.mark.parametrize("columns", [{}, {"welcome": frozenset({"product"})}, {"other": frozenset({"prodct"})}])
def test_a_column_that_no_list_has_is_refused(columns: Mapping[str, frozenset[str]]) -> None:
    (problem,) = problems("Buy {{ campaign.prodct }}", columns)
    assert problem.startswith("7: no campaign that leads here has 'prodct'")
    assert ("did you mean 'product'" in problem) is ("welcome" in columns)


def test_a_plan_whose_campaign_was_taken_out_keeps_no_switch_from_starting() -> None:
    alone = PLAN.replace('numbers: ["8001"]\n', "").replace("TEXT", "Buy {{ campaign.product }}")
    _, found = load_plans({"welcome.yaml": alone}, World(columns={"other": frozenset({"product"})}))
    told = [problem for problem in found if "no campaign that leads here has 'product'" in problem.message]
    assert [problem.level for problem in told] == ["warning"]
    assert all(problem.level == "warning" for problem in found)


def warnings(plan: str, text: str) -> list[str]:
    columns = {"welcome": frozenset({"product"})}
    _, found = load_plans({"welcome.yaml": plan.replace("TEXT", text)}, World(columns=columns))
    return [f"{problem.line}: {problem.message}" for problem in found if "not said" in problem.message]


def test_a_text_that_those_who_call_would_not_hear_is_a_warning() -> None:
    (told,) = warnings(PLAN, "Buy {{ campaign.product }}")
    assert told.startswith("7: this is not said to who calls 8001: nothing says campaign.product of him; ask before")


@pytest.mark.parametrize(
    "text",
    ["{{ campaign.product | default('it') }}", "{{ campaign.product or 'it' }}", "{{ campaign.name }}",
     "campaign.product", "{{ campaign.product if campaign.name else 'it' }}"],
)  # fmt: skip
def test_a_text_that_they_hear_is_none(text: str) -> None:
    assert warnings(PLAN, text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('numbers: ["8001"]\n', ""),
        ("start: hello\nsteps:", "start: who\nsteps:\n  who: {when: {if: campaign.name, then: hello}, else: bye}"),
        ('{say: "TEXT", next: bye}', '{set: {what: "TEXT"}, next: bye}'),
        ('start: hello\nsteps:\n  hello: {say: "TEXT"', 'start: say\nsteps:\n  say: {set: {what: "TEXT"}'),
    ],
)
def test_nor_is_one_where_they_do_not_come_or_that_nobody_hears(old: str, new: str) -> None:
    assert old in PLAN and warnings(PLAN.replace(old, new), "{{ campaign.product }}") == []


def test_where_the_campaigns_are_not_known_nothing_is_refused() -> None:
    assert problems("Buy {{ campaign.product }}", None) == []


def test_a_plan_cannot_set_what_the_campaign_says() -> None:
    text = PLAN.replace('{say: "TEXT", next: bye}', "{set: {campaign: x}, next: bye}")
    _, found = load_plans({"welcome.yaml": text}, World())
    assert [problem for problem in found if problem.level == "error"]


@pytest.mark.parametrize(("campaign", "said"), [({"name": "spring", "product": "tea"}, "tea by spring"), ({}, " by ")])
def test_who_called_us_has_no_campaign(campaign: Mapping[str, str], said: str) -> None:
    text = PLAN.replace("TEXT", "{{ campaign.product | default('') }} by {{ campaign.name }}")
    plans, _ = load_plans({"welcome.yaml": text}, World())
    start = Start("c1", "1001", "", "8001", "", WALL, campaign=campaign)
    (play,) = [one for one in Interpreter(plans["welcome"], Facts()).handle(start, 0.0) if isinstance(one, PlayPrompts)]
    assert play.prompts[0].text == said
