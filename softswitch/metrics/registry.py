"""The registry: counters that facts raise as they happen, gauges that are read when somebody scrapes.

A label that grows all the same (a peer can make up anything) ends as ``other`` in counters. Gauges leave out what has
no label of its own: those of several queues are no number of anything.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from softswitch import __version__
from softswitch.acd.audit import Repair
from softswitch.acd.model import AgentState, QueueLeft
from softswitch.acd.statistics import Intervals, QueueFigures
from softswitch.callback.model import PromiseChanged, PromiseState
from softswitch.contact.event import ContactDisconnected
from softswitch.core.effect import DomainEvent
from softswitch.media.pool import ProcessView
from softswitch.metrics.expected import ExpectedWaits
from softswitch.metrics.fact import COUNTERS, Count, counted
from softswitch.metrics.histogram import Histogram
from softswitch.metrics.promises import PromiseMetrics
from softswitch.metrics.quality import Quality
from softswitch.store.promises import Lying
from softswitch.switch.event import CallShed, HttpAnswered, MessageDropped, StreamMeasured
from softswitch.switch.view import Control

T = TypeVar("T")
_LABEL_VALUES = 200  # per label; what comes later is "other"
_WAIT_S = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0)
_TALK_S = (5.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0)
_HTTP_S = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody asks for
_OF_QUEUES = (  # as ``QueueFigures`` calls it, and as it is called here
    ("asa_s", "speed_of_answer_seconds", "Mean wait of those answered (ASA)"),
    ("aht_s", "handling_seconds", "Mean talk, hold and wrap-up of a contact (AHT)"),
    ("missed", "missed", "Rings that no agent picked up (RONA)"),
    ("transfers", "transfers", "Contacts that agents have sent elsewhere"),
)
_WAITS_OF = ("answered", "abandoned")
_MANY = (MessageDropped, CallShed)  # one fact for as many as there were since the last
_LABELS = {name: labels for name, _, labels in COUNTERS}


class Metrics:
    """One registry of our own, so that several switches can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counts = _FactCounts(self.registry).counts
        self._wait = self._histogram("queue_wait", "Waiting time when a caller leaves a queue", _WAIT_S, "queue", "why")
        self._talk = self._histogram("talk", "Conversation of two people", _TALK_S, "kind")
        self._http = self._histogram("http_step", "Wait of callers for what http steps ask", _HTTP_S)
        for word in Repair:
            self._counts["acd_repairs", word.value] = 0  # there from the start, so that 0 can be seen
        self._quality = Quality(self.registry)
        self._agents = self._gauge("agents", "Agents by state", "state")
        self._audited = self._gauge("acd_audited_timestamp_seconds", "End of the ACD's last audit, Unix s; 0: none yet")
        self._reachable = self._gauge("agents_reachable", "Agents whose phone can be reached")
        self._calls = self._gauge("calls", "Contacts now, by what happens to them", "state")
        self._promises = self._gauge("promises", "Promises by state, the closed ones since the start", "state")
        self._former = self._gauge("calls_on_former_dialplans", "Calls that go on by a version from before a reload")
        self._bans = self._gauge("sip_banned_sources", "Sources that are not heard")
        self._pressure = self._gauge("overload_pressure", "0..1: how much of what can be left undone is left undone")
        self._drains = self._gauge(
            "draining", "1 where no new calls are taken, and the process ends when nobody is left"
        )
        self._registrations = self._gauge("registrations", "Phones registered")
        self._trunk_up = self._gauge("trunk_up", "1 where the trunk is fit for calls", "trunk")
        self._trunk_calls = self._gauge("trunk_calls", "Calls that the trunk carries", "trunk")
        self._trunk_alone = self._gauge("trunk_left_alone", "1 where callbacks leave the trunk alone", "trunk")
        self._waiting = self._gauge("queue_waiting", "Callers waiting", "queue")
        self._longest = self._gauge("queue_longest_wait_seconds", "Wait of the first in the queue", "queue")
        self._ready_agents = self._gauge("queue_agents_ready", "Agents who could answer at once", "queue")
        self._staffed = self._gauge("queue_agents_logged_in", "Agents logged in who serve the queue", "queue")
        self._open = self._gauge("queue_promises_open", "Open promises", "queue")
        self._waits = ExpectedWaits(self.registry)
        self._levels = self._gauge(
            "queue_service_level", "In this quarter of an hour and the last, by each formula", "queue", "formula"
        )
        self._of_queues = {
            key: self._gauge(f"queue_{name}", f"{text}, in this quarter of an hour and the last", "queue")
            for key, name, text in _OF_QUEUES
        }
        self._subscriptions = self._gauge("subscriptions", "Lamps and the like that are told of changes", "package")
        self._webhooks = self._gauge("webhooks_waiting", "Events for web services that wait, or were given up", "state")
        self._decisions = self._gauge("decision_memory_bytes", "What is kept in memory of routing decisions")
        self._lost = self._gauge("lost", "Dropped since the start for want of room or disk", "what")
        self._ready = self._gauge("ready", "1 where the part is fit for work", "part")
        self._gauge("build_info", "Always 1", "version").labels(__version__).set(1)
        self._media = _MediaNumbers(self.registry)
        self._connected = self._gauge("media_process_connected", "1 where this media process answers", "process")
        self._draining = self._gauge("media_process_draining", "1 where it gets no new calls", "process")
        self._streams = self._gauge("media_process_streams", "Streams in this media process", "process")
        self._late = self._gauge("media_process_tick_late_p99_us", "How late its ticks begin", "process")
        self._messages = _SipMessages(self.registry)
        self._seen: dict[str, set[str]] = defaultdict(set)
        self._callbacks = PromiseMetrics(self.registry, self._bounded)
        self._measures: dict[type[DomainEvent], Callable[[Any, float], None]] = {
            QueueLeft: self._waited,
            PromiseChanged: self._callbacks.observe,
            StreamMeasured: lambda event, _: self._quality.observe(event.quality),
            HttpAnswered: lambda event, _: self._http.observe(event.seconds),
            ContactDisconnected: self._talked,
        }
        ProcessCollector(registry=self.registry)

    def observe(self, event: DomainEvent, at: float) -> None:
        """Count one fact of the moment ``at`` (Unix s); facts that have no number are passed over."""
        times = event.count if isinstance(event, _MANY) else 1
        for count in counted(event):
            self._count(count, times)
        measure = self._measures.get(type(event))
        if measure is not None:
            measure(event, at)

    def _waited(self, event: QueueLeft, _at: float) -> None:
        if event.kind != "call":  # a callback waits from the loss, or the import: ``promise_wait_seconds`` has it
            return
        left = event.why if event.why in _WAITS_OF else "other"  # nineteen series each; their counts are in queue_left
        self._wait.observe(event.waited_s, self._bounded("queue", event.queue), left)

    def _talked(self, event: ContactDisconnected, _at: float) -> None:
        self._talk.observe(event.talked_s, self._bounded("kind", event.kind))

    def sample(self, control: Control) -> None:
        """Set the gauges from the running switch, and the counters that it keeps itself."""
        self._messages.counts = control.messages()
        agents, desk = control.agents(), control.promise_desk()
        _set(self._agents, Tally(agent.state for agent in agents), (state.value for state in AgentState))
        _set(
            self._promises,
            Tally(promise.state.value for promise in desk.promises()),
            (state.value for state in PromiseState),
        )
        _set(self._calls, Tally(call.state for call in control.calls()))
        self._former.set(sum(sum(plan.former.values()) for plan in control.dialplans()))
        _set(self._lost, control.losses())
        self._decisions.set(control.decision_octets())
        _set(self._webhooks, Tally(webhook.state for webhook in control.webhooks()), ("waiting", "dead"))
        _set(self._subscriptions, control.subscriptions())
        _set(self._ready, {part: int(fit) for part, fit in control.ready().items()})
        self._audited.set(control.audited_at())
        self._reachable.set(sum(agent.reachable for agent in agents))
        self._bans.set(len(control.bans()))
        self._pressure.set(control.pressure())
        self._drains.set(control.draining().draining)
        self._registrations.set(len(control.registrations()))
        trunks = self._own("trunk", {trunk.trunk: trunk for trunk in control.trunks()})
        _set(self._trunk_up, {name: int(trunk.up) for name, trunk in trunks.items()})
        _set(self._trunk_calls, {name: trunk.calls for name, trunk in trunks.items()})
        _set(self._trunk_alone, {name: int(trunk.left_alone) for name, trunk in trunks.items()})
        every_queue = control.queues()
        queues = self._own("queue", {queue.queue: queue for queue in every_queue})
        _set(self._waiting, {name: queue.waiting for name, queue in queues.items()})
        _set(self._longest, {name: queue.longest_wait_s for name, queue in queues.items()})
        _set(self._ready_agents, {name: queue.agents_ready for name, queue in queues.items()})
        _set(self._staffed, {name: queue.agents_logged_in for name, queue in queues.items()})
        _set(self._open, {name: queue.promises_open for name, queue in queues.items()})
        self._callbacks.sample(desk, queues)
        self._waits.queues = queues
        self._waits.others = [queue for queue in every_queue if queue.queue not in queues]
        self._figures(control.statistics(of_agents=False).intervals)

    def elsewhere(self, lying: Sequence[Lying] | None, at: float) -> None:
        """Take over how many open promises this node does not lead, at ``at`` (Unix s); None: nobody knows."""
        self._callbacks.elsewhere(lying, at)

    def _figures(self, counted: Intervals) -> None:
        """As reports have them. Where nobody was answered and nobody gave up, there is no service level and no mean."""
        figures: dict[str, QueueFigures] = defaultdict(QueueFigures)
        for (_, queue), one in counted.queues.items():
            figures[queue].add(one)
        for gauge in (self._levels, *self._of_queues.values()):
            gauge.clear()
        for label, whole in self._own("queue", figures).items():
            for formula, level in whole.service_levels().items():
                if level is not None:
                    self._levels.labels(label, formula).set(level)
            told = whole.told()
            for key, gauge in self._of_queues.items():
                if told[key] is not None:
                    gauge.labels(label).set(told[key])

    def media(
        self,
        counters: Mapping[str, float],
        gauges: Mapping[str, float] | None = None,
        processes: Sequence[ProcessView] = (),
    ) -> None:
        """Take over the media plane's own: ``softswitch_media_NAME_total``, and ``softswitch_media_NAME``."""
        self._media.counters, self._media.gauges = dict(counters), dict(gauges or {})
        _set(self._connected, {str(one.process): int(one.connected) for one in processes})
        _set(self._draining, {str(one.process): int(one.draining) for one in processes})
        _set(self._streams, {str(one.process): one.streams for one in processes})
        _set(self._late, {str(one.process): one.tick_late_p99_us for one in processes})

    def render(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"softswitch_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, bounds: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(self.registry, f"softswitch_{name}_seconds", text, bounds, *labels)

    def _count(self, count: Count, times: int) -> None:
        if count not in self._counts:
            name, *values = count
            labels = zip(_LABELS[name], values, strict=True)
            count = name, *(self._bounded(label, value) for label, value in labels)
        self._counts[count] += times

    def _bounded(self, label: str, value: str) -> str:
        seen = self._seen[label]
        if value in seen:
            return value
        if len(seen) >= _LABEL_VALUES:
            return "other"
        seen.add(value)
        return value

    def _own(self, label: str, found: Mapping[str, T]) -> dict[str, T]:
        """Those that have a label of their own."""
        return {value: one for value, one in found.items() if self._bounded(label, value) == value}


def _set(gauge: Gauge, values: Mapping[str, float], always: Iterable[str] = ()) -> None:
    """Exactly these label values, and 0 for those that must always be there."""
    gauge.clear()
    for label in always:
        gauge.labels(label).set(0)
    for label, value in values.items():
        gauge.labels(label).set(value)


class _FactCounts(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self.counts: Tally[Count] = Tally({(name,): 0 for name, _, labels in COUNTERS if not labels})
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        families = {
            name: CounterMetricFamily(f"softswitch_{name}", text, labels=labels) for name, text, labels in COUNTERS
        }
        for (name, *values), count in self.counts.items():
            families[name].add_metric(values, count)
        return families.values()


class _SipMessages(Collector):
    """``counts``: "received" and "sent", each by transport, method and class."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.counts: Mapping[str, Mapping[tuple[str, str, str], int]] = {}
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        for way, text in (("received", "SIP messages that arrived"), ("sent", "SIP messages put on the wire")):
            family = CounterMetricFamily(
                f"softswitch_sip_messages_{way}", text, labels=("transport", "method", "class")
            )
            for labels, count in self.counts.get(way, {}).items():
                family.add_metric(labels, count)
            yield family


class _MediaNumbers(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self.counters: Mapping[str, float] = {}
        self.gauges: Mapping[str, float] = {}
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        for name, text, value in _named(self.counters):
            yield CounterMetricFamily(name, text, value=value)
        for name, text, value in _named(self.gauges):
            yield GaugeMetricFamily(name, text, value=value)


def _named(values: Mapping[str, float]) -> Iterable[tuple[str, str, float]]:
    for name, value in sorted(values.items()):
        if re.fullmatch(r"[a-z][a-z0-9_]*", name):
            yield f"softswitch_media_{name}", f"Media plane: {name.replace('_', ' ')}", value
