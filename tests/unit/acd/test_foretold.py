"""What callers are foretold against what comes, in simulated centres with the real ACD.

The bounds are several times the spread between seeds; figures of longer runs are in docs/performance.md.
"""

from __future__ import annotations

import pytest

from tests.support.foretold import burst, shared, steady


@pytest.mark.parametrize(("agents", "load", "hours"), [(20, 1.0, 6.0), (20, 1.3, 4.0)])
def test_where_servers_can_be_counted_it_is_right_and_the_plain_queue_length_says_too_much(
    agents: int, load: float, hours: float
) -> None:
    verdict = steady(agents, load, hours)
    assert verdict.waited > 800
    assert abs(verdict.bias) < 0.08
    assert 0.95 < verdict.corrections[0] < 1.05  # the formula is right by itself
    assert 0.74 < verdict.coverage < 0.86
    assert 0.06 < verdict.plain_bias < 0.32  # 10 to 29 % in the literature
    assert verdict.plain_bias > verdict.bias + 0.06


def test_in_the_burst_after_a_broadcast_the_plain_queue_length_is_no_use_and_this_is() -> None:
    verdict = burst(20, 6.0)
    assert verdict.waited > 400
    assert abs(verdict.bias) < 0.12
    assert 0.9 < verdict.corrections[0] < 1.1
    assert 0.6 < verdict.coverage < 0.92
    assert verdict.plain_bias > 1.0  # more than twice the truth


def test_where_agents_are_shared_the_first_in_line_tells() -> None:
    verdict = shared(1.2, 4.0)
    assert verdict.waited > 800
    assert abs(verdict.bias) < 0.08
    assert 0.7 < verdict.coverage < 0.88
