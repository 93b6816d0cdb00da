"""What the face may see and ask: plain values, and commands that raise ``LookupError`` for an unknown name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from softswitch.acd.calibration import UNTRIED, Calibrated
from softswitch.acd.estimate import Interval
from softswitch.acd.glance import Glance
from softswitch.acd.statistics import Intervals
from softswitch.acd.story import Story
from softswitch.callback.listed import Listed
from softswitch.callback.model import Promise
from softswitch.callback.number import Number
from softswitch.callback.waits import Wait
from softswitch.contact.mailbox import Message
from softswitch.ivr.calendar import Override
from softswitch.ivr.path import CallPath, Edge
from softswitch.sip.registrar import Binding
from softswitch.switch.ban import Ban
from softswitch.switch.campaign_view import CampaignDesk
from softswitch.switch.do_not_call import Wanted
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
    plan: str = ""  # that leads it now
    version: str = ""
    place: str = ""  # the conference room that it is in, or the slot in which it is parked


@dataclass(frozen=True, slots=True)
class DialplanView:
    dialplan: str
    version: str  # "" where it is no more, and only has calls
    file: str
    numbers: list[str]
    start: str
    steps: int
    flows: list[str]  # that it calls
    calls: int  # on this version
    former: dict[str, int]  # version -> calls that go on by it


@dataclass(frozen=True, slots=True)
class AgentWish:
    """What the human has set, which comes true when nothing is in hand any more."""

    state: str  # AgentState value: ready, paused or logged_out
    reason: str  # of the pause


@dataclass(frozen=True, slots=True)
class AgentView:
    agent: str
    user: str  # his phone, of several the first; "": he sits nowhere
    state: str  # AgentState value
    reason: str
    reachable: bool
    since_s: float  # in this state
    contact: str
    skills: dict[str, int]
    room: int = 100  # of 100, free for more work
    also: tuple[str, ...] = ()  # his other phones
    wrap_up_s: float | None = None  # until wrap-up ends, unless it is ended or extended; None: there is none
    wants: AgentWish | None = None  # None: what he is, or to be ready after what he has in hand


@dataclass(frozen=True, slots=True)
class QueueView:
    queue: str
    waiting: int  # live callers
    longest_wait_s: float
    agents_ready: int  # READY and reachable, who meet the queue's needs
    agents_logged_in: int
    promises_open: int
    expected_wait: Interval | None = None  # of a caller who joins now; None: nobody is at work
    predictions: Calibrated = UNTRIED  # how former ones came true


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
    left_alone: bool = False  # by callbacks and lists: it, or its group, has refused several in a row


@dataclass(frozen=True, slots=True)
class CalendarView:
    calendar: str
    zone: str
    at: str  # the moment that this is about, as the clock there shows it
    open: bool
    why: str
    holiday: bool  # closed because of the day
    changes: str  # when it opens or closes, in the same way; "": not within a year
    overrides: list[Override]  # those that are not over, in the order in which they were ordered


@dataclass(frozen=True, slots=True)
class WebhookView:
    """An event for a web service, without what is told."""

    id: str
    hook: str
    event: str
    contact: str
    state: str  # "waiting", "dead"
    created_at: float  # Unix s
    attempts: int
    next_at: float
    error: str  # of the last try


@dataclass(frozen=True, slots=True)
class StatisticsView:
    """What was counted and is in memory: every interval that begins at ``since`` or later; the store has the others."""

    now: float  # Unix s
    zone: str  # IANA
    since: float
    intervals: Intervals


@dataclass(frozen=True, slots=True)
class DrainView:
    """Whether the switch is about to be taken out of service, and who is left."""

    draining: bool
    by: str = ""
    since: float = 0.0  # Unix s
    until: float = 0.0  # when the calls that are left are ended; 0: never
    calls: int = 0  # that go on
    waiting: int = 0  # those of them who wait in queues
    unwritten: int = 0  # losses that the store does not have yet
    refused: int = 0  # calls


class Refused(Exception):
    """A command that makes sense, and is not carried out; ``why`` is of a closed list, the text for people."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why


class PromiseDesk(Protocol):
    """The promises that are in memory, as far as the store has them, and what people order about any.

    Orders raise ``Refused``; ``by`` is for the history. One that lies in the pool, or that another node leads, is
    reached through the store.
    """

    def moment(self) -> tuple[float, str]:
        """Now (Unix s), and the zone (IANA) in which people here write their hours."""

    def promises(self) -> Iterator[Promise]:
        """In no order."""

    def promise(self, id: str) -> Promise | None: ...

    def wait(self, id: str) -> Wait | None:
        """Why it is not being kept just now; None where it is not in memory."""

    def rest(self, promise: Promise) -> Wait | None:
        """Why one that lies in the pool is not taken out of it yet; None where its time has come."""

    def overdue_at(self, promise: Promise) -> float:
        """From when on it is not kept any more (Unix s), be that said by itself or by its policy."""

    def policies(self) -> dict[str, str]:
        """Queues that call back, and campaigns, by name: and of which queue the agents are."""

    def standstill(self, name: str) -> Wait:
        """Why nobody is called by this queue or campaign; "" for ``why``: nothing stops it."""

    def spellings(self, number: str) -> set[str]:
        """As promises may have it."""

    def store_trouble(self) -> bool:
        """The last write of one failed, or was not answered in time."""

    def unwritten(self) -> int:
        """How many wait to be written again."""

    def withdraw(self, promise: Promise, why: str, by: str) -> None: ...

    def retry(self, promise: Promise, by: str) -> None:
        """Now, instead of after its pause."""

    def promote(self, promise: Promise, priority_s: float, by: str) -> None:
        """It counts as so much older from now on."""


class DoNotCallDesk(Protocol):
    """Numbers that nobody is to call; they may be written as people write them."""

    @property
    def file_size(self) -> int:
        """How many numbers the file has; they are not among the rows."""

    def rows(self) -> list[Listed]:
        """In the order in which they were listed."""

    def number(self, presented: str) -> Number: ...

    def get(self, presented: str) -> Listed | None: ...

    def in_file(self, presented: str) -> bool: ...

    def put(self, presented: Sequence[str], why: str, by: str) -> list[Wanted]: ...

    def remove(self, presented: str, by: str) -> Listed:
        """Raises ``LookupError``."""


class Control(Protocol):
    """The running switch, as the face sees it. All of it is in memory and returns at once."""

    def calls(self) -> list[CallView]: ...

    def agents(self) -> list[AgentView]: ...

    def queues(self) -> list[QueueView]: ...

    def promises(self) -> list[Promise]:
        """Those that the store has: the open ones, oldest first, then the last thousand closed since start."""

    def promise_desk(self) -> PromiseDesk: ...

    def campaigns(self) -> CampaignDesk: ...

    def do_not_call(self) -> DoNotCallDesk: ...

    def dialplans(self) -> list[DialplanView]: ...

    def version(self) -> str:
        """Of the agents and queues that work now."""

    def registrations(self) -> list[Binding]: ...

    def trunks(self) -> list[TrunkView]: ...

    def calendars(self) -> list[CalendarView]: ...

    def calendar(self, name: str, at: datetime | None = None) -> CalendarView:
        """At the aware moment ``at``; None: now."""

    def override(self, name: str, open: bool, since: float, until: float, note: str, by: str) -> Override:
        """Order other hours, from and to Unix seconds. Raises ``LookupError`` and ``Refused``."""

    def take_back_override(self, name: str, id: str, by: str) -> Override: ...

    def draining(self) -> DrainView: ...

    def drain(self, within_s: float | None, by: str) -> DrainView:
        """Take no new calls, and end when nobody is left, or after ``within_s``. Raises ``Refused``."""

    def take_back_drain(self, by: str) -> DrainView: ...

    def voicemails(self) -> list[Message]:
        """Of all mailboxes, newest first."""

    def messages(self) -> dict[str, Mapping[tuple[str, str, str], int]]:
        """SIP messages "received" and "sent" so far, by transport, method and class ("request", "1xx" to "6xx")."""

    def subscriptions(self) -> dict[str, int]:
        """How many there are of each event package."""

    def story(self, contact: str) -> Story | None:
        """What happened to this contact in queues, as far as it is in memory."""

    def stories(self, most: int) -> list[str]:
        """Contacts that have one, the latest first."""

    def glance(self, contact: str) -> Glance | None:
        """Of one that is in a queue now."""

    def decision_octets(self) -> int:
        """What these stories take of the memory, about."""

    def trace(self, name: str) -> Trace:
        """The SIP messages of a call, by contact, leg or Call-ID."""

    def statistics(self, of_agents: bool) -> StatisticsView:
        """Of queues, and with ``of_agents`` of agents too: to count the time of 10,000 takes a while."""

    def path(self, contact: str) -> CallPath | None:
        """A call's way through its dialplan, of one that goes on or has just ended."""

    def edges(self, plan: str) -> list[Edge]:
        """How many callers took which way, those that the store has not heard of yet."""

    def log_in(self, agent: str, ready: bool = True, phone: str = "", by: str = "") -> None:
        """``phone``: at which he sits down, who has none of his own. Raises ``Refused``."""

    def log_out(self, agent: str) -> None: ...

    def set_ready(self, agent: str) -> None:
        """Raises ``Refused`` for one who is not configured any more, as do ``set_paused`` and ``log_in``."""

    def set_paused(self, agent: str, reason: str) -> None: ...

    def force(self, agent: str, state: str, reason: str, by: str) -> None:
        """By a supervisor: "ready", "paused" or "logged-out". Raises ``Refused``."""

    def move(self, contact: str, queue: str, by: str) -> None:
        """Whoever waits, at the place of his age. Raises ``Refused``."""

    def reprioritise(self, contact: str, priority_s: float, by: str) -> None:
        """What it has on top of its queue's from now on. Raises ``Refused``."""

    def ask_wrap_up(self, agent: str) -> bool:
        """After this conversation; False where he has none."""

    def extend_wrap_up(self, agent: str, by_s: float) -> bool:
        """The one that is under way; False where there is none."""

    def voicemail_heard(self, voicemail: str) -> None: ...

    def delete_voicemail(self, voicemail: str) -> None: ...

    def webhooks(self) -> list[WebhookView]:
        """Those that wait, the oldest first, then those that were given up."""

    def retry_webhook(self, id: str) -> None:
        """One that was given up is tried again."""

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

    def audited_at(self) -> float:
        """When the last audit of the ACD ended, Unix seconds; 0: there was none yet."""

    def pressure(self) -> float:
        """0..1: how much of what can be left undone is left undone."""

    def losses(self) -> dict[str, int]:
        """What had to be dropped since the start.

        "rows" (store), "datagrams" (SIP), "facts" (log and metrics), "hep" (Homer).
        """

    def ready(self) -> dict[str, bool]:
        """Part -> fit for work: "sip", "media", "store"."""
