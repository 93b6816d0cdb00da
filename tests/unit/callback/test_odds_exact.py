"""Overdial limits against arithmetic of fifty digits, for rows that are in no table.

Rates and limits are taken as written ("0.3" is three tenths). More dials abandon a greater share, so that a number is
the largest within the limit if it is within it and the next is not.
"""

from decimal import Decimal, localcontext

import pytest

from softswitch.callback.odds import MOST_PER_AGENT, abandoned_share, most_dials


def share(agents: int, dials: int, p: str) -> Decimal:
    """E[(X - agents)+] / E[X] of so many dials: the sum over all numbers of answers."""
    with localcontext(prec=50):
        chance, rate = (1 - Decimal(p)) ** dials, Decimal(p)
        too_many = Decimal(0)
        for answers in range(1, dials + 1):
            chance *= (dials - answers + 1) * rate / (answers * (1 - rate))
            too_many += max(0, answers - agents) * chance
        return too_many / (dials * rate)


ROWS = [
    (1, "0.3", "0.3"), (1, "0.06", "0.03"), (1, "0.5", "0.25"), (1, "0.999", "0.5"), (2, "0.3", "0.03"),
    (2, "0.9", "0.001"), (3, "0.25", "0.05"), (4, "0.11", "0.02"), (7, "0.99", "0.03"), (13, "0.2", "0.1"),
    (35, "0.45", "0.03"), (60, "0.08", "0.01"), (200, "0.15", "0.03"), (500, "0.35", "0.001"), (1000, "0.6", "0.05"),
    (10_000, "0.3", "0.03"), (10_000, "0.7", "0.0001"), (3, "0.25", "0.8"),
]  # fmt: skip


@pytest.mark.parametrize(("agents", "p", "limit"), ROWS)
def test_rows_of_no_table(agents: int, p: str, limit: str) -> None:
    dials = most_dials(agents, float(p), float(limit))
    assert agents <= dials < agents * MOST_PER_AGENT
    at_most, one_more = share(agents, dials, p), share(agents, dials + 1, p)
    assert at_most <= Decimal(limit) < one_more
    assert abandoned_share(agents, dials, float(p)) == pytest.approx(float(at_most), abs=1e-9)


@pytest.mark.parametrize(("agents", "p", "limit"), [(1, "0.001", "0.03"), (10, "0.02", "0.03"), (300, "0.05", "0.03")])
def test_more_than_twenty_for_each_agent_only_where_that_is_asked_for(agents: int, p: str, limit: str) -> None:
    bounded = most_dials(agents, float(p), float(limit))
    assert bounded == agents * MOST_PER_AGENT and share(agents, bounded + 1, p) < Decimal(limit)
    dials = most_dials(agents, float(p), float(limit), 10_000)
    assert share(agents, dials, p) <= Decimal(limit) < share(agents, dials + 1, p)


@pytest.mark.parametrize("agents", [1, 2, 50, 10_000])
def test_limits_of_nothing_and_of_all_and_rates_of_nobody_and_everybody(agents: int) -> None:
    everything = agents * MOST_PER_AGENT
    for p in (1e-300, 1e-9, 0.01, 0.3, 0.999999):
        assert most_dials(agents, p, 0.0) == agents
        assert most_dials(agents, p, 1.0) == everything
    assert most_dials(agents, 0.0, 0.03) == everything and abandoned_share(agents, agents, 0.0) == 0.0
    assert most_dials(agents, 1.0, 0.03) == agents and most_dials(agents, 1.0, 0.0) == agents
    assert most_dials(agents, 0.0, 0.0) == agents
