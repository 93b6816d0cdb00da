"""Who may supervise whom, and what an answer tells those who may not."""

from __future__ import annotations

import pytest

from softswitch.contact.supervision import SupervisionRefused
from softswitch.switch.configuration import LampPolicy
from softswitch.switch.event import UnitFailed
from softswitch.switch.view import Refused
from tests.simnet.supervised_house import BOSS, SupervisedHouse
from tests.simnet.transfer_house import queued, talk


@pytest.fixture
def house() -> SupervisedHouse:
    return SupervisedHouse()


# ---- who may not -------------------------------------------------------------------------------------------------


def test_who_is_not_allowed_is_refused_and_counted(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    assert house.dial("*311001", house.desk).status == 403
    with pytest.raises(Refused) as refused:
        house.supervise("1001", supervisor="1004")
    assert refused.value.why == "not allowed"
    facts = house.world.facts(SupervisionRefused)
    assert [(fact.supervisor, fact.target, fact.why, fact.by) for fact in facts] == [
        ("1004", "1001", "not allowed", "phone"), ("1004", "1001", "not allowed", "api test"),
    ]  # fmt: skip
    assert house.hears(caller, agent) and house.hears(agent, caller)
    house.the_end()


@pytest.mark.parametrize(
    ("supervises", "may"),
    [("all", True), ("1001", True), ("orders", True), ("1002", False), ("service", False), ("alice", False)],
)
def test_a_grant_names_users_and_queues(supervises: str, may: bool) -> None:
    house = SupervisedHouse(supervises)
    queued(house)
    assert house.dial("*311001").state == ("talking" if may else "ended")
    house.the_end()


def test_a_caller_from_a_trunk_has_no_codes(house: SupervisedHouse) -> None:
    queued(house)
    assert house.dial("*311001", house.carrier).status == 404
    house.the_end()


@pytest.mark.parametrize(
    ("code", "status", "why"),
    [("*311002", 480, "nobody talks"), ("*317777", 404, "unknown"), ("*311005", 480, "nobody talks")],
)
def test_there_is_nobody_to_be_heard(house: SupervisedHouse, code: str, status: int, why: str) -> None:
    queued(house)
    assert house.dial(code).status == status
    assert [fact.why for fact in house.world.facts(SupervisionRefused)] == [why]
    house.the_end()


def test_nobody_supervises_a_supervisor_or_his_own_call(house: SupervisedHouse) -> None:
    house = SupervisedHouse(carl=("all",))
    queued(house)
    house.dial("*311001")
    assert house.dial(f"*31{BOSS}", house.carl).status == 480
    own, _ = talk(house, house.carl, house.desk)
    contact = house.world.switch.calls.contact_at(house.stream(own))
    for target in (contact, "1004", "1003"):
        with pytest.raises(Refused) as refused:
            house.supervise(target, supervisor="1003")
        assert refused.value.why == "own call"
    house.the_end()


def test_commands_that_make_no_sense(house: SupervisedHouse) -> None:
    with pytest.raises(LookupError, match="7777"):
        house.supervise("1001", supervisor="7777")
    with pytest.raises(LookupError, match="nobody-knows"):
        house.supervise("nobody-knows")
    queued(house)
    house.world.switch.registrar._bindings.pop(BOSS, None)
    with pytest.raises(Refused) as refused:
        house.supervise("1001")
    assert refused.value.why == "unreachable"
    house.the_end()


def test_who_waits_in_the_queue_is_not_supervised(house: SupervisedHouse) -> None:
    house.alice.answer_after = None
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "1")
    house.world.run(0.5)
    contact = house.world.switch.calls.contact_at(house.stream(call))
    with pytest.raises(Refused, match="nobody"):
        house.supervise(contact)
    house.the_end()


def test_his_phone_cannot_transfer_the_call_that_he_hears(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    boss = house.dial("*331001")
    house.boss.refer(boss, "1003")
    house.world.run(0.5)
    assert house.boss.referred == [403] and house.mode(caller, agent, boss) == "barge"
    assert house.carl.take_over(house.boss.replaces(boss)).state != "talking"
    house.world.run(0.5)
    assert house.mode(caller, agent, boss) == "barge" and not house.carl.talking
    house.the_end()


def test_no_lamp_tells_whom_he_hears(house: SupervisedHouse) -> None:
    house = SupervisedHouse(lamps=LampPolicy(show="everybody"))
    queued(house)
    house.dial("*311001")
    house.supervise("1001")
    dialogs = house.world.switch.calls.extensions.dialogs(BOSS)
    assert len(dialogs) == 1 and not dialogs[0].remote and not dialogs[0].remote_name
    house.the_end()


def test_nothing_of_it_was_a_defect(house: SupervisedHouse) -> None:
    """A code alone, and codes with what is no number."""
    queued(house)
    for code in ("*31", "*31*311001", "*31%00", "*31;1001", "*31" + "1" * 500):
        assert house.dial(code).status in (404, 484, 403)
    assert not house.world.facts(UnitFailed)
    house.the_end()
