"""What a new process takes over from the store: promises, registrations, and what the agents had set.

A connection of the former process is no connection of ours, whatever its number: a phone that had a WebSocket has to
come again, since nobody can open one to it. Who is no longer configured is left
out, and stays in the store. Calls and places in line are not taken over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from softswitch.acd.model import LogIn, Reachability, SetPaused
from softswitch.callback.model import Promise, Restored
from softswitch.contact.mailbox import Message
from softswitch.core.effect import Effect
from softswitch.sip.registrar import Binding
from softswitch.store.query import StoredAgent
from softswitch.switch.way import static_flow

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch


@dataclass(frozen=True, slots=True)
class Kept:
    promises: Iterable[Promise] = ()
    bindings: Iterable[Binding] = ()
    agents: Iterable[StoredAgent] = ()
    voicemails: Iterable[Message] = ()


def restored(switch: Switch, kept: Kept) -> list[Effect]:
    """The consequences, phones first: an agent who cannot be reached is not offered anything."""
    _bindings(switch, kept.bindings)
    switch.mailboxes.restore(kept.voicemails)
    effects = switch.offices.to_ledger(Restored(tuple(kept.promises)))
    for user, agent in switch.directory.agents_of.items():
        reachable = bool(switch.registrar.lookup(user, switch.unix))
        effects += switch.offices.to_acd(Reachability(agent, reachable))
    for stored in _agents(switch, kept.agents):
        if stored.logged_in:
            effects += switch.offices.to_acd(LogIn(stored.agent, ready=not stored.paused))
        if stored.logged_in and stored.paused:
            effects += switch.offices.to_acd(SetPaused(stored.agent, stored.paused))
    return effects


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
