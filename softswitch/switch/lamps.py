"""Lamps: SUBSCRIBE and NOTIFY for who talks, who is there and which messages wait (RFC 6665, 4235, 3856, 3842).

Any user may watch the dialogs and the presence of any other; a mailbox is watched by its owner only. What has happened
in a unit of work is told at the end of it, once, and only of what somebody watches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from softswitch.acd.model import AgentState, AgentStateChanged
from softswitch.call.compose import contact_value
from softswitch.call.signal import Respond
from softswitch.contact.mailbox import VoicemailDeleted, VoicemailHeard, VoicemailLeft
from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.errors import PeerError
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.event import dialog_info, message_summary, presence
from softswitch.sip.event.dialog_info import Extension
from softswitch.sip.event.known import PACKAGES
from softswitch.sip.event.message_summary import Summary
from softswitch.sip.event.presence import Presence
from softswitch.sip.flow import Flow
from softswitch.sip.notifier import Limits, Notifier
from softswitch.sip.registrar import Registered, Unregistered
from softswitch.sip.subscription import Notify
from softswitch.sip.uri import Uri
from softswitch.switch.desk import SubscribeWanted

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

DIALOG, PRESENCE, SUMMARY = dialog_info.PACKAGE.name, presence.PACKAGE.name, message_summary.PACKAGE.name


class Lamps:
    """The driver's side of the notifier."""

    hears = (AgentStateChanged, Registered, Unregistered, VoicemailLeft, VoicemailHeard, VoicemailDeleted)

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        policy = switch.configuration.lamps
        limits = Limits(round(policy.min_expires_s), round(policy.max_expires_s), policy.per_user, policy.most)
        self._notifier = Notifier(PACKAGES, self, switch.ids, limits)
        self._touched: dict[tuple[str, str], None] = {}  # (package, resource), to be looked at when the unit ends

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        return {SubscribeWanted: self._subscribe, Notify: self._notify}

    # ---- what is watched: the notifier's source ----------------------------------------------------------------

    def content(self, package: str, resource: str, watcher: str) -> Extension | Presence | Summary:
        configuration = self._switch.configuration
        uri = str(Uri("sip", resource, configuration.realm))
        if resource not in configuration.users:
            parked = self._switch.gatherings.lamp(resource) if package == DIALOG else None
            if parked is None:
                raise PeerError(404, "Not Found")
            return Extension(uri, parked)
        if package == DIALOG:
            return Extension(uri, self._switch.calls.extensions.dialogs(resource))
        if package == PRESENCE:
            return self._presence(resource, uri)
        if watcher != resource:
            raise PeerError(403, "Forbidden")
        return Summary(uri, *self._switch.mailboxes.counts(resource))

    def _presence(self, user: str, uri: str) -> Presence:
        """An agent is open while he waits for work, anybody else while his phone can be reached."""
        reachable = bool(self._switch.registrar.lookup(user, self._switch.unix))
        name = self._switch.directory.agents_of.get(user)
        if name is None:
            return Presence(uri, reachable, "registered" if reachable else "not registered")
        agent = self._switch.acd.agent(name)
        note = agent.state.value.replace("_", " ")
        if agent.state is AgentState.PAUSED and agent.reason:
            note = f"{note}: {agent.reason}"
        available = reachable and agent.state is AgentState.READY
        return Presence(uri, available, note if reachable else f"{note}, not registered")

    # ---- what happens ------------------------------------------------------------------------------------------

    def note(self, event: DomainEvent) -> None:
        match event:
            case AgentStateChanged(agent=agent):
                for user in self._switch.directory.agent_users(agent):
                    self.touch(PRESENCE, user)
            case Registered(binding=binding) | Unregistered(binding=binding):
                self.touch(PRESENCE, binding.aor)
            case VoicemailLeft(message=message) | VoicemailHeard(message=message) | VoicemailDeleted(message=message):
                self.touch(SUMMARY, message.mailbox)

    def touch(self, package: str, resource: str) -> None:
        """It may look different from now on."""
        if self._notifier.watched(package, resource):
            self._touched[package, resource] = None

    def settle(self) -> list[Effect]:
        """The end of a unit of work: tell whoever watches what has changed."""
        if not self._touched:
            return []
        touched, self._touched = self._touched, {}
        now = self._switch.now
        return self._armed([one for what in touched for one in self._notifier.changed(*what, now)])

    def close(self) -> list[Effect]:
        """The switch goes away."""
        return self._armed(self._notifier.close(self._switch.now))

    @property
    def leaving(self) -> bool:
        """Whether somebody has still to be told that we go."""
        return len(self._notifier) > 0

    def counts(self) -> dict[str, int]:
        """Subscriptions by package."""
        return self._notifier.counts()

    def due(self) -> list[Effect]:
        return self._armed(self._notifier.tick(self._switch.now))

    # ---- the wire ----------------------------------------------------------------------------------------------

    def knows(self, call_id: str, local_tag: str) -> bool:
        return self._notifier.find(call_id, local_tag) is not None

    def owns(self, owner: str) -> bool:
        return owner in self._notifier

    def answered(self, event: ResponseArrived | TransactionFailed) -> list[Effect]:
        """What became of a NOTIFY."""
        status = event.response.status if isinstance(event, ResponseArrived) else event.status
        return self._armed(self._notifier.answered(event.owner, status, self._switch.now))

    def flow_failed(self, flow: Flow) -> list[Effect]:
        return self._armed(self._notifier.drop(flow, self._switch.now))

    def _subscribe(self, wanted: SubscribeWanted) -> list[Effect]:
        request, flow = wanted.arrived.request, wanted.arrived.flow
        contact, now = contact_value(flow), self._switch.now
        tag = request.to.tag
        if tag is None:
            response, effects = self._notifier.begin(request, flow, wanted.user, contact, now)
        else:
            name = self._notifier.find(request.call_id, tag)
            if name is None:
                raise PeerError(481, "Call/Transaction Does Not Exist")
            response, effects = self._notifier.refresh(name, request, flow, wanted.user, contact, now)
        return [Respond(wanted.arrived.transaction, response), *self._armed(effects)]

    def _notify(self, order: Notify) -> Sequence[Effect]:
        return self._switch.signalling.request(order.request, order.flow, order.subscription)

    def _armed(self, effects: list[Effect]) -> list[Effect]:
        self._switch.arm(("lamps", ""), self._notifier.deadline)
        return effects
