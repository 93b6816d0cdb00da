"""A ledger beside a pool: what it asks for is answered from a list, as the store would."""

from __future__ import annotations

import random
from collections.abc import Iterable

from softswitch.callback.ledger import Ledger
from softswitch.callback.model import Policy, Promise, PromiseState
from softswitch.callback.node import Claim, Claimed, GiveBack
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from tests.unit.callback.desk import NOON, SALES, Desk

NODE = "a"


def pooled(n: int, recorded_at: float = NOON - 3600.0, **more: object) -> Promise:
    fields: dict[str, object] = {
        "id": f"pooled-{n}",
        "number": f"+86138{n:08d}",
        "queue": "sales",
        "stage": "imported",
        "state": PromiseState.RECORDED,
        "contact": "",
        "recorded_at": recorded_at,
        "group": "sales",
    }
    return Promise(**(fields | more))  # type: ignore[arg-type]


class PoolDesk(Desk):
    def __init__(self, *policies: Policy, rows: Iterable[Promise] = ()) -> None:
        super().__init__(*policies)
        self.ledger = Ledger(policies or (SALES,), Ids(random.Random(7).getrandbits), node=NODE)
        self.pool = list(rows)
        self.claims: list[Claim] = []

    def take(self, order: Claim) -> tuple[Promise, ...]:
        """What the store would find."""
        self.pool.sort(key=lambda row: (row.rank, row.id))
        found = [row for row in self.pool if row.name == order.name and row.rank < order.below][: order.most]
        self.pool = [row for row in self.pool if row not in found]
        return tuple(found)

    def answer(self, ok: bool = True) -> list[Effect]:
        """Answer the claims of the last step, and those that follow at once."""
        effects = list(self.last)
        while orders := [one for one in effects if isinstance(one, Claim)]:
            effects = [one for one in effects if not isinstance(one, Claim)]
            for order in orders:
                self.claims.append(order)
                rows = self.take(order) if ok else ()
                effects += self.ledger.handle(Claimed(order.name, rows, ok), self.now)
            for back in [one for one in effects if isinstance(one, GiveBack)]:
                assert all(row.id != back.promise.id for row in self.pool)
        self.last = effects
        return effects
