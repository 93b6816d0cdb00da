"""How many agents a load needs, by the formulas of Erlang: B (nobody waits), C (nobody gives up) and A (callers do).

Poisson arrivals, exponential handling times and patience, first come first served. B by its recurrence
B(n) = a B(n-1) / (n + a B(n-1)), which stays between 0 and 1 at any number of agents; C from B. A, which is M/M/n+M,
by the integrals of Zeltyn and Mandelbaum, "Call centers with impatient customers" (2005): with
H(x) = lam (1 - exp(-theta x)) / theta - n mu x, the density of the virtual wait V at x > 0 is proportional to
lam exp(H(x)), its atom at 0 to 1 / B(n-1). Both are taken relative to the highest value of exp(H), so that nothing
overflows, and integrated by Gauss and Legendre's rule.

Not known here: agents, queues, shrinkage in a roster. The simulated ACD is held against these numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from softswitch.core.errors import UsageError

MAX_AGENTS = 100_000
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_PANELS = 48
_NEGLIGIBLE = 45.0  # exp(-45) of the highest value
_NEVER = 600.0  # exp(600) times as likely: below what a float can tell from never


@dataclass(frozen=True, slots=True)
class Load:
    """What comes in, and what is promised."""

    calls_per_h: float
    handling_s: float  # talk and wrap-up
    target_s: float = 20.0
    patience_s: float = math.inf  # mean; inf: nobody gives up

    def __post_init__(self) -> None:
        if not (0 <= self.calls_per_h < math.inf and 0 < self.handling_s < math.inf):
            raise ValueError("calls per hour must not be less than 0, and the handling time must be more")
        if self.offered > MAX_AGENTS:
            raise ValueError(f"{self.offered:g} callers would talk at once; at most {MAX_AGENTS:,} can be planned for")
        if not (self.target_s >= 0 and self.patience_s > 0):
            raise ValueError("the target must not be less than 0 s, the patience must be more")

    @property
    def offered(self) -> float:
        """Erlang: the mean number of agents who would be talking if nobody ever waited."""
        return self.calls_per_h * self.handling_s / 3600.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What ``agents`` make of a load, in the long run."""

    agents: int
    waits: float  # share of callers who are not served at once
    answered_s: float  # mean wait of those who are served (ASA)
    wait_s: float  # mean wait of all, those who give up included
    within_of_offered: float  # served within the target, of all
    within_of_answered: float  # the same, of those who are served
    would_be_within: float  # share of callers who would be served within the target if they waited for ever
    occupancy: float  # share of their time in which agents talk or wrap up
    abandoned: float  # share of callers who give up


def blocked(agents: int, offered: float) -> float:
    """Erlang B: the share that is turned away where nobody waits. ``offered`` in Erlang."""
    share = 1.0
    for number in range(1, agents + 1):
        share = offered * share / (number + offered * share)
    return share


def forecast(load: Load, agents: int) -> Forecast:
    """Raises ``ValueError`` for a number of agents that is not from 1 to ``MAX_AGENTS``, and where all wait for ever:
    as many agents as Erlang, or fewer, and nobody gives up."""
    if not 1 <= agents <= MAX_AGENTS:
        raise ValueError(f"{agents} agents; it must be from 1 to {MAX_AGENTS:,}")
    if load.calls_per_h == 0:
        return _idle(load, agents)
    return _patient(load, agents) if math.isinf(load.patience_s) else _impatient(load, agents)


def agents_for(
    load: Load, within: float, abandoned: float = 1.0, occupancy: float = 1.0, most: int = MAX_AGENTS
) -> Forecast:
    """The least number of agents with which at least ``within`` of those offered are served within the target, at
    most ``abandoned`` give up and the agents are busy at most ``occupancy`` of their time. Raises ``ValueError``."""
    for name, share in (("within", within), ("abandoned", abandoned), ("occupancy", occupancy)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name} is {share}; it must be from 0 to 1")
    low, high = _stable(load), max(2 * math.ceil(load.offered), 8)
    while not _holds(load, high, within, abandoned, occupancy):
        low, high = high + 1, high * 2
        if high > most:
            raise ValueError(f"not even {most:,} agents would do; is the target possible?")
    while low < high:  # all three get better with each agent
        middle = (low + high) // 2
        if _holds(load, middle, within, abandoned, occupancy):
            high = middle
        else:
            low = middle + 1
    return forecast(load, low)


def _stable(load: Load) -> int:
    """The least number of agents with which the queue does not grow for ever."""
    return math.floor(load.offered) + 1 if math.isinf(load.patience_s) else 1


def _holds(load: Load, agents: int, within: float, abandoned: float, occupancy: float) -> bool:
    one = forecast(load, agents)
    return one.within_of_offered >= within and one.abandoned <= abandoned and one.occupancy <= occupancy


def _idle(load: Load, agents: int) -> Forecast:
    """So many agents that nobody ever waits."""
    return Forecast(agents, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, load.offered / agents, 0.0)


def _patient(load: Load, agents: int) -> Forecast:
    """Erlang C."""
    spare = agents - load.offered
    if spare <= 0:
        need = f"more than {load.offered:g} agents are needed, since nobody gives up"
        raise ValueError(f"{agents} agents: the queue grows for ever; {need}")
    refused = blocked(agents, load.offered)
    waits = agents * refused / (spare + load.offered * refused)
    mean_s = waits * load.handling_s / spare
    within = 1 - waits * math.exp(-spare * load.target_s / load.handling_s)
    return Forecast(agents, waits, mean_s, mean_s, within, within, within, load.offered / agents, 0.0)


def _impatient(load: Load, agents: int) -> Forecast:
    """Erlang A. Seconds throughout."""
    rate, leave = load.calls_per_h / 3600.0, 1.0 / load.patience_s
    served = agents / load.handling_s

    def height(x: float) -> float:
        return -rate * math.expm1(-leave * x) / leave - served * x

    peak = max(0.0, math.log(rate / served) / leave)
    top = height(peak)
    begin, end = _begin(height, peak, top), _end(height, peak, top)
    refused = blocked(agents - 1, load.offered)
    if refused == 0.0 or -top - math.log(refused) > _NEVER:
        return _idle(load, agents)
    atom = math.exp(-top) / refused

    def integral(until: float, weight: Callable[[np.ndarray], np.ndarray]) -> float:
        """Of rate * weight(x) * exp(H(x)), from 0 to ``until``."""
        steep = min(until, _NEGLIGIBLE * load.patience_s)  # impatience may fall off much faster than the wait
        likely = np.linspace(min(begin, until), until, _PANELS + 1)  # a peak far off may be very narrow
        edges = np.union1d(
            np.union1d(np.linspace(0.0, steep, _PANELS + 1), np.linspace(0.0, until, _PANELS + 1)), likely
        )
        half = np.diff(edges)[:, None] / 2
        x = (edges[:-1, None] + half) + half * _POINTS
        density = np.exp(-rate * np.expm1(-leave * x) / leave - served * x - top)
        return float((half * _WEIGHTS * density * weight(x)).sum()) * rate

    target_s = min(load.target_s, end)
    waiting = integral(end, np.ones_like)
    total = atom + waiting
    stays = integral(end, lambda x: np.exp(-leave * x))
    gone, answered = (waiting - stays) / total, (atom + stays) / total
    answered_wait = integral(end, lambda x: x * np.exp(-leave * x)) / total
    in_time = (atom + integral(target_s, lambda x: np.exp(-leave * x))) / total
    return Forecast(
        agents, waiting / total, answered_wait / answered, gone * load.patience_s, in_time, in_time / answered,
        (atom + integral(target_s, np.ones_like)) / total, load.offered * answered / agents, gone,
    )  # fmt: skip


def _begin(height: Callable[[float], float], peak: float, top: float) -> float:
    """From where on exp(H) is more than negligible."""
    step = 1.0
    while peak > step and height(peak - step) > top - _NEGLIGIBLE:
        step *= 2
    return max(0.0, peak - step)


def _end(height: Callable[[float], float], peak: float, top: float) -> float:
    """Where exp(H) has become negligible: H is concave, so it only falls from there."""
    step = 1.0
    while height(peak + step) > top - _NEGLIGIBLE:
        step *= 2
        if step > 1e12:
            raise UsageError("the wait has no end")
    return peak + step
