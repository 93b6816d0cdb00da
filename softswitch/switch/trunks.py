"""All trunks: by which servers a call leaves, which call is on which of them, and whose call comes in.

What one trunk is now, ``trunk_line`` knows; ``trunk_questions`` asks for it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from softswitch.call.signal import Answered, Failed, Progress, Released, Updated
from softswitch.contact.order import Target
from softswitch.contact.presentation import rewritten
from softswitch.core.effect import Effect
from softswitch.core.legible import legible
from softswitch.sip.flow import Flow
from softswitch.sip.locate import Hop, drawn
from softswitch.sip.message import Request
from softswitch.switch.configuration import Trunk
from softswitch.switch.limit import AtLimit
from softswitch.switch.trunk_line import TrunkDown, TrunkLine, TrunkUp

if TYPE_CHECKING:
    from softswitch.switch.desk import CallWanted
    from softswitch.switch.driver import Switch


class Trunks:
    """``lines`` are by name."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self.lines = {name: TrunkLine(spec, switch.ids) for name, spec in switch.configuration.trunks.items()}
        self._carried: dict[str, tuple[TrunkLine, Hop | None]] = {}  # leg -> by which way
        self._contacts = {contact_user(one.spec): one for one in self.lines.values() if one.registration}

    def start(self) -> Iterable[Effect]:
        return [effect for line in self.lines.values() for effect in self.armed(line, line.start(self._now))]

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
        return self.armed(line, line.tick(self._now))

    @property
    def _now(self) -> float:
        return self._switch.now

    def armed(self, line: TrunkLine, effects: list[Effect]) -> list[Effect]:
        """It has worked: its deadline may have moved, and what can leave by it."""
        self._switch.arm(("trunk", line.spec.name), line.deadline)
        if any(isinstance(effect, TrunkUp | TrunkDown) for effect in effects):
            self._switch.offices.recount()
        return effects

    def flow(self, hop: Hop) -> Flow | None:
        """The way there; None where no listener of ours leads to it."""
        return self._switch.configuration.flow(hop.transport, hop.address, hop.server_name)

    def registered(self) -> Iterable[TrunkLine]:
        """Those that we register with."""
        return self._contacts.values()

    # ---- calls that leave --------------------------------------------------------------------------------------

    def ways(self, name: str, careful: bool) -> list[tuple[TrunkLine, Hop, Flow]]:
        """Through the trunk, or the group of that name: each server of each trunk that is up, in turn.

        ``careful``: for a call that cannot be tried elsewhere after a silence.
        """
        members = [line for line in self.lines.values() if name in (line.spec.name, line.spec.group)]
        up = [line.spec for line in members if not line.fault(self._now)]
        order = [self.lines[spec.name] for spec in drawn(up, self._switch.ids.fraction)]
        found = [(line, hop, flow) for line in order for hop in line.hops(self._now) if (flow := self.flow(hop))]
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

    def _refusal(self, line: TrunkLine, again: bool = False) -> str:
        """Why it may carry no call more. A leg that a defect of ours has swallowed is not one of its calls."""
        if line.full:
            for leg in line.legs - self._switch.calls.legs.keys():
                self.left(leg)
        return line.refusal(self._now, again)

    def heard(self, event: Progress | Answered | Updated | Released | Failed) -> None:
        """How a leg gets on, as far as it says something about the server that it was sent to."""
        line, hop = self._carried.get(event.leg, (None, None))
        if line is None or hop is None:
            return
        match event:
            case Failed() if event.silent or (event.elsewhere and event.by != "us"):
                line.bury(hop, self._now, event.retry_after_s)
            case Progress() | Answered() | Failed(by="peer"):
                line.dead.revive(hop)

    def left(self, leg: str) -> None:
        """The call is over."""
        line, _ = self._carried.pop(leg, (None, None))
        if line is not None:
            line.legs.discard(leg)

    def carrying(self, leg: str) -> str:
        """The trunk by which this call goes, as long as it does; "" none."""
        line, _ = self._carried.get(leg, (None, None))
        return "" if line is None else line.spec.name

    # ---- calls that come in ------------------------------------------------------------------------------------

    def admit(self, leg: str, wanted: CallWanted) -> None:
        """A call has come in by a trunk. Raises ``AtLimit``."""
        line, earlier = self.lines[wanted.trunk], self._switch.calls.reception.earlier
        if refusal := self._refusal(line, wanted.arrived.request.call_id in earlier):
            raise _too_many(refusal)
        line.legs.add(leg)
        self._carried[leg] = (line, None)

    def take_up(self, leg: str, trunk: str) -> None:
        """A call of the former process goes on."""
        line = self.lines.get(trunk)
        if line is not None:
            line.legs.add(leg)
            self._carried[leg] = (line, None)

    def called(self, trunk: str, request: Request, number: str) -> str:
        """Which number of ours a trunk means. A registrar calls the contact that we gave it, and says whom in To."""
        line = self.lines[trunk]
        if self._contacts.get(number) is line:
            number = legible(request.to.uri.user)
        return rewritten(number, line.spec.manners.inbound)

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


def _too_many(refusal: str) -> AtLimit:
    """What a carrier is told. One that hears 503 turns to others with every call until Retry-After is over (RFC 3261
    section 21.5.4), although a line may be free a moment later: where all are taken, the call is busy."""
    if refusal == "calls":
        return AtLimit(486, "Trunk Limit: calls", "limit")
    return AtLimit(503, "Trunk Limit: rate", "limit", (("Retry-After", "1"),))


def _from(hop: Hop, flow: Flow) -> bool:
    """Over UDP a server sends from where it listens; over a connection of its own, from any port."""
    same = hop.address == flow.remote if flow.transport == "udp" else hop.address[0] == flow.remote[0]
    return same and hop.transport == flow.transport


def contact_user(trunk: Trunk) -> str:
    """The user part of the Contact that we register: nobody who was not told can make it up."""
    password = trunk.credentials[1] if trunk.credentials else ""
    mark = hmac.new(password.encode(), f"contact of trunk {trunk.name}".encode(), hashlib.sha256).hexdigest()
    return f"{trunk.name}-{mark[:24]}"
