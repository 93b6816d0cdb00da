"""All that a leg knows, as plain values. Times are seconds of the caller's clock."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from softswitch.call.table import UP, S
from softswitch.core.ids import Ids
from softswitch.sdp.exchange import Exchange
from softswitch.sdp.media import LocalMedia, Media
from softswitch.sip.dialog import Dialog
from softswitch.sip.flow import Flow
from softswitch.sip.hop import MOST_HOPS
from softswitch.sip.message import Request, Response
from softswitch.sip.reason import Reason
from softswitch.sip.timing import Timing

# From the moment when we have given up or either side has ended it.
OVER = frozenset({S.ABANDONED, S.CANCELLING, S.BYE_DUE, S.LEAVING, S.ENDED, S.FINISHED})


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """What we want of session timers (RFC 4028)."""

    expires_s: int = 1800  # 0: we do not ask for a timer
    min_s: int = 90  # shorter ones are refused with 422


@dataclass(frozen=True, slots=True)
class Setup:
    """What does not change from the first moment to the last."""

    id: str
    call_id: str
    local_tag: str
    local: LocalMedia
    ids: Ids
    timing: Timing
    account: tuple[str, str] | None = None  # user, password: for whoever challenges us
    session: SessionPolicy = SessionPolicy()


@dataclass(slots=True)
class Reliable:
    """A provisional response of ours that has to be acknowledged by PRACK (RFC 3262 section 3)."""

    rseq: int
    waiting: Response | None  # None: it has been acknowledged
    described: bool  # it carries our description,
    offered: bool  # which is an offer, so that the PRACK must carry an answer
    settled: bool  # offer and answer have been exchanged reliably
    resend_at: float
    interval: float  # seconds
    until: float
    next_status: int = 0  # what is to be sent after it; 0: nothing


@dataclass(slots=True)
class Inbound:
    """The peer's INVITE."""

    transaction: str
    trusted: bool  # whether its P-Asserted-Identity counts (RFC 3325)
    cseq: int
    called_as: str  # the host by which the peer has called us
    invite: Request | None  # None: the leg is up, and nobody asks for it any more
    answer: bytes = b""  # to its offer; empty where it had none
    provisional: Response | None = None  # sent last, above 100
    reliable: Reliable | None = None  # the latest
    remind_at: float | None = None  # section 13.3.1.1: a proxy on the way forgets a call that is silent too long

    @property
    def request(self) -> Request:
        """The INVITE, as long as it has no answer."""
        assert self.invite is not None
        return self.invite


@dataclass(frozen=True, slots=True)
class Plan:
    """Whom to call, and as whom."""

    to_uri: str
    from_uri: str
    from_display: str
    request_uri: str
    ring_timeout_s: float
    headers: tuple[tuple[str, str], ...]
    try_s: float | None = None  # how long to wait for the first response; None: as long as it may ring
    offers: bool = True  # False: the peer is to make the offer (RFC 3261 section 13.2.1)
    hops: int = MOST_HOPS  # Max-Forwards


@dataclass(slots=True)
class Early:
    """A branch of our INVITE that rings (section 12.1)."""

    dialog: Dialog
    media: Media | None = None
    rseq: int | None = None  # of its latest reliable provisional response (RFC 3262 section 4)
    settled: bool = False  # offer and answer have been exchanged reliably


@dataclass(slots=True)
class Outbound:
    """Our INVITE."""

    plan: Plan
    invite: Request | None = None  # the latest; None again when the leg is up
    cseq: int = 0  # the latest INVITE's; 0: none has been sent
    ring_until: float = 0.0
    heard: bool = False  # a provisional response has come
    rang: bool = False  # one above 100
    answer: bytes = b""  # to the offer of its 2xx
    credentials: tuple[tuple[str, str], ...] = ()  # header lines
    challenges: int = 0  # answered so far
    early: dict[str, Early] = field(default_factory=dict)  # branches that ring, by their tags, the latest last
    forks: dict[str, Dialog] = field(default_factory=dict)  # other branches that answered too, by their tags
    causes: tuple[Reason, ...] = ()  # why it was given up
    linger_until: float = 0.0  # section 13.2.2.4: until then 2xx of other branches may come


@dataclass(slots=True)
class AckWait:
    """A 2xx of ours that the peer has not acknowledged yet (section 13.3.1.4)."""

    transaction: str
    response: Response
    cseq: int
    offered: bool  # the 2xx carries our offer, so that the ACK must carry an answer
    resend_at: float
    interval: float  # seconds
    until: float


@dataclass(slots=True)
class Asked:
    """A request of ours inside a dialog."""

    dialog: Dialog
    headers: tuple[tuple[str, str], ...]
    body: bytes
    credentials: tuple[tuple[str, str], ...]
    challenges: int  # answered so far
    accepted: bool = False  # a re-INVITE that has its 2xx


@dataclass(slots=True)
class Change:
    """A re-INVITE or UPDATE of ours: wanted, under way, or to be tried again."""

    offering: bool  # with a new offer; else it only refreshes the session
    wanted: bool  # by a command: its failure is told
    former: str  # the direction that we had
    due_at: float  # not before
    tries: int = 0
    cseq: int = 0  # of the one that is under way; 0: none is
    described: bool = False  # that one carries our offer
    heard: bool = False  # and has a provisional response
    more: bool = False  # something else is wanted after it
    until: float | None = None  # its answer is waited for until then


class Refresh(msgspec.Struct, array_like=True):
    """The session timer (RFC 4028)."""

    interval_s: int = 0  # 0: there is none
    ours: bool = False  # we refresh
    due_at: float | None = None
    end_at: float | None = None
    min_s: int = 0  # what a 422 has asked for


@dataclass(slots=True)
class Probe:
    """Our question whether the peer of an established leg is still there."""

    due_at: float | None = None  # the next one; None: not UP, or nothing heard since the one that is pending
    pending: bool = False


@dataclass(slots=True)
class Refer:
    """A REFER of the peer's, and the subscription that it implies (RFC 3515 section 2.4.4)."""

    transaction: str
    request: Request
    event: str  # as its NOTIFYs write it
    silent: bool  # RFC 4488: no NOTIFY is wanted
    until: float
    accepted: bool = False
    telling: bool = False  # a NOTIFY is under way
    told: int = 0  # what the last one said
    due: int = 0  # what the next one will say; 0: nothing new
    leave_at: float | None = None  # the BYE that follows the last NOTIFY


@dataclass(slots=True)
class LegState:
    setup: Setup
    flow: Flow  # by which the peer was last heard
    secure: bool = False  # called by a SIPS URI, or by way of one: so is our Contact (sections 8.1.1.8, 12.1.1)
    inbound: Inbound | None = None
    outbound: Outbound | None = None
    state: S = S.NEW
    dialog: Dialog | None = None
    exchange: Exchange = field(default_factory=Exchange)
    ack: AckWait | None = None
    limit_at: float | None = None  # deadline of the state
    allows: frozenset[str] = frozenset()  # methods, as the peer says
    asked: dict[tuple[str, int, str], Asked] = field(default_factory=dict)  # by method, CSeq and To tag
    change: Change | None = None
    refresh: Refresh = field(default_factory=Refresh)
    probe: Probe = field(default_factory=Probe)
    causes: tuple[Reason, ...] = ()  # why we say BYE
    refer: Refer | None = None
    referring: bool = False  # we have asked the peer to call somebody, and do not know yet what becomes of it
    refer_to: str = ""  # number for which it is to be asked, once its ACK is there
    keys: str = ""  # to be pressed by INFO, each when the one before has been answered

    @property
    def id(self) -> str:
        return self.setup.id

    @property
    def media(self) -> Media | None:
        """What offer and answer have come to."""
        return self.exchange.agreed

    @property
    def talking(self) -> Dialog | None:
        """The dialog, or the latest of the early ones."""
        if self.dialog is not None or self.outbound is None or not self.outbound.early:
            return self.dialog
        return next(reversed(self.outbound.early.values())).dialog

    def dialog_of(self, request: Request) -> Dialog | None:
        """Where a request of the peer's belongs: while it rings each branch has a dialog of its own."""
        if self.dialog is not None or self.outbound is None:
            return self.dialog
        branch = self.outbound.early.get(request.from_.tag or "")
        return None if branch is None else branch.dialog

    @property
    def over(self) -> bool:
        """True from the moment when we have given up or either side has ended it."""
        return self.state in OVER

    @property
    def settled(self) -> bool:
        """True while nothing of an offer or an INVITE is under way on either side, so that we may begin something."""
        if self.state is UP:
            return self.ack is None
        return "UPDATE" in self.allows and self._settled_early

    @property
    def _settled_early(self) -> bool:
        """Before the final response offer and answer can have been exchanged reliably (RFC 3311 section 5.1)."""
        if self.state is S.OFFERED and self.inbound is not None:
            reliable = self.inbound.reliable
            return reliable is not None and reliable.settled and reliable.waiting is None
        if any(method == "PRACK" for method, _, _ in self.asked):
            return False  # ours might overtake it, and then it would be out of order
        if self.state is S.RINGING and self.outbound is not None and self.outbound.early:
            return next(reversed(self.outbound.early.values())).settled
        return False

    @property
    def busy(self) -> bool:
        """True while a request of ours, or a 2xx without its ACK, is under way: it has a deadline of its own."""
        return self.probe.pending or self.ack is not None

    def established(self) -> None:
        """What a repeat, another branch or a re-INVITE may ask for is known by now, and the INVITE is forgotten."""
        if self.inbound is not None:
            self.inbound.invite, self.inbound.answer, self.inbound.provisional = None, b"", None
        if self.outbound is not None:
            self.outbound.invite = None

    def lingers_until(self, now: float) -> float:
        """How long there is something to do after the end: late 2xx of other branches, PRACKs, a transfer to tell."""
        ends = [now] if self.refer is None else [now, self.refer.until]
        if self.outbound is not None:
            ends.append(self.outbound.linger_until)
        if self.inbound is not None and self.inbound.reliable is not None and self.inbound.reliable.waiting is not None:
            ends.append(self.inbound.reliable.until)
        return max(ends)

    def deadlines(self) -> list[float]:
        """Every moment at which there is something to do."""
        found = [] if self.ack is None else [self.ack.resend_at, self.ack.until]
        if self.limit_at is not None:
            found.append(self.limit_at)
        if self.inbound is not None and self.inbound.remind_at is not None:
            found.append(self.inbound.remind_at)
        if self.probe.due_at is not None and not self.busy:
            found.append(self.probe.due_at)
        reliable = self.inbound.reliable if self.inbound is not None else None
        if reliable is not None and reliable.waiting is not None and self.state in (S.OFFERED, S.ACCEPT_DUE):
            found += [reliable.resend_at, reliable.until]
        if self.state is UP:
            found += [at for at in (self.refresh.due_at, self.refresh.end_at) if at is not None]
        if self.change is not None and self.change.cseq and self.change.until is not None:
            found.append(self.change.until)
        if self.change is not None and not self.change.cseq and self.settled:
            found.append(self.change.due_at)
        if self.refer is not None:
            found.append(self.refer.until if self.refer.leave_at is None else self.refer.leave_at)
        return found
