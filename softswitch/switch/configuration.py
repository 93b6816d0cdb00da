"""What the driver must know to work: one immutable value, so that a reload is an exchange of references."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from softswitch.acd.model import AgentSpec, QueueSpec
from softswitch.acd.statistics import Promise
from softswitch.acd.storybook import Shelf
from softswitch.call.state import SessionPolicy
from softswitch.callback.campaign import Campaign
from softswitch.callback.model import Policy
from softswitch.contact.answering import Answering
from softswitch.contact.mailbox import MailboxRules
from softswitch.contact.overflow import Ways
from softswitch.contact.seats import SeatRules
from softswitch.contact.treatment import Treatment
from softswitch.ivr.calendar import Calendar
from softswitch.ivr.plan import Plan
from softswitch.ivr.speech import FALLBACK
from softswitch.ivr.speech.language import heard
from softswitch.sdp.codecs import USUAL
from softswitch.sdp.media import Codec
from softswitch.sip.digest import ALGORITHMS
from softswitch.sip.flow import Address, Flow, ListeningPoint, family, numeric
from softswitch.sip.timing import Timing
from softswitch.switch.ban import BanRule
from softswitch.switch.door import StrangerRule
from softswitch.switch.tracebook import Room
from softswitch.switch.trunk_rule import CallLimits, Manners, Registering, Watch


@dataclass(frozen=True, slots=True)
class User:
    password: str = field(repr=False)
    name: str = ""
    language: str = ""
    contact: str = ""  # URI of a phone that does not register
    calls: int = 0  # at once; 0: any number
    srtp: str = "off"  # or "optional", "required"
    digits: str = "auto"  # or "info", "tone"
    tones: str = ""  # country; "": that of the switch
    codecs: tuple[Codec, ...] = ()  # in order of preference; (): the usual ones
    supervises: tuple[str, ...] = ()  # whose calls he may hear: users, queues, or "all"


@dataclass(frozen=True, slots=True)
class Trunk:
    name: str
    address: Address  # the host may be a name; port 0: what its domain says (RFC 3263)
    transport: str = "udp"  # "": what its domain says
    sources: tuple[tuple[str, int | None], ...] = ()  # (host, port or None for any) of its calls; (): its servers
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    prefix: str = ""  # what our phones dial to get out; "": they cannot
    ring_s: float = 30.0
    group: str = ""  # trunks of one group stand in for each other, wherever the group is named in place of a trunk
    priority: int = 0  # within the group; lower goes first
    weight: int = 1  # share among equals
    certificate: str = ""  # calls over TLS whose client certificate is for this domain are its calls
    challenge: bool = False  # its calls must prove the credentials, whatever they come from
    registering: Registering | None = None
    watch: Watch = field(default_factory=Watch)
    limits: CallLimits = field(default_factory=CallLimits)
    manners: Manners = field(default_factory=Manners)
    transfer: bool = False  # whoever is behind it may transfer, to dialplans
    srtp: str = "off"  # or "optional", "required"
    digits: str = "auto"  # or "info", "tone"
    tones: str = ""  # country; "": that of the switch


@dataclass(frozen=True, slots=True)
class DecisionPolicy:
    """What is kept of decisions."""

    shelf: Shelf = field(default_factory=Shelf)
    store: str = "all"  # or "failed": contacts for whom once there was nobody, or an offer failed; "none"


@dataclass(frozen=True, slots=True)
class LampPolicy:
    """What phones may subscribe to."""

    show: str = "colleagues"  # who is named as talking to a watched phone; also "nobody", "everybody"
    min_expires_s: float = 60.0
    max_expires_s: float = 600.0  # so long a lamp may be wrong after a crash
    per_user: int = 200  # subscriptions
    most: int = 20_000


@dataclass(frozen=True, slots=True)
class LastAgentRule:
    """Whoever served a number last is asked first, if that was ``within_s``; nobody else is for ``for_s``."""

    within_s: float
    for_s: float


# What follows from ``agents.yaml`` and ``queues.yaml``: exchanged by a reload.
STAFF = ("agents", "auto_login", "seats", "queues", "policies", "barred", "campaigns", "answering", "promises",
         "treatments", "overflow", "last_agents", "told", "recorded", "music", "mailboxes", "version")  # fmt: skip
_LAST_RULES = ("treatments", "overflow", "music")  # by queue


@dataclass(frozen=True, slots=True)
class Configuration:
    users: Mapping[str, User]
    listeners: tuple[ListeningPoint, ...]  # the first of a transport and address family is what we send from
    trunks: Mapping[str, Trunk] = field(default_factory=dict)
    agents: tuple[AgentSpec, ...] = ()
    auto_login: frozenset[str] = frozenset()
    seats: SeatRules = field(default_factory=SeatRules)  # of agents without a phone of their own
    queues: tuple[QueueSpec, ...] = ()
    policies: tuple[Policy, ...] = ()
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    promises: Mapping[str, Promise] = field(default_factory=dict)  # by queue: what its statistics are held against
    answering: Mapping[str, Answering] = field(default_factory=dict)  # by policy: what they hear whom we call
    treatments: Mapping[str, Treatment] = field(default_factory=dict)  # by queue: what those hear who wait
    overflow: Mapping[str, Ways] = field(default_factory=dict)  # by queue: where those go whom it turns away
    last_agents: Mapping[str, LastAgentRule] = field(default_factory=dict)  # by queue: whether he is asked first
    told: frozenset[str] = frozenset()  # queues whose agents are told who comes
    recorded: frozenset[str] = frozenset()  # queues
    recording_ending: str = ".wav"
    recording: bool = True  # False: no conversation is recorded
    webhooks: Mapping[str, float] = field(default_factory=dict)  # name -> for how many seconds an event is tried
    mailboxes: MailboxRules = field(default_factory=MailboxRules)
    music: Mapping[str, str] = field(default_factory=dict)  # by queue; its class
    plans: Mapping[str, Plan] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    prompts: Mapping[str, frozenset[str]] = field(default_factory=dict)  # language -> files that exist
    features: Mapping[str, str] = field(default_factory=dict)  # code -> feature
    pause_reasons: Mapping[str, str] = field(default_factory=dict)  # digit after the code -> reason
    supervise_codes: Mapping[str, str] = field(default_factory=dict)  # code, before the number -> mode
    recordings: Path = Path("var/recordings")
    realm: str = "softswitch"
    digest: tuple[str, ...] = ALGORITHMS
    secret: bytes = field(default=b"", repr=False)  # key of the nonces
    timing: Timing = field(default_factory=Timing)
    session: SessionPolicy = field(default_factory=SessionPolicy)
    min_expires_s: float = 60.0
    max_expires_s: float = 3600.0
    ring_s: float = 30.0  # between our own phones
    region: str = "CN"
    area_code: str = ""  # of numbers within our own area
    barred: frozenset[str] = field(default=frozenset(), repr=False)  # never to be called, by the list in a file
    tones: str = "CN"  # country whose call progress tones are heard, where nothing else is said
    language: str = "zh"
    zone: str = "UTC"  # IANA; of the time of day in dialplans
    max_calls: int = 2000
    lamps: LampPolicy = LampPolicy()
    max_bindings: int = 8  # of one user
    nat: bool = True
    keep_alive_s: float = 25.0  # to a UDP phone behind a NAT; 0: none
    probe_s: float = 120.0  # of a registered phone; 0: none
    bans: BanRule = field(default_factory=BanRule)
    strangers: StrangerRule = field(default_factory=StrangerRule)
    trace: Room = field(default_factory=Room)
    decisions: DecisionPolicy = field(default_factory=DecisionPolicy)
    path_steps: int = 200  # that are kept of a call's path through its dialplans; 0: none
    fallback: tuple[str, ...] = FALLBACK  # languages that stand in for a caller's own
    http_budget_s: float = 10.0  # what the http steps of one call may take together
    usual_codecs: tuple[Codec, ...] = USUAL  # where none are written, as offered
    version: str = ""  # of the files, short: what a decision was made by

    def with_staff_of(self, other: Configuration, closing: Collection[str] = ()) -> Configuration:
        """The same switch with the agents and queues of ``other``; who is in one that is ``closing`` is dealt with by
        its last rules."""
        kept = {
            **{name: _of(getattr(self, name), closing) | dict(getattr(other, name)) for name in _LAST_RULES},
            **{name: getattr(self, name) & set(closing) | getattr(other, name) for name in ("told", "recorded")},
        }
        return replace(self, **{name: kept.get(name, getattr(other, name)) for name in STAFF})

    def ours(self, remote: Address) -> bool:
        """Whether we are who listens there."""
        host, port = remote
        for point in self.listeners:
            everywhere = ip_address(point.local[0]).is_unspecified and numeric(host) and ip_address(host).is_loopback
            if remote in (point.local, point.advertised) or (everywhere and port == point.local[1]):
                return True
        return False

    def srtp(self, user: str, trunk: str) -> str:
        """Whether the media of a call with this user, or over this trunk, are secured: off, optional, required."""
        peer = self.trunks.get(trunk) if trunk else self.users.get(user)
        return peer.srtp if peer else "off"

    def codecs(self, user: str, trunk: str) -> tuple[Codec, ...]:
        """What was written for this user or this trunk, in order of preference; (): nothing was."""
        if trunk:
            return self.trunks[trunk].manners.codecs if trunk in self.trunks else ()
        return self.users[user].codecs if user in self.users else ()

    def digits(self, user: str, trunk: str) -> str:
        """In which form this user, or whoever is behind this trunk, takes keys: auto, info, tone."""
        peer = self.trunks.get(trunk) if trunk else self.users.get(user)
        return peer.digits if peer else "auto"

    def country(self, user: str, trunk: str) -> str:
        """Whose tones this user hears, or whoever is behind this trunk."""
        peer = self.trunks.get(trunk) if trunk else self.users.get(user)
        return (peer.tones if peer else "") or self.tones

    def spoken_to(self, user: User | None) -> str:
        """The language of whoever this is, or of a stranger."""
        return heard((user.language if user else "") or self.language, self.prompts, self.fallback)

    def flow(self, transport: str, remote: Address, host: str = "", prefer: Address | None = None) -> Flow | None:
        """The way to ``remote`` from a listener of ours in its address family, from ``prefer`` if that is one.

        None where we have no such listener. ``host`` is the name to find in the peer's certificate.
        """
        wanted = family(remote[0])
        fitting = [one for one in self.listeners if one.transport == transport and one.family == wanted]
        one = min(fitting, key=lambda one: one.local != prefer, default=None)
        return Flow(transport, one.local, remote, 0, host, one.advertised) if one else None


def _of(rules: Mapping[str, Any], queues: Collection[str]) -> dict[str, Any]:
    return {queue: rules[queue] for queue in queues if queue in rules}
