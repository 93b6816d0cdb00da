"""What is to be drawn: one box per step, one arrow per pair of steps, and the words on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from softswitch.core.legible import printable
from softswitch.core.units import spoken
from softswitch.ivr.plan import Plan
from softswitch.ivr.verb import Verb
from softswitch.ivr.verb.connect import Queue

ENTRY = ""  # the box of those who call
MOST = 44  # characters of what a step says
FAMILY = {
    "sound": ("answer", "play", "say", "tone", "press", "language"),
    "ask": ("menu", "collect", "survey"),
    "decide": ("set", "when", "hours", "wait"),
    "web": ("http", "emit", "message"),
    "people": ("queue", "dial", "transfer", "conference", "park", "retrieve", "page"),
    "keep": ("callback", "voicemail", "record", "recording", "mailbox", "messages"),
    "plan": ("flow", "return"),
    "end": ("hangup", "reject", "redirect"),
}
FAILING = frozenset({"failed", "invalid", "timeout", "full", "busy", "no_answer", "declined", "late"})
_FAMILY_OF = {verb: family for family, verbs in FAMILY.items() for verb in verbs}
_TELLING = ("name", "calendar", "mailbox", "user", "users", "number", "to", "text", "flow", "plan", "room", "verb")


@dataclass(frozen=True, slots=True)
class Box:
    name: str  # of the step
    verb: str
    says: str  # in short: what is said, asked, looked up
    family: str
    hung_up: int = 0  # calls whose callers hung up here


@dataclass(frozen=True, slots=True)
class Arrow:
    source: str
    target: str
    label: str
    failing: bool = False  # it is taken where something did not work
    count: int | None = None  # calls; None: nobody has counted


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """How many calls left a step by this exit; ``to`` is "" where the call ended with it."""

    step: str
    exit: str
    to: str
    count: int


@dataclass(slots=True)
class _Counts:
    ways: dict[tuple[str, str], int] = field(default_factory=dict)
    hung_up: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, taken: Iterable[Taken]) -> _Counts:
        counts = cls()
        for one in taken:
            if one.exit == "hangup":
                counts.hung_up[one.step] = counts.hung_up.get(one.step, 0) + one.count
            else:
                counts.ways[one.step, one.to] = counts.ways.get((one.step, one.to), 0) + one.count
        return counts


def chart(plan: Plan, taken: Iterable[Taken] | None = None) -> Chart:
    """``taken``: what calls did, if that is to be shown."""
    counts = _Counts.of(taken or ())
    given = ", ".join(sorted({*plan.needs, *plan.arguments}))
    entry = f"flow {plan.name}({given})" if plan.is_flow else ", ".join(plan.numbers) or "from other plans"
    boxes = [Box(ENTRY, "calls", _short(entry), "entry")]
    arrows: list[Arrow] = []
    if plan.start in plan.steps:
        arrows.append(Arrow(ENTRY, plan.start, ""))
    for name, step in plan.steps.items():
        verb = step.verb
        family = _FAMILY_OF.get(verb.verb, "decide")
        boxes.append(Box(name, verb.verb, _short(says(verb)), family, counts.hung_up.get(name, 0)))
        arrows += _arrows(name, verb, plan, counts if taken is not None else None)
    return Chart(plan.name, tuple(boxes), tuple(arrows))


def _arrows(name: str, verb: Verb, plan: Plan, counts: _Counts | None) -> list[Arrow]:
    labels: dict[str, list[str]] = {}
    for path, target in verb.links():
        if target in plan.steps:
            labels.setdefault(target, []).append(_label(path, verb))
    return [
        Arrow(
            name, target, _short(_joined(words), 32),
            FAILING.issuperset(words),
            None if counts is None else counts.ways.get((name, target), 0),
        )
        for target, words in labels.items()
    ]  # fmt: skip


def _label(path: tuple[str | int, ...], verb: Verb) -> str:
    """The key, the condition, or the name of the branch; nothing for the one that is taken as a rule."""
    match path:
        case ("next",):
            return ""
        case ("keys", key):
            return str(key)
        case ("exit", "to") if isinstance(verb, Queue) and verb.exit is not None:
            return verb.exit.key
        case (int() as index, "then"):
            conditions = getattr(verb, "conditions", ())
            return str(conditions[index].condition) if index < len(conditions) else "then"
        case _:
            return str(path[-1])


def _joined(words: list[str]) -> str:
    """Keys first, failures last; the usual way has a name only beside others."""
    if words == [""]:
        return ""
    return ", ".join(sorted((word or "next" for word in words), key=lambda word: (word in FAILING, word != "next")))


def says(verb: Verb) -> str:
    """The one thing that tells this step from others of its verb."""
    written: Mapping[str, Any] = verb.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    for key in ("get", "post", "put", "patch", "delete"):
        if key in written:
            return f"{key.upper()} {written[key]}"
    for key in ("say", "play"):
        if words := _first(written.get(key)):
            return words
    if isinstance(values := written.get("values"), dict):
        return ", ".join(f"{name} = {value}" for name, value in values.items())
    for key in _TELLING:
        if key in written:
            return _plain(written[key])
    lone = written.get(verb.lone)
    return "" if isinstance(lone, (list, tuple, dict)) or lone is None else _plain(lone)


def _first(value: Any) -> str:
    """The first words of what may be a list of texts in several languages."""
    match value:
        case str():
            return value
        case dict() if "each" in value:
            return _first(next(iter(value["each"].values()), ""))
        case dict():
            return next((str(value[key]) for key in ("text", "digits", "number", "file") if key in value), "")
        case list() | tuple():
            return next((words for one in value if (words := _first(one))), "")
        case _:
            return ""


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value))
    if isinstance(value, dict):
        return next((_plain(value[key]) for key in _TELLING if key in value), "")
    return spoken(value) if isinstance(value, float) else str(value)


def _short(text: str, most: int = MOST) -> str:
    text = " ".join(printable(text).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
