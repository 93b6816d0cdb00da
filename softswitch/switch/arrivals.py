"""Calls that nobody had answered when control died: they are taken up where they began.

The caller hears ringing, and his side has our 100, so that it does not send its INVITE again. It is written down with
the call (``journal``) where the plan calls back who is lost that early, and the next process hears it once more, as if
it came now: to the caller that is another branch that rings for him (RFC 3261 section 12.1), and what he sent or sends
to end the call finds its transaction. Phones that rang for him are called off first. Where that cannot be, as his
connection broke with the process, or nobody was there for longer than a caller listens to that, he is lost, and the
ledger hears of it; unless he has called again, and somebody has talked to him.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from softswitch.call.memory import RingingMemory
from softswitch.call.record import CallRecord
from softswitch.callback.model import Lost
from softswitch.contact.inbound import InboundContact
from softswitch.contact.order import TellLedger
from softswitch.core.effect import Effect
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, parse
from softswitch.switch.event import CallResumed
from softswitch.switch.plain import decode
from softswitch.switch.ports import Arrived

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

log = logging.getLogger("softswitch.switch")

RINGS_S = 180.0  # section 16.6 timer C: longer than that no proxy waits for us
AWAY_S = 30.0  # without a process: who hung up meanwhile says so again for 32 s (section 17.1.2.2)


class Arrival(msgspec.Struct, frozen=True, array_like=True, tag="arrival"):
    """Instead of ``CallKept``, until the call is answered."""

    invite: bytes  # as it came
    flow: Flow
    boot: str  # of the machine
    lost: Lost  # where it cannot be taken up again
    counts: bool  # the plan wants to hear of that
    ringing: tuple[RingingMemory, ...]


_ARRIVAL = msgspec.msgpack.Decoder(Arrival)


def arrival(switch: Switch, contact: InboundContact, ringing: Callable[[], list[RingingMemory]]) -> Arrival | None:
    """What is to be written of a contact that is not answered yet; None: nothing."""
    lost, leg = contact.cut_off(), switch.calls.legs.get(contact.leg)
    if lost is None or leg is None or leg.leg.inbound is None:
        return None
    invite = leg.leg.inbound.request
    return Arrival(invite.octets, leg.flow, switch.clock.boot, lost[0], lost[1], tuple(ringing()))


class Arrivals:
    """Those that the former process has left."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._found: dict[str, Arrival] = {}

    def restore(self, records: Mapping[str, bytes], call_off: Callable[[RingingMemory], None]) -> Mapping[str, bytes]:
        """Returned are the records that are none of these."""
        others = {}
        for name, octets in records.items():
            try:
                self._found[name] = decode(octets, _ARRIVAL)
            except msgspec.MsgspecError:
                others[name] = octets
        for kept in self._found.values():
            for rings in kept.ringing:
                call_off(rings)
        return others

    def go_on(self, away_s: float, records: Iterable[CallRecord]) -> list[Effect]:
        """The listeners are open: the longest first. ``away_s``: there was no process for so long; ``records`` are the
        latest, also of other nodes."""
        orders: list[Effect] = []
        served = self._served(records)
        for name, kept in sorted(self._found.items(), key=lambda one: one[1].lost.queued_at):
            self._switch.ports.journal.forget(name)  # at the end of this unit of work, with what comes of it
            self._switch.journal.touch(name)
            here = served.get(self._switch.outlook.key(kept.lost.number), 0.0) <= kept.lost.queued_at
            again: list[Effect] | None = None
            try:
                again = self._again(kept) if here and away_s <= AWAY_S else None
            except Exception:  # of one caller; the others, and the agents, are to go on
                log.exception("the call of contact %s cannot be taken up again", name)
            outcome = "again" if again is not None else "lost" if here and kept.counts else "ended"
            orders += [CallResumed(name, outcome), *(again or [])]
            if outcome == "lost":
                orders.append(TellLedger(kept.lost))
        self._found.clear()
        return orders

    def _served(self, records: Iterable[CallRecord]) -> dict[str, float]:
        """By number, when somebody talked to them last (Unix s)."""
        found: dict[str, float] = {}
        for record in records if self._found else ():
            key = self._switch.outlook.key(record.caller)
            found[key] = max(found.get(key, 0.0), record.connected_at)
        found.pop("", None)  # withheld numbers are nobody's
        return found

    def _again(self, kept: Arrival) -> list[Effect] | None:
        switch = self._switch
        late = switch.unix >= kept.lost.queued_at + RINGS_S
        if kept.flow.reliable or late or kept.boot != switch.clock.boot:
            return None
        here = switch.configuration.flow(kept.flow.transport, kept.flow.remote, prefer=kept.flow.local)
        invite = parse(kept.invite)
        if here is None or not isinstance(invite, Request):
            return None
        switch.calls.reception.earlier[invite.call_id] = kept.lost.queued_at
        return list(switch.signalling.arrived(Arrived(invite, here)))
