"""A dialplan that has been read: named steps, where it begins, and the called numbers that enter it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from softswitch.ivr.verb import Verb


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    verb: Verb
    line: int  # from 1, in the plan's file
    column: int  # from 1


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of one dialplan; callers keep the one that they started with."""

    name: str
    file: str
    numbers: tuple[str, ...]  # called numbers, exactly as they are presented
    language: str  # of callers who have not chosen; "": that of their phone
    start: str
    steps: Mapping[str, Step]
    lost_to: str = ""  # the queue that calls back who was turned away before the first step; "": nobody does

    def where(self, step: str) -> str:
        """``file:line`` of a step."""
        return f"{self.file}:{self.steps[step].line}"


def route(plans: Mapping[str, Plan], called: str) -> Plan | None:
    """The plan that the called number enters, or None."""
    return next((plan for plan in plans.values() if called in plan.numbers), None)
