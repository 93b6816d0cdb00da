"""The plan as a graph: where a caller can come to, where it stops, where it goes round in circles, how deep it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from softswitch.ivr.parse import Draft
from softswitch.ivr.verb import Verb
from softswitch.ivr.verb.ask import Menu
from softswitch.ivr.verb.subplan import Flow

Edges = Mapping[str, tuple[str, ...]]


def edges(draft: Draft) -> dict[str, tuple[str, ...]]:
    """Step -> steps that follow it. So that a mistake is told once, and not again at each step behind it, a misspelt
    name leads to the step that is meant, and a broken step to every step that it mentions."""
    named = {name: [target for _, target in step.verb.links()] for name, step in draft.plan.steps.items()}
    named |= {name: list(_texts(written)) for name, written in draft.broken.items()}
    return {name: tuple(_meant(targets, draft)) for name, targets in named.items()}


def beginning(draft: Draft) -> str:
    """The step at which callers begin, or the one that is meant by a misspelt start; "" where that is not known."""
    return next(_meant([draft.plan.start], draft), "")


def _meant(targets: list[str], draft: Draft) -> Iterator[str]:
    for target in targets:
        if target in draft.known:
            yield target
        elif " " not in target and (near := draft.meant(target)):
            yield near


def pauses(verb: Verb, quick: Container[str]) -> bool:
    """It waits for the caller or for another human; a flow does unless it is one of the ``quick``."""
    return verb.pauses or (isinstance(verb, Flow) and verb.name not in quick)


def unheard(draft: Draft, following: Edges, at_once: bool) -> dict[str, tuple[str, ...]]:
    """The edges that a caller can take without being waited for; with ``at_once`` also those that a pausing step takes
    where there is nobody to wait for."""
    kept: dict[str, tuple[str, ...]] = {}
    for name, targets in following.items():
        step = draft.plan.steps.get(name)
        if step is not None and not pauses(step.verb, draft.quick):
            kept[name] = targets
        elif step is not None and at_once:
            quick = {target for below, target in step.verb.links() if below[0] in step.verb.at_once}
            kept[name] = tuple(target for target in targets if target in quick)
    return kept


def traps(draft: Draft, following: Edges) -> Iterator[list[str]]:
    """Ways round which a caller who presses nothing never leaves, and in which nobody can come to help."""
    silent = {name: tuple(_of_the_silent(draft, name, targets)) for name, targets in following.items()}
    for knot in _knots(silent):
        if all(_holds(draft, name) and knot.issuperset(silent[name]) for name in knot):
            way = _way_round(knot, silent)
            if way:
                yield way


def _of_the_silent(draft: Draft, name: str, targets: Sequence[str]) -> Sequence[str]:
    step = draft.plan.steps.get(name)
    if step is None or not (silent := step.verb.unanswered()):
        return targets
    taken = step.verb.follow(silent)[1]
    return [target for target in targets if target == taken]


def _holds(draft: Draft, name: str) -> bool:
    """The call does not end here, and no human comes; of a flow that is not known."""
    step = draft.plan.steps.get(name)
    if step is None:
        return False
    if silent := step.verb.unanswered():
        return step.verb.follow(silent)[1] is not None
    return bool(step.verb.must) and not pauses(step.verb, ())


def reachable(start: str, following: Edges) -> set[str]:
    seen = {start}
    waiting = deque(seen)
    while waiting:
        for target in following.get(waiting.popleft(), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


def circles(following: Edges) -> Iterator[list[str]]:
    """Ways round, each as its steps in order: one of each knot of steps, however many lead round in it."""
    for knot in _knots(following):
        way = _way_round(knot, following)
        if way:
            yield way


def _knots(following: Edges) -> Iterator[set[str]]:
    """The strongly connected components (Kosaraju): steps each of which leads to all others."""
    backwards: dict[str, list[str]] = {}
    for name, targets in following.items():
        for target in targets:
            backwards.setdefault(target, []).append(name)
    done: set[str] = set()
    for root in reversed(by_end(following)):
        if root not in done:
            knot = _beyond(root, backwards, done)
            done |= knot
            yield knot


def by_end(following: Edges) -> list[str]:
    """The steps in the order in which a walk in depth leaves them."""
    order: list[str] = []
    seen: set[str] = set()
    for root in following:
        way = [(root, iter(following[root]))] if root not in seen else []
        seen.add(root)
        while way:
            target = next((target for target in way[-1][1] if target not in seen), None)
            if target is None:
                order.append(way.pop()[0])
            else:
                seen.add(target)
                way.append((target, iter(following.get(target, ()))))
    return order


def _beyond(root: str, edges: Mapping[str, Sequence[str]], barred: set[str]) -> set[str]:
    found = {root}
    waiting = [root]
    while waiting:
        for target in edges.get(waiting.pop(), ()):
            if target not in found and target not in barred:
                found.add(target)
                waiting.append(target)
    return found


def _way_round(knot: set[str], following: Edges) -> list[str]:
    """The shortest way from the knot's first step in the file back to it; nothing for a step that is no circle."""
    first = next(name for name in following if name in knot) if len(knot) > 1 else next(iter(knot))
    came_from: dict[str, str] = {}
    waiting = deque([first])
    while waiting:
        name = waiting.popleft()
        for target in following.get(name, ()):
            if target == first:
                return _back(name, first, came_from)
            if target in knot and target not in came_from:
                came_from[target] = name
                waiting.append(target)
    return []


def _back(name: str, first: str, came_from: Mapping[str, str]) -> list[str]:
    way = [name]
    while way[-1] != first:
        way.append(came_from[way[-1]])
    return way[::-1]


def menu_depths(draft: Draft, following: Edges) -> dict[str, int]:
    """Menu -> how many menus a caller has answered on the shortest way, itself included."""
    depths = {beginning(draft): _weight(draft, beginning(draft))}
    waiting = deque(depths)
    while waiting:
        name = waiting.popleft()
        for target in following.get(name, ()):
            weight = _weight(draft, target)
            if depths[name] + weight < depths.get(target, len(following) + 1):
                depths[target] = depths[name] + weight
                (waiting.append if weight else waiting.appendleft)(target)  # so that the shallowest is next
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
