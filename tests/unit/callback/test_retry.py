from dataclasses import replace

import pytest

from softswitch.callback.model import Policy, PromiseState
from softswitch.callback.retry import Outcome, RetryDecision, decide, outcome

POLICY = Policy(
    "sales",
    "carrier",
    retry_busy_s=300.0,
    retry_no_answer_s=1800.0,
    retry_failed_s=900.0,
    retry_rejected_s=7200.0,
    retry_machine_s=3600.0,
    retry_hung_up_s=60.0,
    retry_dropped_s=86400.0,
    max_attempts=3,
)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (486, "busy"),
        (600, "busy"),
        (408, "no answer"),
        (480, "no answer"),
        (487, "no answer"),
        (603, "rejected"),
        (403, "rejected"),
        (404, "no such number"),
        (410, "no such number"),
        (604, "no such number"),
        (503, "failed"),
        (500, "failed"),
        (0, "failed"),
    ],
)
def test_status_to_outcome(status: int, word: str) -> None:
    assert outcome(status) == word


@pytest.mark.parametrize(
    ("status", "cause", "word"),
    [
        (404, 34, "failed"),  # no circuit, not no such number
        (486, 41, "failed"),
        (503, 17, "busy"),
        (480, 19, "no answer"),
        (500, 1, "no such number"),
        (403, 3, "failed"),  # no route
        (404, 16, "no such number"),  # normal clearing says nothing
        (486, 31, "busy"),
        (486, 127, "busy"),
        (599, 21, "rejected"),
        (599, 999, "failed"),
    ],
)
def test_the_cause_of_the_network_comes_before_the_status(status: int, cause: int, word: str) -> None:
    assert outcome(status, cause) == word


def test_jitter_makes_a_delay_longer_and_never_too_late() -> None:
    policy = replace(POLICY, jitter=0.5)
    assert decide(policy, "busy", 1, POLICY.expiry_s, 0.0, 0.0).delay_s == 300.0
    assert decide(policy, "busy", 1, POLICY.expiry_s, 0.0, 0.5).delay_s == 375.0
    assert decide(POLICY, "busy", 1, POLICY.expiry_s, 0.0, 0.5).delay_s == 300.0
    assert decide(policy, "busy", 1, 301.0, 0.0, 0.99).delay_s == 300.0


@pytest.mark.parametrize(
    ("result", "delay_s"),
    [
        ("busy", 300.0),
        ("no answer", 1800.0),
        ("failed", 900.0),
        ("rejected", 7200.0),
        ("machine", 3600.0),
        ("hung up", 60.0),
        ("dropped", 86400.0),
    ],
)
def test_each_outcome_has_its_delay(result: Outcome, delay_s: float) -> None:
    assert decide(POLICY, result, 1, POLICY.expiry_s, 100.0) == RetryDecision(delay_s)


def test_the_last_attempt_is_the_last() -> None:
    assert decide(POLICY, "busy", 3, POLICY.expiry_s, 100.0) == RetryDecision(None, PromiseState.FAILED)


def test_a_number_that_does_not_exist_is_not_tried_again() -> None:
    assert decide(POLICY, "no such number", 1, POLICY.expiry_s, 100.0) == RetryDecision(None, PromiseState.FAILED)


def test_a_retry_after_the_expiry_is_none() -> None:
    end = POLICY.expiry_s - 1800.0
    assert decide(POLICY, "no answer", 1, POLICY.expiry_s, end - 1.0).delay_s == 1800.0
    assert decide(POLICY, "no answer", 1, POLICY.expiry_s, end) == RetryDecision(None, PromiseState.EXPIRED)
