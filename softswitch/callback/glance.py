"""The ledger as people see it: which promises it has in memory, and why each of them waits. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from softswitch.callback.book import Entry
from softswitch.callback.model import Promise, Tally
from softswitch.callback.mover import Mover
from softswitch.callback.rule import Rules
from softswitch.callback.standstill import standstill
from softswitch.callback.waits import Situation, Wait, rest, wait
from softswitch.callback.written import Written


class Glance:
    def __init__(self, move: Mover) -> None:
        self._move = move

    def promise(self, id: str) -> Promise | None:
        """As far as the store has it; None also where it is not in memory."""
        entry = self._move.book.get(id)
        return entry.shown if entry is not None else None

    def promises(self) -> Iterator[Promise]:
        """The same of all of them, in no order; whatever comes or goes meanwhile."""
        return (shown for entry in list(self._move.book.entries()) if (shown := entry.shown) is not None)

    def wait(self, id: str, now: float) -> Wait | None:
        entry = self._move.book.get(id)
        return None if entry is None else wait(entry, self._move.rules, self._situation(entry, now), now)

    def rest(self, promise: Promise, now: float) -> Wait | None:
        """Why one that lies in the pool stays there; None: its time has come."""
        situation = self._situation(Entry(promise, now, durable=True), now)
        return rest(promise, self._move.rules, situation, now)

    def standstill(self, name: str, now: float) -> Wait:
        """Why nobody is called of this campaign."""
        return standstill(self._move, name, now)

    def left_alone(self, *names: str) -> bool:
        """By callbacks, as several in a row were refused: a trunk, under one of the names by which policies have it."""
        return any(self._move.turns.breaker.left_alone(name) for name in names)

    def tally(self, name: str, now: float) -> Tally:
        """Of the window of its abandon limit."""
        return self._move.turns.governor(name).counted(self._move.rules.policy(name), now)

    @property
    def rules(self) -> Rules:
        return self._move.rules

    @property
    def written(self) -> Written:
        return self._move.written

    def spellings(self, number: str) -> set[str]:
        return self._move.rules.spellings(number)

    def _situation(self, entry: Entry, now: float) -> Situation:
        move, promise = self._move, entry.promise
        pace, policy = move.turns.pace(promise.queue), move.rules.policy(promise.name)
        return Situation(
            store_away=not move.written.healthy,
            on_a_call=promise.number in move.busy,
            rung=move.engaged(entry),
            paused=promise.name in move.rules.paused,
            drained=move.drains,
            lease_over=now >= move.lease_until,
            trunk=policy.trunk,
            trunk_down=policy.name in pace.cut_off,
            refused_until=move.turns.shut_until(promise, now),
            live_waiting=pace.live_waiting,
            free_agents=pace.room(0),
            reserve=policy.reserve,
        )
