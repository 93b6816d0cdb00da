"""Who calls when, what they want and how patient they are: drawn from a seed, so that a demo can be seen again.

The first two callers come before the agents do: one gives up, one takes the offer to be called back. So every demo has
both, however quick the agents are with the others. Half of the rest come in a rush, for which three agents are too few.
"""

from __future__ import annotations

import enum
import random
from dataclasses import dataclass

OFFER_AFTER_S = 3.0  # of waiting; then the queue offers to call back
AGENTS_AT_S = 9.0  # they log in a while after the first callers came
OFFER_KEY = "1"
_EARLY = 2  # callers who come before the agents
_EARLY_EVERY_S = 0.3
_LAST_ARRIVAL = 0.9  # as a share of the time of the demo
_RUSH = (0.4, 0.5)  # likewise, from and to
_TALK_S = (4.0, 8.0)
_QUEUE_KEYS = ("1", "2")


class Temper(enum.Enum):
    PATIENT = "waits"
    HASTY = "gives up"
    BUSY = "asks to be called back"


_TEMPERS = (Temper.PATIENT, Temper.HASTY, Temper.PATIENT, Temper.BUSY, Temper.PATIENT)


@dataclass(frozen=True, slots=True)
class CallerRole:
    number: str
    at_s: float  # after the start
    temper: Temper
    key: str  # of the menu
    thinks_s: float  # until the key is pressed, after the greeting has begun
    patience_s: float  # HASTY: in the queue
    talks_s: float
    engaged: bool  # the line is busy when the first callback comes


@dataclass(frozen=True, slots=True)
class AgentRole:
    name: str
    user: str
    skills: tuple[tuple[str, int], ...]
    at_s: float  # logs in, after the start


AGENTS = (
    AgentRole("alice", "1001", (("orders", 5),), AGENTS_AT_S),
    AgentRole("bob", "1002", (("service", 5), ("orders", 2)), AGENTS_AT_S + 0.5),
    AgentRole("carol", "1003", (("orders", 4), ("service", 4)), AGENTS_AT_S + 3.0),
)


def cast(callers: int, seconds: float, random: random.Random) -> list[CallerRole]:
    """In the order of their arrival; ``callers`` >= 1."""
    spans = ((AGENTS_AT_S / 2, seconds * _LAST_ARRIVAL), (seconds * _RUSH[0], seconds * _RUSH[1]))
    arrivals = sorted(random.uniform(*spans[index % len(spans)]) for index in range(callers))
    tempers = [_TEMPERS[index % len(_TEMPERS)] for index in range(callers)]
    random.shuffle(tempers)
    tempers[:_EARLY] = (Temper.HASTY, Temper.BUSY)[:callers]
    arrivals[:_EARLY] = [_EARLY_EVERY_S * index for index in range(min(_EARLY, callers))]
    roles = [_role(index, arrivals[index], tempers[index], random) for index in range(callers)]
    return sorted(roles, key=lambda role: role.at_s)


def _role(index: int, at_s: float, temper: Temper, random: random.Random) -> CallerRole:
    return CallerRole(
        number=f"1380013{8000 + index:04d}",
        at_s=at_s,
        temper=temper,
        key=random.choice(_QUEUE_KEYS),
        thinks_s=random.uniform(1.0, 2.5),
        patience_s=random.uniform(2.0, 3.5),
        talks_s=random.uniform(*_TALK_S),
        engaged=index == 1,
    )
