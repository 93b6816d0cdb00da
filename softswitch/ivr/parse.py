"""From YAML text to a plan: the shape of the file, one verb per step, every key in its place.

Decided here: how a step may be written, and what a mistake in it is called. A step that is wrong by itself is left out
of the draft and remembered as broken, so that the checks of the whole graph still find everything else.
"""

from __future__ import annotations

import hashlib
import re
import typing
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from softswitch.core.errors import Problem
from softswitch.core.wrong import wrong
from softswitch.core.yaml_nodes import Path, dotted, listed, load_yaml, locate, nearest
from softswitch.ivr.head import FlowHeader, Header, Lost, Marks
from softswitch.ivr.plan import PLAN_STAGES, Losing, Plan, Step
from softswitch.ivr.verb import VERBS, Verb
from softswitch.ivr.verb.connect import Queue

REQUIRED = "required"  # the word for an argument of a flow that has to be given
MOST_STEPS = 5000
_MOST_PROBLEMS = 1000
_MOST_LOOKS = 200_000  # comparisons of one name with another: about 2 s
_MOST_TOLD = 50  # mistakes of one step
_LONGEST_MESSAGE = 600  # characters
_WHOLE = re.compile(r"-?[0-9]+")
BRANCHES = frozenset(key for kind in VERBS.values() for key in kind.branches)


@dataclass(slots=True)
class Sheet:
    """One file as it was read, and what is wrong with it so far."""

    file: str
    data: Any
    positions: dict[Path, tuple[int, int]]
    problems: list[Problem] = field(default_factory=list)
    _looks: int = 0  # comparisons of one name with another, so far
    _told: Counter[str] = field(default_factory=Counter)  # level -> how many, those that are left out included

    def __post_init__(self) -> None:
        self._told.update(problem.level for problem in self.problems)

    def problem(self, path: Path, message: str, level: str = "error") -> None:
        """One more; of very many errors the first ones only, and of very many warnings, which hide no error."""
        self._told[level] += 1
        if self._told[level] > _MOST_PROBLEMS + 1:
            return
        if self._told[level] == _MOST_PROBLEMS + 1:
            message = f"and more than {_MOST_PROBLEMS:,} {level}s before; mend those first"
        line, column = locate(self.positions, path)
        shown = message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}..."
        key = dotted(self._named(path))[:_LONGEST_MESSAGE]
        self.problems.append(Problem(self.file, line, column, key, shown, level))

    def nearest(self, word: str, known: Collection[str]) -> str | None:
        """The name that a misspelt word stands for. Of very many words, some are looked up: each takes its time."""
        self._looks += len(known)
        return None if self._looks > _MOST_LOOKS else nearest(word, known)

    def hint(self, word: str, known: Collection[str]) -> str:
        """``; did you mean 'x'?``, or the names that are known."""
        near = self.nearest(word, known)
        return f"; did you mean {near!r}?" if near else "" if self._looks > _MOST_LOOKS else listed(known)

    def _named(self, path: Path) -> Path:
        """The path with the keys of mappings as words: the key 1 of a menu is not the item 1 of a list."""
        shown: list[Any] = []
        value = self.data
        for part in path:
            shown.append(part if isinstance(value, list) else str(part))
            value = value.get(part) if isinstance(value, dict) else value[part] if isinstance(value, list) else None
        return tuple(shown)

    def find(self, path: Path, below: Path) -> Path:
        """The written key closest to ``below`` under ``path``; parts that a short form leaves out are passed over."""
        for part in below:
            for key in (part, int(part)) if isinstance(part, str) and _WHOLE.fullmatch(part) else (part,):
                if (*path, key) in self.positions:  # a key such as 1 is read as a number
                    path = (*path, key)
                    break
        return path


@dataclass(slots=True)
class Draft:
    """A plan as far as it could be read."""

    sheet: Sheet
    plan: Plan
    broken: dict[str, Any]  # name -> what is written there; the names are taken, their branches are not known
    arriving: frozenset[str] | None = None  # languages of who calls this flow; None: not known
    leaving: Mapping[str, frozenset[str]] = field(default_factory=dict)  # flow -> languages that it sets
    quick: frozenset[str] = frozenset()  # flows that can be passed without a wait

    known: frozenset[str] = frozenset()  # names of all steps
    _near: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = frozenset(self.plan.steps) | frozenset(self.broken)

    def meant(self, step: str) -> str | None:
        """The step that a misspelt name stands for."""
        if step not in self._near:
            self._near[step] = self.sheet.nearest(step, self.known)
        return self._near[step]

    def at(self, step: str, below: Path = ()) -> Path:
        """The path of a key of a step: beside the verb where it is written there, else inside."""
        path = self.sheet.find((), ("steps", step))
        if below and below[0] in BRANCHES and (*path, below[0]) in self.sheet.positions:
            return self.sheet.find(path, below)
        return self.sheet.find((*path, self.plan.steps[step].verb.verb), below)


def parse_plan(text: str, file: str) -> tuple[Draft | None, list[Problem]]:
    """The draft of a plan and what is wrong with each part of it by itself. None: nothing could be read."""
    data, positions, problems = load_yaml(text, file)
    sheet = Sheet(file, data, positions, problems)
    if not isinstance(data, dict):
        if not problems:
            sheet.problem((), "a dialplan is a mapping with dialplan:, numbers:, language:, start: and steps:")
        return None, sheet.problems
    if "flow" in data and "dialplan" not in data:
        return _flow(sheet, version(text)), sheet.problems
    header = _header(sheet, Header, "a dialplan")
    steps, broken = _steps(sheet, data.get("steps"))
    losing = _losing(sheet, header, steps)
    plan = Plan(
        header.dialplan, file, header.numbers, header.language or "", header.start, steps, losing, version(text)
    )
    return Draft(sheet, plan, broken), sheet.problems


def _losing(sheet: Sheet, header: Header, steps: dict[str, Step]) -> Losing:
    rule = header.lost or Lost()
    if header.lost_to and rule.to:
        sheet.problem(("lost_to",), "lost: {to: ...} says it too; once is enough")
    stages = PLAN_STAGES if rule.stages is None else rule.stages
    return Losing(rule.to or header.lost_to or _only_queue(steps), stages, rule.after)


def _flow(sheet: Sheet, version: str) -> Draft:
    header = _header(sheet, FlowHeader, "a flow")
    steps, broken = _steps(sheet, sheet.data.get("steps"))
    needs = frozenset(name for name, value in header.arguments.items() if value == REQUIRED)
    defaults = {name: value for name, value in header.arguments.items() if name not in needs}
    plan = Plan(header.flow, sheet.file, (), "", header.start, steps, Losing(), version, {}, defaults, needs,
                is_flow=True)  # fmt: skip
    return Draft(sheet, plan, broken)


def version(text: str) -> str:
    """A name for this very text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


_Head = TypeVar("_Head", Header, FlowHeader)
_INSTEAD: dict[str, Any] = {"dialplan": "-", "flow": "-", "start": "-", "steps": {"-": None}}  # what has to be there


def _header(sheet: Sheet, kind: type[_Head], owner: str) -> _Head:
    try:
        return kind.model_validate(sheet.data)
    except ValidationError as error:
        wrong = {details["loc"][0] for details in error.errors()}
        for details in _told(error):
            _complain(sheet, (), details["loc"], kind, details, owner)
        kept = {key: value for key, value in sheet.data.items() if key in kind.model_fields and key not in wrong}
        instead = {key: value for key, value in _INSTEAD.items() if key in kind.model_fields and key not in kept}
        header = kind.model_validate({**instead, **kept})  # so that what is right is read as ever: 1 as text
        return header.model_copy(update={key: type(value)() for key, value in instead.items()})


def _only_queue(steps: dict[str, Step]) -> str:
    """The queue that every caller of the plan who waits would have waited in; "" where there are several."""
    queues = {step.verb.name for step in steps.values() if isinstance(step.verb, Queue)}
    return queues.pop() if len(queues) == 1 else ""


def _steps(sheet: Sheet, written: Any) -> tuple[dict[str, Step], dict[str, Any]]:
    steps: dict[str, Step] = {}
    broken: dict[str, Any] = {}
    if isinstance(written, dict) and len(written) > MOST_STEPS:
        first = list(written)[MOST_STEPS]
        message = f"{len(written):,} steps, and {MOST_STEPS:,} at most are read; divide the plan into flows"
        sheet.problem(("steps", first), message)
        return steps, dict.fromkeys(map(str, written))
    for name, value in written.items() if isinstance(written, dict) else ():
        path = ("steps", name)
        marks, rest = _marks(sheet, path, value)
        verb = _verb(sheet, path, rest)
        if verb is None:
            broken[str(name)] = value
        else:
            place = locate(sheet.positions, path)
            steps[str(name)] = Step(str(name), verb, *place, marks.done, marks.lost_to or "")
    return steps, broken


def _marks(sheet: Sheet, path: Path, value: Any) -> tuple[Marks, Any]:
    """What stands beside the verb of a step, whichever it is; and the rest of the step."""
    if not isinstance(value, dict):
        return Marks(), value
    written = {key: value[key] for key in value if key in Marks.model_fields}
    rest = {key: value[key] for key in value if key not in written}
    try:
        return Marks.model_validate(written), rest
    except ValidationError as error:
        for details in _told(error):
            _complain(sheet, path, details["loc"], Marks, details, "a step")
        return Marks(), rest


def _verb(sheet: Sheet, path: Path, value: Any) -> Verb | None:
    if not isinstance(value, dict):
        sheet.problem(path, "a step is a mapping with one verb, for example {play: welcome.wav, next: menu}")
        return None
    verbs = [key for key in value if key in VERBS]
    if len(verbs) != 1:
        _not_one_verb(sheet, path, value, verbs)
        return None
    kind = VERBS[verbs[0]]
    fields = _fields(sheet, path, value, kind)
    return None if fields is None else _made(sheet, path, kind, *fields)


def _made(sheet: Sheet, path: Path, kind: type[Verb], fields: dict[Any, Any], whole: bool) -> Verb | None:
    """The verb with these fields. Not ``whole``: some key is left out, and what follows from that only is not told."""
    try:
        verb = kind.model_validate(fields)
    except ValidationError as error:
        for details in _told(error):
            loc = details["loc"]
            if not whole and (not loc or details["type"] == "missing"):
                continue
            beside = loc and loc[0] != kind.verb and (*path, loc[0]) in sheet.positions
            _complain(sheet, path if beside else (*path, kind.verb), loc, kind, details, kind.verb)
        return None
    return verb if whole else None


def _not_one_verb(sheet: Sheet, path: Path, value: dict[Any, Any], verbs: list[Any]) -> None:
    if verbs:
        sheet.problem((*path, verbs[1]), f"a second verb beside {verbs[0]}; make it a step of its own")
        return
    strange = [key for key in value if key not in BRANCHES]
    if strange:
        sheet.problem((*path, strange[0]), f"unknown verb {strange[0]!r}{sheet.hint(str(strange[0]), VERBS)}")
    else:
        sheet.problem(path, f"no verb; a step has one of {', '.join(VERBS)}")


def _fields(sheet: Sheet, path: Path, value: dict[Any, Any], kind: type[Verb]) -> tuple[dict[Any, Any], bool] | None:
    """The verb's fields, from inside the verb and beside it; False where a key had to be left out. A misspelt key
    counts as the one that is meant, so that it hides no other mistake. None: nothing could be read."""
    inside = (*path, kind.verb)
    try:
        fields = kind.expand(value[kind.verb])
    except ValueError as error:
        sheet.problem(inside, str(error))
        return None
    whole = True
    for key in [key for key in fields if key not in _keys(kind)]:
        sheet.problem(sheet.find(inside, (key,)), f"unknown key{sheet.hint(str(key), _keys(kind))}")
        whole &= _mend(sheet, fields, sheet.nearest(str(key), _keys(kind)), fields.pop(key), (*inside, key), inside)
    for key in [key for key in value if key != kind.verb]:
        if key not in kind.branches:
            sheet.problem((*path, key), _stray(sheet, key, kind))
            meant = key if key in _keys(kind) else sheet.nearest(str(key), kind.branches)
            whole &= _mend(sheet, fields, meant, value[key], (*path, key), path if meant in kind.branches else inside)
        elif key in fields:
            sheet.problem((*path, key), f"written inside of {kind.verb} too; once is enough")
        else:
            fields[key] = value[key]
    return fields, whole


def _mend(sheet: Sheet, fields: dict[Any, Any], meant: str | None, value: Any, written: Path, home: Path) -> bool:
    """Take ``value`` as what is ``meant``; False where nothing like it is, or where that is written too."""
    if meant is None or meant in fields or (*home, meant) in sheet.positions:
        return False
    fields[meant] = value
    sheet.positions[(*home, meant)] = locate(sheet.positions, written)
    return True


def _stray(sheet: Sheet, key: Any, kind: type[Verb]) -> str:
    if key in _keys(kind):
        return f"belongs inside of {kind.verb}: {{{key}: ...}}"
    if key in BRANCHES:
        return f"{kind.verb} has no branch {key!r}; it has: {', '.join(kind.branches) or 'none'}"
    return f"unknown key{sheet.hint(str(key), kind.branches)}"


# ---- pydantic's words in ours ------------------------------------------------------------------------------------


def _told(error: ValidationError) -> list[ErrorDetails]:
    """One mistake, one problem: without what follows from another mistake only."""
    found = error.errors(include_url=False, include_input=False)[:_MOST_TOLD]
    strange = [details["loc"] for details in found if details["type"] == "extra_forbidden"]
    return [details for details in found if not _follows(details, found, strange)]


def _follows(details: ErrorDetails, found: list[ErrorDetails], strange: list[Path]) -> bool:
    loc = details["loc"]
    if details["type"] == "too_short":  # wrong items are not counted
        return any(len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in found)
    if details["type"] == "missing":  # it is there, but misspelt
        return any(key[:-1] == loc[:-1] and nearest(str(key[-1]), [str(loc[-1])]) for key in strange)
    return False


def _complain(sheet: Sheet, base: Path, loc: Path, model: type[BaseModel], details: ErrorDetails, owner: str) -> None:
    kind, message = details["type"], wrong(details["type"], details["msg"])
    if kind == "missing":
        sheet.problem(sheet.find(base, loc[:-1]), f"{owner} needs {loc[-1]}:")
    elif kind == "extra_forbidden":
        sheet.problem(sheet.find(base, loc), f"unknown key{sheet.hint(str(loc[-1]), _known(model, loc[:-1]))}")
    elif loc[-1:] == ("[key]",):
        sheet.problem(sheet.find(base, loc[:-1]), _about_key(loc[-2], message))
    else:
        sheet.problem(sheet.find(base, loc), message)


def _about_key(key: Any, message: str) -> str:
    if "match pattern" in message:
        return f"{key!r} is not a telephone key; use one of 0-9, '*', '#'"
    return message


def _known(model: type[BaseModel], loc: Path) -> tuple[str, ...]:
    """The keys that the mapping at ``loc`` may have."""
    for part in loc:
        found = model.model_fields.get(str(part))
        inner = next(_models(found.annotation), None) if found else None
        model = inner or model
    return _keys(model)


@cache
def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(found.alias or name for name, found in model.model_fields.items())


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for argument in typing.get_args(kind):
        yield from _models(argument)
