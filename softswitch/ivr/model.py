"""What the dialplan interpreter is told and what it orders. It knows no SIP, no file and no clock."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class PlayEnded:
    """All prompts of the last ``Play`` have been heard (or could not be played: ``ok`` is False)."""

    ok: bool = True


@dataclass(frozen=True, slots=True)
class Pressed:
    digit: str  # one of 0-9 * # A-D


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to ``Fetch``: status 0 and ``error`` where there was none."""

    status: int
    body: Any = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class QueueEnded:
    """The contact is back from a queue."""

    outcome: str  # "answered" (and the agent hung up), "full", "timeout", "callback" (offer accepted), "error"


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


@dataclass(frozen=True, slots=True)
class VoicemailEnded:
    seconds: float


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller is gone; no order will be performed any more."""


IvrInput = Start | PlayEnded | Pressed | Fetched | QueueEnded | Promised | DialEnded | VoicemailEnded | HungUp

# ---- orders ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prompt:
    """To be heard: a file of ``media/prompts/<language>/``, a text for the speech engine, a tone, or silence."""

    language: str
    file: str = ""
    text: str = ""
    silence_s: float = 0.0
    tone: str = ""  # of call progress, for ``silence_s``; ``language`` is its country, "": that of the listener


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
class StopPlaying(Effect):
    """Be silent (a key was pressed); no ``PlayEnded`` follows."""


@dataclass(frozen=True, slots=True)
class Fetch(Effect):
    """An HTTP request; then feed ``Fetched``."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    json: Any  # None: no body
    timeout_s: float


@dataclass(frozen=True, slots=True)
class CallbackOffer:
    """In the queue, after ``after_s`` seconds: press ``key`` and be called back at this place."""

    after_s: float
    key: str = "1"


@dataclass(frozen=True, slots=True)
class EnterQueue(Effect):
    """Join a queue; then feed ``QueueEnded``."""

    queue: str
    needs: tuple[tuple[str, int], ...] | None  # (skill, level); None: the queue's
    priority_s: float
    language: str
    offer: CallbackOffer | None = None


@dataclass(frozen=True, slots=True)
class MakePromise(Effect):
    """Record a callback for ``number``; then feed ``Promised``."""

    queue: str
    number: str
    stage: str = "accepted-offer"


@dataclass(frozen=True, slots=True)
class DialOut(Effect):
    """Ring these targets at once (``parallel``) or in order, connect the first that answers; then ``DialEnded``."""

    users: tuple[str, ...] = ()
    number: str = ""  # an outside number
    trunk: str = ""  # through this trunk
    ring_s: float = 30.0
    parallel: bool = True
    ringing: bool = False  # a caller who waits hears it ring; False: the hold music


@dataclass(frozen=True, slots=True)
class RecordVoicemail(Effect):
    """Record the caller until silence of hang-up, ``#`` or ``max_s``; then ``VoicemailEnded``."""

    mailbox: str
    max_s: float


@dataclass(frozen=True, slots=True)
class EndCall(Effect):
    """The plan is over: hang up. Before the answer it is a rejection with ``status``."""

    cause: str = "normal"  # normal, busy, declined, unavailable, error
    status: int = 0  # 0: by cause


# ---- facts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StepEntered(DomainEvent):
    """The path of a call through its plan."""

    contact: str
    plan: str
    step: str
    verb: str


@dataclass(frozen=True, slots=True)
class StepFailed(DomainEvent):
    """A step that took its ``failed:`` exit (or had none), with file and line."""

    contact: str
    plan: str
    step: str
    where: str
    why: str


@dataclass(slots=True)
class Trail:
    """What an interpreter has done so far, for the trace."""

    steps: list[tuple[float, str]] = field(default_factory=list)  # (now, step)
