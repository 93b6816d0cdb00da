"""Losses over queues whose groups a reload changes, and numbers that come onto the do-not-call list, in any order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from softswitch.callback.ending import ending
from softswitch.callback.model import (
    OPEN,
    AgentFound,
    AttemptFailed,
    Barred,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    DoNotCall,
    Persist,
    Policies,
    PromiseState,
    SeekAgent,
)
from softswitch.core.effect import Effect
from tests.unit.callback.desk import SALES, Desk

QUEUES = ("sales", "orders", "service")
NUMBERS = tuple(f"1380013800{digit}" for digit in range(2))
STAGES = ("abandoned", "queue-full", "accepted-offer")
IN_FLIGHT = (PromiseState.DIALLING, PromiseState.UNCERTAIN, PromiseState.ANSWERED)


class Groups(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.groups = dict.fromkeys(QUEUES, "")
        self.desk = Desk(*self.policies())
        self.barred: set[str] = set()
        self.filed: set[str] = set()

    def policies(self) -> list[object]:
        return [replace(SALES, queue=name, group=group, repeat_priority_s=5.0) for name, group in self.groups.items()]

    def feed(self, event: object) -> None:
        self.watch(self.desk.feed(event))
        while any(isinstance(effect, Persist) for effect in self.desk.last):
            self.watch(self.desk.acknowledge())

    def watch(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, SeekAgent | DialCustomer):
                assert effect.promise.number not in self.barred | self.filed
            if isinstance(effect, DialCustomer):
                assert effect.promise.queue == self.desk.ledger.glance.promise(effect.promise.id).queue

    @rule(number=st.sampled_from(NUMBERS), queue=st.sampled_from(QUEUES), stage=st.sampled_from(STAGES))
    def lose(self, number: str, queue: str, stage: str) -> None:
        self.watch(self.desk.lose(number, queue, stage))
        self.watch(self.desk.acknowledge())

    @rule(queue=st.sampled_from(QUEUES), group=st.sampled_from(("", "one")))
    def reload(self, queue: str, group: str) -> None:
        self.groups[queue] = group
        self.feed(Policies(tuple(self.policies())))

    @rule(queue=st.sampled_from(QUEUES))
    def take_out(self, queue: str) -> None:
        self.groups.pop(queue, None)
        if not self.groups:
            self.groups = dict.fromkeys(QUEUES, "")
        self.feed(Policies(tuple(self.policies())))

    @rule(number=st.sampled_from(NUMBERS), listed=st.booleans())
    def list(self, number: str, listed: bool) -> None:
        e164 = (f"+86{number}",)
        (self.barred.update if listed else self.barred.difference_update)(e164)
        self.feed(DoNotCall(add=e164) if listed else DoNotCall(remove=e164))

    @rule(numbers=st.sets(st.sampled_from(NUMBERS)))
    def file(self, numbers: set[str]) -> None:
        self.filed = {f"+86{number}" for number in numbers}
        self.feed(Barred(frozenset(self.filed)))

    @rule(queue=st.sampled_from(QUEUES), free=st.integers(0, 2))
    def capacity(self, queue: str, free: int) -> None:
        self.feed(Capacity(queue, free, 0))

    @rule(answers=st.booleans(), data=st.data())
    def attempt(self, answers: bool, data: st.DataObject) -> None:
        """An agent is there for somebody, and the customer answers or is busy."""
        seeking = [one for one in self.desk.ledger.promises() if one.state is PromiseState.SEEKING]
        dialling = [one for one in self.desk.ledger.promises() if one.state is PromiseState.DIALLING]
        if seeking:
            self.feed(AgentFound(data.draw(st.sampled_from(seeking)).id, "anna"))
        elif dialling:
            promise = data.draw(st.sampled_from(dialling))
            self.feed(CustomerAnswered(promise.id) if answers else AttemptFailed(promise.id, 486))

    @rule(seconds=st.sampled_from((1.0, 400.0)))
    def wait(self, seconds: float) -> None:
        self.watch(self.desk.wait(seconds))
        self.watch(self.desk.acknowledge())

    @invariant()
    def one_promise_per_customer_and_group(self) -> None:
        waiting = [
            one
            for one in self.desk.ledger.promises()
            if one.state in OPEN and not (one.state in IN_FLIGHT and ending(one) is not None)
        ]
        # A queue that has no callbacks any more is in no group of now; its promises go by the one they were made in.
        current = Counter(
            (one.number, self.groups[one.queue] or one.queue) for one in waiting if one.queue in self.groups
        )
        assert not [key for key, count in current.items() if count > 1]
        stored = Counter((one.number, one.key) for one in self.desk.ledger.promises() if one.state in OPEN)
        assert not [key for key, count in stored.items() if count > 1], "the store takes one open row for each"

    @invariant()
    def what_is_counted_is_there(self) -> None:
        opened = Counter(one.queue for one in self.desk.ledger.promises() if one.state in OPEN)
        assert all(self.desk.ledger.open_count(queue) == opened[queue] for queue in QUEUES)

    @invariant()
    def nobody_who_is_listed_waits(self) -> None:
        for one in self.desk.ledger.promises():
            if one.number in self.barred | self.filed and one.state in OPEN:
                assert one.state in IN_FLIGHT and ending(one) is not None


Groups.TestCase.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
TestGroups = Groups.TestCase
