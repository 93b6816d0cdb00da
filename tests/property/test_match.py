"""Every strategy against its sentence in docs/queues.md, read agent by agent; and each record against its decision."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.acd.agent import Agent
from softswitch.acd.candidates import Candidates
from softswitch.acd.decision import Record, decide
from softswitch.acd.demand import Demand
from softswitch.acd.floor import Floor
from softswitch.acd.model import AgentSpec, AgentState, AllOf, AnyOf, Expression, Need, Needs, NotOf, Strategy
from softswitch.acd.region import Presence
from softswitch.acd.roster import Roster
from softswitch.acd.skill import meets, skills
from softswitch.acd.strategy import Moment

NOW = 1000.0
SKILLS = ("a", "b", "c")
NAMES = ("eve", "amy", "dan", "bob", "cid")

levels = st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 10))
plain = st.builds(Need, st.sampled_from(SKILLS), st.integers(1, 5), st.integers(5, 10))
expressions: st.SearchStrategy[Expression] = st.recursive(
    plain,
    lambda below: st.one_of(
        st.builds(AnyOf, st.lists(below, min_size=1, max_size=3).map(tuple)),
        st.builds(AllOf, st.lists(below, min_size=1, max_size=3).map(tuple)),
        st.builds(NotOf, below),
    ),
    max_leaves=4,
)
# Each skill once: several plain needs of one skill are one need, which is another test's.
needs = st.lists(expressions, max_size=2, unique_by=lambda one: getattr(one, "skill", repr(one))).map(tuple)


@dataclass
class Person:
    levels: dict[str, int]
    free: bool
    room: int
    idle_since: float
    calls: int
    busy_s: float
    login: float


people = st.builds(
    Person, levels, st.integers(0, 3).map(bool), st.sampled_from((100, 100, 40)),
    st.sampled_from((500.0, 600.0, 700.0)), st.integers(0, 2), st.sampled_from((0.0, 50.0, 100.0)),
    st.sampled_from((400.0, 500.0, NOW)),
)  # fmt: skip


def wanted(need: Expression) -> set[str]:
    match need:
        case NotOf():
            return set()
        case AnyOf(of) | AllOf(of):
            return set().union(*map(wanted, of))
        case _:
            return set(skills((need,)))


def surplus(need: Expression, own: dict[str, int]) -> float:
    match need:
        case Need(skill, level):
            return own[skill] - level
        case AllOf(of):
            return sum(surplus(one, own) for one in of)
        case AnyOf(of):
            return min(surplus(one, own) for one in of if meets(own, (one,)))
        case _:
            return 0.0


def key(
    strategy: Strategy, name: str, person: Person, needs: Needs, moment: Moment, free: list[str]
) -> tuple[object, ...]:
    """As the table of docs/queues.md has it, and the name."""
    among = {skill for need in needs for skill in wanted(need)}
    drawn = int.from_bytes(blake2b(moment.contact.encode(), digest_size=8).digest(), "big")
    since_s = NOW - person.login
    own: tuple[object, ...]
    match strategy:
        case Strategy.BEST_FIT:
            besides = sum(level for skill, level in person.levels.items() if skill not in among)
            own = (sum(surplus(need, person.levels) for need in needs), besides, person.idle_since)
        case Strategy.MOST_SKILLED:
            own = (-sum(person.levels.get(skill, 0) for skill in among), person.idle_since)
        case Strategy.LEAST_OCCUPIED:
            own = (person.busy_s / since_s if since_s else 0.0, person.idle_since)
        case Strategy.FEWEST_CALLS:
            own = (person.calls, person.idle_since)
        case Strategy.ROUND_ROBIN:
            own = (name <= moment.last,)
        case Strategy.RANDOM:
            own = (name != free[drawn % len(free)],)
        case Strategy.LINEAR:
            own = (NAMES.index(name),)
        case _:
            own = (person.idle_since,)
    return (*own, name)


@settings(max_examples=400, deadline=None)
@given(
    st.tuples(*(people for _ in NAMES)), needs, st.sampled_from(Strategy), st.sampled_from((20, 100)),
    st.integers(0, 2), st.sampled_from(("", *NAMES)), st.integers(0, 99),
)  # fmt: skip
def test_who_gets_it(
    cast: tuple[Person, ...], needs: Needs, strategy: Strategy, cost: int, reserve: int, last: str, serial: int
) -> None:
    team = dict(zip(NAMES, cast, strict=True))
    floor = Floor([AgentSpec(name, name, tuple(person.levels.items())) for name, person in team.items()])
    for name, person in team.items():
        write(floor, name, person)
    demand, moment = Demand(floor), Moment(NOW, f"c{serial}", last)
    lane = demand.lane(demand.signature(needs), cost, reserve)
    record, numbers = decide(floor, lane, strategy, moment)

    suits = {name for name, one in team.items() if meets(one.levels, needs)}
    free = sorted(name for name in suits if team[name].free and team[name].room >= cost)
    order = sorted(free, key=lambda name: key(strategy, name, team[name], needs, moment, free))
    most = len(free) - reserve if strategy is Strategy.RING_ALL else 1
    expected = order[:most] if len(free) > reserve else []
    assert [floor.specs[number].name for number in numbers] == expected
    assert lane.is_open(floor) is bool(expected)
    judge(record, expected, team, suits, free)


def judge(record: Record, expected: list[str], team: dict[str, Person], suits: set[str], free: list[str]) -> None:
    """The record alone, also from the store, gives the same, and one reason for everybody else."""
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(record.to_plain()))
    roster = Roster.from_plain(record.among.roster.to_plain())
    again = Record.from_plain(plain, Candidates.from_plain(record.among.to_plain(), roster))
    assert list(again.winners()) == list(record.winners()) == expected
    told = [(agent, str(verdict)) for agent, verdict in again.verdicts()]
    assert sorted(agent for agent, _ in told) == sorted(set(team) - set(expected))
    for agent, reason in told:
        about_skill = reason.startswith(("lacks ", "level too ", "meets none", "has what"))
        assert about_skill is (agent not in suits)
        assert (reason == "kept in reserve") <= (agent in free)
        assert (reason == "paused") is (agent in suits and not team[agent].free)
        no_room = agent in suits and team[agent].free and agent not in free
        assert reason.startswith("no room") is no_room


def write(floor: Floor, name: str, person: Person) -> None:
    """As the machine does, of an agent in this situation."""
    agent = Agent(name, presence=Presence.READY if person.free else Presence.PAUSED, reachable=True)
    agent.idle_since, agent.room = person.idle_since, person.room
    tally = agent.tally
    tally.logged_in_at, tally.calls, tally.busy_s = person.login, person.calls, person.busy_s
    if not person.free:
        agent.state = AgentState.PAUSED
    floor.write(agent)
    floor.write_tally(agent)
