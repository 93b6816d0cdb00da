"""SIP in and out of the driver: endpoint, front desk, and which leg a message belongs to.

A request that begins something is looked at before there is a transaction for it: what is refused, and what can be
answered without knowing who asks, is answered on the spot, so that a flood of it leaves nothing behind.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from softswitch.call.leg import Leg
from softswitch.call.signal import Respond, SendAck, SendCancel, SendRequest
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip import brief
from softswitch.sip.effect import (
    AckArrived,
    CancelArrived,
    RequestArrived,
    ResponseArrived,
    Send,
    TransactionFailed,
)
from softswitch.sip.endpoint import Stray
from softswitch.sip.flow import Flow
from softswitch.sip.matching import server_key
from softswitch.sip.message import Request, Response, parse
from softswitch.switch.desk import CallWanted, Desk, SubscribeWanted, TextWanted
from softswitch.switch.event import CallShed, MessageDropped
from softswitch.switch.limit import AtLimit
from softswitch.switch.overload import Rank, retry_after_s
from softswitch.switch.place import Places
from softswitch.switch.ports import Arrived, FlowFailed, Malformed

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

MOST_TURNED_AWAY = 20_000
WRITE_DOWN_S = 0.05
A_FEW = 20


class Signalling:
    def __init__(self, switch: Switch, desk: Desk) -> None:
        self._switch = switch
        self._desk = desk
        self._places = Places(switch, desk)
        self._endpoint = switch.endpoint
        self._legs_by_invite: dict[str, str] = {}  # INVITE server transaction -> leg, for CANCEL
        self._invite_of: dict[str, str] = {}  # and back, to forget it
        self.shed = 0  # calls refused without being read, since that was last published
        self._turned_away: deque[tuple[bytes, Flow]] = deque()  # INVITEs; the ledger has yet to hear

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        return {
            Send: self._send,
            RequestArrived: self._request,
            AckArrived: self._in_dialog,
            CancelArrived: self._cancel,
            ResponseArrived: self._to_owner,
            TransactionFailed: self._to_owner,
            CallWanted: self._call_wanted,
            SendRequest: self._ask,
            SendCancel: lambda order: self._endpoint.cancel(order.leg, self._now, order.causes),
            SendAck: lambda order: self._endpoint.ack(order.request, order.flow),
            Respond: self._respond,
        }

    @property
    def _now(self) -> float:
        return self._switch.now

    # ---- from the wire -----------------------------------------------------------------------------------------

    def arrived(self, event: Arrived) -> Iterable[Effect]:
        self._switch.wire.arrived(event)
        message, flow = event.message, event.flow
        try:
            if isinstance(message, Request) and message.method != "ACK":
                begins = self._endpoint.begins(message)
                answered = self._at_once(message, flow) if begins else self._repeated(message, flow)
                if answered is not None:
                    return answered
            effects = self._endpoint.received(message, flow, self._now)
            if isinstance(message, Response) and effects and isinstance(effects[0], Stray):
                return self._repeated_success(message, flow) or effects
            return effects
        except PeerError:
            self._switch.wire.dropped(flow.transport, "malformed")
            return []

    def once_more(self, event: Arrived, user: str, trunk: str) -> list[Effect]:
        """An INVITE of the former process, which knew whose it is. We may not know yet where the servers of a trunk
        are, and what was a nonce then is none of ours. What came again by itself meanwhile is a repetition."""
        self._switch.wire.arrived(event)
        effects = self._endpoint.received(event.message, event.flow, self._now)
        return [CallWanted(one, user, trunk) if isinstance(one, RequestArrived) else one for one in effects]

    def _repeated_success(self, response: Response, flow: Flow) -> Sequence[Effect]:
        """A 2xx whose ACK got lost, to an INVITE of the former process: the leg acknowledges it once more."""
        if response.cseq.method != "INVITE" or response.status // 100 != 2:
            return []
        leg = self._switch.calls.leg_of_dialog(response.call_id, response.from_.tag or "")
        return self._switch.calls.tell_leg(leg, ResponseArrived(leg, "", response, flow)) if leg else []

    def _at_once(self, request: Request, flow: Flow) -> list[Effect] | None:
        """What becomes of a request without a transaction; None where it is to have one."""
        tag = request.to.tag
        if tag is not None and request.method == "SUBSCRIBE" and self._switch.lamps.knows(request.call_id, tag):
            return self._desk.at_once(request, flow, self._switch.unix)  # nobody refreshes for somebody else
        if tag is not None and request.method != "CANCEL":
            leg = self._leg(request)
            return self._inside(leg, request, flow) if leg else self._desk.says(request, flow, 481)
        if request.method == "CANCEL":
            waits = self._switch.offices.arrivals.awaits(request.call_id)  # it will come again (section 17.1.2.2)
            return [] if waits else self._desk.says(request, flow, 481)
        answered = self._shed(request, flow) or self._desk.at_once(request, flow, self._switch.unix)
        if request.method == "REGISTER":
            self._switch.arm_registrar()
        return answered

    def _repeated(self, request: Request, flow: Flow) -> list[Effect] | None:
        """The answer to a CANCEL that is none of who has sent the INVITE; None where the transaction is to hear it."""
        if request.method != "CANCEL":
            return None
        leg = self._switch.calls.legs.get(self.leg_of_invite(server_key(request, "INVITE")))
        return self._desk.says(request, flow, 481) if leg and not self._places.may_cancel(leg, flow) else None

    def _inside(self, leg: Leg, request: Request, flow: Flow) -> list[Effect] | None:
        """The answer to a request of a dialog that its leg is not to hear; None where it is."""
        refused = self._places.refused(leg, request, flow)
        if refused is None and request.method == "MESSAGE" and not self._switch.texts.readable(leg.id):
            return self._desk.says(request, flow, 480)  # RFC 3428 section 7: 2xx would say that it will be read
        return refused

    def skimmed(self, data: bytes, flow: Flow) -> bytes | None:
        """What to say to a datagram that is not worth reading, so much is there to do; None where it is to be read."""
        overload = self._switch.overload
        if not overload.pressure:
            return None
        if brief.acknowledges(data):
            return b""
        if not data.startswith(b"INVITE ") or not self._switch.door.known(flow.remote, self._switch.unix):
            return None
        seen = brief.skim(data, flow.remote)
        if seen is None or seen.transaction in self._legs_by_invite or not overload.sheds(Rank.CALL, seen.call_id):
            return None
        if self._switch.calls.reception.urgent(brief.called(data)):
            return None
        self._turn_away(data, flow)
        self.shed += 1
        return seen.refusal(retry_after_s(seen.call_id))

    def _turn_away(self, data: bytes, flow: Flow) -> None:
        """For the ledger, when there is time to read it."""
        if len(self._turned_away) < MOST_TURNED_AWAY:
            self._turned_away.append((data, flow))
            if len(self._turned_away) == 1:
                self._switch.arm(("turned away", ""), self._now + WRITE_DOWN_S)

    def _shed(self, request: Request, flow: Flow) -> list[Effect]:
        """Too much to do: a new call is told so, what is not urgent is not heard. A trunk that asks whether we take
        calls is told no while we are draining."""
        drains = request.method == "OPTIONS" and self._switch.offices.draining.on
        if drains and self._switch.directory.trunk_of(flow, request):
            return self._desk.busy(request, flow)
        overload = self._switch.overload
        if not overload.pressure:
            return []
        known = self._switch.door.known(flow.remote, self._switch.unix)
        rank = Rank.STRANGER if not known else Rank.CALL if request.method == "INVITE" else Rank.KNOWN
        if not overload.sheds(rank, request.call_id):
            return []
        if rank is not Rank.CALL:
            # On a stream nobody repeats what has arrived: silence would be waited out for half a minute.
            told = self._desk.busy(request, flow) if flow.reliable else []
            return [*told, MessageDropped(flow.transport, "overload")]
        trunk = self._switch.directory.trunk_of(flow, request)
        if trunk is None and self._switch.calls.reception.urgent(request.target.user):
            return []
        if trunk:
            self._turn_away(request.octets, flow)
        return [*self._desk.busy(request, flow), CallShed("overload")]

    def _lost(self, data: bytes, flow: Flow) -> list[Effect]:
        with contextlib.suppress(PeerError):
            request = parse(data)
            if isinstance(request, Request) and (trunk := self._switch.directory.trunk_of(flow, request)):
                return self._switch.calls.lost(request, "", trunk.name)
        return []

    def write_down(self) -> list[Effect]:
        """Tell the ledger of calls that were shed; a few at a time, and more of them when there is time again."""
        few = 1 if self._switch.overload.pressure else A_FEW
        lost: list[Effect] = []
        for _ in range(min(few, len(self._turned_away))):
            lost += self._lost(*self._turned_away.popleft())
        if self._turned_away:
            self._switch.arm(("turned away", ""), self._now + WRITE_DOWN_S)
        return lost

    @property
    def unread(self) -> int:
        """Calls that were shed, of which the ledger has yet to hear."""
        return len(self._turned_away)

    def malformed(self, event: Malformed) -> Iterable[Effect]:
        self._switch.wire.unread(event)
        return self._desk.malformed(event.error, event.flow)

    def flow_failed(self, event: FlowFailed) -> Iterable[Effect]:
        broken = [*self._switch.registrar.drop(event.flow), *self._switch.lamps.flow_failed(event.flow)]
        broken += self._switch.questions.flow_failed(event.flow)
        for effect in self._endpoint.transport_failed(event.flow, self._now):
            broken += self._another_way(effect) if isinstance(effect, Send) and effect.begins else [effect]
        return broken

    def _another_way(self, order: Send) -> list[Effect]:
        """What nobody has heard goes by another way: not the INVITE of a call that has ended meanwhile, and what is
        written down of it has the Via of that way."""
        request = order.message
        if not isinstance(request, Request) or request.method != "INVITE" or request.to.tag is not None:
            return [order]
        calls = self._switch.calls
        leg = calls.legs.get(calls.leg_of_dialog(request.call_id, request.from_.tag or "") or "")
        if leg is None or leg.leg.state is S.ABANDONED:
            return self._endpoint.unsent(request)
        self._switch.journal.touch(calls.contact_at(leg.id))
        return [order]

    def blame(self, effect: Effect, error: PeerError) -> list[Effect]:
        """A peer broke a rule while we did what its message asked for."""
        lost: list[Effect] = []
        if isinstance(effect, CallWanted):
            if isinstance(error, AtLimit):
                found = self._switch.calls.lost(effect.arrived.request, effect.user, effect.trunk)
                lost = [CallShed(error.why), *found]
            effect = effect.arrived
        if isinstance(effect, SubscribeWanted | TextWanted):
            effect = effect.arrived
        if isinstance(effect, RequestArrived) and error.status:
            return [Respond(effect.transaction, self._desk.refusal(effect.request, error)), *lost]
        self._switch.wire.dropped("any", "malformed")
        return []

    # ---- to whom it belongs ------------------------------------------------------------------------------------

    def _request(self, event: RequestArrived) -> Sequence[Effect]:
        if event.request.to.tag:
            return self._in_dialog(event)
        effects = self._desk.request(event, self._switch.unix)
        self._switch.arm_registrar()
        return effects

    def _in_dialog(self, event: RequestArrived | AckArrived) -> Sequence[Effect]:
        request = event.request
        leg = self._leg(request)
        if leg is not None:
            heard = self._places.heard(leg, event) if isinstance(event, AckArrived) else event
            told = self._switch.calls.tell_leg(leg.id, heard) if heard else []
            return [*told, *self._switch.orphans.heard(leg.id), *self._switch.rollcall.heard(leg.id)]
        if request.method == "SUBSCRIBE" and isinstance(event, RequestArrived):
            return self._desk.request(event, self._switch.unix)
        if isinstance(event, RequestArrived):
            raise PeerError(481, "Call/Transaction Does Not Exist")
        self._switch.wire.dropped(event.flow.transport, "no_dialog")
        return []

    def _leg(self, request: Request) -> Leg | None:
        """Whose dialog this is in."""
        calls = self._switch.calls
        return calls.legs.get(calls.leg_of_dialog(request.call_id, request.to.tag or "") or "")

    def _cancel(self, event: CancelArrived) -> Sequence[Effect]:
        leg = self._legs_by_invite.get(event.transaction)
        return self._switch.calls.tell_leg(leg, event) if leg else []

    def _to_owner(self, event: ResponseArrived | TransactionFailed) -> Sequence[Effect]:
        for office in (self._switch.phones, self._switch.questions, self._switch.lamps, self._switch.texts):
            if office.owns(event.owner):
                return office.answered(event)
        told = self._switch.calls.tell_leg(event.owner, event)
        if isinstance(event, ResponseArrived) and event.response.status < 200:
            return told
        return [*told, *self._switch.rollcall.heard(event.owner)]

    def _call_wanted(self, event: CallWanted) -> Sequence[Effect]:
        if (refused := self._switch.offices.draining.refuse(event)) is not None:
            return refused
        leg, effects = self._switch.calls.inbound(event)
        if leg:
            self._legs_by_invite[event.arrived.transaction] = leg
            self._invite_of[leg] = event.arrived.transaction
        return effects

    def leg_of_invite(self, transaction: str) -> str:
        """The leg that an INVITE has begun; "" for none."""
        return self._legs_by_invite.get(transaction, "")

    def forget(self, leg: str) -> None:
        self._legs_by_invite.pop(self._invite_of.pop(leg, ""), None)

    # ---- to the wire -------------------------------------------------------------------------------------------

    def request(self, request: Request, flow: Flow, owner: str) -> list[Effect]:
        """Send a request of ours outside of any leg; ``owner`` hears what becomes of it."""
        return self._endpoint.request(request, flow, owner, self._now)

    def _ask(self, order: SendRequest) -> Sequence[Effect]:
        held = self._switch.orphans.holds(order)
        return [] if held else self._endpoint.request(order.request, order.flow, order.leg, self._now)

    def _send(self, order: Send) -> Sequence[Effect]:
        if order.begins and isinstance(order.message, Request) and self._switch.wire.holds(order.message):
            return self._endpoint.unsent(order.message)
        self._switch.wire.send(order)
        return []

    def _respond(self, order: Respond) -> Sequence[Effect]:
        return self._endpoint.respond(order.transaction, order.response, self._now)
