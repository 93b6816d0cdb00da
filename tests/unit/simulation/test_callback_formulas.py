"""The simulated ACD with the real ledger against the exact Markov chain of a queue that offers callbacks.

The chain is solved here (``tests.support.callback_chain``) and held against a table that somebody else has computed;
each simulated figure must lie within three standard errors of the exact one. Seeds are fixed: what fails here has
changed. These are some rows, with few contacts; ``python -m tests.bench.callback_formulas`` takes all, with more.
"""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from softswitch.acd.staffing import Load, forecast
from softswitch.core.errors import UsageError
from tests.bench.callback_formulas import MORE, ROWS, differs, errors, given, model, run, sample, spread, unlike
from tests.support.callback_chain import COLUMNS, FIGURES, Chain

CONTACTS, RUNS = 250, 48
QUICK = [
    Chain(100 / 3600, 120.0, 3, 60.0, 1, 1.0, 0),
    Chain(100 / 3600, 120.0, 4, 100.0, 2, 0.6, 1),
    Chain(80 / 3600, 120.0, 5, 60.0, 0, 1.0, 1),
]


@pytest.mark.parametrize(("chain", "row"), given(ROWS), ids=lambda one: str(one)[:0])
def test_the_chain_is_that_of_the_table(chain: Chain, row: dict[str, float]) -> None:
    found = chain.solve()
    for name in FIGURES:
        assert math.isclose(found[name], row[name], rel_tol=1e-4, abs_tol=1e-9), name


def test_a_chain_without_callbacks_is_erlang_a_and_one_of_callbacks_alone_is_erlang_c() -> None:
    never = Chain(100 / 3600, 180.0, 5, 100.0, 2, 0.0, 0).solve()
    # M/M/5 with patience, 5 Erlang: balance of calls, and talk that is not given up.
    assert never["P_callback"] == 0.0 and never["occupancy"] == pytest.approx(1 - never["P_abandon"])
    everybody = Chain(90 / 3600, 180.0, 5, 100.0, 0, 1.0, 0).solve()
    load, agents = 4.5, 5
    tail = load**agents / math.factorial(agents) * agents / (agents - load)
    waits = tail / (sum(load**n / math.factorial(n) for n in range(agents)) + tail)
    assert everybody["EW_callback_s"] == pytest.approx(waits * 180.0 / (agents - load), rel=1e-6)


def test_whatever_grows_for_ever_is_refused() -> None:
    for chain, why in (
        (Chain(100 / 3600, 180.0, 4, 100.0, 0, 1.0, 0), "promises become more and more: with 0 in reserve 4 agents"),
        (Chain(1300 / 3600, 180.0, 60, 60.0, 2, 0.3, 2), "promises become more and more: with 2 in reserve 60 agents"),
        (Chain(10 / 3600, 180.0, 4, 100.0, 1, 0.5, 4), "promises become more and more: with 4 in reserve 4 agents"),
        (Chain(100 / 3600, 180.0, 4, math.inf, 1, 0.1, 0), "customers would be here at once, or more and more"),
    ):
        with pytest.raises(UsageError, match=why):
            chain.solve()


def test_a_pool_of_thousands_has_its_share() -> None:
    """Everybody is called back, and that is M/M/n however near it is to growing for ever."""
    offered, agents = 4.9999, 5
    found = Chain(offered / 180, 180.0, agents, 100.0, 0, 1.0, 0).solve()
    waits = forecast(Load(offered * 20, 180.0), agents)
    assert found["EW_callback_s"] == pytest.approx(waits.wait_s, rel=1e-6) and found["E_callback_pool"] > 4_000


def _every_state(chain: Chain, most_waiting: int, most_promised: int) -> dict[str, float]:
    """What somebody else would write: agents who talk, line and pool, each rule at its event, all states at once."""

    def settled(busy: int, line: int, pool: int) -> tuple[int, int, int]:
        while line and busy < chain.agents:
            busy, line = busy + 1, line - 1
        while pool and chain.agents - busy > chain.reserve:
            busy, pool = busy + 1, pool - 1
        return busy, line, pool

    states, todo, rates = {(0, 0, 0): 0}, [(0, 0, 0)], []
    while todo:
        busy, line, pool = here = todo.pop()
        takes = chain.accepts if line >= chain.threshold else 0.0
        joined = (busy + 1, line, pool) if busy < chain.agents else (busy, line + 1, pool)
        for rate, to in (
            (chain.calls_per_s * takes, (busy, line, pool + 1)), (chain.calls_per_s * (1 - takes), joined),
            (line / chain.patience_s, (busy, line - 1, pool)), (busy / chain.talk_s, (busy - 1, line, pool)),
        ):  # fmt: skip
            there = settled(*to) if rate else here
            if there[1] <= most_waiting and there[2] <= most_promised and there != here:
                if there not in states:
                    states[there] = len(states)
                    todo.append(there)
                rates.append((states[here], states[there], rate))
    system = np.zeros((len(states), len(states)))
    for before, after, rate in rates:
        system[after, before] += rate
        system[before, before] -= rate
    system[-1], right = 1.0, np.eye(len(states))[-1]
    at = np.linalg.solve(system, right)
    busy, line, pool = np.array(list(states)).T
    takes = np.where(line >= chain.threshold, chain.accepts, 0.0)
    promised, stays = float(takes @ at), float((1 - takes) @ at)
    return {
        "P_callback": promised,
        "P_wait_inbound": float(((1 - takes) * (busy == chain.agents)) @ at) / stays,
        "EQ": float(line @ at),
        "P_abandon": float(line @ at) / chain.patience_s / chain.calls_per_s,
        "EW_inbound_s": float(line @ at) / stays / chain.calls_per_s,
        "E_callback_pool": float(pool @ at),
        "EW_callback_s": float(pool @ at) / promised / chain.calls_per_s if promised else 0.0,
        "occupancy": float(busy @ at) / chain.agents,
    }


@pytest.mark.parametrize(
    ("chain", "most_waiting", "most_promised"),
    [
        (Chain(15 / 3600, 180.0, 1, 120.0, 1, 1.0, 0), 1, 400),
        (Chain(30 / 3600, 60.0, 1, 100.0, 2, 0.3, 0), 25, 60),
        (Chain(30 / 3600, 60.0, 2, 10.0, 0, 0.5, 1), 12, 90),
        (Chain(70 / 3600, 120.0, 4, 3600.0, 1, 0.8, 2), 15, 120),
        (Chain(100 / 3600, 180.0, 3, 30.0, 3, 0.0, 1), 30, 1),
        (Chain(200 / 3600, 30.0, 3, 40.0, 50, 1.0, 1), 40, 1),
    ],
)
def test_the_levels_are_the_states_one_by_one(chain: Chain, most_waiting: int, most_promised: int) -> None:
    assert chain.solve() == pytest.approx(_every_state(chain, most_waiting, most_promised), rel=1e-9, abs=1e-12)


def test_what_nothing_has_come_of_is_as_far_off_as_it_should_have_come() -> None:
    exact = {"P_callback": 1e-6, "EW_callback_s": 400.0}
    found = {"P_callback": [(0.0, 1000.0)] * 4, "EW_callback_s": [(0.0, 0.0)] * 4}
    assert all(-0.07 < one < -0.06 for one in errors(found, exact).values())
    exact["P_callback"] = 0.01
    assert all(one < -6 for one in errors(found, exact).values()), "40 were to be expected"


_HEAD = ",".join(column.name for column in COLUMNS if not column.may_lack)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "no column lam_per_h, aht_s, agents"),
        ("lam_per_h,aht_s\n1,2\n", "no column agents, patience_s"),
        (_HEAD, "no row"),
        (f"{_HEAD}\n400,180,21.5,120,2,1,0", "line 2: agents is '21.5'; it must be a whole number from 1 to 2000"),
        (f"{_HEAD}\n400,180,21,120,2,1.5,0", "line 2: accept_prob is 1.5; it must be a number from 0 to 1"),
        (
            f"{_HEAD}\n400,180,21,120,2,1,0\n400,nan,21,x,2,1",
            "line 3: aht_s is nan.*\n.*patience_s is 'x'.*\n.*missing",
        ),
        (f"{_HEAD}\n400,180,21,120,2,1,0\n100,180,4,100,0,1,0", "row 2: has no steady state: promises become more"),
    ],
)
def test_broken_rows_are_all_told_before_anything_is_played(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "rows.csv").write_text(text)
    with pytest.raises(UsageError, match=wrong):
        given(tmp_path / "rows.csv")


def test_a_row_without_figures_is_held_against_the_chain_and_one_with_them_against_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"{_HEAD},P_abandon\n400,180,21,120,2,1,0,\n400,180,21,120,2,1,0,0.05\n")
    (chain, computed), (_, expected) = given(path)
    assert computed == chain.solve() and expected == computed | {"P_abandon": 0.05}
    assert not differs(chain, computed) and "P_abandon 0.05, by the chain 0.03885" in differs(chain, expected)


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


@examples(
    st.builds(
        Chain,
        calls_per_s=st.sampled_from([0.004, 0.02, 0.1]), talk_s=st.sampled_from([30.0, 120.0, 300.0]),
        agents=st.integers(1, 12), patience_s=st.sampled_from([1.0, 40.0, 900.0, math.inf]),
        threshold=st.integers(0, 4), accepts=st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]), reserve=st.integers(0, 5),
    ),
    st.integers(0, 10**6).map(str),
)  # fmt: skip
def test_on_the_same_chance_the_ledger_and_the_acd_do_what_the_model_does(chain: Chain, seed: str) -> None:
    """Whether there is a steady state or none, and however few agents are left by the reserve."""
    assert not unlike(sample(chain, 60, 1, seed), sample(chain, 60, 1, seed, model))


@pytest.mark.parametrize(
    "other",
    [
        Chain(100 / 3600, 120.0, 4, 100.0, 2, 0.6, 0), Chain(100 / 3600, 120.0, 4, 100.0, 3, 0.6, 1),
        Chain(100 / 3600, 120.0, 4, 100.0, 2, 0.5, 1), Chain(100 / 3600, 120.0, 5, 100.0, 2, 0.6, 1),
    ],
    ids=["reserve", "threshold", "accepts", "agents"],
)  # fmt: skip
def test_one_run_tells_whoever_has_another_rule(other: Chain) -> None:
    chain, contacts = Chain(100 / 3600, 120.0, 4, 100.0, 2, 0.6, 1), 250
    found = {name: [one] for name, one in run(chain, contacts, "seed").items()}
    assert not unlike(found, {name: [one] for name, one in model(chain, contacts, "seed").items()})
    assert "by the model" in unlike(found, {name: [one] for name, one in model(other, contacts, "seed").items()})


def test_the_model_has_the_figures_of_the_chain_where_a_sample_of_the_ledger_was_low() -> None:
    """A reserve, half accept, and little left of 21 agents: pools so long that only many runs tell of a bias."""
    chain = Chain(400 / 3600, 180.0, 21, 120.0, 2, 0.5, 1)
    found, exact = sample(chain, 2044, 300, play=model), chain.solve()
    assert max(abs(one) for one in errors(found, exact).values()) <= 3
    assert spread(found, exact) < 0.06


def test_other_rows_can_be_solved() -> None:
    for chain in MORE:
        found = chain.solve()
        assert 0 < found["P_callback"] < 1 and 0 < found["occupancy"] < 1
