"""A caller's way through dialplans as it is kept for people, and how many callers took which way.

A path is bounded: of a long one the beginning and the end are kept, since a caller who goes round for hours does the
same thing again and again. What is secret was masked before it came here (``StepLeft``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from softswitch.core.legible import legible
from softswitch.ivr.model import StepLeft

MOST_BYTES = 65_536  # of one path, as JSON
MOST_ITEMS = 12  # inputs of a step, variables that it set
MOST_CHARS = 120  # of one of them
MOST_WHY = 300
BEGINNING = 4  # of so many steps that are kept, one is of the beginning
ENDED = "ended"  # the exit of a step in which neither the plan nor the caller ended the call


class PathStep(msgspec.Struct, frozen=True, omit_defaults=True):
    step: str
    verb: str
    at: float  # s since the path began, when it was entered
    seconds: float = 0.0  # in it
    exit: str = ""  # "": the caller is there now
    to: str = ""  # "": the plan was over
    inputs: tuple[str, ...] = ()
    changed: dict[str, str] = {}
    why: str = ""
    plan: str = ""  # where it is another than that of the path: a flow, or a plan that the caller was transferred to
    version: str = ""
    missed: int = 0  # steps that are not kept, before this one


class CallPath(msgspec.Struct, frozen=True):
    contact: str
    plan: str
    version: str
    started_at: float  # Unix s
    ended_at: float  # Unix s; of one that goes on: when this was so
    over: bool
    missing: int  # steps between the beginning and the end that are not kept
    steps: tuple[PathStep, ...]


class Edge(msgspec.Struct, frozen=True):
    """So many callers left a step by this exit."""

    step: str
    exit: str
    to: str
    count: int


_STEPS = msgspec.json.Decoder(tuple[PathStep, ...])


def to_steps(json: str | bytes) -> tuple[PathStep, ...]:
    """From the JSON of a list of them; none where it is something else: no call depends on what only people read."""
    try:
        return _STEPS.decode(json)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ()


class Walk:
    """A path that is being made. Steps are kept as JSON: a fifth of what they are as objects."""

    __slots__ = ("_begun", "_first", "_last", "_most", "_size", "missing", "now", "plan", "started_at", "version")

    def __init__(self, plan: str, version: str, unix: float, most: int) -> None:
        """``most`` steps are kept."""
        self.plan, self.version, self.started_at = plan, version, unix
        self.missing = 0
        self.now: PathStep | None = None  # where the caller is
        self._begun, self._most = max(1, most // BEGINNING), most
        self._first: list[bytes] = []
        self._last: deque[bytes] = deque()
        self._size = 0

    def enter(self, plan: str, step: str, verb: str, unix: float) -> None:
        self.now = PathStep(step, verb, self._at(unix), plan="" if plan == self.plan else plan)

    def leave(self, left: StepLeft, unix: float) -> None:
        elsewhere = (left.plan, left.version) != (self.plan, self.version)
        step = PathStep(
            left.step, left.verb, self._at(unix - left.seconds), round(left.seconds, 3), left.exit, left.to,
            tuple(_short(one) for one in left.inputs[:MOST_ITEMS]),
            {_short(name): _short(value) for name, value in list(left.changed.items())[:MOST_ITEMS]},
            _short(left.why, MOST_WHY), left.plan if elsewhere else "", left.version if elsewhere else "",
        )  # fmt: skip
        self.now = None
        self._keep(step)

    def end(self, unix: float) -> None:
        """The call is over; in which step, if somebody else ended it."""
        if self.now is not None:
            here, self.now = self.now, None
            seconds = round(max(0.0, unix - self.started_at - here.at), 3)
            self._keep(PathStep(here.step, here.verb, here.at, seconds, ENDED, plan=here.plan))

    def go_on(self, path: CallPath) -> None:
        """What a former process has kept comes before."""
        self.started_at, self.missing = path.started_at, path.missing
        for step in path.steps:
            self._keep(msgspec.structs.replace(step, missed=0))

    def path(self, contact: str, unix: float, over: bool, told: Iterable[str] = ()) -> CallPath:
        """``told``: what has happened so far in the step where the caller is."""
        steps = list(to_steps(b"[" + b",".join((*self._first, *self._last)) + b"]"))
        if self.now is not None and not over:
            inputs = tuple(_short(one) for one in told)[:MOST_ITEMS]
            seconds = round(self._at(unix) - self.now.at, 3)
            steps.append(msgspec.structs.replace(self.now, seconds=seconds, inputs=inputs))
        gap = len(self._first)
        if self.missing and gap < len(steps):
            steps[gap] = msgspec.structs.replace(steps[gap], missed=self.missing)
        return CallPath(contact, self.plan, self.version, self.started_at, unix, over, self.missing, tuple(steps))

    def _at(self, unix: float) -> float:
        return round(max(0.0, unix - self.started_at), 3)

    def _keep(self, step: PathStep) -> None:
        octets = msgspec.json.encode(step)
        self._size += len(octets)
        if len(self._first) < self._begun and not self._last and self._size <= MOST_BYTES // BEGINNING:
            self._first.append(octets)
        else:
            self._last.append(octets)
        while self._last and (len(self._first) + len(self._last) > self._most or self._size > MOST_BYTES):
            self._size -= len(self._last.popleft())
            self.missing += 1


def _short(text: str, most: int = MOST_CHARS) -> str:
    text = legible(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def summed(edges: Iterable[Edge]) -> list[Edge]:
    """One for each way, the most taken first."""
    counts: dict[tuple[str, str, str], int] = {}
    for edge in edges:
        way = (edge.step, edge.exit, edge.to)
        counts[way] = counts.get(way, 0) + edge.count
    return [Edge(*way, count) for way, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
