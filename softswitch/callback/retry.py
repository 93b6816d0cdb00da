"""What an attempt that did not keep the promise means: its outcome, and whether and when there is another attempt.

The decision is a value; the ledger carries it out. An attempt counts once its intent is durable, whatever came of it,
unless the network could not for the time being, and no phone had rung: that says nothing of the customer, and a carrier
that is away for an hour is not to end his promise. The pause and the promise's expiry bound how often that is tried.
Where the network behind a gateway has said why (a Q.850 cause, RFC 3326), that is believed before the SIP status, for
gateways map many causes to few statuses (RFC 3398 section 7.2.4.1) and not all in the same way. Causes that only say
that the call is over (16, 31, 127) leave the word to the status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from softswitch.callback.model import Policy, PromiseState
from softswitch.sip.final import recognized

Outcome = Literal[
    "busy",
    "no answer",
    "rejected",
    "machine",
    "hung up",  # answered, and gone before an agent was there
    "dropped",  # answered, and no agent was there in time
    "failed",  # the network could not, this time
    "no such number",  # nor will it ever
]

STATUSES: dict[Outcome, frozenset[int]] = {
    "busy": frozenset({486, 600}),
    "no answer": frozenset({408, 480, 487}),
    "rejected": frozenset({401, 403, 407, 433, 603, 607, 608}),
    "no such number": frozenset({404, 410, 484, 604}),  # RFC 3261 sections 21.4.5, 21.4.11, 21.4.22, 21.6.3
}
CAUSES: dict[Outcome, frozenset[int]] = {
    "busy": frozenset({17}),
    "no answer": frozenset({18, 19, 20}),
    "rejected": frozenset({21, 24, 55, 87}),
    "no such number": frozenset({1, 22, 28}),  # unallocated, changed, incomplete
    # no route, out of order, congestion, no channel: Q.850 classes 010 and 011, and what tells of the path alone
    "failed": frozenset({2, 3, 25, 27, 34, 38, 41, 42, 43, 44, 46, 47, 58, 63, 102}),
}


# Of the network alone, and for now (RFC 3261 section 21.5; Q.850 classes 010 and, of 011, what is not there just now).
# Not 501, 505, 513 nor "no route", "out of order", "not implemented": these do not pass.
PASSING_STATUSES = frozenset({500, 502, 503, 504})
PASSING_CAUSES = frozenset({34, 38, 41, 42, 43, 44, 46, 47})
LONGEST_S = 3600.0  # that a pause grows to, where it is not longer from the beginning


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """``delay_s`` is None where there is no other attempt; ``final`` is then the state that the promise ends in."""

    delay_s: float | None
    final: PromiseState = PromiseState.FAILED


def outcome(status: int, cause: int = 0) -> Outcome:
    """Of an attempt that nobody answered; ``cause`` as in Q.850 table 1, 0 where it is not known."""
    status = recognized(status)
    for told, words in ((cause, CAUSES), (status, STATUSES)):
        for word, meant in words.items():
            if told in meant:
                return word
    return "failed"


def network_failed(status: int, cause: int, silent: bool) -> bool:
    """For the time being, before any phone rang. ``silent``: nothing was heard, so that a 408 is our own."""
    if any(cause in known for known in CAUSES.values()):
        return cause in PASSING_CAUSES
    return recognized(status) in PASSING_STATUSES or (status == 408 and silent)


def decide(
    policy: Policy,
    result: Outcome,
    attempts: int,
    overdue_at: float,
    now: float,
    chance: float = 0.0,
    uncounted: int = 0,
) -> RetryDecision:
    """What follows attempt number ``attempts`` that ended in ``result`` at ``now``; ``chance`` is in [0, 1).

    ``uncounted``: it is not one of these, but that many in which the network failed; after as many of them as there may
    be attempts the pause is twice as long each time.
    A delay is longer by a chance share of ``policy.jitter`` of it, save where that would make the retry too late.
    """
    if result == "no such number" or attempts >= policy.max_attempts:
        return RetryDecision(None)
    least_s = _delay_s(policy, result)
    if (further := uncounted - policy.max_attempts) > 0:
        least_s = max(least_s, min(LONGEST_S, least_s * 2.0 ** min(further, 64)))
    if now + least_s >= overdue_at:
        return RetryDecision(None, PromiseState.EXPIRED)
    delay_s = least_s * (1.0 + policy.jitter * chance)
    return RetryDecision(delay_s if now + delay_s < overdue_at else least_s)


def _delay_s(policy: Policy, result: Outcome) -> float:
    return {
        "busy": policy.retry_busy_s,
        "no answer": policy.retry_no_answer_s,
        "rejected": policy.retry_rejected_s,
        "machine": policy.retry_machine_s,
        "hung up": policy.retry_hung_up_s,
        "dropped": policy.retry_dropped_s,
    }.get(result, policy.retry_failed_s)
