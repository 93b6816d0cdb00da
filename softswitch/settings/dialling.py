"""Who is on the line first, and how many customers are dialled for the agents there are: part of ``callback:``.

What cannot be meant is refused: dialling more customers than there are agents while each agent is on the line first, a
number of dials where none is asked for, a limit beyond what any law allows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from softswitch.callback.manners import LONGEST_S
from softswitch.callback.model import Policy
from softswitch.settings.kind import PositiveSeconds, Seconds, Strict

USUAL_RATIO = 4.0  # of predictive pacing: beyond it the answer rate is so low that the lines are at their end
SHORTEST_WINDOW_S, LONGEST_WINDOW_S = 3600.0, 31 * 86400.0


def _countable(window_s: float) -> float:
    if not SHORTEST_WINDOW_S <= window_s <= LONGEST_WINDOW_S:
        raise ValueError("must be 1h to 31d; the law counts by the day (24h) or by 30d")
    return window_s


class Retry(Strict):
    """How long to wait after an attempt that did not keep the promise."""

    busy: PositiveSeconds = 300.0
    no_answer: PositiveSeconds = 1800.0
    failed: PositiveSeconds = 900.0  # the network could not
    rejected: PositiveSeconds = 900.0
    machine: PositiveSeconds = 3600.0
    hung_up: PositiveSeconds = 900.0  # answered, and gone before an agent was there
    dropped: PositiveSeconds = 900.0  # answered, and no agent was there in time: our fault


class Dialling(Strict):
    retry: Retry = Retry()
    jitter: float = Field(default=0.0, ge=0, le=1)  # retries come later by a chance share of their delay, up to this
    first: Literal["agent", "customer"] = "agent"  # who is on the line first
    pacing: Literal["progressive", "ratio", "predictive"] = "progressive"  # customer first: how many are dialled
    ratio: float | None = Field(default=None, ge=1, le=20)  # dials per free agent, at most
    abandon_limit: float = Field(default=0.03, ge=0, le=0.1)  # share of answered calls that no agent took in time
    abandon_window: Annotated[Seconds, AfterValidator(_countable)] = 86400.0  # counted over
    agent_within: PositiveSeconds = 2.0  # an answered customer waits no longer for an agent
    # Who was let go for want of an agent, by whichever queue or campaign, is dialled with an agent on the line so long.
    agent_first_for: Annotated[Seconds, Field(le=LONGEST_S)] = 3 * 86400.0

    @model_validator(mode="after")
    def _meant(self) -> Dialling:
        if self.pacing != "progressive" and self.first == "agent":
            raise ValueError(f"pacing: {self.pacing} dials before an agent is there; write first: customer with it")
        if self.pacing == "ratio" and self.ratio is None:
            raise ValueError("pacing: ratio needs the number of dials per free agent, such as ratio: 1.5")
        if self.pacing == "progressive" and self.ratio is not None:
            raise ValueError(
                "pacing: progressive dials one for each free agent; write pacing: ratio, or leave ratio out"
            )
        return self

    def dialled(self, policy: Policy) -> Policy:
        """With what is said here."""
        return replace(
            policy,
            retry_busy_s=self.retry.busy,
            retry_no_answer_s=self.retry.no_answer,
            retry_failed_s=self.retry.failed,
            retry_rejected_s=self.retry.rejected,
            retry_machine_s=self.retry.machine,
            retry_hung_up_s=self.retry.hung_up,
            retry_dropped_s=self.retry.dropped,
            jitter=self.jitter,
            first=self.first,
            pacing=self.pacing,
            ratio=self.ratio or (USUAL_RATIO if self.pacing == "predictive" else 1.0),
            abandon_limit=self.abandon_limit,
            abandon_window_s=self.abandon_window,
            agent_within_s=self.agent_within,
            agent_first_for_s=self.agent_first_for,
        )
