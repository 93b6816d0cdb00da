"""Reloads, moves and other priorities between any events: nobody is lost, ages stay, nobody waits beside who is free.

The oracle keeps what was said: of each contact its queue, age and priority, of agents and queues the last rules that
were configured. After each step everything is scanned anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.acd.acd import Acd
from softswitch.acd.model import (
    AcdInput,
    AgentSpec,
    AgentState,
    CancelOffer,
    Condition,
    Configure,
    ContactEnded,
    Join,
    Leave,
    LogIn,
    LogOut,
    Move,
    Moved,
    Need,
    Needs,
    Offer,
    OfferAnswered,
    OfferFailed,
    QueueJoined,
    QueueLeft,
    QueueSpec,
    Reachability,
    Refused,
    Relaxation,
    Reprioritise,
    Reserve,
    SetPaused,
    SetReady,
    Strategy,
    WrapUp,
)
from softswitch.acd.skill import meets
from softswitch.core.effect import Effect

AGENTS = ("ann", "bob", "cy", "dan")
QUEUES = ("one", "two", "three")
Config = tuple[tuple[AgentSpec, ...], tuple[QueueSpec, ...]]

levels = st.dictionaries(st.sampled_from(("a", "b")), st.sampled_from((1, 4, 10)))
some_needs: st.SearchStrategy[Needs] = st.lists(
    st.builds(Need, st.sampled_from(("a", "b")), st.sampled_from((1, 5))), max_size=2
).map(tuple)
relaxing = st.lists(st.builds(Relaxation, st.just(11.0), some_needs), max_size=1).map(tuple)

some_conditions = st.sampled_from((frozenset[Condition](), frozenset({Condition.NO_AGENTS}), frozenset(Condition)))


def queue_of(name: str) -> st.SearchStrategy[QueueSpec]:
    return st.builds(
        QueueSpec, st.just(name), some_needs, relaxing, st.sampled_from((0.0, 15.0)), ring_timeout_s=st.just(9.0),
        wrap_up=st.sampled_from((WrapUp.timed(0), WrapUp.timed(7))), max_waiting=st.sampled_from((2, 100)),
        max_wait_s=st.sampled_from((40.0, 200.0)),
        join_unless=some_conditions, leave_if=some_conditions, leave_above_s=st.just(60.0),
        reserve=st.sampled_from((None, None, Reserve(1, 9.0))), share=st.sampled_from((None, None, 0.5)),
        strategy=st.sampled_from([one for one in Strategy if one is not Strategy.RING_ALL]),
    )  # fmt: skip


configs = st.tuples(
    st.lists(st.sampled_from(AGENTS), unique=True).flatmap(
        lambda names: st.tuples(
            *(levels.map(lambda own, name=name: AgentSpec(name, name, tuple(own.items()))) for name in names)
        )
    ),
    st.lists(st.sampled_from(QUEUES), unique=True).flatmap(lambda names: st.tuples(*map(queue_of, names))),
)
WEIGHTS = {"join": 5, "answer": 2, "end": 2, "fail": 1, "leave": 1, "wait": 2, "configure": 2, "move": 2, "rank": 1}
WEIGHTS |= {"log_in": 3, "reach": 3, "log_out": 1, "ready": 1, "pause": 1}
steps = st.lists(
    st.tuples(
        st.sampled_from([what for what, weight in WEIGHTS.items() for _ in range(weight)]),
        st.integers(0, 11),
        st.integers(0, 30),
    ),
    min_size=20,
    max_size=70,
)


@dataclass
class Place:
    queue: str
    queued_at: float
    priority_s: float


@dataclass
class World:
    acd: Acd
    agents: dict[str, AgentSpec]  # the last rules of each
    queues: dict[str, QueueSpec]
    configured: tuple[set[str], set[str]]
    now: float = 500.0
    serial: int = 0
    inside: dict[str, Place] = field(default_factory=dict)
    offers: dict[str, str] = field(default_factory=dict)  # contact -> agent
    talks: dict[str, str] = field(default_factory=dict)  # agent -> contact
    ended: list[str] = field(default_factory=list)
    joins: int = 0

    def tell(self, event: AcdInput) -> None:
        self.hear(self.acd.handle(event, self.now))

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.acd.deadline) is not None and due <= end:
            self.now = max(due, self.now)
            self.hear(self.acd.tick(self.now))
        self.now = end

    def configure(self, config: Config) -> None:
        agents, queues = config
        self.configured = {one.name for one in agents}, {one.name for one in queues}
        self.agents |= {one.name: one for one in agents}
        self.queues |= {one.name: one for one in queues}
        self.tell(Configure(agents, queues, str(self.serial)))

    def hear(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Offer(contact, agent):
                    assert contact not in self.offers and agent not in self.offers.values()
                    assert agent not in self.talks
                    self.offers[contact] = agent
                case CancelOffer(contact, agent) if self.offers.get(contact) == agent:
                    del self.offers[contact]
                case Refused(contact, queue, why):
                    assert (why == "unknown queue") is (queue not in self.configured[1])
                    del self.inside[contact]
                    self.ended.append(contact)
                case QueueLeft(contact, queue, "moved"):
                    assert self.inside[contact].queue == queue and contact not in self.offers
                case QueueJoined(contact, queue):
                    assert queue in self.configured[1], "nobody joins a queue that is removed"
                case Moved(contact, old, queue):
                    assert self.inside[contact].queue == old
                    self.inside[contact].queue = queue
                case QueueLeft(contact, queue, why, agent=agent):
                    assert self.inside.pop(contact).queue == queue
                    self.ended.append(contact)
                    if why == "answered":
                        assert agent is not None and self.offers.pop(contact) == agent
                        self.talks[agent] = contact
                case _:
                    pass

    def qualifies(self, agent: str, contact: str) -> bool:
        place = self.inside[contact]
        spec = self.queues[place.queue]
        relaxed = sum(self.now - place.queued_at >= one.after_s for one in spec.relaxations)
        needs = (spec.needs, *(one.needs for one in spec.relaxations))[relaxed]
        return meets(dict(self.agents[agent].skills), needs)

    def rank(self, contact: str) -> tuple[float, str]:
        place = self.inside[contact]
        return (place.queued_at - self.queues[place.queue].priority_s - place.priority_s, contact)

    def check(self) -> None:
        acd = self.acd
        names = acd.queues()
        assert {*names} >= self.configured[1]
        for name in names:
            listed = acd.waiting(name, self.now)
            alive = [contact for contact, place in self.inside.items() if place.queue == name]
            assert [one.contact for one in listed] == sorted(alive, key=self.rank), "nobody is lost; the order is rank"
            assert all(one.waited_s == self.now - self.inside[one.contact].queued_at for one in listed), "age is kept"
            assert acd.live_waiting(name) == sum(contact not in self.offers for contact in alive)
        assert {place.queue for place in self.inside.values()} <= {*names}
        for name in {*names} - self.configured[1]:
            works = any(work.queue == name for agent in acd._state.agents.values() for work in agent.works)
            assert works or acd.waiting(name, self.now), "a queue that is removed is gone with its last"
        at_hand = {one.name for one in acd.agents()}
        assert at_hand >= self.configured[0]
        for name in at_hand - self.configured[0]:
            assert acd.agent(name).contact is not None, "who is removed is gone with his last"
        free = [name for name, agent in acd._state.agents.items() if agent.offerable]
        assert {*free} <= self.configured[0]
        for contact in self.inside.keys() - self.offers.keys():
            if self.queues[self.inside[contact].queue].reserve is not None:
                continue  # of which the audit thinks
            assert not [agent for agent in free if self.qualifies(agent, contact)], "nobody waits for who is free"
        assert acd.audit(self.now, {*self.inside, *self.talks.values()}) == [], "the indexes follow a reload"


def event_of(world: World, what: str, who: int, much: int) -> AcdInput | None:  # noqa: C901 (a table of the inputs)
    agent = AGENTS[who % len(AGENTS)]
    live = sorted(world.offers.items())
    waiting = sorted(world.inside.keys() - world.offers.keys())
    match what:
        case "answer" if live:
            return OfferAnswered(*live[who % len(live)])
        case "fail" if live:
            return OfferFailed(*live[who % len(live)], ("busy", "rejected", "unreachable", "no answer")[much % 4])
        case "end" if agent in world.talks:
            return ContactEnded(world.talks[agent], agent)
        case "leave" if world.inside:
            return Leave(sorted(world.inside)[much % len(world.inside)], "abandoned")
        case "rank" if world.inside:
            return Reprioritise(sorted(world.inside)[who % len(world.inside)], float(much))
        case "move" if waiting:
            contact, queue = waiting[who % len(waiting)], QUEUES[much % len(QUEUES)]
            return None if world.acd.unmovable(contact, queue) else Move(contact, queue)
    if agent not in world.configured[0]:
        return None
    match what:
        case "log_in":
            return LogIn(agent, ready=much % 5 > 0)
        case "reach":
            return Reachability(agent, much % 4 > 0)
        case "log_out":
            return LogOut(agent)
        case "ready":
            return SetReady(agent)
        case "pause":
            return SetPaused(agent, "tea")
    return None


def take(world: World, configs: list[Config], step: tuple[str, int, int]) -> None:
    what, who, much = step
    if what == "wait":
        return world.wait(float(much))
    if what == "configure":
        return world.configure(configs[who % len(configs)])
    if what == "join":
        world.serial += 1
        contact, place = f"c{999 - world.serial}", Place(QUEUES[who % 3], world.now - much % 3, float(much % 2 * 9))
        world.inside[contact] = place
        world.joins += 1
        return world.tell(Join(contact, place.queue, place.queued_at, None, place.priority_s))
    event = event_of(world, what, who, much)
    if event is None:
        return None
    if isinstance(event, Reprioritise):
        world.inside[event.contact].priority_s = event.priority_s
    elif isinstance(event, ContactEnded):
        del world.talks[event.agent]
    elif isinstance(event, OfferFailed):
        del world.offers[event.contact]
    return world.tell(event)


def begun(config: Config) -> World:
    agents, queues = config
    names = {one.name for one in agents}, {one.name for one in queues}
    return World(Acd(*config), {one.name: one for one in agents}, {one.name: one for one in queues}, names)


@settings(max_examples=150, deadline=None)
@given(st.lists(configs, min_size=2, max_size=4), steps)
def test_nobody_is_lost_whatever_is_changed_meanwhile(
    written: list[Config], script: list[tuple[str, int, int]]
) -> None:
    world = begun(written[0])
    for name in sorted(world.configured[0])[:2]:
        world.tell(Reachability(name, True))
        world.tell(LogIn(name))
    for step in script:
        take(world, written, step)
        world.check()


@settings(max_examples=75, deadline=None)
@given(st.lists(configs, min_size=2, max_size=3), steps)
def test_each_join_ends_once_and_what_is_removed_is_gone(
    written: list[Config], script: list[tuple[str, int, int]]
) -> None:
    world = begun(written[0])
    for step in [("log_in", 0, 1), ("reach", 0, 1), ("log_in", 1, 1), ("reach", 1, 1), *script]:
        take(world, written, step)
    world.configure(((), ()))
    for agent, contact in list(world.talks.items()):
        del world.talks[agent]
        world.tell(ContactEnded(contact, agent))
    world.wait(10_000)
    assert not world.inside and len(world.ended) == len(set(world.ended)) == world.joins
    assert (world.acd.agents(), world.acd.queues(), world.acd.deadline) == ([], [], None)
    assert AgentState.TALKING not in {agent.state for agent in world.acd._state.agents.values()}
