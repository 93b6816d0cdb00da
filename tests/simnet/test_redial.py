"""Who loses the line and calls again soon, from the same number, has his old place; nobody else has."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.acd.model import Need, QueueJoined, QueueSpec
from softswitch.callback.model import PromiseState
from softswitch.contact.overflow import Way
from softswitch.contact.redial import Kept, KeptPlaces
from softswitch.contact.treatment import Treatment
from softswitch.switch.event import UnitFailed
from tests.simnet.phone import Call
from tests.simnet.transfer_house import all_over
from tests.simnet.waiting_house import RESUME_S, WaitingHouse

ONE, TWO = "13800138000", "13900139000"
WELCOME = "Welcome back. Your place in line was kept."
SILENT = Treatment(resume_s=RESUME_S)


@pytest.fixture
def house() -> WaitingHouse:
    return WaitingHouse()


def lost(house: WaitingHouse, number: str = ONE, after_s: float = 30.0) -> dict[str, float]:
    """Somebody waits for a while and hangs up; his place."""
    call = house.enters(number)
    place = house.line()
    house.world.run(after_s)
    hang_up(house, call)
    return place


def hang_up(house: WaitingHouse, call: Call) -> None:
    house.carrier.hang_up(call)
    house.world.run(1.0)


def promises(house: WaitingHouse) -> list[Any]:
    return house.world.switch.control.promises()


def test_who_calls_again_soon_has_his_old_place(house: WaitingHouse) -> None:
    place = lost(house)
    house.enters(TWO)
    house.world.run(60.0)
    again = house.enters(ONE)
    assert list(house.line()) == [ONE, TWO] and house.line()[ONE] == pytest.approx(place[ONE], abs=0.01)
    house.world.run(1.5)
    assert house.texts(again)[0] == WELCOME
    house.world.switch.control.set_ready("alice")
    house.until(lambda: house.alice.talking)
    house.world.run(1.0)
    assert again.state == "talking"
    assert [one.state for one in promises(house)] == [PromiseState.WITHDRAWN]  # he was served
    house.carrier.hang_up(again)


def test_a_number_is_one_however_it_is_written(house: WaitingHouse) -> None:
    lost(house, "+86 138 0013 8000".replace(" ", ""))
    house.world.run(10.0)
    house.enters(TWO)
    house.enters(ONE)
    assert list(house.line()) == [ONE, TWO]


@pytest.mark.parametrize(("number", "shown"), [("anonymous", ""), ("Anonymous", ""), ("restricted", "restricted")])
def test_a_withheld_number_is_nobodys(house: WaitingHouse, number: str, shown: str) -> None:
    for _ in range(2):
        now = house.world.now
        call = house.enters(number, shown)
        assert house.line()[shown] >= now
        hang_up(house, call)


def test_after_its_time_the_place_is_gone(house: WaitingHouse) -> None:
    lost(house)
    house.world.run(RESUME_S)
    now = house.world.now
    again = house.enters()
    assert house.line()[ONE] >= now
    house.world.run(1.5)
    assert WELCOME not in house.texts(again)
    assert len(house.world.switch.redials._places) == 0


def test_a_queue_that_keeps_no_places() -> None:
    house = WaitingHouse(Treatment(30.0, position=True))
    lost(house)
    now = house.world.now
    house.enters()
    assert house.line()[ONE] >= now


def test_who_was_told_that_he_will_be_called_and_calls_first_has_the_place_that_he_earned() -> None:
    house = WaitingHouse(Treatment(30.0, position=True))  # which keeps no places
    promised = house.enters(ONE)
    place = house.line()[ONE]
    house.world.run(62.0)
    house.carrier.press(promised, "1")
    house.until(lambda: promised.state == "ended")
    assert [one.stage for one in promises(house)] == ["accepted-offer"]
    house.enters(TWO)
    house.world.run(600.0)
    again = house.enters(ONE)
    assert list(house.line()) == [ONE, TWO] and house.line()[ONE] == pytest.approx(place, abs=0.01)
    dialled = len(house.carrier.invites)
    house.world.switch.control.set_ready("alice")
    house.until(lambda: house.alice.talking)
    house.world.run(1.0)
    assert again.state == "talking" and len(house.carrier.invites) == dialled == 0
    assert [(one.state, one.outcome) for one in promises(house)] == [(PromiseState.WITHDRAWN, "reached agent")]


def test_a_number_that_was_promised_does_not_bring_all_its_telephones_to_the_front() -> None:
    house = WaitingHouse(Treatment(30.0, position=True))
    promised = house.enters(ONE)
    house.world.run(62.0)
    house.carrier.press(promised, "1")
    house.until(lambda: promised.state == "ended")
    house.enters(TWO)
    for _ in range(4):
        call = house.carrier.call("8000")
        house.until(lambda call=call: call.state == "talking")  # type: ignore[misc]
        house.world.run(0.5)
    ages = [one.waited_s for one in house.world.switch.acd.waiting("orders", house.world.now)]
    assert [age > 30.0 for age in ages] == [True, True, False, False, False]


def test_a_place_is_taken_once_and_kept_anew_when_he_loses_it_again(house: WaitingHouse) -> None:
    place = lost(house)
    now = house.world.now
    first, second = house.enters(), house.carrier.call("8000")  # two telephones behind one number
    house.until(lambda: second.state == "talking")
    house.world.run(0.5)
    ages = [house.world.now - one.waited_s for one in house.world.switch.acd.waiting("orders", house.world.now)]
    assert ages[0] == pytest.approx(place[ONE], abs=0.01) and ages[1] >= now
    hang_up(house, first)
    hang_up(house, second)
    house.enters()
    assert house.line()[ONE] == pytest.approx(place[ONE], abs=0.01)
    (promise,) = promises(house)
    assert promise.losses == 3


def test_who_is_lost_beside_the_line_may_call_again_too(house: WaitingHouse) -> None:
    call = house.enters()
    place = house.line()
    house.carrier.press(call, "0")
    house.world.run(3.0)
    hang_up(house, call)
    house.enters()
    assert house.line()[ONE] == pytest.approx(place[ONE], abs=0.01)


def test_who_was_served_has_no_place(house: WaitingHouse) -> None:
    again = house.enters()
    house.world.switch.control.set_ready("alice")
    house.until(lambda: house.alice.talking)
    hang_up(house, again)
    house.world.run(12.0)
    house.world.switch.control.set_paused("alice", "break")
    now = house.world.now
    house.enters()
    assert house.line()[ONE] >= now


def test_who_was_served_has_no_place_of_a_former_call_that_broke_meanwhile(house: WaitingHouse) -> None:
    broken = house.enters()
    house.world.run(20.0)
    again = house.carrier.call("8000")  # before we know that the first line is dead
    house.until(lambda: again.state == "talking")
    hang_up(house, broken)
    house.world.switch.control.set_ready("alice")
    house.until(lambda: house.agent("alice") == "talking")
    hang_up(house, again)
    house.world.switch.control.set_paused("alice", "break")
    now = house.world.now
    house.enters()
    assert house.line()[ONE] >= now
    assert [name for name in house.world.journal.found if name.startswith("place ")] == []


def test_who_was_called_back_has_no_place() -> None:
    house = WaitingHouse(SILENT)
    lost(house)
    house.world.switch.control.set_ready("alice")
    house.until(lambda: house.carrier.talking)
    house.world.run(5.0)
    house.world.switch.control.set_paused("alice", "break")
    hang_up(house, house.carrier.talking[0])
    now = house.world.now
    house.enters()
    assert house.line()[ONE] >= now


def test_who_was_sent_on_to_another_queue_has_his_age_in_the_one_that_the_plan_names() -> None:
    queues = QueueSpec("orders", max_waiting=0), QueueSpec("service", (Need("service"),))
    house = WaitingHouse(queues=queues, overflow={"orders": {"full": Way(queue="service")}})
    house.world.switch.control.set_paused("bob", "break")
    call = house.carrier.call("8000")
    house.until(lambda: house.world.switch.acd.waiting("service", house.world.now))
    (first,) = [event for event in house.world.facts(QueueJoined)]
    began = house.world.now
    house.world.run(30.0)
    house.carrier.press(call, "0")
    house.world.run(3.0)
    house.carrier.press(call, "1")
    house.world.run(1.0)
    (there,) = house.world.switch.acd.waiting("orders", house.world.now)
    assert first.queue == "service" and there.waited_s == pytest.approx(house.world.now - began, abs=0.5)
    hang_up(house, call)
    house.world.run(30.0)
    house.enters()
    assert house.line()[ONE] == pytest.approx(began, abs=0.5)


def test_nobody_is_called_back_who_waits_at_his_old_place() -> None:
    house = WaitingHouse(SILENT)
    lost(house)
    again = house.enters()
    house.world.switch.control.set_ready("alice")
    house.until(lambda: house.alice.talking)
    house.world.run(30.0)
    assert house.carrier.invites == [] and len(house.alice.calls) == 1
    house.carrier.hang_up(again)
    all_over(house)


def test_places_outlive_the_process_and_end_in_their_time(house: WaitingHouse) -> None:
    place = lost(house)
    lost(house, TWO)
    for _ in range(2):
        house.world.crash()
        house.world.run(2.0)
        house.world.start()
        house.world.run(1.0)
    house.enters()
    assert house.line()[ONE] == pytest.approx(place[ONE], abs=0.01)
    house.world.crash()
    house.world.run(RESUME_S)
    house.world.start()
    house.world.run(1.0)
    assert f"place +86{TWO} orders" not in house.world.journal.found
    assert not house.world.facts(UnitFailed)


def test_a_record_that_cannot_be_read_costs_its_place_alone(house: WaitingHouse) -> None:
    lost(house)
    house.world.journal.found["place x orders"] = b"\xff?"
    house.world.crash()
    house.world.start()
    house.world.run(1.0)
    assert [name for name in house.world.journal.found if name.startswith("place ")] == [f"place +86{ONE} orders"]


# ---- the table -------------------------------------------------------------------------------------------------


def test_the_table_is_bounded_and_ends_each_place_at_its_time() -> None:
    places = KeptPlaces(most=2)
    assert places.keep(("1", "a"), Kept(10.0, 100.0)) == []
    assert places.keep(("2", "a"), Kept(20.0, 50.0)) == []
    assert places.keep(("1", "a"), Kept(30.0, 90.0)) == []  # anew: it is the last to go now
    assert places.keep(("3", "a"), Kept(40.0, 95.0)) == [("2", "a")]
    assert len(places) == 2 and places.deadline == 90.0
    assert places.find(("1", "a"), 89.9) == Kept(10.0, 90.0)
    assert places.find(("1", "a"), 90.0) is None and places.find(("1", "b"), 0.0) is None
    assert places.tick(94.0) == [("1", "a")]
    assert places.forget(("3", "a")) == [("3", "a")] and places.forget(("3", "a")) == []
    assert places.deadline is None and len(places) == 0
    for key in ("4", "a"), ("4", "b"):
        places.keep(key, Kept(0.0, 100.0))
    assert places.forget(("5", "")) == [] and places.forget(("4", "")) == [("4", "a"), ("4", "b")]
    assert places.deadline is None
