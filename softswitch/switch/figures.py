"""The statistics of queues and agents while the switch runs: the interval that goes on and the one before are in
memory, all of them in the store, so that 10,000 agents need two rows each here, however many days are kept.

What has changed is written each minute, and what was written of these two intervals is taken up by the next process: a
crash costs at most the last minute, and of agents who wait or pause the time since the interval or their state began.
At the end of an interval the time of every agent is counted, a few at a time.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from softswitch.acd.model import AgentState, AgentStateChanged, QueueJoined, QueueLeft
from softswitch.acd.statistics import INTERVAL_S, Intervals, Statistics
from softswitch.contact.event import ContactDisconnected, HoldChanged, TransferEnded
from softswitch.core.effect import DomainEvent, Effect
from softswitch.switch.view import StatisticsView

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

WRITE_EVERY_S = 60.0
AT_ONCE = 50  # agents whose time is counted, or whose rows are written, in one go: 2 to 4 ms
PAUSE_S = 0.05  # between two goes


class Figures:
    """``since`` is the begin of the earliest interval that is in memory; all that is earlier the store has."""

    hears = (AgentStateChanged, QueueJoined, QueueLeft, HoldChanged, ContactDisconnected, TransferEnded)

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._statistics = Statistics(switch.configuration.promises)
        self._unsettled: deque[str] = deque()  # agents whose time in the interval that ended is still to be counted
        self._armed = False
        self._going_on = False  # there is more to be counted or written
        self.since = self._begin - INTERVAL_S

    @property
    def _begin(self) -> float:
        """Of the interval that goes on."""
        return self._statistics.start(self._switch.unix)

    def restore(self, kept: Intervals) -> None:
        self._statistics.queues.update(kept.queues)
        self._statistics.agents.update(kept.agents)

    def configure(self) -> None:
        self._statistics.measure_by(self._switch.configuration.promises)

    def note(self, event: DomainEvent) -> None:
        statistics, unix = self._statistics, self._switch.unix
        match event:
            case AgentStateChanged(agent=agent, old=old, new=new):
                statistics.observe(event, unix)
                if new is AgentState.TALKING and old is not AgentState.RESERVED:  # a former process had it answered
                    statistics.works_for(agent, self._switch.acd.agent(agent).queue)
            case QueueJoined() | QueueLeft():
                statistics.observe(event, unix)
            case HoldChanged(agent=agent, held=held) if agent:
                statistics.held(agent, held, unix)
            case ContactDisconnected(agent=agent) if agent:
                statistics.held(agent, False, unix)
            case TransferEnded(outcome="done", agent=agent, queue=queue) if agent:
                statistics.transferred(agent, queue, unix)
            case _:
                return
        self._arm(WRITE_EVERY_S)

    def view(self, of_agents: bool) -> StatisticsView:
        """Up to this moment; without ``of_agents``, the time only of those who are busy, which is what queues need."""
        now = self._switch.clock.monotonic() + self._switch.clock.epoch
        for agent in self._statistics.at_work if of_agents else self._statistics.busy:
            self._statistics.settle_agent(agent, now)
        intervals = Intervals(dict(self._statistics.queues), dict(self._statistics.agents))
        return StatisticsView(now, self._switch.configuration.zone, self.since, intervals)

    # ---- the store ---------------------------------------------------------------------------------------------

    def _arm(self, delay_s: float) -> None:
        if not self._armed:
            self._armed = True
            end = self._begin + INTERVAL_S  # no later than then, to the second: what has ended is there soon
            self._switch.arm_unix(("figures", ""), min(self._switch.unix + delay_s, end))

    def due(self) -> list[Effect]:
        """Count and write some; at the begin of an interval, forget the one before the last."""
        self._armed = False
        statistics, begin = self._statistics, self._begin
        if self.since < begin - INTERVAL_S:
            self.since = begin - INTERVAL_S
            self._unsettled.extend(statistics.at_work)
        elif not self._going_on:
            self._unsettled.extend(statistics.busy)
        for _ in range(min(AT_ONCE, len(self._unsettled))):
            statistics.settle_agent(self._unsettled.popleft(), self._switch.unix)
        self._going_on = self._write(AT_ONCE) or bool(self._unsettled)
        if self._going_on:
            self._arm(PAUSE_S)
        else:
            statistics.forget(self.since)
            if statistics.at_work or statistics.queues or statistics.agents:
                self._arm(WRITE_EVERY_S)
        return []

    def flush(self) -> list[Effect]:
        """All there is: the process ends."""
        self._statistics.settle(self._switch.unix)
        while self._write(AT_ONCE):
            pass
        return []

    def _write(self, most: int) -> bool:
        """Is there more?"""
        statistics, keeper = self._statistics, self._switch.ports.keeper
        while most and statistics.changed_queues:
            start, name = key = statistics.changed_queues.pop()
            keeper.put_queue_interval(start, name, statistics.queues[key])
            most -= 1
        while most and statistics.changed_agents:
            start, name = key = statistics.changed_agents.pop()
            keeper.put_agent_interval(start, name, statistics.agents[key])
            most -= 1
        return bool(statistics.changed_queues or statistics.changed_agents)
