"""A supervisor at somebody else's call: he listens, whispers to the agent, or talks with both.

What is supervised is a line: the leg by which the agent talks. Supervision follows it, whatever call it is put into by
a transfer, and is over as soon as it is in none. It is a contact of its own, which owns the supervisor's leg alone: the
call that is supervised knows nothing of it, and goes on as it was when he leaves. Where the line is, the driver says
(``LineTalks``, ``LineWaits``, ``LineGone``); here is decided who hears him:

    listen    nobody
    whisper   the agent
    barge     everybody in the room

A supervisor who holds is heard by nobody, so that no music of his telephone gets into the call. Whom he hears is never
limited. Who may supervise whom says ``permission``.

The recording of the call has its two sides and nothing else. What a supervisor says to both, as long as it is recorded
what they say, is kept in a file of his own contact; a whisper is kept nowhere.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, assert_never

from softswitch.call.signal import Accept, Answered, Failed, Progress, Released, Texted, Updated
from softswitch.contact.event import RecordingStarted
from softswitch.contact.hunt import Hunt, outcome
from softswitch.contact.journey import Facts, Journey, Table
from softswitch.contact.order import (
    Directory,
    HangUp,
    JoinRoom,
    Key,
    LeaveRoom,
    PauseRecording,
    PromptEnded,
    RecordLegs,
    StopRecording,
    Target,
    TellLeg,
)
from softswitch.core.effect import DomainEvent, Effect


class Mode(enum.StrEnum):
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


KEYS: Mapping[str, Mode] = {"4": Mode.LISTEN, "5": Mode.WHISPER, "6": Mode.BARGE}  # the supervisor's, in the call
TAKE_OVER_KEY = "9"


# ---- facts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SupervisionBegan(DomainEvent):
    contact: str
    user: str
    supervisor: str
    supervision: str
    mode: str
    by: str  # "phone"; "api" and the name of the token; "moved": the line is in another call now


@dataclass(frozen=True, slots=True)
class SupervisionChanged(DomainEvent):
    contact: str
    user: str
    supervisor: str
    supervision: str
    old: str
    mode: str
    by: str


@dataclass(frozen=True, slots=True)
class SupervisionEnded(DomainEvent):
    contact: str
    user: str
    supervisor: str
    supervision: str
    mode: str  # the last one
    why: str  # "hung up", "call over", "agent left", "moved", "not allowed", "took over", "ordered", "network"
    lasted_s: float


@dataclass(frozen=True, slots=True)
class SupervisionRefused(DomainEvent):
    supervisor: str
    target: str  # as it was written
    mode: str  # "take-over" too
    why: str  # "not allowed", "unknown", "nobody talks", "own call", "unreachable", "not there"
    by: str


# ---- orders ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TakeOver(Effect):
    """The supervisor wants the agent's place; ``LegGiven`` follows where that can be."""

    supervision: str


# ---- inputs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineTalks:
    """The line talks in this call, whose sound is in this room."""

    contact: str
    room: str
    line: str  # leg
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class LineWaits:
    """The line talks to nobody now, but may again: a transfer is under way."""


@dataclass(frozen=True, slots=True)
class LineGone:
    why: str  # as in ``SupervisionEnded``


@dataclass(frozen=True, slots=True)
class SetMode:
    mode: Mode
    by: str


@dataclass(frozen=True, slots=True)
class LegGiven:
    """The supervisor takes the agent's place: his leg is the other contact's from now on."""


class Supervision(Journey):
    """``facts.caller`` is the supervisor, ``facts.called`` whose line it is."""

    step = ""
    deadline: float | None = None

    def __init__(self, facts: Facts, directory: Directory, at: LineTalks, mode: Mode, by: str) -> None:
        super().__init__(facts, directory)
        self.at: LineTalks | None = at  # None: the line waits
        self.line = at.line
        self.mode = mode
        self.by = by
        self.leg = ""  # the supervisor's; "" until he has answered
        self._told = ""  # the contact of which it was said that he is there
        self._since = 0.0
        self._holds = False
        self._recording = False

    @property
    def state(self) -> str:
        """One word for people."""
        return self.mode.value if self.leg else "ringing"

    def tick(self, now: float) -> list[Effect]:
        return []

    def handle(self, event: object, now: float) -> list[Effect]:
        self.hear_causes(event)
        return [] if self.over else self._INPUTS[type(event)](self, event, now)

    # ---- how it begins -----------------------------------------------------------------------------------------

    def called(self, leg: str, now: float) -> list[Effect]:
        """He has dialled a code."""
        return [*self.begun(now), TellLeg(leg, Accept()), *self._up(leg, now)]

    def ring(self, targets: tuple[Target, ...], shown: str, name: str, ring_s: float, now: float) -> list[Effect]:
        """Ring his phones, which show him ``shown`` and ``name``."""
        self.hunt = Hunt("supervisor", self.new_prefix("supervisor"), targets, shown, name, ring_s)
        return [*self.begun(now), *self.hunt.start()]

    def _on_answered(self, event: Answered, now: float) -> list[Effect]:
        if event.leg == self.leg:
            return []
        hunt = self.hunt
        if hunt is None or event.leg not in hunt.ringing:
            return self.release(event.leg)
        self.hunt = None
        return [*hunt.answered(event.leg), *self._up(event.leg, now)]

    def _up(self, leg: str, now: float) -> list[Effect]:
        self.leg = leg
        self.record.answered_at = self.record.connected_at = self.unix(now)
        self.record.outcome = "answered"
        return [*self._join(), *self._began(self.by, now)]

    # ---- who hears him -----------------------------------------------------------------------------------------

    def _join(self) -> list[Effect]:
        if not self.leg:
            return []
        if self.at is None:
            return [*self._record(None), LeaveRoom(self.leg)]
        heard_by = self._heard_by(self.at)
        return [*self._record(self.at if heard_by is None else None), JoinRoom(self.at.room, self.leg, heard_by)]

    def _record(self, at: LineTalks | None) -> list[Effect]:
        """``at``: where all hear him; None: he is not heard by all."""
        wanted = at is not None and at.recorded
        if wanted is self._recording:
            return []
        self._recording = wanted
        if at is None or not wanted:
            return [StopRecording(self.room)]
        file = self.recorded_as(f"{at.contact}-{self.id}")
        return [RecordLegs(self.room, file, self.leg, None), RecordingStarted(self.id, file)]

    def pause_recording(self, reason: str | None) -> list[Effect]:
        return [PauseRecording(self.room, reason)] if self._recording else []

    def _heard_by(self, at: LineTalks) -> tuple[str, ...] | None:
        if self._holds:
            return ()
        match self.mode:
            case Mode.LISTEN:
                return ()
            case Mode.WHISPER:
                return (at.line,)
            case Mode.BARGE:
                return None
        assert_never(self.mode)

    def _on_set_mode(self, event: SetMode, now: float) -> list[Effect]:
        old, self.mode = self.mode, event.mode
        if event.mode is old or not self.leg:
            return []
        return [*self._join(), SupervisionChanged(*self._who(), old, self.mode, event.by)]

    def _on_key(self, event: Key, now: float) -> list[Effect]:
        mode = KEYS.get(event.digit)
        if not self.leg or event.leg != self.leg:
            return []
        if event.digit == TAKE_OVER_KEY:
            return [TakeOver(self.id)]
        return self._on_set_mode(SetMode(mode, "phone"), now) if mode else []

    def _on_updated(self, event: Updated, now: float) -> list[Effect]:
        if event.leg != self.leg or event.media.held == self._holds:
            return []
        self._holds = event.media.held
        return self._join()

    # ---- the line ----------------------------------------------------------------------------------------------

    def _on_line_talks(self, event: LineTalks, now: float) -> list[Effect]:
        if event == self.at:
            return []
        self.at, self.line = event, event.line
        if not self.leg:
            return []
        if event.contact == self._told:
            return self._join()
        by = "moved" if self._told else self.by
        return [*self._join(), *self._ended("moved", now), *self._began(by, now)]

    def _on_line_waits(self, event: LineWaits, now: float) -> list[Effect]:
        if self.at is None:
            return []
        self.at = None
        return self._join()

    # ---- how it ends -------------------------------------------------------------------------------------------

    def _on_line_gone(self, event: LineGone, now: float) -> list[Effect]:
        return self._stop(event.why, "us", now)

    def _stop(self, why: str, by: str, now: float) -> list[Effect]:
        orders = [*self.cancel_hunt(), *self.release(self.leg)]
        return [*orders, *self._ended(why, now), *self.finish("cancelled", by, now)]

    def _on_released(self, event: Released, now: float) -> list[Effect]:
        if event.leg != self.leg:
            return []
        by = "caller" if event.by == "peer" else event.by
        why = {"peer": "hung up", "network": "network"}.get(event.by, "ordered")
        return [*self._ended(why, now), *self.finish("answered", by, now)]

    def _on_failed(self, event: Failed, now: float) -> list[Effect]:
        if event.leg == self.leg:  # the one that he has dialled from: gone before its ACK
            return [*self._ended("hung up", now), *self.finish("cancelled", "caller", now)]
        orders, hunt = self.hunt_on(event)
        return orders if hunt is None else [*orders, *self.finish(outcome(hunt.status), "called", now)]

    def _on_leg_given(self, event: LegGiven, now: float) -> list[Effect]:
        return [*self._ended("took over", now), *self.finish("answered", "us", now)]

    # ---- what is said of it ------------------------------------------------------------------------------------

    def _who(self) -> tuple[str, str, str, str]:
        return self._told, self.facts.called, self.facts.caller, self.id

    def _began(self, by: str, now: float) -> list[Effect]:
        if self.at is None:  # he has answered while the line waits: there is nothing to be heard yet
            return []
        self._told, self._since = self.at.contact, now
        return [SupervisionBegan(*self._who(), self.mode, by)]

    def _ended(self, why: str, now: float) -> list[Effect]:
        if not self._told:
            return []
        ended = SupervisionEnded(*self._who(), self.mode, why, now - self._since)
        self._told = ""
        return [ended]

    def finish(self, outcome: str, by: str, now: float) -> list[Effect]:
        return [*self._record(None), *super().finish(outcome, by, now)]

    _INPUTS: ClassVar[Table] = {
        Progress: lambda self, event, now: [],
        Answered: _on_answered,
        Failed: _on_failed,
        Released: _on_released,
        Updated: _on_updated,
        Texted: lambda self, event, now: [],
        PromptEnded: lambda self, event, now: [],
        Key: _on_key,
        SetMode: _on_set_mode,
        LineTalks: _on_line_talks,
        LineWaits: _on_line_waits,
        LineGone: _on_line_gone,
        LegGiven: _on_leg_given,
        HangUp: lambda self, event, now: self._stop("ordered", "us", now),
    }
