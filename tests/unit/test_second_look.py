"""Which failures are final, and which are looked at again."""

from __future__ import annotations

import pytest

from tests.second_look import stands

PHONE = "tests/interop/test_language.py::test_a"


@pytest.mark.parametrize(
    ("failed", "why"),
    [
        ([], "the run itself did"),
        (["tests/unit/acd/test_agent.py::test_a"], "not a matter of real time: tests/unit/acd/test_agent.py::test_a"),
        ([PHONE, "tests/simnet/test_hours.py::test_b"], "tests/simnet/test_hours.py::test_b"),
        ([f"{PHONE}{n}" for n in range(4)], "4 tests failed"),
    ],
)
def test_a_failure_that_is_no_matter_of_real_time_or_one_of_many_stands(failed: list[str], why: str) -> None:
    assert why in stands(failed)


def test_a_few_failures_with_real_phones_are_looked_at_again() -> None:
    assert stands([PHONE, "tests/real/test_webhooks.py::test_c"]) == ""
