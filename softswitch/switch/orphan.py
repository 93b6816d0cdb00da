"""Phones whose connection ended with the former process: what they are to be told waits until they come back.

Nobody can connect to a phone behind a NAT, or to a browser; it opens another connection and registers, or says
something in its dialog. Until then a request of ours has no way to it, and to let it fail would end a call whose two
ends talk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from softswitch.call.leg import Leg
from softswitch.call.signal import SendRequest
from softswitch.core.effect import Effect
from softswitch.core.timers import Deadlines
from softswitch.sip.flow import Flow
from softswitch.sip.location import Binding
from softswitch.sip.uri import parse_uri

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

COME_BACK_S = 60.0  # so long nobody is given up


class Orphans:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._waiting: dict[str, list[SendRequest]] = {}  # by leg
        self._until = Deadlines()  # of legs

    def take(self, leg: str) -> None:
        """The way to its peer is gone."""
        self._waiting[leg] = []
        self._until.set(leg, self._switch.now + COME_BACK_S)
        self._arm()

    def holds(self, order: SendRequest) -> bool:
        """Whether this one waits."""
        waiting = self._waiting.get(order.leg)
        if waiting is not None:
            waiting.append(order)
        return waiting is not None

    def registered(self, binding: Binding) -> Sequence[Effect]:
        """A phone has come; every dialog of it goes on by its new connection."""
        effects: list[Effect] = []
        for name in [leg for leg in self._waiting if self._switch.calls.transfers.user_of(leg) == binding.aor]:
            leg = self._switch.calls.legs.get(name)
            if leg is not None and self._is_of(leg, binding):
                leg.leg.flow = binding.flow
                effects += self.heard(name)
        return effects

    def _is_of(self, leg: Leg, binding: Binding) -> bool:
        """Whether it is this phone's: a user may have several behind one NAT, and another one would answer 481."""
        where, dialog = binding.flow.remote[0], leg.leg.dialog
        if dialog is None or leg.flow.remote[0] != where:
            return False
        ours, theirs = parse_uri(dialog.remote_target), parse_uri(binding.contact)
        if (ours.user, ours.host) == (theirs.user, theirs.host):
            return True
        there = self._switch.registrar.lookup(binding.aor, self._switch.unix)
        others = [one for one in there if one.flow.remote[0] == where and one.contact != binding.contact]
        return not others and binding.flow.transport not in ("ws", "wss")  # a browser's contact is its own

    def heard(self, name: str) -> Sequence[Effect]:
        """Something has come from this leg's peer, whose way the leg knows by now; what has waited leaves."""
        leg = self._switch.calls.legs.get(name)
        if name not in self._waiting or (leg is not None and leg.flow.connection < 0):
            return []
        return self._let_go(name, None if leg is None else leg.flow)

    def due(self) -> Sequence[Effect]:
        """They did not come."""
        effects = [effect for name in self._until.due(self._switch.now) for effect in self._let_go(str(name), None)]
        self._arm()
        return effects

    def _let_go(self, name: str, flow: Flow | None) -> list[Effect]:
        orders = self._waiting.pop(name)
        self._until.set(name, None)
        self._arm()
        return [order if flow is None else replace(order, flow=flow) for order in orders]

    def _arm(self) -> None:
        self._switch.arm(("orphans", ""), self._until.next())
