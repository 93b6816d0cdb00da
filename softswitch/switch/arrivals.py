"""Calls that nobody had answered when control died: they are taken up where they began.

The caller hears ringing, and his side has our 100, so that it does not send its INVITE again. It is written down with
the call (``journal``) where the plan calls back who is lost that early, and the next process hears it once more, as if
it came now: to the caller that is another branch that rings for him (RFC 3261 section 12.1), and what he sent or sends
to end the call finds its transaction. Phones that rang for him are called off first. Where that cannot be, as his
connection broke with the process, or nobody was there for longer than a caller listens to that, he is lost, and the
ledger hears of it; unless he has called again, and somebody has talked to him. Very many are taken up a few at a time,
so that those who talk are heard meanwhile.
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

NAME = "arrivals"  # of their deadline
log = logging.getLogger("softswitch.switch")

RINGS_S = 180.0  # section 16.6 timer C: longer than that no proxy waits for us
A_FEW, APART_S = 20, 0.02  # in one go; half of the time is left for others
AWAY_S = 30.0  # without a process: who hung up meanwhile says so again for 32 s (section 17.1.2.2)


class Arrival(msgspec.Struct, frozen=True, array_like=True, tag="arrival"):
    """Instead of ``CallKept``, until the call is answered."""

    invite: bytes  # as it came
    flow: Flow
    boot: str  # of the machine
    lost: Lost  # where it cannot be taken up again
    counts: bool  # the plan wants to hear of that
    ringing: tuple[RingingMemory, ...]
    user: str = ""  # who has proved to be calling: the next process does not ask him again
    trunk: str = ""
    call_id: str = ""


_ARRIVAL = msgspec.msgpack.Decoder(Arrival)


def arrival(switch: Switch, contact: InboundContact, ringing: Callable[[], list[RingingMemory]]) -> Arrival | None:
    """What is to be written of a contact that is not answered yet; None: nothing."""
    lost, leg = contact.cut_off(), switch.calls.legs.get(contact.leg)
    if lost is None or leg is None or leg.leg.inbound is None:
        return None
    invite, peer = leg.leg.inbound.request, switch.calls.peer(contact.leg)
    return Arrival(
        invite.octets, leg.flow, switch.clock.boot, lost[0], lost[1], tuple(ringing()), *peer, invite.call_id
    )


class Arrivals:
    """Those that the former process has left."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._found: dict[str, Arrival] = {}  # the next one last
        self._waiting: set[str] = set()  # their Call-IDs
        self._served: dict[str, float] = {}  # by number, when somebody talked to them last (Unix s)
        self._reached = True  # they may be waiting yet

    @property
    def left(self) -> int:
        return len(self._found)

    def awaits(self, call_id: str) -> bool:
        """Whether that one is to be taken up yet: whoever ends it is not told that there is no such call."""
        return call_id in self._waiting

    def restore(self, records: Mapping[str, bytes], call_off: Callable[[RingingMemory], None]) -> Mapping[str, bytes]:
        """Returned are the records that are none of these."""
        others = {}
        for name, octets in records.items():
            try:
                self._found[name] = decode(octets, _ARRIVAL)
            except msgspec.MsgspecError:
                others[name] = octets
        for kept in self._found.values():
            self._waiting.add(kept.call_id)
            for rings in kept.ringing:
                call_off(rings)
        return others

    def go_on(self, away_s: float, records: Iterable[CallRecord]) -> list[Effect]:
        """The listeners are open: the longest first. ``away_s``: there was no process for so long; ``records`` are the
        latest, also of other nodes."""
        self._reached = away_s <= AWAY_S
        self._served = self._served_lately(records)
        self._found = dict(sorted(self._found.items(), key=lambda one: one[1].lost.queued_at, reverse=True))
        return self.due()

    def due(self) -> list[Effect]:
        """The next few."""
        orders: list[Effect] = []
        self._switch.arm((NAME, ""), self._switch.now + APART_S if self._found else None)
        for _ in range(min(A_FEW, len(self._found))):
            orders += self._next(*self._found.popitem())
        return orders

    def _next(self, name: str, kept: Arrival) -> list[Effect]:
        self._waiting.discard(kept.call_id)
        self._switch.ports.journal.forget(name)  # at the end of this unit of work, with what comes of it
        self._switch.journal.touch(name)
        here = self._served.get(self._switch.outlook.key(kept.lost.number), 0.0) <= kept.lost.queued_at
        again: list[Effect] | None = None
        try:
            again = self._again(kept) if here and self._reached else None
        except Exception:  # of one caller; the others, and the agents, are to go on
            log.exception("the call of contact %s cannot be taken up again", name)
        outcome = "again" if again is not None else "lost" if here and kept.counts else "ended"
        orders: list[Effect] = [CallResumed(name, outcome), *(again or [])]
        return [*orders, TellLedger(kept.lost)] if outcome == "lost" else orders

    def _served_lately(self, records: Iterable[CallRecord]) -> dict[str, float]:
        found: dict[str, float] = {}
        for record in records if self._found else ():
            key = self._switch.outlook.key(record.caller)
            found[key] = max(found.get(key, 0.0), record.connected_at)
        found.pop("", None)  # withheld numbers are nobody's
        return found

    def _again(self, kept: Arrival) -> list[Effect] | None:
        switch = self._switch
        late = switch.unix >= kept.lost.queued_at + RINGS_S
        known = kept.trunk in switch.trunks.lines or kept.user in switch.configuration.users
        if kept.flow.reliable or late or kept.boot != switch.clock.boot or not known:
            return None
        here = switch.configuration.flow(kept.flow.transport, kept.flow.remote, prefer=kept.flow.local)
        invite = parse(kept.invite)
        if here is None or not isinstance(invite, Request):
            return None
        switch.calls.reception.earlier[invite.call_id] = kept.lost.queued_at
        return switch.signalling.once_more(Arrived(invite, here), kept.user, kept.trunk)
