"""``queues.yaml``: who may answer, how long callers wait, and what happens to those who were lost."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from softswitch.acd.model import QueueSpec, Strategy
from softswitch.acd.statistics import Promise
from softswitch.settings.behind import Pin
from softswitch.settings.callback import Callback
from softswitch.settings.expected import Expected
from softswitch.settings.kind import Name, PositiveSeconds, Seconds, Strict
from softswitch.settings.overflow import Conditions, Overflow, above_s, conditions
from softswitch.settings.routing import LastAgent, RelaxSteps, ReserveSettings, WrittenNeeds, read
from softswitch.settings.treatment import Announce, SoundSettings
from softswitch.settings.wrap_up import WrapUpRule, WrapUpSettings


class ServiceLevel(Strict):
    """What the queue is measured by."""

    target: PositiveSeconds = 20.0  # who is answered within that, is answered in time


class Queue(Strict):
    needs: WrittenNeeds = ()
    relax: RelaxSteps = ()
    strategy: Strategy = Strategy.LONGEST_IDLE  # who of those who suit and are free
    priority: Seconds = 0.0  # added to the age of each contact
    reserve: ReserveSettings | None = None  # free agents who are kept for important callers
    last_agent: LastAgent | None = None  # who served the caller last is asked first; None: nobody is
    share: float | None = Field(default=None, gt=0, le=1)  # of all who wait in queues that have one
    ring_timeout: PositiveSeconds = 20.0
    wrap_up: WrapUpRule = WrapUpSettings()
    retry_no_answer: Seconds = 5.0  # an agent who missed an offer gets no other one for so long
    retry_busy: Seconds = 10.0  # the same for one whose phone was busy
    retry_rejected: Seconds = 10.0  # who declined it
    retry_unreachable: Seconds = 10.0  # whose phone could not be reached, unless it is heard of before
    max_waiting: int = Field(default=100, ge=0)
    max_wait: PositiveSeconds = 1800.0
    join_unless: Conditions = ()  # nobody may join while one of these holds
    leave_if: Conditions = ()  # who waits when one of these comes to hold has to leave
    overflow: Overflow = Overflow()  # where they go instead
    max_misses: int = Field(default=2, ge=1)
    service_level: ServiceLevel = ServiceLevel()
    expected: Expected = Expected()  # of the expected wait, until enough has been seen
    short_abandon: Annotated[Seconds, Field(le=300.0)] = 0.0  # who gives up before that is in no statistics
    announce: Announce = Announce()
    tell_agent: bool = False  # from which queue the caller comes and how long he has waited, before the two talk
    tell_caller: SoundSettings | None = None  # that he is connected now, before the two talk
    resume: Seconds = 0.0  # who hangs up while he waits and calls again within that has his old place; 0: nobody
    music: Name = "default"  # what is heard on hold: a directory of paths.hold
    record: bool = True
    pin: Pin | None = Field(default=None, repr=False)  # of its mailbox; none: it cannot be opened by phone
    callback: Callback | None = None  # without it, who is lost in this queue is not called back

    def spec(self, queue: str) -> QueueSpec:
        return QueueSpec(
            name=queue,
            needs=read(self.needs),
            relaxations=tuple(step.step() for step in self.relax),
            strategy=self.strategy,
            priority_s=self.priority,
            reserve=self.reserve.reserve() if self.reserve else None,
            share=self.share,
            ring_timeout_s=self.ring_timeout,
            wrap_up=self.wrap_up.rule(),
            retry_no_answer_s=self.retry_no_answer,
            retry_busy_s=self.retry_busy,
            retry_rejected_s=self.retry_rejected,
            retry_unreachable_s=self.retry_unreachable,
            max_waiting=self.max_waiting,
            max_wait_s=self.max_wait,
            max_misses=self.max_misses,
            join_unless=conditions(self.join_unless),
            leave_if=conditions(self.leave_if),
            expected_above_s=above_s(self.join_unless),
            leave_above_s=above_s(self.leave_if),
            handling_s=self.expected.handling,
            patience_s=self.expected.patience,
        )

    def promise(self) -> Promise:
        """What its statistics are held against."""
        return Promise(self.service_level.target, self.short_abandon)
