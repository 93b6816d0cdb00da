"""Of which calls the switch remembers who served whom, and for how long it says so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from softswitch.call.record import CallRecord
from softswitch.contact.event import ContactFinished
from softswitch.switch import last_agents
from softswitch.switch.configuration import LastAgentRule
from softswitch.switch.last_agents import LastAgents


class Desk:
    def __init__(self) -> None:
        rules = {"orders": LastAgentRule(100.0, 20.0)}
        self.switch = SimpleNamespace(
            unix=1000.0,
            configuration=SimpleNamespace(last_agents=rules),
            directory=SimpleNamespace(),
            outlook=SimpleNamespace(key=lambda number: number.removeprefix("+86")),
        )
        self.memory = LastAgents(cast(Any, self.switch))


def call(caller: str = "555", agent: str = "amy", ended_at: float = 950.0, **more: object) -> CallRecord:
    told: dict[str, Any] = {
        "contact": "c", "kind": "inbound", "caller": caller, "called": "8000", "trunk": "", "plan": "",
        "queue": "service", "agent": agent, "started_at": 900.0, "answered_at": 901.0, "connected_at": 910.0,
        "ended_at": ended_at, "outcome": "answered", "ended_by": "caller", "recording": "", "promise": "",
    }  # fmt: skip
    return CallRecord(**(told | more))


def test_the_last_of_the_number_however_it_is_written_and_whatever_the_queue() -> None:
    desk = Desk()
    desk.memory.restore([call(agent="bob", ended_at=960.0), call(agent="amy")])
    assert desk.memory.find("+86555", "orders") == ("bob", 20.0)
    desk.memory.note(ContactFinished(call(agent="cid", ended_at=970.0)))
    assert desk.switch.directory.last_agent("555", "orders") == ("cid", 20.0)
    assert desk.memory.find("555", "service") is None, "this queue asks nobody first"


def test_too_long_ago() -> None:
    desk = Desk()
    desk.memory.restore([call()])
    desk.switch.unix = 1050.0
    assert desk.memory.find("555", "orders") == ("amy", 20.0)
    desk.switch.unix = 1051.0
    assert desk.memory.find("555", "orders") is None


def test_who_was_called_back_is_whom_we_called() -> None:
    desk = Desk()
    desk.memory.restore([call(caller="8000", called="555", kind="callback")])
    assert desk.memory.find("555", "orders") == ("amy", 20.0)
    assert desk.memory.find("8000", "orders") is None


@pytest.mark.parametrize("more", [{"connected_at": 0.0}, {"agent": ""}, {"queue": ""}, {"caller": ""}])
def test_nobody_served_him(more: dict[str, object]) -> None:
    desk = Desk()
    desk.memory.restore([call(**more)])  # type: ignore[arg-type]
    assert desk.memory.find(str(more.get("caller", "555")), "orders") is None


def test_of_very_many_numbers_those_are_known_that_called_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_agents, "MOST", 2)
    desk = Desk()
    for number in ("1", "2", "1", "3"):
        desk.memory.note(ContactFinished(call(caller=number)))
    assert [desk.memory.find(number, "orders") is not None for number in ("1", "2", "3")] == [True, False, True]
