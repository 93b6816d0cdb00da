"""Against the table in ``reference`` and against a count by hand."""

import csv
from itertools import product
from pathlib import Path

import pytest

from softswitch.callback.odds import AnswerRate, abandoned_share, most_dials

ROWS = list(csv.DictReader((Path(__file__).parent / "reference" / "pacing_binomial.csv").read_text().splitlines()))


def test_the_reference_table() -> None:
    assert len(ROWS) == 48
    for row in ROWS:
        agents, p, limit = int(row["free_agents"]), float(row["p_answer"]), float(row["abandon_limit"])
        dials = most_dials(agents, p, limit)
        assert dials == int(row["max_dials"]), row
        assert abandoned_share(agents, dials, p) == pytest.approx(float(row["abandon_rate_at_max"]), abs=1e-6)


def by_hand(agents: int, dials: int, p: float) -> float:
    """Every pattern of answers and none, each with its probability."""
    too_many = answered = 0.0
    for pattern in product((0, 1), repeat=dials):
        answers = sum(pattern)
        chance = p**answers * (1 - p) ** (dials - answers)
        too_many += chance * max(0, answers - agents)
        answered += chance * answers
    return too_many / answered


@pytest.mark.parametrize(("agents", "p", "limit"), [(1, 0.05, 0.1), (2, 0.25, 0.03), (3, 0.4, 0.05), (4, 0.6, 0.01)])
def test_the_largest_number_that_keeps_the_limit(agents: int, p: float, limit: float) -> None:
    dials = most_dials(agents, p, limit)
    assert by_hand(agents, dials, p) <= limit < by_hand(agents, dials + 1, p)
    assert abandoned_share(agents, dials, p) == pytest.approx(by_hand(agents, dials, p))


def test_at_the_ends() -> None:
    assert most_dials(0, 0.3, 0.03) == 0
    assert most_dials(7, 1.0, 0.03) == 7
    assert most_dials(7, 0.3, 0.0) == 7
    assert most_dials(300, 0.05, 0.03) == 6000, "twenty for each are enough, and no power of 0.05 is lost on the way"


def test_while_nothing_is_known_everybody_answers() -> None:
    assert AnswerRate().cautious() == 1.0


def test_the_more_is_known_the_less_caution() -> None:
    rate, seen = AnswerRate(), []
    for n in range(400):
        rate.count(n % 4 == 0, 5.0)
        seen.append(rate.cautious())
    assert seen[0] > seen[20] > seen[100] > seen[399] > 0.25
    assert seen[399] < 0.32


def test_the_last_dials_count_most() -> None:
    rate = AnswerRate()
    for n in range(1000):
        rate.count(n % 10 == 0, 5.0)
    before = rate.cautious()
    for _ in range(100):
        rate.count(True, 5.0)
    assert before < 0.16 < 0.4 < rate.cautious()
