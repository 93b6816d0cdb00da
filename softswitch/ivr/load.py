"""All dialplans of a directory at once: valid together, or not loaded at all. Whoever calls has read the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from softswitch.core.errors import Problem
from softswitch.core.yaml_nodes import Path, dotted, locate
from softswitch.ivr.check import examine
from softswitch.ivr.check_flow import led_on, link, ordered
from softswitch.ivr.parse import Draft, parse_plan
from softswitch.ivr.plan import Plan
from softswitch.ivr.world import World


def load_plans(texts: Mapping[str, str], world: World | None = None) -> tuple[dict[str, Plan], list[Problem]]:
    """Plans by name, and the problems of all files (``file name -> text``). With any error there are no plans."""
    sheets: list[list[Problem]] = []
    drafts: list[Draft] = []
    for file, text in sorted(texts.items()):
        draft, found = parse_plan(text, file)
        if draft is not None:
            drafts.append(draft)
        sheets.append(found)
    world = world or World()
    flows = frozenset(draft.plan.name for draft in drafts if draft.plan.is_flow)
    world = replace(world, flows=flows, columns=world.columns and led_on(drafts, world.columns))
    for draft in ordered(drafts):
        examine(draft, world)
    plans = link(drafts)
    problems = [*(problem for found in sheets for problem in found), *_shared(drafts)]
    problems.sort(key=lambda problem: (problem.file, problem.line, problem.column))
    if any(problem.level == "error" for problem in problems):
        return {}, problems
    return plans, problems


def _shared(drafts: list[Draft]) -> Iterator[Problem]:
    """Names and numbers that are claimed twice: a call can enter one plan only."""
    owners: dict[str, str] = {}
    for draft in drafts:
        plan = draft.plan
        claims: list[tuple[Path, str]] = [(("flow" if plan.is_flow else "dialplan",), f"the name {plan.name!r}")]
        claims += [(("numbers", index), f"the number {number!r}") for index, number in enumerate(plan.numbers)]
        for path, claim in claims:
            if claim in owners:
                line, column = locate(draft.sheet.positions, path)
                yield Problem(plan.file, line, column, dotted(path), f"{owners[claim]} has {claim} already")
            owners.setdefault(claim, plan.file)
