"""What people order of one promise: to end its pause, to count it as older. Where others lead it they are told.

An order was answered as given. So it is kept with its promise until the store has it: a node that is declared dead
meanwhile gives it once more, in its new life if the promise is its own again, and to others if it is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from softswitch.callback.book import Entry
from softswitch.callback.model import OPEN, Promise, PromiseState, Promote, RetryNow
from softswitch.callback.mover import Mover
from softswitch.callback.node import Elsewhere

Order = RetryNow | Promote


class Orders:
    def __init__(self, move: Mover) -> None:
        self._move = move
        self._refused: list[Entry] = []  # to a life that is over, as far as we know
        self.inputs: Mapping[type, Callable[[Any], None]] = {RetryNow: self._given, Promote: self._given}

    def _given(self, order: Order) -> None:
        entry = self._move.book.get(order.promise)
        if entry is not None:
            self._carry_out(order, entry)
        elif self._move.node:
            self._move.out.append(Elsewhere(order))

    def _carry_out(self, order: Order, entry: Entry) -> None:
        """What has changed is to outlive the process."""
        changes = self._changes(order, entry.promise)
        if changes:
            self._move.change(entry, **changes)
            others = (one for one in entry.orders if type(one) is not type(order))
            entry.by, entry.orders = order.by, (*others, order)
            self._move.write(entry)
            self._move.advance(entry)

    def _changes(self, order: Order, promise: Promise) -> dict[str, float]:
        if isinstance(order, Promote):
            return {"priority_s": order.priority_s} if promise.state in OPEN else {}
        return {"not_before": self._move.now} if promise.state is PromiseState.RETRY_AT else {}

    def refused(self, entry: Entry) -> None:
        """The store says that others lead it; or that we did, in a life that is over."""
        if entry.orders:
            self._tell(entry)
            self._refused.append(entry)

    def standing(self, unwritten: Iterable[Entry], rows: Mapping[str, Promise]) -> list[Entry]:
        """Whose orders a new life is to be given, while nothing in it has been moved on yet: ``rows`` and what is led.
        A row that was written after the order has it, or somebody has ordered otherwise."""
        formers = [former for former in dict.fromkeys((*self._refused, *unwritten)) if former.orders]
        return [former for former in formers if not self._written_since(former.promise, rows)]

    def _written_since(self, former: Promise, rows: Mapping[str, Promise]) -> bool:
        heir = self._move.book.get(former.id)
        row = rows.get(former.id) if heir is None else heir.promise
        return row is not None and row.updated_at > former.updated_at

    def give_again(self, formers: Iterable[Entry]) -> None:
        """To what the new life leads by now."""
        refused, self._refused = self._refused, []
        for former in formers:
            led = self._move.book.get(former.promise.id)
            if led is not None:
                for order in former.orders:
                    self._carry_out(order, led)
            elif former not in refused:
                self._tell(former)

    def _tell(self, former: Entry) -> None:
        self._move.out.extend(Elsewhere(order) for order in former.orders)
