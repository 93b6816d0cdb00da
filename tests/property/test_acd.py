"""Any order of events: the promises that the ACD makes hold after each step, against a plain scan of everything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.acd.acd import Acd
from softswitch.acd.decision import Decided
from softswitch.acd.model import (
    AcdInput,
    AgentSpec,
    AgentState,
    AgentStateChanged,
    CancelOffer,
    ContactEnded,
    Join,
    Leave,
    LogIn,
    LogOut,
    Need,
    Needs,
    Offer,
    OfferAnswered,
    OfferFailed,
    QueueLeft,
    QueueSpec,
    Reachability,
    Refused,
    Relaxation,
    SetPaused,
    SetReady,
    WrapUp,
)
from softswitch.acd.skill import meets
from softswitch.core.effect import Effect

SKILLS = ("a", "b")
AGENTS = ("ann", "bob", "cy", "dan")
QUEUES = (
    QueueSpec("plain", wrap_up=WrapUp.timed(0), max_waiting=3, max_wait_s=90, ring_timeout_s=9),
    QueueSpec(
        "skilled",
        (Need("a", 5),),
        (Relaxation(11, (Need("a"),)),),
        wrap_up=WrapUp.timed(7),
        max_wait_s=200,
        retry_busy_s=4,
    ),
    QueueSpec("high", (Need("a"), Need("b", 3)), (Relaxation(23, ()),), 17.0, wrap_up=WrapUp.timed(3), max_misses=1),
)
BY_NAME = {queue.name: queue for queue in QUEUES}

# Levels on both sides of every need below.
skills = st.dictionaries(st.sampled_from(SKILLS), st.sampled_from((1, 4, 10)), min_size=1).map(
    lambda levels: tuple(levels.items())
)
casts = st.tuples(*(skills for _ in AGENTS)).map(
    lambda all_skills: [AgentSpec(name, name, own) for name, own in zip(AGENTS, all_skills, strict=True)]
)
WEIGHTS = {"join": 4, "answer": 2, "end": 2, "fail": 1, "leave": 1, "wait": 2, "late": 1, "stray": 1}
WEIGHTS |= {"log_in": 2, "reach": 2, "log_out": 1, "ready": 1, "pause": 1}
# (what, who, how much): resolved against the state of the moment, so that most events are about something real.
steps = st.lists(
    st.tuples(
        st.sampled_from([what for what, weight in WEIGHTS.items() for _ in range(weight)]),
        st.integers(0, 11),
        st.integers(0, 30),
    ),
    min_size=20,
    max_size=80,
)


@dataclass
class World:
    """What has been said so far, kept by the test and not by the ACD."""

    acd: Acd
    specs: dict[str, AgentSpec]
    now: float = 500.0
    serial: int = 0
    joined: dict[str, Join] = field(default_factory=dict)
    ended: Counter[str] = field(default_factory=Counter)
    offers: dict[str, str] = field(default_factory=dict)  # contact -> agent, live
    talks: dict[str, str] = field(default_factory=dict)  # agent -> contact
    state: dict[str, AgentState] = field(default_factory=lambda: dict.fromkeys(AGENTS, AgentState.LOGGED_OUT))
    wrap_up_until: dict[str, float] = field(default_factory=dict)

    # ---- driving

    def tell(self, event: AcdInput) -> None:
        if isinstance(event, SetReady):
            self.wrap_up_until.pop(event.agent, None)
        self.hear(self.acd.handle(event, self.now))

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.acd.deadline) is not None and due <= end:
            self.now = max(due, self.now)
            self.hear(self.acd.tick(self.now))
            after = self.acd.deadline
            assert after is None or after > self.now, "a tick leaves nothing due"
        self.now = end

    # ---- listening

    def hear(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case AgentStateChanged(agent, old, new):
                    assert self.state[agent] is old
                    self.state[agent] = new
                case Offer():
                    self.hear_offer(effect)
                case CancelOffer(contact, agent) if self.offers.get(contact) == agent:
                    del self.offers[contact]
                case QueueLeft():
                    self.hear_left(effect)
                case Refused(contact):
                    self.ended[contact] += 1
                case Decided(contact, _, agent, waited_s, relaxed):
                    assert waited_s == self.now - self.joined[contact].queued_at
                    assert relaxed == self.relaxed(contact)
                case _:
                    pass
        for offer in effects:
            if isinstance(offer, Offer):
                self.judge(offer)

    # ---- judging

    def relaxed(self, contact: str) -> int:
        join = self.joined[contact]
        if join.needs is not None:
            return 0
        return sum(self.now - join.queued_at >= one.after_s for one in BY_NAME[join.queue].relaxations)

    def needs(self, contact: str) -> Needs:
        join = self.joined[contact]
        if join.needs is not None:
            return join.needs
        spec = BY_NAME[join.queue]
        return (spec.needs, *(one.needs for one in spec.relaxations))[self.relaxed(contact)]

    def qualifies(self, agent: str, contact: str) -> bool:
        levels = dict(self.specs[agent].skills)
        return meets(levels, self.needs(contact))

    def rank(self, contact: str) -> tuple[float, str]:
        join = self.joined[contact]
        return (-(self.now - join.queued_at + BY_NAME[join.queue].priority_s + join.priority_s), contact)

    def waiting(self) -> list[str]:
        gone = set(self.ended) | set(self.offers)
        return sorted((contact for contact in self.joined if contact not in gone), key=self.rank)

    def offerable(self) -> list[str]:
        return [name for name, record in self.acd._state.agents.items() if record.offerable]

    def hear_offer(self, offer: Offer) -> None:
        assert offer.contact not in self.offers, "one contact, one offer"
        assert offer.agent not in self.offers.values(), "one agent, one offer"
        assert offer.agent not in self.talks
        assert self.now >= self.wrap_up_until.get(offer.agent, 0.0), "wrap-up is honoured"
        assert self.qualifies(offer.agent, offer.contact)
        self.offers[offer.contact] = offer.agent

    def hear_left(self, left: QueueLeft) -> None:
        self.ended[left.contact] += 1
        if left.why == "answered":
            assert left.agent is not None
            assert self.offers.pop(left.contact) == left.agent
            self.talks[left.agent] = left.contact

    def judge(self, offer: Offer) -> None:
        """Nobody of better rank whom this agent could serve still waits; no equal agent idle for longer is left."""
        for contact in self.waiting():
            assert self.rank(contact) > self.rank(offer.contact) or not self.qualifies(offer.agent, contact)
        for name in self.offerable():
            assert self.idleness(name) > self.idleness(offer.agent) or not self.qualifies(name, offer.contact)

    def idleness(self, agent: str) -> tuple[float, str]:
        return (self.acd._state.agents[agent].idle_since, agent)

    def check(self) -> None:
        free = self.offerable()
        for contact in self.waiting():
            assert not [a for a in free if self.qualifies(a, contact)], "nobody waits for an agent who is free"
        for name in AGENTS:
            record, view = self.acd._state.agents[name], self.acd.agent(name)
            assert view.state is self.state[name]
            untils = [work.until for work in record.works if work.until is not None]
            assert bool(untils) is (view.state in (AgentState.RESERVED, AgentState.WRAP_UP))
            due = self.acd.deadline
            assert not untils or (due is not None and due <= min(untils))
            assert (view.state is AgentState.RESERVED) is (name in self.offers.values())
        for queue in QUEUES:
            listed = [item.contact for item in self.acd.waiting(queue.name, self.now)]
            alive = [c for c in self.joined if self.joined[c].queue == queue.name and c not in self.ended]
            assert listed == sorted(alive, key=self.rank)
            assert [self.acd.position(c) for c in listed] == list(range(1, len(listed) + 1))
            unserved = [self.joined[c].kind for c in alive if c not in self.offers]
            assert self.acd.live_waiting(queue.name) == unserved.count("call")
            assert self.acd.callbacks_waiting(queue.name) == unserved.count("callback")
        assert self.acd.audit(self.now, {*self.joined}) == [], (
            "what is kept beside agents and contacts follows from them"
        )


def event_of(world: World, what: str, who: int, much: int) -> AcdInput | None:  # noqa: C901 (a table of the inputs)
    agent = AGENTS[who % len(AGENTS)]
    live = sorted(world.offers.items())
    pair = live[who % len(live)] if live else None
    match what:
        case "join":
            return a_join(world, who, much)
        case "answer" if pair:
            return OfferAnswered(*pair)
        case "fail" if pair:
            return OfferFailed(*pair, ("busy", "rejected", "unreachable", "no answer")[much % 4])
        case "end" if agent in world.talks:
            return ContactEnded(world.talks[agent], agent)
        case "leave" if world.joined:
            return Leave(sorted(world.joined)[much % len(world.joined)], "abandoned")
        case "stray" if world.joined:
            contact = sorted(world.joined)[much % len(world.joined)]
            if world.offers.get(contact) == agent or world.talks.get(agent) == contact:
                return None
            return (OfferAnswered, ContactEnded)[who % 2](contact, agent)
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


def a_join(world: World, who: int, much: int) -> Join:
    world.serial += 1
    own = (Need("b", 4),) if who == 11 else None
    kind, age_s = ("callback", 4.0 * much) if who % 5 == 4 else ("call", 0.0)
    priority_s = 10.0 if much % 7 == 0 else 0.0
    # ids fall, so that the order of ids is not the order of arrival
    return Join(f"c{999 - world.serial}", QUEUES[who % 3].name, world.now - age_s, own, priority_s, kind)


def take(world: World, what: str, who: int, much: int) -> None:
    if what == "wait":
        world.wait(float(much))
        return
    if what == "late":
        world.now += much
        world.hear(world.acd.tick(world.now))
        return
    event = event_of(world, what, who, much)
    if event is None:
        return
    if isinstance(event, Join):
        world.joined[event.contact] = event
    tell(world, event)


def tell(world: World, event: AcdInput) -> None:
    """Note what the event ends, as the driver would know it, and feed it."""
    if isinstance(event, ContactEnded) and world.talks.get(event.agent) == event.contact:
        queue = BY_NAME[world.joined[event.contact].queue]
        del world.talks[event.agent]
        world.wrap_up_until[event.agent] = world.now + queue.wrap_up.s
    if isinstance(event, OfferFailed):
        del world.offers[event.contact]
    world.tell(event)


@settings(max_examples=300, deadline=None)
@given(casts, steps)
def test_every_order_of_events_keeps_the_promises(cast: list[AgentSpec], script: list[tuple[str, int, int]]) -> None:
    world = World(Acd(cast, QUEUES), {spec.name: spec for spec in cast})
    for name in AGENTS[:2]:
        world.tell(Reachability(name, True))
        world.tell(LogIn(name))
    for what, who, much in script:
        take(world, what, who, much)
        world.check()


@settings(max_examples=150, deadline=None)
@given(casts, steps)
def test_each_join_ends_in_exactly_one_way_and_no_agent_sticks(
    cast: list[AgentSpec], script: list[tuple[str, int, int]]
) -> None:
    world = World(Acd(cast, QUEUES), {spec.name: spec for spec in cast})
    for what, who, much in [("log_in", 0, 1), ("reach", 0, 1), ("log_in", 1, 1), ("reach", 1, 1), *script]:
        take(world, what, who, much)
    # Those who talk hang up, which lets others in; nobody answers any more, so all of it comes to rest.
    for agent, contact in list(world.talks.items()):
        tell(world, ContactEnded(contact, agent))
    world.wait(10_000)
    assert set(world.ended) == set(world.joined)
    assert set(world.ended.values()) <= {1}
    assert not {AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP} & set(world.state.values())
    assert world.acd.deadline is None


@settings(max_examples=150, deadline=None)
@given(casts, steps)
def test_the_same_events_give_the_same_effects(cast: list[AgentSpec], script: list[tuple[str, int, int]]) -> None:
    def run() -> list[Effect]:
        world = World(Acd(cast, QUEUES), {spec.name: spec for spec in cast})
        heard: list[Effect] = []
        listen = world.hear
        world.hear = lambda effects: (heard.extend(effects), listen(effects))[1]  # type: ignore[method-assign]
        for what, who, much in script:
            take(world, what, who, much)
        return heard

    assert run() == run()


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), min_size=1, max_size=30))
def test_one_agent_serves_all_in_the_order_of_rank(joins: list[tuple[int, int]]) -> None:
    acd = Acd([AgentSpec("ann", "ann", ())], [QueueSpec("q", wrap_up=WrapUp.timed(0), max_waiting=99, priority_s=5.0)])
    for number, (age_s, priority) in enumerate(joins):
        acd.handle(Join(f"c{number}", "q", 100.0 - age_s, None, 5.0 * priority), 100.0)
    acd.handle(Reachability("ann", True), 100.0)
    effects, served = acd.handle(LogIn("ann"), 100.0), []
    while offered := [effect for effect in effects if isinstance(effect, Offer)]:
        served.append(offered[0].contact)
        acd.handle(OfferAnswered(served[-1], "ann"), 100.0)
        effects = acd.handle(ContactEnded(served[-1], "ann"), 100.0)
    ranks = {f"c{number}": (-(age_s + 5.0 * priority), f"c{number}") for number, (age_s, priority) in enumerate(joins)}
    assert served == sorted(ranks, key=ranks.__getitem__)
