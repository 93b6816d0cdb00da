"""Legs and contacts: who owns what, and the way of a signal from the one to the other and of an order back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from softswitch.call import identity
from softswitch.call.leg import Leg
from softswitch.call.signal import (
    Answered,
    Command,
    Failed,
    Finished,
    Offered,
    Progress,
    Referred,
    Reject,
    Release,
    Released,
    Respond,
    Texted,
    TransferWanted,
    Updated,
)
from softswitch.contact.callback import CallbackContact
from softswitch.contact.inbound import InboundContact
from softswitch.contact.order import Closed, FetchEnded, HangUp, MakeLeg, PromptEnded, RecordingLost, Silent, TellLeg
from softswitch.contact.permission import Party
from softswitch.contact.supervision import Supervision
from softswitch.contact.take import ALONE
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError, PortsExhausted
from softswitch.sdp import crypto
from softswitch.sdp.media import LocalMedia
from softswitch.sip.effect import (
    AckArrived,
    CancelArrived,
    RequestArrived,
    ResponseArrived,
    TransactionFailed,
)
from softswitch.sip.message import Request
from softswitch.switch.agent_codes import AgentCodes
from softswitch.switch.desk import CallWanted
from softswitch.switch.event import HttpAnswered, RecordingFailed
from softswitch.switch.extension import Extensions
from softswitch.switch.keys import Keys
from softswitch.switch.lamps import DIALOG
from softswitch.switch.leg_maker import LegMaker
from softswitch.switch.limit import AtLimit, UserLimits
from softswitch.switch.measuring import Measuring
from softswitch.switch.outgoing import Outgoing
from softswitch.switch.overload import retry_after_s
from softswitch.switch.ports import HttpDone, Hushed, Played, StreamLost, Unrecorded
from softswitch.switch.reception import Reception
from softswitch.switch.transfers import Transfers

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

Contact = InboundContact | CallbackContact | Supervision
FromEndpoint = RequestArrived | AckArrived | CancelArrived | ResponseArrived | TransactionFailed


class Calls:
    """The one owner of legs and contacts. ``contacts`` and ``legs`` are by id."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._media = switch.ports.media
        self.transfers = Transfers(switch)
        self.keys = Keys(switch)
        self.measuring = Measuring(switch.ports.keeper, self.contact_at)
        self.reception = Reception(switch.configuration, switch.ids, switch.dialplans, AgentCodes(switch))
        self.outgoing = Outgoing(switch)
        self._user_limits = UserLimits(switch)
        self._maker = LegMaker(switch.configuration, switch.ids)
        self.contacts: dict[str, Contact] = {}
        self.legs: dict[str, Leg] = {}
        self._contact_of: dict[str, str] = {}  # leg -> contact
        self._peers: dict[str, tuple[str, str]] = {}  # leg -> user, trunk
        self._by_dialog: dict[tuple[str, str], str] = {}  # (Call-ID, local tag) -> leg
        self._wanted: dict[str, CallWanted] = {}  # leg -> who calls, until its offer is read
        self.extensions = Extensions(switch.configuration, self._seen_at)
        switch.directory.living = self.extensions.living

    def _seen_at(self, user: str) -> None:
        """A leg at a phone of his is not what it was."""
        self._switch.lamps.touch(DIALOG, user)
        self._switch.workplaces.touch(user)

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        return {
            Offered: self._offered,
            Progress: self._with_media,
            Answered: self._with_media,
            Updated: self._with_media,
            Texted: self._signal,
            Referred: self._signal,
            TransferWanted: self.transfers.wanted,
            Released: self._ended,
            Failed: self._ended,
            Finished: self._finished,
            MakeLeg: self._make_leg,
            TellLeg: lambda order: self.tell_leg(order.leg, order.command),
            Closed: self._closed,
        }

    # ---- legs --------------------------------------------------------------------------------------------------

    def leg_of_dialog(self, call_id: str, local_tag: str) -> str | None:
        return self._by_dialog.get((call_id, local_tag))

    def tell_leg(self, name: str, event: FromEndpoint | Command) -> Sequence[Effect]:
        """A leg that is gone hears nothing: late responses are normal."""
        leg = self.legs.get(name)
        if leg is None:
            return []
        try:
            return leg.handle(event, self._switch.now)
        finally:  # a leg that raised half way still has to end
            self._switch.arm(("leg", name), leg.deadline)
            self.extensions.moved(name)
            if _changes(event):
                self._switch.journal.touch(self._contact_of.get(name, ""))

    def inbound(self, wanted: CallWanted) -> tuple[str, Sequence[Effect]]:
        """A leg for an INVITE; its contact is made when it says ``Offered``."""
        called = wanted.arrived.request.target.user
        urgent = bool(wanted.user) and self.reception.urgent(called)
        if len(self.contacts) >= self._switch.configuration.max_calls and not urgent:
            retry_after = str(retry_after_s(wanted.arrived.request.call_id))
            raise AtLimit(503, "Service Unavailable", "limit", (("Retry-After", retry_after),))
        replaced = self.transfers.admit(wanted)
        self._user_limits.admit(wanted.user, self.contact_at(replaced), called)
        name = self._switch.ids.name("leg")
        if wanted.trunk:
            self._switch.trunks.admit(name, wanted)
        try:
            local = self._open(name, wanted.user, wanted.trunk)
        except PeerError:
            self._switch.trunks.left(name)
            self._peers.pop(name, None)
            raise
        self._wanted[name] = wanted
        self._keep(self._maker.inbound(name, wanted, local))
        self.transfers.called_us(name, wanted)
        self.transfers.takes(name, replaced)
        effects = self.tell_leg(name, wanted.arrived)
        unheard = any(isinstance(one, Respond) and one.response.status == 488 for one in effects)
        # Whose phone offers nothing that we can hear may well take what we offer.
        lost = self.lost(wanted.arrived.request, wanted.user, wanted.trunk) if unheard else []
        return name, [*effects, *lost]

    def lost(self, request: Request, user: str, trunk: str, token: str = "") -> list[Effect]:
        """A call that is refused before it is a contact."""
        called = request.target.user
        if trunk:
            called = self._switch.trunks.called(trunk, request, called)
        return self.reception.lost(request, called, user, trunk, self._switch.unix, token)

    def _make_leg(self, order: MakeLeg) -> Sequence[Effect]:
        contact = order.leg.partition(".")[0]
        try:
            self._user_limits.admit(order.target.user, contact)
            if refusal := self._switch.trunks.carry(order.leg, order.target):
                raise PeerError(503, f"limit of the trunk: {refusal}")
            local = self._open(order.leg, order.target.user, order.target.trunk)
            referred = self.transfers.lines(order.leg, order.target)
            leg = self._maker.outbound(order, local, self._origin(order.leg), referred)
        except PeerError as error:
            self._media.close(order.leg)
            self._switch.trunks.left(order.leg)
            self._peers.pop(order.leg, None)
            failed = Failed(order.leg, error.status or 484, error.reason, "us", elsewhere=True)  # nothing was sent
            return self._tell_contact(contact, failed)
        self._keep(leg)
        self._switch.wire.hold_back(leg, order.until, order.follow_until)
        self.move(order.leg, contact)
        self.transfers.called(order.leg, order.target)
        if order.target.user:
            secret = self._origin(order.leg).private or isinstance(self.contacts.get(contact), Supervision)
            seen = ("", "") if secret else (order.caller, order.caller_name)
            self.extensions.begun(leg, order.target.user, False, *seen)
        return []

    def _origin(self, leg: str) -> identity.Origin:
        """What the caller said for whom this leg is made."""
        contact = self.contacts.get(leg.partition(".")[0])
        return identity.UNKNOWN if contact is None else contact.facts.origin

    def _open(self, name: str, user: str, trunk: str) -> LocalMedia:
        """Our end of a stream to this user, or over this trunk."""
        self._peers[name] = user, trunk
        try:
            address = self._media.open(name)
        except PortsExhausted:
            raise AtLimit(503, "No RTP Port Free", "limit") from None
        ids, configuration = self._switch.ids, self._switch.configuration
        listed, srtp = configuration.codecs(user, trunk), configuration.srtp(user, trunk)
        keys = crypto.fresh(ids.bits) if srtp != "off" else ()
        return LocalMedia(
            address, listed or configuration.usual_codecs, bool(listed), session_id=ids.bits(31),
            keys=keys, secured=srtp == "required", rtcp_mux=True,
        )  # fmt: skip

    def digits(self, leg: str) -> str:
        """In which form the peer of a leg takes keys: auto, info, tone."""
        return self._switch.configuration.digits(*self.peer(leg))

    def country(self, leg: str) -> str:
        """Whose tones the peer of a leg hears."""
        return self._switch.configuration.country(*self.peer(leg))

    def _keep(self, leg: Leg) -> None:
        self.legs[leg.id] = leg
        self._by_dialog[leg.call_id, leg.local_tag] = leg.id

    def take_up(self, leg: Leg, user: str, trunk: str, party: Party) -> None:
        """A leg of the former process, with somebody over this trunk, or with this user."""
        self._peers[leg.id] = user, trunk
        self._keep(leg)
        self._switch.arm(("leg", leg.id), leg.deadline)
        if leg.flow.connection and user and not trunk:
            self._switch.orphans.take(leg.id)
        self._switch.trunks.take_up(leg.id, trunk)
        self.transfers.take_up(leg.id, party)
        if leg.media is not None:
            self.keys.agreed(leg.id, leg.media)

    def peer(self, leg: str) -> tuple[str, str]:
        """User and trunk at the other end of a leg."""
        return self._peers.get(leg, ("", ""))

    def _finished(self, event: Finished) -> Sequence[Effect]:
        leg = self.legs.pop(event.leg, None)
        if leg is not None:
            self._by_dialog.pop((leg.call_id, leg.local_tag), None)
            self._switch.wire.let_go(leg)
        self.extensions.ended(event.leg)
        self.keys.ended(event.leg)
        self._switch.trunks.left(event.leg)
        self._peers.pop(event.leg, None)  # of one that had to be ended by force
        self._contact_of.pop(event.leg, None)
        self._wanted.pop(event.leg, None)
        self.transfers.forget(event.leg)
        self._switch.signalling.forget(event.leg)
        self._switch.arm(("leg", event.leg), None)
        self._media.close(event.leg)
        return []

    # ---- signals -----------------------------------------------------------------------------------------------

    def _offered(self, event: Offered) -> Sequence[Effect]:
        wanted = self._wanted.pop(event.leg)
        if wanted.trunk:
            called = self._switch.trunks.called(wanted.trunk, wanted.arrived.request, event.called)
            event = event if called == event.called else replace(event, called=called)
        taken_over = self.transfers.take_over(event)
        if taken_over is not None:
            self.extensions.begun(self.legs[event.leg], wanted.user, True, event.called)
            return taken_over
        supervised = self._switch.supervisions.called(event, wanted)
        if supervised is not None:
            return supervised
        made = self.reception.receive(event, wanted, self._switch.directory, self._switch.clock.epoch)
        if made is None:
            return self.tell_leg(event.leg, Reject(404))
        contact, first = made
        if wanted.user:
            self.extensions.begun(self.legs[event.leg], wanted.user, True, event.called)
        self.contacts[contact.id] = contact
        self.move(event.leg, contact.id)
        begun = contact.start(self._switch.wall(), self._switch.now)
        earlier = self.reception.earlier.pop(wanted.arrived.request.call_id, None)
        contact.record.started_at = contact.record.started_at if earlier is None else earlier
        return [*first, *self.rearmed(contact.id, begun)]

    def _with_media(self, event: Progress | Answered | Updated) -> Sequence[Effect]:
        self._switch.trunks.heard(event)
        leg = self.legs.get(event.leg)
        if event.media is not None and leg is not None:
            tones = self.keys.agreed(event.leg, event.media)
            self._media.connect(event.leg, event.media, leg.flow.remote[0], tones)
        return self._signal(event)

    def _ended(self, event: Released | Failed) -> Sequence[Effect]:
        self._switch.trunks.heard(event)
        self._switch.trunks.left(event.leg)
        self.measuring.closed(event.leg)
        self._peers.pop(event.leg, None)
        self._media.close(event.leg)
        self._switch.supervisions.touch()
        return self._signal(event)

    def _signal(self, event: Any) -> Sequence[Effect]:
        return self._tell_contact(self._contact_of.get(event.leg, ""), event)

    def contact_at(self, leg: str) -> str:
        """The name of the contact that owns this leg; "" none."""
        return self._contact_of.get(leg, "")

    def move(self, leg: str, contact: str) -> None:
        """From now on it is that contact's."""
        self._switch.journal.touch(self._contact_of.get(leg, ""))
        self._contact_of[leg] = contact
        self._media.group(leg, contact)
        self._switch.wire.book.claim(contact, leg, self.legs[leg].call_id)

    # ---- contacts ----------------------------------------------------------------------------------------------

    def to_contact(self, name: str, event: object) -> Sequence[Effect]:
        """An order of the ACD or the ledger that a contact must carry out."""
        return self._tell_contact(name, event)

    def settled(self, contact: CallbackContact) -> InboundContact:
        """The promise is kept: from now on it is a contact like others."""
        self.outgoing.closed(contact)
        onward = self.contacts[contact.id] = contact.onward()
        return onward

    def hang_up(self, name: str, unwanted: bool = False) -> Sequence[Effect]:
        return self._tell_contact(name, HangUp(unwanted))

    def due(self, kind: str, name: str) -> Sequence[Effect]:
        now = self._switch.now
        if kind == "leg":
            leg = self.legs.get(name)
            try:
                return leg.tick(now) if leg else []
            finally:
                self.extensions.moved(name)
                self._switch.journal.touch(self._contact_of.get(name, ""))
                self._switch.arm((kind, name), leg.deadline if leg else None)
        contact = self.contacts.get(name)
        return self.rearmed(name, contact.tick(now)) if contact else []

    def _tell_contact(self, name: str, event: object) -> Sequence[Effect]:
        contact = self.contacts.get(name)
        if contact is None:
            return []
        return self.rearmed(name, contact.handle(event, self._switch.now), _changes(event))

    def rearmed(self, name: str, effects: Sequence[Effect], changed: bool = True) -> Sequence[Effect]:
        if changed:
            self._switch.journal.touch(name)
        contact = self.contacts.get(name)
        self._switch.arm(("contact", name), contact.deadline if contact and not contact.over else None)
        return effects

    def _closed(self, event: Closed) -> Sequence[Effect]:
        contact = self.contacts.pop(event.contact, None)
        self._switch.journal.touch(event.contact)
        self._switch.wire.book.end(event.contact)
        self._switch.paths.ended(event.contact)
        self._switch.arm(("contact", event.contact), None)
        self.outgoing.closed(contact)
        return self._switch.gatherings.finished(event.contact)

    # ---- the world ----------------------------------------------------------------------------------------

    def played(self, event: Played) -> Sequence[Effect]:
        return self._signal(PromptEnded(event.stream, event.play, event.ok))

    def hushed(self, event: Hushed) -> Sequence[Effect]:
        return self._tell_contact(self.contact_at(event.stream), Silent(event.stream))

    def unrecorded(self, event: Unrecorded) -> Sequence[Effect]:
        """A talk goes on; somebody who speaks to nobody but us is told."""
        what, _, contact = event.recording.partition("-")
        told = self._tell_contact(contact, RecordingLost(event.recording)) if what == ALONE else []
        return [RecordingFailed(event.recording, event.kind, event.why), *told]

    def stream_lost(self, event: StreamLost) -> Sequence[Effect]:
        """A call without sound is worse than none: the peer is told."""
        return self.tell_leg(event.stream, Release(503))

    def http_done(self, event: HttpDone) -> Sequence[Effect]:
        told = self._tell_contact(event.contact, FetchEnded(event.request, event.answer))
        return [HttpAnswered(event.contact, event.answer.outcome, event.answer.seconds), *told]


def _changes(event: object) -> bool:
    """Whether it may change what the journal keeps: neither an ACK nor a ringing does that describes nothing."""
    if isinstance(event, ResponseArrived):
        return event.response.status >= 200 or bool(event.response.body)
    if isinstance(event, AckArrived):
        return bool(event.request.body)
    return not isinstance(event, Progress) or event.media is not None
