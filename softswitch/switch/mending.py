"""After a defect of ours: the call that it met is ended, and nothing of it is left.

Decided here: what is done for an effect, an input or a timer that failed. Its contact hangs up as if somebody had asked
for it; its legs are released, its agents freed, its recording stopped; a leg or a contact that has nothing more to say
is forgotten. An order to let go of something is carried out once more. What has failed may fail again: each is tried
twice in a unit of work, the second time by force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from softswitch.acd.model import AgentState, ContactEnded, Leave
from softswitch.call.signal import Finished, Reject, Release
from softswitch.call.table import S
from softswitch.callback.model import NumberBusy
from softswitch.contact.order import Closed, HangUp, MakeLeg, StopRecording, TellAcd, TellLedger, TellLeg
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

    def after(self, about: object, left: Collection[Effect] = ()) -> list[Effect]:
        """What ends the call that ``about`` (an effect, an input, a timer's key) belongs to; nothing if to none.

        ``left`` is what will still be done in this unit of work.
        """
        if _lets_go(about):
            assert isinstance(about, Effect)
            return [about] if self._again(f"order {id(about)}", 1) else []
        leg, contact = self._whose(about)
        legs = [leg] if leg else self._legs_of(contact)
        ends = self._contact_ends(contact, left, legs)
        return [
            *ends, *(order for name in legs for order in self._leg_ends(name, about)), *self._agents_freed(contact),
        ]  # fmt: skip

    # ---- whose it is -------------------------------------------------------------------------------------------

    def _whose(self, about: object) -> tuple[str, str]:
        """(leg, contact); "" for none."""
        calls = self._switch.calls
        leg = str(getattr(about, "leg", "") or getattr(about, "stream", "") or getattr(about, "owner", ""))
        contact = str(getattr(about, "supervision", "") or getattr(about, "contact", ""))  # his, not whom he hears
        match about:
            case (str(kind), str(name)):
                leg, contact = ("", name) if kind == "contact" else (name, "")
            case MakeLeg(made):
                leg, contact = "", made.partition(".")[0]  # it waits for a leg that will never speak
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

    def _again(self, name: str, tries: int = _TRIES) -> bool:
        self._tried[name] += 1
        return self._tried[name] <= tries

    def _contact_ends(self, name: str, left: Collection[Effect], but: Collection[str]) -> Sequence[Effect]:
        """``but``: legs that are ended beside it; twice would be by force, before a BYE has left."""
        contact = self._switch.calls.contacts.get(name)
        if contact is None or not self._again(name):
            return []
        if not contact.over and self._tried[name] < _TRIES:
            return self._switch.calls.to_contact(name, HangUp(broken=True))
        if Closed(name) in left:
            return []
        legs = [order for leg in self._legs_of(name) if leg not in but for order in self._leg_ends(leg, None)]
        last = contact.finish("failed", "us", self._switch.now) or contact.last_orders()
        return [*legs, StopRecording(f"room-{name}"), TellAcd(Leave(name, "failed")), *last]

    def _agents_freed(self, contact: str) -> list[Effect]:
        """Whoever is reserved for it, or talks in it."""
        freed: list[Effect] = []
        for spec in self._switch.acd.agents() if contact else ():
            held = self._switch.acd.agent(spec.name).holds(contact)
            if held is not None:
                rings = held.state is AgentState.RESERVED
                freed.append(TellAcd(Leave(contact, "failed") if rings else ContactEnded(contact, spec.name)))
        return freed

    def _leg_ends(self, name: str, about: object) -> Sequence[Effect]:
        leg = self._switch.calls.legs.get(name)
        if leg is None or not self._again(name):
            return []
        if leg.state is S.FINISHED or self._tried[name] == _TRIES:
            return [Finished(name)]
        return [TellLeg(name, Reject(500) if isinstance(about, CallWanted) else Release())]


def _lets_go(about: object) -> bool:
    """An order that frees what outlives the call; carrying it out twice does no harm."""
    match about:
        case Finished() | Closed() | StopRecording() | TellAcd() | TellLedger(NumberBusy(_, False)):
            return True
    return False
