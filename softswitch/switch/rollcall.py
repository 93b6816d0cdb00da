"""Who waited in a queue when the former process died joins it again as soon as his end has said that it is there.

He may have hung up meanwhile, and nobody heard his BYE: an agent would be rung for nobody, and the caller, who would
count as served, not be called back. So he is asked at once (``call.probe``), and hears music until he has answered; one
who is gone is a loss like any other. A phone that has to connect again first is asked when it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from softswitch.acd.model import Join
from softswitch.call.table import S
from softswitch.contact.inbound import InboundContact
from softswitch.contact.order import TellAcd
from softswitch.core.effect import Effect

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch


class RollCall:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._asked: dict[str, Join] = {}  # by the caller's leg

    def ask(self, join: Join, at: float) -> None:
        """The listeners are open."""
        contact = self._switch.calls.contacts.get(join.contact)
        if isinstance(contact, InboundContact) and (leg := self._switch.calls.legs.get(contact.leg)) is not None:
            self._asked[leg.id] = join
            leg.leg.probe.due_at = at
            self._switch.arm(("leg", leg.id), leg.deadline)

    def awaits(self, queue: str) -> bool:
        """Whether somebody may join it again."""
        return any(join.queue == queue for join in self._asked.values())

    def heard(self, name: str) -> Sequence[Effect]:
        """Something has come from the peer of this leg, and the leg knows it."""
        if name not in self._asked:
            return []
        join, calls = self._asked.pop(name), self._switch.calls
        self._switch.offices.recount()
        leg, contact = calls.legs.get(name), calls.contacts.get(join.contact)
        there = leg is not None and leg.leg.state is S.UP
        waits = isinstance(contact, InboundContact) and contact.visit is not None
        return [TellAcd(join)] if there and waits else []
