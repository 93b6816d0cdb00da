"""A day that was, as the switch has kept its facts: who called, how long they talked, who was at work.

What is not kept, and assumed: needs and priority of a single contact (those of its queue hold); the patience of those
who were answered (drawn by ``patience``); how long those would have talked who were not (as somebody who was answered
in the same queue). A wrap-up counts where the agent ended it himself; where its time ran out, that of the queue holds.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from softswitch.acd.model import (
    AgentState,
    AgentStateChanged,
    LogIn,
    LogOut,
    QueueJoined,
    QueueLeft,
    QueueSpec,
    SetPaused,
    SetReady,
    WrapUpMode,
)
from softswitch.acd.statistics import Promise
from softswitch.contact.event import TransferEnded
from softswitch.core.effect import DomainEvent
from softswitch.simulation.account import Account
from softswitch.simulation.arrival import Arrival
from softswitch.simulation.patience import Patience
from softswitch.simulation.people import Habits
from softswitch.simulation.result import Result, result
from softswitch.simulation.roster import Recorded, Turn
from softswitch.simulation.run import NO_ANSWER, Outcome

S = AgentState
_GOES_ON = ("moved", "overflow")
USUAL_TALK_S = 180.0  # where nobody was answered all day
_TIMER_S = 0.5  # a wrap-up that was no more than this shorter than the queue's time was ended by it


@dataclass(slots=True)
class Visit:
    """One contact in one queue; times are seconds from midnight."""

    queue: str
    at: float
    waited_s: float | None = None  # until it left; None: it was still there
    why: str = ""
    agent: str = ""
    talk_s: float | None = None
    wrap_up_s: float | None = None


@dataclass(slots=True)
class _Person:
    """An agent, as far as the facts have come."""

    state: AgentState
    since: float = 0.0
    reason: str = ""
    visit: Visit | None = None  # in hand, or wrapped up


@dataclass(frozen=True, slots=True)
class Day:
    """What a simulation needs of it, what it really came to, and what had to be assumed, in words."""

    arrivals: list[Arrival]
    roster: Recorded
    habits: Habits
    real: Result
    notes: tuple[str, ...]


@dataclass(slots=True)
class Reader:
    """Told every fact that was kept, in order, with its time in seconds from midnight."""

    account: Account
    visits: list[Visit] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    picked_up_s: list[float] = field(default_factory=list)
    away_s: list[float] = field(default_factory=list)  # paused because of a call that was not picked up
    missed: int = 0
    _open: dict[str, Visit] = field(default_factory=dict)  # by contact, the latest
    _people: dict[str, _Person] = field(default_factory=dict)

    def read(self, event: DomainEvent, now: float) -> None:
        match event:
            case AgentStateChanged():
                self._changed(event, now)
            case QueueJoined(kind="call", again=False):
                self._joined(event, now)
            case QueueLeft(kind="call"):
                self._left(event)
            case TransferEnded(outcome="done", agent=agent, queue=queue) if agent:
                self.account.statistics.transferred(agent, queue, now)
        self.account.observe(event, now)

    def end(self, until: float) -> None:
        """Whoever is at work then goes home."""
        for name, person in self._people.items():
            if person.state is not S.LOGGED_OUT:
                self.turns.append(Turn(until, LogOut(name)))

    def _joined(self, event: QueueJoined, now: float) -> None:
        """Whoever was moved waits on, in another queue. An overflow is for the simulated queue to do again."""
        visit = self._open.get(event.contact)
        if visit is None or event.why not in _GOES_ON:
            visit = self._open[event.contact] = Visit(event.old or event.queue, now)
            self.visits.append(visit)
            return
        visit.why, visit.waited_s = "", None
        if event.why == "moved":
            visit.queue = event.queue

    def _left(self, event: QueueLeft) -> None:
        visit = self._open.get(event.contact)
        if visit is not None and visit.waited_s is None:
            visit.waited_s, visit.why, visit.agent = event.waited_s, event.why, event.agent or ""

    def _changed(self, event: AgentStateChanged, now: float) -> None:
        person = self._people.get(event.agent)
        if person is None:
            person = self._people[event.agent] = self._begin(event)
        self.missed += event.missed
        if event.old is not event.new:
            self._was(person, event, now)
        self._human(event, person, now)
        if event.new is S.TALKING:
            person.visit = self._open.get(event.contact or "")
        person.state, person.reason, person.since = event.new, event.reason, now

    def _begin(self, event: AgentStateChanged) -> _Person:
        """The first that is heard of him; whoever was at work before is so from the beginning."""
        if event.old is not S.LOGGED_OUT:
            self.turns.append(Turn(0.0, LogIn(event.agent)))
            if event.old is S.PAUSED:
                self.turns.append(Turn(0.0, SetPaused(event.agent, "paused")))
            self.account.observe(AgentStateChanged(event.agent, S.LOGGED_OUT, event.old, "", None), 0.0)
        return _Person(event.old)

    def _was(self, person: _Person, event: AgentStateChanged, now: float) -> None:
        """What has ended."""
        lasted_s, visit = now - person.since, person.visit
        match person.state:
            case S.RESERVED if event.new is S.TALKING:
                self.picked_up_s.append(lasted_s)
            case S.PAUSED if person.reason == NO_ANSWER:
                self.away_s.append(lasted_s)
            case S.TALKING if visit is not None and visit.agent == event.agent:
                visit.talk_s = lasted_s
            case S.WRAP_UP if visit is not None and visit.agent == event.agent:
                visit.wrap_up_s = lasted_s

    def _human(self, event: AgentStateChanged, person: _Person, now: float) -> None:
        """What he did himself."""
        name, own = event.agent, event.reason != NO_ANSWER
        if person.state is S.LOGGED_OUT and event.new is not S.LOGGED_OUT:
            self.turns.append(Turn(now, LogIn(name)))
        if event.new is S.LOGGED_OUT:
            self.turns.append(Turn(now, LogOut(name)))
        elif event.new is S.PAUSED and own:
            self.turns.append(Turn(now, SetPaused(name, event.reason or "paused")))
        elif person.state is S.PAUSED and person.reason != NO_ANSWER and event.new is not S.PAUSED:
            self.turns.append(Turn(now, SetReady(name)))


def day(
    facts: Iterable[tuple[float, DomainEvent]],
    refused: Iterable[tuple[float, str]],
    until: float,
    queues: Sequence[QueueSpec],
    agents: Iterable[str],
    promises: Mapping[str, Promise],
    epoch: float = 0.0,
    seed: int = 1,
) -> Day:
    """``refused``: when, and at which queue, callers were turned away because it was full. Times are seconds from
    midnight, which was at ``epoch``."""
    reader = Reader(Account(promises, epoch))
    for at, fact in facts:
        reader.read(fact, at)
    reader.end(until)
    turned_away = [Visit(queue, at, 0.0, "full") for at, queue in refused]
    outcome = Outcome(len(reader.visits) + len(turned_away), ended_at=until)
    outcome.refused_of.update(visit.queue for visit in turned_away)
    visits = sorted((*reader.visits, *turned_away), key=lambda visit: visit.at)
    roster = Recorded(tuple(sorted(reader.turns, key=lambda turn: turn.at)), frozenset(agents), until)
    real = result(outcome, reader.account)
    habits = _habits(reader, real, seed)
    return Day(_arrivals(visits, queues, until, seed), roster, habits, real, _notes(visits, habits))


def _habits(reader: Reader, real: Result, seed: int) -> Habits:
    rings = len(reader.picked_up_s) + reader.missed
    attempts = sum(one.attempts for one in real.callbacks.values())
    kept = sum(len(one.waited_s) for one in real.callbacks.values())
    usual = Habits(seed=seed)
    return replace(
        usual,
        pickup_s=_mean(reader.picked_up_s, usual.pickup_s),
        misses=reader.missed / rings if rings else usual.misses,
        back_s=_mean(reader.away_s, usual.back_s),
        reached=min(kept / attempts, 1.0) if attempts else usual.reached,
    )


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _arrivals(visits: Sequence[Visit], queues: Sequence[QueueSpec], until: float, seed: int) -> list[Arrival]:
    rules, chance = {spec.name: spec.wrap_up for spec in queues}, random.Random(seed)
    patience, talks = _patience(visits, until), _talks(visits)
    found = []
    for visit in visits:
        luck = chance.random()
        model = visit if visit.talk_s is not None else _as(visit.queue, talks, chance)
        rule, wrap_up_s = rules.get(visit.queue), model.wrap_up_s
        if rule and rule.mode is WrapUpMode.TIMED and wrap_up_s is not None and wrap_up_s > rule.s - _TIMER_S:
            wrap_up_s = None
        gave_up = visit.why == "abandoned" and visit.waited_s is not None
        waited_s = until - visit.at if visit.waited_s is None else visit.waited_s
        patience_s = waited_s if gave_up else patience[visit.queue].draw(waited_s, luck)
        found.append(Arrival(visit.at, visit.queue, model.talk_s or 0.0, patience_s, wrap_up_s=wrap_up_s))
    return found


def _patience(visits: Sequence[Visit], until: float) -> dict[str, Patience]:
    """By queue."""
    seen: dict[str, list[tuple[float, bool]]] = {visit.queue: [] for visit in visits}
    for visit in visits:
        if visit.why != "full":
            waited_s = until - visit.at if visit.waited_s is None else visit.waited_s
            seen[visit.queue].append((waited_s, visit.why == "abandoned"))
    return {queue: Patience(waits) for queue, waits in seen.items()}


def _talks(visits: Sequence[Visit]) -> dict[str, list[Visit]]:
    """Those of which it is known, by queue; all of them as ""."""
    found: dict[str, list[Visit]] = {"": []}
    for visit in visits:
        if visit.talk_s is not None:
            found.setdefault(visit.queue, []).append(visit)
            found[""].append(visit)
    return found


def _as(queue: str, talks: Mapping[str, list[Visit]], chance: random.Random) -> Visit:
    """Somebody who was answered."""
    known = talks.get(queue) or talks[""]
    return chance.choice(known) if known else Visit(queue, 0.0, talk_s=USUAL_TALK_S)


def _notes(visits: Sequence[Visit], habits: Habits) -> tuple[str, ...]:
    unknown = sum(visit.talk_s is None for visit in visits)
    gave_up = sum(visit.why == "abandoned" for visit in visits)
    return (
        f"{len(visits)} visits of queues; the patience of all but the {gave_up} who gave up is drawn from theirs "
        f"(Kaplan and Meier, per queue){'' if gave_up else ': nobody did, so all wait for ever'}",
        f"the talk of {unknown} who were not answered is drawn from that of those who were",
        "needs and priority of a single contact are not kept: those of its queue hold",
        f"agents pick up after {habits.pickup_s:.1f} s, miss {habits.misses:.1%} of rings, are back after "
        f"{habits.back_s:.0f} s, as they did on the whole",
    )
