"""The store as others see it: facts go in and return at once, what was written can be read back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import chain
from math import inf
from typing import Any, TypeVar

from sqlalchemy import CompoundSelect, Row, Select

from softswitch.acd.kept import KeptGround, KeptStory
from softswitch.acd.statistics import AgentFigures, Intervals, Key, QueueFigures
from softswitch.call.record import CallRecord
from softswitch.callback.history import Attempt, Logged, joined
from softswitch.callback.listed import Listed
from softswitch.callback.manners import look_back_s
from softswitch.callback.model import OPEN, Policy, Promise, Tally
from softswitch.callback.node import Dialled
from softswitch.callback.wanted import Place, Wanted, place
from softswitch.contact.event import SurveyAnswered
from softswitch.contact.mailbox import Greeting, Message
from softswitch.contact.outbox import Delivery
from softswitch.contact.survey import Given
from softswitch.core.effect import DomainEvent
from softswitch.ivr.calendar import Override
from softswitch.ivr.path import CallPath, Edge, summed
from softswitch.sip.registrar import Binding
from softswitch.store import bulk, campaign, intervals, promises, query, schema, statement, word
from softswitch.store.database import Database, Transaction
from softswitch.store.engine import Engines, database, engines, migrate
from softswitch.store.node import Seen, seen, to_seen
from softswitch.store.promises import Lying
from softswitch.store.query import StoredAgent, StoredEvent
from softswitch.store.shared import Connections, Shared
from softswitch.store.statement import Change
from softswitch.store.trouble import DatabaseAway, asking
from softswitch.store.writer import OnStored, Writer

T = TypeVar("T")
DAY_S = 86_400.0
FORGET_EVERY_S = 10.0  # a batch of 500 rows: ten times as many as a day of 50,000 contacts makes
MOST_BEFORE_PATHS = 10_000  # facts that wait for the database
MOST_READ = 100_000  # rows, where the caller names no limit


def nobody(key: str, token: str, ok: bool) -> None:
    """The ``on_stored`` of a store that nobody listens to yet."""


class Store:
    """Facts in SQLite or PostgreSQL; see ``Store.open``."""

    def __init__(self, engines: Engines, database: Database, writer: Writer, shared: Shared) -> None:
        self._engines = engines
        self.shared = shared
        self._database = database
        self._writer = writer
        self._forgetting: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, address: str, on_stored: OnStored = nobody, node: str = "") -> Store:
        """Connect to ``sqlite:///PATH`` or ``postgresql://USER:PASSWORD@HOST/NAME`` and bring the schema up to date."""
        names = Connections(node)
        both = engines(address, names.name)
        try:
            await migrate(both.write)
            where = await database(both)
            writer = Writer(where, on_stored)
        except BaseException:
            await both.dispose()
            raise
        url = both.read.url
        file = str(url.database) if url.get_backend_name() == "sqlite" else ""
        return cls(both, where, writer, Shared(where, writer, names, file))

    def forget_after(self, days: int, statistics_days: int, decision_days: int, event_days: int) -> None:
        """From now on paths of calls, and how often which way was taken, are kept for so many days; so is what was
        counted of queues and agents, and so are decisions about contacts, and events."""
        self._forgetting = asyncio.create_task(self._forget(days, statistics_days, decision_days, event_days))

    async def _forget(self, days: int, statistics_days: int, decision_days: int, event_days: int) -> None:
        """A batch at a time: the writer does it between two others, and nobody waits long."""
        while True:
            now = time.time()
            self.forget_old(now - days * DAY_S)
            self.forget_intervals(now - statistics_days * DAY_S)
            self.forget_stories(now - decision_days * DAY_S)
            self.forget_events(now - event_days * DAY_S)
            await asyncio.sleep(FORGET_EVERY_S)

    async def close(self) -> None:
        """Write what is queued, then let the database go."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        await self._writer.close(self.shared.leave)
        await self._engines.dispose()

    @property
    def on_stored(self) -> OnStored:
        """Told of each durable write: (key, token, ok)."""
        return self._writer.on_stored

    @on_stored.setter
    def on_stored(self, listener: OnStored) -> None:
        self._writer.on_stored = listener

    @property
    def healthy(self) -> bool:
        return self.shared.healthy

    @property
    def dropped(self) -> int:
        """Facts that were lost, because the buffer was full or the database refused them."""
        return self._writer.dropped

    # ---- facts ---------------------------------------------------------------------------------------------------

    def put_promise(self, promise: Promise, token: str, by: str = "") -> None:
        """Durably, with a line of its history; then ``on_stored(promise.id, token, ok)``."""
        self._writer.put(statement.promise(promise, by), promise.id, token, self.shared.me)

    def put_served(self, promise: Promise, token: str, by: str = "") -> None:
        """That it was kept, whoever leads it now, and durably; then ``on_stored(promise.id, token, ok)``."""
        self._writer.put([Change(*one) for one in word.served(promise, by)], promise.id, token, disowns=True)

    def put_call(self, record: CallRecord) -> None:
        self._writer.put(statement.call(record))

    def put_binding(self, binding: Binding) -> None:
        self._writer.put(statement.binding(binding, self.shared.node))

    def remove_binding(self, binding: Binding) -> None:
        self._writer.put(statement.no_binding(binding, self.shared.node))

    def put_tally(self, tally: Tally) -> None:
        self._writer.put(statement.tally(tally))

    def put_agent(self, agent: str, logged_in: bool, paused: str, phone: str) -> None:
        self._writer.put(statement.agent(agent, logged_in, paused, phone, self.shared.node))

    def put_voicemail(self, message: Message) -> None:
        self._writer.put(statement.voicemail(message))

    def put_override(self, override: Override) -> None:
        self._writer.put(statement.override(override))

    def remove_override(self, id: str) -> None:
        self._writer.put(statement.no_override(id))

    def put_do_not_call(self, rows: Sequence[Listed]) -> None:
        """Each in place of what was kept of its number."""
        self._writer.put(statement.do_not_call(rows))

    def remove_do_not_call(self, numbers: Sequence[str]) -> None:
        self._writer.put(statement.may_call(numbers))

    async def settled(self) -> None:
        """All facts that were put before are durable when this returns. Raises ``DatabaseAway``."""
        if not await self._writer.settled():
            raise DatabaseAway("it cannot be written now")

    def remove_voicemail(self, voicemail: str, token: str) -> None:
        """Durably; then ``on_stored(voicemail, token, ok)``."""
        self._writer.put(statement.no_voicemail(voicemail), voicemail, token)

    def put_greeting(self, greeting: Greeting, token: str) -> None:
        self._writer.put(statement.greeting(greeting), greeting.mailbox, token)

    def put_answer(self, answer: SurveyAnswered) -> None:
        self._writer.put(statement.answer(answer))

    def put_delivery(self, delivery: Delivery, token: str = "") -> None:
        """Durably where there is a token; then ``on_stored(delivery.id, token, ok)``."""
        self._writer.put(statement.delivery(delivery, self.shared.node), delivery.id, token)

    def remove_delivery(self, delivery: str) -> None:
        self._writer.put(statement.no_delivery(delivery))

    def put_path(self, path: CallPath) -> None:
        self._put_large(statement.path(path, self.shared.node))

    def put_story(self, story: KeptStory) -> None:
        """In place of what was kept of that contact from the same moment on."""
        self._put_large(statement.story(story))

    def put_ground(self, ground: KeptGround) -> None:
        """There are few, and many stories need one."""
        self._writer.put(statement.ground(ground))

    def _put_large(self, changes: list[statement.Change]) -> None:
        """Given up where very much waits already: it takes the room of fifty other facts."""
        if self._writer.waiting < MOST_BEFORE_PATHS:
            self._writer.put(changes)
        else:
            self._writer.dropped += 1

    def put_edge(self, hour: int, plan: str, edge: Edge) -> None:
        """Callers who took this way in that hour (since 1970), to be added to those that are kept."""
        self._writer.put(statement.edge(hour, plan, edge))

    def forget_old(self, unix: float) -> None:
        """A batch of the paths and counts from before that moment."""
        self._writer.put(statement.too_old(unix))

    def forget_stories(self, unix: float) -> None:
        """A batch of those that ended before that moment, and of what only they needed."""
        self._writer.put(statement.old_stories(unix))

    def put_queue_interval(self, start: float, queue: str, figures: QueueFigures) -> None:
        """In place of what was kept of that queue and interval at this node."""
        self._writer.put(intervals.queue_interval(start, queue, figures, self.shared.node))

    def put_agent_interval(self, start: float, agent: str, figures: AgentFigures) -> None:
        self._writer.put(intervals.agent_interval(start, agent, figures, self.shared.node))

    def forget_intervals(self, unix: float) -> None:
        """A batch of those that began before that moment."""
        self._writer.put(intervals.too_old(unix))

    def put_event(self, at: float, event: DomainEvent) -> None:
        self._writer.put(statement.event(at, event))

    def forget_events(self, unix: float) -> None:
        """A batch of those from before that moment."""
        self._writer.put(statement.old_events(unix))

    # ---- the pool: promises that no node has taken -------------------------------------------------------------

    async def import_promises(self, rows: Sequence[Promise]) -> list[bool]:
        """Into the pool, for whoever claims them; durable when this returns. Of each, whether it is in now: not where
        an open promise for the same number and group is there, or its id. Raises ``DatabaseAway``: then the first
        ones may be in, and the same call does no harm."""
        answers: list[bool] = []
        for first in range(0, len(rows), bulk.AT_ONCE):
            some = await asyncio.to_thread(bulk.pooled, rows[first : first + bulk.AT_ONCE])
            answers += await self._work(partial(bulk.insert, columns=some))
        return answers

    # ---- campaigns -----------------------------------------------------------------------------------------------

    async def set_paused(self, pause: campaign.Pause, paused: bool) -> None:
        """Durable when this returns. Raises ``DatabaseAway``."""
        await self._work(campaign.setting(pause, paused))

    async def pauses(self) -> list[campaign.Pause]:
        return await self._read(campaign.pauses(), campaign.to_pause)

    async def campaign_shares(self, name: str) -> list[campaign.Share]:
        """What has come of its promises; reads all of them."""
        return await self._read(campaign.shares(name), campaign.to_share)

    async def nodes(self) -> list[Seen]:
        """Those that share the database, by name; also those that are gone, for a while. Raises ``DatabaseAway``."""
        make = partial(to_seen, node=self.shared.node, alone=self.shared.alone)
        return await self._read(seen(self._engines.read.dialect.name), make)

    async def _work(self, work: Callable[[Transaction], T]) -> T:
        """Raises ``DatabaseAway``."""
        with asking():
            return await self._database.run(work)

    # ---- reading back --------------------------------------------------------------------------------------------

    async def promises(self, open_only: bool = False, limit: int = MOST_READ) -> list[Promise]:
        """Open ones oldest first; with the closed ones, the latest first."""
        wanted = Wanted(states=OPEN) if open_only else Wanted(newest_first=True)
        return await self.promise_page(wanted, None, limit)

    async def promise_page(self, wanted: Wanted, after: Place | None, limit: int) -> list[Promise]:
        """In the order that is asked for, from the one behind ``after``."""
        parts = [await self._read(part, query.to_promise) for part in promises.page(wanted, after, limit)]
        rows = {row.id: row for row in chain.from_iterable(parts)}  # one may have ended between the parts
        return sorted(rows.values(), key=place, reverse=wanted.newest_first)[:limit]

    async def lying(self) -> list[Lying]:
        """Open promises in the pool and at other nodes, counted; a million take half a second."""
        select = promises.lying(self.shared.node, self._engines.read.dialect.name)
        return await self._read(select, promises.to_lying)

    async def promise(self, id: str) -> Promise | None:
        found = await self._read(promises.one(id), query.to_promise)
        return found[0] if found else None

    async def promise_history(self, id: str) -> tuple[list[Logged], list[Attempt]]:
        """What has become of it, and its attempts, each in the order of time."""
        made = await self._read(promises.made(id), promises.to_made)
        attempts = await self._read(promises.attempts(id), promises.to_attempt)
        return await self._read(promises.log(id), promises.to_logged), joined(attempts, made)

    async def calls(self, limit: int = 100, before: float | None = None) -> list[CallRecord]:
        """The latest first; ``before`` pages on by ``ended_at`` (Unix s)."""
        return await self._read(query.calls(limit, before), query.to_call)

    async def bindings(self) -> list[Binding]:
        return await self._read(query.bindings(self.shared.node), query.to_binding)

    async def tallies(self) -> list[Tally]:
        return await self._read(query.tallies(), query.to_tally)

    async def dialled(self, policies: Collection[Policy], now: float) -> Dialled:
        """What these policies want to know of attempts, whoever made them; ``now`` is Unix seconds."""
        attempts_s, let_go_s = look_back_s(policies)
        if not attempts_s and not let_go_s:
            return Dialled()
        rows = await self._read(query.dialled(now - attempts_s, now - let_go_s), tuple)
        dropped = tuple((number, at) for number, at, outcome in rows if outcome == "dropped")
        return Dialled(tuple((number, at) for number, at, _ in rows if at >= now - attempts_s), dropped)

    async def agents(self) -> list[StoredAgent]:
        return await self._read(query.agents(self.shared.node), query.to_agent)

    async def voicemails(self, limit: int = MOST_READ) -> list[Message]:
        """The latest first."""
        return await self._read(query.voicemails(limit), query.to_voicemail)

    async def overrides(self) -> list[Override]:
        """In the order in which they were ordered."""
        return await self._read(query.overrides(), query.to_override)

    async def do_not_call(self) -> list[Listed]:
        """All of them, in the order in which they were listed."""
        return await self._read(query.do_not_call(), query.to_listed)

    async def greetings(self) -> list[Greeting]:
        return await self._read(query.greetings(), query.to_greeting)

    async def answers(self, survey: str = "", since: float = 0.0) -> list[Given]:
        """Of one survey, or of all, from ``since`` on (Unix s), counted."""
        return await self._read(query.answers(survey, since), query.to_answers)

    async def deliveries(self, limit: int = MOST_READ) -> list[Delivery]:
        """The oldest first."""
        return await self._read(query.deliveries(limit, self.shared.node), query.to_delivery)

    async def path(self, contact: str) -> CallPath | None:
        found = await self._read(query.path(contact), query.to_path)
        return found[0] if found else None

    async def stories(self, contact: str) -> list[KeptStory]:
        """In the order in which they began."""
        return await self._read(query.stories(contact), query.to_story)

    async def grounds(self, keys: Collection[str]) -> list[KeptGround]:
        """Those of them that are kept."""
        return await self._read(query.grounds(keys), query.to_ground)

    async def paths_going_on(self, limit: int = MOST_READ) -> list[CallPath]:
        """Of calls that had not ended when they were written last, the latest first."""
        return await self._read(query.paths_going_on(limit, self.shared.node), query.to_path)

    async def edges(self, plan: str, hour: int) -> list[Edge]:
        """How often each way was taken from that hour (since 1970) on."""
        return summed(await self._read(query.edges(plan, hour), query.to_edge))

    async def intervals(self, since: float) -> Intervals:
        """Each of this node that began then or later."""
        queues, agents = (
            intervals.each(table, since, self.shared.node) for table in (schema.queue_intervals, schema.agent_intervals)
        )
        return Intervals(
            dict(await self._read(queues, intervals.to_queue)), dict(await self._read(agents, intervals.to_agent))
        )

    async def queue_figures(
        self, since: float, until: float, by_interval: bool, queue: str = "", ours_until: float = inf
    ) -> dict[Key, QueueFigures]:
        """Of the intervals that began then, added up over all nodes: by queue (and begin 0), or by begin (and
        ``queue``; "": all). What began at ``ours_until`` or later is of other nodes than this one."""
        span = (since, until, by_interval, queue, self.shared.node, ours_until)
        select = intervals.summed(schema.queue_intervals, *span)
        return dict(await self._read(select, intervals.to_queue))

    async def agent_figures(
        self, since: float, until: float, by_interval: bool, agent: str = "", ours_until: float = inf
    ) -> dict[Key, AgentFigures]:
        span = (since, until, by_interval, agent, self.shared.node, ours_until)
        select = intervals.summed(schema.agent_intervals, *span)
        return dict(await self._read(select, intervals.to_agent))

    async def events(self, after: int = 0, limit: int = 1000) -> list[StoredEvent]:
        """In order, from the one after offset ``after``."""
        return await self._read(query.events(after, limit), query.to_event)

    async def _read(self, select: Select[Any] | CompoundSelect[Any], make: Callable[[Row[Any]], T]) -> list[T]:
        """Raises ``DatabaseAway``."""
        with asking():
            async with self._engines.read.connect() as connection:
                return [make(row) for row in await connection.execute(select)]
