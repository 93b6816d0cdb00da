"""What a contact orders, and what it is told besides leg signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from softswitch.acd.estimate import Interval
from softswitch.acd.model import AcdInput
from softswitch.acd.told import Told
from softswitch.call.press import Form
from softswitch.call.signal import Command
from softswitch.callback.model import LedgerInput
from softswitch.contact.answering import Answering
from softswitch.contact.mailbox import Mailboxes
from softswitch.contact.overflow import Ways
from softswitch.contact.presentation import AS_IS, Presentation
from softswitch.contact.treatment import Treatment
from softswitch.core.effect import Effect
from softswitch.ivr.model import Fetch, Fetched, Prompt
from softswitch.sip.flow import Flow

# ---- orders ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """One place at which a call can be tried: a registered phone, or a number behind a trunk."""

    uri: str  # Request-URI
    to_uri: str  # To header
    flow: Flow
    credentials: tuple[str, str] | None = None  # user, password for a 401 or 407 of theirs
    presentation: Presentation = AS_IS  # which caller it is shown
    trunk: str = ""  # by which it is reached; "": a phone of ours
    try_s: float | None = None  # how long to wait for the first response; None: as long as it may ring
    others: tuple[Target, ...] = ()  # where the same number is tried next, one after the other
    user: str = ""  # whose phone it is; "" behind a trunk
    route: tuple[str, ...] = ()  # Route values, as the phone's registration says (RFC 3327)


@dataclass(frozen=True, slots=True)
class MakeLeg(Effect):
    """Open a stream and start an outbound leg named ``leg``."""

    leg: str
    target: Target
    caller: str
    caller_name: str
    ring_s: float
    call_id: str = ""  # "": a fresh one
    by_itself: bool = False  # the phone is asked to answer without its user
    until: float = float("inf")  # Unix s: its INVITE does not leave later
    follow_until: float = float("inf")  # Unix s: nor the same once more with what was asked for, as credentials


@dataclass(frozen=True, slots=True)
class TellLeg(Effect):
    leg: str
    command: Command


@dataclass(frozen=True, slots=True)
class PlayTo(Effect):
    """Then ``PromptEnded(leg, play)``, unless stopped or replaced."""

    leg: str
    play: str
    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class HoldMusicTo(Effect):
    leg: str
    music: str = ""  # a class of hold music; "": the default


@dataclass(frozen=True, slots=True)
class SilenceTo(Effect):
    """Stop prompt and music; the leg hears its room, if it is in one."""

    leg: str


@dataclass(frozen=True, slots=True)
class PressKeys(Effect):
    """Press these keys on the leg, in the form that it takes."""

    leg: str
    digits: str
    heard: Form | None = None  # how the other side pressed it, where it is passed on


@dataclass(frozen=True, slots=True)
class JoinRoom(Effect):
    room: str
    leg: str
    heard_by: tuple[str, ...] | None = None  # legs; None: all who are there


@dataclass(frozen=True, slots=True)
class LeaveRoom(Effect):
    leg: str


@dataclass(frozen=True, slots=True)
class RecordLegs(Effect):
    recording: str
    file: str  # below the recordings directory
    left: str  # leg
    right: str | None  # None: one channel


@dataclass(frozen=True, slots=True)
class PauseRecording(Effect):
    """Silence in its place until ``reason`` is None."""

    recording: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class StopRecording(Effect):
    recording: str


@dataclass(frozen=True, slots=True)
class EraseRecording(Effect):
    """Nobody needs the file any more; it goes as soon as it is finished."""

    file: str  # below the recordings directory


@dataclass(frozen=True, slots=True)
class WatchSilence(Effect):
    """Then ``Silent`` once the leg has said nothing for ``after_s``, counted from now; 0: no more."""

    leg: str
    after_s: float


@dataclass(frozen=True, slots=True)
class MailboxLeft(Effect):
    """Of the script that leads who hears a mailbox: it is over; ``outcome`` is a branch of the verb."""

    outcome: str


@dataclass(frozen=True, slots=True)
class WriteToUser(Effect):
    """A text for the phones of ``user``; then ``TextTold``."""

    contact: str
    token: str
    writer: str  # the number that it comes from
    user: str
    text: str


@dataclass(frozen=True, slots=True)
class PostEvent(Effect):
    """Something for a web service, by its name in the settings; at least once."""

    contact: str
    hook: str
    event: str
    data: Any  # plain


@dataclass(frozen=True, slots=True)
class FetchUrl(Effect):
    """Then ``FetchEnded`` with the same ``request``."""

    contact: str
    request: int
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class TellAcd(Effect):
    event: AcdInput


@dataclass(frozen=True, slots=True)
class TellLedger(Effect):
    event: LedgerInput


@dataclass(frozen=True, slots=True)
class KeepPlace(Effect):
    """Of somebody who has lost the line: who calls from that number again has it. Times are Unix seconds."""

    number: str
    queue: str
    queued_at: float
    until: float


@dataclass(frozen=True, slots=True)
class ForgetPlace(Effect):
    """It was taken again, or is needed no more."""

    number: str
    queue: str = ""  # "": of all queues


@dataclass(frozen=True, slots=True)
class NeverCall(Effect):
    """Onto the do-not-call list, whatever becomes of this process."""

    number: str  # E.164
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class Closed(Effect):
    """The contact is over; nothing follows."""

    contact: str


# ---- inputs besides leg signals, ACD orders and ledger orders ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class PromptEnded:
    leg: str
    play: str
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Key:
    """A key pressed, once, in however many forms it came."""

    leg: str
    digit: str
    form: Form = Form.EVENT  # the one that told it first


@dataclass(frozen=True, slots=True)
class FetchEnded:
    request: int
    answer: Fetched


@dataclass(frozen=True, slots=True)
class Silent:
    """The leg has said nothing for as long as ``WatchSilence`` asked."""

    leg: str


@dataclass(frozen=True, slots=True)
class RecordingLost:
    """It could not be begun, or has ended early; what there is of it is kept."""

    recording: str


@dataclass(frozen=True, slots=True)
class TextTold:
    """What became of ``WriteToUser``: 200, a phone has it."""

    token: str
    status: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """An admin ends the contact; or a defect of ours does, or our own end (``broken``): whoever waits is lost by it."""

    broken: bool = False


class Directory(Protocol):
    """What contacts may look up. Reading only; the answers are those of this moment."""

    def user_targets(self, user: str) -> tuple[Target, ...]:
        """Where the phones of a user are registered; empty: nowhere."""

    def in_call(self, user: str) -> bool:
        """Whether one of his phones is in a call, or rings."""

    def trunk_target(self, trunk: str, number: str) -> Target | None:
        """The first server of a trunk, or of a group of trunks, with the others behind it; None: none is up."""

    def redirected(self, target: Target, contacts: tuple[str, ...]) -> Target | None:
        """Where a trunk's 3xx leads, if its configuration lets it lead anywhere."""

    def customer_target(self, trunk: str, number: str) -> Target | None:
        """Where a customer is dialled: through the trunk, or directly if the number is one of our own phones."""

    def agent_users(self, agent: str) -> tuple[str, ...]:
        """Whose phones are his at this moment; empty: nobody's."""

    def position(self, contact: str) -> int | None:
        """Place in line from 1."""

    def expected(self, contact: str, now: float) -> Interval | None:
        """What is left of its wait in a queue; None: nobody can say."""

    def told(self, contact: str, former: Told | None, now: float) -> Told | None:
        """The same as it may be told, after ``former`` was."""

    def treatment(self, queue: str) -> Treatment:
        """What those hear who wait there."""

    def answering(self, name: str) -> Answering:
        """What those hear first whom we call for this queue, or for this campaign."""

    def can_promise(self, number: str, queue: str) -> bool:
        """Whether who calls from there may be offered to be called back by this queue."""

    def takes_keyed(self, queue: str) -> bool:
        """Whether this queue calls back at numbers that callers key in."""

    def kept_place(self, number: str, queue: str) -> float | None:
        """Since when somebody who calls from this number has waited there, by ``KeepPlace``: Unix seconds."""

    def last_agent(self, number: str, queue: str) -> tuple[str, float] | None:
        """Who served this number last, and for how many seconds this queue asks him alone."""

    def agent_name(self, agent: str) -> str:
        """As callers are told it."""

    def overflow(self, queue: str) -> Ways:
        """Where those go whom it turns away, by why."""

    def records(self, queue: str) -> bool: ...

    def told_in(self, queue: str, agent: str) -> str:
        """The language in which the agent is told who comes from there, before the two talk; "": not at all."""

    def hold_music(self, queue: str) -> str:
        """The class of music of those who wait there, or are held in a call from there; "": the default."""

    @property
    def mailboxes(self) -> Mailboxes:
        """To be read; what is to change is told as facts."""

    def may_record(self) -> bool:
        """Whether conversations are recorded at all."""

    def recording_ending(self) -> str:
        """Of file names: ".wav" or what they become."""
