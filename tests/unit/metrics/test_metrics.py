"""Each fact raises the counters that docs/metrics.md promises, and labels stay few."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from softswitch.acd.audit import Repair, Repaired
from softswitch.acd.candidates import Candidates
from softswitch.acd.decision import Decided, Record
from softswitch.acd.model import AgentState, AgentStateChanged, QueueJoined, QueueLeft, Strategy
from softswitch.acd.roster import Roster
from softswitch.acd.statistics import QueueFigures
from softswitch.call.record import CallRecord
from softswitch.callback.model import LossNotRecorded, Promise, PromiseChanged, PromiseState
from softswitch.contact.event import (
    ContactConnected,
    ContactDisconnected,
    ContactFinished,
    ContactStarted,
    RecordingStarted,
    TransferEnded,
)
from softswitch.contact.mailbox import VoicemailLeft
from softswitch.core.effect import DomainEvent
from softswitch.ivr.model import StepEntered, StepFailed
from softswitch.media.allot import Ports
from softswitch.media.client import MediaClient
from softswitch.media.engine import EngineSettings
from softswitch.media.pool import ProcessView
from softswitch.media.process import Process
from softswitch.metrics import Metrics
from softswitch.rtp.quality import Quality
from softswitch.sip.registrar import Binding, Registered, Unregistered
from softswitch.sip.registration import TrunkNotRegistered, TrunkRegistered
from softswitch.sip.subscription import SubscriptionEnded
from softswitch.switch.event import (
    AuthenticationFailed,
    MediaRestarted,
    MessageDropped,
    RecordingFailed,
    Reloaded,
    ReloadRefused,
    StreamMeasured,
    StreamNoted,
    UnitFailed,
)
from softswitch.switch.texts import TextEnded
from softswitch.switch.trunk_line import TrunkDown, TrunkUp
from tests.support.fake_control import FLOW, FakeControl

DOCS = Path(__file__).parents[3] / "docs/metrics.md"
RECORD = CallRecord(
    "c-1", "inbound", "1", "8000", "", "p", "orders", "alice", 1.0, 2.0, 3.0, 63.0, "answered", "caller", "", ""
)
UNDECIDED = Record(Candidates(Roster(()), ()), Strategy.LONGEST_IDLE, b"", b"")
PROMISE = Promise("p-1", "+86", "orders", "abandoned", PromiseState.RECORDED, "c-1", 0.0)
BINDING = Binding("1001", "sip:a@b", FLOW, 1.0)


@pytest.mark.parametrize(
    ("fact", "line"),
    [
        (MessageDropped("udp", "malformed"), 'sip_messages_dropped_total{reason="malformed",transport="udp"} 1'),
        (
            AuthenticationFailed("udp", "REGISTER"),
            'sip_authentication_failures_total{method="REGISTER",transport="udp"} 1',
        ),
        (Registered(BINDING, False), 'registration_changes_total{change="refreshed"} 1'),
        (Unregistered(BINDING, "expired"), 'registration_changes_total{change="expired"} 1'),
        (
            SubscriptionEnded("dialog", "1003", "1001", "expired"),
            'subscriptions_ended_total{package="dialog",why="expired"} 1',
        ),
        (TextEnded("1001", "1002", 200), 'text_messages_total{outcome="delivered"} 1'),
        (TextEnded("1001", "1002", 486), 'text_messages_total{outcome="refused"} 1'),
        (TextEnded("1001", "1002", 480), 'text_messages_total{outcome="unreachable"} 1'),
        (VoicemailLeft(FakeControl().voicemails()[0]), "voicemails_left_total 1"),
        (TrunkUp("carrier"), 'trunk_changes_total{change="up",trunk="carrier"} 1'),
        (TrunkDown("carrier", "not located"), 'trunk_changes_total{change="not located",trunk="carrier"} 1'),
        (TrunkRegistered("carrier", 60.0), 'trunk_registrations_total{result="ok",trunk="carrier"} 1'),
        (
            TrunkNotRegistered("carrier", 403, 30.0),
            'trunk_registrations_total{result="failed",trunk="carrier"} 1',
        ),
        (UnitFailed("timer"), 'units_failed_total{where="timer"} 1'),
        (MediaRestarted(), "media_restarts_total 1"),
        (Reloaded("SIGHUP", ("shop changed",), (), 0, 2), 'reloads_total{result="done"} 1'),
        (ReloadRefused("admin", 1, "shop.yaml:3:1: wrong"), 'reloads_total{result="refused"} 1'),
        (StreamNoted("c", "leg", "no_media"), 'stream_events_total{what="no_media"} 1'),
        (ContactStarted("c", "inbound", "1", "2", ""), 'contacts_started_total{kind="inbound"} 1'),
        (ContactConnected("c", "alice", 3.0), "contacts_connected_total 1"),
        (ContactFinished(RECORD), 'contacts_finished_total{kind="inbound",outcome="answered"} 1'),
        (ContactDisconnected("c", "inbound", "alice", 60.0), 'talk_seconds_sum{kind="inbound"} 60'),
        (RecordingStarted("c", "/x"), "recordings_started_total 1"),
        (RecordingFailed("room-c", "disk_full", "too little"), 'recordings_failed_total{kind="disk_full"} 1'),
        (TransferEnded("c", "blind", "done"), 'transfers_total{kind="blind",outcome="done"} 1'),
        (QueueJoined("c", "orders", 1, "call"), 'queue_joined_total{kind="call",queue="orders"} 1'),
        (
            QueueLeft("c", "orders", "abandoned", 7.0, "call"),
            'queue_left_total{kind="call",queue="orders",why="abandoned"} 1',
        ),
        (
            QueueLeft("c", "orders", "answered", 7.0, "call"),
            'queue_wait_seconds_bucket{le="10.0",queue="orders",why="answered"} 1',
        ),
        (Repaired("lease", "alice", "c", "orders"), 'acd_repairs_total{what="lease"} 1'),
        (Decided("c", "orders", None, 1.0, 0, UNDECIDED), 'routing_decisions_total{queue="orders",result="nobody"} 1'),
        (
            AgentStateChanged("a", AgentState.READY, AgentState.PAUSED, "", None),
            'agent_state_changes_total{state="paused"} 1',
        ),
        (PromiseChanged(PROMISE, None), 'promises_made_total{queue="orders",stage="abandoned"} 1'),
        (PromiseChanged(PROMISE, PromiseState.DUE), 'promise_changes_total{queue="orders",state="recorded"} 1'),
        (
            LossNotRecorded("orders", "ivr", "policy"),
            'losses_not_recorded_total{queue="orders",stage="ivr",why="policy"} 1',
        ),
        (StepEntered("c", "plan", "menu", "menu"), 'dialplan_steps_total{plan="plan",verb="menu"} 1'),
        (StepFailed("c", "plan", "menu", "f:1", "x"), 'dialplan_steps_failed_total{plan="plan"} 1'),
    ],
)
def test_a_fact_is_counted(fact: DomainEvent, line: str) -> None:
    metrics = Metrics()
    metrics.observe(fact, 0.0)
    assert f"softswitch_{line}.0\n" in metrics.render().decode()


def test_a_promise_that_stays_in_its_state_has_not_entered_it() -> None:
    metrics = Metrics()
    metrics.observe(PromiseChanged(PROMISE, PROMISE.state), 0.0)
    assert "softswitch_promise_changes_total{" not in metrics.render().decode()


def test_a_callback_does_not_count_among_the_waits_of_callers() -> None:
    metrics = Metrics()
    metrics.observe(QueueLeft("c", "orders", "answered", 86_400.0, "callback"), 0.0)
    page = metrics.render().decode()
    assert 'softswitch_queue_left_total{kind="callback",queue="orders",why="answered"} 1.0' in page
    assert "softswitch_queue_wait_seconds_count{" not in page


def test_a_contact_in_which_nobody_talked_has_no_talk_time() -> None:
    metrics = Metrics()
    metrics.observe(ContactFinished(replace(RECORD, connected_at=0.0)), 0.0)
    assert "softswitch_talk_seconds_count{" not in metrics.render().decode()


def test_a_second_fact_adds_to_the_first() -> None:
    metrics = Metrics()
    for _ in range(3):
        metrics.observe(UnitFailed("timer"), 0.0)
    assert 'softswitch_units_failed_total{where="timer"} 3.0' in metrics.render().decode()


def test_labels_that_a_peer_makes_up_end_as_other() -> None:
    metrics = Metrics()
    for number in range(1000):
        metrics.observe(AuthenticationFailed("udp", f"M{number}"), 0.0)
    lines = re.findall(r"^softswitch_sip_authentication_failures_total\{.*$", metrics.render().decode(), re.M)
    assert len(lines) == 201
    assert 'method="other",transport="udp"} 800.0' in "".join(lines)


def test_what_must_stay_0_is_there_from_the_start() -> None:
    page = Metrics().render().decode()
    for word in Repair:
        assert f'softswitch_acd_repairs_total{{what="{word.value}"}} 0.0' in page


def test_the_gauges_show_the_running_switch() -> None:
    metrics = Metrics()
    metrics.sample(FakeControl())
    text = metrics.render().decode()
    for line in (
        'agents{state="ready"} 1',
        'agents{state="talking"} 0',
        "agents_reachable 2",
        'trunk_left_alone{trunk="carrier"} 0',
        'trunk_left_alone{trunk="spare"} 1',
        "acd_audited_timestamp_seconds 1060.5",
        'calls{state="queued"} 1',
        'promises{state="due"} 1',
        'promises{state="kept"} 0',
        "registrations 2",
        "calls_on_former_dialplans 2",
        'subscriptions{package="dialog"} 3',
        'queue_waiting{queue="orders"} 1',
        'queue_longest_wait_seconds{queue="orders"} 12.5',
        'queue_agents_ready{queue="orders"} 1',
        'queue_agents_logged_in{queue="orders"} 2',
        'queue_promises_open{queue="orders"} 1',
        'queue_expected_wait_seconds{bound="low",queue="orders"} 60.5',
        'queue_expected_wait_seconds{bound="likely",queue="orders"} 90.5',
        'queue_expected_wait_seconds{bound="high",queue="orders"} 130.5',
        'queue_expected_wait_coverage{queue="orders"} 0.5',
        'queue_expected_waits_total{outcome="inside",queue="orders"} 3',
        'queue_expected_waits_total{outcome="above",queue="orders"} 2',
        'ready{part="media"} 1',
        'sip_messages_received_total{class="request",method="INVITE",transport="udp"} 2',
        'sip_messages_sent_total{class="2xx",method="BYE",transport="tcp"} 1',
    ):
        assert f"softswitch_{line}{'' if '.5' in line else '.0'}\n" in text


def test_what_is_gone_is_no_longer_shown() -> None:
    class Later(FakeControl):
        def calls(self) -> list:  # type: ignore[type-arg]
            return []

    metrics = Metrics()
    metrics.sample(FakeControl())
    metrics.sample(Later())
    assert "softswitch_calls{" not in metrics.render().decode()


def test_the_service_level_of_a_queue_is_that_of_the_reports() -> None:
    control, metrics = FakeControl(), Metrics()
    first = QueueFigures(answered=60, answered_in_time=50, abandoned=15, abandoned_in_time=10)
    counted = {(0.0, "orders"): first, (900.0, "orders"): QueueFigures(answered=25, answered_in_time=20)}
    control.counted.queues.update({**counted, (900.0, "service"): QueueFigures(abandoned=1)})
    metrics.sample(control)
    page = metrics.render().decode()
    found = re.findall(r'^softswitch_queue_service_level{formula="(\w+)",queue="(\w+)"} (\S+)', page, re.MULTILINE)
    levels = {(queue, formula): round(float(level), 4) for formula, queue, level in found}
    assert levels == {
        ("orders", "of_answered"): 0.8235, ("orders", "of_ended"): 0.8, ("orders", "without_quick"): 0.7778,
        ("orders", "of_all"): 0.7,
        ("service", "of_ended"): 0.0, ("service", "without_quick"): 0.0, ("service", "of_all"): 0.0,
    }  # fmt: skip


def test_the_media_process_has_its_own_counters() -> None:
    metrics = Metrics()
    metrics.media({"ticks_late": 3, "Bad name": 1}, {"streams": 4})
    text = metrics.render().decode()
    assert "softswitch_media_ticks_late_total 3.0" in text
    assert "softswitch_media_streams 4.0" in text
    assert "Bad" not in text


def test_each_media_process_is_shown_by_its_number() -> None:
    metrics = Metrics()
    metrics.media({}, {}, [ProcessView(1, True, True, 7, 120.0, 2.0), ProcessView(2, False, False, 0, 0.0, 0.0)])
    text = metrics.render().decode()
    for line in (
        'connected{process="1"} 1.0', 'connected{process="2"} 0.0', 'draining{process="1"} 1.0',
        'streams{process="1"} 7.0', 'tick_late_p99_us{process="1"} 120.0',
    ):  # fmt: skip
        assert f"softswitch_media_process_{line}" in text


def test_streams_are_scored_by_direction_and_what_is_unknown_is_not_counted() -> None:
    metrics = Metrics()
    known = Quality(100, 1, 0, 4.0, 4.2, 200, 20, 8.0, 3.0, 50.0, 3)
    for quality in (known, Quality(), Quality(packets_in=10, mos_in=4.4, jitter_in_ms=1.0)):
        metrics.observe(StreamMeasured("c", "leg", quality), 0.0)
    text = metrics.render().decode()
    for line in (
        'mos_count{direction="in"} 2.0', 'mos_sum{direction="out"} 3.0', 'loss_ratio_sum{direction="out"} 0.1',
        'jitter_seconds_sum{direction="out"} 0.008', "round_trip_seconds_sum 0.05", "round_trip_seconds_count 1.0",
    ):  # fmt: skip
        assert f"softswitch_stream_{line}" in text


def test_two_switches_in_one_process_do_not_share_numbers() -> None:
    first, second = Metrics(), Metrics()
    first.observe(MediaRestarted(), 0.0)
    assert "softswitch_media_restarts_total 0.0" in second.render().decode()


def test_the_page_lists_every_name(tmp_path: Path) -> None:
    metrics = Metrics()
    process = Process(tmp_path / "media.sock", EngineSettings(streams=8), {})
    client = MediaClient(tmp_path / "media.sock", Ports("127.0.0.1", 20000, 20009), Mock(), Mock())
    metrics.media({**client.stats(), **process.counters()}, {**client.gauges(), **process.gauges()})
    names = set(re.findall(r"^# TYPE (softswitch_\w+) ", metrics.render().decode(), re.M))
    process.close()
    documented = set(re.findall(r"`(softswitch_\w+)`", DOCS.read_text("utf-8")))
    assert names == {name for name in documented if not name.startswith("softswitch_media_NAME")}
