"""A transcript as it was read: calls, each with its lines, and what each line means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CALLER = "caller"

# ---- the scene -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class At:
    """When the call is made; by the clock of ``zone`` ("": that of the configuration)."""

    day: str  # 2026-03-02, or a day of the week
    minute: int  # after midnight
    zone: str = ""


@dataclass(frozen=True, slots=True)
class From:
    number: str
    name: str = ""
    to: str = ""  # "": what ``to`` says, or the first number of the plan
    trunk: str = ""  # "": the first one; who calls from a phone of ours needs none


@dataclass(frozen=True, slots=True)
class To:
    number: str


@dataclass(frozen=True, slots=True)
class CampaignCalls:
    """It is we who call: a customer of whom the campaign's list says this."""

    campaign: str
    number: str = ""  # "": anybody's
    row: tuple[tuple[str, str], ...] = ()  # column, what stands there


@dataclass(frozen=True, slots=True)
class HttpAnswers:
    """What is answered to requests like these; ``status`` 0: nothing is."""

    method: str
    address: str  # with * for whatever
    status: int = 0
    body: Any = None
    after_s: float = 0.1
    error: str = ""


@dataclass(frozen=True, slots=True)
class CalendarIs:
    calendar: str
    open: bool
    holiday: bool = False  # closed because of the day


@dataclass(frozen=True, slots=True)
class OthersWait:
    count: int
    queue: str


# ---- others ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Is:
    """An agent is free, busy, on a break or away; a telephone is busy or away."""

    who: str
    state: str


@dataclass(frozen=True, slots=True)
class Picks:
    """What somebody does whose telephone rings."""

    who: str
    status: int = 200  # 0: lets it ring
    after_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Calls:
    who: str
    number: str


@dataclass(frozen=True, slots=True)
class TransfersTo:
    who: str
    number: str


# ---- deeds -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Press:
    keys: str
    at_once: bool = False  # and not at the end of what is being said
    who: str = CALLER


@dataclass(frozen=True, slots=True)
class Let:
    """Time passes."""

    seconds: float
    speaking: bool = False  # the caller is not silent


@dataclass(frozen=True, slots=True)
class HangUp:
    who: str = CALLER
    at_once: bool = False


# ---- what must happen ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hears:
    text: str
    begins: bool = False  # the rest may be anything
    who: str = CALLER


@dataclass(frozen=True, slots=True)
class Happens:
    """Something else: ``kind`` of happening whose details are at least these."""

    kind: str
    who: str = CALLER
    details: Mapping[str, Any] = field(default_factory=dict)
    for_s: float = 0.0  # and so long it goes on
    strict: bool = False  # of the caller's journey, in order


@dataclass(frozen=True, slots=True)
class Skip:
    """``...``: whatever happens until the next line is right."""


Scene = At | From | To | CampaignCalls | HttpAnswers | CalendarIs | OthersWait
Others = Is | Picks
Deed = Calls | TransfersTo | Press | Let | HangUp
Expected = Hears | Happens
Meaning = Scene | Others | Deed | Expected | Skip


@dataclass(frozen=True, slots=True)
class Line:
    number: int  # from 1, in the file
    text: str  # as written, without indentation
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Transcript:
    file: str
    number: int  # of its first line
    name: str
    lines: tuple[Line, ...]
