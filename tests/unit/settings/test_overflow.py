"""Conditions and overflow of queues: what is written, and every way in which it can be wrong, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.acd.model import Condition
from softswitch.contact.overflow import Way
from softswitch.core.errors import ConfigError
from softswitch.settings import Settings, load

AGENTS = "agents:\n  ann: {user: '1001', skills: {orders: 5, french: 2}}\n"
USERS = "users:\n  '1001': {password: secret-1001}\n"


def read(home: Path, queues: str, agents: str = AGENTS) -> Settings:
    for name, text in (("softswitch", ""), ("users", USERS), ("agents", agents), ("queues", f"queues:\n{queues}")):
        (home / f"{name}.yaml").write_text(text)
    (home / "trunks.yaml").write_text("trunks:\n  carrier: {address: 192.0.2.1}\n")
    return load(home, {})


def warned(settings: Settings, home: Path) -> list[str]:
    return [str(one).replace(f"{home}/", "") for one in settings.warnings]


def wrong(home: Path, queues: str, agents: str = AGENTS) -> list[str]:
    with pytest.raises(ConfigError) as told:
        read(home, queues, agents)
    return [str(one).replace(f"{home}/", "") for one in told.value.problems if one.level == "error"]


def test_conditions_and_ways(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
  orders:
    join_unless: [no-agents, {expected: 10m}]
    leave_if: [all-paused, {expected: 20m}]
    callback: {trunk: carrier}
    overflow:
      full: {queue: service}
      timeout: {callback: true}
      no_agents: {voicemail: true}
      long_wait: {queue: spare}
  service: {overflow: {full: {queue: spare}}}
  spare: {}
""",
    )
    queue = settings.queues["orders"]
    spec = queue.spec("orders")
    assert spec.join_unless == {Condition.NO_AGENTS, Condition.LONG_WAIT}
    assert spec.leave_if == {Condition.ALL_PAUSED, Condition.LONG_WAIT}
    assert (spec.expected_above_s, spec.leave_above_s) == (600, 1200)
    assert queue.overflow.ways() == {
        "full": Way("service"), "timeout": Way(callback=True), "no agents": Way(voicemail=True),
        "long wait": Way("spare"),
    }  # fmt: skip
    assert warned(settings, tmp_path) == []


def test_nothing_written_is_no_condition(tmp_path: Path) -> None:
    spec = read(tmp_path, "  orders: {}\n").queues["orders"].spec("orders")
    assert (spec.join_unless, spec.leave_if) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("join_unless: [no-agent]", "2:26: queues.orders.join_unless[0]: 'no-agent' is no condition; write no-agents, "
                                    "all-paused or {expected: 10m}"),
        ("leave_if: [{expected: 0s}]", "2:23: queues.orders.leave_if[0]: {'expected': '0s'} is no condition; write "
                                       "no-agents, all-paused or {expected: 10m}"),
        ("leave_if: [{expected: soon}]", "2:23: queues.orders.leave_if[0]: 'soon' is not a duration"),
        ("leave_if: [no-agents, no-agents]", "2:12: queues.orders.leave_if: has the same condition twice"),
        ("overflow: {full: {}}", "2:23: queues.orders.overflow.full: needs one of queue: NAME, voicemail: true and "
                                 "callback: true"),
        ("overflow: {full: {queue: a, voicemail: true}}", "2:23: queues.orders.overflow.full: needs one of"),
        ("overflow: {ful: {voicemail: true}}", "2:23: queues.orders.overflow.ful: unknown key; did you mean 'full'?"),
        ("overflow: {full: {queue: servce}}", "2:30: queues.orders.overflow.full.queue: queues.yaml has no queue "
                                              "'servce'; did you mean 'service'?"),
        ("overflow: {full: {callback: true}}", "2:30: queues.orders.overflow.full.callback: nobody of this queue is "
                                               "called back; write its callback:, or another way"),
        ("overflow: {full: {queue: orders}}", "2:30: queues.orders.overflow.full.queue: sends callers around in a "
                                              "circle: orders -> orders; let one of them lead elsewhere"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, written: str, told: str) -> None:
    (problem,) = wrong(tmp_path, f"  orders: {{{written}}}\n  service: {{}}\n")
    assert problem.startswith(f"queues.yaml:{told}"), problem


def test_a_circle_is_named_once(tmp_path: Path) -> None:
    queues = (
        "  a: {overflow: {full: {queue: b}, timeout: {queue: d}}}\n"
        "  b: {overflow: {timeout: {queue: c}}}\n"
        "  c: {overflow: {timeout: {queue: a}}}\n"
        "  d: {overflow: {full: {queue: b}}}\n"
    )
    assert wrong(tmp_path, queues) == [
        "queues.yaml:2:25: queues.a.overflow.full.queue: sends callers around in a circle: a -> b -> c -> a;"
        " let one of them lead elsewhere",
        "queues.yaml:5:25: queues.d.overflow.full.queue: sends callers around in a circle: d -> b -> c -> a -> d;"
        " let one of them lead elsewhere",
    ]


def test_what_is_doubtful_is_a_warning(tmp_path: Path) -> None:
    queues = (
        "  orders: {needs: [{skill: orders, level: 3}, {skill: french, level: 2}]}\n"
        "  later: {needs: [{skill: chinese}]}\n"
        "  both: {needs: [{skill: orders}, {skill: german}]}\n"
        "  never: {overflow: {no_agents: {voicemail: true}, long_wait: {voicemail: true}}}\n"
    )
    agents = AGENTS.replace(", french: 2", "") + "  bob: {user: '1002', skills: {french: 9, german: 1}}\n"
    settings = read_with_bob(tmp_path, queues, agents)
    assert sorted(warned(settings, tmp_path)) == [
        "queues.yaml:2:3: warning: queues.orders: no agent meets its needs, relaxed or not: nobody serves it",
        "queues.yaml:3:20: warning: queues.later.needs[0].skill: no agent has the skill 'chinese'; known: french,"
        " german, orders",
        "queues.yaml:4:3: warning: queues.both: no agent meets its needs, relaxed or not: nobody serves it",
        "queues.yaml:5:22: warning: queues.never.overflow.no_agents: never comes true; write join_unless: [no-agents],"
        " or leave_if",
        "queues.yaml:5:52: warning: queues.never.overflow.long_wait: never comes true; write join_unless: [{expected:"
        " 10m}], or leave_if",
    ]


def test_a_reserve_that_leaves_nobody_for_the_others_is_doubtful(tmp_path: Path) -> None:
    queues = (
        "  orders: {needs: [{skill: orders, level: 9}], reserve: {agents: 2, priority: 60s},"
        " relax: {after: 30s, needs: [{skill: orders}]}}\n"
        "  fewer: {needs: [{skill: orders}], reserve: {agents: 1, priority: 60s}}\n"
    )
    settings = read_with_bob(tmp_path, queues, AGENTS + "  bob: {user: '1002', skills: {orders: 9}}\n")
    assert warned(settings, tmp_path) == [
        "queues.yaml:2:58: warning: queues.orders.reserve.agents: keeps all who can serve the queue (2): callers"
        " without that priority are offered to nobody"
    ]


@pytest.mark.parametrize(
    ("agents", "told"),
    [
        (
            "ann: {user: '1001', skills: {orders: 11}}",
            "2:32: agents.ann.skills.orders: must be less than or equal to 10",
        ),
        (
            "ann: {user: '1001', skills: {orders: 0}}",
            "2:32: agents.ann.skills.orders: must be greater than or equal to 1",
        ),
        ("ann: {user: '1001'}\n  bob: {user: '1001'}", "3:9: agents.bob.user: agent 'ann' has this phone already"),
        ("ann: {skills: {orders: 5}}", "2:3: agents.ann: has no phone; write user:"),
        ("ann: {user: '1009'}", "2:9: agents.ann.user: users.yaml has no user '1009'"),
    ],
)
def test_agents_that_cannot_work(tmp_path: Path, agents: str, told: str) -> None:
    (problem,) = wrong(tmp_path, "  orders: {}\n", f"agents:\n  {agents}\n")
    assert problem.startswith(f"agents.yaml:{told}"), problem


@pytest.mark.parametrize("level", ["0", "11", "high"])
def test_levels_of_a_queue_are_1_to_10(tmp_path: Path, level: str) -> None:
    (problem,) = wrong(tmp_path, f"  orders: {{needs: [{{skill: orders, level: {level}}}]}}\n")
    assert problem.startswith("queues.yaml:2:36: queues.orders.needs[0].level: "), problem


def read_with_bob(home: Path, queues: str, agents: str) -> Settings:
    settings_users = USERS + "  '1002': {password: secret-1002}\n"
    for name, text in (("softswitch", ""), ("users", settings_users), ("agents", agents)):
        (home / f"{name}.yaml").write_text(text)
    (home / "queues.yaml").write_text(f"queues:\n{queues}")
    return load(home, {})


def test_overflow_to_a_callback_for_which_the_policy_has_no_stage(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
  orders:
    leave_if: [no-agents]
    callback: {trunk: carrier, stages: [abandoned, accepted-offer]}
    overflow: {full: {callback: true}, timeout: {callback: true}, no_agents: {callback: true}}
""",
    )
    (told,) = [one for one in warned(settings, tmp_path) if "stages" in one]
    assert "queues.orders.overflow.full.callback: nobody is called back for it" in told and "queue-full" in told
