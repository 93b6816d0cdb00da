"""What surveys come to: count, mean and spread of the scores of each question, and the net promoter score.

NPS is the share of those who gave 9 or 10 less that of those who gave 0 to 6, in percent; on a scale from 0 to 10 only.
A question whose scale was changed is two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NPS_SCALE = (0, 10)
_PROMOTERS, _DETRACTORS = range(9, 11), range(7)


@dataclass(frozen=True, slots=True)
class Given:
    """How often a score was given to a question by callers of an agent."""

    survey: str
    question: str
    agent: str  # "": they had talked to nobody
    low: int  # of the scale
    high: int
    score: int
    count: int


@dataclass(frozen=True, slots=True)
class Result:
    """Of one question, of all callers or of those of one agent."""

    survey: str
    question: str
    agent: str | None  # None: of all
    low: int
    high: int
    count: int  # answers
    mean: float
    nps: float | None  # -100 to 100; None: its scale is another
    scores: dict[str, int]  # score -> how often it was given


def results(given: Iterable[Given], by_agent: bool = False) -> list[Result]:
    """In the order of survey, question, scale and agent."""
    scores: dict[tuple[str, str, int, int, str], dict[int, int]] = {}
    for one in given:
        counts = scores.setdefault((one.survey, one.question, one.low, one.high, one.agent if by_agent else ""), {})
        counts[one.score] = counts.get(one.score, 0) + one.count
    return [_result(*key, counts, by_agent) for key, counts in sorted(scores.items())]


def _result(
    survey: str, question: str, low: int, high: int, agent: str, counts: dict[int, int], by_agent: bool
) -> Result:
    total = sum(counts.values())
    mean = round(sum(score * count for score, count in counts.items()) / total, 2)
    spread = {str(score): counts.get(score, 0) for score in range(low, high + 1)}
    nps = nps_of(counts) if (low, high) == NPS_SCALE else None
    return Result(survey, question, agent if by_agent else None, low, high, total, mean, nps, spread)


def nps_of(counts: dict[int, int]) -> float:
    """``counts``: score -> how often it was given, on a scale from 0 to 10; at least one was."""
    promoters = sum(counts.get(score, 0) for score in _PROMOTERS)
    detractors = sum(counts.get(score, 0) for score in _DETRACTORS)
    return round(100.0 * (promoters - detractors) / sum(counts.values()), 1)
