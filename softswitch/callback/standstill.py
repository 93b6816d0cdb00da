"""Why nobody of a queue or campaign is being called just now, in the words that people are told: the first that holds.

It is of all its promises. Why one promise waits is ``waits``.
"""

from __future__ import annotations

from softswitch.callback.mover import Mover
from softswitch.callback.rule import Rules
from softswitch.callback.waits import (
    DRAINED,
    LEASE_OVER,
    LIVE_CALLERS,
    NO_POLICY,
    OUTSIDE_HOURS,
    PAUSED,
    STORE_AWAY,
    TRUNK_DOWN,
    TRUNK_REFUSES,
    Wait,
    without_agent,
)

NOT_BEGUN = "not begun"
OVER = "over"
ABANDON_LIMIT = "abandon limit: agents are called first"


def standstill(move: Mover, name: str, now: float) -> Wait:
    """ "" for ``why``: nothing stops it."""
    return _closed(move.rules, name, now) or _halted(move, now) or _unmanned(move, name, now)


def _closed(rules: Rules, name: str, now: float) -> Wait | None:
    policy = rules.policy(name)
    if not rules.known(name):
        return Wait(NO_POLICY)
    if name in rules.paused:
        return Wait(PAUSED)
    if now >= policy.ends_at:
        return Wait(OVER)
    if now < policy.begins_at:
        return Wait(NOT_BEGUN, policy.begins_at)
    if not rules.opens(name, now):
        return Wait(OUTSIDE_HOURS, rules.opens_at(name, now))
    return None


def _halted(move: Mover, now: float) -> Wait | None:
    """Of whatever queue or campaign."""
    if not move.written.healthy:
        return Wait(STORE_AWAY)
    if move.drains:
        return Wait(DRAINED)
    if now >= move.lease_until:
        return Wait(LEASE_OVER)
    return None


def _unmanned(move: Mover, name: str, now: float) -> Wait:
    policy = move.rules.policy(name)
    pace = move.turns.pace(policy.queue)
    if name in pace.cut_off:
        return Wait(TRUNK_DOWN, trunk=policy.trunk)
    if refused_until := move.turns.refused_until(name, now):
        return Wait(TRUNK_REFUSES, refused_until, policy.trunk)
    if pace.live_waiting:
        return Wait(LIVE_CALLERS)
    if policy.first == "agent":
        return without_agent(pace.room(0), policy.reserve) or Wait("")
    # Who is being dialled for an agent does not take him away from the campaign; who is foreseen is there for it.
    nobody = without_agent(pace.agents(0), policy.reserve)
    if nobody and not move.turns.agents(pace, policy, now):
        return nobody
    return Wait(ABANDON_LIMIT if move.turns.agents_first(policy, now) else "")
