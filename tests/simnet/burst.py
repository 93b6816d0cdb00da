"""A television shop: for a minute ten times as many call as there is room for, and then the backlog is called back.

The whole control plane in virtual time: a channel limit, a queue with a limit, a dialplan that rings and asks, twenty
agents, and the crowd (``crowd``) behind one carrier. ``Account`` says of each person what came of him, by the carrier's
own account and the rows in the store; ``watch`` what agents did while somebody was due.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from softswitch.acd.model import AgentSpec, AgentState, AgentStateChanged, Need, QueueSpec, WrapUp
from softswitch.callback.model import OPEN, Policy, Promise, Window
from softswitch.contact.answering import Answering
from softswitch.contact.treatment import Treatment
from softswitch.core.effect import DomainEvent
from softswitch.ivr.load import World as PlanWorld
from softswitch.ivr.load import load_plans
from softswitch.ivr.plan import Plan
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request
from softswitch.switch.configuration import Trunk, User
from softswitch.switch.event import CallShed, UnitFailed
from tests.simnet.crowd import HOST, Crowd, Person, Temper, mobile
from tests.simnet.house import CARRIER_PORT, configuration
from tests.simnet.phone import Call, SimPhone
from tests.simnet.watch import Watch
from tests.simnet.world import World

AIR_S = 60.0
AGENTS = 20
FIRST_PORT = 6001
REGISTER_S = 1500.0
STRAINED_S = (20.0, 30.0)  # of the minute: the loop is late, and calls are shed whatever lines are free
STAGES = ("shed", "early-cancel", "ivr", "queue-full", "abandoned", "accepted-offer")
PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
lost: {to: orders, stages: [shed, early-cancel, ivr], after: 0s}
start: ringing
steps:
  ringing: {wait: 2s, next: menu}
  menu:
    menu: {say: Press 1 for orders., keys: {1: orders}, timeout: 8s, tries: 2, failed: orders}
  orders:
    queue: {name: orders, offer_callback: {after: 8s, key: 1}, failed: bye, full: bye, timeout: bye}
    next: bye
  bye: {hangup: normal}
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of it; 5,000 calls of 3,500 people, as a rule."""

    calls: int = 5000
    duplicates: float = 0.3  # share of calls by somebody who has called before, spelt in another way
    agents: int = AGENTS
    lines: int = 250  # calls at a time
    waiting: int = 100  # in the queue

    @property
    def people(self) -> int:
        return round(self.calls * (1 - self.duplicates))


class Agent(SimPhone):
    """Picks up after a moment, a phone that is asked to answer by itself sooner; now and then not at all."""

    _by_itself = False

    def _receive(self, message: Message, flow: Flow) -> None:
        if isinstance(message, Request) and message.method == "INVITE":
            self._by_itself = "answer-after=0" in (message.headers.get("Call-Info") or "")
        super()._receive(message, flow)

    def _ring(self, call: Call) -> None:
        moment_s = (0.1, 0.4) if self._by_itself else (1.0, 3.0)
        self.answer_after = None if self.world.random.random() < 0.01 else self.world.random.uniform(*moment_s)
        super()._ring(call)


class Burst:
    def __init__(
        self,
        size: Size | None = None,
        seed: int = 1,
        temper: Temper | None = None,
        by_itself: bool = False,  # agents' phones answer callbacks
        **policy: Any,
    ) -> None:
        self.size, self._by_itself = size or Size(), by_itself
        self.names = [f"agent{number:02}" for number in range(self.size.agents)]
        self.world = World(self._configuration(policy), seed)
        self.world.events = _Nothing()  # type: ignore[assignment]  # hours of facts
        self.defects: list[UnitFailed] = []
        self.shed: Counter[str] = Counter()  # calls, by reason
        self.drained_s = 0.0  # how long it took
        self.phones = [Agent(self.world, f"2{n:03}", FIRST_PORT + n, f"pw-2{n:03}") for n in range(self.size.agents)]
        self._register()
        self.world.run_until(lambda: all(phone.registered for phone in self.phones))
        self.crowd = Crowd(self.world, "crowd", CARRIER_PORT, temper=temper or Temper())
        self.watch = Watch(self.crowd)
        self.crowd.changes = lambda: self.watch.look(self.world.now)
        self.world.switch.listen(self._hear)
        for name in self.names:
            self.world.switch.control.log_in(name)
        self.chance = random.Random(f"burst {seed}")
        self.began = self.world.now
        self.world.after(STRAINED_S[0], self._strain)
        self._gather()

    def _register(self) -> None:
        """Phones do so again and again, or nobody can ring them after an hour."""
        for phone in self.phones:
            phone.register()
        self.world.after(REGISTER_S, self._register)

    def _strain(self) -> None:
        strained = self.world.now - self.began < STRAINED_S[1]
        self.world.switch.overload.sample(0.25 if strained else 0.0, 0.0, self.world.now)
        if strained or self.world.switch.overload.pressure:
            self.world.after(0.1, self._strain)

    def _configuration(self, policy: Mapping[str, Any]) -> Any:
        agents = tuple(AgentSpec(name, f"2{n:03}", (("orders", 5),)) for n, name in enumerate(self.names))
        users = {f"2{n:03}": User(f"pw-2{n:03}", agent.name, "en") for n, agent in enumerate(agents)}
        address = HOST, CARRIER_PORT
        plain = Policy("orders", "carrier", stages=STAGES, window=Window("UTC"), max_attempts=20, ring_s=25.0,
                       retry_busy_s=120.0, retry_no_answer_s=600.0)  # fmt: skip
        return configuration(
            users=users,
            trunks={"carrier": Trunk("carrier", address, sources=(address,), prefix="9")},
            agents=agents,
            queues=(QueueSpec("orders", (Need("orders", 3),), max_waiting=self.size.waiting, ring_timeout_s=15.0,
                              wrap_up=WrapUp.timed(10.0)),),
            policies=(replace(plain, **policy),),
            treatments={"orders": Treatment(30.0, position=True)},
            answering={"orders": Answering(auto_answer=self._by_itself)},
            recorded=frozenset(),
            plans=_plans(),
            max_calls=self.size.lines,
        )  # fmt: skip

    def _gather(self) -> None:
        """People, some of whom nobody can call back; and when they call."""
        for serial in range(self.size.people):
            person = mobile(serial)
            kind = self.chance.random()
            if kind < 0.03:
                person = Person(f"withheld {serial}", ("anonymous",), "withheld")
            elif kind < 0.04:
                number = f"+1212555{serial:04}"
                person = Person(number, (number, f"00{number[1:]}"), "foreign")
            self.crowd.add(person)
        people, begin = self.crowd.people, self.world.now
        for person in people:
            self.world.at(begin + self.chance.uniform(0, AIR_S), lambda person=person: self.crowd.calls_in(person))
        for _ in range(self.size.calls - len(people)):
            person = self.chance.choice(people)
            self.world.at(begin + self.chance.uniform(0, AIR_S), lambda person=person: self.crowd.calls_in(person))
        again = self.crowd.temper
        for person in people:
            if self.chance.random() < again.calls_again:
                at = begin + 2 * AIR_S + self.chance.uniform(0, again.again_s)
                self.world.at(at, lambda person=person: self.crowd.calls_in(person))

    def _hear(self, event: DomainEvent, unix: float) -> None:
        self.watch.observe(event, self.world.now)
        if isinstance(event, UnitFailed):
            self.defects.append(event)
        if isinstance(event, CallShed):
            self.shed[event.why] += 1
        if isinstance(event, AgentStateChanged) and event.new is AgentState.PAUSED:
            self.world.after(30.0, lambda: self.world.switch.control.set_ready(event.agent))

    def air(self) -> None:
        """The minute, and another one in which most of its callers come to an end."""
        self.world.run(2 * AIR_S)

    def drain(self, limit_s: float = 24 * 3600.0) -> None:
        """Until nobody is to be called back any more, and nobody talks."""
        begin = self.world.now
        while self.world.now < begin + limit_s:
            self.world.run(30.0)
            if not self.world.switch.ledger.open_count("orders") and not self.world.switch.calls.contacts:
                break
        self.drained_s = self.world.now - begin

    @property
    def dropped(self) -> float:
        """Of those who answered when they were called, the share for whom nobody was there."""
        return sum(person.dropped for person in self.crowd.people) / max(self.crowd.answered, 1)

    def account(self) -> Account:
        return Account(self.crowd.people, asyncio.run(self.world.store.promises()))


class Account:
    """Of each person what came of him: the carrier knows who talked, the store who is to be called."""

    def __init__(self, people: list[Person], rows: list[Promise]) -> None:
        self.of: Counter[str] = Counter()
        self.missing: list[Person] = []
        self.double: list[str] = []
        opened: dict[str, list[Promise]] = {}
        closed: dict[str, list[Promise]] = {}
        for row in rows:
            (opened if row.state in OPEN else closed).setdefault(row.number, []).append(row)
        for person in people:
            if not person.called_at:
                continue
            mine = opened.get(person.number, [])
            if len(mine) > 1:
                self.double.append(f"{person.number} has {len(mine)} open promises")
            word = self._word(person, mine, closed.get(person.number, []))
            self.of[word] += 1
            if word == "missing":
                self.missing.append(person)
            if person.satisfied and mine and person.line is None:
                self.double.append(f"{person.number} has talked to somebody, and is to be called")
        self.stages = Counter(row.stage for row in rows)
        self.losses = Counter(row.losses for row in rows)

    @staticmethod
    def _word(person: Person, mine: list[Promise], former: list[Promise]) -> str:
        if person.served_at is not None:
            return "served live"
        if person.kept_at is not None:
            return "kept"
        if person.calling:
            return "on the line"
        if mine:
            return "open"
        if person.refusable:
            return f"refused: {person.refusable}"
        return former[-1].state.value if former else "missing"

    @property
    def total(self) -> int:
        return self.of.total()


def order(burst: Burst) -> dict[str, float]:
    """First dials against first losses: Kendall's tau against the carrier's clock (when he first called) and against
    the ledger's rank; and the pairs in the wrong order that nothing explains, out of all.

    Explained is a later one whose turn it was while the earlier one was on the line, or was not recorded yet; and one
    whose agent was sooner at the phone, though sought later.
    """
    rows = [row for row in asyncio.run(burst.world.store.promises()) if row.id in burst.watch.first_dials]
    by_number = {person.number: person for person in burst.crowd.people}
    dials = np.array([burst.watch.first_dials[row.id] for row in rows])
    ranks = np.array([row.rank for row in rows])
    called = np.array([by_number[row.number].called_at[0] for row in rows])
    recorded = np.array([burst.watch.recorded[row.id] for row in rows])
    earlier = ranks[:, None] < ranks[None, :]
    wrong = earlier & (dials[:, None] > dials[None, :])
    turns = np.array([burst.watch.first_turns[row.id] for row in rows])
    unexplained = [
        (rows[older].number, rows[newer].number)
        for older, newer in zip(*np.nonzero(earlier & (turns[:, None] > turns[None, :])), strict=True)
        if recorded[older] < turns[newer] and not _was_here(by_number[rows[older].number], turns[newer])
    ]
    return {
        "promises": len(rows), "tau_called": tau(called, dials), "tau_rank": tau(ranks, dials),
        "inversions": int(wrong.sum()), "pairs": len(rows) * (len(rows) - 1) // 2, "unexplained": len(unexplained),
    }  # fmt: skip


def _was_here(person: Person, now: float) -> bool:
    """On the line by his own call."""
    ends = [*person.over_at, person.served_at or float("inf")]
    return any(at <= now <= min((end for end in ends if end >= at), default=now) for at in person.called_at)


def tau(one: Any, other: Any) -> float:
    """Kendall's tau: 1 is the same order, -1 the reverse."""
    agree = np.sign(one[:, None] - one[None, :]) * np.sign(other[:, None] - other[None, :])
    count = len(one)
    return float(agree.sum() / max(count * (count - 1), 1))


def _plans() -> dict[str, Plan]:
    found, problems = load_plans({"shop.yaml": PLAN}, PlanWorld(queues=frozenset({"orders"}), speech=True))
    assert not [problem for problem in problems if problem.level == "error"], problems
    return found


class _Nothing(list[Any]):
    """Keeps nothing."""

    def append(self, item: Any) -> None:
        pass
