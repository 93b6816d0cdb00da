"""Agents who have no phone of their own: at which one they sit down, what it takes, and that it outlives a crash."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.acd.decision import Decided
from softswitch.acd.model import AgentSpec, WrapUp
from softswitch.contact.seats import SeatLeft, SeatRefused, SeatRules, SeatTaken
from softswitch.switch.event import UnitFailed
from softswitch.switch.lamps import PRESENCE
from softswitch.switch.staff import StaffChanges
from softswitch.switch.view import Refused
from tests.simnet.house import House
from tests.simnet.phone import Call, SimPhone

ORDERS = (("orders", 5),)
RULES = SeatRules({"501": "dana", "502": "erik"}, {"dana": "7362", "erik": "9184"})


class Office(House):
    """Phones 1003 and 1004 (``desk``) are nobody's; dana and erik sit down at them. Alice has 1001."""

    def __init__(self, seed: int = 1) -> None:
        agents = (AgentSpec("alice", "1001", ORDERS), AgentSpec("dana", "", ORDERS), AgentSpec("erik", "", ORDERS))
        features = {"*11": "login", "*12": "logout", "*13": "ready", "*14": "pause"}
        super().__init__(seed, login=False, agents=agents, seats=RULES, features=features)
        self.other = SimPhone(self.world, "1003", 6003, "pw-1003")
        self.other.register()
        self.world.run_until(lambda: self.other.registered)

    def types(self, phone: SimPhone, *keys: str, code: str = "*11") -> Call:
        """A call of the login code, and what is typed one second after the other."""
        call = phone.call(code)
        self.world.run_until(lambda: call.state == "talking")
        for typed in keys:
            self.world.run(1.0)
            phone.press(call, typed)
        self.world.run_until(lambda: call.state == "ended", 60)
        return call

    def sits(self, agent: str) -> str:
        (view,) = [one for one in self.world.switch.control.agents() if one.agent == agent]
        return view.user

    def said(self) -> list[str]:
        return [prompt.text for _, prompt in self.world.media.said]

    def note(self, user: str) -> str:
        """What a lamp shows of a phone."""
        content = self.world.switch.lamps.content(PRESENCE, user, "1001")
        return str(content.note)  # type: ignore[union-attr]

    def rings(self) -> None:
        """A caller for orders, who is offered to somebody."""
        call = self.carrier.call("8000")
        self.world.run_until(lambda: call.state == "talking")
        self.world.run(0.5)
        self.carrier.press(call, "1")
        self.world.run(2)


@pytest.fixture
def office() -> Office:
    return Office()


def test_by_number_and_pin(office: Office) -> None:
    office.types(office.other, "501#", "7362#")
    assert (office.agent("dana"), office.sits("dana")) == ("ready", "1003")
    assert office.said()[-1] == "You are logged in."
    assert office.world.facts(SeatTaken) == [SeatTaken("dana", "1003")]
    assert office.note("1003") == "ready" and office.note("1004") == "registered"
    office.rings()
    assert len(office.other.talking) == 1 and office.agent("dana") == "talking"


def test_by_the_number_after_the_code_and_the_pin(office: Office) -> None:
    office.types(office.other, "7362#", code="*11501")
    assert (office.agent("dana"), office.sits("dana")) == ("ready", "1003")


def test_the_codes_work_at_the_desk_as_at_a_phone_of_the_own(office: Office) -> None:
    office.types(office.other, "7362#", code="*11501")
    for code, state in (("*14", "paused"), ("*13", "ready"), ("*11", "ready"), ("*11501", "ready")):
        office.types(office.other, code=code)
        assert (office.agent("dana"), office.sits("dana")) == (state, "1003")
    office.types(office.other, code="*12")
    assert (office.agent("dana"), office.sits("dana")) == ("logged_out", "")
    assert office.world.facts(SeatLeft) == [SeatLeft("dana", "1003")]
    assert office.note("1003") == "registered" and not office.world.switch.acd.agent("dana").reachable
    office.types(office.other, code="*13")
    assert "does not belong to an agent" in office.said()[-1]


def test_who_sits_down_elsewhere_has_left_the_desk_before(office: Office) -> None:
    office.types(office.other, "7362#", code="*11501")
    office.types(office.desk, "7362#", code="*11501")
    assert office.sits("dana") == "1004" and office.note("1003") == "registered" and office.note("1004") == "ready"
    assert office.world.facts(SeatTaken)[-1] == SeatTaken("dana", "1004", old="1003")
    office.rings()
    assert office.desk.talking and not office.other.talking


def test_a_desk_is_one_agents_and_a_phone_of_the_own_nobody_elses(office: Office) -> None:
    office.types(office.other, "7362#", code="*11501")
    for phone in (office.other, office.alice):
        office.types(phone, code="*11502")
        assert office.said()[-1] == "Somebody else is logged in at this phone."
    assert office.agent("erik") == "logged_out" and office.sits("dana") == "1003"
    assert office.agent("alice") == "logged_out"


def test_a_wrong_pin_lets_nobody_in_and_five_close_the_phone(office: Office) -> None:
    office.types(office.other, "1111#", "2222#", "3333#", code="*11501")
    office.types(office.other, "4444#", "5555#", code="*11502")
    refused = office.world.facts(SeatRefused)
    assert [(one.agent, one.why) for one in refused] == [
        ("dana", "pin"), ("dana", "pin"), ("dana", "pin"), ("erik", "pin"), ("erik", "pin"), ("", "locked"),
    ]  # fmt: skip
    office.types(office.other, code="*11501")
    assert "later" in office.said()[-1] and office.agent("dana") == "logged_out"
    office.types(office.desk, "7362#", code="*11501")  # another phone is another matter
    assert office.sits("dana") == "1004"


def test_who_has_a_pin_of_his_own_cannot_try_those_of_others_for_ever(office: Office) -> None:
    office.types(office.other, "1111#", "2222#", code="*11502")
    office.types(office.other, "3333#", "4444#", code="*11502")
    office.types(office.other, "7362#", code="*11501")
    office.types(office.other, code="*12")
    office.types(office.other, "5555#", "9184#", code="*11502")
    assert office.world.facts(SeatRefused)[-1].why == "locked" and office.agent("erik") == "logged_out"


def test_who_got_it_right_at_last_is_forgiven_and_so_is_everybody_after_a_while(office: Office) -> None:
    for _ in range(3):
        office.types(office.other, "1111#", "2222#", "7362#", code="*11501")
        office.types(office.other, code="*12")
    assert {one.why for one in office.world.facts(SeatRefused)} == {"pin"}
    office.types(office.other, "1111#", "2222#", "3333#", code="*11502")
    office.world.run(RULES.lock_s)
    office.types(office.other, "1111#", "2222#", "9184#", code="*11502")
    assert office.sits("erik") == "1003"


def test_a_logout_during_a_call_leaves_the_desk_after_it(office: Office) -> None:
    office.types(office.other, "7362#", code="*11501")
    office.rings()
    office.world.switch.control.log_out("dana")
    assert (office.agent("dana"), office.sits("dana")) == ("talking", "1003")
    office.other.hang_up(office.other.talking[0])
    office.world.run_until(lambda: office.agent("dana") == "logged_out", 30)
    assert office.sits("dana") == ""


def test_by_command(office: Office) -> None:
    control = office.world.switch.control
    control.log_in("dana", phone="1003", by="api ops")
    assert (office.agent("dana"), office.sits("dana")) == ("ready", "1003")
    assert office.world.facts(SeatTaken) == [SeatTaken("dana", "1003", by="api ops")]
    control.set_paused("dana", "lunch")
    control.log_in("dana", phone="1004")  # moved, and still at lunch
    assert (office.agent("dana"), office.sits("dana")) == ("paused", "1004")
    control.log_in("dana")
    control.log_in("dana", phone="1004")  # where he is
    assert len(office.world.facts(SeatTaken)) == 2


@pytest.mark.parametrize(
    ("agent", "phone", "why", "said"),
    [
        ("erik", "", "no phone", "erik has no phone of his own; say at which one he sits"),
        ("erik", "1003", "taken", "dana sits at 1003; log dana out first, or take another phone"),
        ("erik", "1001", "taken", "alice sits at 1001"),
        ("erik", "1O03", "unknown phone", "users.yaml has no user '1O03'; did you mean '1003'"),
        ("alice", "1003", "own phones", "alice has phones of his own (1001), and works there"),
    ],
)
def test_refusals_by_command_say_who_sits_there(office: Office, agent: str, phone: str, why: str, said: str) -> None:
    office.world.switch.control.log_in("dana", phone="1003")
    with pytest.raises(Refused) as refused:
        office.world.switch.control.log_in(agent, phone=phone)
    assert refused.value.why == why and said in str(refused.value)
    assert office.agent(agent) == "logged_out"


@pytest.mark.parametrize("paused", ["", "lunch"])
def test_he_sits_there_after_a_crash(office: Office, paused: str) -> None:
    office.types(office.other, "7362#", code="*11501")
    if paused:
        office.world.switch.control.set_paused("dana", paused)
    office.world.crash()
    office.world.start()
    office.world.run(0.1)
    assert (office.agent("dana"), office.sits("dana")) == ("paused" if paused else "ready", "1003")
    assert office.sits("erik") == ""
    office.world.switch.control.set_ready("dana")
    office.rings()
    assert office.other.talking


def test_he_talks_on_at_his_desk_after_a_crash_and_stays_there(office: Office) -> None:
    office.types(office.other, "7362#", code="*11501")
    office.rings()
    office.world.crash()
    office.world.run(2)
    office.world.start()
    office.world.run(0.5)
    assert (office.agent("dana"), office.sits("dana")) == ("talking", "1003")
    office.other.hang_up(office.other.talking[0])
    office.world.run_until(lambda: office.agent("dana") == "ready", 30)
    assert office.sits("dana") == "1003" and not office.world.facts(UnitFailed)


def test_who_was_logged_in_at_a_phone_that_is_no_more_is_logged_out_for_good(office: Office) -> None:
    office.types(office.other, "7362#", code="*11501")
    house = office.world.configuration
    for users in ({name: user for name, user in house.users.items() if name != "1003"}, house.users):
        office.world.crash()
        office.world.configuration = replace(house, users=users)
        office.world.start()
        office.world.run(0.1)
        assert (office.agent("dana"), office.sits("dana")) == ("logged_out", "")


def test_an_agent_who_is_removed_at_his_desk_leaves_it(office: Office) -> None:
    office.types(office.other, "7362#", code="*11501")
    switch = office.world.switch
    house = switch.configuration
    others = tuple(spec for spec in house.agents if spec.name != "dana")
    switch.staff.exchange(
        replace(house, agents=others, seats=SeatRules({"502": "erik"}, {"erik": "9184"})), StaffChanges()
    )
    office.world.run(0.1)
    assert office.world.facts(SeatLeft) == [SeatLeft("dana", "1003")]
    assert not office.world.facts(UnitFailed)
    office.types(office.other, "9184#", code="*11502")
    assert office.sits("erik") == "1003"
    office.types(office.desk, "7362#", code="*11501")
    assert office.note("1004") == "registered"


def test_who_talks_at_his_desk_when_he_is_removed_leaves_it_after_that(office: Office) -> None:
    office.types(office.other, "7362#", code="*11501")
    office.rings()
    switch = office.world.switch
    house = switch.configuration
    others = tuple(spec for spec in house.agents if spec.name != "dana")
    switch.staff.exchange(
        replace(house, agents=others, seats=SeatRules({"502": "erik"}, {"erik": "9184"})), StaffChanges()
    )
    office.world.run(1)
    assert office.other.talking and not office.world.facts(SeatLeft)
    office.other.hang_up(office.other.talking[0])
    office.world.run_until(lambda: bool(office.world.facts(SeatLeft)), 30)
    assert not office.world.facts(UnitFailed)


def test_who_consults_at_his_desk_when_he_is_removed_leaves_it_with_the_end_of_his_call(office: Office) -> None:
    office.types(office.other, "7362#", code="*11501")
    office.rings()
    asks = office.other.call("1004")
    office.world.run_until(lambda: asks.state == "talking")
    switch, house = office.world.switch, office.world.switch.configuration
    others = tuple(spec for spec in house.agents if spec.name != "dana")
    queues = tuple(replace(queue, wrap_up=WrapUp.timed(0)) for queue in house.queues)
    switch.staff.exchange(replace(house, agents=others, queues=queues, seats=SeatRules()), StaffChanges())
    office.carrier.hang_up(office.carrier.talking[0])
    office.world.run(1)
    assert office.world.facts(SeatLeft) == [SeatLeft("dana", "1003")]
    assert asks.state == "talking" and not office.world.facts(UnitFailed)


def test_who_is_in_a_call_of_his_own_is_offered_nothing_until_it_ends(office: Office) -> None:
    control = office.world.switch.control
    control.log_in("alice")
    mine = office.alice.call("1003")
    office.world.run_until(lambda: bool(office.other.talking))
    office.rings()
    assert office.agent("alice") == "ready" and len(office.alice.calls) == 1
    decided = office.world.facts(Decided)[-1]
    assert ("alice", "in another call") in [(agent, str(reason)) for agent, reason in decided.passed_over]
    office.alice.hang_up(mine)
    office.world.run(0.1)
    assert office.agent("alice") == "reserved"  # in the moment in which it ended
    office.world.run_until(lambda: office.agent("alice") == "talking")


def test_who_leaves_his_desk_during_a_call_of_his_own_takes_nothing_of_it_with_him(office: Office) -> None:
    control, switch = office.world.switch.control, office.world.switch
    control.log_in("dana", phone="1003")
    mine = office.other.call("1004")
    office.world.run_until(lambda: mine.state == "talking")
    assert switch.acd.agent("dana").engaged
    control.log_out("dana")
    assert not switch.acd.agent("dana").engaged and not switch.workplaces.untold("dana")
    control.log_in("dana", phone="1003")
    assert switch.acd.agent("dana").engaged
    office.other.hang_up(mine)
    office.world.run(0.1)
    assert not switch.acd.agent("dana").engaged


def test_a_phone_that_rings_for_somebody_else_is_not_rung_for_a_queue(office: Office) -> None:
    office.world.switch.control.log_in("alice")
    office.alice.answer_after = None
    private = office.other.call("1001")
    office.world.run_until(lambda: private.state == "ringing")
    office.rings()
    assert len(office.alice.calls) == 1 and office.agent("alice") == "ready"
    office.other.hang_up(private)
    office.world.run(0.1)
    assert len(office.alice.calls) == 2 and office.agent("alice") == "reserved"


def test_who_consults_when_his_caller_hangs_up_gets_the_next_one_afterwards(office: Office) -> None:
    office.world.switch.control.log_in("alice")
    office.rings()
    office.world.run_until(lambda: office.agent("alice") == "talking")
    (customer,) = office.carrier.talking
    asks = office.alice.call("1003")
    office.world.run_until(lambda: bool(office.other.talking))
    office.carrier.hang_up(customer)
    office.world.run(11)  # wrap-up
    assert office.agent("alice") == "ready"
    office.rings()
    assert office.agent("alice") == "ready"
    office.alice.hang_up(asks)
    office.world.run(0.1)
    assert office.agent("alice") == "reserved"


def test_a_desk_that_became_somebodys_own_meanwhile_is_not_taken_back(office: Office) -> None:
    office.types(office.other, "7362#", code="*11501")
    office.world.crash()
    agents = (*office.world.configuration.agents, AgentSpec("frank", "1003", ORDERS))
    office.world.configuration = replace(office.world.configuration, agents=agents)
    office.world.start()
    office.world.run(0.1)
    assert (office.agent("dana"), office.sits("dana"), office.sits("frank")) == ("logged_out", "", "1003")
