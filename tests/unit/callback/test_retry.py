import pytest

from softswitch.callback.model import Policy, PromiseState
from softswitch.callback.retry import RetryDecision, decide, outcome

POLICY = Policy("sales", "carrier", retry_busy_s=300.0, retry_no_answer_s=1800.0, retry_failed_s=900.0, max_attempts=3)


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
    ("result", "delay_s"), [("busy", 300.0), ("no answer", 1800.0), ("failed", 900.0), ("rejected", 900.0)]
)
def test_each_outcome_has_its_delay(result: str, delay_s: float) -> None:
    assert decide(POLICY, result, 1, POLICY.expiry_s, 100.0) == RetryDecision(delay_s)


def test_the_last_attempt_is_the_last() -> None:
    assert decide(POLICY, "busy", 3, POLICY.expiry_s, 100.0) == RetryDecision(None, PromiseState.FAILED)


def test_a_number_that_does_not_exist_is_not_tried_again() -> None:
    assert decide(POLICY, "no such number", 1, POLICY.expiry_s, 100.0) == RetryDecision(None, PromiseState.FAILED)


def test_a_retry_after_the_expiry_is_none() -> None:
    end = POLICY.expiry_s - 1800.0
    assert decide(POLICY, "no answer", 1, POLICY.expiry_s, end - 1.0).delay_s == 1800.0
    assert decide(POLICY, "no answer", 1, POLICY.expiry_s, end) == RetryDecision(None, PromiseState.EXPIRED)
