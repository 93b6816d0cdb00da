"""A dialplan that has been read: named steps, where it begins, and the called numbers that enter it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from softswitch.ivr.verb import Verb

# At which a call can be lost to a plan; those of a queue are the queue's own.
PLAN_STAGES = ("shed", "early-cancel", "ivr", "closed", "voicemail-empty")


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    verb: Verb
    line: int  # from 1, in the plan's file
    column: int  # from 1
    done: bool | None = None  # from here on the caller has what he wanted; None: as before
    lost_to: str = ""  # from here on this queue calls back; "": as before


@dataclass(frozen=True, slots=True)
class Losing:
    """What becomes of callers whose call comes to nothing in a plan, as its admin wants it."""

    to: str = ""  # the queue that calls back; "": nobody does
    stages: tuple[str, ...] = PLAN_STAGES  # at others nobody is lost
    after_s: float = 0.0  # a call that lasted less is not recorded


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of one dialplan; callers keep the one that they started with."""

    name: str
    file: str
    numbers: tuple[str, ...]  # called numbers, exactly as they are presented
    language: str  # of callers who have not chosen; "": that of their phone
    start: str
    steps: Mapping[str, Step]
    lost: Losing = Losing()
    version: str = ""  # of its text, and of the flows that it calls
    flows: Mapping[str, Plan] = field(default_factory=dict)  # all that it and they call
    arguments: Mapping[str, Any] = field(default_factory=dict)  # of a flow: those that need not be given
    needs: frozenset[str] = frozenset()  # of a flow: arguments that must be given
    is_flow: bool = False

    def where(self, step: str) -> str:
        """``file:line`` of a step."""
        return f"{self.file}:{self.steps[step].line}"


def with_flows(plans: Mapping[str, Plan]) -> dict[str, Plan]:
    """The plans and the flows that they call, by name."""
    flows = {name: flow for plan in plans.values() for name, flow in sorted(plan.flows.items())}
    return {**plans, **{name: flow for name, flow in sorted(flows.items()) if name not in plans}}


def route(plans: Mapping[str, Plan], called: str) -> Plan | None:
    """The plan that the called number enters, or None."""
    return next((plan for plan in plans.values() if called in plan.numbers), None)
