"""The ACD against a slow one that was written apart from it (``slow_acd``): each offer of each step is foreseen.

After each event: the same offers in the same order, for each agent who is passed over the same reason, the same
states, the same positions; nobody is free who could have what waits; each deadline is known. Crashes, reloads, shares,
ring all, reserves, preferences and costs included.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from softswitch.acd.acd import Acd
from softswitch.acd.decision import Decided
from softswitch.acd.model import (
    AcdInput,
    AgentSpec,
    AnyOf,
    AskWrapUp,
    Configure,
    ContactEnded,
    Engaged,
    ExtendWrapUp,
    Join,
    Leave,
    LogIn,
    LogOut,
    Move,
    Need,
    NotOf,
    Offer,
    OfferAnswered,
    OfferFailed,
    QueueSpec,
    Reachability,
    Relaxation,
    Reprioritise,
    Reserve,
    Resumed,
    SetPaused,
    SetReady,
    Strategy,
    WaitedTooLong,
    WrapUp,
    WrapUpMode,
)
from softswitch.core.effect import Effect
from tests.property.slow_acd import Person, SlowAcd, Visitor

AGENTS = ("dan", "ann", "cy", "bob", "eve")  # not in the order of names
EXPERT = Need("a", 5)
SEVERAL = (Relaxation(9, (Need("a"),)), Relaxation(21, (AnyOf((Need("a"), Need("b", 3))), NotOf(Need("c", 8)))))
WRAP_UPS = (WrapUp.timed(0), WrapUp.timed(7), WrapUp(WrapUpMode.OPTIONAL, 5, 9), WrapUp(WrapUpMode.UNTIL_DONE, 5, 30))
COMMON: dict[str, Any] = {"max_wait_s": 120.0, "ring_timeout_s": 6.0, "retry_busy_s": 4.0, "retry_rejected_s": 8.0}

levels = st.dictionaries(st.sampled_from("abc"), st.sampled_from((1, 4, 6, 10)), max_size=3)
casts = st.tuples(*(levels for _ in AGENTS)).map(
    lambda cast: tuple(AgentSpec(name, name, tuple(own.items())) for name, own in zip(AGENTS, cast, strict=True))
)


@st.composite
def houses(draw: st.DrawFn, shares: bool) -> tuple[QueueSpec, ...]:
    """Four queues whose rules are drawn."""
    made = []
    for name, needs, relaxations in (
        ("plain", (), ()), ("skilled", (EXPERT,), SEVERAL), ("either", (AnyOf((Need("b", 4, 6), Need("c"))),), ()),
        ("high", (Need("a"), Need("b")), (Relaxation(15, ()),)),
    ):  # fmt: skip
        spec = QueueSpec(
            name, needs, relaxations, draw(st.sampled_from((0.0, 0.0, 17.0))), wrap_up=draw(st.sampled_from(WRAP_UPS)),
            strategy=draw(st.sampled_from(Strategy)), max_misses=draw(st.integers(1, 2)),
            reserve=draw(st.sampled_from((None, None, Reserve(1, 60.0), Reserve(2, 30.0)))),
            share=draw(st.sampled_from((None, 0.25, 0.5))) if shares and name != "high" else None, **COMMON,
        )  # fmt: skip
        made.append(spec)
    return tuple(made)


anybody = st.sampled_from(AGENTS)
anywhere = st.sampled_from(("plain", "skilled", "either", "high"))
picks = st.integers(0, 1000)


class AcdMachine(RuleBasedStateMachine):
    now = 1000.0
    serial = 0

    @initialize(data=st.data(), cast=casts, shares=st.booleans())
    def open(self, data: st.DataObject, cast: tuple[AgentSpec, ...], shares: bool) -> None:
        self.shares = shares
        self.cast, self.queues = cast, data.draw(houses(shares))
        self.acd, self.slow = Acd(self.cast, self.queues), SlowAcd(self.cast, self.queues)
        self.slow.now = self.now
        for agent in AGENTS:
            self.tell(Reachability(agent, True), lambda agent=agent: self.slow.reach(agent, True))
            self.tell(LogIn(agent), lambda agent=agent: self.slow.log_in(agent))

    # ---- one step --------------------------------------------------------------------------------------------------

    def tell(self, event: AcdInput, happens: Callable[[], object]) -> None:
        effects = self.acd.handle(event, self.now)
        happens()
        self.compare(effects)

    def compare(self, effects: list[Effect]) -> None:
        self.slow.look()
        for effect in effects:
            if isinstance(effect, Decided):
                self.compare_decision(effect)
        rung = {(effect.contact, effect.agent) for effect in effects if isinstance(effect, Offer)}
        decided = {(one.contact, agent) for one in effects if isinstance(one, Decided) for agent in one.agents}
        assert rung == decided
        assert self.slow.next_offer() is None, "somebody waits beside an agent who could have him"

    def compare_decision(self, made: Decided) -> None:
        assert made.waited_s == self.now - self.slow.visitors[made.contact].join.queued_at
        assert made.replay() == made.agent
        winners = list(made.agents)
        if made.agent is None:
            assert not self.slow.offerable(made.contact)
        else:
            assert made.contact == self.slow.next_offer(), "not the one whose turn it was"
            assert winners == self.slow.winners(made.contact)
        found = dict(made.passed_over)
        assert len(found) == len(made.passed_over), "more than one reason"
        for agent, reason in self.slow.reasons(made.contact, winners).items():
            said = found.pop(agent)
            assert said == reason or (not reason and said.startswith(("meets none of", "has what is ruled out by"))), (
                agent, said, reason,
            )  # fmt: skip
        assert not found, "a reason of somebody who is not configured, or has won"
        if winners:
            self.slow.offer(made.contact, winners)

    @invariant()
    def the_same_states(self) -> None:
        if not hasattr(self, "acd"):
            return
        for name, person in self.slow.people.items():
            view = self.acd.agent(name)
            assert view.state.value == shown(person), name
            assert view.room == person.room >= 0
            assert sum(part.cost for part in person.parts.values()) <= 100
            calls = [part for part in person.parts.values() if part.cost == 100]
            assert len(calls) <= 1, "two contacts on one capacity"

    @invariant()
    def the_same_places(self) -> None:
        if not hasattr(self, "acd"):
            return
        for contact, visitor in self.slow.visitors.items():
            before = [one for one, other in self.slow.visitors.items()
                      if other.queue == visitor.queue and self.slow.rank(one) < self.slow.rank(contact)]  # fmt: skip
            assert self.acd.position(contact) == len(before) + 1

    # ---- what agents do --------------------------------------------------------------------------------------------

    @rule(agent=anybody)
    def log_in(self, agent: str) -> None:
        self.tell(LogIn(agent), lambda: self.slow.log_in(agent))

    @rule(agent=anybody)
    def log_out(self, agent: str) -> None:
        self.tell(LogOut(agent), lambda: self.slow.log_out(agent))

    @rule(agent=anybody)
    def ready(self, agent: str) -> None:
        self.tell(SetReady(agent), lambda: self.slow.ready(agent))

    @rule(agent=anybody)
    def pause(self, agent: str) -> None:
        self.tell(SetPaused(agent, "lunch"), lambda: self.slow.pause(agent))

    @rule(agent=anybody, reachable=st.booleans())
    def reach(self, agent: str, reachable: bool) -> None:
        self.tell(Reachability(agent, reachable), lambda: self.slow.reach(agent, reachable))

    @rule(agent=anybody, engaged=st.booleans())
    def engage(self, agent: str, engaged: bool) -> None:
        person = self.slow.people[agent]
        self.tell(Engaged(agent, engaged), lambda: setattr(person, "engaged", engaged))

    @rule(agent=anybody)
    def ask_wrap_up(self, agent: str) -> None:
        self.tell(AskWrapUp(agent), lambda: self.slow.ask_wrap_up(agent))

    @rule(agent=anybody, by_s=st.integers(1, 40))
    def extend(self, agent: str, by_s: int) -> None:
        self.tell(ExtendWrapUp(agent, by_s), lambda: self.slow.extend(agent, by_s))

    # ---- what contacts do ------------------------------------------------------------------------------------------

    @rule(queue=anywhere, age_s=st.sampled_from((0, 0, 0, 10, 40)), priority_s=st.sampled_from((0, 0, 30, 60)),
          cost=st.sampled_from((100, 100, 20)), preferred=st.sampled_from(("", "", "ann", "nobody")),
          needs=st.sampled_from((None, None, (Need("b", 2),))))  # fmt: skip
    def join(self, queue: str, age_s: int, priority_s: int, cost: int, preferred: str, needs: Any) -> None:
        if needs and not any(dict(spec.skills).get("b") for spec in self.cast):
            return  # refused, for a skill that nobody has
        self.serial += 1
        join = Join(
            f"c{self.serial}", queue, self.now - age_s, needs, float(priority_s), cost=cost, preferred=preferred,
            preferred_s=25.0,
        )  # fmt: skip
        self.tell(join, lambda: self.slow.arrive(join))

    @rule(queues=st.lists(anywhere, min_size=2, max_size=5))
    def burst(self, queues: list[str]) -> None:
        for queue in queues:
            self.join(queue, 0, 0, 100, "", None)

    @precondition(lambda self: self.slow.visitors)
    @rule(pick=picks)
    def leave(self, pick: int) -> None:
        contact = one_of(self.slow.visitors, pick)
        self.tell(Leave(contact, "abandoned"), lambda: self.slow.leave(contact))

    def ringing(self) -> list[tuple[str, str]]:
        return sorted((one, agent) for one, visitor in self.slow.visitors.items() for agent in visitor.rung)

    @precondition(lambda self: self.ringing())
    @rule(pick=picks)
    def answer(self, pick: int) -> None:
        contact, agent = one_of(self.ringing(), pick)
        self.tell(OfferAnswered(contact, agent), lambda: self.slow.answer(contact, agent))

    @precondition(lambda self: self.ringing())
    @rule(pick=picks, why=st.sampled_from(("no answer", "busy", "rejected", "unreachable")))
    def fail(self, pick: int, why: str) -> None:
        contact, agent = one_of(self.ringing(), pick)
        self.tell(OfferFailed(contact, agent, why), lambda: self.slow.fail(contact, agent, why))

    @precondition(lambda self: self.ringing())
    @rule(picks=st.lists(picks, min_size=1, max_size=4), seconds=st.integers(1, 12))
    def serve(self, picks: list[int], seconds: int) -> None:
        """A while in which phones are answered and conversations end."""
        for pick in picks:
            if self.ringing():
                self.answer(pick)
        self.wait(seconds)
        for pick in picks:
            if self.talking():
                self.end(pick)

    def talking(self) -> list[tuple[str, str]]:
        return sorted(
            (one, person.name) for person in self.slow.people.values() for one, part in person.parts.items()
            if part.stage == "talking"
        )  # fmt: skip

    @precondition(lambda self: self.talking())
    @rule(pick=picks)
    def end(self, pick: int) -> None:
        contact, agent = one_of(self.talking(), pick)
        self.tell(ContactEnded(contact, agent), lambda: self.slow.end(contact, agent))

    @precondition(lambda self: self.slow.waiting())
    @rule(pick=picks, queue=anywhere)
    def move(self, pick: int, queue: str) -> None:
        contact = one_of(self.slow.waiting(), pick)
        visitor = self.slow.visitors[contact]
        if visitor.queue == queue:
            return

        def moved() -> None:
            visitor.queue, visitor.since = queue, self.now

        self.tell(Move(contact, queue), moved)

    @precondition(lambda self: self.slow.visitors)
    @rule(pick=picks, priority_s=st.sampled_from((0.0, 45.0, 90.0)))
    def reprioritise(self, pick: int, priority_s: float) -> None:
        contact = one_of(self.slow.visitors, pick)
        visitor = self.slow.visitors[contact]
        self.tell(Reprioritise(contact, priority_s), lambda: setattr(visitor, "priority_s", priority_s))

    # ---- time, reload, crash ---------------------------------------------------------------------------------------

    @rule(seconds=st.integers(1, 30))
    def wait(self, seconds: int) -> None:
        end = self.now + seconds
        while (due := self.acd.deadline) is not None and due <= end:
            assert due >= self.now
            self.now = self.slow.now = due
            effects = self.acd.tick(due)
            late = self.slow.pass_time()
            told = [effect.contact for effect in effects if isinstance(effect, WaitedTooLong)]
            assert set(late) <= set(told)
            self.compare(effects)
            after = self.acd.deadline
            assert after is None or after > due, "a tick leaves nothing due"
        assert self.earliest() > end, "something is due, and the machine does not know it"
        self.now = self.slow.now = end

    def earliest(self) -> float:
        """When, by the slow rules, something is over next."""
        parts = [part.until for person in self.slow.people.values() for part in person.parts.values()]
        waiting = [self.slow.visitors[contact] for contact in self.slow.waiting()]
        return min([*parts, *(visitor.since + COMMON["max_wait_s"] for visitor in waiting)], default=inf)

    @rule(data=st.data(), cast=casts)
    def reload(self, data: st.DataObject, cast: tuple[AgentSpec, ...]) -> None:
        self.cast, self.queues = cast, data.draw(houses(self.shares))
        configure = Configure(cast, self.queues, f"v{self.now}")
        self.tell(configure, lambda: self.slow.configure(cast, self.queues))

    @rule()
    def crash(self) -> None:
        """As a new process takes over: who talks goes on, then the agents, then those who wait, each at his place."""
        former, self.acd, self.slow = self.slow, Acd(self.cast, self.queues), SlowAcd(self.cast, self.queues)
        self.slow.now = self.now
        for name, person in former.people.items():
            self.tell(Reachability(name, person.reachable), lambda n=name, p=person: self.slow.reach(n, p.reachable))
            for contact, part in person.parts.items():
                if part.stage == "talking" and part.cost == 100:
                    taken = name, contact, part.queue
                    self.tell(Resumed(contact, name, part.queue), lambda t=taken: self.slow.take_over(*t))
            if person.at_work in ("ready", "suspended"):
                self.tell(LogIn(name), lambda n=name: self.slow.log_in(n))
        for contact, visitor in former.visitors.items():
            join = Join(
                contact, visitor.queue, visitor.join.queued_at, visitor.join.needs, visitor.priority_s,
                joined_at=visitor.since, cost=visitor.join.cost, preferred=visitor.join.preferred,
                preferred_s=visitor.join.preferred_s,
            )  # fmt: skip
            self.tell(join, lambda j=join, v=visitor: self.slow.visitors.__setitem__(
                j.contact, Visitor(j, v.queue, v.since, v.priority_s)))  # fmt: skip


def one_of(things: Any, pick: int) -> Any:
    ordered = sorted(things)
    return ordered[pick % len(ordered)]


def shown(person: Person) -> str:
    """The one word that others see: the work first."""
    stages = {part.stage for part in person.parts.values()}
    for stage, word in (("talking", "talking"), ("reserved", "reserved"), ("wrap-up", "wrap_up")):
        if stage in stages:
            return word
    return {"out": "logged_out", "leaving": "logged_out", "ready": "ready"}.get(person.at_work, "paused")


TestAcd = AcdMachine.TestCase
TestAcd.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
