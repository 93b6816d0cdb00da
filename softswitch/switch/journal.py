"""What of the calls in progress is written down, so that a process that takes over can go on with them.

One record for each contact, with its legs and what the media plane has of them: whatever belongs together is written
in one piece, at the end of the unit of work that changed it, and taken back when the contact is over. Nothing is
written per packet or per message, but where one of them changes what is kept. What is in a record, ``call.memory`` and
``contact.memory`` say; who reads it is ``revival``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from softswitch.acd.model import AgentState
from softswitch.call.memory import LegMemory, RingingMemory, ringing
from softswitch.call.memory import memory as memory_of_leg
from softswitch.contact.callback import CallbackContact
from softswitch.contact.inbound import InboundContact
from softswitch.contact.memory import ContactMemory, guests_of, legs_of
from softswitch.contact.memory import memory as memory_of_contact
from softswitch.contact.permission import Party
from softswitch.contact.supervision import Supervision
from softswitch.switch.arrivals import arrival
from softswitch.switch.plain import encode

if TYPE_CHECKING:
    from softswitch.switch.calls import Contact
    from softswitch.switch.driver import Switch

log = logging.getLogger("softswitch.switch")

VERSION = 4  # of a record: one more with each change that an older reader would misunderstand


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """What a lamp sees of a leg."""

    user: str
    initiator: bool
    remote: str
    remote_name: str


class LegKept(msgspec.Struct, frozen=True, array_like=True):
    memory: LegMemory
    user: str
    trunk: str
    party: Party
    shown: Shown | None


class Work(msgspec.Struct, frozen=True, array_like=True):
    """An agent's part in it."""

    agent: str
    contact: str  # under which the ACD knows it
    queue: str
    wish: AgentState  # what the agent wants next
    reason: str
    wrap_up: bool = False  # has asked for it


class CallKept(msgspec.Struct, frozen=True, array_like=True):
    version: int
    legs: tuple[LegKept, ...]
    contact: ContactMemory | None  # None: its legs are to be ended
    work: tuple[Work, ...]
    media: bytes
    ringing: tuple[RingingMemory, ...] = ()
    boot: str = ""  # of the clock of its times
    epoch: float = 0.0  # its epoch


class CallJournal:
    """``touch`` whatever may have changed; ``settle`` at the end of a unit of work."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._port = switch.ports.journal
        self._touched: set[str] = set()
        self._written: dict[str, int] = {}  # hash of the record of each contact
        self._early: dict[str, tuple[object, bytes | None]] = {}  # of those not answered: by what it is another one
        self.unkept = 0  # records that could not be made

    def touch(self, contact: str) -> None:
        self._touched.add(contact)

    def touch_agent(self, agent: str) -> None:
        """The agent wants something else than before."""
        for work in self._switch.acd.agent(agent).works:
            self.touch(work.contact)

    def taken_over(self, contact: str, octets: bytes) -> None:
        """This one was written by the former process."""
        self._written[contact] = hash(octets)
        self.touch(contact)

    def settle(self) -> None:
        """Write what has changed."""
        if not self._touched:
            return
        touched, self._touched = self._touched, set()
        for name in touched:
            octets = self._octets(name)
            if octets is None:
                if self._written.pop(name, None) is not None:
                    self._port.forget(name)
            elif self._written.get(name) != (mark := hash(octets)):
                self._written[name] = mark
                self._port.keep(name, octets)
        self._port.flush()

    # ---- a record ----------------------------------------------------------------------------------------------

    def _octets(self, name: str) -> bytes | None:
        contact = self._switch.calls.contacts.get(name)
        if contact is None or contact.over:
            self._early.pop(name, None)
            return None
        try:
            if isinstance(contact, InboundContact) and not contact.answered and not guests_of(contact):
                return self._not_answered(contact)
            self._early.pop(name, None)
            kept = self._kept(contact)
            return None if kept is None else encode(kept)
        except Exception:  # what a plan has in its variables: anything may be no plain data
            if not self.unkept:
                log.exception("contact %s cannot be written down, and would not outlive this process", name)
            self.unkept += 1
            return None

    def _not_answered(self, contact: InboundContact) -> bytes | None:
        """Of many things that happen to it few change what is written."""
        legs = [leg for name in contact.ringing if (leg := self._switch.calls.legs.get(name)) is not None]
        sent = [(leg.id, ours.cseq, ours.invite and ours.invite.via) for leg in legs if (ours := leg.leg.outbound)]
        mark = (contact.step, contact.settled, *sent)
        known = self._early.get(contact.id)
        if known is not None and known[0] == mark:
            return known[1]
        kept = arrival(self._switch, contact, lambda: self._ringing(contact))
        octets = None if kept is None else encode(kept)
        self._early[contact.id] = mark, octets
        return octets

    def _kept(self, contact: Contact) -> CallKept | None:
        names, memory = self._legs(contact), None
        if isinstance(contact, InboundContact | CallbackContact):
            memory = memory_of_contact(contact)
        legs = [leg for name in names if (leg := self._leg(name)) is not None]
        if memory is not None and len(legs) < len(names):
            return None
        guests = () if isinstance(contact, Supervision) else guests_of(contact)
        legs += [leg for name in guests if (leg := self._leg(name)) is not None]
        if not legs:
            return None
        recordings = [f"room-{contact.id}", f"vm-{contact.id}"]
        media = self._switch.ports.media.memory([*names, *guests], recordings)
        clock, ringing = self._switch.clock, tuple(self._ringing(contact))
        work = tuple(self._work(memory))
        return CallKept(VERSION, tuple(legs), memory, work, media, ringing, clock.boot, clock.epoch)

    def _ringing(self, contact: Contact) -> list[RingingMemory]:
        """The phones that ring for it."""
        legs = [self._switch.calls.legs.get(name) for name in contact.ringing]
        return [kept for leg in legs if leg is not None and (kept := ringing(leg)) is not None]

    def _legs(self, contact: Contact) -> Sequence[str]:
        if isinstance(contact, InboundContact | CallbackContact):
            return legs_of(contact)
        calls = self._switch.calls
        return [leg for leg in calls.legs if calls.contact_at(leg) == contact.id]

    def _leg(self, name: str) -> LegKept | None:
        calls = self._switch.calls
        leg = calls.legs.get(name)
        memory = None if leg is None else memory_of_leg(leg, self._switch.clock.epoch)
        if memory is None:
            return None
        shown = calls.extensions.shown(name)
        return LegKept(memory, *calls.peer(name), calls.transfers.party(name), Shown(*shown) if shown else None)

    def _work(self, memory: ContactMemory | None) -> list[Work]:
        found = []
        for agent, contact in memory.agents.values() if memory else ():
            now = self._switch.acd.agent(agent)
            if (held := now.holds(contact)) is not None:
                found.append(Work(agent, contact, held.queue, now.wish, now.wish_reason, held.wrap_up))
        return found
