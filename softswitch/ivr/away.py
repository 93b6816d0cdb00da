"""Orders of the verbs in which callers meet, or are moved; ``AwayEnded`` answers each with one of its outcomes."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.core.effect import Effect
from softswitch.ivr.model import Prompt


@dataclass(frozen=True, slots=True)
class EnterConference(Effect):
    """Bring the caller into a room. How it is there is said by each member's own order; the room itself has no rules.

    Outcomes: "next" (left by key), "over" (the last moderator left), "dropped" (by a moderator), "full", "locked",
    "no_moderator" (none came in time).
    """

    room: str
    language: str
    moderator: bool = False
    most: int = 50  # members; who comes when there are as many finds the room full
    wait_s: float = 0.0  # for a moderator, with music; 0: talks at once
    ends: bool = False  # leaves with the last moderator
    tones: bool = True  # is told by a tone who comes and goes
    muted: bool = False  # only listens, until the member presses otherwise
    leave: str = ""  # key; "": only by hanging up


@dataclass(frozen=True, slots=True)
class ParkCaller(Effect):
    """Let the caller wait, with music, until somebody takes the call from its slot.

    Outcomes: "next" (taken, and whoever took it is gone), "timeout", "full".
    """

    slots: tuple[str, ...]  # the first that is free
    most_s: float  # from then on it is "timeout"
    language: str
    tell: bool = True  # whoever parked the call hears where, or is written a text


@dataclass(frozen=True, slots=True)
class RetrieveCall(Effect):
    """Give the caller's phone to the call that is parked there. Nothing follows but "empty" and "forbidden"."""

    slot: str


@dataclass(frozen=True, slots=True)
class PageUsers(Effect):
    """Have the phones of these users answer by themselves and hear the caller, or ``prompts`` in place of the caller.

    Outcomes: "next" (it was heard), "nobody" (no phone answered, or none was free).
    """

    users: tuple[str, ...]
    most_s: float
    ring_s: float  # a phone that has not answered by then does not do so by itself
    prompts: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferCaller(Effect):
    """Ask the caller's side to call this number itself. Nothing follows where it does, else "refused"."""

    number: str
