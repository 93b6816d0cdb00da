"""A span of time is read back alike from SQLite and PostgreSQL, without a change to the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from softswitch.acd.model import AgentState, AgentStateChanged, QueueJoined, QueueLeft
from softswitch.callback.model import LossNotRecorded, PromiseChanged, PromiseState
from softswitch.contact.event import TransferEnded
from softswitch.core.effect import DomainEvent
from softswitch.store.engine import engines
from softswitch.store.past import past
from softswitch.store.store import Store
from tests.real.test_store_contract import _url
from tests.support import facts

pytestmark = pytest.mark.real
BEGIN = 1_790_000_000.0
FACTS: list[tuple[float, DomainEvent]] = [
    (BEGIN, QueueJoined("c1", "安全", 1, "call", why="overflow", old="orders")),
    (BEGIN + 1, AgentStateChanged("anna", AgentState.READY, AgentState.RESERVED, "", "c1")),
    (BEGIN + 2, QueueLeft("c1", "安全", "answered", 12.5, "call", "anna", 1)),
    (BEGIN + 2.5, TransferEnded("c1", "blind", "done", "anna", "安全", "1003")),
    (BEGIN + 3, PromiseChanged(facts.promise(1, PromiseState.KEPT), PromiseState.DIALLING)),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return _url(request, tmp_path)


async def test_facts_of_a_span_come_back_whole_and_in_order(url: str) -> None:
    store = await Store.open(url)
    for number in range(300):
        store.put_event(BEGIN - 1000 + number, FACTS[0][1])
    for at, fact in FACTS:
        store.put_event(at, fact)
    store.put_event(BEGIN + 4, LossNotRecorded("orders", "abandoned", "withheld"))
    for number in range(300):
        store.put_event(BEGIN + 1000 + number, FACTS[2][1])
    for number, (outcome, at) in enumerate((("queue-full", 5.0), ("answered", 6.0), ("queue-full", 5000.0))):
        store.put_call(replace(facts.call(number), queue="orders", outcome=outcome, ended_at=BEGIN + at))
    await store.close()
    found = await past(url, BEGIN, BEGIN + 900)
    assert list(found.facts) == FACTS
    assert (list(found.refused), found.unreadable) == ([(BEGIN + 5.0, "orders")], 0)
    assert [(call.contact, call.caller, call.ended_by) for call in found.calls] == [
        (f"contact-{number}", "+8613800138000", "caller") for number in (0, 1)
    ]
    assert len((await past(url, 0.0, 2 * BEGIN)).facts) == 600 + len(FACTS)
    assert not (await past(url, BEGIN + 100, BEGIN + 200)).facts
    assert not (await past(url, 0.0, 1.0)).facts


async def test_what_another_version_has_written_is_counted_and_an_empty_store_is_empty(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    store = await Store.open(url)
    await store.close()
    assert not (await past(url, 0.0, 2 * BEGIN)).facts
    both = engines(url)
    async with both.write.begin() as connection:
        odd = "INSERT INTO events (at, name, body) VALUES (:at, 'QueueLeft', '{\"contact\": 7}')"
        await connection.execute(text(odd), {"at": BEGIN})
    await both.dispose()
    found = await past(url, 0.0, 2 * BEGIN)
    assert (list(found.facts), found.unreadable) == ([], 1)
