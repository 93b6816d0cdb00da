"""Transfers in the driver: which legs and contacts a REFER or a Replaces speaks of, and where a number leads.

Only looked up here: who is at which leg, whose call a dialog is, whether a host is ours. ``contact.permission`` says
who may, ``contact.transfer`` what then happens. A leg moves between contacts here, since here is who owns both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from softswitch.call.leg import Leg
from softswitch.call.signal import Command, Offered, Reject, Release, TransferProgress, TransferWanted
from softswitch.call.table import S
from softswitch.contact import permission
from softswitch.contact.callback import CallbackContact
from softswitch.contact.event import TransferEnded
from softswitch.contact.handover import LegReplaced, TransferJoin, TransferTo
from softswitch.contact.inbound import InboundContact
from softswitch.contact.order import Target
from softswitch.contact.permission import Party
from softswitch.contact.routing import PlanRoute
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip.refer import Replaces, replaces
from softswitch.sip.uri import Uri, parse_uri
from softswitch.switch.desk import CallWanted

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

_OVER = (S.BYE_DUE, S.LEAVING, S.ENDED, S.FINISHED)
_STRANGER = Party()


class Transfers:
    """Owns who is at which leg. Legs and contacts are ``Calls``'s."""

    hears = (TransferEnded,)

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._parties: dict[str, Party] = {}  # by leg
        self._taking: dict[str, str] = {}  # inbound leg -> the leg that it is to replace

    # ---- who is where ------------------------------------------------------------------------------------------

    def called_us(self, leg: str, wanted: CallWanted) -> None:
        trunk = self._switch.configuration.trunks.get(wanted.trunk)
        self._parties[leg] = Party(wanted.user, wanted.user, trunk is not None and trunk.transfer)

    def called(self, leg: str, target: Target) -> None:
        trunk = self._switch.configuration.trunks.get(target.trunk)
        number = target.user or parse_uri(target.to_uri).user
        self._parties[leg] = Party(target.user, number, trunk is not None and trunk.transfer)

    def lines(self, leg: str, target: Target) -> tuple[tuple[str, str], ...]:
        """Our phones are told who has sent the caller (RFC 3892); it is nobody else's business."""
        contact = self._switch.calls.contacts.get(leg.partition(".")[0])
        pending = contact.pending if isinstance(contact, InboundContact) else None
        if pending is None or not pending.who.user or not target.user:
            return ()
        return (("Referred-By", f"<{Uri('sip', pending.who.user, self._switch.configuration.realm)}>"),)

    def forget(self, leg: str) -> None:
        self._parties.pop(leg, None)
        self._taking.pop(leg, None)

    def take_up(self, leg: str, party: Party) -> None:
        """As the former process knew it."""
        self._parties[leg] = party

    def user_of(self, leg: str) -> str:
        """Which of our users is at the other end; "" where it is none."""
        return self.party(leg).user

    def party(self, leg: str) -> Party:
        return self._parties.get(leg, _STRANGER)

    # ---- REFER -------------------------------------------------------------------------------------------------

    def wanted(self, event: TransferWanted) -> Sequence[Effect]:
        contact = self.settled_at(event.leg)
        kind = "blind" if event.replaces is None else "attended"
        ours = not event.number or self._ours(event.leg, event.host)
        status = 403 if contact is None else contact.can_transfer(event.leg)
        if contact is not None and not status:
            if event.replaces is None:
                return self._blind(contact, event, event.number or event.host, ours)
            consulting = self._dialog(event.replaces)
            if consulting is not None and consulting.id != event.leg:
                return self._attended(contact, event, consulting, ours)
            status = 481
        return self._refused(event.leg, kind, status, ours)

    def _refused(self, leg: str, kind: str, status: int, ours: bool) -> list[Effect]:
        contact = self._switch.calls.contact_at(leg)
        fact = TransferEnded(contact, kind, "refused" if ours else "foreign")
        return [fact, *self._switch.calls.tell_leg(leg, TransferProgress(status))]

    def _blind(self, contact: InboundContact, event: TransferWanted, number: str, ours: bool) -> Sequence[Effect]:
        who = self.party(event.leg)
        calls = self._switch.calls
        route = calls.reception.route(number, who.internal)
        status = permission.blind(who, ours, route)
        if route is None or status:
            return self._refused(event.leg, "blind", status, ours)
        script = calls.reception.script(route, contact.language, self._switch.directory)
        plan = route.plan.name if isinstance(route, PlanRoute) else ""
        order = TransferTo(event.leg, who, self._other(contact, event.leg), number, script,
                           plan, self._switch.wall())  # fmt: skip
        return calls.to_contact(contact.id, order)

    def _attended(
        self, contact: InboundContact, event: TransferWanted, consulting: Leg, ours: bool
    ) -> Sequence[Effect]:
        who = self.party(event.leg)
        status = permission.attended(who, self.party(consulting.id), ours)
        second = self.settled_at(consulting.id)
        if status or second is None or second is contact:
            return self._refused(event.leg, "attended", status or 403, ours)
        if second.can_transfer(consulting.id) == 0 and second.is_visit and not contact.is_visit:
            told = TransferProgress(200, leave=True)  # from a phone that sends its REFER by the other call
            joined = self._join(second, consulting.id, contact, event.leg, told)
        else:
            joined = self._join(contact, event.leg, second, consulting.id, Release(487))
        if joined is not None:
            return joined
        if consulting.id != second.leg:
            return self._refused(event.leg, "attended", 403, ours)
        # Nobody is there yet, but a plan or a queue: the other party goes there in his place.
        orders = self._blind(contact, event, second.facts.called, ours)
        gone = self._switch.calls.hang_up(second.id) if contact.bridge is None else ()
        return [*gone, *orders]  # he makes room: the slot that he was told, where he wanted to park the call

    def _join(
        self, stays: InboundContact, leg: str, ends: InboundContact, gone: str, last: Command
    ) -> list[Effect] | None:
        """What ``gone`` talks to in one contact comes in the place of ``leg`` in the other; None: that is nobody."""
        yielded = ends.yield_other(gone, last, self._switch.now)
        if yielded is None:
            return None
        taken, orders = yielded
        for moved in taken.legs:
            self._switch.calls.move(moved, stays.id)
        join = TransferJoin(leg, self.party(leg), self._other(stays, leg), ends.facts.called, taken)
        return [*orders, *self._switch.calls.to_contact(stays.id, join)]

    def _other(self, contact: InboundContact, leg: str) -> Party:
        assert contact.bridge is not None
        party = self.party(contact.bridge.other(leg))
        if not party.number and contact.bridge.other(leg) == contact.leg:
            return replace(party, number=contact.facts.caller)  # from a trunk
        return party

    def note(self, fact: TransferEnded) -> None:
        """Lamps show who talks to whom now."""
        contact = self._switch.calls.contacts.get(fact.contact)
        if fact.outcome != "done" or not isinstance(contact, InboundContact) or contact.bridge is None:
            return
        for leg in (contact.bridge.left, contact.bridge.right):
            self._switch.calls.extensions.talks_to(leg, self._other(contact, leg).number)

    # ---- INVITE with Replaces ----------------------------------------------------------------------------------

    def admit(self, wanted: CallWanted) -> str:
        """The leg that this INVITE is to replace, "" none. Raises ``PeerError`` (RFC 3891 section 3)."""
        asked = replaces(wanted.arrived.request)
        if asked is None:
            return ""
        leg = self._dialog(asked)
        if leg is None or leg.state in (S.OFFERED, S.ACCEPT_DUE):  # an early dialog that we did not begin
            raise PeerError(481, "Call/Transaction Does Not Exist")
        if not wanted.user:
            raise PeerError(403, "Forbidden")
        if leg.state in _OVER:
            raise PeerError(603, "Decline")
        if asked.early_only and leg.state in (S.UP, S.ANSWERED):
            raise PeerError(486, "Busy Here")
        return leg.id

    def takes(self, new: str, old: str) -> None:
        if old:
            self._taking[new] = old

    def take_over(self, event: Offered) -> Sequence[Effect] | None:
        """The new leg takes its place; None where it is an ordinary call."""
        old = self._taking.pop(event.leg, None)
        if old is None:
            return None
        calls = self._switch.calls
        contact = self.settled_at(old)
        if contact is None:
            return calls.tell_leg(event.leg, Reject(481))
        calls.move(event.leg, contact.id)
        return calls.to_contact(contact.id, LegReplaced(old, event.leg, self.party(event.leg)))

    # ---- looking up --------------------------------------------------------------------------------------------

    def settled_at(self, leg: str) -> InboundContact | None:
        """A callback whose parties talk becomes a contact like others; before that nobody can be transferred.

        Nor can a supervisor.
        """
        calls = self._switch.calls
        contact = calls.contacts.get(calls.contact_at(leg))
        if isinstance(contact, CallbackContact):
            return calls.settled(contact) if contact.bridge is not None else None
        return contact if isinstance(contact, InboundContact) else None

    def _dialog(self, asked: Replaces) -> Leg | None:
        """Ours, whichever end the tags were taken from: lamps show a phone's own view of its dialog."""
        for ours, theirs in ((asked.to_tag, asked.from_tag), (asked.from_tag, asked.to_tag)):
            leg = self._switch.calls.legs.get(self._switch.calls.leg_of_dialog(asked.call_id, ours) or "")
            if leg is not None and leg.remote_tag in (theirs, None):
                return leg
        return None

    def _ours(self, leg: str, host: str) -> bool:
        """The realm, an address of ours, or the name by which the peer itself has called us."""
        one = self._switch.calls.legs[leg]
        names = {self._switch.configuration.realm, one.flow.local[0], one.flow.sent_by[0], one.called_as}
        for point in self._switch.configuration.listeners:
            names |= {point.local[0], point.advertised[0] if point.advertised else ""}
        return host.lower() in {name.lower() for name in names if name}
