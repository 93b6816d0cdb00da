"""Agents, customers, supervisors and an admin do whatever comes into their heads, on a bad network and with crashes.

After each step the ACD knows of everybody's phones and conversations what is so, and has decided for nobody whose phone
was in a call; no audit finds anything; and when all have hung up, each agent can be logged in and gets a caller.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from softswitch.acd.audit import Repaired
from softswitch.acd.decision import Decided
from softswitch.acd.model import AgentSpec, AgentState, Need, QueueSpec, Strategy, WrapUp, WrapUpMode
from softswitch.contact.inbound import InboundContact
from softswitch.contact.script import Announce
from softswitch.contact.seating import Seating
from softswitch.contact.seats import SeatRules
from softswitch.core.effect import DomainEvent
from softswitch.switch.event import UnitFailed
from softswitch.switch.staff import StaffChanges
from softswitch.switch.view import Refused
from tests.simnet.house import PLAN, plans
from tests.simnet.phone import Call, SimPhone
from tests.simnet.storm import remains
from tests.simnet.supervised_house import SupervisedHouse
from tests.simnet.test_park import PARK, TAKE
from tests.simnet.transfer_phone import TransferPhone
from tests.simnet.world import Weather

STEPS = 120
SKILLS = (("orders", 5), ("service", 4))
AGENTS = (
    AgentSpec("alice", "1001", SKILLS, also=("1003",)),
    AgentSpec("bob", "1002", SKILLS),
    AgentSpec("dana", "", SKILLS),
    AgentSpec("erik", "", SKILLS),
)
NAMES = ("alice", "bob", "dana", "erik")
NUMBERS, PINS = {"501": "dana", "502": "erik"}, {"dana": "7362", "erik": "9184"}
QUEUES = (
    QueueSpec("orders", (Need("orders", 3),), ring_timeout_s=6.0, wrap_up=WrapUp.timed(3.0)),
    QueueSpec("service", (Need("service", 3),), ring_timeout_s=6.0, wrap_up=WrapUp(WrapUpMode.UNTIL_DONE, 3.0, 8.0)),
)
CODES = {"*11": "login", "*12": "logout", "*13": "ready", "*14": "pause", "*15": "wrap_up", "*35": "force_ready",
         "*36": "force_pause", "*37": "force_logout"}  # fmt: skip
SLOTS = PARK.replace('"70", "8000"', '"70"').replace("for: 60s", "for: 8s")


class Storm:
    def __init__(self, seed: int, weather: Weather, crashes: bool, strategy: Strategy) -> None:
        self.house = SupervisedHouse(seed=seed, agents=AGENTS, seats=SeatRules(NUMBERS, PINS), features=CODES,
                                     login=False, policies=(), probe_s=20.0, **self.configured(strategy))  # fmt: skip
        house, self.world, self.random = self.house, self.house.world, random.Random(seed)
        self.phones = [house.alice, house.bob, house.desk, house.carl, house.boss]
        self.busy: list[str] = []  # of whom it was decided while his phone was in a call
        self.world.weather = weather
        self.begin()
        for name in ("alice", "bob"):
            self.world.switch.control.log_in(name)
        deeds: dict[Callable[[], None], int] = {
            self.customer: 6, self.hang_up: 4, self.mood: 3, self.call: 2, self.code: 4, self.refer: 1, self.attend: 1,
            self.take_place: 1, self.hold: 2, self.key: 2, self.set_state: 2, self.log_in: 2, self.sit: 1,
            self.oversee: 2, self.supervise: 2, self.reload: 1, self.register: 1, self.sleep: 2,
            self.crash: int(crashes),
        }  # fmt: skip
        self.deeds = [deed for deed, times in deeds.items() for _ in range(times)]

    def configured(self, strategy: Strategy) -> dict[str, Any]:
        queues = tuple(replace(queue, strategy=strategy) for queue in QUEUES)
        return {"queues": queues, "plans": plans(PLAN) | plans(SLOTS) | plans(TAKE)}

    def begin(self) -> None:
        self.world.switch.listen(self._decided)

    # ---- what people do ------------------------------------------------------------------------------------------

    def one(self, *states: str) -> tuple[TransferPhone, Call] | None:
        """Somebody's call; of an agent, a supervisor or a customer."""
        phones = (*self.phones, self.house.carrier)
        found = [(phone, call) for phone in phones for call in phone.calls if call.state in states]
        return self.random.choice(found) if found else None

    def customer(self) -> None:
        self.presses(self.house.carrier, self.house.carrier.call("8000"), self.random.choice("12"), 1.0)

    def presses(self, phone: SimPhone, call: Call, digits: str, after_s: float) -> None:
        def press() -> None:
            with contextlib.suppress(StopIteration):  # gone again
                phone.press(call, digits)

        self.world.after(after_s, press)

    def hang_up(self) -> None:
        if found := self.one("new", "ringing", "talking"):
            found[0].hang_up(found[1])

    def mood(self) -> None:
        phone = self.random.choice(self.phones)
        phone.answer_after = self.random.choice((None, 0.0, 0.2, 2.0, 5.99, 6.0, 6.01))  # it rings for 6 s
        phone.reject = self.random.choice((0, 0, 0, 0, 486, 603, 480, 500))

    def call(self) -> None:
        number = self.random.choice(("1001", "1002", "1003", "1004", "1005", "8000", "9123456", "*71", "*72"))
        self.random.choice(self.phones).call(number)

    def code(self) -> None:
        code = self.random.choice((*CODES, "*11501", "*11502", "*351001", "*361002", "*37501"))
        phone = self.random.choice(self.phones)
        self.presses(phone, phone.call(code), self.random.choice(("7362#", "9184#", "0000#")), 1.5)

    def refer(self) -> None:
        if found := self.one("talking"):
            with contextlib.suppress(AssertionError, KeyError):  # its dialog is not whole yet
                found[0].refer(found[1], self.random.choice(("1001", "1002", "1004", "8000", "7777", "70", "70")))

    def attend(self) -> None:
        for phone in self.phones:
            if len(phone.talking) > 1:
                with contextlib.suppress(AssertionError, KeyError):
                    phone.refer_to_call(*self.random.sample(phone.talking, 2), "1002")

    def take_place(self) -> None:
        if found := self.one("talking"):
            with contextlib.suppress(AssertionError, KeyError):
                self.random.choice(self.phones).take_over(found[0].replaces(found[1]))

    def hold(self) -> None:
        if (found := self.one("talking")) and found[1].leg in found[0].agent.legs:
            self.house.hold(*found, self.random.random() < 0.5)

    def key(self) -> None:
        if found := self.one("talking"):
            self.presses(*found, self.random.choice("14569#"), 0.0)

    def register(self) -> None:
        self.random.choice(self.phones).register()

    def sleep(self) -> None:
        """No network at a phone for a while."""
        phone = self.random.choice(self.phones)
        if (heard := self.world.peers.pop(phone.address, None)) is not None:
            back = self.random.choice((1.0, 10.0, 45.0))
            self.world.after(back, lambda: self.world.peers.update({phone.address: heard}))

    # ---- commands ------------------------------------------------------------------------------------------------

    def agent(self) -> str:
        return self.random.choice([spec.name for spec in self.world.switch.acd.agents()])

    def ordered(self, *orders: Callable[[], object]) -> None:
        with contextlib.suppress(Refused, LookupError):
            self.random.choice(orders)()

    def set_state(self) -> None:
        control, name = self.world.switch.control, self.agent()
        self.ordered(
            lambda: control.log_out(name), lambda: control.set_ready(name), lambda: control.set_paused(name, "lunch"),
            lambda: control.ask_wrap_up(name), lambda: control.extend_wrap_up(name, 3.0),
        )  # fmt: skip

    def log_in(self) -> None:
        self.ordered(lambda: self.world.switch.control.log_in(self.agent(), self.random.random() < 0.8))

    def sit(self) -> None:
        agent, phone = self.random.choice(("dana", "erik")), self.random.choice(("1004", "1005"))
        self.ordered(lambda: self.world.switch.control.log_in(agent, phone=phone))

    def oversee(self) -> None:
        control, acd, name = self.world.switch.control, self.world.switch.acd, self.agent()
        waiting = [one.contact for queue in acd.queues() for one in acd.waiting(queue, self.world.now)]
        contact = self.random.choice(waiting or ["nobody"])
        self.ordered(
            lambda: control.force(name, self.random.choice(("ready", "paused", "logged-out")), "", "api"),
            lambda: control.move(contact, self.random.choice(("orders", "service")), "api"),
            lambda: control.reprioritise(contact, 100.0, "api"),
            lambda: control.hang_up(contact),
        )

    def supervise(self) -> None:
        target = self.random.choice(("1001", "1002", "1003", "1004"))
        mode = self.random.choice(("listen", "whisper", "barge", "take-over"))
        self.ordered(lambda: self.house.supervise(target, mode))

    def reload(self) -> None:
        agents = [spec for spec in AGENTS if self.random.random() < 0.75]
        shared = self.random.random() < 0.3
        self.exchange(*(replace(spec, also=("1004",)) if shared and spec.name == "bob" else spec for spec in agents))

    def exchange(self, *agents: AgentSpec) -> None:
        there = {spec.name for spec in agents}
        numbers = {number: name for number, name in NUMBERS.items() if name in there}
        seats = SeatRules(numbers, {name: PINS[name] for name in numbers.values()})
        self.world.configuration = replace(self.world.configuration, agents=agents, seats=seats)
        switch = self.world.switch
        switch.staff.exchange(replace(switch.configuration, agents=agents, seats=seats), StaffChanges())

    def crash(self) -> None:
        self.world.crash()
        self.world.run(self.random.choice((0.0, 0.3, 2.0)))
        self.world.start()
        self.begin()

    # ---- the verdict ---------------------------------------------------------------------------------------------

    def rage(self) -> None:
        for _ in range(STEPS):
            deed = self.random.choice(self.deeds)
            deed()
            assert not self.amiss(), deed.__name__
            self.world.run(self.random.choice((0.0, 0.0, 0.02, 0.3, 2.0, 4.0)))
            assert not self.amiss(), deed.__name__
        self.end()
        assert not self.amiss() and not remains(self.world)

    def _decided(self, event: DomainEvent, unix: float) -> None:
        chosen = event.agent if isinstance(event, Decided) else None
        calls, seats = self.world.switch.calls, self.world.switch.directory.seats
        for name in chosen if isinstance(chosen, tuple) else filter(None, (chosen,)):
            legs = [leg for user in seats.users(name) for leg in calls.extensions.living(user)]
            self.busy += [f"{name} was in {leg}" for leg in legs if not self._of_a_code(leg)]

    def _of_a_code(self, leg: str) -> bool:
        contact = self.world.switch.calls.contacts.get(self.world.switch.calls.contact_at(leg))
        return isinstance(contact, InboundContact) and isinstance(contact.script, Announce | Seating)

    def amiss(self) -> list[object]:
        switch, wrong = self.world.switch, list[object](self.busy)
        for spec in switch.configuration.agents:
            wrong += switch.workplaces.untold(spec.name)
        known = {part for contact in switch.calls.contacts.values() for part in contact.agents.values()}
        staff = [switch.acd.agent(spec.name) for spec in switch.acd.agents()]
        talks = {(one.agent, w.contact) for one in staff for w in one.works if w.state is AgentState.TALKING}
        desks = {one.agent for one in staff if switch.directory.seats.desk(one.agent)}
        wrong += [f"{agent} talks in {contact} for one of the two only" for agent, contact in known ^ talks]
        wrong += [one.agent for one in staff if one.agent in desks and one.state is AgentState.LOGGED_OUT]
        return [*wrong, *self.world.facts(UnitFailed), *self.world.facts(Repaired)]

    def end(self) -> None:
        """All phones work again, and everybody hangs up."""
        self.world.weather = Weather()
        self.exchange(*AGENTS)
        self.world.run(46)
        for _ in range(12):
            for phone in (*self.phones, self.house.carrier):
                phone.reject = 603
                phone.register()
                for call in phone.calls:
                    if call.state != "ended" and call.leg in phone.agent.legs:
                        phone.hang_up(call)
            self.world.run(15)
        self.world.run(70)


@pytest.mark.parametrize(
    ("seed", "weather", "crashes", "strategy"),
    [
        (0, Weather(), True, Strategy.LONGEST_IDLE),
        (2, Weather(), False, Strategy.RING_ALL),
        (12, Weather(), False, Strategy.LONGEST_IDLE),
        (4, Weather(0.08, 0.05, 0.05), True, Strategy.RING_ALL),
        (5, Weather(0.08, 0.05, 0.05), True, Strategy.LONGEST_IDLE),
    ],
)
def test_whatever_happens_nobody_sticks_and_the_audit_finds_nothing(
    seed: int, weather: Weather, crashes: bool, strategy: Strategy
) -> None:
    storm = Storm(seed, weather, crashes, strategy)
    world, house = storm.world, storm.house
    storm.rage()
    control = world.switch.control
    for phone in storm.phones:
        phone.reject, phone.answer_after = 0, 0.3
    for name in NAMES:
        if house.agent(name) != "logged_out":
            control.force(name, "logged-out", "", "api")
    for name, phone in zip(NAMES, ("", "", "1004", "1005"), strict=True):
        control.log_in(name, phone=phone)
    for _ in NAMES:
        storm.customer()
        world.run(3)
    assert {house.agent(name) for name in NAMES} == {"talking"}
    assert not storm.amiss()
