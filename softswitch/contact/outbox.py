"""What web services are told: one delivery for each event, tried until it is taken or too old.

At least once: it is in the store before it leaves for the first time, and goes from there when it was taken; whoever
takes it twice tells by its id. Waiting between two tries doubles, and is drawn from its upper half, so that a service
that comes back is not met by everybody at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from softswitch.core.effect import DomainEvent

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 3600.0
GONE = 410  # HTTP: never ask again


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one web service. Times are Unix seconds."""

    id: str
    hook: str  # by name in the settings
    event: str
    contact: str
    body: str  # JSON, as it is signed
    created_at: float
    attempts: int = 0
    next_at: float = 0.0
    state: str = "waiting"  # or "dead": nobody tries any more
    error: str = ""  # of the last try


@dataclass(frozen=True, slots=True)
class WebhookTried(DomainEvent):
    """What came of one try."""

    id: str
    hook: str
    event: str
    outcome: Literal["sent", "failed", "dead"]  # dead: it was the last one
    status: int  # HTTP; 0: no answer
    error: str


@dataclass(frozen=True, slots=True)
class WebhookDropped(DomainEvent):
    """It will not be told: there is no such service in the settings any more, or too much waits already."""

    id: str
    hook: str
    event: str
    why: Literal["unknown", "full", "large"]


def tried(
    delivery: Delivery, status: int, error: str, expire_s: float, fraction: float, unix: float
) -> Delivery | None:
    """What is left to be done after one more try; None where it was taken (2xx). ``fraction`` is drawn from [0, 1)."""
    if 200 <= status < 300:
        return None
    attempts = delivery.attempts + 1
    pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempts - 1, 20)) * (0.5 + 0.5 * fraction)
    dead = status == GONE or unix + pause_s > delivery.created_at + expire_s
    return replace(
        delivery, attempts=attempts, next_at=unix + pause_s, state="dead" if dead else "waiting",
        error=error or f"status {status}",
    )  # fmt: skip
