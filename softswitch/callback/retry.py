"""What a failed attempt means: which outcome a SIP status is, and whether and when there is another attempt.

The decision is a value; the ledger carries it out. An attempt counts once its intent is durable, whatever came of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.callback.model import Policy, PromiseState
from softswitch.sip.final import recognized

BUSY = frozenset({486, 600})
NO_ANSWER = frozenset({408, 480, 487})
REJECTED = frozenset({401, 403, 407, 433, 603, 607, 608})
NO_SUCH_NUMBER = frozenset({404, 410, 484, 604})  # RFC 3261 sections 21.4.5, 21.4.11, 21.4.22, 21.6.3


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """``delay_s`` is None where there is no other attempt; ``final`` is then the state that the promise ends in."""

    delay_s: float | None
    final: PromiseState = PromiseState.FAILED


def outcome(status: int) -> str:
    """The word for a failed attempt, from a closed list."""
    status = recognized(status)
    if status in BUSY:
        return "busy"
    if status in NO_ANSWER:
        return "no answer"
    if status in REJECTED:
        return "rejected"
    return "no such number" if status in NO_SUCH_NUMBER else "failed"


def decide(policy: Policy, result: str, attempts: int, overdue_at: float, now: float) -> RetryDecision:
    """What follows attempt number ``attempts`` that ended in ``result`` at ``now``."""
    if result == "no such number" or attempts >= policy.max_attempts:
        return RetryDecision(None)
    delay_s = _delay(policy, result)
    if now + delay_s >= overdue_at:
        return RetryDecision(None, PromiseState.EXPIRED)
    return RetryDecision(delay_s)


def _delay(policy: Policy, result: str) -> float:
    match result:
        case "busy":
            return policy.retry_busy_s
        case "no answer":
            return policy.retry_no_answer_s
        case _:
            return policy.retry_failed_s
