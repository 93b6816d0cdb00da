"""A burst of ten times as many calls as there is room for: nobody is missing afterwards, and the backlog is drained.

Some hundreds of calls; ``python -m tests.bench.burst`` takes 5,000.
"""

import pytest

from tests.simnet.burst import STAGES, Burst, Size, order

SMALL = Size(400, agents=6, lines=40, waiting=15)
SMALLER = Size(160, agents=5, lines=20, waiting=8)


def everybody_is_accounted_for(burst: Burst) -> None:
    found = burst.account()
    assert not found.missing and not found.double
    assert found.total == sum(1 for person in burst.crowd.people if person.called_at) == burst.size.people
    assert not burst.crowd.wrong and not burst.defects
    assert len(set(burst.crowd.invites)) == len(burst.crowd.invites), "no attempt was dialled twice"


def test_nobody_who_called_is_missing_and_all_are_called_back_in_turn() -> None:
    burst = Burst(SMALL)
    burst.air()
    everybody_is_accounted_for(burst)
    found = burst.account()
    assert found.of["on the line"] < 30
    assert found.of["open"] > 150 and found.of["served live"] > 10 and found.of["refused: withheld"] > 3
    assert burst.watch.stages >= set(STAGES) and min(burst.shed["limit"], burst.shed["overload"]) > 10
    burst.drain()
    everybody_is_accounted_for(burst)
    found, watch = burst.account(), burst.watch
    assert {word for word in found.of if not word.startswith("refused")} == {"served live", "kept"}
    assert watch.occupancy >= 0.85 and watch.longest_free_s <= 5.001 and watch.due_s > 1000
    assert burst.crowd.answered > 150 and burst.dropped == 0
    ordered = order(burst)
    assert ordered["tau_rank"] > 0.97 and ordered["unexplained"] == 0


@pytest.mark.parametrize(("pacing", "ratio"), [("progressive", 1.0), ("predictive", 3.0)])
def test_customers_are_called_first_and_hardly_anybody_answers_to_nobody(pacing: str, ratio: float) -> None:
    burst = Burst(SMALLER, seed=2, first="customer", pacing=pacing, ratio=ratio)
    burst.air()
    burst.drain()
    everybody_is_accounted_for(burst)
    assert burst.crowd.answered > 60 and burst.dropped <= 0.03
    assert burst.watch.occupancy >= 0.85 and burst.watch.longest_idle_s <= 5.001
    assert order(burst)["tau_rank"] > 0.95
