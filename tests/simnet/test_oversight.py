"""What supervisors set, by code and by command, and what agents dial about their own state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from softswitch.acd.model import (
    AgentSpec,
    AgentState,
    AgentStateChanged,
    Need,
    QueueSpec,
    WrapUp,
    WrapUpMode,
)
from softswitch.contact.seats import SeatRules
from softswitch.switch.event import UnitFailed
from softswitch.switch.oversight import AgentForced, ContactMoved, OversightRefused, PriorityChanged
from softswitch.switch.staff import StaffChanges
from softswitch.switch.view import AgentWish, Refused
from tests.simnet.house import House, configuration
from tests.simnet.phone import Call, SimPhone

FEATURES = {"*11": "login", "*12": "logout", "*13": "ready", "*14": "pause", "*15": "wrap_up", "*35": "force_ready",
            "*36": "force_pause", "*37": "force_logout"}  # fmt: skip


class Overseen(House):
    """1004 may supervise alice's phone, 1001 nobody, 1003 everybody. Alice takes orders, bob service."""

    def __init__(self, wrap_up: WrapUp | None = None) -> None:
        users = configuration().users
        users = {**users, "1004": replace(users["1004"], supervises=("1001",)),
                 "1003": replace(users["1003"], supervises=("all",))}  # fmt: skip
        queues = (
            QueueSpec("orders", (Need("orders", 3),), wrap_up=wrap_up or WrapUp.timed(20.0)),
            QueueSpec("service", (Need("service", 3),)),
        )
        agents = (*configuration().agents, AgentSpec("dana", "", (("orders", 5),)))
        super().__init__(users=users, queues=queues, agents=agents, features=FEATURES, policies=(),
                         seats=SeatRules({"501": "dana"}, {"dana": "7362"}), pause_reasons={"2": "lunch"})  # fmt: skip

    def dials(self, phone: SimPhone, code: str) -> str:
        """What is said to whoever dials this."""
        before = len(self.world.media.said)
        call = phone.call(code)
        self.world.run_until(lambda: call.state == "ended")
        return " ".join(prompt.text for _, prompt in self.world.media.said[before:])

    def caller(self, key: str = "1") -> Call:
        call = self.carrier.call("8000")
        self.world.run_until(lambda: call.state == "talking")
        self.world.run(0.5)
        self.carrier.press(call, key)
        self.world.run(0.5)
        return call

    def talking(self) -> Call:
        """A caller who talks to alice."""
        call = self.caller()
        self.world.run_until(lambda: self.agent("alice") == "talking")
        return call

    def waiting(self) -> list[str]:
        now = self.world.now
        return [f"{queue} {one.contact}" for queue in ("orders", "service")
                for one in self.world.switch.acd.waiting(queue, now)]  # fmt: skip


@pytest.fixture
def house() -> Overseen:
    return Overseen()


# ---- agents' own codes -----------------------------------------------------------------------------------------


def test_a_pause_with_its_reason(house: Overseen) -> None:
    assert house.dials(house.alice, "*142") == "You are paused: lunch."
    assert house.world.switch.acd.agent("alice").reason == "lunch"
    assert house.dials(house.alice, "*147") == "There is no such reason for a pause."
    assert house.world.switch.acd.agent("alice").reason == "lunch"


def test_what_is_asked_for_during_a_call_is_said_to_come_after_it(house: Overseen) -> None:
    house.talking()
    assert house.dials(house.alice, "*142") == "You will be paused after this call."
    assert house.dials(house.alice, "*12") == "You will be logged out after this call."
    assert house.agent("alice") == "talking"
    house.alice.hang_up(house.alice.talking[0])
    house.world.run(1)
    assert house.agent("alice") == "wrap_up"
    house.world.run_until(lambda: house.agent("alice") == "logged_out", 25)


def test_what_the_human_wants_is_shown_beside_what_he_does(house: Overseen) -> None:
    control = house.world.switch.control

    def wants() -> AgentWish | None:
        return next(agent.wants for agent in control.agents() if agent.agent == "alice")

    house.talking()
    assert wants() is None
    control.set_paused("alice", "lunch")
    assert wants() == AgentWish("paused", "lunch")
    control.log_out("alice")
    assert wants() == AgentWish("logged_out", "")
    control.set_ready("alice")
    assert wants() is None
    house.alice.hang_up(house.alice.talking[0])
    house.alice.answer_after = None
    control.set_ready("alice")
    for _ in range(2):  # calls that she lets ring
        house.caller()
    house.world.run_until(lambda: house.agent("alice") == "paused")
    assert wants() == AgentWish("ready", "")
    control.set_paused("alice", "lunch")
    assert wants() is None


def test_wrap_up_is_asked_for_made_longer_and_ended(house: Overseen) -> None:
    house = Overseen(WrapUp(WrapUpMode.OPTIONAL, 20.0, 300.0))
    assert house.dials(house.alice, "*15") == "You have no call to wrap up."
    house.talking()
    assert house.dials(house.alice, "*15") == "Your wrap-up time begins after this call."
    house.alice.hang_up(house.alice.talking[0])
    house.world.run(1)
    until = house.world.switch.acd.agent("alice").wrap_up_until
    assert house.agent("alice") == "wrap_up" and until is not None
    assert house.dials(house.alice, "*152") == "You have more time to wrap up."
    assert house.world.switch.acd.agent("alice").wrap_up_until == until + 120.0
    assert house.dials(house.alice, "*13") == "You are ready."
    assert house.agent("alice") == "ready"


# ---- force -----------------------------------------------------------------------------------------------------


def test_a_supervisor_pauses_readies_and_logs_out_by_code(house: Overseen) -> None:
    for code, state, forced in (
        ("*36", "paused", "paused"),
        ("*35", "ready", "ready"),
        ("*37", "logged_out", "logged-out"),
    ):
        old = house.agent("alice")
        assert house.dials(house.desk, f"{code}1001") == "The state of the agent is set."
        assert house.agent("alice") == state
        reason = "forced" if state == "paused" else ""
        assert house.world.facts(AgentForced)[-1] == AgentForced("alice", old, forced, reason, "phone 1004")


@pytest.mark.parametrize(
    ("phone", "code", "why"),
    [
        ("desk", "*361002", "not allowed"),  # bob's phone is not among those
        ("desk", "*36777", "unknown"),
        ("desk", "*36501", "not allowed"),  # dana sits nowhere, so that nobody may hear her
        ("alice", "*361002", "not allowed"),
        ("alice", "*36777", "not allowed"),  # and learns nothing of who there is
    ],
)
def test_who_may_not_is_refused_and_it_is_written_down(house: Overseen, phone: str, code: str, why: str) -> None:
    user = {"desk": "1004", "alice": "1001"}[phone]
    assert "may not" in house.dials(getattr(house, phone), code)
    assert house.world.facts(OversightRefused) == [OversightRefused(code[3:], "paused", why, f"phone {user}")]
    assert house.agent("bob") == "ready"


def test_at_a_desk_by_the_agents_own_number(house: Overseen) -> None:
    house.world.switch.control.log_in("dana", phone="1003")
    boss = SimPhone(house.world, "1003", 6003, "pw-1003")
    boss.register()
    house.world.run_until(lambda: boss.registered)
    assert house.dials(boss, "*36501") == "The state of the agent is set."
    assert house.agent("dana") == "paused"


def test_a_forced_pause_cuts_no_call_and_ends_wrap_up(house: Overseen) -> None:
    house.talking()
    control = house.world.switch.control
    control.force("alice", "paused", "meeting", "api boss")
    house.world.run(1)
    assert house.agent("alice") == "talking" and house.alice.talking
    house.alice.hang_up(house.alice.talking[0])
    house.world.run(1)
    assert house.agent("alice") == "wrap_up"
    waits = house.caller()
    control.force("alice", "paused", "meeting", "api boss")
    house.world.run(1)
    assert house.agent("alice") == "paused" and house.world.switch.acd.agent("alice").reason == "meeting"
    assert waits.state == "talking" and len(house.alice.calls) == 1  # no offer in between
    control.force("alice", "ready", "", "api boss")
    house.world.run_until(lambda: len(house.alice.calls) == 2)
    assert [fact.old for fact in house.world.facts(AgentForced)] == ["talking", "wrap_up", "paused"]


def test_who_is_logged_out_cannot_be_paused(house: Overseen) -> None:
    house.world.switch.control.log_out("alice")
    with pytest.raises(Refused, match="alice is logged out"):
        house.world.switch.control.force("alice", "paused", "", "api boss")
    house.world.switch.control.force("alice", "ready", "", "api boss")
    assert house.agent("alice") == "ready"
    with pytest.raises(Refused, match="dana has no phone of his own"):
        house.world.switch.control.force("dana", "ready", "", "api boss")
    with pytest.raises(LookupError):
        house.world.switch.control.force("nobody", "ready", "", "api boss")


# ---- those who wait --------------------------------------------------------------------------------------------


def test_a_waiting_caller_is_moved_and_the_agents_there_get_him(house: Overseen) -> None:
    control = house.world.switch.control
    control.set_paused("alice", "lunch")
    call = house.caller()
    (waits,) = house.waiting()
    contact = waits.removeprefix("orders ")
    house.bob.answer_after = 2.0
    control.move(contact, "service", "api boss")
    assert house.waiting() == [f"service {contact}"]
    assert [one.queue for one in control.calls()] == ["service"]
    house.world.run_until(lambda: house.bob.talking and call.state == "talking")
    assert house.world.facts(ContactMoved) == [ContactMoved(contact, "orders", "service", "api boss")]
    assert not house.world.facts(UnitFailed)


def test_priority_takes_a_caller_to_the_front(house: Overseen) -> None:
    control = house.world.switch.control
    control.set_paused("alice", "lunch")
    house.caller()
    second = house.caller()
    first, last = house.waiting()
    contact = last.removeprefix("orders ")
    control.reprioritise(contact, 60.0, "api boss")
    assert house.waiting() == [last, first]
    assert house.world.facts(PriorityChanged) == [PriorityChanged(contact, "orders", 60.0, "api boss")]
    control.reprioritise(contact, 0.0, "api boss")
    assert house.waiting() == [first, last]
    control.reprioritise(contact, 60.0, "api boss")
    control.set_ready("alice")
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(0.5)
    assert house.world.media.heard_by(second.rtp) == "talk"


def test_queue_and_priority_are_what_was_set_after_a_crash(house: Overseen) -> None:
    control = house.world.switch.control
    control.set_paused("alice", "lunch")
    control.set_paused("bob", "lunch")
    for _ in range(3):
        house.caller()
    first, second, third = (waits.removeprefix("orders ") for waits in house.waiting())
    control.reprioritise(third, 60.0, "api boss")
    control.move(first, "service", "api boss")
    assert house.waiting() == [f"orders {third}", f"orders {second}", f"service {first}"]
    house.world.crash()
    house.world.run(1)
    house.world.start()
    house.world.run(1)
    assert house.waiting() == [f"orders {third}", f"orders {second}", f"service {first}"]
    assert not house.world.facts(UnitFailed)


def test_what_cannot_be_moved(house: Overseen) -> None:
    control = house.world.switch.control
    house.alice.answer_after = None
    house.caller()
    (rung,) = (waits.removeprefix("orders ") for waits in house.waiting())
    for contact, queue, said in (
        (rung, "servics", "did you mean 'service'"),
        (rung, "orders", "already"),
        (rung, "service", "'alice' is being rung"),
    ):
        with pytest.raises(Refused, match=said):
            control.move(contact, queue, "api boss")
    house.alice.answer(house.alice.calls[-1])
    house.world.run(1)
    with pytest.raises(Refused, match="waits in no queue"):
        control.move(rung, "service", "api boss")
    with pytest.raises(LookupError):
        control.reprioritise("c-none", 1.0, "api boss")
    assert not house.world.facts(ContactMoved)


def test_who_is_removed_in_a_call_can_only_be_logged_out_and_whoever_wants_more_is_told() -> None:
    house = Overseen()
    other = SimPhone(house.world, "1003", 6003, "pw-1003")
    other.register()
    house.world.run_until(lambda: other.registered)
    control, switch = house.world.switch.control, house.world.switch
    control.log_out("alice")
    control.log_in("dana", phone="1003")
    call = house.caller()
    house.world.run_until(lambda: house.agent("dana") == "talking")
    others = tuple(spec for spec in switch.configuration.agents if spec.name != "dana")
    switch.staff.exchange(replace(switch.configuration, agents=others, seats=SeatRules()), StaffChanges())
    wants: list[Callable[[], None]] = [
        lambda: control.log_in("dana"),
        lambda: control.log_in("dana", phone="1004"),
        lambda: control.set_ready("dana"),
        lambda: control.set_paused("dana", "lunch"),
        lambda: control.force("dana", "ready", "", "api ops"),
        lambda: control.force("dana", "paused", "", "api ops"),
    ]
    for want in wants:
        with pytest.raises(Refused, match=r"dana is not in agents\.yaml any more") as refused:
            want()
        assert refused.value.why == "removed"
    for code in ("*11", "*13", "*14", "*12"):
        assert "does not belong to an agent" in house.dials(other, code)
    control.force("dana", "logged-out", "", "api ops")
    assert house.agent("dana") == "talking"
    house.carrier.hang_up(call)
    house.world.run_until(lambda: "dana" not in {one.agent for one in control.agents()}, 60)
    assert not house.world.facts(UnitFailed)


@pytest.mark.parametrize("forced", [True, False])
def test_who_is_removed_and_still_wraps_up_can_be_logged_out(forced: bool) -> None:
    house = Overseen(WrapUp(WrapUpMode.UNTIL_DONE, 20.0, 300.0))
    control, switch = house.world.switch.control, house.world.switch
    house.talking()
    others = tuple(spec for spec in switch.configuration.agents if spec.name != "alice")
    switch.staff.exchange(replace(switch.configuration, agents=others), StaffChanges())
    house.alice.hang_up(house.alice.talking[0])
    house.world.run(1)
    assert house.agent("alice") == "wrap_up"
    if forced:
        control.force("alice", "logged-out", "", "api ops")
    else:
        control.log_out("alice")
    house.world.run(1)
    assert "alice" not in [agent.agent for agent in control.agents()]
    assert house.world.facts(AgentStateChanged)[-1].new is AgentState.LOGGED_OUT
    assert not house.world.facts(UnitFailed)
