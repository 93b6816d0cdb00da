"""How often something happens per second in which it could: conversations that end, callers who give up.

Events divided by all time under observation, that of those included with whom it has not happened yet: the maximum
likelihood for exponential times that are cut off (Brown et al., "Statistical analysis of a telephone call center",
2005). A mean over those that are over already would be too short whenever load rises, since the long ones still go on.

What is old is forgotten by events and not by the clock: each event takes the weight ``1 - 1 / MEMORY`` off all before
it. So a busy queue follows a change within minutes, a quiet one still knows in the morning what it learnt in the
evening, and an update is three multiplications. What the admin expects counts like ``PRIOR`` events, and is forgotten
as they are.
"""

from __future__ import annotations

MEMORY = 200.0  # events; the standard error that remains is about 1 / sqrt(MEMORY), 7 %
PRIOR = 5.0  # events
LEAST_S = 0.001  # a mean: what always happens at once would be divided by


class Pace:
    """``begin`` and ``end`` say for how many at once it could happen; ``happen`` that it has."""

    __slots__ = ("_events", "_exposed", "_exposed_s", "_since")

    def __init__(self, expected_s: float, prior: float = PRIOR) -> None:
        self._events = prior
        self._exposed_s = prior * expected_s
        self._exposed = 0
        self._since = 0.0

    def copy(self, now: float) -> Pace:
        """What was learnt, with nobody exposed any more."""
        copy = Pace(self.mean_s(now), self._events)
        copy._since = now
        return copy

    def begin(self, now: float) -> None:
        self._watch(now)
        self._exposed += 1

    def end(self, now: float) -> None:
        self._watch(now)
        self._exposed -= 1

    def happen(self, now: float) -> None:
        self._watch(now)
        self.recall(0.0)

    def recall(self, lasted_s: float) -> None:
        """One of a former process, or of other times."""
        self._events = self._events * (1 - 1 / MEMORY) + 1
        self._exposed_s = self._exposed_s * (1 - 1 / MEMORY) + lasted_s

    def mean_s(self, now: float) -> float:
        """Between two of them, for one who is exposed; how long it takes on average."""
        self._watch(now)
        return max(LEAST_S, self._exposed_s / self._events)

    @property
    def doubt(self) -> float:
        """The variance of ``mean_s``, as a share of its square: one through the number of events that it rests on."""
        return 1.0 / self._events

    def _watch(self, now: float) -> None:
        self._exposed_s += self._exposed * (now - self._since)
        self._since = now
