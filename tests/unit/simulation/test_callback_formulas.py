"""The simulated ACD with the real ledger against the exact Markov chain of a queue that offers callbacks.

The chain is solved here (``tests.support.callback_chain``) and held against a table that somebody else has computed;
each simulated figure must lie within three standard errors of the exact one. Seeds are fixed: what fails here has
changed. These are some rows, with few contacts; ``python -m tests.bench.callback_formulas`` takes all, with more.
"""

import math

import pytest

from softswitch.core.errors import UsageError
from tests.bench.callback_formulas import MORE, ROWS, errors, read, sample, spread
from tests.support.callback_chain import FIGURES, Chain

CONTACTS, RUNS = 250, 24
QUICK = [
    Chain(100 / 3600, 120.0, 3, 60.0, 1, 1.0, 0),
    Chain(100 / 3600, 120.0, 4, 100.0, 2, 0.6, 1),
    Chain(80 / 3600, 120.0, 5, 60.0, 0, 1.0, 1),
]


@pytest.mark.parametrize(("chain", "row"), read(ROWS), ids=lambda one: str(one)[:0])
def test_the_chain_is_that_of_the_table(chain: Chain, row: dict[str, str]) -> None:
    found = chain.solve()
    for name in FIGURES:
        assert math.isclose(found[name], float(row[name]), rel_tol=1e-4, abs_tol=1e-9), name


def test_a_chain_without_callbacks_is_erlang_a_and_one_of_callbacks_alone_is_erlang_c() -> None:
    never = Chain(100 / 3600, 180.0, 5, 100.0, 2, 0.0, 0).solve()
    # M/M/5 with patience, 5 Erlang: balance of calls, and talk that is not given up.
    assert never["P_callback"] == 0.0 and never["occupancy"] == pytest.approx(1 - never["P_abandon"])
    everybody = Chain(90 / 3600, 180.0, 5, 100.0, 0, 1.0, 0).solve()
    load, agents = 4.5, 5
    tail = load**agents / math.factorial(agents) * agents / (agents - load)
    waits = tail / (sum(load**n / math.factorial(n) for n in range(agents)) + tail)
    assert everybody["EW_callback_s"] == pytest.approx(waits * 180.0 / (agents - load), rel=1e-6)


def test_too_few_states_and_a_queue_without_end_are_refused() -> None:
    with pytest.raises(UsageError):
        Chain(100 / 3600, 180.0, 5, 100.0, 0, 1.0, 0, most_promised=20).figures()
    with pytest.raises(UsageError, match="more and more"):
        Chain(100 / 3600, 180.0, 4, 100.0, 0, 1.0, 0).solve()


@pytest.mark.parametrize("chain", QUICK, ids=["all", "some-and-a-reserve", "everybody"])
def test_the_ledger_and_the_acd_have_the_figures_of_the_chain(chain: Chain) -> None:
    found, exact = sample(chain, CONTACTS, RUNS), chain.solve()
    off = errors(found, exact)
    assert max(abs(one) for one in off.values()) <= 3, off
    assert spread(found, exact) < 0.2


def test_the_bound_tells_a_reserve_from_none() -> None:
    """Who simulated another policy than the one that is computed would be found out."""
    chain = Chain(100 / 3600, 120.0, 4, 100.0, 1, 1.0, 1)
    found = sample(chain, CONTACTS, RUNS)
    assert max(abs(one) for one in errors(found, chain.solve()).values()) <= 3
    other = Chain(100 / 3600, 120.0, 4, 100.0, 1, 1.0, 0)
    assert max(abs(one) for one in errors(found, other.solve()).values()) > 5


def test_other_rows_can_be_solved() -> None:
    for chain in MORE:
        found = chain.solve()
        assert 0 < found["P_callback"] < 1 and 0 < found["occupancy"] < 1
