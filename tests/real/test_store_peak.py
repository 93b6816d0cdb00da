"""What is kept of a peak is read back alike from SQLite and PostgreSQL, without a change to the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from softswitch.acd.model import AgentState, QueueLeft
from softswitch.acd.statistics import AgentFigures
from softswitch.callback.model import LossNotRecorded, PromiseState
from softswitch.contact.peak import Came, Followed, Loss, Turned
from softswitch.store.peak import quarters, read_peak
from softswitch.store.store import Store
from tests.real.test_store_contract import _url
from tests.support import facts

pytestmark = pytest.mark.real
S = PromiseState
AT = 1_790_000_100.0  # a quarter of an hour begins


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return _url(request, tmp_path)


async def fill(url: str) -> None:
    store = await Store.open(url)
    for number, (at, long_s, kind) in enumerate(
        ((-5.0, 60.0, "inbound"), (0.0, 10.0, "inbound"), (599.0, 300.0, "inbound"), (600.0, 9.0, "inbound"),
         (5.0, 9.0, "callback"))
    ):  # fmt: skip
        call = replace(facts.call(number), kind=kind, started_at=AT + at, ended_at=AT + at + long_s, queue="安全")
        store.put_call(replace(call, contact=f"c{number}"))
    call = facts.call(5)
    store.put_call(replace(call, contact="c5", queue="", started_at=AT + 30, ended_at=AT + 40, outcome="completed"))
    call = facts.call(6)
    store.put_call(replace(call, contact="c6", queue="orders", started_at=AT + 30, ended_at=AT + 40))
    for number, (contact, at, more) in enumerate(
        (
            ("c0", 30.0, {}),  # of a call that began before
            ("c1", 8.0, {"state": S.KEPT}),
            ("c2", 880.0, {}),  # lost when the span was over
            ("shed-1", 20.0, {"stage": "shed"}),
            ("c9", 2000.0, {}),
            ("c1", 9.0, {"campaign": "welcome", "stage": "imported", "group": "welcome"}),
            ("c5", 40.0, {"stage": "ivr"}),  # before he came to any queue
        )
    ):
        row = facts.promise(
            number, queue="安全", group="安全", contact=contact, recorded_at=AT + at, updated_at=AT + at
        )
        store.put_promise(replace(row, **more), f"t{number}")  # type: ignore[arg-type]
    old = facts.promise(7, queue="安全", group="安全", contact="c8", recorded_at=AT - 5000, updated_at=AT - 5000)
    store.put_promise(old, "t7")
    store.put_promise(replace(old, contact="c1", losses=2, updated_at=AT + 10), "t8")  # once more
    for at, waited_s, why in (
        (-1.0, 1.0, "answered"),
        (10.0, 7.5, "answered"),
        (11.0, 8.5, "abandoned"),
        (700, 9.5, "answered"),
    ):
        store.put_event(AT + at, QueueLeft("c1", "安全", why, waited_s, "call", "anna", 1))
    store.put_event(AT + 12, LossNotRecorded("安全", "abandoned", "premium", "c1", "190"))
    store.put_event(AT + 13, LossNotRecorded("orders", "shed", "withheld", "shed-2", ""))
    for start in (AT - 900, AT, AT + 900, AT + 1800):
        figures = AgentFigures(answered=1)
        figures.seconds[AgentState.TALKING] = start - AT + 1000.0
        store.put_agent_interval(start, "anna", figures)
    await store.close()


async def test_what_became_of_a_span(url: str) -> None:
    await fill(url)
    found = await read_peak(url, AT, AT + 600, AT + 1800, "安全")
    assert sorted(found.seen.calls, key=lambda call: call.contact) == [
        Came("c1", "+8613800138000", "安全", AT, 0.0, "abandoned", "caller"),
        Came("c2", "+8613800138000", "安全", AT + 599, 0.0, "abandoned", "caller"),
        Came("c5", "+8613800138000", "", AT + 30, 0.0, "completed", "caller"),
    ]
    losses = {one.promise.id: one.losses() for one in found.seen.promises}
    assert losses == {
        "promise-0": [Loss(AT + 30, "abandoned", "c0")],
        "promise-1": [Loss(AT + 8, "abandoned", "c1")],
        "promise-2": [Loss(AT + 880, "abandoned", "c2")],
        "promise-3": [Loss(AT + 20, "shed", "shed-1")],
        "promise-6": [Loss(AT + 40, "ivr", "c5")],
        "promise-7": [Loss(AT - 5000, "abandoned", "c8"), Loss(AT + 10, "abandoned", "c1")],
    }
    assert found.seen.others == {"c0"}, "c8 and shed-1 are no calls"
    assert found.seen.turned == [Turned(AT + 12, "安全", "abandoned", "premium", "c1", "190")]
    assert found.waits == [7.5]
    assert {start: figures.seconds[AgentState.TALKING] for start, figures in found.agents.items()} == {
        AT: 1000.0, AT + 900: 1900.0,
    }  # fmt: skip
    kept = next(one for one in found.seen.promises if one.promise.id == "promise-1")
    assert isinstance(kept, Followed) and kept.kept_at == AT + 8


async def test_without_a_queue_it_is_of_all(url: str) -> None:
    await fill(url)
    found = await read_peak(url, AT, AT + 600, AT + 1800)
    assert [loss.contact for loss in found.seen.turned] == ["c1", "shed-2"]
    assert not (await read_peak(url, AT, AT + 600, AT + 1800, "'; --")).seen.promises


async def test_calls_by_quarters_of_an_hour(url: str) -> None:
    await fill(url)
    start = int(AT)
    assert await quarters(url, AT - 900, AT + 900) == {start - 900: 1, start: 5}
    assert await quarters(url, AT, AT + 600, "安全") == {start: 2}
    assert await quarters(url, AT, AT + 600, "orders") == {start: 1}
