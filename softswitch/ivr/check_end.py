"""Ends that come too late or lead back: what is for calls that nobody has answered, and where it sends them."""

from __future__ import annotations

from softswitch.ivr.graph import Edges, beginning, reachable
from softswitch.ivr.plan import Step
from softswitch.ivr.verb.end import Redirect, Reject
from softswitch.ivr.verb.signal import Press, Tone
from softswitch.ivr.verb.sound import Answer, Sounding
from softswitch.ivr.verb.survey import Survey
from softswitch.ivr.view import View


def _answered(view: View) -> None:
    """A call is answered once; a step that comes after that on every way cannot turn it away."""
    start = beginning(view.draft)
    unanswered = reachable(start, _before(view)) if start in view.following else set()
    for name, step in view.plan.steps.items():
        if name in unanswered or name not in view.scope.surely:
            continue
        if isinstance(step.verb, Redirect):
            message = "the call is answered before this step, and can no more be redirected; use dial or transfer"
            view.of_step(name, message, "warning")
        elif isinstance(step.verb, Reject):
            view.of_step(name, "the call is answered before this step, so it is hung up on; use hangup", "warning")


def _before(view: View) -> Edges:
    """The edges that a caller can take unanswered."""
    return {
        name: targets
        for name, targets in view.following.items()
        if name not in view.plan.steps or not _answers(view.plan.steps[name])
    }


def _answers(step: Step) -> bool:
    """Whether everybody who leaves the step is answered. Who is away may come back without."""
    verb = step.verb
    heard = isinstance(verb, Sounding) and bool(verb.play or verb.say)
    return heard or isinstance(verb, Answer | Press | Survey | Tone)


def _redirected(view: View) -> None:
    users = view.world.users or frozenset()
    for name, step in view.plan.steps.items():
        for index, target in enumerate(step.verb.to) if isinstance(step.verb, Redirect) else ():
            if target in view.plan.numbers:
                message = f"{target!r} leads back to this plan, from phones of ours"
            elif target in users:
                message = f"{target!r} is a user here, whom dial rings without another call"
            else:
                continue
            view.problem(name, ("to", index), message, "warning")


CHECKS = (_answered, _redirected)
