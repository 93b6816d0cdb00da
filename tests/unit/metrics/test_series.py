"""A large centre leaves few series: agents, contacts and reasons in free text are no labels."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from softswitch.acd.calibration import Calibrated
from softswitch.acd.estimate import Interval
from softswitch.acd.model import AgentState, AgentStateChanged, QueueJoined, QueueLeft
from softswitch.acd.statistics import Intervals, Promise, QueueFigures, Statistics
from softswitch.call.record import CallRecord
from softswitch.callback.model import Promise as Callback
from softswitch.callback.model import PromiseChanged, PromiseState
from softswitch.contact.event import ContactConnected, ContactDisconnected, ContactFinished, ContactStarted
from softswitch.core.effect import DomainEvent
from softswitch.metrics import Metrics
from softswitch.switch.view import AgentView, QueueView, TrunkView
from tests.bench.day import day
from tests.support.fake_control import FakeControl

AGENTS, CONTACTS, QUEUES = 10_000, 50_000, 20
S = AgentState


class Centre(FakeControl):
    def agents(self) -> list[AgentView]:
        return [
            AgentView(f"agent{number}", f"{number}", "paused", f"reason {number}", True, 1.0, "", {"orders": 5})
            for number in range(AGENTS)
        ]

    def queues(self) -> list[QueueView]:
        return [QueueView(f"queue{number}", 5, 10.0, 3, 9, 2) for number in range(QUEUES)]


def series(metrics: Metrics) -> list[str]:
    return [line for line in metrics.render().decode().splitlines() if not line.startswith("#")]


def test_a_day_of_fifty_thousand_contacts_and_ten_thousand_agents_leaves_few_series() -> None:
    metrics, statistics = Metrics(), Statistics({f"queue{number}": Promise() for number in range(QUEUES)})

    def tell(event: DomainEvent, at: float) -> None:
        metrics.observe(event, at)
        statistics.observe(event, at)

    for number in range(AGENTS):
        tell(AgentStateChanged(f"agent{number}", S.LOGGED_OUT, S.READY, "", None), 0.0)
        tell(AgentStateChanged(f"agent{number}", S.READY, S.PAUSED, f"reason {number}", None), 1.0)
    ways = ("answered", "answered", "answered", "abandoned", "timeout", "callback", "moved", "overflow")
    for number in range(CONTACTS):
        for event in visit(number, ways[number // QUEUES % len(ways)]):
            tell(event, 2.0 + number / 100)
    metrics.sample(Centre(counted=Intervals(dict(statistics.queues), dict(statistics.agents))))
    found = series(metrics)
    assert len(found) < 2000
    assert not [line for line in found if "agent4" in line or "contact4" in line or "reason" in line.split("{")[-1]]
    answered = 'softswitch_queue_left_total{kind="call",queue="queue1",why="answered"}'
    assert any(line.startswith(answered) for line in found)


def visit(number: int, why: str) -> list[DomainEvent]:
    contact, queue, agent = f"contact{number}", f"queue{number % QUEUES}", f"agent{number % AGENTS}"
    caller = f"+86138{number:08}"
    answered = why == "answered"
    talk: list[DomainEvent] = [
        AgentStateChanged(agent, S.READY, S.RESERVED, "", contact),
        AgentStateChanged(agent, S.RESERVED, S.TALKING, "", contact),
        ContactConnected(contact, agent, 5.0),
        ContactDisconnected(contact, "inbound", agent, 60.0, "agent"),
    ]
    promise = Callback(contact, caller, queue, "abandoned", PromiseState.RECORDED, contact, 0.0)
    record = CallRecord(
        contact, "inbound", caller, "8000", "carrier", "shop", queue, agent if answered else "", 0.0, 1.0, 2.0, 3.0,
        why, "caller", "", "",
    )  # fmt: skip
    return [
        ContactStarted(contact, "inbound", caller, "8000", "carrier"),
        QueueJoined(contact, queue, number % 40, "call"),
        QueueLeft(contact, queue, why, float(number % 1800), "call", agent if answered else None),
        *(talk if answered else [PromiseChanged(promise, None)]),
        ContactFinished(record),
    ]


def test_a_simulated_day_with_its_decisions_leaves_few_series() -> None:
    metrics = Metrics()
    found = day(2000, count=30, listen=metrics.observe)
    assert found.outcome.happened > 15_000
    lines = series(metrics)
    assert len(lines) < 1000
    assert any('softswitch_routing_decisions_total{queue="orders",result="offered"}' in line for line in lines)


def test_more_queues_than_there_is_room_for_end_as_other() -> None:
    metrics = Metrics()
    for number in range(1000):
        metrics.observe(QueueJoined("c", f"queue{number}", 1, "call"), 0.0)
    lines = [line for line in series(metrics) if line.startswith("softswitch_queue_joined_total{")]
    assert len(lines) == 201
    assert 'softswitch_queue_joined_total{kind="call",queue="other"} 800.0' in lines


class Thousand(FakeControl):
    """A thousand queues and trunks, and every number of each."""

    def queues(self) -> list[QueueView]:
        told, came_true = Interval(1.0, 2.0, 3.0), Calibrated({"inside": 8, "above": 2}, 0.8, 1.0)
        return [QueueView(f"queue{number}", 5, 10.0, 3, 9, 2, told, came_true) for number in range(1000)]

    def trunks(self) -> list[TrunkView]:
        return [TrunkView(f"trunk{number}", "", True, "", [], [], {}, 0.0, 3, 30, "", True) for number in range(1000)]


def test_gauges_of_a_thousand_queues_are_those_of_the_same_two_hundred() -> None:
    metrics = Metrics()
    counted = {(0.0, f"queue{number}"): QueueFigures(answered=1, waited_answered_s=7.0) for number in range(1000)}
    metrics.sample(Thousand(counted=Intervals(counted)))
    found = series(metrics)
    named: dict[str, set[str]] = defaultdict(set)  # by metric, the queues or trunks that are its labels
    for line in found:
        if match := re.match(r'(softswitch_\w+)\{.*?\b(?:queue|trunk)="(\w+)"', line):
            named[match[1]].add(match[2])
    outcomes = named.pop("softswitch_queue_expected_waits_total")
    assert len(outcomes) == 201
    assert 'softswitch_queue_expected_waits_total{outcome="inside",queue="other"} 6400.0' in found
    assert named.pop("softswitch_promises_open") == {"other"}, "of a queue that has no label of its own"
    assert len(named) == 16
    for name, values in named.items():
        what = "trunk" if "trunk" in name else "queue"
        assert values == {f"{what}{number}" for number in range(200)}, name


def test_asa_aht_rona_and_transfers_are_those_of_reports() -> None:
    figures = QueueFigures(
        answered=4, waited_answered_s=10.0, talk_s=380.0, hold_s=8.0, wrap_up_s=12.0, missed=3, transfers=2
    )
    metrics = Metrics()
    metrics.sample(FakeControl(counted=Intervals({(0.0, "orders"): figures, (900.0, "quiet"): QueueFigures()})))
    found = dict(line.rsplit(" ", 1) for line in series(metrics))
    told = figures.told()
    for key, name in (
        ("asa_s", "speed_of_answer_seconds"), ("aht_s", "handling_seconds"), ("missed", "missed"),
        ("transfers", "transfers"),
    ):  # fmt: skip
        assert float(found[f'softswitch_queue_{name}{{queue="orders"}}']) == pytest.approx(told[key])
    assert 'softswitch_queue_speed_of_answer_seconds{queue="quiet"}' not in found
