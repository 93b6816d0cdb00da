"""Whatever happens, in whatever order, with a crash at any point and a store that fails or lies about it: no promise is
lost, none is dialled twice, nobody's phone rings twice at a time, and agents are never asked for more than there are.

``World`` is what the ledger cannot see: the rows that are really durable, phones that really ring, agents who are
really free. Every order of the ledger is checked against it at the moment at which it is given.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.callback.calendar import Hours
from softswitch.callback.ending import ending
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
AGENTS = {"anna": {"sales"}, "bert": {"support"}, "carl": {"sales", "support"}}


@dataclass
class Ringing:
    """A customer's phone that rings, or may ring, for one attempt."""

    promise: str
    number: str
    until: float  # Unix s, if nobody ends it


class World:
    def __init__(self) -> None:
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
        self.joined: dict[str, str] = {}  # promise -> its queue, while nobody is reserved for it
        self.held: dict[str, str] = {}  # promise -> the agent who is reserved for it
        self.talking: dict[str, str] = {}
        self.shy = False  # agents count as free and do not suit any callback, as relaxed needs may have it
        self.kept = {row.id for row in self.rows.values() if row.state is S.KEPT}
        self.tokens: dict[str, tuple[str, str]] = {}
        self.live = dict.fromkeys(QUEUES, 0)
        self.told = dict.fromkeys(QUEUES, (-1, -1, -1))

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
                spare = self.free(promise.queue) - self.waiting(promise.queue)
                assert spare > RESERVE[promise.queue], "no agent is free for this seek"
                assert not self.live[promise.queue], "a live caller was passed over"
                self.joined[promise.id] = promise.queue
                self.match()
                self.told = dict.fromkeys(QUEUES, (-1, -1, -1))
            case ReleaseAgent(name):
                self.joined.pop(name, None)
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
        return len(self.idle(queue))

    def idle(self, queue: str) -> list[str]:
        at_work = {*self.held.values(), *self.talking.values()}
        return [agent for agent, queues in AGENTS.items() if queue in queues and agent not in at_work]

    def waiting(self, queue: str) -> int:
        return [*self.joined.values()].count(queue)

    def match(self) -> None:
        for promise, queue in list(self.joined.items()):
            if not self.shy and (idle := self.idle(queue)):
                del self.joined[promise]
                self.held[promise] = idle[0]

    def tell_capacity(self) -> None:
        self.match()
        for queue in QUEUES:
            news = (self.free(queue), self.live[queue], self.waiting(queue))
            if self.told[queue] != news:
                self.told[queue] = news
                self.feed(Capacity(queue, *news))

    # ---- what may happen; ``n`` chooses among the possibilities ----------------------------------------------------

    def lost(self, n: int) -> None:
        number, queue, spoken = NUMBERS[n % 2], QUEUES[n // 2 % 2], n // 4 % 2
        self.serial += 1
        token = f"token-{self.serial}" if spoken else ""
        self.tokens[token] = (number, queue)
        stage = "accepted-offer" if spoken else "abandoned"
        contact = f"contact-{self.serial // 2}"  # two losses of one contact, where they are of one number and queue
        self.feed(Lost(number, queue, stage, contact, self.now - n, 60.0, token))
        found = [p for p in self.ledger.promises() if (p.number, p.queue) == (number, queue) and p.state in OPEN]
        assert len(found) == 1

    def lost_and_stored(self, n: int) -> None:
        self.lost(n)
        self.store_answers_all(n)

    def store_answers_all(self, n: int) -> None:
        while self.writes:
            write = self.writes.popleft()
            self.feed(Persisted(write.promise.id, write.token, self.commit(write.promise)))

    def store_answers(self, n: int) -> None:
        """One write: it is there, it fails, it fails and is there all the same, or nothing is ever heard of it."""
        if not self.writes:
            return
        write = self.writes.popleft()
        fate = n % 6
        there = fate in (0, 1, 2, 4) and self.commit(write.promise)
        self.trouble = self.trouble or fate > 2
        if fate != 5:
            self.feed(Persisted(write.promise.id, write.token, there and fate < 3))

    def commit(self, row: Promise) -> bool:
        """One open row per number and queue, as the index of the real store has it."""
        taken = any(
            other.id != row.id and (other.number, other.queue) == (row.number, row.queue) and other.state in OPEN
            for other in self.rows.values()
        )
        if taken and row.state in OPEN:
            assert self.trouble, "two open rows for one number and queue"
            return False
        was = self.rows.get(row.id)
        if was is not None and ending(was) is not None and row.attempts > was.attempts:
            assert row.losses > was.losses, "withdrawn, not lost again, and yet to be dialled"
        self.rows[row.id] = row
        return True

    def agent_picks_up(self, n: int) -> None:
        if promise := pick(set(self.held) - set(self.ringing), n):
            self.feed(AgentFound(promise, "anna"))

    def agent_picks_up_and_stored(self, n: int) -> None:
        self.agent_picks_up(n)
        self.store_answers_all(n)

    def agent_is_lost(self, n: int) -> None:
        if promise := pick(self.held, n):
            del self.held[promise]
            if (ringing := self.ringing.pop(promise, None)) is not None:
                self.orphans.append(replace(ringing, until=self.now + 31.0))
            self.feed(NoAgent(promise))

    def customer_answers(self, n: int) -> None:
        if promise := pick(self.ringing, n):
            del self.ringing[promise]
            self.talking[promise] = self.held.pop(promise)
            self.kept.add(promise)
            self.feed(CustomerAnswered(promise))

    def attempt_fails(self, n: int) -> None:
        if promise := pick(self.ringing, n):
            del self.ringing[promise]
            del self.held[promise]
            self.feed(AttemptFailed(promise, (486, 480, 603, 503, 486, 404)[n // 2 % 6]))

    def calls_end(self, n: int) -> None:
        self.talking.clear()
        self.tell_capacity()

    def number_busy(self, n: int) -> None:
        number = NUMBERS[n % 2]
        busy = number not in self.busy
        (self.busy.add if busy else self.busy.discard)(number)
        self.feed(NumberBusy(number, busy))

    def agents_are_shy(self, n: int) -> None:
        self.shy = n % 3 == 0
        self.tell_capacity()

    def live_callers(self, n: int) -> None:
        self.live[QUEUES[n % 2]] = n % 3 == 0
        self.tell_capacity()

    def withdrawn(self, n: int) -> None:
        if n % 2:
            self.feed(ReachedAgent(NUMBERS[n // 2 % 2], QUEUES[n // 4 % 2]))
        else:
            self.feed(Withdraw(pick({p.id for p in self.ledger.promises()}, n // 2) or "unknown", "by an admin"))

    def time_passes(self, n: int) -> None:
        seconds = (0.5, 4.0, 6.0, 20.0, 32.0, 70.0, 70.0, 400.0)[n % 8]
        self.pass_time(seconds, answering=n // 8 % 4 > 0)

    def night_passes(self, n: int) -> None:
        self.pass_time(40_000.0, answering=True)

    def pass_time(self, seconds: float, answering: bool) -> None:
        end = self.now + seconds
        for _ in range(10_000):
            if answering:
                self.store_answers_all(0)
            deadline = self.ledger.deadline
            if deadline is None or deadline > end:
                break
            self.now = max(self.now, deadline)
            self.feed(None)
        else:
            raise AssertionError("time stands still")
        self.trouble = self.trouble or bool(self.writes)  # a late answer is no answer
        self.now = end
        self.orphans = [one for one in self.orphans if one.until > end]

    def crash(self, n: int) -> None:
        """The first few writes under way still come through; phones go on ringing, agents are free again."""
        for write in list(self.writes)[: n % 4]:
            self.commit(write.promise)
        self.writes.clear()
        self.orphans += self.ringing.values()
        self.start()
        self.feed(Restored(tuple(row for row in self.rows.values() if row.state in OPEN)))
        for number in sorted(self.busy):
            self.feed(NumberBusy(number, True))

    # ---- what holds at all times ---------------------------------------------------------------------------------

    def what_is_durable_and_open_is_known(self) -> None:
        known = {promise.id for promise in self.ledger.promises()}
        assert self.trouble or {row.id for row in self.rows.values() if row.state in OPEN} <= known

    def counts_agree_with_the_list(self) -> None:
        opened = [promise for promise in self.ledger.promises() if promise.state in OPEN]
        for queue in QUEUES:
            assert self.ledger.open_count(queue) == sum(promise.queue == queue for promise in opened)

    def something_will_happen(self) -> None:
        opened = [promise for promise in self.ledger.promises() if promise.state in OPEN]
        assert not opened or self.ledger.deadline is not None

    def check(self) -> None:
        self.what_is_durable_and_open_is_known()
        self.counts_agree_with_the_list()
        self.something_will_happen()

    def finish(self) -> None:
        """Left alone with a store that works and no agents, every promise comes to an end, and its row says which."""
        self.live = dict.fromkeys(QUEUES, 1)
        self.tell_capacity()
        for _ in range(2000):
            self.store_answers_all(0)
            deadline = self.ledger.deadline
            if deadline is None:
                break
            self.now = max(self.now, deadline)
            self.feed(None)
        promises = self.ledger.promises()
        assert all(promise.state not in OPEN for promise in promises), "something is stuck"
        assert all(self.rows[promise.id].state is promise.state for promise in promises)
        assert not [row for row in self.rows.values() if row.state in OPEN], "a restart would find what nobody knows of"


def pick(names: Collection[str], n: int) -> str:
    return sorted(names)[n % len(names)] if names else ""


WEIGHTS = {
    World.lost: 2,
    World.lost_and_stored: 4,
    World.store_answers: 3,
    World.store_answers_all: 3,
    World.agent_picks_up: 2,
    World.agent_picks_up_and_stored: 5,
    World.agent_is_lost: 1,
    World.customer_answers: 1,
    World.attempt_fails: 3,
    World.calls_end: 2,
    World.number_busy: 1,
    World.live_callers: 1,
    World.agents_are_shy: 1,
    World.withdrawn: 1,
    World.time_passes: 6,
    World.night_passes: 1,
    World.crash: 1,
}
STEP = st.tuples(st.sampled_from([what for what, weight in WEIGHTS.items() for _ in range(weight)]), st.integers(0, 99))


@settings(max_examples=200)
@given(st.lists(STEP, min_size=70, max_size=100))
def test_whatever_happens(steps: list[tuple[Callable[[World, int], None], int]]) -> None:
    world = World()
    for what, n in steps:
        what(world, n)
        world.check()
    world.finish()
