"""Needs, relaxation, reserve and shares as they are written, and each mistake at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from softswitch.acd.model import AllOf, AnyOf, Need, NotOf, Relaxation, Reserve, Strategy
from softswitch.core.errors import ConfigError
from softswitch.settings.load import load
from softswitch.settings.queue import Queue

WRITTEN = [
    {"skill": "orders", "level": 3},
    {"any": ["en", {"skill": "fr", "level": 5, "at_most": 7}]},
    {"not": {"skill": "trainee"}},
    {"any": [{"all": ["zh", "yue"]}]},
]
MEANT = (
    Need("orders", 3),
    AnyOf((Need("en"), Need("fr", 5, 7))),
    NotOf(Need("trainee")),
    AnyOf((AllOf((Need("zh"), Need("yue"))),)),
)


def test_needs_are_expressions() -> None:
    assert Queue(needs=WRITTEN).spec("q").needs == MEANT  # type: ignore[arg-type]


def test_relaxation_in_one_step_or_several() -> None:
    one: Any = {"after": "30s", "needs": [{"not": "trainee"}]}
    two: Any = [one, {"after": "1m"}]
    first = Relaxation(30.0, (NotOf(Need("trainee")),))
    assert Queue(relax=one).spec("q").relaxations == (first,)
    assert Queue(relax=two).spec("q").relaxations == (first, Relaxation(60.0, ()))


def test_strategy_reserve_and_share() -> None:
    written: Any = {"strategy": "best-fit", "reserve": {"agents": 2, "priority": "60s"}, "share": 0.6}
    spec = Queue(**written).spec("q")
    assert (spec.strategy, spec.reserve, spec.share) == (Strategy.BEST_FIT, Reserve(2, 60.0), 0.6)
    assert (Queue().spec("q").strategy, Queue().spec("q").reserve) == (Strategy.LONGEST_IDLE, None)


def test_who_served_the_caller_last() -> None:
    written: Any = {"last_agent": {"within": "2d", "for": "15s"}}
    last = Queue(**written).last_agent
    assert last is not None and (last.within, last.for_) == (172800.0, 15.0)
    assert Queue().last_agent is None


@pytest.mark.parametrize(
    ("need", "said"),
    [
        ({}, "exactly one of skill, any, all and not"),
        (None, "exactly one of skill, any, all and not"),
        ({"not": None}, "exactly one of skill, any, all and not"),
        ({"skill": "a", "any": ["b"]}, "exactly one of skill, any, all and not"),
        ({"any": ["b"], "level": 3}, "level and at_most go with a skill"),
        ({"skill": "a", "level": 5, "at_most": 4}, "at_most (4) is below level (5)"),
        ({"any": []}, "any and all speak of one need at least"),
        ({"skill": "a", "levl": 2}, "Extra inputs"),
    ],
)
def test_what_is_no_need(need: Any, said: str) -> None:
    with pytest.raises(ValidationError, match="needs") as caught:
        Queue(needs=(need,))
    assert said in str(caught.value)


AGENTS = 'agents: {al: {user: "1001", skills: {en: 5}}}\n'


@pytest.mark.parametrize(
    ("queues", "problem"),
    [
        ("queues: {q: {needs: [{skill: en, level: 11}]}}", "1:34: queues.q.needs[0].level: must be less"),
        ("queues: {q: {needs: [{skill: en, level: 0}]}}", "1:34: queues.q.needs[0].level: must be greater"),
        (
            "queues: {q: {needs: [{any: [{skill: en, at_most: 12}]}]}}",
            "1:41: queues.q.needs[0].any[0].at_most: must be",
        ),
        ("queues: {q: {needs: [{skill: en, level: 7, at_most: 5}]}}", "1:22: queues.q.needs[0]: at_most (5) is below"),
        ("queues: {q: {relax: {after: 9s, needs: [{skill: en, level: 99}]}}}", "1:53: queues.q.relax.needs[0].level:"),
        ("queues: {q: {relax: [{after: 9s}, {after: 9s}]}}", "1:14: queues.q.relax: the step after 9 s is written"),
        ("queues: {q: {relax: [{after: 9s}, {after: 0s}]}}", "1:36: queues.q.relax[1].after: must be longer than 0s"),
        ("queues: {q: {share: 1.5}}", "1:14: queues.q.share: must be less"),
        ("queues: {q: {share: 0.7}, r: {share: 0.4}}", "1:31: queues.r.share: the shares of q, r are 1.1 together"),
        ("queues: {q: {reserve: {agents: 0, priority: 60s}}}", "1:24: queues.q.reserve.agents: must be greater"),
        ("queues: {q: {strategy: longest}}", "1:14: queues.q.strategy:"),
    ],
)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, queues: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, queues))
    (told,) = [str(one) for one in caught.value.problems if one.level == "error"]
    assert f"queues.yaml:{problem}" in told


@pytest.mark.parametrize(
    ("queues", "warning"),
    [
        (
            "queues: {q: {needs: [{any: [en, {skill: fr}]}]}}",
            "queues.q.needs[0].any[1].skill: no agent has the skill 'fr'",
        ),
        ("queues: {q: {relax: {after: 9s, needs: [{not: fr}]}}}", "queues.q.relax.needs[0]"),
        ("queues: {q: {needs: [{skill: en, level: 6}]}}", "queues.q.needs[0].skill: no agent has 'en' at level 6"),
    ],
)
def test_a_skill_that_nobody_has_is_told(tmp_path: Path, queues: str, warning: str) -> None:
    settings = load(written(tmp_path, queues))
    assert [one for one in map(str, settings.warnings) if warning in one], settings.warnings


def written(directory: Path, queues: str) -> Path:
    (directory / "softswitch.yaml").write_text("")
    (directory / "users.yaml").write_text('users: {"1001": {password: kYt7-fgh2-Lmn9}}\n')
    (directory / "agents.yaml").write_text(AGENTS)
    (directory / "queues.yaml").write_text(queues)
    return directory
