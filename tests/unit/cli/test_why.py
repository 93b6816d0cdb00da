"""A contact's story on a terminal: how many names, which numbers, and whether a replay came out the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from softswitch.acd.story import Decision, Story
from softswitch.cli.why import draw_why, draw_why_not
from tests.support import stories
from tests.unit.cli.test_commands import Running, _server, running

__all__ = ["_server", "running"]  # fixtures

DECIDED: dict[str, Any] = {
    "what": "decided", "at": 0.0, "now": 5.0, "version": "", "queue": "orders", "waited_s": 61.0, "relaxed": 1,
    "times": 1, "last_at": 0.0, "agent": "ann", "agents": ["ann"], "strategy": "best-fit",
    "figures": {"surplus": 2.0, "other_skills": 0.0, "idle_s": 90.0}, "reserve": 2, "preferred": None, "shares": [],
    "passed_over": [{"reason": "talking", "count": 7, "agents": [f"a{number}" for number in range(7)]}],
}  # fmt: skip


def drawn(everybody: bool = False, **changes: Any) -> list[str]:
    told = {"contact": "c-1", "missing": 0, "entries": [DECIDED | changes], "now": None}
    return [line.strip() for line, _ in draw_why(told, everybody)]


def test_of_many_names_some_are_said_or_all() -> None:
    assert drawn()[-1] == "7 talking: a0, a1, a2, a3, a4 and 2 more"
    assert drawn(everybody=True)[-1] == "7 talking: a0, a1, a2, a3, a4, a5, a6"
    few = [{"reason": "talking", "count": 7, "agents": ["a0", "a1"]}]  # as the switch was asked for
    assert drawn(passed_over=few)[-1] == "7 talking: a0, a1 and 5 more"


def test_the_numbers_of_the_winner_and_the_rules_are_said() -> None:
    line = drawn()[1]
    assert line.endswith(
        "ann is offered it: best-fit, 2 levels more than needed, 0 levels of other skills, idle for 1m30s"
    )
    assert drawn()[2] == "queue orders, waited 1m1s, relaxed 1 time, 2 kept in reserve"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agents": ["ann", "bob"]}, "ann, bob are offered it"),
        ({"preferred": "ann"}, "only ann was asked, whom it prefers"),
        ({"shares": [["orders", 7, 0.4], ["service", 2, 0.6]]}, "orders 7 waiting of a share of 0.4, service 2"),
        ({"version": "3f2a1b"}, "configuration 3f2a1b"),
        ({"agent": None, "agents": [], "times": 3, "last_at": 7.0}, "3 times, last at"),
        ({"agent": None, "agents": [], "replayed": None, "same": True}, "replayed: nobody, the same"),
        ({"replayed": "bob", "same": False}, "replayed: bob, WHICH IS NOT THE SAME"),
        *(({"figures": {name: 3.0}}, said) for name, said in [
            ("skill", "skill 3"), ("occupancy", "occupied 300% of the time"), ("calls", "3 calls"), ("turn", "turn 3"),
            ("draw", "draw 3"), ("place", "number 4 in the configuration"),
        ]),
    ],
)  # fmt: skip
def test_what_else_there_is_to_say_is_said(changes: dict[str, Any], said: str) -> None:
    assert any(said in line for line in drawn(**changes))


def test_where_nothing_was_decided_yet_that_is_said() -> None:
    told = {"contact": "c-1", "agent": "bob", "entries": [], "now": None}
    assert [line for line, _ in draw_why_not(told)][1:] == ["no decision about it is kept"]


def test_each_decision_is_proved_by_its_record(running: Running) -> None:
    result = running("why", "c-0", "--replay")
    assert result.exit_code == 0 and "replayed: alice, the same" in result.stdout


def test_a_decision_that_does_not_come_out_the_same_ends_the_command_with_1(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = stories.story("c-0")
    assert told is not None
    forged = Story("c-0", told.began_at)
    for entry in told.entries:
        if isinstance(entry, Decision):
            entry = msgspec.structs.replace(entry, decided=replace(entry.decided, agent="dora"))
        forged.add(entry)
    monkeypatch.setattr(running.control, "story", lambda contact: forged)
    result = running("why", "c-0", "--replay")
    assert result.exit_code == 1 and "replayed: alice, WHICH IS NOT THE SAME" in result.stdout
    assert running("why", "c-0").exit_code == 0
