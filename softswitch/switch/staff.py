"""The agents and queues of now, which a reload exchanges under everybody's work.

Decided here: who in the switch is told, and what a new agent begins with: his phone as the registrar
knows it, logged in where the admin says so. What becomes of those who wait and work is the ACD's decision
(``acd.changes``), of promises the ledger's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from softswitch.acd.model import Configure, LogIn, Reachability
from softswitch.callback.model import Barred, Policies
from softswitch.contact.order import TellAcd, TellLedger
from softswitch.core.effect import Effect
from softswitch.switch.configuration import Configuration

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch


@dataclass(frozen=True, slots=True)
class StaffChange:
    name: str
    what: str  # "added", "removed", "changed"
    keys: tuple[str, ...] = ()  # as written, what is different of one that has changed
    waiting: int = 0  # contacts in a queue that is removed: they are served by its last rules
    works: bool = False  # an agent who is removed has somebody in hand, and finishes that


@dataclass(frozen=True, slots=True)
class StaffChanges:
    """What one configuration has that another had not."""

    agents: tuple[StaffChange, ...] = ()
    queues: tuple[StaffChange, ...] = ()
    campaigns: tuple[StaffChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.agents or self.queues or self.campaigns)


class Staff:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def exchange(self, wanted: Configuration, changes: StaffChanges) -> StaffChanges:
        """The agents and queues of ``wanted`` work from now on. Returns ``changes`` with who is in the middle of
        something."""
        switch = self._switch
        still = {spec.name for spec in wanted.queues}
        closing = [queue for queue in switch.acd.queues() if queue not in still]
        old, new = switch.configuration, switch.configuration.with_staff_of(wanted, closing)
        if old == new:
            return changes
        agents = tuple(replace(one, works=self._works(one)) for one in changes.agents)
        queues = tuple(replace(one, waiting=self._waiting(one)) for one in changes.queues)
        seats = switch.directory.seats
        former = {spec.name: seats.users(spec.name) for spec in old.agents}
        switch.configuration = new
        switch.directory.configure(new)
        moved = [spec.name for spec in new.agents if former.get(spec.name) != seats.users(spec.name)]
        switch.mailboxes.rules = new.mailboxes
        switch.figures.configure()
        switch.command(lambda: self._orders(old, new, moved))
        return StaffChanges(agents, queues, changes.campaigns)

    def _works(self, agent: StaffChange) -> bool:
        return agent.what == "removed" and self._switch.acd.agent(agent.name).contact is not None

    def _waiting(self, queue: StaffChange) -> int:
        acd, now = self._switch.acd, self._switch.clock.monotonic()
        return len(acd.waiting(queue.name, now)) if queue.what == "removed" else 0

    def _orders(self, old: Configuration, new: Configuration, moved: Sequence[str]) -> Iterable[Effect]:
        """``moved`` work at other phones than before, or have come. Reachable before logged in, and not at all in
        between, so that nobody is offered a call at a phone of which nothing is known."""
        known = {spec.name for spec in old.agents}
        for agent in moved:
            if agent in known:
                yield TellAcd(Reachability(agent, False))
        yield TellAcd(Configure(new.agents, new.queues, new.version))
        if old.policies != new.policies:
            yield TellLedger(Policies(new.policies))
        if old.barred != new.barred:
            yield TellLedger(Barred(new.barred))
        if old.campaigns != new.campaigns:
            yield self._switch.offices.campaigns.told()
        for agent in moved:
            yield from self._switch.workplaces.moved(agent)
        for agent in moved:
            if agent not in known and agent in new.auto_login:
                yield TellAcd(LogIn(agent))
