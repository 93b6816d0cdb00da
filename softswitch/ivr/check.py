"""What is proven about a plan before any caller comes. Every finding has the place of the key that is to blame.

Errors keep a plan from being loaded: a caller would be lost. Warnings are for what a caller merely would not like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from softswitch.core.errors import Problem
from softswitch.core.yaml_nodes import Path, did_you_mean
from softswitch.ivr import template
from softswitch.ivr.graph import Edges, beginning, circles, edges, menu_depths, reachable, unheard
from softswitch.ivr.parse import Draft, parse_plan
from softswitch.ivr.plan import Plan
from softswitch.ivr.scope import Scope, scopes
from softswitch.ivr.verb.ask import Menu
from softswitch.ivr.verb.connect import Queue
from softswitch.ivr.verb.sound import Sounding
from softswitch.ivr.world import World

MAX_MENU_DEPTH = 2
MAX_MENU_KEYS = 5
_CALLER_FIELDS = ("number", "name")
_LOSES = "a caller who comes here is cut off"


@dataclass(slots=True)
class _View:
    """What the single checks look at."""

    draft: Draft
    world: World
    following: Edges
    scope: Scope = field(default_factory=Scope)

    @property
    def plan(self) -> Plan:
        return self.draft.plan

    def problem(self, step: str, below: Path, message: str, level: str = "error") -> None:
        self.draft.sheet.problem(self.draft.at(step, below), message, level)


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
    view = _View(draft, world, edges(draft))
    for check in _CHECKS:
        check(view)


def _unknown_steps(view: _View) -> None:
    known = {*view.plan.steps, *view.draft.broken}
    if view.plan.start and known and view.plan.start not in known:
        near = did_you_mean(view.plan.start, known)
        view.draft.sheet.problem(("start",), f"there is no step {view.plan.start!r}{near}")
    for name, step in view.plan.steps.items():
        for below, target in step.verb.links():
            if target not in known:
                view.problem(name, below, f"there is no step {target!r}{did_you_mean(target, known)}")


def _unreachable(view: _View) -> None:
    start = beginning(view.draft)
    if not start:
        return  # told already, and all the rest would be
    seen = reachable(start, view.following)
    for name in view.following:
        if name not in seen and name not in view.draft.broken:
            path = view.draft.at(name)[:2]
            view.draft.sheet.problem(path, "no caller can come here; name it in a branch or take it out")


def _dead_ends(view: _View) -> None:
    for name, step in view.plan.steps.items():
        for must in step.verb.must:
            if step.verb.follow(must)[1] is None:
                view.problem(name, (), f"dead end: {step.verb.verb} needs {must}:, or {_LOSES}")
        if isinstance(step.verb, Queue) and None in (step.verb.follow("full")[1], step.verb.follow("timeout")[1]):
            message = f"without failed: {_LOSES} when the queue is full or nobody answers"
            view.problem(name, (), message, "warning")


def _circles(view: _View) -> None:
    never = unheard(view.draft, view.following, at_once=False)
    told: set[str] = set()
    for way in circles(never):
        told.update(way)
        _circle(view, way, "goes round without ever waiting for the caller", "error")
    for way in circles(unheard(view.draft, view.following, at_once=True)):
        if told.isdisjoint(way) and not set(way) <= never.keys():
            _circle(view, way, "goes round at once where a queue is full or nobody can be reached", "warning")


def _circle(view: _View, way: list[str], message: str, level: str) -> None:
    path = view.draft.at(way[-1])[:2]
    view.draft.sheet.problem(path, f"{message}: {' -> '.join([*way, way[0]])}", level)


def _menus(view: _View) -> None:
    for name, step in view.plan.steps.items():
        if isinstance(step.verb, Menu) and len(step.verb.keys) > MAX_MENU_KEYS:
            message = f"{len(step.verb.keys)} keys; callers remember {MAX_MENU_KEYS} at most"
            view.problem(name, ("keys",), message, "warning")
    for name, depth in menu_depths(view.draft, view.following).items():
        if depth > MAX_MENU_DEPTH:
            view.problem(name, (), f"{depth} menus in a row; callers bear {MAX_MENU_DEPTH}", "warning")


def _numbers(view: _View) -> None:
    """Numbers that somebody else has too: features come before plans, and plans before phones."""
    for index, number in enumerate(view.plan.numbers):
        if number in (view.world.features or ()):
            message = f"{number!r} is a feature code too; our own phones never come here by it"
        elif number in (view.world.users or ()):
            message = f"{number!r} is a user too; who calls it comes here and never to that phone"
        else:
            continue
        view.draft.sheet.problem(("numbers", index), message, "warning")


def _lost_to(view: _View) -> None:
    queue, queues = view.plan.lost_to, view.world.names("queue")
    if queue and queues is not None and queue not in queues and ("lost_to",) in view.draft.sheet.positions:
        view.draft.sheet.problem(("lost_to",), f"there is no queue {queue!r}{did_you_mean(queue, queues)}")


def _names(view: _View) -> None:
    for name, step in view.plan.steps.items():
        for kind, word, below in step.verb.names():
            known = view.world.names(kind)
            if known is not None and word not in known:
                view.problem(name, below, f"there is no {kind} {word!r}{did_you_mean(word, known)}")


# ---- what is heard ---------------------------------------------------------------------------------------------


def _prompts(view: _View) -> None:
    for name, step in view.plan.steps.items():
        if isinstance(step.verb, Sounding) and (step.verb.play or step.verb.say) and name in view.scope.languages:
            _heard(view, name, step.verb)


def _heard(view: _View, name: str, verb: Sounding) -> None:
    """Whatever the language of a caller who comes here: there is a recording, or a text and an engine for it."""
    lacking = {language: _missing_files(view.world, verb, language) for language in view.scope.languages[name]}
    mute = sorted(language for language, files in lacking.items() if files or not verb.play)
    if mute and not (verb.say and view.world.speech):
        _nothing_to_hear(view, name, verb, mute, lacking)
    for index, item in enumerate(verb.say):
        silent = [language for language in mute if item.each is not None and language not in item.each]
        if silent and item.language is None:
            message = f"callers with language {' and '.join(silent)} come here, and have no text"
            view.problem(name, ("say", index), message)


def _nothing_to_hear(
    view: _View, name: str, verb: Sounding, mute: list[str], lacking: Mapping[str, Sequence[str]]
) -> None:
    if not verb.play:
        message = f"there is no speech engine for this text; record it for {' and '.join(mute)}, and play the file"
        view.problem(name, ("say",), message)
        return
    places = " and ".join(f"media/prompts/{language}" for language in mute)
    file = lacking[mute[0]][0]
    near = did_you_mean(file, (view.world.prompts or {}).get(mute[0], frozenset()))
    view.problem(name, ("play",), f"no file {file!r} in {places}{near}")


def _missing_files(world: World, verb: Sounding, language: str) -> list[str]:
    if world.prompts is None:
        return []
    known = world.prompts.get(language, frozenset())
    return [file for file in verb.play if file not in known and not template.is_template(file)]


# ---- templates -------------------------------------------------------------------------------------------------


def _templates(view: _View) -> None:
    view.scope = scopes(view.draft, view.following)
    for name in view.plan.steps:
        path = view.draft.at(name)[:2]
        for below, text in _texts(view.draft.sheet.data["steps"][path[1]], path):
            look = template.analyse_condition if below[-1] == "if" else template.analyse
            _template(view, name, below, text, look)


def _template(view: _View, step: str, path: Path, text: str, look: Callable[[str], template.Names]) -> None:
    try:
        used = look(text)
    except template.BadTemplate as error:
        view.draft.sheet.problem(path, str(error))
        return
    for field_of, attribute in sorted(used.fields):
        if field_of == "caller" and attribute not in _CALLER_FIELDS:
            near = did_you_mean(attribute, _CALLER_FIELDS)
            view.draft.sheet.problem(path, f"caller has no field {attribute!r}{near}")
    if step not in view.scope.surely:  # nobody comes here: told already
        return
    own = _own_names(view, step, path)
    for name in sorted(used.read - view.scope.surely[step] - own):
        _unset(view, path, name, maybe=view.scope.maybe[step])


def _own_names(view: _View, step: str, path: Path) -> frozenset[str]:
    """Variables of the same ``set`` that stand above this one."""
    verb = view.plan.steps[step].verb
    if verb.verb != "set":
        return frozenset()
    made = list(verb.sets())
    here = [index for index, name in enumerate(made) if name in path]
    return frozenset(made[: here[0]] if here else ())


def _unset(view: _View, path: Path, name: str, maybe: frozenset[str]) -> None:
    if name in maybe:
        message = f"{name!r} is set on some of the ways that lead here only; set it before, or ask: {name} is defined"
        view.draft.sheet.problem(path, message, "warning")
    else:
        near = did_you_mean(name, maybe)
        view.draft.sheet.problem(path, f"nothing sets {name!r} before this step{near}")


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every template below a step, with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))
    elif isinstance(value, str) and (path[-1] == "if" or template.is_template(value)):
        yield path, value


_CHECKS: tuple[Callable[[_View], None], ...] = (
    _unknown_steps,
    _unreachable,
    _dead_ends,
    _circles,
    _menus,
    _numbers,
    _lost_to,
    _names,
    _templates,  # makes the scope that _prompts reads
    _prompts,
)
