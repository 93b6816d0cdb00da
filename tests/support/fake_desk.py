"""Promises that are not there: in memory and in a store, for tests of the face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from softswitch.callback.history import Attempt, Logged
from softswitch.callback.model import OPEN, Promise, PromiseState
from softswitch.callback.waits import Wait
from softswitch.callback.wanted import Place, Wanted, place
from softswitch.store.promises import Lying
from softswitch.switch.view import Refused

S = PromiseState
NOW = 1_800_000_000.0
AT_HAND = [Promise("p-1", "+8613800138001", "orders", "abandoned", S.DUE, "c-0", 1700000000.0)]
LOG = [
    Logged(1700000000.0, "recorded", "abandoned", "", 0, 1, 0.0, 0.0, "c-0", ""),
    Logged(1700000100.0, "dialling", "abandoned", "", 1, 1, 0.0, 0.0, "c-0", ""),
    Logged(1700000120.0, "retry_at", "abandoned", "busy", 1, 2, 1700000420.0, 0.0, "c-5", ""),
    Logged(1700000200.0, "retry_at", "abandoned", "busy", 1, 2, 1700000420.0, 600.0, "c-5", "api anna"),
]
TRIED = [Attempt(1, "0123abcd", 1700000100.0, "busy", "c-9", "bob")]


@dataclass
class FakeDesk:
    """``PromiseDesk``: writes down the orders in ``done``."""

    done: list[tuple[str, ...]]
    rows: list[Promise] = field(default_factory=lambda: list(AT_HAND))
    trouble: int = 0
    waits: dict[str, Wait] = field(default_factory=lambda: {"p-1": Wait("no agent free")})
    stands: dict[str, Wait] = field(default_factory=dict)
    rests: dict[str, Wait] = field(default_factory=dict)

    def moment(self) -> tuple[float, str]:
        return NOW, "Europe/Berlin"

    def promises(self) -> Iterator[Promise]:
        return iter(self.rows)

    def promise(self, id: str) -> Promise | None:
        return next((one for one in self.rows if one.id == id), None)

    def wait(self, id: str) -> Wait | None:
        return self.waits.get(id)

    def rest(self, promise: Promise) -> Wait | None:
        return self.rests.get(promise.id)

    def overdue_at(self, promise: Promise) -> float:
        return promise.expires_at or promise.recorded_at + 86400.0

    def policies(self) -> dict[str, str]:
        return {"orders": "orders", "welcome": "orders"}

    def standstill(self, name: str) -> Wait:
        return self.stands.get(name, Wait(""))

    def spellings(self, number: str) -> set[str]:
        return {"+86" + number.replace(" ", "").replace("-", "").removeprefix("+86")}

    def store_trouble(self) -> bool:
        return self.trouble > 0

    def unwritten(self) -> int:
        return self.trouble

    def withdraw(self, promise: Promise, why: str, by: str) -> None:
        self._order("withdraw", promise, why, by)

    def retry(self, promise: Promise, by: str) -> None:
        self._order("retry", promise, by)

    def promote(self, promise: Promise, priority_s: float, by: str) -> None:
        self._order("promote", promise, f"{priority_s:g}", by)

    def _order(self, what: str, promise: Promise, *more: str) -> None:
        if promise.state not in OPEN:
            raise Refused("ended", f"{promise.id} is {promise.state.value}: there is nothing to {what}")
        self.done.append((what, promise.id, *more))


class StoredPromises:
    """``PromiseReader`` over a list."""

    def __init__(self, rows: list[Promise] | None = None) -> None:
        self.stored = rows if rows is not None else list(AT_HAND)
        self.lies: list[Lying] = []

    async def promise_page(self, wanted: Wanted, after: Place | None, limit: int) -> list[Promise]:
        found = [one for one in self.stored if wanted.takes(one) and wanted.follows(one, after)]
        return sorted(found, key=place, reverse=wanted.newest_first)[:limit]

    async def lying(self) -> list[Lying]:
        return self.lies

    async def promise(self, id: str) -> Promise | None:
        return next((one for one in self.stored if one.id == id), None)

    async def promise_history(self, id: str) -> tuple[list[Logged], list[Attempt]]:
        return (LOG, TRIED) if id == "p-1" else ([], [])
