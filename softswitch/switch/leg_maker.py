"""How a leg begins: what it is told of its call, from the order, the configuration and what the caller said.

Decided here: which number and which name are shown, and to whom an identity is asserted (RFC 3323, RFC 3325). Who owns
the leg, and where its sound comes from, is not known here.
"""

from __future__ import annotations

from softswitch.call import identity
from softswitch.call.leg import Leg
from softswitch.contact.order import MakeLeg
from softswitch.core.ids import Ids
from softswitch.sdp.media import LocalMedia
from softswitch.sip.section import HeaderLines
from softswitch.sip.uri import Uri
from softswitch.switch.configuration import Configuration
from softswitch.switch.desk import CallWanted

# What makes a phone answer without its user: RFC 5373, and the two dialects that phones had before it.
BY_ITSELF = (
    ("Answer-Mode", "Auto"),
    ("Call-Info", "<sip:softswitch>;answer-after=0"),
    ("Alert-Info", "<http://softswitch>;info=alert-autoanswer;delay=0"),
)


class LegMaker:
    def __init__(self, configuration: Configuration, ids: Ids) -> None:
        self._configuration = configuration
        self._ids = ids

    def inbound(self, name: str, wanted: CallWanted, local: LocalMedia) -> Leg:
        trunk = self._configuration.trunks.get(wanted.trunk)
        return Leg.inbound(
            name,
            wanted.arrived,
            local,
            self._ids,
            self._configuration.timing,
            trusted=trunk is not None and trunk.manners.believed,
            credentials=trunk.credentials if trunk is not None else None,
            session=self._configuration.session,
        )

    def outbound(self, order: MakeLeg, local: LocalMedia, origin: identity.Origin, referred: HeaderLines) -> Leg:
        """``origin``: of the caller for whom it is made; ``referred``: who has sent him. Raises ``PeerError``."""
        target = order.target
        own = Uri("sip", order.caller, target.flow.sent_by[0])  # section 19.1.1, table 1: no port in a From
        shown = order.caller and not origin.private
        return Leg.outbound(
            order.leg,
            to_uri=target.to_uri,
            request_uri=target.uri,
            from_uri=str(own) if shown else identity.ANONYMOUS,
            from_display=order.caller_name if shown else "Anonymous",
            flow=target.flow,
            local=local,
            ids=self._ids,
            timing=self._configuration.timing,
            call_id=order.call_id or None,
            credentials=target.credentials,
            ring_timeout_s=order.ring_s,
            try_s=target.try_s,
            hops=identity.hops_left(origin),
            session=self._configuration.session,
            headers=(
                *(("Route", value) for value in target.route),
                *identity.lines(origin, own if target.presentation.asserted and order.caller else None),
                *referred,
                *(BY_ITSELF if order.by_itself and target.user else ()),
            ),
        )
