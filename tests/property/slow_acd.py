"""The rules of the ACD once more, as slowly and as plainly as they can be said: no index, no table, no array.

Everything is looked through anew at each question. It is told what happens, keeps its own agents and contacts, and
foresees each offer of a step, in order, with the reason of each agent who is passed over. Written from the rules
(docs/queues.md, DESIGN.md section 9), not from the machine: of its code it uses the nouns only.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from hashlib import blake2b
from math import inf

from softswitch.acd.model import (
    AgentSpec,
    AllOf,
    AnyOf,
    Expression,
    Join,
    Need,
    Needs,
    NotOf,
    QueueSpec,
    Strategy,
    WrapUpMode,
)

GRACE_S = 0.5


@dataclass
class Part:
    """An agent's part in a contact."""

    stage: str  # "reserved", "talking", "wrap-up"
    queue: str
    cost: int
    until: float = inf
    latest: float = inf
    asked: bool = False
    open_end: bool = False


@dataclass
class Person:
    name: str
    at_work: str = "out"  # "ready", "paused", "suspended", "leaving"
    reachable: bool = False
    engaged: bool = False  # in a call of his own
    parts: dict[str, Part] = field(default_factory=dict)
    delayed_until: float = -inf
    until_reachable: bool = False
    misses: int = 0
    idle_since: float = 0.0
    calls: int = 0
    logged_in_at: float = 0.0
    busy_s: float = 0.0
    busy_since: float | None = None

    def busy(self, now: float) -> float:
        """Seconds shown as talking or in wrap-up since the login."""
        return self.busy_s + (now - self.busy_since if self.busy_since is not None else 0.0)

    def look(self, now: float) -> None:
        """What he is shown as has perhaps changed."""
        stages = {part.stage for part in self.parts.values()}
        busy = "talking" in stages or stages == {"wrap-up"}
        if busy and self.busy_since is None:
            self.busy_since = now
        elif not busy:
            self.busy_s, self.busy_since = self.busy(now), None

    @property
    def room(self) -> int:
        return 100 - sum(part.cost for part in self.parts.values())

    def open_for_more(self, now: float) -> bool:
        """Beside what he has in hand."""
        away = self.at_work != "ready" or not self.reachable or self.engaged
        return not away and self.room > 0 and now >= self.delayed_until

    def why_not(self, cost: int, now: float) -> str:
        """Why he cannot be offered something of this cost; "" he can."""
        for stage, word in (("talking", "talking"), ("reserved", "reserved"), ("wrap-up", "wrap-up")):
            if any(part.stage == stage for part in self.parts.values()) and not self.open_for_more(now):
                return word
        if not self.parts and self.at_work in ("out", "leaving"):
            return "logged out"
        if self.at_work != "ready":
            return "paused"
        if not self.reachable:
            return "unreachable"
        if self.engaged:
            return "in another call"
        if now < self.delayed_until:
            return "retry delay"
        return "" if self.room >= cost else "no room for it beside what he has in hand"


@dataclass
class Visitor:
    join: Join
    queue: str
    since: float  # in this queue
    priority_s: float
    rung: set[str] = field(default_factory=set)


class SlowAcd:
    def __init__(self, agents: tuple[AgentSpec, ...], queues: tuple[QueueSpec, ...]) -> None:
        self.configure(agents, queues)
        self.people = {spec.name: Person(spec.name) for spec in agents}
        self.visitors: dict[str, Visitor] = {}
        self.last: dict[str, str] = {}
        self.now = 0.0

    def configure(self, agents: tuple[AgentSpec, ...], queues: tuple[QueueSpec, ...]) -> None:
        self.order = [spec.name for spec in agents]
        self.specs = {spec.name: spec for spec in agents}
        self.queues = {spec.name: spec for spec in queues}

    # ---- the rules of who suits ----------------------------------------------------------------------------------

    def needs(self, contact: str) -> Needs:
        visitor = self.visitors[contact]
        if visitor.join.needs is not None:
            return visitor.join.needs
        spec = self.queues[visitor.queue]
        found = spec.needs
        for one in spec.relaxations:
            if self.now >= visitor.join.queued_at + one.after_s:
                found = one.needs
        return found

    def rank(self, contact: str) -> tuple[float, str]:
        visitor = self.visitors[contact]
        age_s = self.now - visitor.join.queued_at
        return (-(age_s + self.queues[visitor.queue].priority_s + visitor.priority_s), contact)

    def alone(self, contact: str) -> str:
        """The preferred agent, if it waits for him alone."""
        join = self.visitors[contact].join
        person = self.people.get(join.preferred)
        here = person is not None and (person.at_work not in ("out", "leaving") or bool(person.parts))
        return join.preferred if here and self.now < join.queued_at + join.preferred_s else ""

    def suits(self, agent: str, contact: str) -> bool:
        alone = self.alone(contact)
        return (
            agent == alone
            if alone
            else all(holds(need, dict(self.specs[agent].skills)) for need in self.needs(contact))
        )

    def free(self, contact: str) -> list[str]:
        """Who suits it and could be offered it, were there no reserve."""
        cost = self.visitors[contact].join.cost
        able = [name for name, person in self.people.items() if not person.why_not(cost, self.now)]
        return sorted(name for name in able if self.suits(name, contact))

    def reserve(self, contact: str) -> int:
        visitor = self.visitors[contact]
        reserve = self.queues[visitor.queue].reserve
        closed = reserve is not None and visitor.priority_s < reserve.priority_s and not self.alone(contact)
        return reserve.agents if reserve is not None and closed else 0

    def offerable(self, contact: str) -> bool:
        return len(self.free(contact)) > self.reserve(contact)

    def waiting(self) -> list[str]:
        """Those for whom nobody is rung, the best-ranked first."""
        return sorted((name for name, visitor in self.visitors.items() if not visitor.rung), key=self.rank)

    # ---- who gets it ---------------------------------------------------------------------------------------------

    def next_offer(self) -> str | None:
        """The contact that is offered next."""
        ready = [contact for contact in self.waiting() if self.offerable(contact)]
        if not ready:
            return None
        shared = [contact for contact in ready if self.queues[self.visitors[contact].queue].share is not None]
        plain = [contact for contact in ready if contact not in shared]
        if not shared:
            return plain[0]
        all_waiting = [self.visitors[contact].queue for contact in self.waiting()]
        total = sum(self.queues[queue].share is not None for queue in all_waiting)

        def behind(contact: str) -> tuple[float, tuple[float, str]]:
            queue = self.visitors[contact].queue
            return ((self.queues[queue].share or 0.0) * total - all_waiting.count(queue), self.rank(contact))

        heads = {self.visitors[contact].queue: contact for contact in reversed(shared)}
        forward = min(heads.values(), key=behind)
        return plain[0] if plain and self.rank(plain[0]) < self.rank(forward) else forward

    def key(self, agent: str, contact: str) -> tuple[tuple[float, str], ...]:
        """What is compared, each with what is said of who loses by it; the smallest wins, equals go by name."""
        person, queue = self.people[agent], self.visitors[contact].queue
        levels = dict(self.specs[agent].skills)
        idle = (person.idle_since, "idle for less time")
        match Strategy.LONGEST_IDLE if self.alone(contact) else self.queues[queue].strategy:
            case Strategy.MOST_SKILLED:
                wanted = set(mentioned(self.needs(contact)))
                return ((-sum(levels.get(skill, 0) for skill in wanted), "less skilled"), idle)
            case Strategy.BEST_FIT:
                wanted = set(mentioned(self.needs(contact)))
                above = surplus(AllOf(self.needs(contact)), levels)
                besides = sum(level for skill, level in levels.items() if skill not in wanted)
                return ((above, "more skill than is needed"), (besides, "more skills besides"), idle)
            case Strategy.FEWEST_CALLS:
                return ((person.calls, "more calls"), idle)
            case Strategy.LEAST_OCCUPIED:
                since_login_s = self.now - person.logged_in_at
                return ((person.busy(self.now) / since_login_s if since_login_s else 0.0, "more occupied"), idle)
            case Strategy.RANDOM:
                drawn = int.from_bytes(blake2b(contact.encode(), digest_size=8).digest(), "big")
                free = self.free(contact)
                return (((free.index(agent) - drawn) % len(free), "not drawn"),)
            case Strategy.LINEAR:
                return ((self.order.index(agent), "later in the configured order"),)
            case Strategy.ROUND_ROBIN:
                names = sorted(self.specs)
                after = bisect_right(names, self.last.get(queue, ""))
                return (((names.index(agent) - after) % len(names), "not his turn"),)
            case _:
                return (idle,)

    def winners(self, contact: str) -> list[str]:
        free = self.free(contact)
        in_order = sorted(free, key=lambda agent: ([value for value, _ in self.key(agent, contact)], agent))
        if self.queues[self.visitors[contact].queue].strategy is Strategy.RING_ALL and not self.alone(contact):
            return in_order[: len(free) - self.reserve(contact)]
        return in_order[:1]

    def reasons(self, contact: str, winners: list[str]) -> dict[str, str]:
        """Of every agent but the winners the one why."""
        return {agent: self.reason(agent, contact, winners) for agent in self.specs if agent not in winners}

    def reason(self, agent: str, contact: str, winners: list[str]) -> str:
        alone, levels = self.alone(contact), dict(self.specs[agent].skills)
        if alone and agent != alone:
            return "kept for the preferred agent"
        if not self.suits(agent, contact):
            return lacking(self.needs(contact), levels)
        held_back = self.people[agent].why_not(self.visitors[contact].join.cost, self.now)
        if held_back:
            return held_back
        ring_all = self.queues[self.visitors[contact].queue].strategy is Strategy.RING_ALL
        if not winners or (ring_all and not alone):
            return "kept in reserve"
        for (mine, why), (theirs, _) in zip(self.key(agent, contact), self.key(winners[0], contact), strict=True):
            if mine != theirs:
                return why
        return "idle for as long, later by name"

    def offer(self, contact: str, winners: list[str]) -> None:
        visitor = self.visitors[contact]
        self.last[visitor.queue] = winners[0]
        visitor.rung = set(winners)
        until = self.now + self.queues[visitor.queue].ring_timeout_s + GRACE_S
        for agent in winners:
            self.people[agent].parts[contact] = Part("reserved", visitor.queue, visitor.join.cost, until)
        self.look()

    def look(self) -> None:
        """At everybody, for what he is shown as."""
        for person in self.people.values():
            person.look(self.now)

    # ---- what happens --------------------------------------------------------------------------------------------

    def log_in(self, agent: str) -> None:
        person = self.people[agent]
        if person.at_work == "out":
            person.idle_since, person.misses, person.delayed_until = self.now, 0, -inf
            self._begins(person)
        if person.at_work in ("out", "leaving"):
            person.at_work = "ready"

    def log_out(self, agent: str) -> None:
        person = self.people[agent]
        person.at_work = "leaving" if person.at_work != "out" else "out"
        self._done(person, only_open=True)
        self._gone_home(person)

    def ready(self, agent: str) -> None:
        person = self.people[agent]
        if person.at_work in ("paused", "suspended"):
            person.misses, person.delayed_until = 0, -inf
        if person.at_work != "out":
            person.at_work = "ready"
        self._done(person, only_open=False)

    def pause(self, agent: str) -> None:
        person = self.people[agent]
        if person.at_work != "out":
            person.at_work = "paused"
        self._done(person, only_open=True)

    def _done(self, person: Person, only_open: bool) -> None:
        for contact, part in list(person.parts.items()):
            if part.stage == "wrap-up" and (part.open_end or not only_open):
                self._over(person, contact, worked=True)

    def _over(self, person: Person, contact: str, worked: bool) -> None:
        del person.parts[contact]
        if worked:
            person.idle_since = self.now
        self._gone_home(person)

    def _gone_home(self, person: Person) -> None:
        if person.at_work == "leaving" and not person.parts:
            person.at_work = "out"

    def reach(self, agent: str, reachable: bool) -> None:
        person = self.people[agent]
        person.reachable = reachable
        if reachable and person.until_reachable:
            person.delayed_until, person.until_reachable = -inf, False

    def arrive(self, join: Join) -> None:
        self.visitors[join.contact] = Visitor(join, join.queue, self.now, join.priority_s)

    def take_over(self, agent: str, contact: str, queue: str) -> None:
        """A conversation of a former process."""
        person = self.people[agent]
        person.parts[contact] = Part("talking", queue, 100)
        if person.at_work == "out":
            person.at_work = "leaving"
            self._begins(person)

    def _begins(self, person: Person) -> None:
        """The figures count from the login."""
        person.calls, person.logged_in_at, person.busy_s, person.busy_since = 0, self.now, 0.0, None

    def leave(self, contact: str) -> None:
        for agent in self.visitors.pop(contact).rung:
            self._over(self.people[agent], contact, worked=False)

    def answer(self, contact: str, agent: str) -> None:
        for other in self.visitors.pop(contact).rung - {agent}:
            self._over(self.people[other], contact, worked=False)
        person = self.people[agent]
        person.parts[contact].stage, person.parts[contact].until = "talking", inf
        person.calls += 1
        person.misses, person.delayed_until, person.until_reachable = 0, -inf, False

    def fail(self, contact: str, agent: str, why: str) -> None:
        person, visitor = self.people[agent], self.visitors[contact]
        spec = self.queues[visitor.queue]
        delay_s = {"no answer": spec.retry_no_answer_s, "busy": spec.retry_busy_s, "rejected": spec.retry_rejected_s,
                   "unreachable": spec.retry_unreachable_s}[why]  # fmt: skip
        missed_out = why == "no answer" and person.misses + 1 >= spec.max_misses
        if why == "no answer":
            person.misses += 1
        if not missed_out:
            person.delayed_until, person.until_reachable = self.now + delay_s, why == "unreachable"
        elif person.at_work == "ready":
            person.at_work = "suspended"
        self._over(person, contact, worked=False)
        visitor.rung.discard(agent)
        if not visitor.rung and self.now >= visitor.since + spec.max_wait_s:
            del self.visitors[contact]

    def end(self, contact: str, agent: str) -> None:
        person = self.people[agent]
        part, rule = person.parts[contact], self.queues[person.parts[contact].queue].wrap_up
        part.open_end = rule.mode is WrapUpMode.UNTIL_DONE
        part.latest = self.now + rule.at_most_s
        part.until = part.latest if part.open_end else min(self.now + rule.s, part.latest)
        wanted = rule.mode is not WrapUpMode.NONE and (rule.mode is not WrapUpMode.OPTIONAL or part.asked)
        if not wanted or part.until <= self.now:
            self._over(person, contact, worked=True)
        else:
            part.stage = "wrap-up"

    def ask_wrap_up(self, agent: str) -> None:
        for part in self.people[agent].parts.values():
            part.asked = part.asked or part.stage == "talking"

    def extend(self, agent: str, by_s: float) -> None:
        for part in self.people[agent].parts.values():
            if part.stage == "wrap-up":
                part.until = max(part.until, min(part.until + by_s, part.latest))

    def pass_time(self) -> list[str]:
        """What is over by now; the contacts that have waited too long."""
        for person in self.people.values():
            for contact, part in list(person.parts.items()):
                if part.until <= self.now and part.stage == "reserved":
                    self.fail(contact, person.name, "no answer")
                elif part.until <= self.now:
                    self._over(person, contact, worked=True)
        waiting = [(contact, self.visitors[contact]) for contact in self.waiting()]
        late = [contact for contact, one in waiting if self.now >= one.since + self.queues[one.queue].max_wait_s]
        for contact in late:
            del self.visitors[contact]
        return late


# ---- skills ------------------------------------------------------------------------------------------------------


def holds(need: Expression, levels: dict[str, int]) -> bool:
    if isinstance(need, Need):
        return need.skill in levels and need.level <= levels[need.skill] <= need.at_most
    if isinstance(need, NotOf):
        return not holds(need.of, levels)
    return (all if isinstance(need, AllOf) else any)(holds(one, levels) for one in need.of)


def mentioned(needs: Needs) -> list[str]:
    """The skills that are wanted; those that are ruled out are not."""
    found = []
    for need in needs:
        if isinstance(need, Need):
            found.append(need.skill)
        elif isinstance(need, AllOf | AnyOf):
            found += mentioned(need.of)
    return found


def surplus(need: Expression, levels: dict[str, int]) -> float:
    if not holds(need, levels):
        return inf
    if isinstance(need, Need):
        return levels[need.skill] - need.level
    if isinstance(need, AllOf):
        return sum(surplus(one, levels) for one in need.of)
    return min(surplus(one, levels) for one in need.of) if isinstance(need, AnyOf) else 0.0


def lacking(needs: Needs, levels: dict[str, int]) -> str:
    """For plain needs the whole sentence; for the others how it begins."""
    plain = sorted((need for need in needs if isinstance(need, Need)), key=lambda need: need.skill)
    for need in plain:
        if need.skill not in levels:
            return f"lacks skill {need.skill}"
    for need in plain:
        if not holds(need, levels):
            return f"level too {'low' if levels[need.skill] < need.level else 'high'} in {need.skill}"
    return ""
