"""What we ask on behalf of trunks, and what comes back: name servers, registrars, and servers whether they live.

What each trunk makes of the answers is decided in ``trunk_line``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from softswitch.core.effect import Effect
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.final import retry_after_s
from softswitch.sip.flow import Flow
from softswitch.sip.locate import Hop, Located
from softswitch.sip.message import Request
from softswitch.sip.probing import ProbeWanted, options
from softswitch.sip.registration import RegisterWanted
from softswitch.sip.uri import Uri, hostport
from softswitch.switch.ports import Resolved
from softswitch.switch.trunk_line import LookUp, TrunkLine
from softswitch.switch.trunks import contact_user

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

OWNER = "trunk/"  # owners of our own transactions begin with it
_USER = "softswitch"
_KNOWN_S = 7200.0  # twice the longest time between two look-ups


class TrunkQuestions:
    """Asks with transactions of its own, in no dialog."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._trunks = switch.trunks
        self._asked: dict[str, tuple[TrunkLine, Hop, str]] = {}  # owner -> whom, and with which method
        self._serial = 0

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        return {LookUp: self._look_up, ProbeWanted: self._probe, RegisterWanted: self._register}

    @property
    def _now(self) -> float:
        return self._switch.now

    def _look_up(self, order: LookUp) -> list[Effect]:
        self._switch.ports.resolver.resolve(order.trunk, order.wish)
        return []

    def resolved(self, event: Resolved) -> list[Effect]:
        line = self._trunks.lines.get(event.name)
        if line is None:
            return []
        if event.found is None:
            return self._trunks.armed(line, line.not_located(event.error, self._now))
        effects = line.located(self._others(event.found), self._now)
        for hop in line.known:  # nobody else's flood shuts them out
            self._switch.door.regulars.add(hop.address, self._switch.unix + _KNOWN_S)
        return self._trunks.armed(line, effects)

    def _others(self, found: Located) -> Located:
        """Without ourselves: a call that a name server has led back to us would pass for one of the carrier's."""
        ours = self._switch.configuration.ours
        servers = [replace(one, hops=tuple(hop for hop in one.hops if not ours(hop.address))) for one in found.servers]
        return replace(found, servers=tuple(one for one in servers if one.hops))

    def _probe(self, order: ProbeWanted) -> list[Effect]:
        line = self._trunks.lines[order.trunk]
        flow = self._trunks.flow(order.hop)
        if flow is None:
            line.probing.lost(order.hop, self._now)
            return self._trunks.armed(line, line.changes(self._now))
        domain = f"sip:{hostport(line.spec.address[0], None)}"
        request = options(domain, domain, _contact(_USER, flow), self._switch.ids)
        return self._ask(line, order.hop, request, flow)

    def _register(self, order: RegisterWanted) -> list[Effect]:
        line = self._trunks.lines[order.trunk]
        registration = line.registration
        assert registration is not None
        hop = line.registrar(self._now)
        flow = self._trunks.flow(hop) if hop else None
        if hop is None or flow is None:
            return self._trunks.armed(line, registration.failed(503, self._now))
        return self._ask(line, hop, registration.request(_contact(contact_user(line.spec), flow)), flow)

    def _ask(self, line: TrunkLine, hop: Hop, request: Request, flow: Flow) -> list[Effect]:
        self._serial += 1
        owner = f"{OWNER}{self._serial}"
        self._asked[owner] = (line, hop, request.method)
        return self._switch.signalling.request(request, flow, owner)

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
        return self._trunks.armed(line, [*effects, *line.changes(now)])

    def _unanswered(self, event: TransactionFailed, line: TrunkLine, hop: Hop, method: str) -> list[Effect]:
        now = self._now
        if method == "OPTIONS" and event.why == "timeout":
            return []  # the patience with it was over long ago
        line.bury(hop, now)
        line.probing.lost(hop, now)
        effects: list[Effect] = []
        if method == "REGISTER" and line.registration is not None:
            effects = line.registration.failed(event.status, now, self._elsewhere(line))
        return self._trunks.armed(line, [*effects, *line.changes(now)])

    def flow_failed(self, flow: Flow) -> list[Effect]:
        """A connection is gone: what was registered over it is registered again."""
        if not flow.connection:
            return []
        bound = [one for one in self._trunks.registered() if any(hop.address == flow.remote for hop in one.known)]
        return [
            effect
            for one in bound
            if one.registration
            for effect in self._trunks.armed(one, one.registration.flow_lost(self._now))
        ]

    def _elsewhere(self, line: TrunkLine) -> bool:
        """Whether a server is left that has not failed."""
        return any(line.dead.left_s(hop, self._now) == 0.0 for hop in line.hops(self._now))


def _contact(user: str, flow: Flow) -> str:
    return f"{Uri('sip', user, *flow.sent_by)};transport={flow.uri_transport}"
