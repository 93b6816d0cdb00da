"""Where callers would be lost: steps that are not there, that nobody reaches, that lead nowhere or round and round."""

from __future__ import annotations

from softswitch.core.yaml_nodes import listed
from softswitch.ivr.graph import beginning, circles, menu_depths, reachable, traps, unheard
from softswitch.ivr.verb.ask import Menu
from softswitch.ivr.verb.connect import Queue
from softswitch.ivr.view import View

MAX_MENU_DEPTH = 2
MAX_MENU_KEYS = 5
_LOSES = "a caller who comes here is cut off"


def _unknown_steps(view: View) -> None:
    draft = view.draft
    if view.plan.start and draft.known and view.plan.start not in draft.known:
        view.of_head(("start",), _no_step(view, view.plan.start))
    for name, step in view.plan.steps.items():
        for below, target in step.verb.links():
            if target not in draft.known:
                view.problem(name, below, _no_step(view, target))


def _no_step(view: View, name: str) -> str:
    near = view.draft.meant(name)
    return f"there is no step {name!r}{f'; did you mean {near!r}?' if near else listed(view.draft.known)}"


def _unreachable(view: View) -> None:
    start = beginning(view.draft)
    if not start:
        return  # told already, and all the rest would be
    seen = reachable(start, view.following)
    for name in view.following:
        if name not in seen and name not in view.draft.broken:
            view.of_step(name, "no caller can come here; name it in a branch or take it out")


def _dead_ends(view: View) -> None:
    for name, step in view.plan.steps.items():
        for must in step.verb.must:
            if step.verb.follow(must)[1] is None:
                view.problem(name, (), f"dead end: {step.verb.verb} needs {must}:, or {_LOSES}")
        if isinstance(step.verb, Queue) and None in (step.verb.follow("full")[1], step.verb.follow("timeout")[1]):
            message = f"without failed: {_LOSES} when the queue is full or nobody answers"
            view.problem(name, (), message, "warning")


def _circles(view: View) -> None:
    never = unheard(view.draft, view.following, at_once=False)
    told: set[str] = set()
    for way in circles(never):
        told.update(way)
        _circle(view, way, "goes round without ever waiting for the caller", "error")
    for way in circles(unheard(view.draft, view.following, at_once=True)):
        if told.isdisjoint(way) and not set(way) <= never.keys():
            told.update(way)
            _circle(view, way, "goes round at once where a queue is full or nobody can be reached", "warning")
    for way in traps(view.draft, view.following):
        if told.isdisjoint(way):
            _circle(view, way, "a caller who presses nothing stays here for ever", "error")


def _circle(view: View, way: list[str], message: str, level: str) -> None:
    view.of_step(way[-1], f"{message}: {_shown([*way, way[0]])}", level)


def _shown(way: list[str]) -> str:
    if len(way) > 12:
        way = [*way[:8], f"... ({len(way) - 11} more)", *way[-3:]]
    return " -> ".join(way)


def _menus(view: View) -> None:
    for name, step in view.plan.steps.items():
        if isinstance(step.verb, Menu) and len(step.verb.keys) > MAX_MENU_KEYS:
            message = f"{len(step.verb.keys)} keys; callers remember {MAX_MENU_KEYS} at most"
            view.problem(name, ("keys",), message, "warning")
    for name, depth in menu_depths(view.draft, view.following).items():
        if depth > MAX_MENU_DEPTH:
            view.problem(name, (), f"{depth} menus in a row; callers bear {MAX_MENU_DEPTH}", "warning")


CHECKS = (_unknown_steps, _unreachable, _dead_ends, _circles, _menus)
