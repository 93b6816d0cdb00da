"""The plan as a graph: where a caller can come to, where it stops, where it goes round in circles, how deep it is."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from softswitch.ivr.parse import Draft
from softswitch.ivr.verb.ask import Menu

Edges = Mapping[str, tuple[str, ...]]


def edges(draft: Draft) -> dict[str, tuple[str, ...]]:
    """Step -> steps that follow it. So that a mistake is told once, and not again at each step behind it, a misspelt
    name leads to the step that is meant, and a broken step to every step that it mentions."""
    known = {*draft.plan.steps, *draft.broken}
    named = {name: [target for _, target in step.verb.links()] for name, step in draft.plan.steps.items()}
    named |= {name: list(_texts(written)) for name, written in draft.broken.items()}
    return {name: tuple(_meant(targets, known)) for name, targets in named.items()}


def _meant(targets: list[str], known: set[str]) -> Iterator[str]:
    for target in targets:
        if target in known:
            yield target
        elif " " not in target:
            yield from difflib.get_close_matches(target, sorted(known), n=1)


def reachable(start: str, following: Edges) -> set[str]:
    seen = {start}
    waiting = deque(seen)
    while waiting:
        for target in following.get(waiting.popleft(), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


def circles(following: Edges, pausing: set[str]) -> Iterator[list[str]]:
    """Ways round that no step of ``pausing`` interrupts, each as the steps in order. One per closing edge."""
    done: set[str] = set(pausing)
    for root in following:
        if root in done:
            continue
        way = [root]
        on_way = {root}
        branches = [iter(following[root])]
        while way:
            target = next(branches[-1], None)
            if target is None:
                branches.pop()
                done.add(way[-1])
                on_way.discard(way.pop())
            elif target in on_way:
                yield way[way.index(target) :]
            elif target not in done:
                way.append(target)
                on_way.add(target)
                branches.append(iter(following.get(target, ())))


def menu_depths(draft: Draft, following: Edges) -> dict[str, int]:
    """Menu -> how many menus a caller has answered on the shortest way, itself included."""
    depths = {draft.plan.start: _weight(draft, draft.plan.start)}
    waiting = deque(depths)
    while waiting:
        name = waiting.popleft()
        for target in following.get(name, ()):
            depth = depths[name] + _weight(draft, target)
            if depth < depths.get(target, len(following) + 1):
                depths[target] = depth
                waiting.append(target)
    return {name: depth for name, depth in depths.items() if _weight(draft, name)}


def _weight(draft: Draft, name: str) -> int:
    step = draft.plan.steps.get(name)
    return 1 if step is not None and isinstance(step.verb, Menu) else 0


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)
