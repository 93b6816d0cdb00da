"""All phones of an agent ring, and several agents at once; one has the contact, and nobody else hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.acd.model import AgentSpec, AgentState, AgentStateChanged, Need, QueueSpec, Strategy, WrapUp
from softswitch.contact.event import ContactConnected, ContactFinished
from softswitch.switch.event import UnitFailed
from tests.simnet.house import House
from tests.simnet.phone import Call, SimPhone

ORDERS = (("orders", 5),)
ALL = QueueSpec(
    "orders", (Need("orders", 3),), ring_timeout_s=15.0, wrap_up=WrapUp.timed(10.0), strategy=Strategy.RING_ALL
)
SERVICE = QueueSpec("service", (Need("service", 3),))


class RingAll(House):
    """Alice and bob are rung at once; ``phones`` are theirs."""

    def __init__(self, seed: int = 1, loss: float = 0.0, **changes: Any) -> None:
        agents = (AgentSpec("alice", "1001", ORDERS), AgentSpec("bob", "1002", ORDERS))
        super().__init__(seed, loss, agents=agents, queues=(ALL, SERVICE), **changes)
        self.alice.answer_after = self.bob.answer_after = None


class TwoPhones(House):
    """Alice has a desk phone and a mobile one."""

    def __init__(self) -> None:
        super().__init__(agents=(AgentSpec("alice", "1001", ORDERS, ("1003",)),), login=False)
        self.mobile = SimPhone(self.world, "1003", 6003, "pw-1003", answer_after=None)
        self.mobile.register()
        self.world.run_until(lambda: self.mobile.registered)
        self.world.switch.control.log_in("alice")
        self.alice.answer_after = None


def orders(house: House) -> Call:
    """A caller who waits in the queue ``orders``."""
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "1")
    return call


def ringing(*phones: SimPhone) -> bool:
    return all(phone.calls and phone.calls[-1].state == "ringing" for phone in phones)


def answer(phone: SimPhone) -> None:
    phone.answer(phone.calls[-1])


def rests(house: House) -> None:
    house.world.run(60)
    assert not house.world.facts(UnitFailed)
    assert not house.world.switch.calls.contacts and not house.world.switch.calls.legs


# ---- several agents --------------------------------------------------------------------------------------------


def test_the_first_who_answers_has_it_and_the_other_phone_shows_no_missed_call() -> None:
    house = RingAll()
    call = orders(house)
    house.world.run_until(lambda: ringing(house.alice, house.bob))
    assert house.agent("alice") == house.agent("bob") == "reserved"
    answer(house.bob)
    house.world.run_until(lambda: house.bob.talking and house.alice.calls[-1].state == "ended")
    assert house.alice.calls[-1].why == "Call completed elsewhere"
    assert (house.agent("alice"), house.agent("bob")) == ("ready", "talking")
    assert house.world.media.heard_by(call.rtp) == house.world.media.heard_by(house.bob.talking[0].rtp) == "talk"
    house.carrier.hang_up(call)
    rests(house)
    assert [fact.agent for fact in house.world.facts(ContactConnected)] == ["bob"]


@pytest.mark.parametrize("seed", range(6))
def test_two_answer_in_one_moment_and_one_talks(seed: int) -> None:
    house = RingAll(seed, loss=0.1 if seed % 2 else 0.0)
    call = orders(house)
    house.world.run_until(lambda: ringing(house.alice, house.bob))
    answer(house.alice)
    answer(house.bob)
    house.world.run(8)
    talking = [phone for phone in (house.alice, house.bob) if phone.talking]
    assert len(talking) == 1 and call.state == "talking"
    (connected,) = house.world.facts(ContactConnected)
    assert connected.agent == ("alice" if talking[0] is house.alice else "bob")
    assert sorted((house.agent("alice"), house.agent("bob"))) == ["ready", "talking"]
    rooms = list(house.world.media.rooms.values())
    assert len(rooms) == 2 and len(set(rooms)) == 1  # the second was never in it
    house.carrier.hang_up(call)
    rests(house)


def test_nobody_answers_and_each_has_missed_a_call() -> None:
    house = RingAll()
    orders(house)
    house.world.run_until(lambda: ringing(house.alice, house.bob))
    house.world.run_until(lambda: not ringing(house.alice) and not ringing(house.bob), 20)
    missed = [fact for fact in house.world.facts(AgentStateChanged) if fact.missed]
    assert sorted(fact.agent for fact in missed) == ["alice", "bob"]


def test_one_declines_and_the_other_rings_on() -> None:
    house = RingAll()
    house.alice.reject = 603
    call = orders(house)
    house.world.run_until(lambda: ringing(house.bob) and house.agent("alice") == "ready")
    house.world.run(3)
    assert ringing(house.bob)
    answer(house.bob)
    house.world.run_until(lambda: house.bob.talking and call.state == "talking")
    assert len(house.alice.calls) == 1  # and was not asked again


def test_the_caller_gives_up_while_both_ring() -> None:
    house = RingAll(policies=())
    call = orders(house)
    house.world.run_until(lambda: ringing(house.alice, house.bob))
    house.carrier.hang_up(call)
    house.world.run_until(lambda: not ringing(house.alice) and not ringing(house.bob), 5)
    assert house.agent("alice") == house.agent("bob") == "ready"
    assert house.alice.calls[-1].why == ""  # a missed call it is
    rests(house)


def test_a_callback_rings_all_and_the_first_gets_the_customer() -> None:
    house = RingAll()
    call = orders(house)
    house.world.run_until(lambda: ringing(house.alice, house.bob))
    house.carrier.hang_up(call)  # abandoned: is called back
    house.carrier.answer_after = 0.5
    house.world.run_until(lambda: len(house.alice.calls) == 2 and ringing(house.alice, house.bob), 300)
    answer(house.alice)
    house.world.run_until(lambda: house.agent("alice") == "talking" and house.carrier.talking, 60)
    assert house.bob.calls[-1].state == "ended" and house.agent("bob") == "ready"
    house.carrier.hang_up(house.carrier.talking[0])
    rests(house)
    finished = [fact.record for fact in house.world.facts(ContactFinished) if fact.record.kind == "callback"]
    assert [(record.agent, record.outcome) for record in finished] == [("alice", "answered")]


# ---- several phones of one agent -------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["desk", "mobile"])
def test_both_phones_of_an_agent_ring_and_either_will_do(first: str) -> None:
    house = TwoPhones()
    orders(house)
    house.world.run_until(lambda: ringing(house.alice, house.mobile))
    winner, loser = (house.alice, house.mobile) if first == "desk" else (house.mobile, house.alice)
    answer(winner)
    house.world.run_until(lambda: winner.talking and loser.calls[-1].state == "ended")
    assert loser.calls[-1].why == "Call completed elsewhere"
    assert house.agent("alice") == "talking"
    (view,) = house.world.switch.control.agents()
    assert (view.user, view.also) == ("1001", ("1003",))


def test_busy_at_one_phone_is_not_busy() -> None:
    house = TwoPhones()
    house.alice.reject = 486
    orders(house)
    house.world.run_until(lambda: ringing(house.mobile))
    house.world.run(3)
    assert ringing(house.mobile) and house.agent("alice") == "reserved"


@pytest.mark.parametrize(("statuses", "why"), [((486, 480), "busy"), ((480, 486), "busy"), ((503, 480), "no answer"),
                                               ((503, 503), "unreachable")])  # fmt: skip
def test_the_offer_fails_when_all_have_failed_and_the_most_telling_reason_counts(
    statuses: tuple[int, int], why: str
) -> None:
    house = TwoPhones()
    house.alice.reject, house.mobile.reject = statuses
    orders(house)
    house.world.run_until(lambda: house.alice.calls and house.mobile.calls and house.agent("alice") == "ready")
    changes = [fact for fact in house.world.facts(AgentStateChanged) if fact.old is AgentState.RESERVED]
    assert [fact.reason for fact in changes] == [why]


def test_who_declines_at_one_phone_declines_at_all() -> None:
    house = TwoPhones()
    house.alice.reject = 603
    orders(house)
    house.world.run_until(lambda: house.mobile.calls and house.mobile.calls[-1].state == "ended")
    assert house.agent("alice") == "ready"


def test_reachable_while_any_phone_is() -> None:
    house = TwoPhones()
    acd, registrar = house.world.switch.acd, house.world.switch.registrar
    for user, reachable in (("1001", True), ("1003", False)):
        (binding,) = registrar.lookup(user, house.world.switch.unix)
        house.world.switch.command(lambda binding=binding: registrar.give_up(binding))  # type: ignore[misc]
        assert acd.agent("alice").reachable is reachable
    house.mobile.register()
    house.world.run(1)
    assert acd.agent("alice").reachable
