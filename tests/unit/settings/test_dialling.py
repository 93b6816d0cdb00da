from typing import Any

import pytest
from pydantic import ValidationError

from softswitch.settings.callback import Callback


def policy(**written: Any) -> Any:
    return Callback.model_validate({"trunk": "carrier", **written}).policy("sales", 32.0)


def test_the_agent_is_on_the_line_first_unless_it_is_written() -> None:
    made = policy()
    assert (made.first, made.pacing, made.ratio, made.abandon_limit) == ("agent", "progressive", 1.0, 0.03)
    assert (made.abandon_window_s, made.agent_within_s, made.jitter) == (86400.0, 2.0, 0.0)


def test_what_is_written_is_the_policy() -> None:
    made = policy(
        first="customer", pacing="ratio", ratio=1.5, abandon_limit=0.01, abandon_window="30d", agent_within="1s",
        jitter=0.2, retry={"machine": "4h", "hung_up": "1h", "dropped": "3d", "rejected": "1d", "busy": "1m"},
    )  # fmt: skip
    assert (made.first, made.pacing, made.ratio, made.abandon_limit) == ("customer", "ratio", 1.5, 0.01)
    assert (made.abandon_window_s, made.agent_within_s, made.jitter) == (30 * 86400.0, 1.0, 0.2)
    assert (made.retry_machine_s, made.retry_hung_up_s, made.retry_dropped_s) == (14400.0, 3600.0, 3 * 86400.0)
    assert (made.retry_rejected_s, made.retry_busy_s, made.retry_no_answer_s) == (86400.0, 60.0, 1800.0)


def test_predictive_has_an_upper_end_of_its_own() -> None:
    assert policy(first="customer", pacing="predictive").ratio == 4.0
    assert policy(first="customer", pacing="predictive", ratio=2).ratio == 2.0


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"pacing": "predictive"}, "write first: customer"),
        ({"pacing": "ratio", "ratio": 2, "first": "agent"}, "write first: customer"),
        ({"first": "customer", "pacing": "ratio"}, "such as ratio: 1.5"),
        ({"first": "customer", "ratio": 2}, "write pacing: ratio"),
        ({"first": "customer", "pacing": "ratio", "ratio": 0.5}, "greater than or equal to 1"),
        ({"first": "customer", "abandon_limit": 0.2}, "less than or equal to 0.1"),
        ({"first": "customer", "abandon_limit": -0.1}, "greater than or equal to 0"),
        ({"abandon_window": "1m"}, "must be 1h to 31d"),
        ({"abandon_window": "60d"}, "must be 1h to 31d"),
        ({"agent_within": "0s"}, "agent_within"),
        ({"jitter": 2}, "less than or equal to 1"),
        ({"retry": {"engaged": "5m"}}, "engaged"),
    ],
)
def test_what_cannot_be_meant_is_refused(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        policy(**written)
