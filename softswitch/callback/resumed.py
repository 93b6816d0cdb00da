"""A row that another process has left behind, as it is led on: what may still ring, and what its moments are worth.

The INVITE of a DIALLING row may have left, and may ring until its time and the settling time are over. That is counted
from the last moment at which it may have left: the write may have taken as long as a write may take, but it is not
later than now. Where no process takes over within that time it is counted from now: nobody can tell one that was away
for an hour from a clock that was set forward by one, and a telephone that rings twice is worse than a minute.
(A clock that is set forward by seconds just then shortens the time by as many; the settling time has room for some.)

A row that is written in the future was written by a clock that has been set back since. Its pause is as long as it was
meant to be, from now on, and its age is that of somebody who is lost now, unless the clock is wrong by more than a day:
that will be put right, and then the ages are right again.
"""

from __future__ import annotations

from dataclasses import replace

from softswitch.callback.model import Promise, PromiseState
from softswitch.callback.policy import Policy
from softswitch.callback.written import ANSWER_S

S = PromiseState
CREDIBLE_S = 86400.0  # by which a clock is set back and stays so: time zones, summer time, a drifting machine


def resumed(row: Promise, policy: Policy, now: float) -> Promise:
    """Unix seconds."""
    row = _of_this_clock(row, now)
    match row.state:
        case S.SEEKING:
            return replace(row, state=S.DUE)
        case S.DIALLING:
            return _uncertain(row, row.updated_at + ANSWER_S, policy.ring_s + policy.settle_s, now)
        case S.ANSWERED:
            return _uncertain(row, row.updated_at, policy.agent_within_s + policy.settle_s, now)
        case _:
            return row


def _uncertain(row: Promise, at_last: float, span_s: float, now: float) -> Promise:
    since = min(at_last, now) if now - span_s < row.updated_at <= now else now
    return replace(row, state=S.UNCERTAIN, not_before=since + span_s)


def _of_this_clock(row: Promise, now: float) -> Promise:
    ahead_s = row.updated_at - now
    if ahead_s <= 0.0 and row.recorded_at <= now:
        return row
    recorded_at = min(row.recorded_at, now) if row.recorded_at - now <= CREDIBLE_S else row.recorded_at
    pause_s = row.not_before - row.updated_at
    not_before = now + pause_s if ahead_s > 0.0 and row.not_before > now else row.not_before
    if not_before != row.not_before or recorded_at != row.recorded_at:
        return replace(row, recorded_at=recorded_at, not_before=not_before)
    return row
