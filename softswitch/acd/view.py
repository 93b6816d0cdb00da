"""What others may see of the ACD: values, copied at the moment of asking."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.acd.agent import OF_STAGE, Agent
from softswitch.acd.model import AgentState
from softswitch.acd.region import Stage


@dataclass(frozen=True, slots=True)
class InHand:
    contact: str
    queue: str
    state: AgentState  # RESERVED, TALKING or WRAP_UP
    wrap_up: bool  # he has asked for it


@dataclass(frozen=True, slots=True)
class AgentNow:
    agent: str
    state: AgentState
    reason: str  # of PAUSED
    reachable: bool
    since: float  # when the state began, the machine's clock
    contact: str | None  # in hand: ringing, talking or being wrapped up; of several, the one that ``state`` is about
    delayed: bool  # passed over for a while, since a call to the phone failed
    queue: str  # of that contact; "" none
    wish: AgentState  # what the human wants next: READY, PAUSED or LOGGED_OUT
    wish_reason: str
    works: tuple[InHand, ...]  # all that is in hand, in the order in which it came
    room: int  # of 100, free for more
    wrap_up_until: float | None  # the machine's clock; of several the last
    engaged: bool  # in a call that is not from here

    def holds(self, contact: str) -> InHand | None:
        """His part in this contact."""
        return next((work for work in self.works if work.contact == contact), None)


def agent_now(agent: Agent) -> AgentNow:
    shown, asked = agent.work, agent.asked
    ends = [work.until for work in agent.works if work.stage is Stage.WRAP_UP and work.until is not None]
    return AgentNow(
        agent.name, agent.state, agent.reason, agent.reachable, agent.since, shown.contact if shown else None,
        agent.delay is not None, shown.queue if shown else "", asked.state, asked.reason,
        tuple(InHand(work.contact, work.queue, OF_STAGE[work.stage], work.asked) for work in agent.works),
        agent.room, max(ends, default=None), agent.engaged,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class InQueue:
    """A contact that has joined and not left; ``agents`` are being rung for it, or nobody."""

    contact: str
    queue: str
    kind: str  # "call" or "callback"
    waited_s: float
    agents: tuple[str, ...]
