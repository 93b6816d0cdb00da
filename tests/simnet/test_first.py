"""Who is asked first, by the dialplan or because he served the caller last; also after a crash."""

from __future__ import annotations

from softswitch.switch.configuration import LastAgentRule
from tests.simnet.house import House, plans
from tests.simnet.phone import Call
from tests.simnet.test_revival import killed

FIRST = """
dialplan: shop
numbers: ["8000"]
language: en
start: first
steps:
  first:
    queue:
      name: orders
      needs: [{any: [{skill: orders, level: 9}, {skill: service, level: 2, at_most: 6}]}, {not: {skill: orders}}]
      prefer: {agent: "{{ 'alice' }}", for: 30s}
      failed: bye
  bye: {hangup: normal}
"""
ANYBODY = """
dialplan: shop
numbers: ["8000"]
language: en
start: first
steps:
  first: {queue: {name: orders, needs: [], failed: bye}, next: bye}
  bye: {hangup: normal}
"""


def calling(house: House) -> Call:
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    return call


def served_by(house: House) -> str:
    """Who of alice and bob talks, as soon as one does."""
    house.world.run_until(lambda: house.alice.talking or house.bob.talking, 60)
    return "alice" if house.alice.talking else "bob"


def test_the_dialplan_names_an_agent_whatever_the_needs_say() -> None:
    house = House(plans=plans(FIRST))
    calling(house)
    assert served_by(house) == "alice"


def test_who_is_away_keeps_the_caller_waiting_for_so_long_also_in_a_new_process() -> None:
    house = House(plans=plans(FIRST))
    house.world.switch.control.set_paused("alice", "tea")
    began = house.world.now
    calling(house)
    killed(house)
    house.world.run(20)
    assert not house.bob.calls, "the caller still waits for alice alone"
    assert served_by(house) == "bob"
    assert 30 <= house.world.now - began <= 35


def test_the_caller_comes_back_to_whom_he_talked_to_last() -> None:
    house = House(plans=plans(ANYBODY), last_agents={"orders": LastAgentRule(3600.0, 20.0)})
    house.world.switch.control.set_paused("alice", "tea")
    call = calling(house)
    assert served_by(house) == "bob"
    house.carrier.hang_up(call)
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.agent("bob") == "ready")
    assert house.agent("alice") == "ready", "she has been idle for longer"
    killed(house)
    house.world.run_until(lambda: (house.agent("alice"), house.agent("bob")) == ("ready", "ready"))
    call = calling(house)
    assert served_by(house) == "bob"
    house.carrier.hang_up(call)
    house.world.run(4000)
    call = calling(house)
    assert house.world.switch.acd.agent("bob").contact is None, "it is too long ago"
