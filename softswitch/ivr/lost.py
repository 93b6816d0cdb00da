"""Whether a call that ends now is lost, and at which stage: by what the plan says, and by what came of the call so far.

The rule, in this order:

1. From a step with ``done: true`` on the caller has what he wanted, and so has who came to a conference, a page, a
   parked call or a mailbox of his own: no loss. Being brought to somebody (``queue``, ``dial``, ``transfer``,
   ``voicemail``) begins anew.
2. Something has come to nothing, whoever ends the call: the last ``hours`` said closed (``closed``), a queue has
   turned him away (``queue-full``), a mailbox was reached (``voicemail-empty``), a phone was rung in vain or a step of
   the plan is broken (``ivr``). The last one counts.
3. The caller hung up where the plan had more to say than a farewell: ``ivr``.
4. The plan ended the call by itself: no loss.

It does not know who was talked to, which messages were left and which promises were made: those are the contact's, and
none of them is a loss either.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.ivr.plan import Losing, Plan
from softswitch.ivr.run import State, Wait
from softswitch.ivr.verb.end import Hangup


@dataclass(frozen=True, slots=True)
class PlanLoss:
    """What the plan says of a call that ends now."""

    stage: str  # of ``PLAN_STAGES``, or "queue-full"; "": it is not lost
    queue: str  # that would call back; "": nobody would
    step: str  # those of a flow as flow/step
    rule: Losing
    done: bool = False  # he has what he called for


def loss(plan: Plan, state: State, gone: bool) -> PlanLoss:
    """``gone``: it is the caller who ends it."""
    step = f"{state.flow}/{state.step}" if state.flow else state.step
    return PlanLoss(_stage(plan, state, gone), state.lost_to or plan.lost.to, step, plan.lost, state.done)


def _stage(plan: Plan, state: State, gone: bool) -> str:
    if state.done or state.lost:
        return "" if state.done else state.lost
    here = plan.flows[state.flow] if state.flow else plan
    began = state.wait is not Wait.START
    return "ivr" if gone and not (began and farewell(here, state.step)) else ""


def farewell(plan: Plan, step: str) -> bool:
    """Whether nothing but words comes between this step and the end of the call."""
    passed: set[str] = set()
    target: str | None = step
    while target is not None and target in plan.steps and target not in passed:
        passed.add(target)
        verb = plan.steps[target].verb
        if isinstance(verb, Hangup):
            return True
        target = verb.branch("next") if verb.words else None
    return False
