"""Whatever happens, in whatever order, with a crash at any point and a store that fails or lies about it: no promise is
lost, none is dialled twice, nobody's phone rings twice at a time, and agents are never asked for more than there are.

``World`` is what the ledger cannot see: the rows that are really durable, phones that really ring, agents who are
really free. Every order of the ledger is checked against it at the moment at which it is given.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from softswitch.callback.calendar import Hours
from softswitch.callback.ledger import Ledger
from softswitch.callback.model import (
    OPEN,
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    LedgerInput,
    LossNotRecorded,
    Lost,
    NoAgent,
    NumberBusy,
    Persist,
    Persisted,
    Policy,
    Promise,
    PromiseAnswer,
    PromiseState,
    ReachedAgent,
    ReleaseAgent,
    Restored,
    SeekAgent,
    Window,
    Withdraw,
)
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids

S = PromiseState
NOON = 1_760_000_000.0
WINDOW = Window("Asia/Shanghai", 9 * 60, 20 * 60)
POLICIES = (
    Policy("sales", "carrier", window=WINDOW, retry_busy_s=60.0, retry_no_answer_s=120.0, max_attempts=3),
    Policy("support", "carrier", window=WINDOW, retry_busy_s=30.0, max_attempts=2, reserve=1),
)
QUEUES = [policy.queue for policy in POLICIES]
RESERVE = {policy.queue: policy.reserve for policy in POLICIES}
NUMBERS = ["+8613800138000", "+8613800138001"]
RING_S = POLICIES[0].ring_s
AGENTS = {"sales": 1, "support": 2}


@dataclass
class Ringing:
    """A customer's phone that rings, or may ring, for one attempt."""

    promise: str
    number: str
    until: float  # Unix s, if nobody ends it


class World(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ids = Ids(random.Random(3).getrandbits)
        self.now = NOON
        self.hours = Hours(WINDOW)
        self.rows: dict[str, Promise] = {}  # what is really durable
        self.writes: deque[Persist] = deque()
        self.trouble = False  # has a write ever failed?
        self.dialled: set[tuple[str, int]] = set()
        self.call_ids: set[str] = set()
        self.busy: set[str] = set()
        self.orphans: list[Ringing] = []  # nobody can end these any more
        self.serial = 0
        self.start()

    def start(self) -> None:
        self.ledger = Ledger(POLICIES, self.ids)
        self.ringing: dict[str, Ringing] = {}
        self.held: dict[str, str] = {}  # promise -> queue of the agent who is reserved for it
        self.talking: dict[str, str] = {}
        self.kept = {row.id for row in self.rows.values() if row.state is S.KEPT}
        self.tokens: dict[str, tuple[str, str]] = {}
        self.live = dict.fromkeys(QUEUES, 0)
        self.told = dict.fromkeys(QUEUES, (-1, -1))

    # ---- carrying orders out, and checking each ------------------------------------------------------------------

    def feed(self, event: LedgerInput | None) -> list[Effect]:
        before = {promise.id for promise in self.ledger.promises()}
        effects = self.ledger.tick(self.now) if event is None else self.ledger.handle(event, self.now)
        for effect in effects:
            self.perform(effect)
        dropped = [effect for effect in effects if isinstance(effect, LossNotRecorded) and effect.why == "store"]
        gone = before - {promise.id for promise in self.ledger.promises()}
        assert len(gone) <= len(dropped), "a promise vanished"
        self.tell_capacity()
        return effects

    def perform(self, effect: Effect) -> None:
        match effect:
            case Persist():
                self.writes.append(effect)
            case SeekAgent(promise):
                assert self.free(promise.queue) > RESERVE[promise.queue], "no agent is free for this seek"
                assert not self.live[promise.queue], "a live caller was passed over"
                self.held[promise.id] = promise.queue
            case ReleaseAgent(name):
                self.held.pop(name, None)
                self.talking.pop(name, None)
                if (ringing := self.ringing.pop(name, None)) is not None:
                    self.orphans.append(replace(ringing, until=min(ringing.until, self.now + 31.0)))
            case DialCustomer(promise):
                self.dial(promise)
            case PromiseAnswer(token, True):
                key = self.tokens[token]
                assert key in {(row.number, row.queue) for row in self.rows.values()}, "spoken before it was durable"

    def dial(self, promise: Promise) -> None:
        assert (promise.id, promise.attempts) not in self.dialled, "this attempt was dialled before"
        assert promise.call_id not in self.call_ids
        row = self.rows[promise.id]
        assert (row.state, row.attempts, row.call_id) == (S.DIALLING, promise.attempts, promise.call_id)
        assert promise.id not in self.kept, "dialled after it was kept"
        assert promise.number not in self.busy, "the customer is on a call here"
        assert self.hours.open(self.now), "outside the window"
        assert promise.id in self.held, "no agent is on the line"
        ringing = [*self.ringing.values(), *(one for one in self.orphans if one.until > self.now)]
        assert promise.number not in {one.number for one in ringing}, "that phone rings already"
        self.dialled.add((promise.id, promise.attempts))
        self.call_ids.add(promise.call_id)
        self.ringing[promise.id] = Ringing(promise.id, promise.number, self.now + RING_S)

    def free(self, queue: str) -> int:
        return AGENTS[queue] - [*self.held.values(), *self.talking.values()].count(queue)

    def tell_capacity(self) -> None:
        for queue in QUEUES:
            news = (self.free(queue), self.live[queue])
            if self.told[queue] != news:
                self.told[queue] = news
                self.feed(Capacity(queue, *news))

    # ---- what may happen -----------------------------------------------------------------------------------------

    @rule(number=st.sampled_from(NUMBERS), queue=st.sampled_from(QUEUES), spoken=st.booleans(), age=st.integers(0, 900))
    def lost(self, number: str, queue: str, spoken: bool, age: int) -> None:
        self.serial += 1
        token = f"token-{self.serial}" if spoken else ""
        self.tokens[token] = (number, queue)
        stage = "accepted-offer" if spoken else "abandoned"
        self.feed(Lost(number, queue, stage, f"contact-{self.serial}", self.now - age, 60.0, token))
        found = [p for p in self.ledger.promises() if (p.number, p.queue) == (number, queue) and p.state in OPEN]
        assert len(found) == 1

    @precondition(lambda self: self.writes)
    @rule(fate=st.sampled_from(["ok", "ok", "ok", "ok", "fails", "fails but is there", "silence"]))
    def store_answers(self, fate: str) -> None:
        write = self.writes.popleft()
        there = fate in ("ok", "fails but is there") and self.commit(write.promise)
        self.trouble = self.trouble or fate != "ok"
        if fate != "silence":
            self.feed(Persisted(write.promise.id, write.token, there and fate == "ok"))

    @precondition(lambda self: self.writes)
    @rule()
    def store_answers_all(self) -> None:
        while self.writes:
            write = self.writes.popleft()
            self.feed(Persisted(write.promise.id, write.token, self.commit(write.promise)))

    @precondition(lambda self: set(self.held) - set(self.ringing))
    @rule(commit=st.booleans())
    def agents_pick_up(self, commit: bool) -> None:
        for promise in sorted(set(self.held) - set(self.ringing)):
            self.feed(AgentFound(promise, "anna"))
        if commit:
            self.store_answers_all()

    @precondition(lambda self: self.ringing)
    @rule()
    def nobody_answers(self) -> None:
        """All attempts fail, and the time until the next ones passes."""
        for promise in sorted(self.ringing):
            del self.ringing[promise]
            del self.held[promise]
            self.feed(AttemptFailed(promise, 486))
        self.store_answers_all()
        self.time_passes(60.0)

    def commit(self, row: Promise) -> bool:
        """One open row per number and queue, as the index of the real store has it."""
        taken = any(
            other.id != row.id and (other.number, other.queue) == (row.number, row.queue) and other.state in OPEN
            for other in self.rows.values()
        )
        if taken and row.state in OPEN:
            assert self.trouble, "two open rows for one number and queue"
            return False
        self.rows[row.id] = row
        return True

    @precondition(lambda self: self.held)
    @rule(data=st.data(), found=st.booleans())
    def agent(self, data: st.DataObject, found: bool) -> None:
        promise = data.draw(st.sampled_from(sorted(self.held)))
        if found:
            self.feed(AgentFound(promise, "anna"))
            return
        del self.held[promise]
        if (ringing := self.ringing.pop(promise, None)) is not None:
            self.orphans.append(replace(ringing, until=self.now + 31.0))
        self.feed(NoAgent(promise))

    @precondition(lambda self: self.ringing)
    @rule(data=st.data(), status=st.sampled_from([200, 200, 486, 480, 603, 404, 503]))
    def customer(self, data: st.DataObject, status: int) -> None:
        promise = data.draw(st.sampled_from(sorted(self.ringing)))
        del self.ringing[promise]
        queue = self.held.pop(promise)
        if status == 200:
            self.talking[promise] = queue
            self.kept.add(promise)
            self.feed(CustomerAnswered(promise))
        else:
            self.feed(AttemptFailed(promise, status))

    @rule()
    def calls_end(self) -> None:
        self.talking.clear()
        self.tell_capacity()

    @rule(number=st.sampled_from(NUMBERS), busy=st.sampled_from([False, False, True]))
    def number_busy(self, number: str, busy: bool) -> None:
        (self.busy.add if busy else self.busy.discard)(number)
        self.feed(NumberBusy(number, busy))

    @rule(queue=st.sampled_from(QUEUES), waiting=st.sampled_from([0, 0, 0, 1]))
    def live_callers(self, queue: str, waiting: int) -> None:
        self.live[queue] = waiting
        self.tell_capacity()

    @rule(number=st.sampled_from(NUMBERS), queue=st.sampled_from(QUEUES))
    def reached_agent(self, number: str, queue: str) -> None:
        self.feed(ReachedAgent(number, queue))

    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        known = sorted(promise.id for promise in self.ledger.promises())
        self.feed(Withdraw(data.draw(st.sampled_from(["promise-unknown", *known])), "by an admin"))

    @rule(seconds=st.sampled_from([0.5, 0.5, 4.0, 6.0, 20.0, 20.0, 70.0, 400.0, 40000.0]))
    def time_passes(self, seconds: float) -> None:
        end = self.now + seconds
        self.trouble = self.trouble or bool(self.writes)  # a late answer is no answer
        self.run_until(end)
        self.trouble = self.trouble or bool(self.writes)  # also of those that came meanwhile
        self.now = end
        self.orphans = [one for one in self.orphans if one.until > end]

    def run_until(self, end: float) -> None:
        for _ in range(10_000):
            deadline = self.ledger.deadline
            if deadline is None or deadline > end:
                return
            self.now = max(self.now, deadline)
            self.feed(None)
        raise AssertionError("time stands still")

    @rule(survive=st.integers(0, 5))
    def crash(self, survive: int) -> None:
        """The first few writes under way still come through; phones go on ringing, agents are free again."""
        for write in list(self.writes)[:survive]:
            self.commit(write.promise)
        self.writes.clear()
        self.orphans += self.ringing.values()
        self.start()
        self.feed(Restored(tuple(row for row in self.rows.values() if row.state in OPEN)))
        for number in sorted(self.busy):
            self.feed(NumberBusy(number, True))

    @precondition(lambda self: self.ringing)
    @rule(survive=st.integers(0, 2), seconds=st.sampled_from([0.0, 20.0, 70.0]))
    def crash_while_ringing(self, survive: int, seconds: float) -> None:
        """The worst moment, and whatever can be done wrong after it is done at once."""
        self.crash(survive)
        self.time_passes(seconds)
        self.store_answers_all()
        if set(self.held) - set(self.ringing):
            self.agents_pick_up(True)

    # ---- what holds at all times ---------------------------------------------------------------------------------

    @invariant()
    def what_is_durable_and_open_is_known(self) -> None:
        known = {promise.id for promise in self.ledger.promises()}
        assert self.trouble or {row.id for row in self.rows.values() if row.state in OPEN} <= known

    @invariant()
    def counts_agree_with_the_list(self) -> None:
        opened = [promise for promise in self.ledger.promises() if promise.state in OPEN]
        for queue in QUEUES:
            assert self.ledger.open_count(queue) == sum(promise.queue == queue for promise in opened)

    @invariant()
    def something_will_happen(self) -> None:
        opened = [promise for promise in self.ledger.promises() if promise.state in OPEN]
        assert not opened or self.ledger.deadline is not None

    def teardown(self) -> None:
        """Left alone with a store that works and no agents, every promise comes to an end, and its row says which."""
        self.live = dict.fromkeys(QUEUES, 1)
        self.tell_capacity()
        for _ in range(2000):
            while self.writes:
                write = self.writes.popleft()
                self.feed(Persisted(write.promise.id, write.token, self.commit(write.promise)))
            deadline = self.ledger.deadline
            if deadline is None:
                break
            self.now = max(self.now, deadline)
            self.feed(None)
        promises = self.ledger.promises()
        assert all(promise.state not in OPEN for promise in promises), "something is stuck"
        assert all(self.rows[promise.id].state is promise.state for promise in promises)


World.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestLedger = World.TestCase
