"""What others may see of the ACD: values, copied at the moment of asking."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.acd.model import AgentState


@dataclass(frozen=True, slots=True)
class AgentNow:
    agent: str
    state: AgentState
    reason: str  # of PAUSED
    reachable: bool
    since: float  # when the state began, the machine's clock
    contact: str | None  # in hand: ringing, talking or being wrapped up
    delayed: bool  # passed over for a while, since a call to the phone failed
    queue: str  # of the contact in hand; "" none
    wish: AgentState  # what the human wants next: READY, PAUSED or LOGGED_OUT
    wish_reason: str


@dataclass(frozen=True, slots=True)
class InQueue:
    """A contact that has joined and not left; ``agent`` is being rung for it, or nobody."""

    contact: str
    queue: str
    kind: str  # "call" or "callback"
    waited_s: float
    agent: str | None
