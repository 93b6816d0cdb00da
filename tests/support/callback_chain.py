"""The Markov chain of one queue that offers callbacks, solved exactly: what a simulation of it must come to.

State: (n, m), n customers with an agent or waiting on the line, m promised and not called yet. Calls come by chance
(Poisson); talk, of live callers and of callbacks alike, and patience are exponential. Who finds ``threshold`` or more
waiting on the line is offered to be called back, at once and once, and accepts by chance; who does not, waits. Who is
called back always answers, at once. A promise is dialled as soon as more than ``reserve`` agents are idle (then nobody
waits on the line), and takes one of them.

So with m > 0 no more than ``reserve`` agents are idle; m moves by one at a time, and the chain is solved level by level
of m from the top (the block elimination of a level-dependent quasi-birth-death process: Latouche and Ramaswami,
Introduction to Matrix Analytic Methods, chapter 12).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from softswitch.core.errors import UsageError

Matrix = NDArray[np.float64]
FIGURES = ("P_callback", "P_wait_inbound", "EQ", "P_abandon", "EW_inbound_s", "E_callback_pool", "EW_callback_s",
           "occupancy")  # fmt: skip
MOST_LEFT_OUT = 1e-9  # of probability, above the highest states
MOST_STATES = 900  # levels


@dataclass(frozen=True, slots=True)
class Chain:
    calls_per_s: float
    talk_s: float
    agents: int
    patience_s: float
    threshold: int
    accepts: float
    reserve: int
    most_waiting: int = 60
    most_promised: int = 100

    @classmethod
    def of_row(cls, row: dict[str, str]) -> Chain:
        return cls(
            float(row["lam_per_h"]) / 3600, float(row["aht_s"]), int(row["agents"]), float(row["patience_s"]),
            int(row["offer_threshold_k"]), float(row["accept_prob"]), int(row["reserve_r"]),
        )  # fmt: skip

    @property
    def top(self) -> int:
        """The most customers that are here."""
        never_longer = self.accepts == 1.0
        return self.agents + (self.threshold if never_longer else self.most_waiting)

    def lowest(self, m: int) -> int:
        return max(self.agents - self.reserve, 0) if m else 0

    def moves(self, n: int, m: int) -> list[tuple[float, int, int]]:
        """(rate, n, m) to which it goes from here."""
        waiting, idle = max(n - self.agents, 0), max(self.agents - n, 0)
        promised = self.calls_per_s * self.accepts if waiting >= self.threshold else 0.0
        found = [(self.calls_per_s - promised, n + 1, m), (waiting / self.patience_s, n - 1, m)]
        found.append((promised, n + 1, m) if idle > self.reserve else (promised, n, m + 1))
        dialled = m > 0 and self.agents - (n - 1) > self.reserve
        freed = min(n, self.agents) / self.talk_s
        found.append((freed, n, m - 1) if dialled else (freed, n - 1, m))
        return [move for move in found if move[0] > 0]

    def solve(self) -> dict[str, float]:
        """The figures of a row, with as many states as it takes. Raises ``UsageError`` where more do not help."""
        try:
            return self.figures()
        except UsageError:
            if self.most_promised >= MOST_STATES:
                raise
            return replace(self, most_promised=3 * self.most_promised, most_waiting=2 * self.most_waiting).solve()

    def figures(self) -> dict[str, float]:
        """Raises ``UsageError`` where the states are too few."""
        levels = self._stationary()
        if max(levels[-1].sum(), sum(float(level[-1]) for level in levels) * (self.accepts < 1)) > MOST_LEFT_OUT:
            raise UsageError("more than these states have a share in it, or customers become more and more")
        by_n = np.zeros(self.top + 1)
        for m, level in enumerate(levels):
            by_n[self.lowest(m) :] += level
        n = np.arange(self.top + 1)
        waiting = np.maximum(n - self.agents, 0)
        takes = np.where(waiting >= self.threshold, self.accepts, 0.0)
        promised = float(takes @ by_n)
        promised_per_s, waits_per_s = self.calls_per_s * promised, self.calls_per_s * (1 - promised)
        line = float(waiting @ by_n)
        pool = sum(m * float(level.sum()) for m, level in enumerate(levels))
        some = promised < 1 - 1e-12
        return {
            "P_callback": promised,
            "P_wait_inbound": float(((1 - takes) * (n >= self.agents)) @ by_n) / (1 - promised) if some else 0.0,
            "EQ": line,
            "P_abandon": line / self.patience_s / self.calls_per_s,
            "EW_inbound_s": line / waits_per_s if some else 0.0,
            "E_callback_pool": pool,
            "EW_callback_s": pool / promised_per_s if promised_per_s else 0.0,
            "occupancy": float(np.minimum(n, self.agents) @ by_n) / self.agents,
        }

    def _stationary(self) -> list[Matrix]:
        """Of each level the probabilities of its states."""
        blocks = [self._blocks(m) for m in range(self.most_promised + 1)]
        steps, within = [], blocks[-1][1]
        for m in range(self.most_promised, 0, -1):
            steps.append(-blocks[m - 1][2] @ np.linalg.inv(within))
            within = blocks[m - 1][1] + steps[-1] @ blocks[m][0]
        system, right = within.T.copy(), np.zeros(len(within))
        system[-1], right[-1] = 1.0, 1.0
        found = [np.linalg.solve(system, right)]
        for step in reversed(steps):
            found.append(found[-1] @ step)
        total = sum(float(level.sum()) for level in found)
        return [level / total for level in found]

    def _blocks(self, m: int) -> tuple[Matrix, Matrix, Matrix]:
        """Rates to the level below, within it, and to the one above; at the edges what leads out of it is left out."""
        low = self.lowest(m)
        sizes = [self.top - self.lowest(max(level, 0)) + 1 for level in (m - 1, m, m + 1)]
        found = [np.zeros((self.top - low + 1, size)) for size in sizes]
        for n in range(low, self.top + 1):
            for rate, to, level in self.moves(n, m):
                if to <= self.top and level <= self.most_promised:
                    found[level - m + 1][n - low, to - self.lowest(level)] += rate
                    found[1][n - low, n - low] -= rate
        return found[0], found[1], found[2]
