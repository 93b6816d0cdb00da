"""Agents and queues are exchanged while callers wait and talk: from the written files to the phones."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from pathlib import Path

import pytest

from softswitch.acd.model import QueueJoined, QueueLeft
from softswitch.build import configuration
from softswitch.callback.model import LossNotRecorded, PromiseChanged
from softswitch.contact.event import RecordingStarted
from softswitch.core.errors import ConfigError
from softswitch.reload import Reloader
from softswitch.settings import Settings, load
from softswitch.settings.queue import Queue
from softswitch.store.shelf import PlanShelf
from softswitch.switch.configuration import STAFF
from softswitch.switch.dialplans import Outcome
from softswitch.switch.event import Reloaded, UnitFailed
from softswitch.switch.staff import StaffChange
from tests.simnet.house import PLAN, House
from tests.simnet.phone import Call

USERS = "users:\n" + "".join(f"  '{number}': {{password: pw-{number}}}\n" for number in (1001, 1002, 1003, 1004))
TRUNKS = "trunks:\n  carrier: {address: '127.0.0.1:5090', sources: ['127.0.0.1:5090'], prefix: '9'}\n"
AGENTS = "agents:\n  alice: {user: '1001', skills: {orders: 5}}\n  bob: {user: '1002', skills: {service: 5}}\n"
QUEUES = """queues:
  orders: {needs: [{skill: orders, level: 3}], wrap_up: 2s, callback: {trunk: carrier, window: {hours: '00:00-24:00'}}}
  service: {needs: [{skill: service, level: 3}], wrap_up: 2s}
"""


class Place:
    """A directory of configuration, and the house that was started with it."""

    def __init__(self, home: Path) -> None:
        self.config = home / "config"
        for directory in (self.config, home / "dialplans"):
            directory.mkdir()
        self.write(users=USERS, trunks=TRUNKS, agents=AGENTS, queues=QUEUES, softswitch="region: CN\n")
        (home / "dialplans" / "shop.yaml").write_text(PLAN)
        self.settings = load(self.config, {})
        staff = of_staff(self.settings)
        self.house = House(**staff)
        self.world = self.house.world
        shelf = PlanShelf(home / "var", lambda texts: {})
        self.reloader = Reloader(self.config, self.settings, self.world.switch, shelf)
        self.reload()  # the dialplan, as it is written here

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.config / f"{name}.yaml").write_text(text)

    def reload(self, **files: str) -> Outcome:
        self.write(**files)
        return asyncio.run(self.reloader.reload("admin"))

    def refused(self, **files: str) -> list[str]:
        """And nothing has changed."""
        before, version = self.world.switch.configuration, self.world.switch.acd.version
        with pytest.raises(ConfigError) as told:
            self.reload(**files)
        assert self.world.switch.configuration is before
        assert self.world.switch.acd.version == version
        return [str(one).replace(f"{self.config.parent}/", "") for one in told.value.problems if one.level == "error"]

    def waiting(self, queue: str) -> int:
        return len(self.world.switch.acd.waiting(queue, self.world.now))

    def caller(self, key: str = "1") -> Call:
        """Has pressed a key, and waits or is offered to somebody."""
        call = self.house.carrier.call("8000")
        self.world.run_until(lambda: call.state == "talking")
        self.world.run(2)
        self.house.carrier.press(call, key)
        self.world.run(0.2)
        return call


def of_staff(settings: Settings) -> dict[str, object]:
    built = configuration(settings, {}, (), b"")
    return {name: getattr(built, name) for name in STAFF}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


EVERY_KEY = """queues:
  orders:
    needs: [{skill: orders, level: 3}]
    relax: {after: 9s}
    strategy: linear
    priority: 9s
    reserve: {agents: 1, priority: 9s}
    last_agent: {}
    share: 0.5
    ring_timeout: 9s
    wrap_up: 9s
    retry_no_answer: 9s
    retry_busy: 9s
    retry_rejected: 9s
    retry_unreachable: 9s
    max_waiting: 9
    max_wait: 9s
    join_unless: [no-agents]
    leave_if: [no-agents]
    overflow: {full: {voicemail: true}}
    max_misses: 9
    service_level: {target: 9s}
    expected: {handling: 9s}
    short_abandon: 9s
    announce: {every: 9s}
    tell_agent: true
    tell_caller: {say: Hello.}
    resume: 9s
    music: jazz
    record: false
    pin: "4711"
    callback: {trunk: carrier}
"""


@pytest.mark.parametrize("key", Queue.model_fields)
def test_whatever_follows_from_a_key_of_a_queue_is_exchanged(tmp_path: Path, key: str) -> None:
    """A new setting has its line above, and the field of the configuration that it leads to is in ``STAFF``."""
    (line,) = [line for line in EVERY_KEY.splitlines() if line.startswith(f"    {key}:")]
    built = []
    for queues in ("queues:\n  orders: {}\n", f"queues:\n  orders:\n{line}\n"):
        for name, text in (("softswitch", ""), ("users", USERS), ("trunks", TRUNKS), ("queues", queues)):
            (tmp_path / f"{name}.yaml").write_text(text)
        built.append(configuration(load(tmp_path, {}), {}, (), b""))
    plain, changed = built
    differs = {one.name for one in fields(plain) if getattr(plain, one.name) != getattr(changed, one.name)}
    assert differs - {"version"}
    assert differs <= set(STAFF)


def test_whatever_follows_from_an_agent_is_exchanged(tmp_path: Path) -> None:
    for name, text in (("softswitch", ""), ("users", USERS)):
        (tmp_path / f"{name}.yaml").write_text(text)
    plain = configuration(load(tmp_path, {}), {}, (), b"")
    agents = AGENTS.replace("}}\n", "}, auto_login: true}\n") + "  eve: {number: '501', pin: '7362'}\n"
    (tmp_path / "agents.yaml").write_text(agents)
    staffed = configuration(load(tmp_path, {}), {}, (), b"")
    differs = {one.name for one in fields(plain) if getattr(plain, one.name) != getattr(staffed, one.name)}
    assert {"agents", "auto_login", "seats"} < differs <= set(STAFF)


def test_an_agent_is_added_and_answers(place: Place) -> None:
    house, world = place.house, place.world
    world.switch.control.set_paused("alice", "lunch")
    call = place.caller()
    assert place.waiting("orders") == 1
    desk = "  dave: {user: '1004', skills: {orders: 9}, auto_login: true}\n"
    outcome = place.reload(agents=AGENTS + desk)
    assert outcome.staff.agents == (StaffChange("dave", "added"),)
    assert outcome.needs_restart == ()
    world.run_until(lambda: house.agent("dave") == "talking")
    assert call.state == "talking"
    assert [one.agent for one in world.switch.control.agents()] == ["alice", "bob", "dave"]
    assert [one.agents for one in world.facts(Reloaded)][-1] == ("dave added",)
    assert not world.facts(UnitFailed)


def test_an_agent_who_talks_is_removed_when_the_call_is_over(place: Place) -> None:
    house, world = place.house, place.world
    place.caller()
    world.run_until(lambda: house.agent("alice") == "talking")
    outcome = place.reload(agents=AGENTS.replace("  alice: {user: '1001', skills: {orders: 5}}\n", ""))
    assert outcome.staff.agents == (StaffChange("alice", "removed", works=True),)
    assert house.agent("alice") == "talking"
    assert [one.agent for one in world.switch.control.agents()] == ["alice", "bob"]
    with pytest.raises(LookupError):
        world.switch.control.log_in("carol")
    house.alice.hang_up(house.alice.calls[0])
    world.run(5)
    assert [one.agent for one in world.switch.control.agents()] == ["bob"]
    assert not world.facts(UnitFailed)


def test_a_queue_with_callers_inside_is_removed_and_serves_them(place: Place) -> None:
    house, world = place.house, place.world
    world.switch.control.set_paused("alice", "lunch")
    first = place.caller()
    world.run(3)
    plan = place.config.parent / "dialplans" / "shop.yaml"
    plan.write_text(PLAN.replace("name: orders", "name: service"))
    outcome = place.reload(queues="queues:\n" + QUEUES.splitlines(keepends=True)[2])
    assert outcome.staff.queues == (StaffChange("orders", "removed", waiting=1),)
    assert [one.queue for one in world.switch.control.queues()] == ["service", "orders"]
    world.run(20)
    assert first.state == "talking" and place.waiting("orders") == 1
    world.switch.control.set_ready("alice")
    world.run_until(lambda: house.agent("alice") == "talking")
    house.carrier.hang_up(first)
    world.run(12)
    assert [one.queue for one in world.switch.control.queues()] == ["service"]
    assert [(one.queue, one.why) for one in world.facts(QueueLeft)] == [("orders", "answered")]
    assert not world.facts(UnitFailed)


def test_a_caller_on_a_former_dialplan_whose_queue_is_gone_takes_the_way_out(place: Place) -> None:
    house, world = place.house, place.world
    call = house.carrier.call("8000")
    world.run_until(lambda: call.state == "talking")
    plan = place.config.parent / "dialplans" / "shop.yaml"
    plan.write_text(PLAN.replace("name: orders", "name: service"))
    place.reload(queues="queues:\n" + QUEUES.splitlines(keepends=True)[2])
    world.run(2)
    house.carrier.press(call, "1")
    world.run_until(lambda: call.state == "ended")
    assert world.facts(QueueJoined) == []


def test_a_changed_limit_and_policy_hold_at_once(place: Place) -> None:
    house, world = place.house, place.world
    world.switch.control.set_paused("alice", "lunch")
    first = place.caller()
    outcome = place.reload(
        queues=QUEUES.replace(
            "wrap_up: 2s, callback: {trunk: carrier, window: {hours: '00:00-24:00'}}", "max_waiting: 1"
        )
    )
    (change,) = outcome.staff.queues
    assert (change.name, change.what) == ("orders", "changed")
    assert {"callback", "max_waiting", "wrap_up"} <= {key.partition(".")[0] for key in change.keys}
    second = place.caller()
    world.run_until(lambda: second.state == "ended")
    assert first.state == "talking"
    assert not world.facts(PromiseChanged)
    assert {one.why for one in world.facts(LossNotRecorded)} == {"policy"}
    assert house.agent("alice") == "paused"


def test_a_broken_file_changes_nothing(place: Place) -> None:
    (problem,) = place.refused(agents=AGENTS.replace("orders: 5", "orders: 11"))
    assert problem == "config/agents.yaml:2:34: agents.alice.skills.orders: must be less than or equal to 10"


def test_an_agent_cannot_have_a_phone_that_needs_a_restart(place: Place) -> None:
    users = USERS + "  '1009': {password: long-enough}\n"
    (problem,) = place.refused(users=users, agents=AGENTS.replace("'1002'", "'1009'"))
    assert problem.startswith("config/agents.yaml:3:")
    assert "users.yaml has no user '1009'" in problem and "needs a restart" in problem


def test_a_dialplan_may_name_a_queue_that_comes_with_it(place: Place) -> None:
    plan = place.config.parent / "dialplans" / "shop.yaml"
    plan.write_text(PLAN.replace("name: orders", "name: fresh"))
    outcome = place.reload(queues=QUEUES + "  fresh: {}\n")
    assert [one.what for one in outcome.staff.queues] == ["added"]
    place.caller()
    assert place.world.facts(QueueJoined)[-1].queue == "fresh"


def test_a_remark_is_another_version_and_changes_nothing_else(place: Place) -> None:
    before = place.world.switch.control.version()
    outcome = place.reload(agents=AGENTS + "# more to come\n")
    assert not outcome.staff and outcome.version != before
    assert place.world.switch.control.version() == outcome.version


def test_a_queue_that_is_gone_keeps_what_its_callers_hear_and_whether_they_are_recorded(place: Place) -> None:
    house, world = place.house, place.world
    rules = "wrap_up: 2s, music: jazz, tell_agent: true, max_wait: 60s, overflow: {timeout: {queue: service}}, callback"
    place.reload(queues=QUEUES.replace("wrap_up: 2s, callback", rules))
    for agent in ("alice", "bob"):
        world.switch.control.set_paused(agent, "lunch")
    served, sent_on = place.caller(), place.caller()
    plan = place.config.parent / "dialplans" / "shop.yaml"
    plan.write_text(PLAN.replace("name: orders", "name: service"))
    place.reload(queues="queues:\n" + QUEUES.splitlines(keepends=True)[2])
    directory = world.switch.directory
    assert (directory.hold_music("orders"), directory.told_in("orders", "alice")) == ("jazz", "en")
    world.switch.control.set_ready("alice")
    world.run_until(lambda: house.agent("alice") == "talking")
    world.run(1)
    assert [one.queue for one in world.facts(QueueLeft)] == ["orders"]
    assert len(world.facts(RecordingStarted)) == 1
    world.switch.control.set_paused("alice", "lunch")
    world.run(61)
    assert [one.queue for one in world.facts(QueueJoined)] == ["orders", "orders", "service"]
    assert (served.state, sent_on.state) == ("talking", "talking")
    house.carrier.hang_up(served)
    world.run(3)
    assert [one.queue for one in world.switch.control.queues()] == ["service"]
    place.reload()
    assert directory.hold_music("orders") == "" and not directory.records("orders")
    assert not world.facts(UnitFailed)
