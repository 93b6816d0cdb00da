from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from softswitch.callback.governor import Governor, window_start
from softswitch.callback.model import Policy, Tally, Window

NOON = 1_760_000_000.0  # 16:53 in Shanghai
DAY = 86400.0
FAIR = Policy("sales", "carrier", campaign="fair", first="customer", pacing="predictive", abandon_limit=0.03)
MIDNIGHT = NOON - (16 * 3600 + 53 * 60 + 20)


def after(served: int, dropped: int) -> Governor:
    return Governor(Tally("fair", MIDNIGHT, served + dropped, dropped))


def test_a_window_begins_at_local_midnight() -> None:
    assert window_start(FAIR, NOON) == MIDNIGHT
    assert window_start(FAIR, MIDNIGHT) == MIDNIGHT
    assert window_start(FAIR, MIDNIGHT - 1.0) == MIDNIGHT - DAY
    assert window_start(replace(FAIR, window=Window("UTC")), NOON) == NOON - NOON % DAY


def test_credit_is_earned_by_customers_served() -> None:
    assert not after(32, 0).may_risk(FAIR, NOON)
    governor = after(33, 0)
    assert governor.may_risk(FAIR, NOON), "one of 34 is less than 3 %"
    governor.at_risk.add("promise-1")
    assert not governor.may_risk(FAIR, NOON), "two of 35 are more"
    assert not after(33, 1).may_risk(FAIR, NOON)
    assert after(66, 1).may_risk(FAIR, NOON)


def test_without_a_limit_nobody_is_ever_at_risk() -> None:
    assert not after(10_000, 0).may_risk(replace(FAIR, abandon_limit=0.0), NOON)


def test_nothing_reaches_into_the_next_window() -> None:
    end, governor = MIDNIGHT + DAY, after(1000, 0)
    flight_s = 5.0 + FAIR.ring_s + FAIR.agent_within_s + 2 * FAIR.settle_s
    assert governor.may_risk(FAIR, end - flight_s - 1.0)
    assert not governor.may_risk(FAIR, end - flight_s)
    assert not governor.may_risk(FAIR, end), "nothing is earned yet"
    assert governor.served(FAIR, end + 5.0) == Tally("fair", end, 1, 0)


def test_a_clock_that_is_set_back_brings_no_fresh_credit() -> None:
    governor = after(33, 1)
    assert governor.dropped(FAIR, NOON - DAY) == Tally("fair", MIDNIGHT, 35, 2)


def test_a_window_of_a_clock_far_ahead_is_left_with_its_debts_alone() -> None:
    governor = after(1000, 2)
    assert governor.served(FAIR, NOON - 9 * DAY) == Tally("fair", MIDNIGHT - 9 * DAY, 3, 2)
    assert not governor.may_risk(FAIR, NOON - 9 * DAY)


@given(st.lists(st.sampled_from(["dial", "served", "dropped", "no answer"]), max_size=400), st.integers(0, 200))
def test_the_bound_holds_at_every_moment(events: list[str], served: int) -> None:
    """Whatever becomes of those who are at risk, and in whatever order."""
    governor = after(served, 0)
    for n, event in enumerate(events):
        if event == "dial":
            if governor.may_risk(FAIR, NOON):
                governor.at_risk.add(str(n))
        elif governor.at_risk:
            governor.at_risk.pop()
            if event == "served":
                governor.served(FAIR, NOON)
            elif event == "dropped":
                governor.dropped(FAIR, NOON)
        tally = governor.tally
        assert tally.dropped <= FAIR.abandon_limit * tally.answered + 1e-6
