"""Phones that are registered and not there any more, and the ways that lead to those that are."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from softswitch.acd.model import AcdInput, AgentSpec, Reachability
from softswitch.core.effect import Effect
from softswitch.sip.flow import Flow
from softswitch.sip.location import Registered, Unregistered
from softswitch.sip.message import Message, Request, render
from softswitch.sip.response import respond
from tests.simnet.house import House
from tests.simnet.world import SWITCH, World

Receive = Callable[[Message, Flow], None]


def contacts(world: World, user: str) -> list[str]:
    return [binding.contact for binding in world.switch.registrar.lookup(user, world.switch.unix)]


def dead_phone(house: House, user: str, port: int) -> None:
    """A binding in the store, of a phone that nobody hears from any more."""
    one = house.world.switch.registrar.lookup(user, house.world.switch.unix)[0]
    flow = Flow("udp", SWITCH, ("127.0.0.1", port))
    dead = replace(one, contact=f"sip:{user}@127.0.0.1:{port}", flow=flow, call_id="old", q=1.0)
    house.world.store.put_binding(dead)


def restart(house: House) -> None:
    house.world.crash()
    house.world.start()


def test_after_a_restart_a_dead_phone_is_found_out_and_does_not_delay_the_living_one() -> None:
    house = House(probe_s=120.0)
    dead_phone(house, "1001", 6666)
    restart(house)
    world = house.world
    assert len(contacts(world, "1001")) == 2
    world.run(5.0)
    assert [binding.flow.remote[1] for binding in world.switch.registrar.lookup("1001", world.switch.unix)] == [6001]
    assert not world.facts(Unregistered), "silent once is doubtful, no more"
    world.run(20.0)
    assert [(gone.why, gone.binding.flow.remote[1]) for gone in world.facts(Unregistered)] == [("silent", 6666)]
    assert "1001" in {binding.aor for binding in world.switch.registrar.bindings()}, "the living one has answered"


def test_an_agent_s_phone_that_dies_is_unreachable_within_minutes() -> None:
    house = House(probe_s=30.0)
    del house.world.peers[house.alice.address]
    house.world.run(60.0)
    assert contacts(house.world, "1001") == []
    assert house.world.switch.acd.agent("alice").reachable is False


def test_an_agent_s_phone_that_slept_is_back_with_its_first_answer() -> None:
    house = House(probe_s=30.0)
    world, acd = house.world, house.world.switch.acd
    asleep = world.peers.pop(house.alice.address)
    world.run_until(lambda: not acd.agent("alice").reachable, 60)
    gone_at = world.now
    assert [gone.why for gone in world.facts(Unregistered)] == ["silent"]
    world.run(200.0)
    assert not acd.agent("alice").reachable and contacts(world, "1001") == []
    world.peers[house.alice.address] = asleep
    world.run_until(lambda: acd.agent("alice").reachable, 31)
    assert contacts(world, "1001") == ["sip:1001@127.0.0.1:6001"]
    assert [fact.new for fact in world.facts(Registered) if fact.binding.aor == "1001"] == [True, True]
    assert world.now - gone_at > 200
    del world.peers[house.alice.address]  # and is found out again
    world.run_until(lambda: not acd.agent("alice").reachable, 60)


def test_who_is_silent_for_as_long_as_he_was_registered_is_asked_no_more() -> None:
    house = House(probe_s=30.0, max_expires_s=300.0)
    heard: list[float] = []
    house.world.peers[house.alice.address] = lambda message, flow: heard.append(house.world.now)
    house.world.run(1000.0)
    assert not house.world.switch.acd.agent("alice").reachable
    assert len(heard) > 8 and max(heard) < 340.0  # the last question, and its repeats


def test_a_phone_that_registers_while_it_is_lost_is_there_once() -> None:
    house = House(probe_s=30.0)
    world = house.world
    asleep = world.peers.pop(house.alice.address)
    world.run_until(lambda: not world.switch.acd.agent("alice").reachable, 60)
    world.peers[house.alice.address] = asleep
    house.alice.register()
    world.run(120.0)
    assert len(contacts(world, "1001")) == 1 and world.switch.acd.agent("alice").reachable


def test_an_agent_s_phone_that_slept_while_control_died_is_back_with_its_first_answer() -> None:
    house = House(probe_s=30.0, max_expires_s=600.0)
    world = house.world
    asleep = world.peers.pop(house.alice.address)
    world.run_until(lambda: not world.switch.acd.agent("alice").reachable, 60)
    restart(house)
    world.run_until(lambda: not world.switch.acd.agent("alice").reachable, 20)
    world.peers[house.alice.address] = asleep
    world.run_until(lambda: world.switch.acd.agent("alice").reachable, 31)
    assert contacts(world, "1001") == ["sip:1001@127.0.0.1:6001"]
    del world.peers[house.alice.address]
    world.run(700.0)  # and it does not come back
    restart(house)
    assert contacts(world, "1001") == []
    assert "1001" not in {binding.aor for binding in asyncio.run(world.store.bindings())}


def test_where_a_phone_was_before_it_registered_from_elsewhere_it_does_not_ring_after_a_restart() -> None:
    """It has fallen silent there, and answers there again when it is known to be elsewhere."""
    house = House(probe_s=30.0)
    world = house.world
    (here,) = world.switch.registrar.lookup("1001", world.switch.unix)
    here = replace(here, instance='"<urn:uuid:1>"')
    world.store.put_binding(here)
    restart(house)
    asleep = world.peers.pop(house.alice.address)
    world.run_until(lambda: not world.switch.acd.agent("alice").reachable, 60)
    world.peers["127.0.0.1", 6661] = asleep
    there = replace(here, contact="sip:1001@127.0.0.1:6661", flow=Flow("udp", SWITCH, ("127.0.0.1", 6661)))
    world.switch.registrar.restore([there])
    world.store.put_binding(there)
    world.peers[house.alice.address] = asleep
    world.run(31)
    restart(house)
    assert contacts(world, "1001") == [there.contact]


@pytest.mark.parametrize(("status", "reachable"), [(408, False), (404, True), (480, True), (501, True), (200, True)])
def test_what_an_answer_to_a_probe_means(status: int, reachable: bool) -> None:
    house = House(probe_s=30.0)

    def behind_a_proxy(message: Message, flow: Flow) -> None:
        if isinstance(message, Request):
            house.world.carry(render(respond(message, status, to_tag="t")), house.alice.address, SWITCH)

    house.world.peers[house.alice.address] = behind_a_proxy
    house.world.run(75.0)
    assert house.world.switch.acd.agent("alice").reachable is reachable


def test_phones_that_register_in_one_moment_are_asked_one_after_the_other() -> None:
    house = House(probe_s=120.0, agents=tuple(AgentSpec(f"a{user}", user, ()) for user in ("1001", "1002", "1004")),
                  login=False)  # fmt: skip
    asked: dict[str, float] = {}
    for phone in (house.alice, house.bob, house.desk):
        receive = house.world.peers[phone.address]

        def heard(message: Message, flow: Flow, user: str = phone.user, receive: Receive = receive) -> None:
            if isinstance(message, Request) and message.method == "OPTIONS":
                asked.setdefault(user, house.world.now)
            receive(message, flow)

        house.world.peers[phone.address] = heard
    house.world.run(125.0)
    times = sorted(asked.values())
    assert len(times) == 3 and times[0] > 59 and times[-1] < 121
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) > 1.0


def test_a_phone_behind_a_nat_is_asked_often_where_it_came_from() -> None:
    house = House(keep_alive_s=25.0)
    world = house.world
    one = world.switch.registrar.lookup("1004", world.switch.unix)[0]
    world.switch.registrar.restore([replace(one, contact="sip:1004@192.168.0.9:5060", call_id="x")])
    world.store.put_binding(replace(one, contact="sip:1004@192.168.0.9:5060", call_id="x"))
    heard: list[str] = []

    def behind(message: Message, flow: Flow) -> None:
        if isinstance(message, Request):
            heard.append(f"{message.method} {message.uri}")
            world.carry(render(respond(message, 200, to_tag="t")), house.desk.address, SWITCH)

    world.peers[house.desk.address] = behind
    restart(house)
    world.run(60.0)
    asked = [line for line in heard if line == "OPTIONS sip:1004@192.168.0.9:5060"]
    assert 2 <= len(asked) <= 4
    assert "sip:1004@192.168.0.9:5060" in contacts(world, "1004")


def test_a_refresh_is_news_for_the_acd_only_where_it_passes_the_agent_over(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    switch = house.world.switch
    told: list[AcdInput] = []
    tell, look = switch.offices.to_acd, switch.acd.agent

    def to_acd(event: AcdInput) -> list[Effect]:
        told.append(event)
        return tell(event)

    monkeypatch.setattr(switch.offices, "to_acd", to_acd)
    house.alice.register()
    house.world.run(1.0)
    assert told == []
    monkeypatch.setattr(switch.acd, "agent", lambda name: replace(look(name), delayed=True))
    house.alice.register()
    house.world.run(1.0)
    assert told == [Reachability("alice", True)]
