"""The E-model, held against numbers of ITU-T G.107 and G.113."""

import numpy as np
import pytest

from softswitch.rtp import emodel


def r(loss: float, delay_ms: float = 0.0, burst: float = 1.0) -> float:
    return float(emodel.rating(np.array([loss]), np.array([delay_ms]), np.array([burst]))[0])


@pytest.mark.parametrize(
    ("rating", "score"), [(93.2, 4.41), (90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)]
)
def test_scores_of_annex_b(rating: float, score: float) -> None:
    assert float(emodel.mos(np.array([rating]))[0]) == pytest.approx(score, abs=0.008)


@pytest.mark.parametrize(("delay_ms", "taken"), [(0, 0.0), (100, 0.0), (200, 3.044), (400, 24.070)])
def test_what_delay_takes_away(delay_ms: float, taken: float) -> None:
    """Formula 7-27 by hand: at 200 ms X is 1, at 400 ms it is 2."""
    assert 93.2 - r(0, delay_ms) == pytest.approx(taken, abs=0.001)


def test_loss_takes_away_what_the_formula_says() -> None:
    assert 93.2 - r(0.01) == pytest.approx(95 / 26.1)
    assert 93.2 - r(0.05) == pytest.approx(95 * 5 / 30.1)
    assert 93.2 - r(0.05, burst=2.0) == pytest.approx(95 * 5 / 27.6)
    assert r(0.05, burst=0.5) == r(0.05)


def test_scores_never_leave_their_scale_and_only_fall() -> None:
    loss = np.linspace(0, 1, 101)
    for delay_ms in (0.0, 150.0, 5000.0, 1e9):
        scores = emodel.mos(emodel.rating(loss, np.full(101, delay_ms), np.ones(101)))
        assert scores.min() >= 1.0 and scores.max() <= 4.5
        assert (np.diff(scores) <= 0.0).all() or delay_ms > 1000
