"""How a plan and a flow may be written above their steps, and what may stand beside any verb."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from softswitch.core.wrong import once
from softswitch.ivr import template
from softswitch.ivr.verb.base import Duration, Language, Name, Variable, Written


class Lost(Written):
    """`{to: orders, stages: [ivr, closed], after: 3s}`: whose call comes to nothing in this plan is called back."""

    to: Name | None = Field(default=None, description="the queue that calls back; of one queue, that one")
    stages: Annotated[
        tuple[Literal["shed", "early-cancel", "ivr", "closed", "voicemail-empty"], ...] | None, AfterValidator(once)
    ] = Field(default=None, description="where a call can be lost, at others nobody is; without it, at all of them")
    after: Duration = Field(default=0.0, description="a call that lasted less is not recorded")


class Marks(Written):
    """What may stand beside any verb, and holds from that step on until another one says otherwise."""

    done: bool | None = Field(
        default=None, description="the caller has what they wanted: whose call ends from here on is not lost"
    )
    lost_to: Name | None = Field(default=None, description="the queue that calls back whose call is lost from here on")


class Header(Written):
    """What stands above the steps."""

    dialplan: Name = Field(min_length=1, description="its name, in logs and records")
    numbers: tuple[Annotated[str, Field(pattern=r"^\S+$")], ...] = Field(
        default=(), description="called numbers that enter here, as they are presented"
    )
    language: Language | None = Field(
        default=None, description="of callers who have not chosen; without it that of the caller's phone"
    )
    lost_to: Name | None = Field(default=None, description="short for `lost: {to: ...}`")
    lost: Lost | None = Field(
        default=None, description="who is called back whose call comes to nothing, and by which queue"
    )
    start: Name = Field(min_length=1, description="the first step")
    steps: dict[str, Any] = Field(min_length=1, description="by name, each with one verb")


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    for name, value in arguments.items():
        if any(template.templates(value)):
            raise ValueError(f"{name}: what stands for an argument that is not given is a plain value, or: required")
    return arguments


class FlowHeader(Written):
    """What stands above the steps of a flow, which plans call."""

    flow: Name = Field(min_length=1, description="the name by which it is called")
    arguments: Annotated[dict[Variable, Any], AfterValidator(_plain)] = Field(
        default_factory=dict, description="`required`, or what it is where the caller of the flow gives none"
    )
    start: Name = Field(min_length=1, description="the first step")
    steps: dict[str, Any] = Field(min_length=1, description="by name, each with one verb")
