"""What is counted of queues and agents, per interval: one reading of the ACD's facts, so that whoever reports from them
says the same of a simulated day as of a real one.

A contact counts where things happen to it: as offered in the interval in which it joins, as answered or abandoned in
the one in which it leaves the queue. Who gives up before ``short_abandon_s`` was never really there and is in no other
number. Whoever accepts a callback has neither been answered nor given up, and the callback itself, of whose wait nobody
on the line knows, is counted apart. Time of agents is split at the edges. Talk is without hold: what is on hold is what
the agent has put there.

The service level has no one definition; the trade has these (all as shares, None where nothing was counted), with T the
target:

    of_answered    answered within T / answered
                   Asterisk calls it SL
    of_ended       (answered within T + abandoned within T) / (answered + abandoned)
                   Asterisk: SL2; Cisco ICM: abandons have a positive impact
    without_quick  answered within T / (answered + abandoned - abandoned within T)
                   Cisco ICM: abandons are ignored
    of_all         answered within T / (answered + abandoned)
                   Cisco ICM: abandons have a negative impact
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from softswitch.acd.model import AgentState, AgentStateChanged, QueueJoined, QueueLeft
from softswitch.core.effect import DomainEvent

INTERVAL_S = 900.0
Key = tuple[float, str]  # begin of the interval, name of the queue or agent


@dataclass(frozen=True, slots=True)
class Promise:
    """What a queue is measured by."""

    target_s: float = 20.0
    short_abandon_s: float = 0.0


_UNMEASURED = Promise()


@dataclass(slots=True)
class QueueFigures:
    """Of one queue, in one interval or in several added up."""

    offered: int = 0
    answered: int = 0
    answered_in_time: int = 0
    abandoned: int = 0
    abandoned_in_time: int = 0
    short_abandoned: int = 0
    elsewhere: int = 0  # left to be called back, by timeout or otherwise without an agent
    callbacks: int = 0  # for which an agent was found; in no number above
    missed: int = 0  # an agent's phone rang for it, and nobody picked up (RONA)
    transfers: int = 0  # that its agents made
    waited_answered_s: float = 0.0
    waited_abandoned_s: float = 0.0
    longest_s: float = 0.0  # wait of those answered
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_up_s: float = 0.0

    def add(self, other: QueueFigures) -> None:
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            setattr(self, one.name, max(mine, theirs) if one.name == "longest_s" else mine + theirs)

    @property
    def speed_of_answer_s(self) -> float | None:
        """ASA: the mean wait of those who were answered."""
        return _share(self.waited_answered_s, self.answered)

    @property
    def handling_s(self) -> float | None:
        """AHT: mean talk, hold and wrap-up."""
        return _share(self.talk_s + self.hold_s + self.wrap_up_s, self.answered + self.callbacks)

    @property
    def abandonment(self) -> float | None:
        return _share(self.abandoned, self.answered + self.abandoned)

    def service_levels(self) -> dict[str, float | None]:
        """By the names that the module explains."""
        ended = self.answered + self.abandoned
        return {
            "of_answered": _share(self.answered_in_time, self.answered),
            "of_ended": _share(self.answered_in_time + self.abandoned_in_time, ended),
            "without_quick": _share(self.answered_in_time, ended - self.abandoned_in_time),
            "of_all": _share(self.answered_in_time, ended),
        }

    def told(self) -> dict[str, Any]:
        """What is counted and what follows from it, by the names that reports use."""
        counted = {one.name: getattr(self, one.name) for one in fields(self) if not one.name.startswith("waited_")}
        return {
            **counted, "abandonment": self.abandonment, "asa_s": self.speed_of_answer_s, "aht_s": self.handling_s,
            "service_level": self.service_levels(),
        }  # fmt: skip


@dataclass(slots=True)
class AgentFigures:
    """Of one agent, in one interval or in several added up."""

    answered: int = 0
    missed: int = 0  # rang, and nobody picked up (RONA)
    transfers: int = 0
    hold_s: float = 0.0  # of the time of talking
    seconds: dict[AgentState, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, other: AgentFigures) -> None:
        self.answered += other.answered
        self.missed += other.missed
        self.transfers += other.transfers
        self.hold_s += other.hold_s
        for state, seconds in other.seconds.items():
            self.seconds[state] += seconds

    @property
    def occupancy(self) -> float | None:
        """The share of the time at work in which the agent was busy with contacts."""
        busy = sum(self.seconds[state] for state in _BUSY)
        return _share(busy, busy + self.seconds[AgentState.READY])

    @property
    def handling_s(self) -> float | None:
        """AHT: mean talk, hold and wrap-up."""
        return _share(self.seconds[AgentState.TALKING] + self.seconds[AgentState.WRAP_UP], self.answered)

    def told(self) -> dict[str, Any]:
        """What is counted and what follows from it, by the names that reports use."""
        spent = self.seconds
        return {
            "answered": self.answered, "missed": self.missed, "transfers": self.transfers,
            "ready_s": spent[AgentState.READY], "ringing_s": spent[AgentState.RESERVED],
            "talk_s": spent[AgentState.TALKING] - self.hold_s, "hold_s": self.hold_s,
            "wrap_up_s": spent[AgentState.WRAP_UP], "paused_s": spent[AgentState.PAUSED],
            "aht_s": self.handling_s, "occupancy": self.occupancy,
        }  # fmt: skip


_BUSY = (AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP)


@dataclass(slots=True)
class _Shift:
    """What an agent is doing."""

    state: AgentState
    since: float  # up to here it is counted
    held: bool = False  # has put whoever he talks to on hold
    queue: str = ""  # of the contact in hand


@dataclass(frozen=True, slots=True)
class Intervals:
    """What was counted, by begin and name."""

    queues: dict[Key, QueueFigures] = field(default_factory=dict)
    agents: dict[Key, AgentFigures] = field(default_factory=dict)


class Statistics:
    """Told every fact, with its time in seconds. ``queues`` and ``agents`` are by (begin of the interval, name); what
    has changed since somebody cleared them is in ``changed_queues`` and ``changed_agents``.

    What there is of agents who are logged out, and of contacts that wait in no queue, is nothing.
    """

    def __init__(self, promises: Mapping[str, Promise], interval_s: float = INTERVAL_S) -> None:
        self._promises = promises
        self._interval_s = interval_s
        self.queues: dict[Key, QueueFigures] = defaultdict(QueueFigures)
        self.agents: dict[Key, AgentFigures] = defaultdict(AgentFigures)
        self.changed_queues: set[Key] = set()
        self.changed_agents: set[Key] = set()
        self._shifts: dict[str, _Shift] = {}  # by agent
        self._waiting: dict[str, tuple[str, float | None]] = {}  # by contact: its queue; joined at, None: before us

    def measure_by(self, promises: Mapping[str, Promise]) -> None:
        """By queue, what counts from now on."""
        self._promises = promises

    def observe(self, event: DomainEvent, now: float) -> None:
        if isinstance(event, QueueJoined):
            self._joined(event, now)
        elif isinstance(event, QueueLeft):
            self._left(event, now)
        elif isinstance(event, AgentStateChanged):
            self._changed(event, now)

    def works_for(self, agent: str, queue: str) -> None:
        """Whose contact the agent has in hand, where it was answered before anybody counted."""
        if agent in self._shifts:
            self._shifts[agent].queue = queue

    def held(self, agent: str, held: bool, now: float) -> None:
        """The agent has put whoever he talks to on hold, or talks to him again."""
        shift = self._shifts.get(agent)
        if shift is not None and shift.held != held:
            self._spend(agent, shift, now)
            shift.held = held

    def transferred(self, agent: str, queue: str, now: float) -> None:
        """The agent has sent somebody elsewhere; ``queue`` is where they came from, "" from none."""
        start = self.start(now)
        self._agent(start, agent).transfers += 1
        if queue:
            self._queue(start, queue).transfers += 1

    @property
    def at_work(self) -> list[str]:
        """Agents who are logged in."""
        return list(self._shifts)

    @property
    def busy(self) -> list[str]:
        """Those of them who have a contact in hand."""
        return [agent for agent, shift in self._shifts.items() if shift.state in _BUSY]

    def settle(self, now: float) -> None:
        """Count the time of agents up to ``now``."""
        for agent in self._shifts:
            self.settle_agent(agent, now)

    def settle_agent(self, agent: str, now: float) -> None:
        shift = self._shifts.get(agent)
        if shift is not None:
            self._spend(agent, shift, now)

    def forget(self, before: float) -> None:
        """The intervals that begin before that."""
        for kept in (self.queues, self.agents):
            for key in [key for key in kept if key[0] < before]:
                del kept[key]

    def start(self, now: float) -> float:
        """Of the interval in which that moment is."""
        return now // self._interval_s * self._interval_s

    def _queue(self, start: float, name: str) -> QueueFigures:
        key = start, name
        self.changed_queues.add(key)
        return self.queues[key]

    def _agent(self, start: float, name: str) -> AgentFigures:
        key = start, name
        self.changed_agents.add(key)
        return self.agents[key]

    def _joined(self, event: QueueJoined, now: float) -> None:
        self._waiting[event.contact] = event.queue, None if event.again else now
        if event.kind != "callback" and not event.again:
            self._queue(self.start(now), event.queue).offered += 1

    def _left(self, event: QueueLeft, now: float) -> None:
        _, joined_at = self._waiting.pop(event.contact, ("", now))
        start = self.start(now)
        figures = self._queue(start, event.queue)
        promise = self._promises.get(event.queue, _UNMEASURED)
        in_time = event.waited_s <= promise.target_s
        if event.why == "answered":
            assert event.agent is not None
            self.works_for(event.agent, event.queue)
            self._agent(start, event.agent).answered += 1
        if event.kind == "callback":
            figures.callbacks += event.why == "answered"
        elif event.why == "answered":
            figures.answered += 1
            figures.answered_in_time += in_time
            figures.waited_answered_s += event.waited_s
            figures.longest_s = max(figures.longest_s, event.waited_s)
        elif event.why != "abandoned":
            figures.elsewhere += 1
        elif event.waited_s < promise.short_abandon_s:
            figures.short_abandoned += 1
            self._never_there(event, now - event.waited_s if joined_at is None else joined_at)
        else:
            figures.abandoned += 1
            figures.abandoned_in_time += in_time
            figures.waited_abandoned_s += event.waited_s

    def _never_there(self, event: QueueLeft, joined_at: float) -> None:
        """It was offered in that interval; a former process may have died before it had written that."""
        figures = self._queue(self.start(joined_at), event.queue)
        figures.offered = max(0, figures.offered - 1)

    def _changed(self, event: AgentStateChanged, now: float) -> None:
        shift = self._shifts.get(event.agent)
        if shift is None:
            shift = self._shifts[event.agent] = _Shift(event.old, now)
        self._spend(event.agent, shift, now)
        if event.missed:
            self._agent(self.start(now), event.agent).missed += 1
            queue, _ = self._waiting.get(event.contact or "", ("", now))
            if queue:
                self._queue(self.start(now), queue).missed += 1
        shift.state, shift.held = event.new, False
        if event.new not in _BUSY:
            shift.queue = ""
        if event.new is AgentState.LOGGED_OUT:
            del self._shifts[event.agent]

    def _spend(self, agent: str, shift: _Shift, until: float) -> None:
        """Put the time up to then into its intervals."""
        number = int(shift.since // self._interval_s)
        since, shift.since = shift.since, until
        while since < until and shift.state is not AgentState.LOGGED_OUT:
            end = min(until, (number + 1) * self._interval_s)
            self._add(agent, shift, number * self._interval_s, end - since)
            since, number = end, number + 1

    def _add(self, agent: str, shift: _Shift, start: float, seconds: float) -> None:
        figures = self._agent(start, agent)
        figures.seconds[shift.state] += seconds
        held = shift.held and shift.state is AgentState.TALKING
        figures.hold_s += seconds if held else 0.0
        if shift.queue and shift.state is AgentState.WRAP_UP:
            self._queue(start, shift.queue).wrap_up_s += seconds
        elif shift.queue and held:
            self._queue(start, shift.queue).hold_s += seconds
        elif shift.queue and shift.state is AgentState.TALKING:
            self._queue(start, shift.queue).talk_s += seconds


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
