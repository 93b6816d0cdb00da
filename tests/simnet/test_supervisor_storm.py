"""Customers, agents and two supervisors do whatever comes into their heads, on a bad network: nobody hears too much."""

from __future__ import annotations

import contextlib
import random

import pytest

from softswitch.contact.supervision import Supervision
from softswitch.switch.event import UnitFailed
from softswitch.switch.view import Refused
from tests.simnet.phone import Call
from tests.simnet.supervised_house import SupervisedHouse
from tests.simnet.transfer_phone import TransferPhone

STEPS = 60
MODES = ("listen", "whisper", "barge", "take-over")


class Storm:
    def __init__(self, seed: int) -> None:
        self.house = SupervisedHouse(seed=seed, loss=0.03 * (seed % 2), carl=("all",))
        self.random = random.Random(seed)
        self.supervisors = [self.house.boss, self.house.carl]
        self.others = [self.house.alice, self.house.bob, self.house.desk]
        self.acts = (
            self.call, self.queue, self.hang_up, self.hold, self.refer, self.code, self.command, self.key, self.key,
        )  # fmt: skip
        self.refused = 0

    def somebody(self, *phones: TransferPhone) -> tuple[TransferPhone, Call] | None:
        """Who talks, and in which call."""
        found = [(phone, call) for phone in phones for call in phone.talking]
        return self.random.choice(found) if found else None

    def call(self) -> None:
        one, other = self.random.sample(self.others, 2)
        if len(one.talking) < 2:
            one.call(other.user)

    def queue(self) -> None:
        house = self.house
        call = house.carrier.call("8000")
        house.world.run_until(lambda: call.state in ("talking", "ended"), 20)
        house.world.run(1.5)
        with contextlib.suppress(StopIteration):  # gone again
            house.carrier.press(call, self.random.choice("12"))

    def hang_up(self) -> None:
        if who := self.somebody(*self.supervisors, *self.others, self.house.carrier):
            who[0].hang_up(who[1])

    def hold(self) -> None:
        if who := self.somebody(*self.supervisors, *self.others):
            self.house.hold(*who, self.random.random() < 0.5)

    def refer(self) -> None:
        if who := self.somebody(*self.others):
            with contextlib.suppress(AssertionError):  # its dialog is not whole yet
                who[0].refer(who[1], self.random.choice(("1001", "1002", "1004", "8000", "7777")))

    def code(self) -> None:
        code, number = self.random.choice(("*31", "*32", "*33")), self.random.choice(self.others).user
        self.random.choice(self.supervisors).call(code + number)

    def command(self) -> None:
        target, mode = self.random.choice(self.others).user, self.random.choice(MODES)
        try:
            self.house.supervise(target, mode, self.random.choice(self.supervisors).user)
        except Refused:
            self.refused += 1

    def key(self) -> None:
        if who := self.somebody(*self.supervisors):
            with contextlib.suppress(StopIteration):
                who[0].press(who[1], self.random.choice("456" * 5 + "9"))

    def unheard(self) -> list[str]:
        """Whoever hears a supervisor whom he should not hear, and supervisors in a room that is not theirs."""
        calls, media, wrong = self.house.world.switch.calls, self.house.world.media, []
        for contact in list(calls.contacts.values()):
            if not isinstance(contact, Supervision) or contact.leg not in media.streams:
                continue
            ears = {name for name in media.streams if contact.leg in media.voices(name)}
            at = contact.at
            allowed = {"listen": set(), "whisper": {contact.line}}.get(contact.mode, ears)
            if at is None and (ears or contact.leg in media.rooms):
                wrong.append(f"{contact.mode}: heard while the line talks to nobody")
            elif ears - allowed:
                wrong.append(f"{contact.mode}: heard by {ears - allowed}")
            elif at is not None and (there := calls.contacts.get(at.contact)) is not None and there.bridge is not None:
                bridge = there.bridge
                if contact.line not in (bridge.left, bridge.right) or media.rooms.get(contact.leg) != bridge.room:
                    wrong.append(f"{contact.mode}: in another call than his line")
        return wrong


@pytest.mark.parametrize("seed", range(10))
def test_nobody_hears_too_much_and_nothing_is_left(seed: int) -> None:
    storm = Storm(seed)
    house = storm.house
    for _ in range(STEPS):
        act = storm.random.choice(storm.acts)
        act()
        house.world.run(storm.random.choice((0.0, 0.02, 0.3, 2.0)))
        assert not storm.unheard(), act.__name__
    assert not house.world.facts(UnitFailed)
    calls = house.world.switch.calls
    for _ in range(20):  # whom somebody's hanging up has connected with somebody else
        for phone in (*storm.supervisors, *storm.others, house.carrier):
            for call in phone.calls:
                if call.state != "ended" and call.leg in phone.agent.legs:
                    phone.hang_up(call)
        house.world.run(15)
    assert not calls.legs and not calls.contacts
    house.world.run(70)
    assert not house.world.switch.supervisions._live and not calls._contact_of
    assert not house.world.media.streams and not house.world.media.recordings
    assert not house.world.facts(UnitFailed)
