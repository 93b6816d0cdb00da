"""Any order of calls and chats, wishes and wrap-ups: what an agent has in hand, and what is told of it, is right."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.acd.acd import Acd
from softswitch.acd.model import (
    AcdInput,
    AgentSpec,
    AgentState,
    AgentStateChanged,
    AskWrapUp,
    CancelOffer,
    ContactEnded,
    ExtendWrapUp,
    Join,
    Leave,
    LogIn,
    LogOut,
    Offer,
    OfferAnswered,
    OfferFailed,
    QueueLeft,
    QueueSpec,
    Reachability,
    SetPaused,
    SetReady,
    WrapUp,
    WrapUpMode,
)
from softswitch.core.effect import Effect

S, M = AgentState, WrapUpMode
AGENTS = ("ann", "bob")
QUEUES = {
    spec.name: spec
    for spec in (
        QueueSpec("none", wrap_up=WrapUp(M.NONE), ring_timeout_s=9, max_misses=2),
        QueueSpec("optional", wrap_up=WrapUp(M.OPTIONAL, 5, 12), ring_timeout_s=9),
        QueueSpec("timed", wrap_up=WrapUp(M.TIMED, 7, 20), ring_timeout_s=9, max_wait_s=60),
        QueueSpec("until done", wrap_up=WrapUp(M.UNTIL_DONE, 5, 40), ring_timeout_s=9),
    )
}
COSTS = (100, 100, 20, 20, 20, 50)
DOINGS = ("join",) * 5 + ("answer",) * 4 + ("end",) * 3 + ("wait", "fail", "leave", "wish", "wish", "ask", "extend")
steps = st.lists(st.tuples(st.sampled_from(DOINGS), st.integers(0, 23), st.integers(0, 15)), min_size=20, max_size=70)


@dataclass
class World:
    """What has been said, kept by the test and not by the ACD."""

    acd: Acd = field(default_factory=lambda: Acd([AgentSpec(name, name, ()) for name in AGENTS], QUEUES.values()))
    now: float = 500.0
    costs: dict[str, int] = field(default_factory=dict)
    queue: dict[str, str] = field(default_factory=dict)
    rings: set[tuple[str, str]] = field(default_factory=set)  # (contact, agent)
    talks: set[tuple[str, str]] = field(default_factory=set)
    wraps: dict[tuple[str, str], float] = field(default_factory=dict)  # -> the latest end
    asked: set[tuple[str, str]] = field(default_factory=set)
    left: list[str] = field(default_factory=list)
    state: dict[str, AgentState] = field(default_factory=lambda: dict.fromkeys(AGENTS, S.LOGGED_OUT))

    def tell(self, event: AcdInput) -> None:
        self.hear(self.acd.handle(event, self.now))
        self.check()

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.acd.deadline) is not None and due <= end:
            self.now = max(due, self.now)
            self.hear(self.acd.tick(self.now))
            self.check()
            after = self.acd.deadline
            assert after is None or after > self.now, "a tick leaves nothing due"
        self.now = end

    def hear(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Offer(contact, agent):
                    assert self.acd.agent(agent).wish is S.READY, "who wants to pause or leave gets nothing more"
                    self.rings.add((contact, agent))
                case CancelOffer(contact, agent):
                    self.rings.discard((contact, agent))
                case QueueLeft(contact, _, why, agent=agent):
                    self.left.append(contact)
                    if why == "answered":
                        assert agent is not None
                        self.rings.remove((contact, agent))
                        self.talks.add((contact, agent))
                case AgentStateChanged(agent, old, new):
                    assert self.state[agent] is old
                    self.state[agent] = new
                case _:
                    pass

    def ends(self, contact: str, agent: str) -> None:
        rule = QUEUES[self.queue[contact]].wrap_up
        self.talks.remove((contact, agent))
        if rule.mode is not M.NONE and (rule.mode is not M.OPTIONAL or (contact, agent) in self.asked):
            self.wraps[contact, agent] = self.now + rule.at_most_s
        self.tell(ContactEnded(contact, agent))

    def check(self) -> None:
        for name in AGENTS:
            view = self.acd.agent(name)
            held = {work.contact: work.state for work in view.works}
            assert len(held) == len(view.works), "nothing is in hand twice"
            wrapping = {contact for contact, state in held.items() if state is S.WRAP_UP}
            assert {contact for contact, state in held.items() if state is S.RESERVED} == self.of(self.rings, name)
            assert {contact for contact, state in held.items() if state is S.TALKING} == self.of(self.talks, name)
            assert wrapping <= self.of(self.wraps, name), "wrap-up is for who has ended, and where the queue has it"
            assert all(self.now < self.wraps[contact, name] for contact in wrapping), "and never longer than allowed"
            spent = sum(self.costs[contact] for contact in held)
            assert spent <= 100 and view.room == 100 - spent
            shown = next((state for state in (S.TALKING, S.RESERVED, S.WRAP_UP) if state in held.values()), None)
            assert view.state is self.state[name]
            assert view.state is (shown or view.state)
            assert (shown is None) is (view.state in (S.LOGGED_OUT, S.READY, S.PAUSED))
        alive = {*self.costs}
        assert self.acd.audit(self.now, alive) == []

    @staticmethod
    def of(pairs: set[tuple[str, str]] | dict[tuple[str, str], float], agent: str) -> set[str]:
        return {contact for contact, his in pairs if his == agent}


def take(world: World, what: str, who: int, much: int) -> None:
    agent = AGENTS[who % 2]
    rings, talks = sorted(world.rings), sorted(world.talks)
    match what:
        case "join":
            contact, queue = f"c{len(world.costs)}", [*QUEUES][much % 4]
            world.costs[contact], world.queue[contact] = COSTS[who % 6], queue
            world.tell(Join(contact, queue, world.now, kind="call" if who % 6 < 2 else "chat", cost=COSTS[who % 6]))
        case "answer" if rings:
            world.tell(OfferAnswered(*rings[who % len(rings)]))
        case "fail" if rings:
            contact, agent = rings[who % len(rings)]
            world.rings.remove((contact, agent))
            world.tell(OfferFailed(contact, agent, ("busy", "rejected", "unreachable", "no answer")[much % 4]))
        case "end" if talks:
            world.ends(*talks[who % len(talks)])
        case "leave" if world.costs:
            world.tell(Leave(sorted(world.costs)[who % len(world.costs)], "abandoned"))
        case "wait":
            world.wait(float(much))
        case "ask":
            world.asked |= {pair for pair in world.talks if pair[1] == agent}
            world.tell(AskWrapUp(agent))
        case "extend":
            world.tell(ExtendWrapUp(agent, float(much)))
        case "wish":
            wishes = (SetReady(agent), SetPaused(agent, "tea"), LogOut(agent), LogIn(agent), Reachability(agent, True))
            world.tell(wishes[much % 5])


def begun() -> World:
    world = World()
    for name in AGENTS:
        world.tell(Reachability(name, True))
        world.tell(LogIn(name))
    return world


@settings(max_examples=800, deadline=None)
@given(steps)
def test_costs_fit_and_each_contact_in_hand_is_where_it_should_be(script: list[tuple[str, int, int]]) -> None:
    world = begun()
    for what, who, much in script:
        take(world, what, who, much)


@settings(max_examples=80, deadline=None)
@given(steps)
def test_when_all_hang_up_nothing_stays_in_hand_and_each_wish_has_come_true(
    script: list[tuple[str, int, int]],
) -> None:
    world = begun()
    for what, who, much in script:
        take(world, what, who, much)
    for pair in sorted(world.talks):
        world.ends(*pair)
    world.wait(20_000)
    for pair in sorted(world.talks):
        world.ends(*pair)
    world.wait(20_000)
    assert (world.rings, world.talks, sorted(world.left)) == (set(), set(), sorted(world.costs))
    for name in AGENTS:
        view = world.acd.agent(name)
        assert (view.works, view.room) == ((), 100)
        assert view.state is view.wish or (view.state, view.reason) == (S.PAUSED, "no answer")
    assert world.acd.deadline is None
