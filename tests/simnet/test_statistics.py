"""A small day with known numbers: who was answered when, who gave up, who did not pick up, hold, transfer, restart."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.acd.statistics import INTERVAL_S, AgentFigures, Promise, QueueFigures
from softswitch.call.signal import Renegotiate
from softswitch.switch.event import UnitFailed
from tests.simnet.phone import Call
from tests.simnet.transfer_house import TransferHouse, queued, talk

PROMISES = {"orders": Promise(target_s=10.0, short_abandon_s=3.0)}


def counted(house: TransferHouse) -> tuple[QueueFigures, AgentFigures]:
    """Of orders and alice, in all intervals."""
    queue, alice = QueueFigures(), AgentFigures()
    view = house.world.switch.control.statistics(of_agents=True)
    for (_, name), figures in view.intervals.queues.items():
        if name == "orders":
            queue.add(figures)
    for (_, agent), spent in view.intervals.agents.items():
        if agent == "alice":
            alice.add(spent)
    return queue, alice


def waiting(house: TransferHouse) -> Call:
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.world.switch.acd.waiting("orders", house.world.now))
    return call


def gives_up(house: TransferHouse, after_s: float) -> None:
    call = waiting(house)
    house.world.run(after_s)
    house.carrier.hang_up(call)
    house.world.run(1)


def test_a_day() -> None:
    house = TransferHouse(promises=PROMISES, policies=())
    control = house.world.switch.control
    control.set_paused("alice", "break")
    gives_up(house, 2.0)  # never really there
    gives_up(house, 5.0)  # within the target
    gives_up(house, 20.0)
    call = waiting(house)
    house.world.run(12.0)  # beyond the target
    house.alice.answer_after = None
    control.set_ready("alice")
    control.set_paused("alice", "lunch")  # takes effect after this
    house.world.run(16.0)  # nobody picks up
    assert (house.agent("alice"), counted(house)[0].missed) == ("paused", 1)
    house.alice.answer_after = 1.0
    control.set_ready("alice")
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(30.0)
    (theirs,) = house.alice.talking
    house.alice._tell(theirs, Renegotiate("sendonly"))
    house.world.run(8.0)
    house.alice._tell(theirs, Renegotiate("sendrecv"))
    house.world.run(2.0)
    house.alice.refer(theirs, "1003")
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(30.0)  # wrap-up is over
    house.carrier.hang_up(call)
    house.world.run(1.0)

    second, alices = queued(house)
    house.world.run(20.0)
    house.alice.hang_up(alices)
    house.world.run(15.0)
    queue, alice = counted(house)
    assert (queue.offered, queue.answered, queue.answered_in_time) == (4, 2, 1)
    assert (queue.abandoned, queue.abandoned_in_time, queue.short_abandoned) == (2, 1, 1)
    assert (queue.missed, queue.transfers, queue.elsewhere, queue.callbacks) == (1, 1, 0, 0)
    assert queue.service_levels() == {"of_answered": 0.5, "of_ended": 0.5, "without_quick": 1 / 3, "of_all": 0.25}
    assert queue.longest_s == pytest.approx(12 + 16 + 1, abs=0.1)
    assert queue.hold_s == pytest.approx(8.0, abs=0.1)
    assert queue.talk_s == pytest.approx(30 + 2 + 20, abs=1.5)
    assert queue.wrap_up_s == pytest.approx(20.0, abs=0.1)
    assert (alice.answered, alice.missed, alice.transfers) == (2, 1, 1)
    told = alice.told()
    assert (told["hold_s"], told["talk_s"]) == pytest.approx((queue.hold_s, queue.talk_s))
    assert told["ringing_s"] == pytest.approx(15.5 + 1.0 + 0.0, abs=1.5)
    assert second.state == "ended" and not house.world.facts(UnitFailed)


def test_what_a_consulting_agent_holds_is_held_until_the_transfer() -> None:
    house = TransferHouse(promises=PROMISES)
    _, theirs = queued(house)
    house.alice._tell(theirs, Renegotiate("sendonly"))
    house.world.run(1.0)
    consulting, _ = talk(house, house.alice, house.carl)
    house.world.run(4.0)
    house.alice.refer_to_call(theirs, consulting, "1003")
    house.world.run(2.0)
    queue, alice = counted(house)
    assert (queue.transfers, alice.transfers) == (1, 1)
    assert queue.hold_s == alice.hold_s == pytest.approx(5.5, abs=1.0)


def test_a_new_process_goes_on_counting() -> None:
    house = TransferHouse(promises=PROMISES)
    call, alices = queued(house)
    waiting(house)
    house.world.run(70)
    before, _ = counted(house)
    assert (before.offered, before.answered) == (2, 1)
    house.world.crash()
    house.world.run(2)
    house.world.start()
    house.world.run(10)
    after, _ = counted(house)
    assert (after.offered, after.answered, after.abandoned) == (2, 1, 0)  # who waits has not come a second time
    assert before.talk_s - 60 < after.talk_s < before.talk_s + 15
    house.alice.hang_up(alices)
    house.carrier.hang_up(call)
    house.world.run_until(lambda: alices.state == "ended")
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(0.2)
    done, alice = counted(house)
    assert (done.answered, alice.answered) == (2, 2)
    assert done.wrap_up_s == pytest.approx(10.0, abs=0.1)  # of a talk that another process began


def test_intervals_that_are_over_are_in_the_store_and_not_in_memory() -> None:
    house = TransferHouse(promises=PROMISES)
    control = house.world.switch.control
    call, _ = queued(house)
    house.carrier.hang_up(call)
    house.world.run(3 * INTERVAL_S)
    view = control.statistics(of_agents=True)
    assert {start for start, _ in view.intervals.queues} == set()
    assert len({start for start, _ in view.intervals.agents}) == 2
    stored = asyncio.run(house.world.store.intervals(0.0))
    (key,) = stored.queues
    assert (key[1], stored.queues[key].answered) == ("orders", 1) and key[0] < view.since
    seconds = [sum(figures.seconds.values()) for (start, agent), figures in sorted(stored.agents.items())
               if agent == "bob"]  # fmt: skip
    assert seconds[1:3] == [INTERVAL_S, INTERVAL_S]  # of somebody to whom nothing happens at all
    control.log_out("alice")
    control.log_out("bob")
    house.world.run(3 * INTERVAL_S)
    assert not control.statistics(of_agents=True).intervals.agents


def test_the_end_of_the_process_loses_nothing() -> None:
    house = TransferHouse(promises=PROMISES)
    queued(house)
    house.world.run(5)
    queue, alice = counted(house)
    house.world.switch.end()
    stored = asyncio.run(house.world.store.intervals(0.0))
    (figures,) = stored.queues.values()
    assert figures.talk_s == queue.talk_s > 4 and figures.answered == 1
    assert [one for (_, agent), one in stored.agents.items() if agent == "alice"] == [alice]
