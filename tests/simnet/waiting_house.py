"""The house of those who wait: a key leads out of the line, places are kept for who calls again, and all is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from softswitch.contact.treatment import Sound, Treatment
from softswitch.ivr.model import Prompt
from tests.simnet.house import plans
from tests.simnet.phone import Call
from tests.simnet.transfer_house import TransferHouse

RESUME_S = 300.0
TREATMENT = Treatment(every_s=30.0, position=True, resume_s=RESUME_S)
PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
start: orders
steps:
  orders:
    queue: {name: orders, offer_callback: {after: 60s, key: 1}, exit: {key: 0, to: hours}, failed: bye}
    next: bye
  hours:
    menu: {say: We are open until six., keys: {1: orders, 2: service, 3: desk, 4: message, 5: later}, timeout: 30s}
    failed: bye
  service: {queue: service, next: bye, failed: bye}
  desk: {dial: {user: "1004"}, next: bye, failed: bye}
  message: {voicemail: {mailbox: "1004", max: 30s}, next: bye}
  later: {callback: orders, next: wait, failed: bye}
  wait: {wait: {for: 30s}, next: bye}
  bye: {hangup: normal}
"""


class WaitingHouse(TransferHouse):
    """alice is on a break; all customers call through the carrier's one gateway."""

    def __init__(self, treatment: Treatment = TREATMENT, **changes: object) -> None:
        super().__init__(**{"treatments": {"orders": treatment}, "plans": plans(PLAN)} | changes)  # type: ignore[arg-type]
        self.world.switch.control.set_paused("alice", "break")

    def enters(self, number: str = "13800138000", shown: str | None = None) -> Call:
        """A customer calls, and waits for orders; ``shown``: what we make of his number."""
        call = call_as(self, number)
        self.world.run_until(lambda: call.state == "talking" and (number if shown is None else shown) in self.line())
        return call

    def line(self) -> dict[str, float]:
        """Who waits for orders, the first in line first: since when his age counts."""
        switch, now = self.world.switch, self.world.now
        waiting = switch.acd.waiting("orders", now)
        known = ((switch.calls.contacts.get(one.contact), one.waited_s) for one in waiting)
        return {one.facts.caller: round(now - waited_s, 3) for one, waited_s in known if one is not None}

    def said_to(self, call: Call) -> list[Prompt]:
        media = self.world.media
        return [prompt for stream, prompt in media.said if stream == media.stream_of(call.rtp)]

    def texts(self, call: Call) -> list[str]:
        return [one.text or one.file for one in self.said_to(call)]

    def until(self, condition: Callable[[], object], limit_s: float = 120.0) -> None:
        self.world.run_until(condition, limit_s)


def call_as(house: WaitingHouse, number: str) -> Call:
    """The carrier's gateway shows this number."""
    phone = house.carrier
    own, phone.user = phone.user, number
    try:
        return phone.call("8000")
    finally:
        phone.user = own


def telling(answered: str) -> Treatment:
    return replace(TREATMENT, answered=Sound(texts={"": answered}))
