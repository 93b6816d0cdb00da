"""Which variables and languages a caller can have at a step: two walks along the edges until nothing changes.

``surely``: set on every way that leads here. ``maybe``: set on some way. A name that is in neither is a mistake; one
that is only in ``maybe`` is a mistake that waits for its caller.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from softswitch.ivr.graph import Edges, beginning
from softswitch.ivr.parse import Draft
from softswitch.ivr.run import GIVEN
from softswitch.ivr.speech import LANGUAGES

_Names = frozenset[str]


@dataclass(slots=True)
class Scope:
    """On arrival at each step that can be reached."""

    surely: dict[str, _Names] = field(default_factory=dict)
    maybe: dict[str, _Names] = field(default_factory=dict)
    languages: dict[str, _Names] = field(default_factory=dict)


def scopes(draft: Draft, following: Edges) -> Scope:
    start = beginning(draft) or next(iter(following), "")  # a start that is wrong hides no other mistake
    scope = Scope(
        {start: GIVEN}, {start: GIVEN}, {start: frozenset({draft.plan.language} if draft.plan.language else LANGUAGES)}
    )
    waiting = deque([start])
    queued = {start}
    while waiting:
        name = waiting.popleft()
        queued.discard(name)
        surely, maybe, languages = _after(draft, name, scope)
        for target in following.get(name, ()):
            if _merge(scope, target, surely, maybe, languages) and target not in queued:
                queued.add(target)
                waiting.append(target)
    return scope


def _after(draft: Draft, name: str, scope: Scope) -> tuple[_Names, _Names, _Names]:
    """What a caller has when leaving the step."""
    step = draft.plan.steps.get(name)
    sets = step.verb.sets() if step is not None else {}
    languages = scope.languages[name]
    if isinstance(sets.get("language"), str):
        languages = frozenset({sets["language"]})
    return scope.surely[name] | sets.keys(), scope.maybe[name] | sets.keys(), languages


def _merge(scope: Scope, target: str, surely: _Names, maybe: _Names, languages: _Names) -> bool:
    """Add one way that leads to ``target``; whether that changes anything."""
    if target not in scope.surely:
        scope.surely[target], scope.maybe[target], scope.languages[target] = surely, maybe, languages
        return True
    before = scope.surely[target], scope.maybe[target], scope.languages[target]
    scope.surely[target] &= surely
    scope.maybe[target] |= maybe
    scope.languages[target] |= languages
    return before != (scope.surely[target], scope.maybe[target], scope.languages[target])
