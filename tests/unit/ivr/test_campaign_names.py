"""What a dialplan may read of a campaign that leads customers to it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from softswitch.core.errors import Problem
from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.load import World, load_plans
from softswitch.ivr.model import PlayPrompts, Start
from softswitch.ivr.run import Facts
from softswitch.ivr.world import Columns
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
LED = {"welcome": {"spring": frozenset({"product"})}}
TAKEN_OUT = {"other": {"autumn": frozenset({"product"})}}  # the campaign that led here, and another one is there still
FLOW = 'flow: FLOW\nstart: tell\nsteps:\n  tell: {say: "TEXT", next: back, failed: back}\n  back: {return: said}\n'
CALLS = PLAN.replace('{say: "TEXT", next: bye}', "{flow: {name: outer, outcomes: {said: bye}}, failed: bye}")


def problems(text: str, columns: Columns | None) -> list[str]:
    _, found = load_plans({"welcome.yaml": PLAN.replace("TEXT", text)}, World(columns=columns))
    return [f"{problem.line}: {problem.message}" for problem in found if problem.level == "error"]


def test_columns_that_every_row_has_may_be_read() -> None:
    assert problems("{{ campaign.product }} of {{ campaign.name }}", LED) == []


def test_a_column_that_no_list_has_is_refused_by_the_names_of_the_campaigns() -> None:
    both = {"welcome": {**LED["welcome"], "autumn": frozenset({"day"})}}
    (problem,) = problems("Buy {{ campaign.prodct }}", both)
    assert problem.startswith("7: no campaign that leads here has 'prodct' among its variables: or required:")
    assert "write it there (campaigns.yaml: autumn, spring), or read another; did you mean 'product'?" in problem


@pytest.mark.parametrize("columns", [{}, TAKEN_OUT])
@pytest.mark.parametrize("numbers", ["", 'numbers: ["8001"]\n'])
@pytest.mark.parametrize("text", ["Buy {{ campaign.product }}", "{{ campaign.product | default('it') }}"])
def test_a_plan_whose_campaign_was_taken_out_keeps_no_switch_from_starting(
    columns: Columns, numbers: str, text: str
) -> None:
    plan = PLAN.replace('numbers: ["8001"]\n', numbers).replace("TEXT", text)
    (told,) = of_columns({"welcome.yaml": plan}, columns)
    assert told.level == "warning" and (told.file, told.line) == ("welcome.yaml", 7 if numbers else 6)
    assert told.message == (
        "no campaign leads here, so nothing says campaign.product of anybody: take this out, or write plan: welcome "
        "under a campaign"
    )


def of_columns(plans: Mapping[str, str], columns: Columns) -> list[Problem]:
    """What is told of them; where all is a warning, all plans are there."""
    made, found = load_plans(plans, World(columns=columns))
    assert bool(made) is all(problem.level == "warning" for problem in found)
    return [problem for problem in found if "campaign." in problem.message or "no campaign" in problem.message]


def house(text: str) -> dict[str, str]:
    """A number, a flow, and the flow that this one calls, which has the text."""
    outer = FLOW.replace("FLOW", "outer").replace('{say: "TEXT",', "{flow: {name: inner, outcomes: {said: back}},")
    inner = FLOW.replace("FLOW", "inner").replace("TEXT", text)
    return {"welcome.yaml": CALLS, "outer.yaml": outer.replace("next: back, ", ""), "inner.yaml": inner}


def test_a_flow_reads_what_the_lists_of_those_have_that_lead_to_its_callers() -> None:
    assert of_columns(house("Buy {{ campaign.product }}"), LED) == []
    (told,) = of_columns(house("Buy {{ campaign.prodct }}"), LED)
    assert (told.level, told.file, told.line) == ("error", "inner.yaml", 4)
    assert "(campaigns.yaml: spring), or read another; did you mean 'product'?" in told.message


@pytest.mark.parametrize("columns", [{}, TAKEN_OUT])
def test_nor_does_a_flow_of_a_number_whose_campaign_was_taken_out(columns: Columns) -> None:
    (told,) = of_columns(house("Buy {{ campaign.product }}"), columns)
    assert (told.level, told.file, told.line) == ("warning", "inner.yaml", 4)
    assert told.message.endswith("take this out, or make a dialplan that calls this flow the plan of a campaign")


def warnings(plan: str, text: str) -> list[str]:
    _, found = load_plans({"welcome.yaml": plan.replace("TEXT", text)}, World(columns=LED))
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
