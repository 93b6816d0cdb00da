"""What an agent has done since he logged in, for the strategies that even it out. A reload leaves it alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from softswitch.acd.model import AgentState, AgentStateChanged

_BUSY = frozenset({AgentState.TALKING, AgentState.WRAP_UP})  # as in occupancy: ringing is no work


@dataclass(slots=True)
class Tally:
    logged_in_at: float = 0.0
    calls: int = 0  # answered
    busy_s: float = 0.0  # up to when he was last idle
    busy_since: float = inf  # inf: he is not

    def note(self, changed: AgentStateChanged, now: float) -> bool:
        """Whether anything is another figure now."""
        began = changed.old is AgentState.LOGGED_OUT
        if began:
            self.logged_in_at, self.calls, self.busy_s = now, 0, 0.0
        busy = changed.new in _BUSY
        if busy and self.busy_since == inf:
            self.busy_since = now
        elif not busy and self.busy_since != inf:
            self.busy_s, self.busy_since = self.busy_s + now - self.busy_since, inf
        else:
            return began
        return True
