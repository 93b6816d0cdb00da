"""A withdrawal that waits for the attempt in flight, as the row tells it: a crash must not forget it.

It stands in ``outcome``, which an attempt in flight does not have yet; once the attempt is over, the reason alone does.
"""

from __future__ import annotations

from softswitch.callback.model import Promise, PromiseState

PREFIX = "to be withdrawn: "
REACHED_AGENT = "reached agent"  # why: he has called in himself, and was served
IN_FLIGHT = frozenset({PromiseState.DIALLING, PromiseState.ANSWERED, PromiseState.UNCERTAIN})


def noted(why: str) -> str:
    """The ``outcome`` of a row that is to be withdrawn."""
    return PREFIX + why


def ending(row: Promise) -> str | None:
    """Why the row is to be withdrawn when its attempt is over; None: it is not."""
    waits = row.state in IN_FLIGHT and row.outcome.startswith(PREFIX)
    return row.outcome.removeprefix(PREFIX) if waits else None


def by_himself(row: Promise) -> bool:
    """Has he reached an agent himself, as the row tells it: withdrawn, or to be when the attempt in flight is over?"""
    return (row.outcome if row.state is PromiseState.WITHDRAWN else ending(row)) == REACHED_AGENT
