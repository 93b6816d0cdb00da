"""What the dialplan interpreter is told and what it orders. It knows no SIP, no file and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from softswitch.core.effect import DomainEvent, Effect

# ---- inputs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    """The first event. ``wall`` is aware local-or-UTC time at ``now``."""

    contact: str
    caller: str
    caller_name: str
    called: str
    trunk: str  # "" for a registered phone
    wall: datetime
    language: str = ""  # of the caller's phone; counts where the plan names none
    diverted: tuple[str, ...] = ()  # numbers that were called before this one, the latest first
    note: str = ""  # what the caller's system sent along (User-to-User, RFC 7433)
    campaign: Mapping[str, str] = field(default_factory=dict)  # whom we have called: its name, and what it knows of him


@dataclass(frozen=True, slots=True)
class PlayEnded:
    """All prompts of the last ``Play`` have been heard (or could not be played: ``ok`` is False)."""

    ok: bool = True


@dataclass(frozen=True, slots=True)
class Pressed:
    digit: str  # one of 0-9 * # A-D


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to ``Fetch``; ``error`` says why there is none that can be used."""

    status: int  # 0: nobody answered
    body: Any = None  # a document, or the text where one was asked for
    error: str = ""
    seconds: float = 0.0  # from the order to its end, with all tries
    kind: str = ""  # of the error, closed list: "timeout", "unreachable", "resting", "forbidden", "unusable"

    @property
    def outcome(self) -> str:
        """One word of a closed list: "2xx" to "5xx", or the kind of the error."""
        return self.kind or f"{self.status // 100}xx"


@dataclass(frozen=True, slots=True)
class QueueEnded:
    """The contact is back from a queue."""

    # "answered" (and the agent hung up), "full", "timeout", "callback" (promised), "exit" (by the key), "error",
    # "no agents", "all paused", "long wait"; "voicemail": a message is to be left, in the mailbox of ``queue``
    outcome: str
    queue: str = ""


@dataclass(frozen=True, slots=True)
class Promised:
    """The answer to ``MakePromise``."""

    ok: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class DialEnded:
    """The answer to ``DialOut``."""

    outcome: str  # "answered" (and the other side hung up), "busy", "no answer", "failed", "rejected"
    status: int = 0  # the SIP status that sums it up; 0 where nobody was rung
    by: str = ""  # who answered: a user, or the number


@dataclass(frozen=True, slots=True)
class VoicemailEnded:
    seconds: float
    lost: bool = False  # it could not be recorded


@dataclass(frozen=True, slots=True)
class RecordEnded:
    """The answer to ``RecordCaller``."""

    file: str  # below the recordings directory; "" where nothing was recorded
    seconds: float


@dataclass(frozen=True, slots=True)
class AwayEnded:
    """The caller is back from where the plan sent them: a conference, a parking place, a transfer, a page."""

    outcome: str  # the name of a branch of the verb: "next", "busy", "no_answer", "failed", ...
    status: int = 0  # the SIP status that sums it up; 0 where there is none
    by: str = ""  # which user it is to be told to: who parked the call


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller is gone from the plan; no order will be performed any more."""

    way: str = "hangup"  # "ended" where we hung up, "transfer" where somebody else leads the caller now


IvrInput = (
    Start
    | PlayEnded
    | Pressed
    | Fetched
    | QueueEnded
    | Promised
    | DialEnded
    | VoicemailEnded
    | RecordEnded
    | AwayEnded
    | HungUp
)

# ---- orders ----------------------------------------------------------------------------------------------------


RECORDING = "recording:"  # before the name of a file: it is one of the recordings


@dataclass(frozen=True, slots=True)
class Prompt:
    """To be heard: a file of ``media/prompts/<language>/``, a recording (``RECORDING`` stands before its name), a text
    for the speech engine, a tone, or silence."""

    language: str
    file: str = ""
    text: str = ""
    silence_s: float = 0.0
    tone: str = ""  # of call progress, for ``silence_s``; ``language`` is its country, "": that of the listener
    pieces: tuple[str, ...] = ()  # recordings that say ``text``, where all are there, without endings; "": a breath
    text_language: str = ""  # of ``text``, where that is not ``language``
    private: bool = False  # it says what is secret, and is kept nowhere


@dataclass(frozen=True, slots=True)
class AnswerCall(Effect):
    """Answer the caller's leg; done at once as far as the plan is concerned."""


@dataclass(frozen=True, slots=True)
class PlayPrompts(Effect):
    """Play these one after the other, then feed ``PlayEnded``. Replaces what is being played."""

    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class SendKeys(Effect):
    """Press these keys towards the caller."""

    digits: str


@dataclass(frozen=True, slots=True)
class PlayMusic(Effect):
    """The music of those who wait, until ``StopPlaying``; no ``PlayEnded`` follows."""


@dataclass(frozen=True, slots=True)
class MaskRecording(Effect):
    """Where the call is recorded: silence in its place until ``on`` is False. What is said now is secret."""

    on: bool


@dataclass(frozen=True, slots=True)
class StopPlaying(Effect):
    """Be silent (a key was pressed); no ``PlayEnded`` follows."""


@dataclass(frozen=True, slots=True)
class Fetch(Effect):
    """An HTTP request; then feed ``Fetched``."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    json: Any  # None: no body
    timeout_s: float  # of all tries together
    expect: str = "json"  # what the answer must be: "json", "text", or "" (it is not looked at)
    tries: int = 1  # where nobody answers, or the server is overloaded


@dataclass(frozen=True, slots=True)
class CallbackOffer:
    """In the queue: press ``key`` and be called back at this place. Made once, as soon as one of these holds."""

    after_s: float | None = None  # of waiting
    key: str = "1"
    expected_above_s: float | None = None
    position_above: int | None = None
    in_s: float | None = None  # from the order, however long was waited before
    another_number: bool = False  # who takes it chooses at which number


@dataclass(frozen=True, slots=True)
class EnterQueue(Effect):
    """Join a queue; then feed ``QueueEnded``."""

    queue: str
    needs: tuple[tuple[Any, ...], ...] | None  # expressions, as ``verb.need`` has them plain; None: the queue's
    priority_s: float
    language: str
    offer: CallbackOffer | None = None
    exit: str = ""  # the key by which the caller leaves the line, and keeps his place; "": none
    prefer: str = ""  # the agent who is asked first; "": none
    prefer_s: float = 0.0  # how long nobody else is


@dataclass(frozen=True, slots=True)
class MakePromise(Effect):
    """Record a callback for ``number``; then feed ``Promised``."""

    queue: str
    number: str
    stage: str = "accepted-offer"


@dataclass(frozen=True, slots=True)
class Question:
    """Whoever answers hears this, and takes the call by pressing ``key``."""

    prompts: tuple[Prompt, ...]
    key: str


@dataclass(frozen=True, slots=True)
class DialOut(Effect):
    """Ring these targets at once (``parallel``) or in order, connect the first that answers; then ``DialEnded``."""

    users: tuple[str, ...] = ()
    number: str = ""  # an outside number
    trunk: str = ""  # through this trunk
    ring_s: float = 30.0
    parallel: bool = True
    ringing: bool = False  # a caller who waits hears it ring; False: the hold music
    rings: dict[str, float] = field(default_factory=dict)  # s, of users for whom it is not ``ring_s``
    question: Question | None = None  # None: who answers is connected


@dataclass(frozen=True, slots=True)
class RecordVoicemail(Effect):
    """Record the caller until silence of hang-up, ``#`` or ``max_s``; then ``VoicemailEnded``."""

    mailbox: str
    max_s: float
    min_s: float = 1.0  # what is shorter is no message


@dataclass(frozen=True, slots=True)
class EndCall(Effect):
    """The plan is over: hang up. Before the answer it is a rejection with ``status``, or a redirection."""

    cause: str = "normal"  # normal, busy, declined, unavailable, error
    status: int = 0  # 0: by cause
    reason: str = ""  # for the caller's phone to show; "": the standard phrase of the status
    contacts: tuple[str, ...] = ()  # where else to call, best first: URIs, or numbers in the caller's own domain


# ---- facts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StepEntered(DomainEvent):
    """The path of a call through its plan."""

    contact: str
    plan: str
    step: str
    verb: str


@dataclass(frozen=True, slots=True)
class StepLeft(DomainEvent):
    """A step is behind the caller. The list of these is the trace of a call; what is secret is masked in it."""

    contact: str
    plan: str
    version: str  # of the plan
    step: str
    verb: str
    exit: str  # the way out: "next", "failed", "keys.1", "then.0"; "hangup" where the caller hung up here
    to: str  # the step that follows; "" the plan is over
    seconds: float  # in the step
    inputs: tuple[str, ...] = ()  # what happened there, in order, for people: "pressed 1", "200 after 0.31 s"
    changed: Mapping[str, str] = field(default_factory=dict)  # variables that it set, as short text
    why: str = ""  # of a failure


@dataclass(frozen=True, slots=True)
class StepFailed(DomainEvent):
    """A step that took its ``failed:`` exit (or had none), with file and line."""

    contact: str
    plan: str
    step: str
    where: str
    why: str
