"""After a defect of ours: the call that it met is ended, and nothing of it is left.

Decided here: what is done for an effect, an input or a timer that failed. Its contact hangs up as if somebody had asked
for it; its legs are released; a leg or a contact that has nothing more to say is forgotten. What has failed may fail
again: each is tried twice in a unit of work, the second time by force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from softswitch.call.signal import Finished, Reject, Release
from softswitch.call.table import S
from softswitch.contact.order import Closed, HangUp, TellLeg
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip.effect import AckArrived, RequestArrived
from softswitch.sip.message import Message, Request
from softswitch.switch.desk import CallWanted
from softswitch.switch.ports import Arrived

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

_TRIES = 2


class Mending:
    """``begin`` with each unit of work."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._tried: Counter[str] = Counter()  # legs and contacts of this unit

    def begin(self) -> None:
        if self._tried:
            self._tried.clear()

    def after(self, about: object) -> list[Effect]:
        """What ends the call that ``about`` (an effect, an input, a timer's key) belongs to; nothing if to none."""
        leg, contact = self._whose(about)
        if isinstance(about, Finished | Closed):
            return [about] if self._again(leg or contact) else []
        legs = [leg] if leg else self._legs_of(contact)
        return [*self._contact_ends(contact), *(order for name in legs for order in self._leg_ends(name, about))]

    # ---- whose it is -------------------------------------------------------------------------------------------

    def _whose(self, about: object) -> tuple[str, str]:
        """(leg, contact); "" for none."""
        calls = self._switch.calls
        leg = str(getattr(about, "leg", "") or getattr(about, "stream", "") or getattr(about, "owner", ""))
        contact = str(getattr(about, "contact", ""))
        match about:
            case (str(kind), str(name)):
                leg, contact = ("", name) if kind == "contact" else (name, "")
            case CallWanted(arrived):
                leg = self._switch.signalling.leg_of_invite(arrived.transaction)
            case RequestArrived() | AckArrived():
                leg = self._leg_of(about.request)
            case Arrived(message):
                leg = self._leg_of(message)
        return leg, contact or calls.contact_at(leg)

    def _leg_of(self, message: Message) -> str:
        try:
            tag = message.to.tag if isinstance(message, Request) else message.from_.tag
            return self._switch.calls.leg_of_dialog(message.call_id, tag or "") or ""
        except PeerError:
            return ""

    def _legs_of(self, contact: str) -> list[str]:
        calls = self._switch.calls
        return [leg for leg in calls.legs if contact and calls.contact_at(leg) == contact]

    # ---- how it ends -------------------------------------------------------------------------------------------

    def _again(self, name: str) -> bool:
        self._tried[name] += 1
        return self._tried[name] <= _TRIES

    def _contact_ends(self, name: str) -> Sequence[Effect]:
        contact = self._switch.calls.contacts.get(name)
        if contact is None or not self._again(name):
            return []
        if contact.over:  # its last orders were lost with what failed
            return [*(order for leg in self._legs_of(name) for order in self._leg_ends(leg, None)), Closed(name)]
        return self._switch.calls.to_contact(name, HangUp())

    def _leg_ends(self, name: str, about: object) -> Sequence[Effect]:
        leg = self._switch.calls.legs.get(name)
        if leg is None or not self._again(name):
            return []
        if leg.state is S.FINISHED or self._tried[name] == _TRIES:
            return [Finished(name)]
        return [TellLeg(name, Reject(500) if isinstance(about, CallWanted) else Release())]
