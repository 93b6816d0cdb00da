"""What an offer that came to nothing costs the agent, by the kind of its failure."""

from __future__ import annotations

from softswitch.acd.agent import Agent, Cue, Delay
from softswitch.acd.model import QueueSpec
from softswitch.acd.region import AgentInput
from softswitch.core.errors import UsageError


def failure(agent: Agent, contact: str, spec: QueueSpec, why: str, now: float) -> Cue:
    """``why``: as ``OfferFailed`` says it. Raises ``UsageError`` for any other word."""
    match why:
        case "no answer" if agent.misses + 1 >= spec.max_misses:
            return Cue(AgentInput.MISSED_OUT, why, contact)
        case "no answer":
            return Cue(AgentInput.NO_ANSWER, why, contact, delay=Delay(now + spec.retry_no_answer_s))
        case "busy":
            return Cue(AgentInput.FAILED, why, contact, delay=Delay(now + spec.retry_busy_s))
        case "rejected":
            return Cue(AgentInput.FAILED, why, contact, delay=Delay(now + spec.retry_rejected_s))
        case "unreachable":
            delay = Delay(now + spec.retry_unreachable_s, ends_when_reachable=True)
            return Cue(AgentInput.FAILED, why, contact, delay=delay)
    raise UsageError(f"acd: an offer does not fail for {why!r}")
