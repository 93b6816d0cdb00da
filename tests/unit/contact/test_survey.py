"""What surveys come to."""

from __future__ import annotations

import pytest

from softswitch.contact.survey import Given, nps_of, results


def given(score: int, count: int, question: str = "recommend", agent: str = "alice", high: int = 10) -> Given:
    return Given("quality", question, agent, 0 if high == 10 else 1, high, score, count)


@pytest.mark.parametrize(
    ("counts", "nps"),
    [
        ({9: 1, 10: 1}, 100.0), ({0: 3}, -100.0), ({7: 5, 8: 5}, 0.0), ({6: 1, 9: 1}, 0.0),
        ({10: 5, 9: 2, 8: 1, 6: 1, 0: 1}, 50.0), ({9: 1, 7: 2}, 33.3),
    ],
)  # fmt: skip
def test_net_promoter_score(counts: dict[int, int], nps: float) -> None:
    assert nps_of(counts) == nps


def test_answers_of_all_agents_and_of_each() -> None:
    answers = [given(10, 2), given(0, 1, agent="bob"), given(10, 1, agent="bob"), given(4, 3, "friendly", high=5)]
    friendly, recommend = results(answers)
    assert (friendly.count, friendly.mean, friendly.nps, friendly.agent) == (3, 4.0, None, None)
    assert friendly.scores == {"1": 0, "2": 0, "3": 0, "4": 3, "5": 0}
    assert (recommend.count, recommend.mean, recommend.nps) == (4, 7.5, 50.0)
    by_agent = results(answers, by_agent=True)
    assert [(one.question, one.agent, one.nps) for one in by_agent[1:]] == [
        ("recommend", "alice", 100.0),
        ("recommend", "bob", 0.0),
    ]


def test_a_question_whose_scale_was_changed_is_two() -> None:
    assert [one.high for one in results([given(5, 1), given(5, 1, high=5)])] == [10, 5]


def test_nobody_has_answered() -> None:
    assert results([]) == []
