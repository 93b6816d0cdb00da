"""What became of everybody who called in a span of time: each caller once, however often the number came.

A caller is a number, in whatever spelling; who withholds his is a caller for each call. Of all that happened to a
caller the best counts: who was lost and was served at the next try was served. So the rows of the account add up to
the callers, and who is in none of the others stands in a row of his own: nothing is kept of him.

It knows no database and no page; times are Unix seconds.
"""

from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from softswitch.callback.ending import by_himself
from softswitch.callback.history import Logged
from softswitch.callback.model import OPEN, Promise, PromiseState
from softswitch.callback.number import identified
from softswitch.callback.reading import Reading

S = PromiseState
DONE = frozenset({"voicemail", "redirected", "conference", "paged", "parked"})  # outcomes of calls that need no agent
STORE = "store"  # why a loss led to no promise: no rule, but a database that was away


class Fate(enum.Enum):
    """In the order in which the best counts."""

    SERVED = "served live"
    RECOVERED = "recovered: called back and served"
    BY_HIMSELF = "called in again later and served"
    OPEN = "still open"
    FAILED = "failed: all attempts made"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused by rule"
    DONE = "done without an agent"
    LEFT = "hung up in the dialplan, no loss"
    NOTHING = "lost, and nothing is kept of it"


_ORDER = {fate: number for number, fate in enumerate(Fate)}
_ENDED = {S.KEPT: Fate.RECOVERED, S.FAILED: Fate.FAILED, S.EXPIRED: Fate.EXPIRED, S.WITHDRAWN: Fate.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class Came:
    """A call that came in, and has ended."""

    contact: str
    caller: str  # as presented
    queue: str
    started_at: float
    connected_at: float  # 0: it never came to that
    outcome: str
    ended_by: str = ""  # "caller", "us" ...


@dataclass(frozen=True, slots=True)
class Turned:
    """A loss that led to no promise."""

    at: float
    queue: str
    stage: str
    why: str
    contact: str
    number: str  # as presented


class Loss(NamedTuple):
    at: float
    stage: str
    contact: str  # the call that was lost


@dataclass(frozen=True, slots=True)
class Followed:
    """A promise and what is kept of its history."""

    promise: Promise
    log: tuple[Logged, ...] = ()

    def losses(self) -> list[Loss]:
        """The first one and each that was added to it."""
        promise = self.promise
        if not self.log:
            return [Loss(promise.recorded_at, promise.stage, promise.contact)]
        first = self.log[0]
        had = first.losses if first.attempt else 0  # what came before an attempt is not kept any more
        before = (had, *(one.losses for one in self.log))
        steps = zip(self.log, before, strict=False)
        return [Loss(one.at, one.stage, one.contact) for one, had in steps if one.losses > had]

    @property
    def kept_at(self) -> float:
        """0: it was not."""
        if self.promise.state is not S.KEPT:
            return 0.0
        return next((one.at for one in self.log if one.state == S.KEPT.value), self.promise.updated_at)

    @property
    def fate(self) -> Fate:
        promise = self.promise
        if promise.state in OPEN:
            return Fate.OPEN
        if by_himself(promise):
            return Fate.BY_HIMSELF
        return _ENDED[promise.state]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of a span of time: the calls that began in it, and losses and promises up to the end of the last of
    them. ``others`` are calls that began before or after, as far as something else here is theirs."""

    calls: Sequence[Came]
    promises: Sequence[Followed]
    turned: Sequence[Turned]
    others: frozenset[str] = frozenset()


@dataclass(slots=True)
class Account:
    since: float
    until: float
    calls: int = 0  # that came in, and those that were shed before they were any
    fates: Counter[Fate] = field(default_factory=Counter)
    captured: Counter[str] = field(default_factory=Counter)  # losses by stage
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)  # callers by stage and rule
    nothing: Counter[str] = field(default_factory=Counter)  # callers of whom nothing is kept, by how their call ended
    kept: list[tuple[float, float, int]] = field(default_factory=list)  # when, after how long, at which attempt

    @property
    def callers(self) -> int:
        return self.fates.total()

    @property
    def adds_up(self) -> bool:
        return not self.fates[Fate.NOTHING]


def identity(number: str, reading: Reading) -> str:
    """A number in its one spelling, whether it may be dialled or not; as presented where it is none; "" of nobody."""
    found = identified(number, reading)
    return "" if found.why == "withheld" else found.dial or number.strip()


def account(span: tuple[float, float], seen: Seen, identify: Callable[[str], str]) -> Account:
    """``identify``: a number in its one spelling, or "" where none was presented."""
    since, until = span
    found = Account(since, until)
    callers = _Callers(identify)
    fates: dict[str, list[Fate]] = defaultdict(list)
    ends: dict[str, str] = {}
    for call in seen.calls:
        key = callers.called(call.contact, call.caller)
        ends[key] = call.outcome
        fates[key].append(_of_call(call))

    def belongs(at: float, contact: str) -> bool:
        """To a call that began then, whenever it was lost; or to somebody who never came to be one."""
        return callers.has(contact) or (contact not in seen.others and since <= at < until)

    rules: dict[str, tuple[str, str]] = {}
    turned = [loss for loss in seen.turned if belongs(loss.at, loss.contact)]
    for loss in turned:
        key = callers.of(loss.contact, loss.number)
        if loss.why == STORE:
            fates[key].append(Fate.NOTHING)
            ends[key] = "the store was away"
            continue
        fates[key].append(Fate.REFUSED)
        rules[key] = loss.stage, loss.why
    shed = {loss.contact for loss in turned}
    began = {call.contact: call.started_at for call in seen.calls}
    for one in seen.promises:
        lost = [loss for loss in one.losses() if belongs(loss.at, loss.contact)]
        if not lost:
            continue
        found.captured.update(loss.stage for loss in lost)
        shed |= {loss.contact for loss in lost}
        for key in callers.whose(one):
            fates[key].append(one.fate)
        if one.kept_at:  # the promise may be older: of an earlier loss, or of a list that he stands in
            since_loss = max(one.promise.recorded_at, began.get(lost[0].contact, lost[0].at))
            found.kept.append((one.kept_at, one.kept_at - since_loss, one.promise.attempts))
    found.calls = len(seen.calls) + sum(not callers.has(contact) for contact in shed)
    _sum_up(found, fates, rules, ends)
    return found


def _of_call(call: Came) -> Fate:
    if call.connected_at:
        return Fate.SERVED
    if call.outcome in DONE:
        return Fate.DONE
    if call.outcome != "completed" or call.queue:  # who came to a queue and talked to nobody is not done
        return Fate.NOTHING
    return Fate.LEFT if call.ended_by == "caller" else Fate.DONE


def _sum_up(
    found: Account, fates: Mapping[str, list[Fate]], rules: Mapping[str, tuple[str, str]], ends: Mapping[str, str]
) -> None:
    for key, several in fates.items():
        best = min(several, key=_ORDER.__getitem__)
        found.fates[best] += 1
        if best is Fate.REFUSED:
            found.refused[rules[key]] += 1
        elif best is Fate.NOTHING:
            found.nothing[ends[key]] += 1


def _contacts(one: Followed) -> set[str]:
    return {one.promise.contact, *(logged.contact for logged in one.log)}


class _Callers:
    """Who is who: by number, and where another number was left, or none presented, by the call."""

    def __init__(self, identify: Callable[[str], str]) -> None:
        self._identify = identify
        self._by_contact: dict[str, str] = {}

    def has(self, contact: str) -> bool:
        return contact in self._by_contact

    def called(self, contact: str, number: str) -> str:
        self._by_contact[contact] = key = self._identify(number) or f"withheld {contact}"
        return key

    def of(self, contact: str, number: str) -> str:
        return self._by_contact.get(contact) or self._identify(number) or f"withheld {contact}"

    def whose(self, one: Followed) -> Iterable[str]:
        """The callers to whom it was promised: who has typed another number is not two of them."""
        known = {self._by_contact[contact] for contact in _contacts(one) if contact in self._by_contact}
        return known or {self._identify(one.promise.number) or one.promise.number}
