"""The audit of a house at work: a round each minute that finds nothing, and what it does where there is damage."""

from __future__ import annotations

import pytest

from softswitch.acd.audit import Repaired
from softswitch.acd.model import AcdInput, Engaged, Reachability
from softswitch.core.effect import DomainEvent
from softswitch.switch.auditing import EVERY_S
from softswitch.switch.event import UnitFailed
from softswitch.switch.staff import StaffChanges
from tests.simnet.house import House, configuration
from tests.simnet.phone import Call
from tests.simnet.transfer_house import TransferHouse, talk


def heard(house: House) -> list[Repaired]:
    repairs: list[Repaired] = []

    def listen(event: DomainEvent, unix: float) -> None:
        if isinstance(event, Repaired):
            repairs.append(event)

    house.world.switch.listen(listen)
    return repairs


def talking(house: House) -> Call:
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.agent("alice") == "talking")
    return call


def test_a_house_at_work_is_audited_each_minute_and_nothing_is_amiss() -> None:
    house = House()
    repairs, control = heard(house), house.world.switch.control
    begin = house.world.now
    call = talking(house)
    seen = set()
    while house.world.now < begin + 5 * EVERY_S:
        house.world.run(5)
        seen.add(control.audited_at())
    assert len(seen - {0.0}) in (4, 5)
    assert (repairs, house.agent("alice")) == ([], "talking")
    house.carrier.hang_up(call)
    house.world.run(1)
    assert house.agent("alice") == "wrap_up"


def test_while_nobody_is_at_work_there_is_no_round() -> None:
    house = House()
    house.world.run(EVERY_S + 1)
    for agent in ("alice", "bob"):
        house.world.switch.control.log_out(agent)
    house.world.run(EVERY_S + 1)
    last = house.world.switch.control.audited_at()
    house.world.run(5 * EVERY_S)
    assert house.world.switch.control.audited_at() == last
    house.world.switch.control.log_in("alice")
    house.world.run(EVERY_S + 1)
    assert house.world.switch.control.audited_at() > last


def test_an_agent_whose_call_the_call_layer_has_lost_is_free_within_two_rounds() -> None:
    house = House()
    repairs = heard(house)
    talking(house)
    (contact,) = house.world.switch.calls.contacts
    del house.world.switch.calls.contacts[contact]
    house.world.run(2 * EVERY_S + 5)
    assert [(one.what, one.agent, one.contact) for one in repairs] == [("conversation", "alice", contact)]
    assert house.agent("alice") == "ready"


@pytest.mark.parametrize("lie", [Reachability("alice", False), Engaged("alice", True)])
def test_what_is_believed_of_phones_and_is_not_so_is_put_right_within_two_rounds(lie: AcdInput) -> None:
    house = House()
    repairs = heard(house)
    house.world.switch.acd.handle(lie, house.world.now)
    house.world.run(2 * EVERY_S + 5)
    assert [(one.what, one.agent) for one in repairs] == [("phone", "alice")]
    talking(house)
    house.world.run(2 * EVERY_S)
    assert len(repairs) == 1


def test_an_agent_in_a_call_of_her_own_is_no_defect() -> None:
    house = House()
    repairs = heard(house)
    call = house.alice.call("1004")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(3 * EVERY_S)
    assert (repairs, house.world.switch.acd.agent("alice").engaged) == ([], True)


def test_who_has_transferred_a_caller_is_in_that_call_until_her_phone_has_let_go_of_it() -> None:
    house = TransferHouse()
    switch, (call, hers) = house.world.switch, talk(house, house.desk, house.alice)
    house.alice.refer(hers, "8000")
    house.world.run_until(lambda: house.alice.told[-1:] == ["200 OK"])
    house.desk.hang_up(call)
    house.world.run_until(lambda: not switch.calls.contacts)
    assert hers.state == "talking" and switch.calls.legs
    assert (switch.acd.agent("alice").engaged, switch.workplaces.untold("alice")) == (True, [])
    house.world.run_until(lambda: hers.state == "ended", EVERY_S)
    house.world.run(0.1)
    assert (switch.acd.agent("alice").engaged, switch.workplaces.untold("alice")) == (False, [])


def test_an_agent_who_is_removed_in_the_midst_of_a_round_does_not_end_it() -> None:
    house = House()
    repairs, control, switch = heard(house), house.world.switch.control, house.world.switch
    house.world.run_until(lambda: switch.offices.auditing._phones)
    switch.staff.exchange(configuration(agents=configuration().agents[:1]), StaffChanges())
    before = control.audited_at()
    house.world.run(EVERY_S + 5)
    assert control.audited_at() > before
    assert (repairs, house.world.facts(UnitFailed)) == ([], [])
