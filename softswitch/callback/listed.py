"""An entry of the do-not-call list, as it is kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listed:
    number: str  # as ``number.identified`` has it
    why: str
    by: str
    added_at: float  # Unix s
