"""What the driver itself does about facts: keeps the ones worth keeping, tells a neighbour what concerns it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from softswitch.acd.decision import Decided
from softswitch.acd.model import AgentState, AgentStateChanged, Reachability
from softswitch.callback.model import LossNotRecorded, PromiseChanged
from softswitch.contact.event import ContactFinished, TransferEnded
from softswitch.contact.supervision import SupervisionBegan, SupervisionChanged, SupervisionEnded, SupervisionRefused
from softswitch.core.effect import DomainEvent, Effect
from softswitch.sip.endpoint import Stray
from softswitch.sip.registrar import Registered, Unregistered
from softswitch.switch.event import MessageDropped, Reloaded, ReloadRefused
from softswitch.switch.hours import HoursOverridden, OverrideEnded

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

KEPT_DECISIONS = 5000  # contacts whose decisions stay in memory for ``why``
_ENGINE = (AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP)


class Facts:
    """``decisions`` are by contact, oldest contact first."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self.decisions: OrderedDict[str, list[tuple[float, Decided]]] = OrderedDict()

    def note(self, event: DomainEvent) -> list[Effect]:
        """The consequences of a fact, which the listeners have heard."""
        keeper = self._switch.ports.keeper
        self._switch.paths.note(event)
        self._switch.figures.note(event)
        self._switch.lamps.note(event)
        self._switch.archive.note(event)
        self._switch.calls.transfers.note(event)
        self._switch.gatherings.note(event)
        self._switch.supervisions.note(event)
        match event:
            case Registered(binding=binding):
                keeper.put_binding(binding)
                self._switch.phones.registered(binding)
                return [*self._switch.orphans.registered(binding), *self._reachability(binding.aor)]
            case Unregistered(binding=binding):
                keeper.remove_binding(binding)
                self._switch.phones.unregistered(binding)
                return self._reachability(binding.aor)
            case AgentStateChanged(agent=agent, new=new, reason=reason):
                keeper.put_event(self._switch.unix, event)
                if new not in _ENGINE:
                    paused = reason if new is AgentState.PAUSED else ""
                    keeper.put_agent(agent, new is not AgentState.LOGGED_OUT, paused)
            case Decided():
                self._decided(event)
            case (
                HoursOverridden() | OverrideEnded() | LossNotRecorded() | PromiseChanged() | TransferEnded()
                | SupervisionBegan() | SupervisionChanged() | SupervisionEnded() | SupervisionRefused()
                | Reloaded() | ReloadRefused()
            ):  # fmt: skip
                keeper.put_event(self._switch.unix, event)
            case ContactFinished(record=record):
                keeper.put_call(self._switch.calls.measuring.finished(record))
                self._switch.outlook.finished(record)
            case Stray():
                self._switch.publish(MessageDropped("any", "stray"))
        return []

    def _reachability(self, user: str) -> list[Effect]:
        agent = self._switch.directory.agents_of.get(user)
        if agent is None:
            return []
        reachable = bool(self._switch.registrar.lookup(user, self._switch.unix))
        known = self._switch.acd.agent(agent)
        if known.reachable == reachable and not known.delayed:
            return []  # a refresh, as nearly all are; it may end the delay of who did not answer
        return self._switch.offices.to_acd(Reachability(agent, reachable))

    def _decided(self, event: Decided) -> None:
        self._switch.ports.keeper.put_event(self._switch.unix, event)
        self.decisions.setdefault(event.contact, []).append((self._switch.unix, event))
        while len(self.decisions) > KEPT_DECISIONS:
            self.decisions.popitem(last=False)
