"""What a new process takes over: promises, registrations, calls in progress, and what the agents had set.

A connection of the former process is no connection of ours, whatever its number: a phone that had a WebSocket has to
come again, since nobody can open one to it. Who is no longer configured is left out, and stays in the store. What calls
need is made by ``revival``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING

from softswitch.acd.model import AgentState, LogIn, SetPaused
from softswitch.acd.statistics import Intervals
from softswitch.call.record import CallRecord
from softswitch.callback.listed import Listed
from softswitch.callback.model import Promise, Restored, Tallied, Tally
from softswitch.callback.node import Dialled
from softswitch.contact.mailbox import Greeting, Message
from softswitch.contact.outbox import Delivery
from softswitch.core.effect import Effect
from softswitch.ivr.calendar import Override
from softswitch.ivr.path import CallPath
from softswitch.sip.registrar import Binding
from softswitch.store.campaign import Pause
from softswitch.store.query import StoredAgent
from softswitch.switch.former import brought_up
from softswitch.switch.revival import Revival
from softswitch.switch.way import static_flow

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch


@dataclass(frozen=True, slots=True)
class Kept:
    promises: Iterable[Promise] = ()
    bindings: Iterable[Binding] = ()
    agents: Iterable[StoredAgent] = ()
    voicemails: Iterable[Message] = ()
    overrides: Iterable[Override] = ()
    do_not_call: Iterable[Listed] = ()
    tallies: Iterable[Tally] = ()  # of customers dialled first
    dialled: Dialled = field(default_factory=Dialled)  # lately
    records: Iterable[CallRecord] = ()  # the latest
    calls: Mapping[str, bytes] = field(default_factory=dict)  # contact -> what ``journal`` wrote
    away_s: float = 0.0  # there was no process for so long
    suspect: bool = False  # it seems that processes die of what they find of calls
    greetings: Iterable[Greeting] = ()
    deliveries: Iterable[Delivery] = ()
    paths: Iterable[CallPath] = ()  # of calls that went on
    pauses: Iterable[Pause] = ()  # of campaigns
    intervals: Intervals = field(default_factory=Intervals)  # from ``Figures.since`` on


class Restart:
    def __init__(self, switch: Switch, kept: Kept) -> None:
        self._switch = switch
        self._kept = kept
        self._revival = Revival(switch)
        self._arrivals = switch.offices.arrivals

    def take_over(self) -> list[Effect]:
        """Before anything is heard: phones first, then whoever talks, so that nobody is offered a second call."""
        switch, kept = self._switch, self._kept
        _bindings(switch, kept.bindings)
        switch.mailboxes.restore(kept.voicemails, kept.greetings)
        switch.outbox.restore(kept.deliveries)
        switch.outlook.restore(kept.records)
        switch.last_agents.restore(kept.records)
        effects = switch.offices.to_ledger(Tallied(tuple(kept.tallies)))
        effects += switch.offices.to_ledger(kept.dialled)
        effects += switch.do_not_call.restore(kept.do_not_call)
        outcomes = switch.offices.outcomes
        others = outcomes.restore(kept.calls)
        effects += switch.offices.to_ledger(Restored(tuple(kept.promises)))
        effects += outcomes.told()
        effects += switch.offices.campaigns.restore(kept.pauses, kept.records)
        effects += switch.workplaces.restore(kept.agents)
        effects += switch.hours.restore(kept.overrides)
        switch.paths.restore(kept.paths)
        switch.figures.restore(kept.intervals)
        written = {name: brought_up(octets) for name, octets in switch.redials.restore(others).items()}
        self._revival.take_over(self._arrivals.restore(written, self._revival.call_off))
        switch.paths.taken_over()
        return effects

    def go_on(self) -> list[Effect]:
        """As soon as something can be sent: an agent who logs in may be offered a call at once."""
        effects = self._revival.orders()
        for stored in _agents(self._switch, self._kept.agents):
            wish, reason = self._revival.wishes.get(stored.agent, (None, ""))
            logged_in = stored.logged_in if wish is None else wish is not AgentState.LOGGED_OUT
            paused = stored.paused if wish is None else reason if wish is AgentState.PAUSED else ""
            if logged_in and not self._switch.directory.agent_users(stored.agent):  # at which phone?
                self._switch.ports.keeper.put_agent(stored.agent, False, "", "")
                continue
            if wish is AgentState.LOGGED_OUT and not self._switch.acd.agent(stored.agent).works:
                self._switch.ports.keeper.put_agent(stored.agent, False, "", "")
                effects += self._switch.workplaces.logged_out(stored.agent)  # his call is none that he has to end first
            if logged_in:
                effects += self._switch.offices.to_acd(LogIn(stored.agent, ready=not paused))
            if logged_in and paused:
                effects += self._switch.offices.to_acd(SetPaused(stored.agent, paused))
        away_s = inf if self._kept.suspect else self._kept.away_s  # whoever talks is more than a call that rings
        return [*effects, *self._arrivals.go_on(away_s, self._kept.records)]


def _bindings(switch: Switch, bindings: Iterable[Binding]) -> None:
    users = switch.configuration.users
    for name, user in users.items():
        flow = static_flow(user.contact, switch.configuration) if user.contact else None
        if flow is not None:
            switch.registrar.add_static(name, user.contact, flow)
    switch.registrar.restore([_taken_up(switch, binding) for binding in bindings if binding.aor in users])
    for binding in switch.registrar.bindings():
        switch.door.regulars.add(binding.flow.remote, binding.expires_at)
    switch.arm_registrar()


def _taken_up(switch: Switch, binding: Binding) -> Binding:
    """By the listener that is there now. Where nothing leads to the phone any more, the binding expires at once."""
    kept = binding.flow
    flow = switch.configuration.flow(kept.transport, kept.remote, prefer=kept.local)
    return replace(binding, flow=flow) if flow else replace(binding, expires_at=0.0)


def _agents(switch: Switch, agents: Iterable[StoredAgent]) -> list[StoredAgent]:
    """As they left it; those who have never been here as the admin wants it."""
    stored = {agent.agent: agent for agent in agents}
    auto_login = switch.configuration.auto_login
    names = [spec.name for spec in switch.configuration.agents]
    return [stored.get(name) or StoredAgent(name, name in auto_login, "") for name in names]
