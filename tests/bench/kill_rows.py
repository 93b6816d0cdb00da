"""The rows of a kill run that want explaining, each customer's with what the carrier knows of him, in order of time.

Whose: who has more than one promise, who was served though none of his rows says KEPT, and who was dialled after he had
talked. What is told is what the database has of each promise and what went over the wire; nothing is judged.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from softswitch.callback.model import Promise, PromiseState
from softswitch.store.store import Store
from tests.bench.kill_peers import Address, Customer

Rows = Mapping[str, list[Promise]]  # by number
Told = tuple[float, str]  # when (Unix s), what


def by_number(rows: Iterable[Promise]) -> dict[str, list[Promise]]:
    found: dict[str, list[Promise]] = {}
    for row in rows:
        found.setdefault(row.number, []).append(row)
    return found


def too_many(customer: Customer, rows: Rows) -> int:
    """Promises beyond one for each call: who does not hear the answer calls again, and may have two."""
    return max(0, len(rows.get(customer.number, ())) - len(customer.calls))


def served_unkept(customer: Customer, rows: Rows) -> bool:
    """He has talked to an agent, and no row says so."""
    served = any(one.acked_at is not None for one in customer.attempts)
    return served and all(row.state is not PromiseState.KEPT for row in rows.get(customer.number, ()))


def wants_explaining(customer: Customer, rows: Rows) -> bool:
    return len(rows.get(customer.number, ())) > 1 or served_unkept(customer, rows)


async def tell(customer: Customer, rows: Rows, store: Store, names: Mapping[Address, str], began: float) -> list[str]:
    """Everything that is known of one customer, in s since ``began`` (a monotonic moment)."""
    offset_s = time.time() - time.monotonic()
    lines = [(at + offset_s, what) for at, what in _wire(customer, names)]
    for row in rows.get(customer.number, ()):
        lines += await _row(row, store)
    return [customer.number, *(f"{at - offset_s - began:9.3f} {what}" for at, what in sorted(lines))]


async def _row(row: Promise, store: Store) -> list[Told]:
    changes, attempts = await store.promise_history(row.id)
    lines = [
        (one.at, f"{row.id} {one.state} n={one.attempt} losses={one.losses} {one.stage} of {one.contact} {one.outcome}")
        for one in changes
    ]
    lines += [(one.at, f"{row.id} attempt {one.attempt} {one.call_id} {one.outcome}") for one in attempts]
    return [*lines, (row.updated_at, f"{row.id} is {row.state.value} {row.outcome} at {row.node or 'nobody'}")]


def _wire(customer: Customer, names: Mapping[Address, str]) -> list[Told]:
    lines: list[Told] = []
    for call in customer.calls:
        lines.append((call.at, f"    calls {names[call.node]}: {call.call_id}"))
        lines += [(at, f"    {call.call_id} is told {status}") for at, status in call.told]
    for one in customer.attempts:
        lines.append((one.at, f"    is called by {names[one.node]}: {one.call_id}"))
        lines += [(one.acked_at, f"    talks: {one.call_id}")] if one.acked_at is not None else []
        lines += [(one.left_at, f"    leaves: {one.call_id}")] if one.left_at is not None else []
    return lines
