"""What an offer that came to nothing costs the agent, by the kind of its failure."""

from __future__ import annotations

from softswitch.acd.agent import Agent, AgentInput, Cue, Delay
from softswitch.acd.model import QueueSpec
from softswitch.core.errors import UsageError

NO_ANSWER_DELAY_S = 5.0  # after a miss others come first; long enough for them, short enough to stay in the rota


def failure(agent: Agent, spec: QueueSpec, why: str, now: float) -> Cue:
    """``why``: as ``OfferFailed`` says it. Raises ``UsageError`` for any other word."""
    match why:
        case "no answer" if agent.misses + 1 >= spec.max_misses:
            return Cue(AgentInput.MISSED_OUT, why)
        case "no answer":
            return Cue(AgentInput.NO_ANSWER, why, delay=Delay(now + NO_ANSWER_DELAY_S))
        case "busy" | "rejected" | "unreachable":
            delay = Delay(now + spec.retry_busy_s, ends_when_reachable=why == "unreachable")
            return Cue(AgentInput.FAILED, why, delay=delay)
    raise UsageError(f"acd: an offer does not fail for {why!r}")
