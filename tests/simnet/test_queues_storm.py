"""The storm of agents, with all that a queue can do: keys out of the line, places kept, overflow, preference, reserve,
shares, relaxation, what is told before the two talk.

Besides what holds of agents: ``queue_log`` has each stay in a queue and each talk from its beginning to its end, and
what was counted of queues and of agents adds up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from softswitch.acd.model import (
    AgentState,
    Condition,
    Need,
    QueueSpec,
    Relaxation,
    Reserve,
    Strategy,
    WrapUp,
    WrapUpMode,
)
from softswitch.acd.statistics import AgentFigures, QueueFigures
from softswitch.contact.overflow import Way
from softswitch.contact.queue_log import QueueLog, Serving
from softswitch.contact.treatment import Sound, Treatment
from softswitch.core.effect import DomainEvent
from softswitch.switch.staff import StaffChanges
from tests.simnet.house import PLAN, plans
from tests.simnet.test_agents_storm import SLOTS, Storm
from tests.simnet.test_park import TAKE
from tests.simnet.world import Weather

KEYED = PLAN.replace(
    "after: 20s, key: 1}", "after: 20s, key: 1}, exit: {key: 0, to: menu}, prefer: {agent: bob, for: 9s}"
)
KEYED = KEYED.replace("{name: service,", "{name: service, exit: {key: 0, to: menu}, priority: 30s,")
SERVICE = (Relaxation(7.0, (Need("service", 3),)),)
TREATMENT = Treatment(6.0, gap_s=2.0, position=True, wait=True, resume_s=30.0, answered=Sound(texts={"": "Hello."}))
OVERFLOW = {
    "orders": {"timeout": Way(queue="service"), "full": Way(queue="service"), "no agents": Way(queue="service")},
    "service": {"timeout": Way(voicemail=True), "full": Way(queue="orders")},
}
BEGINS = {"ENTERQUEUE": ("out", "waits"), "CONNECT": ("waits", "talks")}
ENDS = {verb: ("waits", "out") for verb in ("ABANDON", "EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY")}
ENDS |= {verb: ("talks", "out") for verb in ("COMPLETECALLER", "COMPLETEAGENT", "BLINDTRANSFER", "ATTENDEDTRANSFER")}


def queues(strategy: Strategy, shared: bool) -> tuple[QueueSpec, ...]:
    share = 0.5 if shared else None
    return (
        QueueSpec(
            "orders", (Need("orders", 3),), ring_timeout_s=6.0, wrap_up=WrapUp(WrapUpMode.OPTIONAL, 3.0, 8.0),
            max_waiting=3, max_wait_s=25.0, reserve=Reserve(1, 20.0), share=share, strategy=strategy,
            leave_if=frozenset({Condition.NO_AGENTS}),
        ),
        QueueSpec(
            "service", (Need("service", 6),), SERVICE, ring_timeout_s=6.0, max_wait_s=18.0, max_waiting=2, share=share,
            wrap_up=WrapUp(WrapUpMode.UNTIL_DONE, 3.0, 8.0),
        ),
    )  # fmt: skip


class QueuesStorm(Storm):
    def __init__(self, seed: int, crashes: bool, strategy: Strategy) -> None:
        self.log: list[str] = []
        self.queues = queues(strategy, shared=seed % 2 == 0)
        super().__init__(seed, Weather(), crashes, strategy)
        more: tuple[Callable[[], None], ...] = (self.customer, self.customer, self.key, self.key, self.awake)
        self.deeds += more

    def configured(self, strategy: Strategy) -> dict[str, Any]:
        names = frozenset({"orders", "service"})
        return {
            "queues": self.queues, "plans": plans(KEYED) | plans(SLOTS) | plans(TAKE), "overflow": OVERFLOW,
            "treatments": dict.fromkeys(names, TREATMENT), "told": names,
        }  # fmt: skip

    def begin(self) -> None:
        super().begin()
        switch = self.world.switch
        log = QueueLog(Serving(lambda: (switch.configuration.agents, switch.configuration.queues)))

        def hear(event: DomainEvent, unix: float) -> None:
            self.log += log.lines(event, unix)

        switch.listen(hear)

    def customer(self) -> None:
        carrier = self.house.carrier
        own, carrier.user = carrier.user, self.random.choice(("13800138000", "13800138001", "13800138002"))
        super().customer()
        carrier.user = own

    def key(self) -> None:
        if found := self.one("talking"):
            self.presses(*found, self.random.choice("1200569#"), 0.0)

    def awake(self) -> None:
        for phone in self.phones:
            phone.answer_after, phone.reject = 0.3, 0

    def reload(self) -> None:
        """Queues come and go, too."""
        super().reload()
        kept = self.random.choice((self.queues, self.queues, self.queues[:1], self.queues[1:]))
        self.world.configuration = replace(self.world.configuration, queues=kept)
        switch = self.world.switch
        switch.staff.exchange(replace(switch.configuration, queues=kept), StaffChanges())

    def end(self) -> None:
        switch = self.world.switch
        self.world.configuration = replace(self.world.configuration, queues=self.queues)
        switch.staff.exchange(replace(switch.configuration, queues=self.queues), StaffChanges())
        super().end()

    def unpaired(self) -> list[str]:
        """Lines of the log that do not follow from those before."""
        wrong, where = [], dict[str, str]()
        for one in self.log:
            _, contact, _, _, verb, *_ = one.split("|")
            before, after = (BEGINS | ENDS).get(verb, ("", ""))
            if before and where.get(contact, "out") != before:
                wrong.append(one)
            where[contact] = after or where.get(contact, "out")
        return [*wrong, *(contact for contact, place in where.items() if place != "out")]


@pytest.mark.parametrize(
    ("seed", "strategy"),
    [(26, Strategy.LONGEST_IDLE), (7, Strategy.RING_ALL), (23, Strategy.ROUND_ROBIN), (14, Strategy.BEST_FIT)],
)
def test_every_stay_and_talk_is_logged_to_its_end_and_the_figures_add_up(seed: int, strategy: Strategy) -> None:
    storm = QueuesStorm(seed, False, strategy)
    storm.rage()
    assert storm.unpaired() == []
    queue, agent = QueueFigures(), AgentFigures()
    counted = storm.world.switch.control.statistics(of_agents=True).intervals
    for figures in counted.queues.values():
        queue.add(figures)
    for spent in counted.agents.values():
        agent.add(spent)
    assert queue.offered == queue.answered + queue.abandoned + queue.elsewhere
    assert agent.answered == queue.answered + queue.callbacks
    assert agent.seconds[AgentState.TALKING] == pytest.approx(queue.talk_s + queue.hold_s)
    assert agent.seconds[AgentState.WRAP_UP] == pytest.approx(queue.wrap_up_s)


@pytest.mark.parametrize("seed", [484, 503])
def test_over_crashes_and_changes_of_queues_nobody_sticks(seed: int) -> None:
    storm = QueuesStorm(seed, True, Strategy.LONGEST_IDLE)
    storm.rage()
