"""What time does to a promise: which input is due, and when to look again.

Every state has an end. RECORDED and RETRY_AT wait for their moment inside the window, DUE waits for an agent, and all
three grow overdue; SEEKING, DIALLING, ANSWERED and UNCERTAIN end by themselves.
"""

from __future__ import annotations

from softswitch.callback.book import Entry
from softswitch.callback.model import PromiseState
from softswitch.callback.rule import Rules
from softswitch.callback.table import I

S = PromiseState
SEEK_S = 120.0  # how long an agent may take to be found and to pick up
TRANSIENT = frozenset({S.SEEKING, S.DIALLING, S.ANSWERED, S.UNCERTAIN})


def due(entry: Entry, rules: Rules, now: float) -> I | None:
    """The input that time brings at ``now``; RETRY stands for an attempt that has rung long enough."""
    promise = entry.promise
    match promise.state:
        case S.RECORDED | S.RETRY_AT | S.DUE if rules.barred(promise.number):
            return I.WITHDRAW
        case S.RECORDED | S.RETRY_AT | S.DUE if now >= rules.overdue_at(promise):
            if now >= entry.spared_until:
                return I.OVERDUE
            return I.SHUT if promise.state is S.DUE else None
        case S.RECORDED | S.RETRY_AT:
            ripe = entry.durable and now >= promise.not_before and rules.open(promise, now)
            return I.RIPE if ripe else None
        case S.DUE:
            return None if rules.open(promise, now) else I.SHUT
        case state if state in TRANSIENT and now >= _ends_at(entry, rules):
            return _end(entry, rules)
        case _:
            return None


def wake_at(entry: Entry, rules: Rules, now: float) -> float:
    """When ``due`` may have another answer than None (Unix s)."""
    promise = entry.promise
    if promise.state in TRANSIENT:
        return _ends_at(entry, rules)
    wake = rules.overdue_at(promise)
    if wake <= now:
        return entry.spared_until
    if promise.state is S.DUE:
        held = [entry.hold_until] if entry.hold_until > now else []
        return min([wake, rules.changes_at(promise, now), *held])
    if not entry.durable:
        return wake  # the store's answer comes first
    shut = not rules.open(promise, now)
    ripe = max(promise.not_before, rules.changes_at(promise, now) if shut else now)
    return min(wake, ripe)


def _ends_at(entry: Entry, rules: Rules) -> float:
    if entry.promise.state is S.SEEKING:
        return entry.since + SEEK_S
    if entry.promise.state is S.UNCERTAIN:
        return entry.promise.not_before
    policy = rules.policy(entry.promise.name)
    if entry.promise.state is S.ANSWERED:
        # Who serves him says sooner that he could not; this is for the case that nothing is heard of it.
        return entry.since + policy.agent_within_s + policy.settle_s
    return entry.since + policy.ring_s + policy.settle_s


def _end(entry: Entry, rules: Rules) -> I:
    if entry.promise.state is S.SEEKING:
        return I.SEEK_OVER
    if entry.promise.state in (S.DIALLING, S.ANSWERED):
        return I.RETRY
    if entry.ending is not None:
        return I.CALLED_OFF
    return I.SPENT if entry.promise.counted - entry.owed >= rules.policy(entry.promise.name).max_attempts else I.RIPE
