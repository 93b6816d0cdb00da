"""Texts and conditions: what they read is set on every way that leads to them, and what they do is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from softswitch.core.yaml_nodes import Path
from softswitch.ivr import template
from softswitch.ivr.outlook import HISTORY_FIELDS, QUEUE_FIELDS
from softswitch.ivr.proof import A_QUEUE
from softswitch.ivr.scope import scopes
from softswitch.ivr.verb.ask import Collect
from softswitch.ivr.verb.flow import When
from softswitch.ivr.view import View

_FIELDS = {"caller": ("number", "name"), "history": HISTORY_FIELDS, A_QUEUE: QUEUE_FIELDS}
_ASKED = re.compile(r"\b(default|d|defined|undefined|if|or)\b")  # what is there may be told from what is not
# Given by the call, and never a number, however it looks.
_TEXTS = frozenset({"called", "trunk", "note", "language", "digits", "contact", "caller.number", "caller.name"})


def _templates(view: View) -> None:
    view.scope = scopes(view.draft, view.following)
    never_numbers = _TEXTS | _keyed_in(view)
    for name in view.plan.steps:
        path = view.draft.at(name)[:2]
        for below, text in _texts(view.draft.sheet.data["steps"][path[1]], path):
            look = template.analyse_condition if _is_condition(below) else template.analyse
            used = _template(view, name, below, text, look)
            if used is not None:
                _said_to_callers(view, below, text, used)
            for compared in sorted(used.numbered & never_numbers) if used else ():
                message = (
                    f"{compared!r} is text, which is no number: put the number in quotes, or write {compared} | int"
                )
                view.draft.sheet.problem(below, message)


def _keyed_in(view: View) -> frozenset[str]:
    """Variables that have digits that were pressed, and never anything else."""
    pressed: set[str] = set()
    others = {*view.plan.arguments, *view.plan.needs}
    for step in view.plan.steps.values():
        (pressed if isinstance(step.verb, Collect) else others).update(step.verb.sets())
    return frozenset(pressed - others)


def _is_condition(path: Path) -> bool:
    return bool(path[2] == "when" and path[-1] == "if")


def _template(
    view: View, step: str, path: Path, text: str, look: Callable[[str], template.Names]
) -> template.Names | None:
    """What it reads; None: that is not known, and told."""
    try:
        used = look(text)
    except template.BadTemplate as error:
        view.draft.sheet.problem(path, str(error))
        return None
    for field_of, attribute in sorted(used.fields):
        if field_of in _FIELDS and attribute not in _FIELDS[field_of]:
            near = view.draft.sheet.hint(attribute, _FIELDS[field_of])
            view.draft.sheet.problem(path, f"{field_of} has no field {attribute!r}{near}")
        if field_of == "campaign":
            _column(view, path, attribute)
        queues = view.world.names("queue")
        if field_of == "queue" and queues is not None and attribute not in queues:
            view.draft.sheet.problem(path, f"there is no queue {attribute!r}{view.draft.sheet.hint(attribute, queues)}")
    if step not in view.scope.surely:  # nobody comes here: told already
        return used
    own = _own_names(view, step, path)
    for name in view.scope.unset(step, used.read - own):
        _unset(view, path, name, maybe=view.scope.may_have(step))
    return used


def _column(view: View, path: Path, name: str) -> None:
    """Of the lists of all campaigns that lead here. Without any, who comes here is not called by us, or nobody comes:
    whoever has taken a campaign out need not mend its dialplan before the switch starts again."""
    if view.world.columns is None or name == "name":
        return
    known, campaigns = _known(view), ", ".join(sorted(view.leading))
    if campaigns and name not in known:
        message = (
            f"no campaign that leads here has {name!r} among its variables: or required: write it there "
            f"(campaigns.yaml: {campaigns}), or read another{view.draft.sheet.hint(name, known)}"
        )
        view.draft.sheet.problem(path, message)
    elif not campaigns:
        flow = "make a dialplan that calls this flow the plan of a campaign"
        lead = flow if view.plan.is_flow else f"write plan: {view.plan.name} under a campaign"
        message = f"no campaign leads here, so nothing says campaign.{name} of anybody: take this out, or {lead}"
        view.draft.sheet.problem(path, message, "warning")


def _known(view: View) -> frozenset[str]:
    """What the lists say of those who are led here, one or the other."""
    return frozenset(column for columns in view.leading.values() for column in columns)


def _said_to_callers(view: View, path: Path, text: str, used: template.Names) -> None:
    """Who calls has no row of a list: a text with a column is left out for him."""
    plan = view.plan
    if "say" not in path[2:] or not plan.numbers or _ASKED.search(text) or _asks_for_campaign(view):
        return
    for name in sorted({field for of, field in used.fields if of == "campaign"} & _known(view)):
        message = (
            f"this is not said to who calls {plan.numbers[0]}: nothing says campaign.{name} of him; ask before whether "
            f"campaign.name is there (when), or write campaign.{name} | default('')"
        )
        view.draft.sheet.problem(path, message, "warning")


def _asks_for_campaign(view: View) -> bool:
    """Somewhere the ways of those who call, and of those whom we call, part."""
    whens = (step.verb for step in view.plan.steps.values() if isinstance(step.verb, When))
    return any("campaign" in one.condition for verb in whens for one in verb.conditions)


def _own_names(view: View, step: str, path: Path) -> frozenset[str]:
    """Variables of the same ``set`` that stand above this one."""
    verb = view.plan.steps[step].verb
    if verb.verb != "set":
        return frozenset()
    made = list(verb.sets())
    here = [index for index, name in enumerate(made) if name in path]
    return frozenset(made[: here[0]] if here else ())


def _unset(view: View, path: Path, name: str, maybe: frozenset[str]) -> None:
    if name in maybe:
        message = f"{name!r} is set on some of the ways that lead here only; set it before, or ask: {name} is defined"
        view.draft.sheet.problem(path, message, "warning")
    else:
        near = view.draft.sheet.hint(name, maybe)
        view.draft.sheet.problem(path, f"nothing sets {name!r} before this step{near}")


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every template below a step, with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))
    elif isinstance(value, str) and (_is_condition(path) or template.is_template(value)):
        yield path, value


CHECKS = (_templates,)
