"""Does a request inside a dialog come from where its peer is? (RFC 3261 sections 12.2.2, 22.1, 26.1.3.)

Call-ID, tags and CSeq say which dialog is meant, and that whoever writes them has seen it: they are no secret. If they
were enough, whoever learns them (a log, a proxy on the way, a neighbour on the LAN) could have the call sent his way,
or end it. So a request is taken as it comes where

- its host is the one by which the peer was last heard, whatever the port: a NAT that forgets gives another one;
- or its host is one that the dialog names: where the INVITE came by a proxy that does not stay in the way;
- or it comes from the trunk by which the call goes, or from where a phone of the user is registered.

From elsewhere a user has to prove who he is, which a phone that has changed from one network to another can do; nobody
else is heard. An ACK cannot be challenged: from elsewhere it is only heard as such, and moves nothing. Nor can a CANCEL
(section 22.1): from elsewhere it ends nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from softswitch.call.leg import Leg
from softswitch.core.effect import Effect
from softswitch.sip.effect import AckArrived
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request
from softswitch.sip.source import source_of
from softswitch.sip.uri import canonical_host
from softswitch.switch.desk import Desk

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch


class Places:
    """Asked for each request in a dialog; remembers nothing."""

    def __init__(self, switch: Switch, desk: Desk) -> None:
        self._switch = switch
        self._desk = desk

    def refused(self, leg: Leg, request: Request, flow: Flow) -> list[Effect] | None:
        """The answer to who speaks for this leg's peer and may not; None where he may."""
        if self._at_home(leg, flow):
            return None
        user = self._switch.calls.transfers.user_of(leg.id)
        if not user:
            return self._desk.says(request, flow, 403)
        return self._desk.proves(request, flow, user, self._switch.unix)

    def heard(self, leg: Leg, ack: AckArrived) -> AckArrived | None:
        """The ACK as the leg may hear it; None where it brings an answer that nobody vouches for."""
        if self._at_home(leg, ack.flow):
            return ack
        return None if ack.request.body else replace(ack, flow=leg.flow)

    def may_cancel(self, leg: Leg, flow: Flow) -> bool:
        """Whether who sends a CANCEL from there may be who has sent the INVITE."""
        return self._at_home(leg, flow)

    def _at_home(self, leg: Leg, flow: Flow) -> bool:
        here, before = flow.remote[0], leg.flow.remote[0]
        if here == before:
            return True
        source = source_of(here)
        if source == source_of(before) or canonical_host(here) in leg.named_hosts:
            return True
        trunk = self._switch.trunks.carrying(leg.id)
        if trunk:
            found = self._switch.trunks.of_flow(flow)
            return found is not None and found.name == trunk
        user = self._switch.calls.transfers.user_of(leg.id)
        bindings = self._switch.registrar.registered(user, self._switch.unix) if user else ()
        return any(source == source_of(one.flow.remote[0]) for one in bindings)
