"""What becomes of promises in numbers, and the guard that counts what must never happen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import Promise, PromiseChanged, PromiseState
from softswitch.metrics import Metrics, promises
from softswitch.store.promises import Lying
from tests.support.fake_control import FakeControl
from tests.support.fake_desk import NOW, FakeDesk

S = PromiseState
PROMISE = Promise("p-1", "+8613800138000", "orders", "abandoned", S.RECORDED, "c-1", NOW - 100.0)


def text(metrics: Metrics) -> str:
    return metrics.render().decode()


def moved(metrics: Metrics, old: S, new: S, attempts: int = 1, outcome: str = "", id: str = "p-1") -> None:
    promise = replace(PROMISE, id=id, state=new, attempts=attempts, outcome=outcome)
    metrics.observe(PromiseChanged(promise, old), NOW)


@pytest.mark.parametrize(
    ("old", "new", "outcome", "label"),
    [
        (S.DIALLING, S.KEPT, "answered", "answered"),
        (S.ANSWERED, S.KEPT, "answered", "answered"),
        (S.DIALLING, S.RETRY_AT, "busy", "busy"),
        (S.ANSWERED, S.RETRY_AT, "dropped", "dropped"),
        (S.DIALLING, S.FAILED, "no such number", "no such number"),
        (S.DIALLING, S.UNCERTAIN, "agent lost", "uncertain"),
        (S.DIALLING, S.WITHDRAWN, "his own words, +8613800138000", "withdrawn"),
    ],
)
def test_an_attempt_is_counted_by_what_came_of_it(old: S, new: S, outcome: str, label: str) -> None:
    metrics = Metrics()
    moved(metrics, S.SEEKING, S.DIALLING)
    moved(metrics, old, new, outcome=outcome)
    assert f'softswitch_promise_attempts_total{{campaign="",outcome="{label}",queue="orders"}} 1.0' in text(metrics)
    assert text(metrics).count("softswitch_promise_attempts_total{") == 1


def test_what_is_no_end_of_an_attempt_is_not_counted() -> None:
    metrics = Metrics()
    for old, new in ((S.RECORDED, S.DUE), (S.SEEKING, S.DUE), (S.DIALLING, S.ANSWERED), (S.RETRY_AT, S.EXPIRED)):
        moved(metrics, old, new)
    moved(metrics, S.DIALLING, S.DIALLING)
    assert "softswitch_promise_attempts_total{" not in text(metrics)


def test_how_long_a_recovery_took() -> None:
    metrics = Metrics()
    moved(metrics, S.DIALLING, S.KEPT)
    assert 'softswitch_promise_wait_seconds_bucket{campaign="",le="60.0",queue="orders"} 0.0' in text(metrics)
    assert 'softswitch_promise_wait_seconds_bucket{campaign="",le="120.0",queue="orders"} 1.0' in text(metrics)
    assert 'softswitch_promise_wait_seconds_sum{campaign="",queue="orders"} 100.0' in text(metrics)


def test_how_long_a_row_of_a_list_lay_is_no_wait_of_a_caller() -> None:
    metrics = Metrics()
    promise = replace(PROMISE, state=S.KEPT, campaign="welcome", stage="imported")
    metrics.observe(PromiseChanged(promise, S.DIALLING), NOW)
    assert 'softswitch_promise_wait_seconds_count{campaign="welcome",queue="orders"} 1.0' in text(metrics)
    assert 'softswitch_promise_wait_seconds_count{campaign="",' not in text(metrics)


def test_nothing_is_dialled_twice_until_it_is() -> None:
    metrics = Metrics()
    moved(metrics, S.SEEKING, S.DIALLING, 1)
    moved(metrics, S.DIALLING, S.RETRY_AT, 1, "busy")
    moved(metrics, S.SEEKING, S.DIALLING, 2)
    moved(metrics, S.SEEKING, S.DIALLING, 1, id="p-2")
    assert "softswitch_promise_double_dials_total 0.0" in text(metrics)
    moved(metrics, S.SEEKING, S.DIALLING, 2)
    assert "softswitch_promise_double_dials_total 1.0" in text(metrics)
    moved(metrics, S.DIALLING, S.KEPT, 2, "answered")
    moved(metrics, S.KEPT, S.DIALLING, 3)
    assert "softswitch_promise_double_dials_total 2.0" in text(metrics)


def test_the_guard_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "MOST_WATCHED", 2)
    metrics = Metrics()
    for id in ("p-1", "p-2", "p-3"):
        moved(metrics, S.SEEKING, S.DIALLING, id=id)
    moved(metrics, S.SEEKING, S.DIALLING, id="p-1")
    assert "softswitch_promise_double_dials_total 0.0" in text(metrics), "forgotten"
    moved(metrics, S.SEEKING, S.DIALLING, id="p-3")
    assert "softswitch_promise_double_dials_total 1.0" in text(metrics)


def test_what_is_open_by_queue_and_state_and_how_old() -> None:
    metrics, control = Metrics(), FakeControl()
    old, young = replace(PROMISE, id="p-2", recorded_at=NOW - 900), replace(PROMISE, id="p-3", recorded_at=NOW - 50)
    rows = [PROMISE, replace(old, state=S.DUE), replace(young, state=S.DUE), replace(PROMISE, id="p-4", state=S.KEPT),
            replace(PROMISE, id="p-5", state=S.DIALLING, queue="service")]  # fmt: skip
    control.desk = FakeDesk(control.done, rows)
    metrics.sample(control)
    told = text(metrics)
    assert 'softswitch_promises_open{campaign="",queue="orders",state="due"} 2.0' in told
    assert 'softswitch_promises_open{campaign="",queue="orders",state="recorded"} 1.0' in told
    assert 'softswitch_promises_open{campaign="",queue="service",state="dialling"} 1.0' in told
    assert 'softswitch_promises_open{campaign="",queue="orders",state="kept"}' not in told
    assert 'softswitch_promises_oldest_due_seconds{queue="orders"} 900.0' in told
    assert 'softswitch_promises{state="kept"} 1.0' in told
    rows.clear()
    metrics.sample(control)
    assert "softswitch_promises_open{" not in text(metrics)
    assert 'softswitch_promises_oldest_due_seconds{queue="orders"} 0.0' in text(metrics)


def test_what_others_lead_and_what_the_pool_has_is_told_by_queue_and_campaign() -> None:
    metrics, control = Metrics(), FakeControl()
    metrics.sample(control)
    assert "softswitch_promises_elsewhere_timestamp_seconds 0.0" in text(metrics), "not counted yet"
    rows = [Lying("welcome", "", 0.0, "", 50_000), Lying("welcome", "", NOW + 9, "busy", 3),
            Lying("welcome", "", NOW + 5, "", 4), Lying("orders", "b", 0.0, "", 2), Lying("orders", "c", 0.0, "", 1),
            Lying("gone", "", 0.0, "", 6)]  # fmt: skip
    metrics.elsewhere(rows, NOW)
    metrics.sample(control)
    of = "softswitch_promises_elsewhere"
    assert sorted(line for line in text(metrics).splitlines() if line.startswith(of)) == [
        f"{of}_timestamp_seconds 1.8e+09",
        f'{of}{{campaign="",queue="orders",where="other_node"}} 3.0',
        f'{of}{{campaign="gone",queue="",where="pool"}} 6.0',
        f'{of}{{campaign="welcome",queue="orders",where="pool"}} 50000.0',
        f'{of}{{campaign="welcome",queue="orders",where="pool_later"}} 7.0',
    ]
    metrics.elsewhere([], NOW + 30)
    metrics.sample(control)
    assert of + "{" not in text(metrics), "they have been called"


@pytest.mark.parametrize("heard", ["by the count", "by the ledger"])
def test_what_is_elsewhere_is_not_told_while_the_store_is_away(heard: str) -> None:
    metrics, control = Metrics(), FakeControl()
    metrics.elsewhere([Lying("welcome", "", 0.0, "", 50_000)], NOW)
    if heard == "by the count":
        metrics.elsewhere(None, NOW + 30)
    else:
        control.promise_desk().trouble = 1
    metrics.sample(control)
    assert "softswitch_promises_elsewhere{" not in text(metrics)
    assert "softswitch_promises_elsewhere_timestamp_seconds 0.0" in text(metrics)


def test_what_campaigns_have_and_do_is_told_apart_from_callbacks() -> None:
    metrics, control = Metrics(), FakeControl()
    dialled = replace(PROMISE, state=S.DIALLING, campaign="welcome")
    control.desk = FakeDesk(control.done, [PROMISE, dialled])
    metrics.sample(control)
    metrics.observe(PromiseChanged(replace(dialled, state=S.RETRY_AT, outcome="busy"), S.DIALLING), NOW)
    told = text(metrics)
    assert 'softswitch_promises_open{campaign="welcome",queue="orders",state="dialling"} 1.0' in told
    assert 'softswitch_promise_attempts_total{campaign="welcome",outcome="busy",queue="orders"} 1.0' in told


def test_a_store_that_is_away_is_an_alarm() -> None:
    metrics, control = Metrics(), FakeControl()
    metrics.sample(control)
    assert "softswitch_promise_store_trouble 0.0" in text(metrics)
    control.promise_desk().trouble = 7
    metrics.sample(control)
    assert "softswitch_promise_store_trouble 1.0" in text(metrics)
    assert "softswitch_promises_unwritten 7.0" in text(metrics)


def test_many_queues_and_promises_leave_few_series() -> None:
    metrics, control = Metrics(), FakeControl()
    control.desk = FakeDesk(control.done, [
        replace(PROMISE, id=f"p-{n}", number=f"+86138{n:08d}", queue=f"queue{n}") for n in range(1000)
    ])  # fmt: skip
    metrics.sample(control)
    lines = [line for line in text(metrics).splitlines() if line.startswith("softswitch_promises_open{")]
    assert len(lines) == 200 and any('queue="other"' in line for line in lines)
    assert "+86138" not in text(metrics) and "p-7" not in text(metrics)
