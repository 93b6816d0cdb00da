"""What a further loss does to the promise that a customer has already: one call to him answers all of them.

The promise becomes older in rank by what the policy says of repeats, and the strongest stage of all losses counts. It
is kept by the queue that he was lost in last: that is where he wants to go now, and whose agents can help him. Not so
where another queue has told him that it will call: its word stands until he has the same of the new one. What is being
dialled stays where it is too; its agent has been found.

It is kept as long as one that is made now, and its age does not change.
"""

from __future__ import annotations

from typing import Any

from softswitch.callback.model import Lost, Promise, PromiseState
from softswitch.callback.policy import Policy
from softswitch.callback.rule import Rules

S = PromiseState
STRONGEST = "accepted-offer"  # who asked to be called back and hung up asked all the same
ASKED_FOR = frozenset({STRONGEST, "keyed"})  # he was told, or was about to be told, that he will be called
WAITS = frozenset({S.RECORDED, S.DUE, S.RETRY_AT})


def first_priority_s(policy: Policy, stage: str) -> float:
    return policy.priority_s + dict(policy.stage_priority_s).get(stage, 0.0)


def again(promise: Promise, loss: Lost, rules: Rules, now: float) -> dict[str, Any]:
    """The changes that a loss of another contact brings."""
    policy = _keeper(promise, loss, rules)
    return {
        **_either_way(promise, loss, policy),
        "step": loss.step,
        "losses": promise.losses + 1,
        "priority_s": _priority_s(promise, policy, loss.stage) + policy.repeat_priority_s,
        "expires_at": max(rules.overdue_at(promise), now + policy.expiry_s),
    }


def later(promise: Promise, loss: Lost, rules: Rules) -> dict[str, Any]:
    """The changes where the contact that was recorded last is lost at a later step: that is no second loss."""
    policy = _keeper(promise, loss, rules)
    return {
        **_either_way(promise, loss, policy),
        "step": loss.step or promise.step,
        "priority_s": _priority_s(promise, policy, loss.stage),
    }


def joined(promise: Promise, other: Promise) -> dict[str, Any]:
    """The changes to a promise that stands for another one as well."""
    return {
        "losses": promise.losses + other.losses,
        "recorded_at": min(promise.recorded_at, other.recorded_at),
        "priority_s": max(promise.priority_s, other.priority_s),
    }


def _keeper(promise: Promise, loss: Lost, rules: Rules) -> Policy:
    moves = promise.state in WAITS and not _stands(promise, loss) and not rules.refuses(loss)
    return rules.policy(loss.queue if moves else promise.name)


def _stands(promise: Promise, loss: Lost) -> bool:
    """He has been told of this promise, and not of another one."""
    return promise.stage in ASKED_FOR and loss.stage not in ASKED_FOR


def _either_way(promise: Promise, loss: Lost, policy: Policy) -> dict[str, Any]:
    return {
        "queue": policy.queue,
        "campaign": policy.campaign,
        "stage": promise.stage if _stands(promise, loss) else loss.stage,
        "contact": loss.contact,
        "recorded_at": min(promise.recorded_at, loss.queued_at),
    }


def _priority_s(promise: Promise, policy: Policy, stage: str) -> float:
    """By the strongest stage; what repeats have added, and what somebody has ordered beyond, stays."""
    repeats_s = (promise.losses - 1) * policy.repeat_priority_s
    return max(promise.priority_s - repeats_s, first_priority_s(policy, stage)) + repeats_s
