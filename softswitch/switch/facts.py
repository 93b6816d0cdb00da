"""What the driver itself does about facts: keeps the ones worth keeping, tells a neighbour what concerns it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from softswitch.acd.audit import Repaired
from softswitch.acd.model import AgentState, AgentStateChanged, ExpectedWaitRose, QueueJoined, QueueLeft
from softswitch.callback.model import LossNotRecorded, PromiseChanged
from softswitch.contact.event import ContactFinished, TransferEnded
from softswitch.contact.seats import SeatLeft, SeatRefused, SeatTaken
from softswitch.contact.supervision import SupervisionBegan, SupervisionChanged, SupervisionEnded, SupervisionRefused
from softswitch.core.effect import DomainEvent, Effect
from softswitch.sip.endpoint import Stray
from softswitch.sip.registrar import Registered, Unregistered
from softswitch.switch.campaigns import CampaignPaused, ListImported
from softswitch.switch.dispositions import DispositionSet
from softswitch.switch.do_not_call import NumbersListed, NumbersUnlisted
from softswitch.switch.draining import Drained, DrainOrdered, DrainTakenBack
from softswitch.switch.event import MessageDropped, Reloaded, ReloadRefused
from softswitch.switch.hours import HoursOverridden, OverrideEnded
from softswitch.switch.oversight import AgentForced, ContactMoved, OversightRefused, PriorityChanged

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

_ENGINE = (AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP)
_KEPT = frozenset({  # among the events of the store
    AgentForced, AgentStateChanged, CampaignPaused, ContactMoved, DispositionSet, DrainOrdered, DrainTakenBack,
    Drained, ExpectedWaitRose,
    HoursOverridden, ListImported, LossNotRecorded, NumbersListed, NumbersUnlisted, OverrideEnded, OversightRefused,
    PriorityChanged, PromiseChanged, QueueJoined, QueueLeft, ReloadRefused, Reloaded, Repaired, SeatLeft,
    SeatRefused, SeatTaken, SupervisionBegan, SupervisionChanged, SupervisionEnded, SupervisionRefused,
    TransferEnded,
})  # fmt: skip


class Hearer(Protocol):
    """An office that certain kinds of facts concern."""

    @property
    def hears(self) -> tuple[type[DomainEvent], ...]: ...

    @property
    def note(self) -> Callable[[Any], None]: ...


class Facts:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        hearers: tuple[Hearer, ...] = (
            switch.paths, switch.figures, switch.last_agents, switch.decisions, switch.lamps, switch.archive,
            switch.calls.transfers, switch.gatherings, switch.supervisions,
        )  # fmt: skip
        self._told = {kind: [one.note for one in hearers if kind in one.hears] for one in hearers for kind in one.hears}
        self._following: dict[type[DomainEvent], Callable[[Any], list[Effect]]] = {
            Registered: self._registered,
            Unregistered: self._unregistered,
            AgentStateChanged: self._agent_changed,
            SeatTaken: switch.workplaces.seated,
            SeatRefused: switch.workplaces.seated,
            ContactFinished: self._finished,
            Stray: self._stray,
        }

    def note(self, event: DomainEvent) -> list[Effect]:
        """The consequences of a fact, which the listeners have heard."""
        kind = type(event)
        for tell in self._told.get(kind, ()):
            tell(event)
        if kind in _KEPT:
            self._switch.ports.keeper.put_event(self._switch.unix, event)
        follow = self._following.get(kind)
        return follow(event) if follow is not None else []

    def _registered(self, event: Registered) -> list[Effect]:
        switch, binding = self._switch, event.binding
        switch.ports.keeper.put_binding(binding)
        switch.phones.registered(binding)
        return [*switch.orphans.registered(binding), *switch.workplaces.heard_of(binding.aor)]

    def _unregistered(self, event: Unregistered) -> list[Effect]:
        if not self._switch.phones.unregistered(event.binding, event.why):
            self._switch.ports.keeper.remove_binding(event.binding)
        return self._switch.workplaces.heard_of(event.binding.aor)

    def _finished(self, event: ContactFinished) -> list[Effect]:
        self._switch.ports.keeper.put_call(self._switch.calls.measuring.finished(event.record))
        self._switch.outlook.finished(event.record)
        self._switch.offices.campaigns.dispositions.over(event.record)
        return []

    def _stray(self, _event: Stray) -> list[Effect]:
        self._switch.publish(MessageDropped("any", "stray"))
        return []

    def _agent_changed(self, event: AgentStateChanged) -> list[Effect]:
        keeper, agent, new, reason = self._switch.ports.keeper, event.agent, event.new, event.reason
        if new is AgentState.LOGGED_OUT:
            keeper.put_agent(agent, False, "", "")
            return self._switch.workplaces.logged_out(agent)
        if new is AgentState.WRAP_UP:
            self._switch.offices.keep_wish(agent)
        elif new not in _ENGINE:
            paused = reason if new is AgentState.PAUSED else ""
            keeper.put_agent(agent, True, paused, self._switch.directory.seats.desk(agent))
        return []
