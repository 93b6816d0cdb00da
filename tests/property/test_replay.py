"""Each of thousands of random decisions, written down as the store has it and read again, gives the same winners."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from softswitch.acd.acd import Acd
from softswitch.acd.decision import Decided
from softswitch.acd.kept import ground, grounds, keep, needed, rosters_needed, told
from softswitch.acd.model import (
    AcdInput,
    AgentSpec,
    AgentStateChanged,
    Configure,
    ContactEnded,
    Join,
    Leave,
    LogIn,
    Need,
    NotOf,
    Offer,
    OfferAnswered,
    OfferFailed,
    QueueSpec,
    Reachability,
    Relaxation,
    Reserve,
    SetPaused,
    SetReady,
    Strategy,
    WrapUp,
)
from softswitch.acd.story import Decision, Moment, Story
from softswitch.acd.storybook import Storybook
from softswitch.core.effect import DomainEvent, Effect

SKILLS = ("german", "orders", "service")
STEPS = 700
SEEDS = 12


def agents(draw: random.Random, count: int) -> tuple[AgentSpec, ...]:
    made = []
    for number in draw.sample(range(100), count):
        skills = tuple((skill, draw.randint(1, 10)) for skill in SKILLS if draw.random() < 0.8)
        made.append(AgentSpec(f"a{number:02}", f"u{number}", skills))
    return tuple(made)


def queues(draw: random.Random) -> tuple[QueueSpec, ...]:
    made = []
    for strategy in Strategy:
        skill = draw.choice(SKILLS)
        needs = (Need(skill, draw.randint(1, 6)), *((NotOf(Need("german", 9)),) if draw.random() < 0.2 else ()))
        made.append(
            QueueSpec(
                strategy.value, needs, (Relaxation(20.0, (Need(skill),)),), ring_timeout_s=5.0,
                wrap_up=WrapUp.timed(3.0), strategy=strategy, max_misses=9,
                reserve=Reserve(draw.randint(1, 2), 300.0) if draw.random() < 0.3 else None,
                share=draw.random() if draw.random() < 0.3 else None,
            )
        )  # fmt: skip
    return tuple(made)


class Centre:
    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.now = 0.0
        self.staff, self.queues = agents(self.draw, 9), queues(self.draw)
        self.acd, self.book = Acd(self.staff, self.queues, "v0"), Storybook()
        self.calls = 0
        self.offered: list[tuple[str, str]] = []
        self.talking: list[tuple[str, str]] = []
        self.decided: list[tuple[Decided, frozenset[str]]] = []  # with who was rung

    def go(self) -> None:
        for spec in self.staff:
            self.tell(Reachability(spec.name, True))
            self.tell(LogIn(spec.name))
        for _ in range(STEPS):
            self.now += self.draw.choice((0.0, 0.25, 1.0, 4.0))
            while (due := self.acd.deadline) is not None and due <= self.now:
                self.hear(self.acd.tick(self.now))
            for event in self.event():
                self.tell(event)

    def event(self) -> Iterator[AcdInput]:
        kind, name = self.draw.random(), self.draw.choice(self.staff).name
        if kind < 0.4:
            self.calls += 1
            preferred = name if self.draw.random() < 0.3 else ""
            yield Join(
                f"c{self.calls}", self.draw.choice(self.queues).name, self.now - self.draw.choice((0.0, 30.0)),
                priority_s=self.draw.choice((0.0, 400.0)), cost=self.draw.choice((100, 100, 40)),
                preferred=preferred, preferred_s=5.0 if preferred else 0.0,
            )  # fmt: skip
        elif kind < 0.6 and self.offered:
            contact, agent = self.offered.pop(self.draw.randrange(len(self.offered)))
            yield self.draw.choice([OfferAnswered(contact, agent), OfferFailed(contact, agent, "busy")])
        elif kind < 0.8 and self.talking:
            yield ContactEnded(*self.talking.pop(self.draw.randrange(len(self.talking))))
        elif kind < 0.85:
            yield self.draw.choice([SetPaused(name, "lunch"), Reachability(name, False), LogIn(name)])
        elif kind < 0.95:
            yield from (Reachability(name, True), SetReady(name))
        elif kind < 0.96:
            yield Configure(self.staff, tuple(self.draw.sample(self.queues, len(self.queues))), f"v{self.calls}")
        elif self.calls:
            yield Leave(f"c{self.draw.randint(1, self.calls)}", "abandoned")

    def tell(self, event: AcdInput) -> None:
        self.hear(self.acd.handle(event, self.now))

    def hear(self, effects: list[Effect]) -> None:
        for place, effect in enumerate(effects):
            if isinstance(effect, DomainEvent):
                self.book.note(effect, Moment(1e9 + self.now, self.now, self.acd.version))
            match effect:
                case Decided():
                    self.decided.append((effect, frozenset(rung(effects[place + 1 :], effect.contact))))
                case Offer(contact, agent):
                    self.offered.append((contact, agent))
                case AgentStateChanged(new=new, contact=str(contact), agent=agent) if new.value == "talking":
                    self.talking.append((contact, agent))


def rung(later: list[Effect], contact: str) -> Iterator[str]:
    """The offers that a decision led to."""
    for effect in later:
        if isinstance(effect, Decided):
            return
        if isinstance(effect, Offer) and effect.contact == contact:
            yield effect.agent


def read_again(story: Story) -> Story:
    shared = [ground(key, what, 0.0) for key, what in grounds(story).items()]
    row = keep(story)
    candidates = [one for one in shared if one.key in needed([row])]
    rosters = [one for one in shared if one.key in rosters_needed(candidates)]
    (again,) = told([row], candidates, rosters)
    return again


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_record_alone_gives_the_same_winners_again(seed: int) -> None:
    centre = Centre(seed)
    centre.go()
    assert len(centre.decided) > 250
    for decided, agents in centre.decided:
        assert decided.replay() == decided.agent
        assert frozenset(decided.record.winners()) == agents
    offered = Counter(bool(agents) for _, agents in centre.decided)
    assert offered[True] > 50 and offered[False] > 50
    strategies = {decided.record.strategy for decided, agents in centre.decided if agents}
    assert len(strategies) >= 7


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_was_written_and_read_again_says_the_same(seed: int) -> None:
    centre = Centre(100 + seed)
    centre.go()
    checked = 0
    for contact in centre.book.latest(10_000):
        story = centre.book.story(contact)
        assert story is not None
        again = read_again(story)
        assert len(again.entries) == len(story.entries)
        for one, other in zip(story.entries, again.entries, strict=True):
            if not isinstance(one, Decision):
                assert one == other
                continue
            assert isinstance(other, Decision)
            checked += 1
            mine, its = one.decided, other.decided
            assert (one.at, one.now, one.version, one.times) == (other.at, other.now, other.version, other.times)
            assert its.record.keys == mine.record.keys and its.record.standings == mine.record.standings
            assert its.record.winners() == mine.record.winners() and its.replay() == mine.agent
            assert dict(its.passed_over) == dict(mine.passed_over)
            assert len(dict(mine.passed_over)) + len(mine.agents) == len(mine.record.among.roster.names)
    assert checked > 250
