"""What is proven about a plan before any caller comes. Every finding has the place of the key that is to blame.

Errors keep a plan from being loaded: a caller would be lost. Warnings are for what a caller merely would not like.
"""

from __future__ import annotations

from softswitch.core.errors import Problem
from softswitch.ivr import check_end, check_graph, check_http, check_name, check_secret, check_sound, check_text
from softswitch.ivr.graph import edges
from softswitch.ivr.parse import Draft, parse_plan
from softswitch.ivr.plan import Plan
from softswitch.ivr.view import View
from softswitch.ivr.world import World


def check_plan(text: str, file: str, world: World | None = None) -> tuple[Plan | None, list[Problem]]:
    """The plan (None where there is any error) and every problem, in the order of the file."""
    draft, problems = parse_plan(text, file)
    if draft is not None:
        examine(draft, world or World())
    problems.sort(key=lambda problem: (problem.line, problem.column))
    good = draft is not None and all(problem.level != "error" for problem in problems)
    return (draft.plan if draft is not None and good else None), problems


def examine(draft: Draft, world: World) -> None:
    """Add to the draft's sheet what is wrong with the plan as a whole."""
    view = View(draft, world, edges(draft))
    for check in (
        *check_graph.CHECKS,
        *check_name.CHECKS,
        *check_http.CHECKS,
        *check_text.CHECKS,
        *check_sound.CHECKS,
        *check_end.CHECKS,
        *check_secret.CHECKS,
    ):
        check(view)
