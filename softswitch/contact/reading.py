"""How far somebody has come who hears the messages of a mailbox: the whole state of ``retrieval``."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(slots=True)
class Reading:
    """Plain state; times are monotonic seconds."""

    contact: str
    mailbox: str
    language: str
    own: bool  # it is that of the user who calls, by his phone
    epoch: float  # Unix seconds at 0
    phase: str = "start"  # pin, main, message, choice (of what to do with it), calling, greeting, speak, draft, bye
    typed: str = ""
    vain: int = 0  # PINs that were wrong, then questions without an answer
    ids: tuple[str, ...] = ()  # that are gone through
    place: int = 0  # among them
    draft: str = ""  # a greeting that is not in use yet
    outcome: str = "next"
    saying: bool = False  # something is being said; else a key is waited for, or somebody else is at work
    due: float | None = None


def moved(state: Reading, by: float, epoch: float) -> Reading:
    """For another process, whose clock shows ``by`` more."""
    return replace(state, epoch=epoch, due=None if state.due is None else state.due + by)
