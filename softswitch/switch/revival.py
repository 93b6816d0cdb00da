"""Going on with the calls of a former process: what ``journal`` wrote is made legs, contacts and places in line again.

Decided here: in which order (nobody is offered to an agent before all who talk are talking again, and who waited
longer is asked first, see ``rollcall``), what is asked of the peers, and what becomes of a call that cannot go on:
where its legs are known they are told BYE, and where its record is known it is written. What has to leave by the
network waits for ``orders``: it is not there yet when the machines are made.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from softswitch.acd.model import AgentState, AskWrapUp, Join, Resumed
from softswitch.call.leg import Leg
from softswitch.call.memory import RingingMemory, called_off
from softswitch.call.memory import remembered as leg_remembered
from softswitch.call.signal import Release
from softswitch.contact.memory import ContactMemory, remembered, resumed
from softswitch.contact.order import HangUp, TellAcd, TellLeg
from softswitch.contact.permission import Party
from softswitch.contact.script import DirectDial
from softswitch.core.effect import Effect
from softswitch.ivr.model import DialOut
from softswitch.sip.flow import Flow
from softswitch.switch.event import CallResumed
from softswitch.switch.journal import VERSION, LegKept, Work
from softswitch.switch.orphan import COME_BACK_S
from softswitch.switch.plain import decode

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

log = logging.getLogger("softswitch.switch")

ASK_AFTER_S = 1.0  # until the first peer is asked whether it is still there
ASK_APART_S = 0.01  # between two of them


class _Octets(msgspec.Struct, array_like=True):
    """A record, part by part: what can be read of a damaged or an older one is used to end it in order."""

    version: int
    legs: tuple[msgspec.Raw, ...]
    contact: msgspec.Raw
    work: tuple[Work, ...]
    media: bytes
    ringing: tuple[RingingMemory, ...] = ()
    boot: str = ""
    epoch: float = 0.0


_RECORD = msgspec.msgpack.Decoder(_Octets)
_LEG = msgspec.msgpack.Decoder(LegKept)
_CONTACT = msgspec.msgpack.Decoder(ContactMemory | None)


class Revival:
    """Made once, before anything else happens. ``wishes`` are what agents who talk want next, by agent."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._asked = 0
        self._joins: list[Join] = []
        self._orders: list[Effect] = []
        self.wishes: dict[str, tuple[AgentState, str]] = {}

    def take_over(self, calls: Mapping[str, bytes]) -> None:
        for name, octets in calls.items():
            legs: list[Leg] = []
            try:
                outcome = self._contact(name, octets, legs)
            except Exception:
                log.exception("contact %s of the former process cannot go on", name)
                outcome = "failed"
            if outcome != "resumed":
                self._orders += [TellLeg(leg.id, Release()) for leg in legs]
            self._switch.journal.taken_over(name, octets)
            self._switch.publish(CallResumed(name, outcome))

    def orders(self) -> list[Effect]:
        """What follows, once the listeners are open."""
        switch = self._switch
        for place, join in enumerate(sorted(self._joins, key=lambda one: one.queued_at)):
            switch.rollcall.ask(join, switch.now + place * ASK_APART_S)
        return self._orders

    # ---- one contact -------------------------------------------------------------------------------------------

    def _contact(self, name: str, octets: bytes, legs: list[Leg]) -> str:
        """What becomes of it. ``legs`` are those that were made, whatever happens after."""
        switch, calls = self._switch, self._switch.calls
        record = _RECORD.decode(octets)
        by = self._clocks_apart(record)
        for raw in record.legs:
            kept = decode(raw, _LEG)
            leg = self._leg(kept, record.epoch - by)
            calls.take_up(leg, kept.user, kept.trunk, kept.party)
            if kept.shown is not None:
                shown = kept.shown
                calls.extensions.begun(leg, shown.user, shown.initiator, shown.remote, shown.remote_name)
            legs.append(leg)
        for rings in record.ringing:
            self.call_off(rings)
        memory = decode(record.contact, _CONTACT) if record.version == VERSION else None
        if memory is None:
            return "ended"
        epoch = switch.clock.epoch
        try:
            script = calls.reception.resumed(memory, by)
        except LookupError as error:
            log.warning("contact %s cannot go on with its dialplan: %s", name, error)
            script = None
        contact = remembered(memory, script or DirectDial(DialOut()), switch.directory, epoch, by)
        works = self._works(record)
        theirs = {(work.agent, work.contact) for work in works}
        contact.agents = {leg: part for leg, part in contact.agents.items() if part in theirs}
        calls.contacts[name] = contact
        calls.outgoing.owns(contact)
        try:
            switch.ports.media.adopt(record.media)
        finally:  # its legs end with it, and its record is written
            for leg in legs:
                calls.move(leg.id, name)
        self.wishes |= {work.agent: (work.wish, work.reason) for work in record.work}
        for work in works:
            self._orders += switch.offices.to_acd(Resumed(work.contact, work.agent, work.queue))
            if work.wrap_up:
                self._orders += switch.offices.to_acd(AskWrapUp(work.agent))
        if script is None and memory.bridge is None and memory.talk is None:
            self._orders += calls.to_contact(name, HangUp())
            return "ended"
        self._go_on(resumed(contact, memory, switch.now))
        switch.arm(("contact", name), contact.deadline)
        return "resumed"

    def _works(self, record: _Octets) -> list[Work]:
        """Agents' parts in it that the ACD can go on with. To the others it is a call that is not from a queue: without
        wrap-up, and while it lasts nothing is offered to them."""
        configuration = self._switch.configuration
        agents = {spec.name for spec in configuration.agents}
        queues = {spec.name for spec in configuration.queues}
        return [work for work in record.work if work.agent in agents and work.queue in queues]

    def _clocks_apart(self, record: _Octets) -> float:
        """What is to be added to its times. The clock goes on from process to process, whatever the time of day is set
        to meanwhile; only where the machine was started anew that has to tell how long ago it was."""
        clock = self._switch.clock
        return 0.0 if record.boot == clock.boot else record.epoch - clock.epoch

    def _go_on(self, orders: list[Effect]) -> None:
        for one in orders:
            if isinstance(one, TellAcd) and isinstance(one.event, Join):
                self._joins.append(one.event)
            else:
                self._orders.append(one)

    # ---- a leg -------------------------------------------------------------------------------------------------

    def _leg(self, kept: LegKept, epoch: float) -> Leg:
        switch, configuration = self._switch, self._switch.configuration
        trunk = configuration.trunks.get(kept.trunk)
        flow = self._way(kept.memory.flow)
        self._asked += 1
        wait_s = COME_BACK_S if kept.memory.flow.connection and not trunk else ASK_AFTER_S
        ask_at = switch.now + wait_s + self._asked * ASK_APART_S
        return leg_remembered(
            kept.memory, flow, switch.ids, configuration.timing, trunk.credentials if trunk else None,
            configuration.session, epoch, switch.now, ask_at,
        )  # fmt: skip

    def call_off(self, kept: RingingMemory) -> None:
        """A phone that rings: nobody knows any more for how long, and for whom else."""
        switch = self._switch
        leg, invite = called_off(kept, self._way(kept.flow), switch.ids, switch.configuration.timing, switch.now)
        switch.calls.take_up(leg, "", "", Party())
        transport, kept_way = invite.via.transport.lower(), kept.flow
        if transport != kept_way.transport:  # it was too long for a datagram, and so its CANCEL goes by a stream
            kept_way = replace(kept_way, transport=transport, connection=0)
        switch.endpoint.take_up(invite, self._way(kept_way), leg.id, switch.now)
        self._orders.append(TellLeg(leg.id, Release()))

    def _way(self, kept: Flow) -> Flow:
        """By the listener that is there now. A connection of the former process is gone; its number, which none of
        ours has, says that there was one, so that the peer is looked for where it listens."""
        gone = -self._asked - 1 if kept.connection else 0
        flow = self._switch.configuration.flow(kept.transport, kept.remote, kept.host, prefer=kept.local)
        return replace(flow or kept, connection=gone)
