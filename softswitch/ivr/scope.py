"""Which variables and languages a caller can have at a step: two walks along the edges until nothing changes.

``surely``: set on every way that leads here. ``maybe``: set on some way. A name that is in neither is a mistake; one
that is only in ``maybe`` is a mistake that waits for its caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from softswitch.ivr.graph import Edges, beginning, by_end
from softswitch.ivr.parse import Draft
from softswitch.ivr.run import FIXED, GIVEN
from softswitch.ivr.speech import LANGUAGES
from softswitch.ivr.verb.subplan import Flow

_Names = frozenset[str]


@dataclass(slots=True)
class Scope:
    """On arrival at each step that can be reached. A set of variables is the bits of a number: there is one for each
    step, and a plan may have thousands of both."""

    surely: dict[str, int] = field(default_factory=dict)
    maybe: dict[str, int] = field(default_factory=dict)
    languages: dict[str, _Names] = field(default_factory=dict)
    _bits: dict[str, int] = field(default_factory=dict)  # variable -> its place
    _named: dict[int, _Names] = field(default_factory=dict)  # bits -> what they stand for, as was asked last

    def bits(self, names: Iterable[str]) -> int:
        found = 0
        for name in names:
            found |= 1 << self._bits.setdefault(name, len(self._bits))
        return found

    def unset(self, step: str, names: Iterable[str]) -> list[str]:
        """Those of the names that are not set on every way to the step, in order."""
        surely = self.surely[step]
        return sorted(name for name in names if name not in self._bits or not surely >> self._bits[name] & 1)

    def may_have(self, step: str) -> _Names:
        """What is set on some way to the step."""
        maybe = self.maybe[step]
        if maybe not in self._named:
            self._named = {maybe: frozenset(name for name, place in self._bits.items() if maybe >> place & 1)}
        return self._named[maybe]


def scopes(draft: Draft, following: Edges) -> Scope:
    start = beginning(draft) or next(iter(following), "")  # a start that is wrong hides no other mistake
    scope = Scope()
    known = scope.bits(GIVEN | draft.plan.needs | draft.plan.arguments.keys())
    scope.surely[start], scope.maybe[start], scope.languages[start] = known, known, _coming(draft)
    place = {name: index for index, name in enumerate(reversed(by_end(following)))}  # those before come first, mostly
    names = {index: name for name, index in place.items()}
    waiting = [place[start]] if start in place else []
    queued = {*waiting}
    while waiting:
        index = heappop(waiting)
        queued.discard(index)
        changed = _after(draft, names[index], scope)
        for target in following[names[index]]:
            if _merge(scope, target, *changed) and place[target] not in queued:
                queued.add(place[target])
                heappush(waiting, place[target])
    return scope


def _coming(draft: Draft) -> _Names:
    """The languages of those who come to the first step."""
    if draft.plan.language:
        return frozenset({draft.plan.language})
    return frozenset(LANGUAGES) if draft.arriving is None else draft.arriving


def _after(draft: Draft, name: str, scope: Scope) -> tuple[int, int, _Names]:
    """What a caller has when leaving the step."""
    step = draft.plan.steps.get(name)
    sets = step.verb.sets() if step is not None else dict.fromkeys(_mentioned(draft.broken.get(name)))
    languages, chosen = scope.languages[name], sets.get("language")
    if isinstance(chosen, str):
        languages = frozenset({chosen})
    elif "language" in sets:  # computed
        languages = frozenset(LANGUAGES)
    if step is not None and isinstance(step.verb, Flow):
        languages |= draft.leaving.get(step.verb.name, frozenset())
    made = scope.bits(sets)
    return scope.surely[name] | made, scope.maybe[name] | made, languages


def _mentioned(written: Any) -> Iterator[str]:
    """Names that a broken step may set: so that a mistake is told once, and not again at each step behind it."""
    if isinstance(written, dict):
        for key, inner in written.items():
            yield from _mentioned(key)
            yield from _mentioned(inner)
    elif isinstance(written, list):
        for inner in written:
            yield from _mentioned(inner)
    elif isinstance(written, str) and written.isidentifier() and written not in ("language", *FIXED):
        yield from (written, f"{written}_seconds")


def _merge(scope: Scope, target: str, surely: int, maybe: int, languages: _Names) -> bool:
    """Add one way that leads to ``target``; whether that changes anything."""
    if target not in scope.surely:
        scope.surely[target], scope.maybe[target], scope.languages[target] = surely, maybe, languages
        return True
    before = scope.surely[target], scope.maybe[target], scope.languages[target]
    scope.surely[target] &= surely
    scope.maybe[target] |= maybe
    scope.languages[target] |= languages
    return before != (scope.surely[target], scope.maybe[target], scope.languages[target])
