"""What supervisors set: the state of another agent, the queue and the priority of somebody who waits.

Nobody's call is cut by it: who talks, or is being rung, is paused or logged out after that; wrap-up ends at once. Each
is a fact with the name of whoever asked for it, as supervision is; so is what was refused to a supervisor at a phone,
who may set the state of those whom he may hear (``supervises``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from softswitch.acd.model import AcdInput, AgentState, EndWrapUp, LogOut, Move, Reprioritise, SetPaused, SetReady
from softswitch.contact import permission
from softswitch.contact.order import TellAcd
from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.switch.view import Refused

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

READY, PAUSED, LOGGED_OUT = "ready", "paused", "logged-out"  # what can be forced
FORCED = "forced"  # the reason of a pause for which none was given


@dataclass(frozen=True, slots=True)
class AgentForced(DomainEvent):
    agent: str
    old: str  # an ``AgentState``
    state: str  # "ready", "paused", "logged-out"
    reason: str
    by: str  # "phone" and the user; "api" and the name of the token


@dataclass(frozen=True, slots=True)
class ContactMoved(DomainEvent):
    contact: str
    old: str  # queue
    queue: str
    by: str


@dataclass(frozen=True, slots=True)
class PriorityChanged(DomainEvent):
    contact: str
    queue: str
    priority_s: float
    by: str


@dataclass(frozen=True, slots=True)
class OversightRefused(DomainEvent):
    """Of what was dialled."""

    target: str  # as it was dialled
    state: str
    why: str  # "unknown", "not allowed", "logged out", "no phone", "removed"
    by: str


class Oversight:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    # ---- agents ------------------------------------------------------------------------------------------------

    def force(self, agent: str, state: str, reason: str, by: str) -> Sequence[Effect]:
        """Raises ``LookupError``, and ``Refused`` where it cannot be."""
        old = self._switch.acd.agent(agent).state
        if old is AgentState.LOGGED_OUT and state != READY:
            raise Refused("logged out", f"{agent} is logged out")
        if state != LOGGED_OUT:
            self._switch.workplaces.expect(agent)
        reason = (reason or FORCED) if state == PAUSED else ""
        if state == READY:
            orders = [*self._switch.workplaces.log_in(agent, "", True, by), TellAcd(SetReady(agent))]
        else:
            wish: AcdInput = SetPaused(agent, reason) if state == PAUSED else LogOut(agent)
            orders = [TellAcd(wish), TellAcd(EndWrapUp(agent))]
        return [AgentForced(agent, old.value, state, reason, by), *orders]

    def dialled(self, target: str, state: str, supervisor: str) -> Sequence[Effect]:
        """By a code at a phone; ``target``: the number of an agent's phone, or his own. Raises ``Refused``."""
        by = f"phone {supervisor}"
        seats = self._switch.directory.seats
        agent = seats.agents_of.get(target) or seats.rules.numbers.get(target, "")
        grants = self._switch.configuration.users[supervisor].supervises
        allowed = [user for user in seats.users(agent) if permission.supervise(grants, user, "")]
        if not agent or not allowed:
            # Who may supervise nobody learns nothing of who there is.
            why = "unknown" if grants and not agent else "not allowed"
            return [OversightRefused(target, state, why, by)]
        try:
            return self.force(agent, state, "", by)
        except Refused as refused:
            return [OversightRefused(target, state, refused.why, by)]

    # ---- those who wait ----------------------------------------------------------------------------------------

    def move(self, contact: str, queue: str, by: str) -> Sequence[Effect]:
        """Raises ``LookupError``, and ``Refused`` where it cannot be."""
        old = self._queue_of(contact)
        queues = [spec.name for spec in self._switch.configuration.queues]
        if queue not in queues:
            raise Refused("unknown queue", f"queues.yaml has no queue {queue!r}{did_you_mean(queue, queues)}")
        if why := self._switch.acd.unmovable(contact, queue):
            raise Refused("unmovable", why)
        return [TellAcd(Move(contact, queue)), ContactMoved(contact, old, queue, by)]

    def reprioritise(self, contact: str, priority_s: float, by: str) -> Sequence[Effect]:
        """``priority_s`` beside its queue's, in place of what it had. Raises as ``move``."""
        queue = self._queue_of(contact)
        return [TellAcd(Reprioritise(contact, priority_s)), PriorityChanged(contact, queue, priority_s, by)]

    def _queue_of(self, contact: str) -> str:
        known = self._switch.calls.contacts.get(contact)
        if known is None:
            raise LookupError(f"no such contact: {contact}")
        if self._switch.acd.position(contact) is None:
            raise Refused("not waiting", f"{contact} waits in no queue")
        return known.record.queue
