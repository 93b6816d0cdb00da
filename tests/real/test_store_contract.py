"""One contract, three stores: memory, SQLite and PostgreSQL keep the same facts and refuse the same rows."""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar

import pytest

from softswitch.callback.model import LossNotRecorded, PromiseChanged, PromiseState, Tally
from softswitch.contact.event import SurveyAnswered
from softswitch.contact.mailbox import Greeting, Message
from softswitch.contact.outbox import Delivery
from softswitch.contact.survey import Given
from softswitch.ivr.calendar import Override
from softswitch.sip.flow import Flow
from softswitch.sip.registrar import Binding
from softswitch.store import statement
from softswitch.store.query import StoredAgent, StoredEvent
from softswitch.store.store import DAY_S, Store
from tests.support import facts, postgres
from tests.support.memory import Memory
from tests.support.process import eventually

T = TypeVar("T")

pytestmark = pytest.mark.real
S = PromiseState


class Kept:
    """A store and the answers that it gave."""

    def __init__(self, store: Store | Memory) -> None:
        self.store = store
        self.answers: dict[str, bool] = {}
        self._news = asyncio.Event()
        store.on_stored = self._stored

    def _stored(self, key: str, token: str, ok: bool) -> None:
        assert token not in self.answers, "answered twice"
        self.answers[token] = ok
        self._news.set()

    async def answer(self, token: str) -> bool:
        async with asyncio.timeout(20):
            while token not in self.answers:
                self._news.clear()
                await self._news.wait()
        return self.answers[token]

    async def settled(self) -> None:
        """Everything put so far is written: one more durable row has been answered."""
        token = uuid.uuid4().hex
        self.store.put_promise(facts.promise(999_999, S.KEPT), token)
        assert await self.answer(token)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    if request.param == "memory":
        yield Kept(Memory())
        return
    store = await Store.open(_url(request, tmp_path))
    yield Kept(store)
    await store.close()
    assert store.dropped == 0


def _url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/var/switch.db"
    server: postgres.Postgres = request.getfixturevalue("server")
    return server.database(f"t{uuid.uuid4().hex}")


async def test_a_promise_is_answered_and_read_back(kept: Kept) -> None:
    promise = facts.promise(1, S.DIALLING, attempts=1, call_id="c1", not_before=0.125, outcome="忙")
    kept.store.put_promise(promise, "t1")
    assert await kept.answer("t1") is True
    assert await kept.store.promises() == [promise]


async def test_a_promise_is_put_by_its_id(kept: Kept) -> None:
    kept.store.put_promise(facts.promise(1), "t1")
    kept.store.put_promise(facts.promise(1, S.KEPT, losses=2), "t2")
    assert await kept.answer("t2")
    assert await kept.store.promises() == [facts.promise(1, S.KEPT, losses=2)]


async def test_one_open_promise_per_number_and_queue(kept: Kept) -> None:
    first = facts.promise(1)
    kept.store.put_promise(first, "t1")
    kept.store.put_promise(replace(first, id="promise-other"), "t2")
    kept.store.put_promise(replace(first, id="promise-closed", state=S.KEPT), "t3")
    kept.store.put_promise(replace(first, id="promise-queue", queue="support", group="support"), "t4")
    assert [await kept.answer(token) for token in ("t1", "t2", "t3", "t4")] == [True, False, True, True]
    assert {row.id for row in await kept.store.promises()} == {"promise-1", "promise-closed", "promise-queue"}
    kept.store.put_promise(replace(first, state=S.WITHDRAWN), "t5")
    kept.store.put_promise(replace(first, id="promise-next"), "t6")
    assert await kept.answer("t6"), "the first one is closed"


async def test_open_promises_are_read_oldest_first_and_all_latest_first(kept: Kept) -> None:
    for n, state in ((2, S.DUE), (1, S.RETRY_AT), (3, S.FAILED), (4, S.UNCERTAIN)):
        kept.store.put_promise(facts.promise(n, state), f"t{n}")
    await kept.answer("t4")
    assert [row.id for row in await kept.store.promises(open_only=True)] == ["promise-1", "promise-2", "promise-4"]
    assert [row.id for row in await kept.store.promises(limit=2)] == ["promise-4", "promise-3"]


async def test_overrides_are_put_removed_and_read_in_the_order_in_which_they_were_ordered(kept: Kept) -> None:
    later = Override("override-1", "office", False, 1000.5, 2000.0, "Betriebsversammlung", "anna", ordered_at=3.5)
    first = Override("override-2", "office", True, 0.0, math.inf, ordered_at=2.0)
    for one in (later, first, replace(first, id="override-3")):
        kept.store.put_override(one)
    kept.store.remove_override("override-3")
    kept.store.remove_override("of nobody")
    await kept.settled()
    assert await kept.store.overrides() == [first, later]


async def test_calls_are_paged_latest_first(kept: Kept) -> None:
    for n in range(5):
        kept.store.put_call(facts.call(n))
    await kept.settled()
    page = await kept.store.calls(limit=2)
    assert page == [facts.call(4), facts.call(3)]
    assert await kept.store.calls(limit=9, before=page[-1].ended_at) == [facts.call(2), facts.call(1), facts.call(0)]


async def test_bindings_are_put_removed_and_put_again_in_this_order(kept: Kept) -> None:
    phone, static = facts.binding(), facts.binding("sip:anna@192.0.2.9", expires_at=math.inf, path=())
    for _ in range(3):
        kept.store.put_binding(phone)
        kept.store.remove_binding(phone)
    kept.store.put_binding(static)
    last = replace(phone, cseq=5, instance="<urn:uuid:1>", reg_id="1")
    kept.store.put_binding(last)
    await kept.settled()
    # The stream connection is not kept: it does not outlive the process.
    assert await kept.store.bindings() == [replace(one, flow=replace(one.flow, connection=0)) for one in (last, static)]


async def test_what_an_agent_set_last(kept: Kept) -> None:
    kept.store.put_agent("bob", True, "", "")
    kept.store.put_agent("anna", True, "lunch", "1003")
    kept.store.put_agent("bob", False, "", "")
    await kept.settled()
    assert await kept.store.agents() == [StoredAgent("anna", True, "lunch", "1003"), StoredAgent("bob", False, "")]


async def test_the_last_tally_of_each_policy_and_node(kept: Kept) -> None:
    tallies = [Tally("fair", 1000.0, 40, 1), Tally("fair", 1000.0, 7, 0, "b"), Tally("fair", 1000.0, 41, 1)]
    for tally in tallies:
        kept.store.put_tally(tally)
    await kept.settled()
    assert sorted(await kept.store.tallies(), key=lambda one: one.node) == [tallies[2], tallies[1]]


async def test_voicemails_are_read_latest_first_and_can_be_heard(kept: Kept) -> None:
    messages = [Message(f"vm-{n}", "1001", "c-1", "13800138000", f"vm-{n}.wav", 1000.0 + n, 2.5) for n in range(3)]
    for message in messages:
        kept.store.put_voicemail(message)
    heard = replace(messages[1], heard=True)
    kept.store.put_voicemail(heard)
    await kept.settled()
    assert await kept.store.voicemails() == [messages[2], heard, messages[0]]
    assert await kept.store.voicemails(1) == [messages[2]]


async def test_events_can_be_resumed_by_offset(kept: Kept) -> None:
    for why in ("withheld", "invalid", "policy"):
        kept.store.put_event(1_760_000_000.5, LossNotRecorded("sales", "ivr", why))
    kept.store.put_event(1_760_000_001.0, PromiseChanged(facts.promise(), None))
    await kept.settled()
    events = await kept.store.events(limit=2)
    assert events[0] == StoredEvent(
        events[0].offset,
        1_760_000_000.5,
        "LossNotRecorded",
        {"queue": "sales", "stage": "ivr", "why": "withheld", "contact": "", "number": ""},
    )
    rest = await kept.store.events(after=events[-1].offset)
    assert [event.name for event in rest] == ["LossNotRecorded", "PromiseChanged"]
    assert rest[1].body["promise"]["state"] == "recorded"


async def test_old_events_are_forgotten_and_no_offset_is_given_twice(kept: Kept) -> None:
    for number in range(7):
        kept.store.put_event(float(number), LossNotRecorded("sales", "ivr", "policy"))
    await kept.settled()
    first, *_, last = await kept.store.events()
    kept.store.forget_events(3.0)
    await kept.settled()
    assert [event.at for event in await kept.store.events()] == [3.0, 4.0, 5.0, 6.0]
    assert [event.at for event in await kept.store.events(after=first.offset, limit=1)] == [3.0]
    kept.store.forget_events(7.0)
    kept.store.put_event(8.0, LossNotRecorded("sales", "ivr", "policy"))
    await kept.settled()
    assert [event.at for event in await kept.store.events(after=last.offset)] == [8.0]


async def test_old_events_are_forgotten_a_batch_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement, "PRUNED_AT_ONCE", 2)
    kept = Kept(await Store.open(f"sqlite:///{tmp_path}/switch.db"))
    for number in range(6):
        kept.store.put_event(float(number), LossNotRecorded("sales", "ivr", "policy"))
    for left in ([2.0, 3.0, 4.0, 5.0], [4.0, 5.0], [5.0], [5.0]):
        kept.store.forget_events(5.0)
        await kept.settled()
        assert [event.at for event in await kept.store.events()] == left
    await kept.store.close()


async def test_a_store_forgets_events_by_itself_when_they_are_so_many_days_old(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/switch.db")
    now = time.time()
    for days in (9.1, 8.9):
        store.put_event(now - days * DAY_S, LossNotRecorded("sales", "ivr", f"{days}"))
    await Kept(store).settled()
    store.forget_after(1, 1, 1, 9)
    await asyncio.sleep(0)
    await Kept(store).settled()
    assert [event.body["why"] for event in await store.events()] == ["8.9"]
    await store.close()


ODD, FINE = "a\udcff\ud800\x00\\忙", "a\ufffd\ufffd\ufffd\\忙"


def worded(record: T, text: str) -> T:
    """The record with ``text`` after the text of each field that has any."""
    was = {field.name: getattr(record, field.name) for field in fields(record)}  # type: ignore[arg-type]
    return replace(record, **{name: f"{old}{text}" for name, old in was.items() if isinstance(old, str)})  # type: ignore[type-var]


async def test_text_that_no_database_takes_is_stored_legibly(kept: Kept) -> None:
    promise = facts.promise(1, S.DIALLING, attempts=1, call_id="c1")
    kept.store.put_promise(worded(promise, ODD), "t1")
    kept.store.put_call(worded(facts.call(1), ODD))
    kept.store.put_agent(f"bob{ODD}", True, ODD, ODD)
    kept.store.put_event(1.0, LossNotRecorded(ODD, ODD, ODD))
    kept.store.put_event(2.0, PromiseChanged(worded(promise, ODD), None))
    assert await kept.answer("t1") is True
    await kept.settled()
    assert worded(promise, FINE) in await kept.store.promises()
    assert await kept.store.calls() == [worded(facts.call(1), FINE)]
    assert await kept.store.agents() == [StoredAgent(f"bob{FINE}", True, FINE, FINE)]
    lost, changed = await kept.store.events()
    assert lost.body == {"queue": FINE, "stage": FINE, "why": FINE, "contact": "", "number": ""}
    assert changed.body["promise"]["number"] == promise.number + FINE


async def test_a_binding_with_such_text_is_put_and_removed(kept: Kept) -> None:
    def phone(text: str, connection: int) -> Binding:
        flow = Flow(f"tcp{text}", (f"127.0.0.1{text}", 5060), (f"192.0.2.7{text}", 40312), connection)
        return worded(facts.binding(flow=flow, path=(f"<sip:edge{text}>",)), text)

    kept.store.put_binding(phone(ODD, 7))
    await kept.settled()
    assert await kept.store.bindings() == [phone(FINE, 0)]
    kept.store.remove_binding(phone(ODD, 7))
    await kept.settled()
    assert await kept.store.bindings() == []


async def test_the_same_unstorable_number_is_one_open_promise(kept: Kept) -> None:
    kept.store.put_promise(facts.promise(1, number=ODD), "t1")
    kept.store.put_promise(facts.promise(2, number=ODD), "t2")
    assert [await kept.answer("t1"), await kept.answer("t2")] == [True, False]


async def test_values_that_the_driver_refuses_sink_no_other(kept: Kept) -> None:
    if isinstance(kept.store, Memory):
        return  # dictionaries hold anything
    bad: dict[str, dict[str, object]] = {"huge": {"losses": 2**70}, "strange": {"number": object()}}
    for n, (token, wrong) in enumerate(bad.items()):
        kept.store.put_promise(facts.promise(n, **wrong), token)  # type: ignore[arg-type]
    kept.store.put_promise(facts.promise(9), "good")
    assert [await kept.answer(token) for token in (*bad, "good")] == [False, False, True]
    assert kept.store.healthy


async def test_a_bad_row_among_a_thousand_good_ones(kept: Kept) -> None:
    for n in range(1000):
        kept.store.put_promise(facts.promise(n), f"t{n}")
    kept.store.put_promise(replace(facts.promise(7), id="promise-twin"), "bad")
    assert await kept.answer("bad") is False
    assert all([await kept.answer(f"t{n}") for n in range(1000)])
    assert len(await kept.store.promises()) == 1000
    assert kept.store.healthy


async def test_a_postgresql_that_stops_and_comes_back(server: postgres.Postgres) -> None:
    url = server.database(f"t{uuid.uuid4().hex}")
    store = await Store.open(url)
    kept = Kept(store)
    try:
        await kept.settled()
        server.stop()
        store.put_promise(facts.promise(1), "away")
        store.put_call(facts.call(1))
        assert await kept.answer("away") is False
        assert not store.healthy
    finally:
        server.start()
    await eventually(lambda: store.healthy, 20, "the database is back")
    store.put_promise(facts.promise(2), "back")
    assert await kept.answer("back") is True
    assert await store.calls() == [facts.call(1)], "it was buffered"
    await store.close()


async def test_a_connection_that_died_while_idle_costs_no_promise(server: postgres.Postgres) -> None:
    name = f"t{uuid.uuid4().hex}"
    kept = Kept(await Store.open(server.database(name)))
    await kept.settled()
    server.psql("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    kept.store.put_promise(facts.promise(1), "t1")
    assert await kept.answer("t1") is True
    await kept.store.close()


async def test_a_deleted_message_is_gone_and_that_is_answered(kept: Kept) -> None:
    messages = [Message(f"vm-{n}", "1001", "c-1", "138", f"vm-{n}.wav", 1000.0 + n, 5.0) for n in range(2)]
    for message in messages:
        kept.store.put_voicemail(message)
    kept.store.remove_voicemail("vm-0", "t1")
    kept.store.remove_voicemail("vm-9", "t2")
    assert await kept.answer("t1") and await kept.answer("t2")
    assert await kept.store.voicemails() == messages[1:]


async def test_the_greeting_of_a_mailbox_is_the_last_one(kept: Kept) -> None:
    for n, file in enumerate(("a.wav", "b.wav", "")):
        kept.store.put_greeting(Greeting("1001", file, float(n)), f"t{n}")
    kept.store.put_greeting(Greeting("1002", "c.wav", 9.0), "t9")
    assert await kept.answer("t9")
    assert await kept.store.greetings() == [Greeting("1001", "", 2.0), Greeting("1002", "c.wav", 9.0)]


async def test_answers_are_counted_and_a_later_one_takes_the_place_of_the_former(kept: Kept) -> None:
    first = SurveyAnswered("c-1", "quality", "recommend", 9, 0, 10, "orders", "alice", 1000.0)
    for answer in (
        first, replace(first, score=10), replace(first, contact="c-2"), replace(first, contact="c-3", at=10.0),
        replace(first, contact="c-2", agent="bob", score=10), replace(first, survey="other", question="a\x00b"),
    ):  # fmt: skip
        kept.store.put_answer(answer)
    await kept.settled()
    rows = await kept.store.answers("quality", 999.0)
    assert rows == [Given("quality", "recommend", agent, 0, 10, 10, 1) for agent in ("alice", "bob")]
    assert {row.survey for row in await kept.store.answers()} == {"quality", "other"}
    assert sum(row.count for row in await kept.store.answers("quality")) == 3


async def test_what_a_web_service_has_still_to_be_told(kept: Kept) -> None:
    first = Delivery("msg-1", "crm", "call.rated", "c-1", '{"a": "好"}', 1000.0, next_at=1000.0)
    second = replace(first, id="msg-2", created_at=999.0)
    kept.store.put_delivery(first, "t1")
    kept.store.put_delivery(second)
    assert await kept.answer("t1")
    await kept.settled()
    assert await kept.store.deliveries() == [second, first]
    kept.store.put_delivery(again := replace(first, attempts=1, next_at=1005.0, error="status 503"))
    kept.store.remove_delivery("msg-2")
    await kept.settled()
    assert await kept.store.deliveries() == [again]
