"""Campaigns as the face sees them, and what it may ask of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from softswitch.callback.sheet.row import Import


@dataclass(frozen=True, slots=True)
class CampaignView:
    campaign: str
    queue: str
    plan: str
    paused_by: str  # whom; "": it is not
    stopped_by: str  # why nobody is called just now; "": nothing stops it
    until: float  # Unix s; 0: nobody knows
    answered: int  # customers, in the window of the abandon limit; customer first only
    dropped: int  # those of them for whom no agent was there
    abandon_limit: float
    dispositions: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DisposedView:
    """What an agent has said of a call."""

    contact: str
    promise: str
    campaign: str
    code: str


class CampaignDesk(Protocol):
    """Orders raise ``LookupError`` for a name that is not known, and ``Refused``."""

    def views(self) -> list[CampaignView]: ...

    def importing(self, name: str, consent: str, round_: str) -> Import:
        """What the rows of a list have in common."""

    def imported(self, name: str, rows: int, added: int, refused: Mapping[str, int], by: str) -> None:
        """A list was read, to its end or not; ``refused`` by reason."""

    def may_pause(self, name: str, paused: bool) -> None:
        """Before it is written down."""

    def pause(self, name: str, paused: bool, by: str) -> None: ...

    def dispose(self, contact: str, code: str, by: str) -> DisposedView:
        """How the conversation of that call ended."""
