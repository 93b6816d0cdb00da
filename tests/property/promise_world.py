"""What the ledger of promises cannot see: the rows that are really durable, phones that really ring, agents who are
really free, customers who are really on the line. Every order of the ledger is checked against it at the moment at
which it is given, and after everything that happens what holds at all times.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass, replace

from softswitch.callback.calendar import Hours
from softswitch.callback.ending import ending
from softswitch.callback.governor import window_start
from softswitch.callback.ledger import Ledger
from softswitch.callback.manners import DAY_S
from softswitch.callback.model import (
    OPEN,
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    CustomerLeft,
    DialCustomer,
    KeepTally,
    LedgerInput,
    LossNotRecorded,
    Lost,
    MachineAnswered,
    NoAgent,
    NotServed,
    NumberBusy,
    Persist,
    Persisted,
    Policy,
    Promise,
    PromiseAnswer,
    PromiseState,
    Promote,
    ReachedAgent,
    ReleaseAgent,
    Restored,
    RetryNow,
    SeekAgent,
    Tallied,
    Tally,
    Window,
    Withdraw,
)
from softswitch.callback.mover import ENGAGED
from softswitch.callback.node import Dialled, NodeInput, StoreAway
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids

S = PromiseState
NOON = 1_760_000_000.0
WINDOW = Window("Asia/Shanghai", 9 * 60, 20 * 60)
POLICIES = (
    Policy("sales", "carrier", window=WINDOW, retry_busy_s=60.0, retry_no_answer_s=120.0, max_attempts=3, group="shop"),
    Policy("support", "carrier", window=WINDOW, retry_busy_s=30.0, max_attempts=2, reserve=1),
    Policy("orders", "carrier", window=WINDOW, retry_busy_s=20.0, jitter=0.5, group="shop", first="customer",
           retry_dropped_s=5.0),
    Policy(
        "sales", "carrier", campaign="fair", window=WINDOW, retry_busy_s=10.0, jitter=0.9, max_attempts=5,
        first="customer", pacing="ratio", ratio=2.0, abandon_limit=0.4, stages=("imported",), most_per_day=2,
        retry_dropped_s=5.0,
    ),
)  # fmt: skip
BY_NAME = {policy.name: policy for policy in POLICIES}
CALLED = [policy.queue for policy in POLICIES if not policy.campaign]  # who is lost there is called back
QUEUES = sorted({policy.queue for policy in POLICIES})
NUMBERS = ["+8613800138000", "+8613800138001"]
LISTED = [f"+861380013801{n}" for n in range(8)]  # of the campaign
RING_S = POLICIES[0].ring_s
AGENTS = {"anna": {"sales"}, "bert": {"support"}, "carl": {"sales", "support"}, "dora": {"orders"}, "emil": {"sales"}}


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
        self.dials: list[tuple[str, float]] = []  # number, Unix s
        self.let_go: dict[str, float] = {}  # numbers of whom we know that nobody was there in time
        self.busy: set[str] = set()
        self.orphans: list[Ringing] = []  # nobody can end these any more
        self.serial = 0
        earned = Tally("fair", window_start(BY_NAME["fair"], NOON), 12, 0)
        self.tallies = {"fair": earned}
        self.served = Counter({earned.since: earned.answered})  # of the campaign, by window
        self.abandoned: Counter[float] = Counter()
        self.unheard: Counter[float] = Counter()  # of these: by a crash of which the store knows nothing
        self.start()

    def start(self) -> None:
        self.ledger = Ledger(POLICIES, self.ids)
        self.ledger.handle(Tallied(tuple(self.tallies.values())), self.now)
        self.ledger.handle(Dialled(tuple(self.dials), tuple(self.let_go.items())), self.now)
        self.ringing: dict[str, Ringing] = {}
        self.joined: dict[str, str] = {}  # promise -> its queue, while nobody is reserved for it
        self.held: dict[str, str] = {}  # promise -> the agent who is reserved for it
        self.talking: dict[str, str] = {}
        self.online: dict[str, Promise] = {}  # customers who have answered before an agent has
        self.away = False  # what the ledger was told last of the store
        self.shy = False  # agents count as free and do not suit any callback, as relaxed needs may have it
        self.kept = {row.id for row in self.rows.values() if row.state is S.KEPT}
        self.tokens: dict[str, tuple[str, str]] = {}
        self.live = dict.fromkeys(QUEUES, 0)
        self.told = dict.fromkeys(QUEUES, (-1, -1, -1))

    # ---- carrying orders out, and checking each ------------------------------------------------------------------

    def feed(self, event: LedgerInput | NodeInput | None) -> list[Effect]:
        before = {promise.id for promise in self.ledger.promises()}
        in_flight = self.in_flight()
        effects = self.ledger.tick(self.now) if event is None else self.ledger.handle(event, self.now)
        for effect in effects:
            self.perform(effect)
        dropped = [effect for effect in effects if isinstance(effect, LossNotRecorded) and effect.why == "store"]
        gone = before - {promise.id for promise in self.ledger.promises()}
        assert len(gone) <= len(dropped), "a promise vanished"
        for queue, dials in self.in_flight().items():
            if dials > in_flight[queue]:
                assert not self.away, "the intent could not be committed"
                assert not self.live[queue], "a live caller was passed over"
                assert dials <= self.most_in_flight(queue), "more are dialled than agents allow"
        self.tell_capacity()
        return effects

    def perform(self, effect: Effect) -> None:
        match effect:
            case Persist():
                self.writes.append(effect)
            case SeekAgent(promise):
                spare = self.free(promise.queue) - self.waiting(promise.queue)
                assert spare > BY_NAME[promise.name].reserve, "no agent is free for this seek"
                assert not self.away, "the intent could not be committed"
                assert not self.live[promise.queue], "a live caller was passed over"
                self.joined[promise.id] = promise.queue
                self.match()
                self.told = dict.fromkeys(QUEUES, (-1, -1, -1))
            case ReleaseAgent(name):
                assert name not in self.talking, "two who talk were parted"
                self.joined.pop(name, None)
                self.held.pop(name, None)
                if self.online.pop(name, None) is not None:
                    self.count(name, abandoned=True)
                if (ringing := self.ringing.pop(name, None)) is not None:
                    self.orphans.append(replace(ringing, until=min(ringing.until, self.now + 31.0)))
            case DialCustomer(promise):
                self.dial(promise, effect.first)
            case KeepTally(tally):
                self.tallies[tally.name] = tally
            case PromiseAnswer(token, True):
                key = self.tokens[token]
                assert key in {(row.number, row.key) for row in self.rows.values()}, "spoken before it was durable"

    def dial(self, promise: Promise, first: str) -> None:
        assert (promise.id, promise.attempts) not in self.dialled, "this attempt was dialled before"
        assert promise.call_id not in self.call_ids
        row = self.rows[promise.id]
        assert (row.state, row.attempts, row.call_id) == (S.DIALLING, promise.attempts, promise.call_id)
        assert promise.id not in self.kept, "dialled after it was kept"
        assert promise.number not in self.busy, "the customer is on a call here"
        assert self.hours.open(self.now), "outside the window"
        assert (promise.id in self.held) == (first == "agent"), "no agent is on the line, or one who is not needed"
        assert first in ("agent", BY_NAME[promise.name].first)
        ringing = [*self.ringing.values(), *(one for one in self.orphans if one.until > self.now)]
        assert promise.number not in {one.number for one in ringing}, "that phone rings already"
        assert promise.number not in {one.number for one in self.online.values()}, "he is on the line"
        policy, until = BY_NAME[promise.name], self.now - DAY_S
        lately = [number for number, at in self.dials if number == promise.number and at > until]
        assert not policy.most_per_day or len(lately) < policy.most_per_day, "dialled too often in a day"
        rested = self.now >= self.let_go.get(promise.number, 0.0) + policy.agent_first_for_s
        assert first == "agent" or rested, "let go once, and no agent is there again"
        self.dials.append((promise.number, self.now))
        self.dialled.add((promise.id, promise.attempts))
        self.call_ids.add(promise.call_id)
        self.ringing[promise.id] = Ringing(promise.id, promise.number, self.now + RING_S)

    def in_flight(self) -> Counter[str]:
        """Customers who are dialled, or about to be, with no agent on the line."""
        dialled = [p for p in self.ledger.promises() if p.state in (S.SEEKING, S.DIALLING)]
        return Counter(p.queue for p in dialled if p.id not in self.joined and p.id not in self.held)

    def most_in_flight(self, queue: str) -> int:
        ratio = max(policy.ratio for policy in POLICIES if policy.queue == queue and policy.first == "customer")
        return int(ratio * (self.free(queue) - self.waiting(queue)))

    def count(self, promise: str, abandoned: bool, heard: bool = True) -> None:
        policy, row = BY_NAME["fair"], self.rows[promise]
        if abandoned and heard:
            self.let_go[row.number] = self.now
        if row.name == "fair":
            window = window_start(policy, self.now)
            self.served[window] += not abandoned
            self.abandoned[window] += abandoned
            self.unheard[window] += abandoned and not heard

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
        number, queue, spoken = NUMBERS[n % 2], CALLED[n // 2 % 3], n // 6 % 2
        self.serial += 1
        token = f"token-{self.serial}" if spoken else ""
        key = BY_NAME[queue].key
        self.tokens[token] = (number, key)
        stage = "accepted-offer" if spoken else "abandoned"
        contact = f"contact-{self.serial // 2}"  # two losses of one contact, where they are of one number and queue
        self.feed(Lost(number, queue, stage, contact, self.now - n, 60.0, token))
        found = [p for p in self.ledger.promises() if (p.number, p.key) == (number, key) and p.state in OPEN]
        assert len(found) == 1

    def lost_and_stored(self, n: int) -> None:
        self.lost(n)
        self.store_answers_all(n)

    def imported(self, n: int) -> None:
        number = LISTED[n % 8]
        self.serial += 1
        row = Promise(
            f"row-{self.serial}", number, "sales", "imported", S.RECORDED, "", self.now - 50.0 * n, campaign="fair"
        )
        if self.commit(row, taken_is_fine=True):
            self.feed(Restored((row,)))

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

    def store_goes_or_comes(self, n: int) -> None:
        """Or it is said once more; its answers are late, are none, or come all the same."""
        self.away = n % 3 > 0
        self.feed(StoreAway(self.away))

    def commit(self, row: Promise, taken_is_fine: bool = False) -> bool:
        """One open row per number and group, as the index of the real store has it."""
        taken = any(
            other.id != row.id and (other.number, other.key) == (row.number, row.key) and other.state in OPEN
            for other in self.rows.values()
        )
        if taken and row.state in OPEN:
            assert self.trouble or taken_is_fine, "two open rows for one number and group"
            return False
        was = self.rows.get(row.id)
        if was is not None and ending(was) is not None and row.attempts > was.attempts:
            assert row.losses > was.losses, "withdrawn, not lost again, and yet to be dialled"
        self.rows[row.id] = row
        return True

    def agent_picks_up(self, n: int) -> None:
        promise = pick(set(self.held) - set(self.ringing), n)
        if promise in self.online:
            del self.online[promise]
            self.talking[promise] = self.held.pop(promise)
            self.kept.add(promise)
            self.count(promise, abandoned=False)
        if promise:
            self.feed(AgentFound(promise, "anna"))

    def agent_picks_up_and_stored(self, n: int) -> None:
        self.agent_picks_up(n)
        self.store_answers_all(n)

    def agent_is_lost(self, n: int) -> None:
        if promise := pick(self.held, n):
            del self.held[promise]
            if promise in self.online:
                self.joined[promise] = self.online[promise].queue
            if (ringing := self.ringing.pop(promise, None)) is not None:
                self.orphans.append(replace(ringing, until=self.now + 31.0))
            self.feed(NoAgent(promise))

    def customer_answers(self, n: int) -> None:
        if promise := pick(self.ringing, n):
            del self.ringing[promise]
            if promise in self.held:
                self.talking[promise] = self.held.pop(promise)
                self.kept.add(promise)
                self.count(promise, abandoned=False)
            else:
                self.online[promise] = self.rows[promise]
                self.joined[promise] = self.online[promise].queue
            self.feed(CustomerAnswered(promise))

    def no_agent_in_time(self, n: int) -> None:
        """Or the customer does not wait for that, or it is a machine."""
        promise = pick(self.online, n)
        if not promise:
            return
        call_id = self.online.pop(promise).call_id
        self.joined.pop(promise, None)
        self.held.pop(promise, None)
        waited_s = (0.5, 5.0)[n // 4 % 2]
        if n % 4 == 0:
            self.feed(MachineAnswered(promise, call_id))
        elif n % 4 == 1:
            if waited_s > BY_NAME["fair"].agent_within_s:
                self.count(promise, abandoned=True)
            self.feed(CustomerLeft(promise, call_id, waited_s))
        else:
            self.count(promise, abandoned=True)
            self.feed(NotServed(promise, call_id))

    def attempt_fails(self, n: int) -> None:
        if promise := pick(self.ringing, n):
            del self.ringing[promise]
            self.held.pop(promise, None)
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
            self.feed(ReachedAgent(NUMBERS[n // 2 % 2], CALLED[n // 4 % 3]))
        else:
            self.feed(Withdraw(pick({p.id for p in self.ledger.promises()}, n // 2) or "unknown", "by an admin"))

    def admin(self, n: int) -> None:
        if promise := pick({p.id for p in self.ledger.promises()}, n // 2):
            self.feed(RetryNow(promise) if n % 2 else Promote(promise, 60.0 * n))

    def time_passes(self, n: int) -> None:
        seconds = (0.5, 4.0, 6.0, 20.0, 32.0, 70.0, 70.0, 400.0)[n % 8]
        self.pass_time(seconds, answering=n // 8 % 4 > 0)

    def night_passes(self, n: int) -> None:
        live, self.live = self.live, dict.fromkeys(QUEUES, 1)  # who keep agents from being rung all night
        self.tell_capacity()
        self.pass_time(40_000.0, answering=True)
        self.live = live
        self.tell_capacity()

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
        """The first few writes under way still come through; phones go on ringing, agents are free again.

        Customers who have answered and wait stay on the line, or do not.
        """
        for write in list(self.writes)[: n % 4]:
            self.commit(write.promise)
        self.writes.clear()
        self.orphans += self.ringing.values()
        online = self.online if n // 4 % 2 else {}
        for promise in set(self.online) - set(online):
            self.count(promise, abandoned=True, heard=self.rows[promise].state is S.ANSWERED)
        self.start()
        self.feed(Restored(tuple(row for row in self.rows.values() if row.state in OPEN)))
        for promise, row in online.items():
            self.online[promise] = row
            self.joined[promise] = row.queue
            self.feed(CustomerAnswered(promise, waits=True))
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

    def hardly_anybody_is_abandoned(self) -> None:
        for window, abandoned in self.abandoned.items():
            known = abandoned - self.unheard[window]
            assert known <= BY_NAME["fair"].abandon_limit * (known + self.served[window]) + 1e-6

    def nobody_waits_for_an_agent_who_is_free(self) -> None:
        if self.trouble or self.writes or self.shy or self.away:
            return
        due = [p for p in self.ledger.promises() if p.state is S.DUE]
        ringing = {p.number for p in self.ledger.promises() if p.state in ENGAGED} | self.busy
        for queue in QUEUES:
            if self.live[queue] or self.in_flight()[queue] or any(p.queue == queue for p in self.online.values()):
                continue
            spare = self.free(queue) - self.waiting(queue)
            for promise in due:
                held = self.ledger._move.book.get(promise.id).hold_until > self.now  # type: ignore[union-attr]
                shut = self.ledger._move.turns.shut_until(promise, self.now) > self.now  # a trunk that refuses
                if promise.queue == queue and promise.number not in ringing and not held and not shut:
                    assert spare <= BY_NAME[promise.name].reserve or not self.hours.open(self.now), "an agent idles"

    def check(self) -> None:
        self.hardly_anybody_is_abandoned()
        self.nobody_waits_for_an_agent_who_is_free()
        self.what_is_durable_and_open_is_known()
        self.counts_agree_with_the_list()
        self.something_will_happen()

    def finish(self) -> None:
        """Left alone with a store that works and no agents, every promise comes to an end, and its row says which."""
        self.live = dict.fromkeys(QUEUES, 1)
        self.tell_capacity()
        self.store_goes_or_comes(0)
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
