"""Why nobody of a campaign is being called just now, in the words that people are told: the first reason that holds.

It is of the campaign as a whole. Why one promise waits is ``waits``.
"""

from __future__ import annotations

from softswitch.callback.mover import Mover
from softswitch.callback.waits import (
    DRAINED,
    LIVE_CALLERS,
    NO_AGENT,
    NO_POLICY,
    OUTSIDE_HOURS,
    PAUSED,
    STORE_AWAY,
    Wait,
)

NOT_BEGUN = "not begun"
OVER = "over"
ABANDON_LIMIT = "abandon limit: agents are called first"


def standstill(move: Mover, name: str, now: float) -> Wait:
    """ "" for ``why``: nothing stops it."""
    rules, policy = move.rules, move.rules.policy(name)
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
    if not move.written.healthy:
        return Wait(STORE_AWAY)
    if move.drains:
        return Wait(DRAINED)
    pace = move.turns.pace(policy.queue)
    if pace.live_waiting:
        return Wait(LIVE_CALLERS)
    # Customer first, who is being dialled for an agent does not take him away from the campaign.
    agents = pace.agents(policy.reserve) if policy.first == "customer" else pace.room(policy.reserve)
    if not agents:
        return Wait(NO_AGENT)
    limited = policy.first == "customer" and not move.turns.governor(name).may_risk(policy, now)
    return Wait(ABANDON_LIMIT if limited else "")
