"""A house that calls back customer first, and one caller who was lost."""

from __future__ import annotations

from typing import Any

from softswitch.callback.model import Policy, Promise
from softswitch.contact.answering import Answering
from softswitch.contact.event import ContactFinished
from softswitch.switch.event import UnitFailed
from tests.simnet.house import House
from tests.simnet.phone import Call

NUMBER = "+8613800138000"
PLAIN_S = {"retry_busy_s": 60.0, "retry_no_answer_s": 120.0, "retry_machine_s": 300.0, "retry_dropped_s": 200.0,
           "retry_hung_up_s": 100.0, "ring_s": 20.0}  # fmt: skip


class CalledHouse(House):
    """``answering`` is what he hears who is called; ``policy`` and ``house`` are changes to the usual."""

    def __init__(self, answering: Answering | None = None, policy: dict[str, Any] | None = None, **house: Any) -> None:
        rules = Policy("orders", **{"trunk": "carrier", "first": "customer", **PLAIN_S, **(policy or {})})
        told = {rules.name: answering} if answering is not None else {}
        super().__init__(policies=(rules,), answering=told, **house)
        self.alice.answer_after = 0.3

    def lose(self) -> None:
        """alice is on a break, the caller waits a while and hangs up."""
        self.world.switch.control.set_paused("alice", "break")
        call = self.carrier.call("8000")
        self.world.run_until(lambda: call.state == "talking")
        self.world.run(0.5)
        self.carrier.press(call, "1")
        self.world.run(12)
        self.carrier.hang_up(call)
        self.world.run(2)

    def ready(self) -> None:
        self.world.switch.control.set_ready("alice")

    def answered(self) -> Call:
        """He has been called, and has picked up."""
        self.lose()
        self.ready()
        self.world.run_until(lambda: self.carrier.talking)
        return self.carrier.talking[0]

    @property
    def promise(self) -> Promise:
        (promise,) = self.world.switch.control.promises()
        return promise

    def hears(self, call: Call) -> str:
        return self.world.media.heard_by(call.rtp)

    def said(self, call: Call) -> list[str]:
        stream = self.world.media.stream_of(call.rtp)
        return [prompt.text for there, prompt in self.world.media.said if there == stream]

    def outcomes(self) -> list[str]:
        """Of the contacts that were made for the promise, as their records have it."""
        assert not self.world.facts(UnitFailed)
        records = [fact.record for fact in self.world.facts(ContactFinished)]
        return [record.outcome for record in records if record.kind == "callback"]
