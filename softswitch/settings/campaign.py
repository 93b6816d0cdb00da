"""``campaigns.yaml``: outbound lists. Each is called by a queue's agents, as a queue's own callbacks are."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from softswitch.callback.campaign import Campaign, Disposition
from softswitch.callback.model import Policy
from softswitch.ivr.run import GIVEN
from softswitch.ivr.verb.base import Variable
from softswitch.settings.callback import Callback
from softswitch.settings.kind import Date, Name, PositiveSeconds, Strict, written

MOST_DISPOSITIONS = 20
MOST_TEXT = 500  # characters of a variable
Code = Annotated[str, written(r"[^\W_][\w .+/-]{0,39}", "a short word or two, such as sold or call again")]


class DispositionSettings(Strict):
    """How a conversation can end, and what follows."""

    code: Code
    retry: PositiveSeconds | None = None  # he is called again after so long
    do_not_call: bool = False  # he is never called again

    @model_validator(mode="after")
    def _one(self) -> DispositionSettings:
        if self.retry is not None and self.do_not_call:
            raise ValueError("who is never called again cannot be called again; write retry or do_not_call")
        return self

    def disposition(self) -> Disposition:
        return Disposition(self.code, self.retry, self.do_not_call)


def code_alone(value: Any) -> Any:
    """A code alone leads to nothing."""
    return value if isinstance(value, dict | DispositionSettings) else {"code": value}


def _different(dispositions: tuple[DispositionSettings, ...]) -> tuple[DispositionSettings, ...]:
    codes = [one.code for one in dispositions]
    twice = next((code for code in codes if codes.count(code) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} is there twice; agents choose by it, so write each code once")
    return dispositions


Dispositions = Annotated[
    tuple[Annotated[DispositionSettings, BeforeValidator(code_alone)], ...],
    Field(max_length=MOST_DISPOSITIONS),
    AfterValidator(_different),
]


class CampaignSettings(Callback):
    queue: Name  # whose agents talk
    plan: Name | None = None  # dialplan that leads whoever answers
    dispositions: Dispositions = ()  # agents choose by place: 1 is the first
    variables: dict[Variable, Annotated[str, Field(max_length=MOST_TEXT)]] = Field(default_factory=dict)
    required: tuple[Variable, ...] = ()  # columns of the list that no row may leave empty
    paused: bool = False  # nobody is called
    begins: Date | None = None  # the first day, in the zone of its window
    ends: Date | None = None  # the last one

    @field_validator("stages", "short_abandon", "keyed_per_caller", mode="before")
    @classmethod
    def _of_queues(cls, value: Any) -> Any:
        raise ValueError("is for queues: a campaign calls who is in its list, so leave it out")

    @model_validator(mode="after")
    def _led(self) -> CampaignSettings:
        if self.plan is not None and self.first != "customer":
            raise ValueError("plan: leads whoever answers, and no agent waits meanwhile; write first: customer with it")
        return self

    @model_validator(mode="after")
    def _in_order(self) -> CampaignSettings:
        if self.begins is not None and self.ends is not None and self.ends < self.begins:
            raise ValueError(f"ends on {self.ends}, before it begins on {self.begins}; exchange the two")
        return self

    def campaign(self, name: str) -> Campaign:
        begins_at, ends_at = self._span()
        return Campaign(
            name=name,
            queue=self.queue,
            plan=self.plan or "",
            dispositions=tuple(one.disposition() for one in self.dispositions),
            variables=tuple(sorted(self.variables.items())),
            required=frozenset(self.required),
            reserved=GIVEN,
            paused=self.paused,
            begins_at=begins_at,
            ends_at=ends_at,
        )

    def policy(self, name: str, settle_s: float) -> Policy:
        """Of the campaign ``name``; no loss is ever recorded by it."""
        begins_at, ends_at = self._span()
        return replace(
            super().policy(self.queue, settle_s),
            stages=(),
            campaign=name,
            plan=self.plan or "",
            begins_at=begins_at,
            ends_at=ends_at,
        )

    def days(self) -> list[date]:
        """On which somebody may be called, of the first that it has; [] none."""
        first = self.begins or self.ends or date(2026, 1, 5)
        spread = min(6, (self.ends - first).days) if self.ends else 6
        every = [first + timedelta(days=step) for step in range(spread + 1)]
        return [day for day in every if day.weekday() in self.window.days]

    def _span(self) -> tuple[float, float]:
        """Unix seconds; the last day is a whole one."""
        zone = ZoneInfo(self.window.zone)
        begins_at = _midnight(self.begins, zone) if self.begins else 0.0
        return begins_at, _midnight(self.ends + timedelta(days=1), zone) if self.ends else math.inf


def _midnight(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()
