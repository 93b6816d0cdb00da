"""The promise ledger through the whole control plane: lost callers are called back, once, whatever crashes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from softswitch.acd.model import Need, QueueSpec
from softswitch.callback.model import Policy, PromiseState
from softswitch.switch.event import UnitFailed
from tests.simnet.house import House
from tests.simnet.phone import Call

NUMBER = "+8613800138000"


def into_orders(house: House, presses: str = "1") -> Call:
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, presses)
    house.world.run(1.0)
    return call


def abandoned(house: House) -> None:
    """alice is on a break, the caller waits a while and hangs up."""
    house.world.switch.control.set_paused("alice", "break")
    call = into_orders(house)
    house.world.run(12)
    house.carrier.hang_up(call)
    house.world.run(2)


def state(house: House) -> PromiseState:
    (promise,) = house.world.switch.control.promises()
    return promise.state


def stored(house: House) -> PromiseState:
    (promise,) = asyncio.run(house.world.store.promises())
    return promise.state


def test_an_abandoned_caller_is_called_back_agent_first() -> None:
    house = House()
    abandoned(house)
    (promise,) = house.world.switch.control.promises()
    assert (promise.number, promise.stage, promise.queue) == (NUMBER, "abandoned", "orders")
    assert house.carrier.invites == []
    house.alice.answer_after = 2.0
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.alice.calls and house.alice.calls[-1].state == "ringing")
    assert house.carrier.invites == []  # the agent first
    house.world.run_until(lambda: house.carrier.invites)
    assert house.alice.talking
    house.world.run_until(lambda: house.carrier.talking)
    house.world.run(1)
    assert house.world.media.heard_by(house.carrier.talking[0].rtp) == "talk"
    assert house.world.media.heard_by(house.alice.talking[0].rtp) == "talk"
    assert state(house) is PromiseState.KEPT
    house.carrier.hang_up(house.carrier.talking[0])
    house.world.run(120)
    assert house.agent("alice") == "ready" and len(house.carrier.invites) == 1
    assert not house.world.facts(UnitFailed)


def test_busy_and_no_answer_are_tried_again_after_their_pauses() -> None:
    house = House()
    house.carrier.reject = 486
    abandoned(house)
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: state(house) is PromiseState.RETRY_AT)
    assert len(house.carrier.invites) == 1
    house.carrier.reject, house.carrier.answer_after = 0, None
    house.world.run(50)
    assert len(house.carrier.invites) == 1
    house.world.run_until(lambda: len(house.carrier.invites) == 2, 60)
    house.world.run_until(lambda: state(house) is PromiseState.RETRY_AT)
    house.carrier.answer_after = 1.0
    house.world.run_until(lambda: state(house) is PromiseState.KEPT, 200)
    assert len(house.carrier.invites) == len(set(house.carrier.invites)) == 3


def test_the_offer_is_taken_the_promise_written_and_then_spoken() -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "break")
    call = into_orders(house)
    house.world.run_until(lambda: any("call" in prompt.text for _, prompt in house.world.media.said[-1:]), 40)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: call.state == "ended")
    (promise,) = house.world.switch.control.promises()
    assert promise.stage == "accepted-offer"
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: state(house) is PromiseState.KEPT)


def test_a_promise_that_cannot_be_written_is_not_spoken() -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "break")
    call = into_orders(house)
    house.world.run(25)
    house.world.store.away = True
    house.carrier.press(call, "1")
    house.world.run(5)
    assert call.state == "talking"  # the caller keeps the place
    assert [one for one in house.world.switch.control.promises() if one.stage == "accepted-offer"] == []
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.alice.talking)


def test_a_full_queue_makes_a_promise() -> None:
    queues = (QueueSpec("orders", (Need("orders", 3),), max_waiting=0), QueueSpec("service"))
    house = House(queues=queues)
    house.world.switch.control.set_paused("alice", "break")
    call = into_orders(house)
    house.world.run_until(lambda: call.state == "ended")
    (promise,) = house.world.switch.control.promises()
    assert promise.stage == "queue-full"


def test_who_calls_again_and_is_served_is_not_called_back() -> None:
    house = House()
    abandoned(house)
    house.alice.answer_after = None
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.world.switch.control.set_ready("alice")  # that number is on a call here: it is not dialled
    house.alice.answer_after = 0.5
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(1)
    assert state(house) is PromiseState.WITHDRAWN
    house.carrier.hang_up(call)
    house.world.run(300)
    assert house.carrier.invites == []


def lost_at_the_desk(house: House) -> None:
    """A phone of ours waits for an agent who is on a break, and hangs up."""
    house.world.switch.control.set_paused("alice", "break")
    call = house.desk.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.desk.press(call, "1")
    house.world.run(2)
    house.desk.hang_up(call)
    house.world.run(2)


def test_one_of_our_own_phones_is_called_back_directly() -> None:
    policy = Policy("orders", "carrier", numbers=r"1\d{3}")
    house = House(policies=(policy,))
    lost_at_the_desk(house)
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: state(house) is PromiseState.KEPT)
    assert house.desk.talking and not house.carrier.calls
    assert len(house.desk.invites) == 1


def test_a_number_that_is_on_a_call_here_is_not_dialled() -> None:
    house = House()
    abandoned(house)
    calls = [house.carrier.call("8000") for _ in range(2)]  # the same number, twice
    out = house.desk.call("913800138000")  # and one of our own phones has it on the line
    house.world.run_until(lambda: all(call.state == "talking" for call in [*calls, out]))
    invited = len(house.carrier.invites)
    house.world.switch.control.set_ready("alice")
    for call in calls:
        house.carrier.hang_up(call)
        house.world.run(5)
        assert state(house) is PromiseState.DUE and len(house.carrier.invites) == invited
    house.desk.hang_up(out)
    house.world.run_until(lambda: state(house) is PromiseState.KEPT)


def test_an_agent_who_hangs_up_while_the_customer_rings_leaves_the_number_alone_until_it_is_quiet() -> None:
    house = House()
    house.carrier.answer_after = None
    abandoned(house)
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.carrier.invites)
    house.alice.hang_up(house.alice.talking[0])
    house.world.run(1)
    assert state(house) is PromiseState.UNCERTAIN
    house.world.run(30)
    assert len(house.carrier.invites) == 1
    house.carrier.answer_after = 0.5
    house.world.run_until(lambda: state(house) is PromiseState.KEPT, 200)
    assert len(set(house.carrier.invites)) == len(house.carrier.invites) == 2


def test_an_agent_who_declines_is_not_an_attempt() -> None:
    house = House()
    house.alice.reject = 603
    abandoned(house)
    house.world.switch.control.set_ready("alice")
    house.world.run(30)
    (promise,) = house.world.switch.control.promises()
    assert promise.attempts == 0 and house.carrier.invites == []
    house.alice.reject = 0
    house.world.run_until(lambda: state(house) is PromiseState.KEPT, 200)


CRASHES: dict[str, Callable[[House], object]] = {
    "recorded": lambda house: house.world.switch.control.promises(),
    "agent rings": lambda house: house.alice.calls and house.alice.calls[-1].state == "ringing",
    "invite sent": lambda house: any(promise.state is PromiseState.DIALLING
                                     for promise in asyncio.run(house.world.store.promises())),
    "customer rings": lambda house: house.carrier.calls and house.carrier.calls[-1].state == "ringing",
    "talking": lambda house: house.carrier.invites and house.carrier.calls[-1].state == "talking",
}  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("point", CRASHES)
def test_a_crash_at_any_point_neither_loses_nor_doubles(point: str, seed: int) -> None:
    house = House(seed=seed)
    house.carrier.answer_after = 3.0
    abandoned(house)
    calls_before = len(house.carrier.calls)
    if point != "recorded":
        house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: len(house.carrier.calls) > calls_before or CRASHES[point](house), 60)
    house.world.run_until(lambda: CRASHES[point](house), 60)
    house.world.run(0.02 * seed)
    house.world.crash()
    for phone in (house.alice, house.carrier):
        for call in phone.calls:
            call.state = "ended"
    house.world.run(5)
    house.world.start()
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: stored(house) is PromiseState.KEPT, 3600)
    house.world.run(4000)
    assert len(house.carrier.invites) == len(set(house.carrier.invites))  # no attempt was dialled twice
    assert len(house.carrier.invites) <= 2
    assert stored(house) is PromiseState.KEPT
    assert not house.world.facts(UnitFailed)
