"""Callbacks customer first: he answers, and an agent is there, or he is told that nobody is."""

from __future__ import annotations

import pytest

from softswitch.acd.model import AgentSpec, Need, QueueSpec
from softswitch.callback.model import PromiseState, Tallied, Tally
from softswitch.contact.answering import Answering
from softswitch.contact.treatment import Sound
from softswitch.switch.configuration import Trunk
from tests.simnet.called_house import CalledHouse
from tests.simnet.phone import SimPhone
from tests.simnet.test_promise import lost_at_the_desk

SORRY = "We are sorry"


def test_the_customer_answers_and_the_agents_phone_is_rung_for_him() -> None:
    house = CalledHouse()
    call = house.answered()
    assert house.promise.call_id == house.carrier.invites[-1]
    house.world.run_until(lambda: house.alice.talking, 2)
    house.world.run(0.1)
    assert [house.hears(call), house.hears(house.alice.talking[0])] == ["talk", "talk"]
    assert house.promise.state is PromiseState.KEPT
    assert house.world.media.recordings
    house.carrier.hang_up(call)
    house.world.run(120)
    assert house.agent("alice") == "ready" and len(house.carrier.invites) == 1
    assert house.outcomes() == ["answered"]


def test_nobody_is_rung_before_the_customer_answers() -> None:
    house = CalledHouse()
    house.carrier.answer_after = 5.0
    house.lose()
    rung = len(house.alice.calls)
    house.ready()
    house.world.run_until(lambda: house.carrier.invites)
    house.world.run(4)
    assert len(house.alice.calls) == rung and house.agent("alice") == "ready"
    house.world.run_until(lambda: house.alice.talking)


def test_no_agent_in_time_he_hears_the_apology_and_is_called_again() -> None:
    house = CalledHouse()
    house.alice.answer_after = None
    call = house.answered()
    house.world.run_until(lambda: house.alice.calls and house.alice.calls[-1].state == "ringing", 1)
    house.world.run(1.7)
    assert call.state == "talking" and not house.said(call)
    house.world.run(0.4)
    assert house.alice.calls[-1].state == "ended"  # whoever was rung for him is let go
    assert house.said(call)[-1].startswith(SORRY) and house.promise.state is PromiseState.RETRY_AT
    house.world.run_until(lambda: call.state == "ended", 3)
    assert house.outcomes() == ["not served"]
    assert house.agent("alice") == "ready"
    house.alice.answer_after = 0.3
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 300)
    assert house.promise.attempts == 2 and len(house.carrier.invites) == 2


def test_the_apology_is_the_houses_own() -> None:
    house = CalledHouse(Answering(apology=Sound("", {"": "Shop here, 4008001234."})))
    house.alice.answer_after = None
    call = house.answered()
    house.world.run(2.5)
    assert house.said(call) == ["Shop here, 4008001234."]


def test_he_hangs_up_while_an_agent_is_rung() -> None:
    house = CalledHouse(policy={"agent_within_s": 10.0})
    house.alice.answer_after = None
    call = house.answered()
    house.world.run_until(lambda: house.alice.calls and house.alice.calls[-1].state == "ringing", 1)
    house.world.run(1)
    house.carrier.hang_up(call)
    house.world.run(1)
    assert house.alice.calls[-1].state == "ended" and house.agent("alice") == "ready"
    assert house.promise.state is PromiseState.RETRY_AT
    assert house.outcomes() == ["abandoned"]


def test_he_hangs_up_during_the_apology() -> None:
    house = CalledHouse()
    house.alice.answer_after = None
    call = house.answered()
    house.world.run_until(lambda: house.promise.state is PromiseState.RETRY_AT)
    house.carrier.hang_up(call)
    house.world.run(3)
    assert house.outcomes() == ["not served"] and house.promise.state is PromiseState.RETRY_AT


@pytest.mark.parametrize(("status", "outcome"), [(486, "busy"), (603, "rejected"), (503, "failed"), (480, "no answer")])
def test_a_customer_who_cannot_be_reached_costs_an_attempt_and_no_agent(status: int, outcome: str) -> None:
    house = CalledHouse()
    house.carrier.reject = status
    house.lose()
    rung = len(house.alice.calls)
    house.ready()
    house.world.run_until(lambda: house.promise.state is PromiseState.RETRY_AT)
    house.world.run(0.1)
    assert house.outcomes() == [outcome]
    assert len(house.alice.calls) == rung and len(house.carrier.invites) == 1
    house.carrier.reject = 0
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 1000)
    assert len(set(house.carrier.invites)) == len(house.carrier.invites) == 2


@pytest.mark.parametrize("ring_status", [180, 183])
def test_it_rings_no_longer_than_the_policy_says(ring_status: int) -> None:
    house = CalledHouse()
    house.carrier.answer_after, house.carrier.ring_status = None, ring_status
    house.lose()
    house.ready()
    house.world.run_until(lambda: house.carrier.invites)
    house.world.run(19)
    assert house.carrier.calls[-1].state == "ringing"
    house.world.run(2)
    assert house.carrier.calls[-1].state == "ended" and house.promise.state is PromiseState.RETRY_AT
    assert house.outcomes() == ["no answer"]


@pytest.mark.parametrize("late_s", [-0.012, -0.006, 0.0, 0.003, 0.006, 0.012])
def test_an_answer_that_crosses_our_cancel_leaves_nobody_on_the_line(late_s: float) -> None:
    house = CalledHouse()
    house.carrier.answer_after = 20.0 + late_s
    house.lose()
    house.ready()
    house.world.run_until(lambda: house.carrier.invites)
    house.world.run(25)
    served = house.promise.state is PromiseState.KEPT
    assert bool(house.carrier.talking) is served
    assert served or house.promise.state is PromiseState.RETRY_AT
    assert len(house.carrier.invites) == 1


def test_a_queue_that_turns_him_away_is_nobody_in_time() -> None:
    brief = QueueSpec("orders", (Need("orders", 3),), max_wait_s=3.0)
    house = CalledHouse(policy={"agent_within_s": 30.0}, queues=(brief, QueueSpec("service")))
    house.alice.reject = 486
    call = house.answered()
    house.world.run(2.5)
    assert call.state == "talking" and not house.said(call)
    house.world.run(1)
    assert house.said(call)[-1].startswith(SORRY)
    house.world.run_until(lambda: call.state == "ended", 3)
    assert house.outcomes() == ["not served"]


def test_the_caller_id_is_the_policys() -> None:
    house = CalledHouse(policy={"caller_id": "4008001234"})
    assert house.answered().caller == "4008001234"


def test_the_agents_phone_is_asked_to_answer_by_itself() -> None:
    house = CalledHouse(Answering(auto_answer=True))
    seen: list[str] = []
    deliver = house.world.peers[house.alice.address]

    def listening(message: object, flow: object) -> None:
        if getattr(message, "method", "") == "INVITE":
            seen.append(message.headers.get("Call-Info") or "")  # type: ignore[attr-defined]
        deliver(message, flow)  # type: ignore[arg-type]

    house.world.peers[house.alice.address] = listening
    house.answered()
    house.world.run_until(lambda: house.alice.talking, 2)
    assert any("answer-after=0" in one for one in seen)


def test_an_agent_who_declines_is_followed_by_another_within_the_time() -> None:
    agents = (AgentSpec("alice", "1001", (("orders", 5),)), AgentSpec("bob", "1002", (("orders", 5),)))
    house = CalledHouse(policy={"agent_within_s": 8.0}, agents=agents)
    house.alice.reject, house.bob.answer_after = 486, None
    house.world.switch.control.set_paused("bob", "break")
    call = house.answered()
    house.world.run(0.5)
    assert call.state == "talking" and house.promise.state is PromiseState.ANSWERED
    house.bob.answer_after = 0.5
    house.world.switch.control.set_ready("bob")
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 3)
    house.world.run(0.1)
    assert house.hears(house.bob.talking[0]) == "talk"


def test_an_admin_who_ends_it_while_it_rings() -> None:
    house = CalledHouse()
    house.carrier.answer_after = None
    house.lose()
    house.ready()
    house.world.run_until(lambda: house.carrier.invites)
    (view,) = house.world.switch.control.calls()
    assert view.state == "dialling"
    house.world.switch.control.hang_up(view.contact)
    house.world.run(1)
    assert house.carrier.calls[-1].state == "ended"
    assert house.promise.state is PromiseState.UNCERTAIN


def test_an_admin_who_ends_it_while_he_waits() -> None:
    house = CalledHouse(policy={"agent_within_s": 30.0})
    house.alice.answer_after = None
    call = house.answered()
    house.world.run(1)
    (view,) = house.world.switch.control.calls()
    house.world.switch.control.hang_up(view.contact)
    house.world.run(1)
    assert call.state == "ended" and house.promise.state is PromiseState.RETRY_AT


def test_one_of_our_own_phones_is_called_first() -> None:
    house = CalledHouse(policy={"numbers": r"1\d{3}"})
    lost_at_the_desk(house)
    house.ready()
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT)
    house.world.run(0.1)
    assert house.hears(house.desk.talking[0]) == "talk" == house.hears(house.alice.talking[0])
    assert len(house.desk.invites) == 1 and not house.carrier.invites


def test_the_next_trunk_of_a_group_is_tried_where_one_certainly_rings_nobody() -> None:
    dead = Trunk("dead", ("127.0.0.1", 5091), group="out", priority=1, sources=(("127.0.0.1", 5091),))
    live = Trunk("carrier", ("127.0.0.1", 5090), group="out", priority=2, sources=(("127.0.0.1", 5090),), prefix="9")
    house = CalledHouse(policy={"trunk": "out"}, trunks={"dead": dead, "carrier": live})
    refusing = SimPhone(house.world, "13800138000", 5091, reject=503)
    call = house.answered()
    assert len(refusing.invites) == 1 and refusing.invites == house.carrier.invites
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 3)
    house.world.run(0.1)
    assert house.hears(call) == "talk" and house.promise.attempts == 1


def test_predictive_he_is_called_while_the_agent_writes_up() -> None:
    house = CalledHouse(policy={"pacing": "predictive", "ratio": 3.0})
    ledger = house.world.switch.ledger
    ledger.handle(Tallied((Tally("orders", house.world.switch.unix - 60.0, 1000, 0),)), house.world.switch.unix)
    for _ in range(100):
        ledger._move.turns.governor("orders").rate.count(True, 8.0)
    served = house.carrier.call("8000")
    house.world.run_until(lambda: house.alice.talking)
    house.carrier.user = "13900139000"
    lost = house.carrier.call("8000")
    house.world.run(20)
    house.carrier.hang_up(lost)
    house.world.run(2)
    assert not house.carrier.invites and house.agent("alice") == "talking"
    house.carrier.hang_up(served)
    house.world.run_until(lambda: house.carrier.invites)
    assert house.agent("alice") == "wrap_up"
    house.world.run(30)
