"""All trunks: their questions to name servers and carriers put and answered, and which call is on which of them.

What each trunk makes of the answers is decided in ``trunk_line``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from softswitch.call.signal import Answered, Failed, Progress, Released, Updated
from softswitch.contact.order import Target
from softswitch.contact.presentation import rewritten
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.core.legible import legible
from softswitch.sdp.media import Codec
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.final import retry_after_s
from softswitch.sip.flow import Flow
from softswitch.sip.locate import Hop, drawn
from softswitch.sip.message import Request
from softswitch.sip.probing import ProbeWanted, options
from softswitch.sip.registration import RegisterWanted
from softswitch.sip.uri import Uri, hostport
from softswitch.switch.configuration import Trunk
from softswitch.switch.overload import retry_after_s as retry_after_for
from softswitch.switch.ports import Resolved
from softswitch.switch.trunk_line import LookUp, TrunkDown, TrunkLine, TrunkUp

if TYPE_CHECKING:
    from softswitch.switch.desk import CallWanted
    from softswitch.switch.driver import Switch

OWNER = "trunk/"  # owners of our own transactions begin with it
_USER = "softswitch"
_KNOWN_S = 7200.0  # twice the longest time between two look-ups


class Trunks:
    """``lines`` are by name."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self.lines = {name: TrunkLine(spec, switch.ids) for name, spec in switch.configuration.trunks.items()}
        self._asked: dict[str, tuple[TrunkLine, Hop, str]] = {}  # owner -> whom, and with which method
        self._carried: dict[str, tuple[TrunkLine, Hop | None]] = {}  # leg -> by which way
        self._contacts = {contact_user(one.spec): one for one in self.lines.values() if one.registration}
        self._serial = 0

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        return {LookUp: self._look_up, ProbeWanted: self._probe, RegisterWanted: self._register}

    def start(self) -> Iterable[Effect]:
        return [effect for line in self.lines.values() for effect in self._armed(line, line.start(self._now))]

    def goodbye(self) -> Iterable[Effect]:
        """The switch ends: no carrier shall send calls here until our registration is over."""
        return [
            effect for line in self.lines.values() if line.registration for effect in line.registration.leave(self._now)
        ]

    @property
    def leaving(self) -> bool:
        return any(line.registration.leaving for line in self.lines.values() if line.registration)

    def due(self, name: str) -> Sequence[Effect]:
        line = self.lines[name]
        return self._armed(line, line.tick(self._now))

    @property
    def _now(self) -> float:
        return self._switch.now

    def _armed(self, line: TrunkLine, effects: list[Effect]) -> list[Effect]:
        self._switch.arm(("trunk", line.spec.name), line.deadline)
        if any(isinstance(effect, TrunkUp | TrunkDown) for effect in effects):
            self._switch.offices.recount()
        return effects

    # ---- questions and answers ---------------------------------------------------------------------------------

    def _look_up(self, order: LookUp) -> list[Effect]:
        self._switch.ports.resolver.resolve(order.trunk, order.wish)
        return []

    def resolved(self, event: Resolved) -> list[Effect]:
        line = self.lines.get(event.name)
        if line is None:
            return []
        if event.found is None:
            return self._armed(line, line.not_located(event.error, self._now))
        effects = line.located(event.found, self._now)
        for hop in line.known:  # nobody else's flood shuts them out
            self._switch.door.regulars.add(hop.address, self._switch.unix + _KNOWN_S)
        return self._armed(line, effects)

    def _probe(self, order: ProbeWanted) -> list[Effect]:
        line = self.lines[order.trunk]
        flow = self._flow(order.hop)
        if flow is None:
            line.probing.lost(order.hop, self._now)
            return self._armed(line, line.changes(self._now))
        request = options(hostport(line.spec.address[0], None), _contact(_USER, flow), self._switch.ids)
        return self._ask(line, order.hop, request, flow)

    def _register(self, order: RegisterWanted) -> list[Effect]:
        line = self.lines[order.trunk]
        registration = line.registration
        assert registration is not None
        hop = line.registrar(self._now)
        flow = self._flow(hop) if hop else None
        if hop is None or flow is None:
            return self._armed(line, registration.failed(503, self._now))
        return self._ask(line, hop, registration.request(_contact(contact_user(line.spec), flow)), flow)

    def _ask(self, line: TrunkLine, hop: Hop, request: Request, flow: Flow) -> list[Effect]:
        self._serial += 1
        owner = f"{OWNER}{self._serial}"
        self._asked[owner] = (line, hop, request.method)
        return self._switch.signalling.request(request, flow, owner)

    def _flow(self, hop: Hop) -> Flow | None:
        return self._switch.configuration.flow(hop.transport, hop.address, hop.server_name)

    def owns(self, owner: str) -> bool:
        """Whether the transaction is a question of ours."""
        return owner.startswith(OWNER)

    def answered(self, event: ResponseArrived | TransactionFailed) -> list[Effect]:
        if isinstance(event, ResponseArrived) and event.response.status < 200:
            return []
        line, hop, method = self._asked.pop(event.owner, (None, None, ""))
        if line is None or hop is None:
            return []
        if isinstance(event, TransactionFailed):
            return self._unanswered(event, line, hop, method)
        now, status = self._now, event.response.status
        line.probing.answered(hop, now)
        if status == 503:
            line.bury(hop, now, retry_after_s(event.response))
        else:
            line.dead.revive(hop)
        effects: list[Effect] = []
        if method == "REGISTER" and line.registration is not None:
            contact = _contact(contact_user(line.spec), event.flow)
            effects = line.registration.answered(event.response, contact, now, self._elsewhere(line))
            line.home = hop
        return self._armed(line, [*effects, *line.changes(now)])

    def _unanswered(self, event: TransactionFailed, line: TrunkLine, hop: Hop, method: str) -> list[Effect]:
        now = self._now
        if method == "OPTIONS" and event.why == "timeout":
            return []  # the patience with it was over long ago
        line.bury(hop, now)
        line.probing.lost(hop, now)
        effects: list[Effect] = []
        if method == "REGISTER" and line.registration is not None:
            effects = line.registration.failed(event.status, now, self._elsewhere(line))
        return self._armed(line, [*effects, *line.changes(now)])

    def flow_failed(self, flow: Flow) -> list[Effect]:
        """A connection is gone: what was registered over it is registered again."""
        if not flow.connection:
            return []
        bound = [one for one in self._contacts.values() if any(hop.address == flow.remote for hop in one.known)]
        return [
            effect
            for one in bound
            if one.registration
            for effect in self._armed(one, one.registration.flow_lost(self._now))
        ]

    def _elsewhere(self, line: TrunkLine) -> bool:
        """Whether a server is left that has not failed."""
        return any(line.dead.left_s(hop, self._now) == 0.0 for hop in line.hops(self._now))

    # ---- calls that leave --------------------------------------------------------------------------------------

    def ways(self, name: str, careful: bool) -> list[tuple[TrunkLine, Hop, Flow]]:
        """Through the trunk, or the group of that name: each server of each trunk that is up, in turn.

        ``careful``: for a call that cannot be tried elsewhere after a silence.
        """
        members = [line for line in self.lines.values() if name in (line.spec.name, line.spec.group)]
        up = [line.spec for line in members if not line.fault(self._now)]
        order = [self.lines[spec.name] for spec in drawn(up, self._switch.ids.fraction)]
        found = [(line, hop, flow) for line in order for hop in line.hops(self._now) if (flow := self._flow(hop))]
        return sorted(found, key=lambda way: way[0].dead.rank(way[1], self._now, careful))

    def down(self, name: str) -> bool:
        """Whether there is such a trunk or group, and nothing of it is up."""
        members = [line for line in self.lines.values() if name in (line.spec.name, line.spec.group)]
        return bool(members) and all(line.fault(self._now) for line in members)

    def carry(self, leg: str, target: Target) -> str:
        """A call is about to leave: why it may not, or ""."""
        line = self.lines.get(target.trunk)
        if line is None:
            return ""
        if refusal := self._refusal(line):
            return refusal
        line.legs.add(leg)
        self._carried[leg] = (line, Hop(target.flow.transport, target.flow.remote, target.flow.host))
        return ""

    def _refusal(self, line: TrunkLine) -> str:
        """Why it may carry no call more. A leg that a defect of ours has swallowed is not one of its calls."""
        if line.full:
            for leg in line.legs - self._switch.calls.legs.keys():
                self.left(leg)
        return line.refusal(self._now)

    def heard(self, event: Progress | Answered | Updated | Released | Failed) -> None:
        """How a leg gets on, as far as it says something about the server that it was sent to."""
        line, hop = self._carried.get(event.leg, (None, None))
        if line is None or hop is None:
            return
        match event:
            case Failed() if event.silent or event.elsewhere:
                line.bury(hop, self._now, event.retry_after_s)
            case Progress() | Answered() | Failed(by="peer"):
                line.dead.revive(hop)

    def left(self, leg: str) -> None:
        """The call is over."""
        line, _ = self._carried.pop(leg, (None, None))
        if line is not None:
            line.legs.discard(leg)

    # ---- calls that come in ------------------------------------------------------------------------------------

    def admit(self, leg: str, wanted: CallWanted) -> tuple[Codec, ...]:
        """A call has come in by a trunk: the codecs that it has there. Raises ``PeerError`` (503)."""
        line = self.lines[wanted.trunk]
        if refusal := self._refusal(line):
            retry_after = str(retry_after_for(wanted.arrived.request.call_id))
            raise PeerError(503, f"Trunk Limit: {refusal}", headers=(("Retry-After", retry_after),))
        line.legs.add(leg)
        self._carried[leg] = (line, None)
        return line.spec.manners.codecs

    def called(self, trunk: str, request: Request, number: str) -> str:
        """Which number of ours a trunk means. A registrar calls the contact that we gave it, and says whom in To."""
        spec = self.lines[trunk].spec
        if number == contact_user(spec):
            number = legible(request.to.uri.user)
        return rewritten(number, spec.manners.inbound)

    def of_flow(self, flow: Flow) -> Trunk | None:
        """The trunk whose certificate or source this is: as configured, else one of its servers."""
        host, port = flow.remote
        for line in self.lines.values():
            if line.spec.certificate and line.spec.certificate in flow.names:
                return line.spec
            sources = line.spec.sources
            if (host, port) in sources or (host, None) in sources:
                return line.spec
            if not sources and any(_from(hop, flow) for hop in line.known):
                return line.spec
        return None

    def of_contact(self, user: str) -> Trunk | None:
        """The trunk whose registrar calls us by the contact that only it was told."""
        line = self._contacts.get(user)
        return line.spec if line else None


def _from(hop: Hop, flow: Flow) -> bool:
    """Over UDP a server sends from where it listens; over a connection of its own, from any port."""
    same = hop.address == flow.remote if flow.transport == "udp" else hop.address[0] == flow.remote[0]
    return same and hop.transport == flow.transport


def contact_user(trunk: Trunk) -> str:
    """The user part of the Contact that we register: nobody who was not told can make it up."""
    password = trunk.credentials[1] if trunk.credentials else ""
    mark = hmac.new(password.encode(), f"contact of trunk {trunk.name}".encode(), hashlib.sha256).hexdigest()
    return f"{trunk.name}-{mark[:24]}"


def _contact(user: str, flow: Flow) -> str:
    return f"{Uri('sip', user, *flow.sent_by)};transport={flow.uri_transport}"
