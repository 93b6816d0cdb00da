"""The neutral language of legs: what a leg is told, and what it says. No word of SIP above this line.

Bridging two legs is forwarding signals; a dialplan, a queue and a callback all speak to legs in these terms.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.call.identity import UNKNOWN, Origin
from softswitch.core.effect import Effect
from softswitch.sdp.media import Media
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, Response
from softswitch.sip.reason import Reason
from softswitch.sip.refer import Replaces

# ---- commands: what a leg is told ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dial:
    """Outbound leg only, once: send the INVITE."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Inbound leg, before the answer: send a provisional response."""

    status: int = 180


@dataclass(frozen=True, slots=True)
class Accept:
    """Inbound leg, before the answer: send 200 with our answer (or our offer, if the INVITE had none)."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Inbound leg, before the answer: refuse it."""

    status: int
    reason: str = ""  # empty: the standard phrase
    contacts: tuple[str, ...] = ()  # of a 3xx, best first: URIs, or numbers in the caller's own domain


@dataclass(frozen=True, slots=True)
class Release:
    """End the leg whatever its state: reject, CANCEL or BYE."""

    status: int = 486  # used where the leg was inbound and not yet answered
    causes: tuple[Reason, ...] = ()  # why, for the peer's Reason header (RFC 3326)


@dataclass(frozen=True, slots=True)
class Renegotiate:
    """Tell the peer in which direction media are to go: hold, resume. ``Updated`` or ``NotUpdated`` may follow."""

    direction: str = "sendrecv"  # as we see it: sendonly and inactive put the peer on hold


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """How the transfer goes that this leg's peer has asked for. The first one accepts it, or refuses from 300 on."""

    status: int  # of the call to the target: 100, 180 ...; from 200 on it is the last word
    leave: bool = False  # release the leg, once its peer has heard it


@dataclass(frozen=True, slots=True)
class ReferPeer:
    """Ask the peer of a leg that is up to call this number itself; ``Referred`` answers."""

    number: str


@dataclass(frozen=True, slots=True)
class SendText:
    """Show this text to the peer of a leg that is up."""

    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class SendKeys:
    """Press these keys by SIP INFO, on a leg that is up. The other forms are the media plane's."""

    digits: str


Command = Dial | Ring | Accept | Reject | Release | Renegotiate | TransferProgress | ReferPeer | SendText | SendKeys

# ---- signals: what a leg says ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offered(Effect):
    """An inbound call that can be served: its offer (if any) has a codec of ours."""

    leg: str
    caller: str  # user part of From (or P-Asserted-Identity from a trusted peer); "" where withheld
    caller_name: str
    called: str  # user part of the Request-URI
    media: Media | None  # None: the offer comes late, with the ACK
    origin: Origin = UNKNOWN


@dataclass(frozen=True, slots=True)
class Progress(Effect):
    """An outbound leg rings; or, with ``media``, either kind can be heard before the answer (early media)."""

    leg: str
    status: int
    media: Media | None


@dataclass(frozen=True, slots=True)
class Answered(Effect):
    """The leg is up: an outbound one got its 2xx, an inbound one was accepted."""

    leg: str
    media: Media | None


@dataclass(frozen=True, slots=True)
class Updated(Effect):
    """The media of an established leg were agreed on again (re-INVITE, late answer), to the same or something else;
    ``media.held`` says hold."""

    leg: str
    media: Media


@dataclass(frozen=True, slots=True)
class NotUpdated(Effect):
    """The peer has refused what ``Renegotiate`` wanted; the session goes on as it was."""

    leg: str
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Digit(Effect):
    """A key by SIP INFO. Those in other forms come from the media plane."""

    leg: str
    digit: str


@dataclass(frozen=True, slots=True)
class TransferWanted(Effect):
    """The peer asks that whom it talks to is connected with somebody else; ``TransferProgress`` answers."""

    leg: str
    number: str  # user part of the target; "" where there is none
    host: str  # of the target, as written
    replaces: Replaces | None  # attended: the call of ours that is to be taken over


@dataclass(frozen=True, slots=True)
class Referred(Effect):
    """What has become of ``ReferPeer``. The leg is still there, until somebody ends it."""

    leg: str
    status: int  # of the peer's call, or of its refusal to make it; 2xx: it talks to whom it was sent to


@dataclass(frozen=True, slots=True)
class Texted(Effect):
    """The peer of a leg that is up has written something."""

    leg: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Released(Effect):
    """An answered leg has ended. The leg is finished with its peer, or soon will be; no signal follows."""

    leg: str
    by: str  # "peer", "us" or "network" (timeout, transport)
    reason: str = ""
    causes: tuple[Reason, ...] = ()  # what the peer says about it


@dataclass(frozen=True, slots=True)
class Failed(Effect):
    """A leg ended before it was answered. No signal follows."""

    leg: str
    status: int  # SIP status: 486 busy, 408/480 no answer, 487 cancelled by either side, 603 declined ...
    reason: str
    by: str = "peer"  # "peer", "us" or "network"
    elsewhere: bool = False  # this server does not serve, and nobody rings: another may be asked (RFC 3263 section 4.3)
    silent: bool = False  # nothing at all was heard of it: it may be dead, but somebody may ring all the same
    rang: bool = False  # it had said more than 100: somebody's phone rang, or the network played something
    retry_after_s: float = 0.0  # what a 503 said
    contacts: tuple[str, ...] = ()  # URIs of a 3xx
    causes: tuple[Reason, ...] = ()  # what the peer says about it


@dataclass(frozen=True, slots=True)
class Finished(Effect):
    """The leg has no more work: the driver may forget it and its dialog."""

    leg: str


# ---- orders to the endpoint ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendRequest(Effect):
    """Start a client transaction owned by this leg. The endpoint adds the Via."""

    leg: str
    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class SendCancel(Effect):
    """CANCEL the leg's INVITE client transaction (RFC 3261 section 9.1; a provisional has arrived)."""

    leg: str
    causes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class SendAck(Effect):
    """ACK a 2xx outside any transaction (RFC 3261 section 13.2.2.4). The endpoint adds the Via."""

    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class Respond(Effect):
    """Answer a server transaction."""

    transaction: str
    response: Response
