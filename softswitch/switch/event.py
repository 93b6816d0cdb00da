"""Facts about the driver itself, for metrics and log."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.core.effect import DomainEvent
from softswitch.rtp.quality import Quality


@dataclass(frozen=True, slots=True)
class MessageDropped(DomainEvent):
    """Something that arrived could not be used."""

    transport: str
    reason: str  # closed list: "malformed", "too_large", "stray", "no_dialog", "banned", "flood", "overload"
    count: int = 1


@dataclass(frozen=True, slots=True)
class AuthenticationFailed(DomainEvent):
    """A wrong password, or an unknown user; host and user are for the log, and for who blocks by it."""

    transport: str
    method: str
    host: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Banned(DomainEvent):
    """Somebody has guessed passwords from there: nothing is heard from it for ``for_s`` seconds."""

    source: str  # an address, or a /64
    for_s: float
    user: str  # whose password was guessed last


@dataclass(frozen=True, slots=True)
class CallShed(DomainEvent):
    """A new call was refused because there was too much to do, or as many calls as there may be."""

    why: str  # closed list: "overload", "limit" (of calls, of a trunk, of RTP ports), "user" (his limit), "draining"
    count: int = 1


@dataclass(frozen=True, slots=True)
class UserFull(DomainEvent):
    """A user has as many calls as he may have; one more, of his or to him, was refused."""

    user: str
    called: str  # "" where it was a call to him
    most: int


@dataclass(frozen=True, slots=True)
class UnitFailed(DomainEvent):
    """A defect of ours: one unit of work raised, was logged and dropped; the loop goes on."""

    where: str  # closed list: "message", "timer", "media", "store", "http", "dns", "command"


@dataclass(frozen=True, slots=True)
class MediaRestarted(DomainEvent):
    """The media process died and its state was sent again to a new one."""


@dataclass(frozen=True, slots=True)
class CallResumed(DomainEvent):
    """A contact of the former process was found."""

    contact: str
    # Closed list: "resumed", "ended" (nothing to go on with: its legs are told), "failed" (unreadable); of a call that
    # was not answered yet "again" (it begins anew), "lost" (the ledger is told) or "ended".
    outcome: str


@dataclass(frozen=True, slots=True)
class RecordingFailed(DomainEvent):
    """A recording was not begun, or has ended before the conversation did; what there is of it is kept."""

    recording: str  # "room-" or "vm-" and the contact
    kind: str  # closed list: "disk_full" (less is free than is to be kept), "disk_slow", "error"
    why: str


@dataclass(frozen=True, slots=True)
class ConnectionEnded(DomainEvent):
    """We ended, or refused, the connection of a peer."""

    transport: str
    reason: str  # closed list: "full", "silent", "slow", "idle", "backlog", "held", "handshake"


@dataclass(frozen=True, slots=True)
class CertificateChanged(DomainEvent):
    """The files of a certificate have changed."""

    of: str  # "sip" or "http"
    ok: bool  # False: they cannot be used, the old certificate stays


@dataclass(frozen=True, slots=True)
class Reloaded(DomainEvent):
    """What was written has been read again and found right: new calls get it."""

    by: str  # name of a token, or "SIGHUP"
    plans: tuple[str, ...]  # "shop changed", "night added"; (): as they were
    calendars: tuple[str, ...]
    prompts: int  # files that came or went
    calls_on_former: int  # that go on by former versions of dialplans
    agents: tuple[str, ...] = ()  # "ann added"
    queues: tuple[str, ...] = ()
    version: str = ""  # of the configuration


@dataclass(frozen=True, slots=True)
class ReloadRefused(DomainEvent):
    """What was written is not right, or cannot be read: all stays as it was."""

    by: str
    errors: int
    first: str  # of them, as file:line:column: what is wrong


@dataclass(frozen=True, slots=True)
class HttpAnswered(DomainEvent):
    """What an http step has asked is answered, or never will be."""

    contact: str
    outcome: str  # closed list: "2xx" to "5xx", or the kind of the error: see ``Fetched``
    seconds: float  # with all tries


@dataclass(frozen=True, slots=True)
class StreamNoted(DomainEvent):
    """Something about the sound of a leg."""

    contact: str
    leg: str
    what: str  # closed list: "first_packet", "latched", "no_media", "one_way", "silence", "resumed"


@dataclass(frozen=True, slots=True)
class StreamMeasured(DomainEvent):
    """How well a leg was heard, from its beginning to its end."""

    contact: str
    leg: str
    quality: Quality
