"""The house of the tests in which callers meet: one plan per test, any number of phones, and who hears whom."""

from __future__ import annotations

from softswitch.contact.event import ContactFinished
from softswitch.ivr.model import StepFailed
from softswitch.switch.event import CallResumed, UnitFailed
from tests.simnet.phone import Call, SimPhone
from tests.simnet.transfer_house import TransferHouse


class MeetingHouse(TransferHouse):
    """Alice, bob, carl, the desk, and whoever calls from outside."""

    def caller(self, number: str, port: int = 7001, user: str = "") -> tuple[SimPhone, Call]:
        """Somebody who calls ``number`` through the carrier, and is answered."""
        call = self.carrier.call(number)
        self.world.run_until(lambda: call.state != "new", 10)
        self.world.run(0.3)
        return self.carrier, call

    def calls(self, *phones: SimPhone, number: str = "8000") -> list[Call]:
        """Each calls ``number``, one after the other, and is answered."""
        made = []
        for phone in phones:
            made.append(phone.call(number))
            self.world.run_until(lambda: made[-1].state == "talking", 10)
            self.world.run(0.2)
        return made

    def hears(self, *calls: Call) -> list[str]:
        return [self.world.media.heard_by(call.rtp) for call in calls]

    def voices(self, call: Call) -> set[str]:
        """Whom it hears: streams."""
        media = self.world.media
        return media.voices(media.stream_of(call.rtp))

    def hear(self, listener: Call, *talkers: Call) -> bool:
        """Whether it hears these, and nobody else."""
        streams = {self.world.media.stream_of(call.rtp) for call in talkers}
        return self.hears(listener) == ["talk" if talkers else "silence"] and self.voices(listener) == streams

    def states(self) -> list[str]:
        return sorted(one.state for one in self.world.switch.control.calls())

    def said(self) -> list[str]:
        """Texts that were spoken to anybody, in order."""
        return [prompt.text for _, prompt in self.world.media.said if prompt.text]

    def why(self) -> list[str]:
        return [event.why for event in self.world.facts(StepFailed)]

    def kill(self, away_s: float = 2.0) -> None:
        """kill -9 of control; another one is there after a while."""
        self.world.crash()
        self.world.run(away_s)
        self.world.start()
        self.world.run(0.1)

    def resumed(self) -> list[str]:
        return [event.outcome for event in self.world.facts(CallResumed)]

    def over(self, limit_s: float = 60.0) -> list[str]:
        """Nothing is left of any call, nothing has failed; how the contacts ended."""
        switch = self.world.switch
        self.world.run_until(lambda: not switch.calls.legs and not switch.calls.contacts, limit_s)
        self.world.run(40)
        assert not self.world.media.streams and not self.world.media.rooms and not self.world.journal.found
        assert not switch.gatherings.conferences.sizes()
        assert not self.world.facts(UnitFailed)
        return [event.record.outcome for event in self.world.facts(ContactFinished)]
