"""The store's twin without a database, for simulations: same facts, same refusals, no loop and no disk.

How it answers is in the hands of the test: at once, not before ``release`` is called (``holding``), or with a failure
(``away``). ``soon`` takes the answer and runs it later; with the default it runs before ``put_promise`` returns.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from softswitch.call.record import CallRecord
from softswitch.callback.model import OPEN, Promise
from softswitch.contact.mailbox import Message
from softswitch.core.effect import DomainEvent
from softswitch.core.legible import legible
from softswitch.sip.registrar import Binding
from softswitch.store import statement
from softswitch.store.query import StoredAgent, StoredEvent
from softswitch.store.store import MOST_READ, nobody
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
        self._held: deque[tuple[Promise, str]] = deque()
        self._promises: dict[str, Promise] = {}
        self._calls: dict[str, CallRecord] = {}
        self._bindings: dict[tuple[str, str], Binding] = {}
        self._agents: dict[str, StoredAgent] = {}
        self._voicemails: dict[str, Message] = {}
        self._events: list[StoredEvent] = []

    @property
    def healthy(self) -> bool:
        return not self.away

    def release(self, count: int | None = None, ok: bool = True) -> None:
        """Carry out (or fail) the oldest ``count`` of the writes that are held; None: all."""
        for _ in range(len(self._held) if count is None else count):
            promise, token = self._held.popleft()
            self._settle(promise, token, ok)

    # ---- facts ---------------------------------------------------------------------------------------------------

    def put_promise(self, promise: Promise, token: str) -> None:
        if self.holding:
            self._held.append((promise, token))
        else:
            self._settle(promise, token, True)

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

    def put_agent(self, agent: str, logged_in: bool, paused: str) -> None:
        agent, paused = legible((agent, paused))
        self._agents[agent] = StoredAgent(agent, logged_in, paused)

    def put_voicemail(self, message: Message) -> None:
        message = legible(message)
        self._voicemails[message.id] = message

    def put_event(self, at: float, event: DomainEvent) -> None:
        body = json.loads(statement.body(event))
        self._events.append(StoredEvent(len(self._events) + 1, at, type(event).__name__, body))

    def _settle(self, promise: Promise, token: str, ok: bool) -> None:
        row = legible(promise)
        ok = ok and not self.away and not self._taken(row)
        if ok:
            self._promises[row.id] = row
        self._soon(lambda: self.on_stored(promise.id, token, ok))

    def _taken(self, promise: Promise) -> bool:
        """The unique index of the tables: one open promise per number and queue."""
        key = (promise.number, promise.queue)
        return promise.state in OPEN and any(
            other.state in OPEN and other.id != promise.id and (other.number, other.queue) == key
            for other in self._promises.values()
        )

    # ---- reading back --------------------------------------------------------------------------------------------

    async def promises(self, open_only: bool = False, limit: int = MOST_READ) -> list[Promise]:
        rows = [row for row in self._promises.values() if row.state in OPEN or not open_only]
        return sorted(rows, key=lambda row: (row.recorded_at, row.id), reverse=not open_only)[:limit]

    async def calls(self, limit: int = 100, before: float | None = None) -> list[CallRecord]:
        rows = [row for row in self._calls.values() if before is None or row.ended_at < before]
        return sorted(rows, key=lambda row: (row.ended_at, row.contact), reverse=True)[:limit]

    async def bindings(self) -> list[Binding]:
        return [self._bindings[key] for key in sorted(self._bindings)]

    async def agents(self) -> list[StoredAgent]:
        return [self._agents[name] for name in sorted(self._agents)]

    async def voicemails(self, limit: int = MOST_READ) -> list[Message]:
        return sorted(self._voicemails.values(), key=lambda row: (-row.left_at, row.id))[:limit]

    async def events(self, after: int = 0, limit: int = 1000) -> list[StoredEvent]:
        return self._events[after : after + limit]

    async def close(self) -> None:
        self.release()
