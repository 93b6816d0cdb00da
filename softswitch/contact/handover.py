"""What transfers speak of: who is to be replaced by whom, what one contact gives to another, what is still open."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from softswitch.contact.hunt import Hunt
from softswitch.contact.journey import Facts
from softswitch.contact.permission import Party
from softswitch.contact.script import Script
from softswitch.ivr.model import IvrInput


@dataclass(frozen=True, slots=True)
class TransferTo:
    """``leg`` sends the other party to ``called``, where ``script`` leads."""

    leg: str
    who: Party  # at ``leg``
    other: Party  # at the other end
    called: str
    script: Script
    plan: str  # the dialplan that takes the call, so that the transferor's part is over at once; "": it is dialled
    wall: datetime


@dataclass(frozen=True, slots=True)
class Yielded:
    """What a contact has given up: a leg that talks, or those that ring."""

    legs: tuple[str, ...]
    hunt: Hunt | None  # None: it talks
    held: bool  # it has put the transferor on hold
    agent: tuple[str, str] | None  # as ``Journey.agents`` has it
    numbers: tuple[str, ...]  # that are on the line
    recorded: bool


@dataclass(frozen=True, slots=True)
class TransferJoin:
    """``leg`` leaves, and the other party of its second call comes in its place."""

    leg: str
    who: Party
    other: Party
    called: str
    taken: Yielded


@dataclass(frozen=True, slots=True)
class LegReplaced:
    """The inbound leg ``new``, not answered yet, takes the place of ``old``; or a supervisor's, which is ``up``."""

    old: str
    new: str
    who: Party  # at ``new``
    up: bool = False


@dataclass(slots=True)
class Pending:
    """A transfer of which nobody knows yet whether it succeeds."""

    kind: str  # "blind" or "attended"
    transferor: str  # leg
    who: Party
    leg: str  # as it was before
    facts: Facts
    script: Script
    after: IvrInput
    recorded: bool
    held: set[str]  # legs that hold
    agent: str = ""  # that the transferor is
    queue: str = ""  # from which the agent had got the other party
    gone: bool = False  # the transferor has hung up
    told: set[int] = field(default_factory=set)
