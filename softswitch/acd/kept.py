"""Stories of contacts as the store has them: a row for each process that has led the contact.

What many decisions have in common (who is configured, who of them meets which needs) is kept once, by a key that is
made of it: a decision in a centre of ten thousand agents then takes no more room than those who were asked.
"""

from __future__ import annotations

from dataclasses import dataclass

GROUND_AGAIN_S = 86_400.0  # what is in use is put again after so long, and so is known to be
GROUND_SPARE_S = 2 * GROUND_AGAIN_S  # that it is kept longer than the decisions that need it


@dataclass(frozen=True, slots=True)
class KeptStory:
    contact: str
    began_at: float  # Unix s
    ended_at: float  # of one that goes on: when this was written
    queue: str  # the last
    agent: str  # who was chosen last; "" nobody
    outcome: str  # why it left the queue; "": it is there
    story: bytes


@dataclass(frozen=True, slots=True)
class KeptGround:
    key: str
    used_at: float  # Unix s
    body: bytes
