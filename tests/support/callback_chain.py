"""The Markov chain of one queue that offers callbacks, solved exactly: what a simulation of it must come to.

State: (n, m), n customers with an agent or waiting on the line, m promised and not called yet. Calls come by chance
(Poisson); talk, of live callers and of callbacks alike, and patience are exponential. Who finds ``threshold`` or more
waiting on the line is offered to be called back, at once and once, and accepts by chance; who does not, waits. Who is
called back always answers, at once. A promise is dialled as soon as more than ``reserve`` agents are idle (then nobody
waits on the line), and takes one of them.

So with m > 0 no more than ``reserve`` agents are idle, the chain is the same on every level m > 0 (a quasi-birth-death
process: Latouche and Ramaswami, Introduction to Matrix Analytic Methods, chapters 6 and 7), and a level is left for the
one below from one state only, that with ``reserve`` idle. The matrix G of where a lower level is entered is therefore
known, R follows from it by one inversion, and there is no highest level: pools of any size have their share.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softswitch.core.errors import UsageError
from tests.support.reference_rows import Column

Matrix = NDArray[np.float64]
FIGURES = ("P_callback", "P_wait_inbound", "EQ", "P_abandon", "EW_inbound_s", "E_callback_pool", "EW_callback_s",
           "occupancy")  # fmt: skip
COLUMNS = (
    Column("lam_per_h", 1e-3, 1e6), Column("aht_s", 1e-3, 1e6), Column("agents", 1, 2000, whole=True),
    Column("patience_s", 1e-3, math.inf), Column("offer_threshold_k", 0, 1_000_000, whole=True),
    Column("accept_prob", 0, 1), Column("reserve_r", 0, 2000, whole=True),
    *(Column(name, 0, 1e12, may_lack=True) for name in FIGURES),
)  # fmt: skip
NEGLIGIBLE = 1e-20  # of the likeliest number of customers
MOST_STATES = 5000  # numbers of customers


@dataclass(frozen=True, slots=True)
class Chain:
    calls_per_s: float
    talk_s: float
    agents: int
    patience_s: float
    threshold: int
    accepts: float
    reserve: int

    @classmethod
    def of_row(cls, row: Mapping[str, str]) -> Chain:
        return cls(
            float(row["lam_per_h"]) / 3600, float(row["aht_s"]), int(row["agents"]), float(row["patience_s"]),
            int(row["offer_threshold_k"]), float(row["accept_prob"]), int(row["reserve_r"]),
        )  # fmt: skip

    @property
    def low(self) -> int:
        """The fewest customers while somebody is promised."""
        return max(self.agents - self.reserve, 0)

    def top(self) -> int:
        """The most customers that are here: more have no share, or find nobody who waits with them. Raises
        ``UsageError``."""
        likely = likeliest = 1.0
        for n in range(1, MOST_STATES):
            came = self.calls_per_s * (1 - self.accepts if n - 1 - self.agents >= self.threshold else 1)
            likely *= came / (min(n, self.agents) / self.talk_s + max(n - self.agents, 0) / self.patience_s)
            likeliest = max(likeliest, likely)
            if likely < NEGLIGIBLE * likeliest and n > self.agents:
                return n
            if likeliest > 1e200:
                likely, likeliest = likely / likeliest, 1.0
        raise UsageError(f"more than {MOST_STATES:,} customers would be here at once, or more and more")

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
        """The figures of a row. Raises ``UsageError`` where there are none: it would grow for ever."""
        by_n, pool = self._stationary()
        n = np.arange(len(by_n))
        waiting = np.maximum(n - self.agents, 0)
        takes = np.where(waiting >= self.threshold, self.accepts, 0.0)
        promised = float(takes @ by_n)
        promised_per_s, waits_per_s = self.calls_per_s * promised, self.calls_per_s * (1 - promised)
        line = float(waiting @ by_n)
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

    def relaxation_s(self) -> float:
        """In which the pool forgets how it began: that of a reflected Brownian motion with its drift and its tail."""
        top = self.top()
        down, within, up = self._blocks(2, top)
        if not up.any():
            return 0.0
        drift = self._drift(down, within, up)
        tail = max(abs(np.linalg.eigvals(up @ _dwell(within, up))))
        return 4 / (drift * -math.log(tail))

    def _drift(self, down: Matrix, within: Matrix, up: Matrix) -> float:
        """Promises per second by which a pool grows less. Raises ``UsageError`` if it does not."""
        at = _balance(within + down + up)
        drift = float(at @ down.sum(axis=1) - at @ up.sum(axis=1))
        if drift <= 0:
            raise UsageError(
                f"promises become more and more: with {self.reserve} in reserve {self.agents} agents cannot keep them"
            )
        return drift

    def _stationary(self) -> tuple[Matrix, float]:
        """The probabilities of each n, and the mean of m."""
        top = self.top()
        _, within_0, up_0 = self._blocks(0, top)
        down, within, up = self._blocks(2, top)
        if not up.any():
            return _balance(within_0), 0.0
        self._drift(down, within, up)
        dwell = _dwell(within, up)
        ratio, ratio_0 = up @ dwell, up_0 @ dwell
        levels = np.linalg.inv(np.eye(len(ratio)) - ratio)  # the sum of the powers of the ratio
        none = _balance(within_0 + ratio_0 @ self._blocks(1, top)[0], 1 + (ratio_0 @ levels).sum(axis=1))
        by_n = none.copy()
        some = none @ ratio_0 @ levels
        by_n[self.low :] += some
        return by_n, float((some @ levels).sum())

    def _blocks(self, m: int, top: int) -> tuple[Matrix, Matrix, Matrix]:
        """Rates to the level below, within it, and to the one above; what leads above the top is left out."""
        lows = [self.low if level > 0 else 0 for level in (m - 1, m, m + 1)]
        found = [np.zeros((top - lows[1] + 1, top - low + 1)) for low in lows]
        for n in range(lows[1], top + 1):
            for rate, to, level in self.moves(n, m):
                if to <= top:
                    found[level - m + 1][n - lows[1], to - lows[level - m + 1]] += rate
                    found[1][n - lows[1], n - lows[1]] -= rate
        return found[0], found[1], found[2]


def _dwell(within: Matrix, up: Matrix) -> Matrix:
    """The time in each state of a level, from each of its states, until the level below is entered: at the state with
    fewest customers, so that whatever has gone up comes back there."""
    closed = within.copy()
    closed[:, 0] += up.sum(axis=1)
    return np.linalg.inv(-closed)


def _balance(rates: Matrix, weights: Matrix | None = None) -> Matrix:
    """The stationary probabilities, weighted to a sum of 1."""
    system, right = rates.T.copy(), np.zeros(len(rates))
    system[-1], right[-1] = (1.0 if weights is None else weights), 1.0
    return np.linalg.solve(system, right)
