"""Why an open promise is not being kept just now, in the words that people are told, and until when if that is known.

The first reason that holds is told, in the order in which they would have to go: nothing is written without a store,
nothing is dialled outside hours, and only then does it matter whether anybody is free.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from softswitch.callback.book import Entry
from softswitch.callback.model import Promise, PromiseState
from softswitch.callback.rule import Rules

S = PromiseState
WORDS = {  # of states in which something happens
    S.SEEKING: "an agent is being found",
    S.DIALLING: "being dialled",
    S.ANSWERED: "answered, an agent is being found",
}
UNCERTAIN = "the last attempt may still ring"
NOT_WRITTEN = "not in the store yet"
STORE_AWAY = "store is away"
NO_POLICY = "nothing is configured to keep it"
PAUSE = "pause after the last attempt"
NOT_YET = "its time has not come"  # a list has said when, or it lies in the pool until then
LEFT_ALONE = "number was dialled often enough lately"  # for whatever promise
NEVER_OPENS = "its hours never come"  # those of its queue, those at its place and days off together
TOO_LATE = "its next hour comes after its end"
EXPIRED = "expired, but ends only some time after a start"  # lest a wrong clock end them all
OUTSIDE_HOURS = "outside hours"
ON_A_CALL = "number is on a call here"
RUNG_FOR_ANOTHER = "number is being called for another promise"
PAUSED = "paused"  # its queue or campaign
DRAINED = "this switch is being drained"
AGENT_LOST = "the last agent did not answer"
LIVE_CALLERS = "live callers wait"
NO_AGENT = "no agent free"
KEPT_BACK = "free agents are kept back for those who call"  # the ``reserve``
TRUNK_DOWN = "its trunk is down"
TRUNK_REFUSES = "its trunk refuses calls"  # ``breaker``
LEASE_OVER = "the database has not renewed the lease of this node"
OTHERS_FIRST = "others come first"


@dataclass(frozen=True, slots=True)
class Wait:
    why: str  # "" where it is over
    until: float = 0.0  # Unix s; 0: nobody knows
    trunk: str = ""  # which, where it is for a trunk


@dataclass(frozen=True, slots=True)
class Situation:
    """What bears on one promise besides itself."""

    store_away: bool = False
    on_a_call: bool = False  # its number, here
    rung: bool = False  # its number, for another promise
    paused: bool = False
    drained: bool = False  # the switch is about to be taken out of service
    lease_over: bool = False
    trunk: str = ""
    trunk_down: bool = False
    refused_until: float = 0.0  # Unix s: by the trunk
    live_waiting: int = 0
    free_agents: int = 0  # whom nobody has a claim on
    reserve: int = 0  # of these: how many are kept back


def wait(entry: Entry, rules: Rules, situation: Situation, now: float) -> Wait:
    promise = entry.promise
    if promise.state in WORDS:
        return Wait(WORDS[promise.state])
    if promise.state is S.UNCERTAIN:
        return Wait(UNCERTAIN, promise.not_before)
    if promise.state not in (S.RECORDED, S.RETRY_AT, S.DUE):
        return Wait("")
    return _before_it_is_due(entry, rules, situation, now) or _whose_turn(entry, situation, now)


def rest(promise: Promise, rules: Rules, situation: Situation, now: float) -> Wait | None:
    """Of one in the pool until its time has come; None: it has. Its row tells no pause after an attempt from hours
    that were shut then: where its hours begin at that moment, it is they that it waits for."""
    if promise.not_before <= now:
        return None
    if promise.state is S.UNCERTAIN:
        return Wait(UNCERTAIN, promise.not_before)
    without_pause = replace(promise, not_before=0.0)
    opens_at = rules.next_at(without_pause, now)
    for_hours = opens_at is not None and abs(opens_at - promise.not_before) < 1.0
    entry = Entry(without_pause if for_hours else promise, now, durable=True)
    return _before_it_is_due(entry, rules, situation, now)


def _before_it_is_due(entry: Entry, rules: Rules, situation: Situation, now: float) -> Wait | None:
    promise = entry.promise
    if situation.store_away:
        return Wait(STORE_AWAY)
    if not entry.durable:
        return Wait(NOT_WRITTEN)
    if not rules.known(promise.name):
        return Wait(NO_POLICY)
    if situation.paused:
        return Wait(PAUSED)
    next_at, overdue_at = rules.next_at(promise, now), rules.overdue_at(promise)
    if now >= overdue_at:
        return Wait(EXPIRED, entry.spared_until)
    if next_at is None or next_at >= overdue_at:
        return Wait(NEVER_OPENS if next_at is None else TOO_LATE, overdue_at)
    if next_at <= now:
        return None
    alone_until = rules.left_alone_until(promise, now)
    if next_at <= max(alone_until, promise.not_before):
        pause = PAUSE if promise.attempts else NOT_YET
        return Wait(LEFT_ALONE if alone_until > promise.not_before else pause, next_at)
    return Wait(OUTSIDE_HOURS, next_at)


def _whose_turn(entry: Entry, situation: Situation, now: float) -> Wait:
    if situation.drained:
        return Wait(DRAINED)
    if situation.lease_over:
        return Wait(LEASE_OVER)
    if situation.trunk_down:
        return Wait(TRUNK_DOWN, trunk=situation.trunk)
    if situation.refused_until:
        return Wait(TRUNK_REFUSES, situation.refused_until, situation.trunk)
    if situation.on_a_call:
        return Wait(ON_A_CALL)
    if situation.rung:
        return Wait(RUNG_FOR_ANOTHER)
    if entry.hold_until > now:
        return Wait(AGENT_LOST, entry.hold_until)
    if situation.live_waiting:
        return Wait(LIVE_CALLERS)
    return without_agent(situation.free_agents, situation.reserve) or Wait(OTHERS_FIRST)


def without_agent(free_agents: int, reserve: int) -> Wait | None:
    """None: there is one."""
    if free_agents > reserve:
        return None
    return Wait(KEPT_BACK if free_agents else NO_AGENT)
