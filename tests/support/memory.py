"""The store's twin without a database, for simulations: same facts, same refusals, no loop and no disk.

How it answers is in the hands of the test: at once, not before ``release`` is called (``holding``), or with a failure
(``away``). ``soon`` takes the answer and runs it later; with the default it runs before ``put_promise`` returns.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from copy import deepcopy
from dataclasses import replace
from math import inf

from softswitch.acd.kept import GROUND_SPARE_S, KeptGround, KeptStory
from softswitch.acd.statistics import AgentFigures, Intervals, Key, QueueFigures
from softswitch.call.record import CallRecord
from softswitch.callback.history import Attempt, Logged, Made, joined
from softswitch.callback.listed import Listed
from softswitch.callback.model import OPEN, Promise, PromiseState, Tally
from softswitch.callback.wanted import Place, Wanted, place
from softswitch.contact.event import SurveyAnswered
from softswitch.contact.mailbox import Greeting, Message
from softswitch.contact.outbox import Delivery
from softswitch.contact.survey import Given
from softswitch.core.effect import DomainEvent
from softswitch.core.legible import legible
from softswitch.ivr.calendar import Override
from softswitch.ivr.path import CallPath, Edge, summed
from softswitch.sip.registrar import Binding
from softswitch.store import statement
from softswitch.store.promises import Lying
from softswitch.store.query import StoredAgent, StoredEvent
from softswitch.store.store import MOST_READ, nobody
from softswitch.store.trouble import DatabaseAway
from softswitch.store.writer import OnStored


def at_once(answer: Callable[[], None]) -> None:
    answer()


class Memory:
    """Facts in dictionaries."""

    def __init__(self, on_stored: OnStored = nobody, soon: Callable[[Callable[[], None]], None] = at_once) -> None:
        self.on_stored = on_stored
        self.away = False  # the database is away: durable writes fail
        self.holding = False  # durable writes wait for ``release``
        self.dropped = 0
        self._soon = soon
        self._intervals = Intervals()
        self.elsewhere = Intervals()  # what other nodes have counted
        self._held: deque[tuple[Promise, str, str]] = deque()
        self._promises: dict[str, Promise] = {}
        self._open: dict[tuple[str, str], str] = {}  # number, group -> promise
        self._calls: dict[str, CallRecord] = {}
        self._bindings: dict[tuple[str, str], Binding] = {}
        self._agents: dict[str, StoredAgent] = {}
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._voicemails: dict[str, Message] = {}
        self._greetings: dict[str, Greeting] = {}
        self._answers: dict[tuple[str, str, str], SurveyAnswered] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._overrides: dict[str, Override] = {}
        self._do_not_call: dict[str, Listed] = {}
        self._paths: dict[str, CallPath] = {}
        self._stories: dict[tuple[str, float], KeptStory] = {}
        self._grounds: dict[str, KeptGround] = {}
        self._edges: list[tuple[int, str, Edge]] = []
        self._events: list[StoredEvent] = []
        self._log: dict[tuple[str, float, str, int], Logged] = {}
        self._attempts: dict[tuple[str, int], Attempt] = {}
        self._offset = 0  # of the last event, forgotten or not

    @property
    def healthy(self) -> bool:
        return not self.away

    def release(self, count: int | None = None, ok: bool = True) -> None:
        """Carry out (or fail) the oldest ``count`` of the writes that are held; None: all."""
        for _ in range(len(self._held) if count is None else count):
            self._settle(*self._held.popleft(), ok)

    # ---- facts ---------------------------------------------------------------------------------------------------

    def put_promise(self, promise: Promise, token: str, by: str = "") -> None:
        if self.holding:
            self._held.append((promise, token, by))
        else:
            self._settle(promise, token, by, True)

    def put_served(self, promise: Promise, token: str, by: str = "") -> None:
        row, served = self._promises.get(promise.id), legible(promise)
        if row is not None and row.state is not PromiseState.KEPT and row.losses <= served.losses:
            served = replace(row, state=PromiseState.KEPT, outcome="answered", updated_at=served.updated_at)
        else:
            served = row or served
        self.put_promise(served, token, by)

    def put_call(self, record: CallRecord) -> None:
        record = legible(record)
        self._calls[record.contact] = record

    def put_binding(self, binding: Binding) -> None:
        binding = legible(binding)
        # A stream connection does not outlive the process.
        self._bindings[binding.aor, binding.contact] = replace(binding, flow=replace(binding.flow, connection=0))

    def remove_binding(self, binding: Binding) -> None:
        binding = legible(binding)
        self._bindings.pop((binding.aor, binding.contact), None)

    def put_tally(self, tally: Tally) -> None:
        tally = legible(tally)
        self._tallies[tally.name, tally.node] = tally

    def put_agent(self, agent: str, logged_in: bool, paused: str, phone: str) -> None:
        self._agents[legible(agent)] = legible(StoredAgent(agent, logged_in, paused, phone))

    def put_voicemail(self, message: Message) -> None:
        message = legible(message)
        self._voicemails[message.id] = message

    def put_do_not_call(self, rows: Sequence[Listed]) -> None:
        self._do_not_call |= {row.number: row for row in map(legible, rows)}

    def remove_do_not_call(self, numbers: Sequence[str]) -> None:
        for number in numbers:
            self._do_not_call.pop(number, None)

    def put_override(self, override: Override) -> None:
        override = legible(override)
        self._overrides[override.id] = override

    def remove_override(self, id: str) -> None:
        self._overrides.pop(id, None)

    def remove_voicemail(self, voicemail: str, token: str) -> None:
        ok = not self.away
        if ok:
            self._voicemails.pop(legible(voicemail), None)
        self._soon(lambda: self.on_stored(voicemail, token, ok))

    def put_greeting(self, greeting: Greeting, token: str) -> None:
        ok = not self.away
        if ok:
            self._greetings[greeting.mailbox] = legible(greeting)
        self._soon(lambda: self.on_stored(greeting.mailbox, token, ok))

    def put_answer(self, answer: SurveyAnswered) -> None:
        answer = legible(answer)
        self._answers[answer.contact, answer.survey, answer.question] = answer

    def put_delivery(self, delivery: Delivery, token: str = "") -> None:
        ok = not self.away
        if ok:
            self._deliveries[delivery.id] = legible(delivery)
        if token:
            self._soon(lambda: self.on_stored(delivery.id, token, ok))

    def remove_delivery(self, delivery: str) -> None:
        self._deliveries.pop(legible(delivery), None)

    def put_path(self, path: CallPath) -> None:
        self._paths[path.contact] = path

    def put_story(self, story: KeptStory) -> None:
        self._stories[story.contact, story.began_at] = legible(story)

    def forget_stories(self, unix: float) -> None:
        self._stories = {key: story for key, story in self._stories.items() if story.ended_at >= unix}
        last = unix - GROUND_SPARE_S
        self._grounds = {key: ground for key, ground in self._grounds.items() if ground.used_at >= last}

    def put_ground(self, ground: KeptGround) -> None:
        self._grounds[ground.key] = ground

    def put_edge(self, hour: int, plan: str, edge: Edge) -> None:
        self._edges.append((hour, plan, edge))

    def forget_old(self, unix: float) -> None:
        self._paths = {contact: path for contact, path in self._paths.items() if path.ended_at >= unix}
        self._edges = [edge for edge in self._edges if edge[0] >= int(unix // 3600)]

    def put_queue_interval(self, start: float, queue: str, figures: QueueFigures) -> None:
        self._intervals.queues[start, queue] = deepcopy(figures)

    def put_agent_interval(self, start: float, agent: str, figures: AgentFigures) -> None:
        self._intervals.agents[start, agent] = deepcopy(figures)

    def forget_intervals(self, unix: float) -> None:
        for kept in (self._intervals.queues, self._intervals.agents):
            for key in [key for key in kept if key[0] < unix]:
                del kept[key]

    def put_event(self, at: float, event: DomainEvent) -> None:
        body = json.loads(statement.body(event))
        self._offset += 1
        self._events.append(StoredEvent(self._offset, at, type(event).__name__, body))

    def forget_events(self, unix: float) -> None:
        self._events = [event for event in self._events if event.at >= unix]
        self._log = {key: one for key, one in self._log.items() if one.at >= unix}

    def _settle(self, promise: Promise, token: str, by: str, ok: bool) -> None:
        row = legible(promise)
        ok = ok and not self.away and not self._taken(row)
        if ok:
            self._keep_promise(row)
            self._note(row, by)
        self._soon(lambda: self.on_stored(promise.id, token, ok))

    def _note(self, row: Promise, by: str) -> None:
        at = row.updated_at or row.recorded_at
        self._log[row.id, at, row.state.value, row.attempts] = Logged(
            at, row.state.value, row.stage, row.outcome, row.attempts, row.losses, row.not_before, row.priority_s,
            row.contact, legible(by), row.disposition,
        )  # fmt: skip
        if row.call_id:
            key = row.id, row.attempts
            first = self._attempts.get(key)
            let_go = first is not None and first.outcome == "dropped" and row.outcome != "answered"
            outcome = "dropped" if let_go else row.outcome
            self._attempts[key] = Attempt(row.attempts, row.call_id, first.at if first else row.updated_at, outcome)
        if row.state in statement.NOT_DIALLED:
            self._attempts.pop((row.id, row.attempts + 1), None)

    async def promise_page(self, wanted: Wanted, after: Place | None, limit: int) -> list[Promise]:
        found = [one for one in self._promises.values() if wanted.takes(one) and wanted.follows(one, after)]
        return sorted(found, key=place, reverse=wanted.newest_first)[:limit]

    async def promise(self, id: str) -> Promise | None:
        return self._promises.get(id)

    async def promise_history(self, id: str) -> tuple[list[Logged], list[Attempt]]:
        made = [
            Made(one.contact, one.agent, one.started_at, one.ended_at)
            for one in sorted(self._calls.values(), key=lambda call: call.started_at)
            if one.promise == id
        ]
        log = [self._log[key] for key in sorted(self._log, key=lambda key: (key[1], key[3], key[2])) if key[0] == id]
        return log, joined([self._attempts[key] for key in sorted(self._attempts) if key[0] == id], made)

    def _taken(self, promise: Promise) -> bool:
        """The unique index of the tables: one open promise per number and group."""
        return promise.state in OPEN and self._open.get((promise.number, promise.key), promise.id) != promise.id

    def _keep_promise(self, row: Promise) -> None:
        old = self._promises.get(row.id)
        if old is not None and self._open.get((old.number, old.key)) == row.id:
            del self._open[old.number, old.key]
        self._promises[row.id] = row
        if row.state in OPEN:
            self._open[row.number, row.key] = row.id

    def claim(self, node: str, name: str, most: int, below: float, now: float) -> list[Promise]:
        """Out of the pool, as the store does it."""
        pool = [row for row in self._promises.values() if not row.node and row.state in OPEN and row.not_before <= now]
        pool = [row for row in pool if row.name == name and row.rank < below]
        taken = [replace(row, node=node) for row in sorted(pool, key=lambda row: (row.rank, row.id))[:most]]
        self._promises |= {row.id: row for row in taken}
        return taken

    def give_back(self, promise: Promise) -> None:
        self._promises[promise.id] = replace(promise, node="")

    async def lying(self) -> list[Lying]:
        pool = [row for row in self._promises.values() if not row.node and row.state in OPEN]
        return [Lying(name, "", 0.0, "", count) for name, count in Counter(row.name for row in pool).items()]

    async def import_promises(self, rows: Sequence[Promise]) -> list[bool]:
        if self.away:
            raise DatabaseAway("as the test wants it")
        answers = []
        for row in (replace(legible(one), node="", group=one.key) for one in rows):
            answers.append(row.id not in self._promises and not self._taken(row))
            if answers[-1]:
                self._keep_promise(row)
        return answers

    # ---- reading back --------------------------------------------------------------------------------------------

    async def promises(self, open_only: bool = False, limit: int = MOST_READ) -> list[Promise]:
        rows = [row for row in self._promises.values() if row.state in OPEN or not open_only]
        return sorted(rows, key=lambda row: (row.recorded_at, row.id), reverse=not open_only)[:limit]

    async def calls(self, limit: int = 100, before: float | None = None) -> list[CallRecord]:
        rows = [row for row in self._calls.values() if before is None or row.ended_at < before]
        return sorted(rows, key=lambda row: (row.ended_at, row.contact), reverse=True)[:limit]

    async def bindings(self) -> list[Binding]:
        return [self._bindings[key] for key in sorted(self._bindings)]

    async def tallies(self) -> list[Tally]:
        return list(self._tallies.values())

    async def agents(self) -> list[StoredAgent]:
        return [self._agents[name] for name in sorted(self._agents)]

    async def voicemails(self, limit: int = MOST_READ) -> list[Message]:
        return sorted(self._voicemails.values(), key=lambda row: (-row.left_at, row.id))[:limit]

    async def do_not_call(self) -> list[Listed]:
        return sorted(self._do_not_call.values(), key=lambda row: (row.added_at, row.number))

    async def overrides(self) -> list[Override]:
        return sorted(self._overrides.values(), key=lambda row: (row.ordered_at, row.id))

    async def greetings(self) -> list[Greeting]:
        return [self._greetings[mailbox] for mailbox in sorted(self._greetings)]

    async def answers(self, survey: str = "", since: float = 0.0) -> list[Given]:
        keys = Counter(
            (one.survey, one.question, one.agent, one.low, one.high, one.score)
            for one in self._answers.values()
            if one.at >= since and survey in ("", one.survey)
        )
        return [Given(*key, count) for key, count in sorted(keys.items())]

    async def deliveries(self, limit: int = MOST_READ) -> list[Delivery]:
        return sorted(self._deliveries.values(), key=lambda row: (row.created_at, row.id))[:limit]

    async def path(self, contact: str) -> CallPath | None:
        return self._paths.get(contact)

    async def stories(self, contact: str) -> list[KeptStory]:
        return [self._stories[key] for key in sorted(self._stories) if key[0] == contact]

    async def grounds(self, keys: Collection[str]) -> list[KeptGround]:
        return [self._grounds[key] for key in keys if key in self._grounds]

    async def paths_going_on(self, limit: int = MOST_READ) -> list[CallPath]:
        going_on = [path for path in self._paths.values() if not path.over]
        return sorted(going_on, key=lambda path: -path.ended_at)[:limit]

    async def edges(self, plan: str, hour: int) -> list[Edge]:
        return summed(edge for at, of, edge in self._edges if of == plan and at >= hour)

    async def intervals(self, since: float) -> Intervals:
        kept = deepcopy(self._intervals)
        return Intervals(
            {key: one for key, one in kept.queues.items() if key[0] >= since},
            {key: one for key, one in kept.agents.items() if key[0] >= since},
        )

    async def queue_figures(
        self, since: float, until: float, by_interval: bool, queue: str = "", ours_until: float = inf
    ) -> dict[Key, QueueFigures]:
        made: dict[Key, QueueFigures] = {}
        ours = [one for one in self._intervals.queues.items() if one[0][0] < ours_until]
        for (start, name), figures in [*ours, *self.elsewhere.queues.items()]:
            if since <= start < until and queue in ("", name):
                made.setdefault((start, queue) if by_interval else (0.0, name), QueueFigures()).add(figures)
        return made

    async def agent_figures(
        self, since: float, until: float, by_interval: bool, agent: str = "", ours_until: float = inf
    ) -> dict[Key, AgentFigures]:
        made: dict[Key, AgentFigures] = {}
        ours = [one for one in self._intervals.agents.items() if one[0][0] < ours_until]
        for (start, name), figures in [*ours, *self.elsewhere.agents.items()]:
            if since <= start < until and agent in ("", name):
                made.setdefault((start, agent) if by_interval else (0.0, name), AgentFigures()).add(figures)
        return made

    async def events(self, after: int = 0, limit: int = 1000) -> list[StoredEvent]:
        return [event for event in self._events if event.offset > after][:limit]

    async def close(self) -> None:
        self.release()
