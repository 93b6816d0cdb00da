"""All that a leg knows, as plain values. Times are seconds of the caller's clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from softswitch.call.table import S
from softswitch.core.ids import Ids
from softswitch.sdp.media import LocalMedia, Media
from softswitch.sip.dialog import Dialog
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, Response
from softswitch.sip.timing import Timing


@dataclass(frozen=True, slots=True)
class Setup:
    """What does not change from the first moment to the last."""

    id: str
    call_id: str
    local_tag: str
    local: LocalMedia
    ids: Ids
    timing: Timing


@dataclass(slots=True)
class Inbound:
    """The peer's INVITE."""

    transaction: str
    request: Request
    trusted: bool  # whether its P-Asserted-Identity counts (RFC 3325)
    answer: bytes = b""  # to its offer; empty where it had none
    provisional: Response | None = None  # sent last, above 100
    remind_at: float | None = None  # section 13.3.1.1: a proxy on the way forgets a call that is silent too long


@dataclass(frozen=True, slots=True)
class Plan:
    """Whom to call, and as whom."""

    to_uri: str
    from_uri: str
    from_display: str
    request_uri: str
    credentials: tuple[str, str] | None  # user, password
    ring_timeout_s: float
    headers: tuple[tuple[str, str], ...]
    try_s: float | None = None  # how long to wait for the first response; None: as long as it may ring


@dataclass(slots=True)
class Outbound:
    """Our INVITE."""

    plan: Plan
    invite: Request | None = None  # the latest
    ring_until: float = 0.0
    heard: bool = False  # a provisional response has come
    rang: bool = False  # one above 100
    credentials: tuple[tuple[str, str], ...] = ()  # header lines; one challenge is answered, not two
    early: tuple[str, Media] | None = None  # To tag and what its provisional response described
    forks: dict[str, Dialog] = field(default_factory=dict)  # other branches that answered too, by their tags
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
    inbound: Inbound | None = None
    outbound: Outbound | None = None
    state: S = S.NEW
    dialog: Dialog | None = None
    media: Media | None = None
    sdp_version: int = 1  # of the description that we sent last (RFC 3264 section 8)
    ack: AckWait | None = None
    limit_at: float | None = None  # deadline of the state
    bye_challenged: bool = False
    probe: Probe = field(default_factory=Probe)
    refer: Refer | None = None
    refers: int = 0  # how many there were

    @property
    def id(self) -> str:
        return self.setup.id

    @property
    def busy(self) -> bool:
        """True while a request of ours, or a 2xx without its ACK, is under way: it has a deadline of its own."""
        return self.probe.pending or self.ack is not None

    def lingers_until(self, now: float) -> float:
        """How long there is something to do after the end: late 2xx of other branches, a transfer to be told."""
        linger = now if self.outbound is None else self.outbound.linger_until
        return max(now, linger, now if self.refer is None else self.refer.until)

    def deadlines(self) -> list[float]:
        """Every moment at which there is something to do."""
        found = [] if self.ack is None else [self.ack.resend_at, self.ack.until]
        if self.limit_at is not None:
            found.append(self.limit_at)
        if self.inbound is not None and self.inbound.remind_at is not None:
            found.append(self.inbound.remind_at)
        if self.probe.due_at is not None and not self.busy:
            found.append(self.probe.due_at)
        if self.refer is not None:
            found.append(self.refer.until if self.refer.leave_at is None else self.refer.leave_at)
        return found
