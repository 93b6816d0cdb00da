"""How the callbacks of a queue, or the calls of a campaign, are made: what an admin has decided, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol


class DaysOff(Protocol):
    """Holidays. Equal ones have the same days."""

    def off(self, day: date) -> bool: ...


@dataclass(frozen=True, slots=True)
class Window:
    """When a number may be dialled: local hours in an IANA zone."""

    zone: str = "Asia/Shanghai"
    start_minute: int = 0  # minutes after local midnight, inclusive
    end_minute: int = 24 * 60  # exclusive; up to the start, or above 1440: of the next day
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)  # Monday is 0; those on which it begins
    days_off: DaysOff | None = None  # on which it does not begin


@dataclass(frozen=True, slots=True)
class Policy:
    """How the callbacks of one queue, or the calls of one campaign, are made."""

    queue: str  # whose agents talk
    trunk: str
    caller_id: str = ""
    stages: tuple[str, ...] = ("abandoned", "queue-full", "accepted-offer", "keyed", "shed")
    window: Window = Window()
    short_abandon_s: float = 0.0  # an abandon before this is not recorded
    keyed_per_caller: int = 5  # numbers that one caller may key in within 24 h; 0: no limit
    retry_busy_s: float = 300.0
    retry_no_answer_s: float = 1800.0
    retry_failed_s: float = 900.0
    retry_rejected_s: float = 900.0
    retry_machine_s: float = 3600.0
    retry_hung_up_s: float = 900.0  # the customer answered and was gone before an agent was there
    retry_dropped_s: float = 900.0  # the customer answered and no agent was there in time: our fault
    jitter: float = 0.0  # share of a delay by which it is longer at most, so that retries do not come in step
    max_attempts: int = 3
    most_per_day: int = (
        0  # a number that was dialled so often in 24 h, for whatever promise, is left alone; 0: no limit
    )
    expiry_s: float = 2 * 86400.0
    ring_s: float = 30.0
    settle_s: float = 32.0  # on top of ring_s: how long an attempt that a crash cut short stays UNCERTAIN
    reserve: int = 0  # idle agents kept back for live callers
    numbers: str = ""  # regex of whole numbers that are dialled as presented, e.g. "1[0-9]{3}"; "": none
    countries: tuple[str, ...] = ()  # ISO 3166; whose numbers may be dialled; none: the region's own
    services: bool = False  # may 400, 95588 and their like be dialled?
    campaign: str = ""  # of an outbound list; "": these are the queue's own callbacks
    plan: str = ""  # dialplan that leads whoever answers; "": he is connected at once
    begins_at: float = 0.0  # Unix s; nobody is called before
    ends_at: float = float("inf")  # Unix s; nor from then on
    group: str = ""  # one open promise per number within it; "": the campaign's or the queue's own
    callee_window: Window | None = None  # besides ``window``: hours in the zone of the number (its own zone: "")
    priority_s: float = 0.0  # a promise counts as so much older
    stage_priority_s: tuple[tuple[str, float], ...] = ()  # the same, by the stage of the loss, on top
    repeat_priority_s: float = 0.0  # the same, for each further loss of the same customer
    first: Literal["agent", "customer"] = "agent"  # who is on the line first
    pacing: Literal["progressive", "ratio", "predictive"] = "progressive"  # customer first only: how many are dialled
    ratio: float = 1.0  # dials per free agent, at most; of ``ratio`` and ``predictive``
    abandon_limit: float = 0.03  # share of answered calls for whom no agent was there in time, at most
    abandon_window_s: float = 86400.0  # counted over
    agent_within_s: float = 2.0  # an answered customer waits no longer for an agent
    agent_first_for_s: float = (
        3 * 86400.0
    )  # who was let go for want of one, by whomever, is dialled agent first so long

    @property
    def name(self) -> str:
        return self.campaign or self.queue

    @property
    def key(self) -> str:
        """Within which a number has one open promise."""
        return self.group or self.name
