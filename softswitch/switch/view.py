"""What the face may see and ask: plain values, and commands that raise ``LookupError`` for an unknown name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from softswitch.callback.model import Promise
from softswitch.contact.mailbox import Message
from softswitch.sip.registrar import Binding
from softswitch.switch.ban import Ban
from softswitch.switch.tracebook import Trace


@dataclass(frozen=True, slots=True)
class CallView:
    contact: str
    kind: str  # inbound, internal, outbound, callback, supervision
    caller: str
    called: str
    state: str  # "ivr", "queued", "ringing", "talking", ...
    queue: str
    agent: str
    step: str  # dialplan step, "" where there is none
    age_s: float


@dataclass(frozen=True, slots=True)
class AgentView:
    agent: str
    user: str
    state: str  # AgentState value
    reason: str
    reachable: bool
    since_s: float  # in this state
    contact: str
    skills: dict[str, int]


@dataclass(frozen=True, slots=True)
class QueueView:
    queue: str
    waiting: int  # live callers
    longest_wait_s: float
    agents_ready: int  # READY and reachable, who meet the queue's needs
    agents_logged_in: int
    promises_open: int


@dataclass(frozen=True, slots=True)
class TrunkView:
    trunk: str
    group: str
    up: bool
    why: str  # it is down: "not located", "no server answers", "not registered"; "" where it is up
    servers: list[str]  # as transport:address:port
    down: list[str]  # those of them that do not answer probes
    dead_s: dict[str, float]  # those that failed lately, and for how long they still come last
    registered_until: float  # Unix s; 0: not registered
    calls: int
    most_calls: int  # 0: no limit
    error: str  # of the last look-up


class Refused(Exception):
    """A command that makes sense, and is not carried out; ``why`` is of a closed list, the text for people."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why


class Control(Protocol):
    """The running switch, as the face sees it. All of it is in memory and returns at once."""

    def calls(self) -> list[CallView]: ...

    def agents(self) -> list[AgentView]: ...

    def queues(self) -> list[QueueView]: ...

    def promises(self) -> list[Promise]:
        """Those that the store has: the open ones, oldest first, then the last thousand closed since start."""

    def registrations(self) -> list[Binding]: ...

    def trunks(self) -> list[TrunkView]: ...

    def voicemails(self) -> list[Message]:
        """Of all mailboxes, newest first."""

    def messages(self) -> dict[str, Mapping[tuple[str, str, str], int]]:
        """SIP messages "received" and "sent" so far, by transport, method and class ("request", "1xx" to "6xx")."""

    def subscriptions(self) -> dict[str, int]:
        """How many there are of each event package."""

    def why(self, contact: str) -> list[dict[str, object]]:
        """The routing decisions about this contact, oldest first."""

    def trace(self, name: str) -> Trace:
        """The SIP messages of a call, by contact, leg or Call-ID."""

    def log_in(self, agent: str, ready: bool = True) -> None: ...

    def log_out(self, agent: str) -> None: ...

    def set_ready(self, agent: str) -> None: ...

    def set_paused(self, agent: str, reason: str) -> None: ...

    def withdraw(self, promise: str, why: str) -> None: ...

    def voicemail_heard(self, voicemail: str) -> None: ...

    def send_text(self, user: str, text: str, done: Callable[[int], None]) -> None:
        """Write to the phones of a user; ``done`` hears the SIP status, 200 for delivered, perhaps at once."""

    def hang_up(self, contact: str) -> None: ...

    def supervise(self, target: str, supervisor: str, mode: str, by: str) -> CallView:
        """Ring ``supervisor`` and let him listen, whisper, barge or take-over; or change what he does already.

        ``target``: a call, a user who talks, or an agent. What comes of it is a call of the kind "supervision". Raises
        ``LookupError`` where there is no such target or supervisor, and ``Refused``.
        """

    def pause_recording(self, contact: str, reason: str | None) -> bool:
        """None: go on. False: this call is not being recorded."""

    def bans(self) -> list[Ban]:
        """The sources that are not heard, because passwords were guessed from there."""

    def unban(self, source: str) -> None: ...

    def pressure(self) -> float:
        """0..1: how much of what can be left undone is left undone."""

    def losses(self) -> dict[str, int]:
        """What had to be dropped since the start.

        "rows" (store), "datagrams" (SIP), "facts" (log and metrics), "hep" (Homer).
        """

    def ready(self) -> dict[str, bool]:
        """Part -> fit for work: "sip", "media", "store"."""
