"""A switch that is about to be taken out of service: it ends what it has begun, and begins nothing new.

Decided here: which calls are still taken (those that belong to one that is here, the codes by which agents work, and
whoever calls for help), that whoever is refused is written down first, where the plan that he called says who would
call him back, and when nobody is left. They are refused with 503 and Retry-After, so that a carrier goes to its next
server (RFC 3261 section 21.5.4), and so are the OPTIONS by which trunks and dispatchers ask whether we take calls.
Phones stay registered, and agents are rung for who waits. Callbacks are left to others, see ``callback.sharing``.

``keep`` is told what the next process is to know, should this one die meanwhile; ``over`` that the process may end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from softswitch.callback.model import Lost, PromiseAnswer
from softswitch.callback.node import Drains
from softswitch.contact.inbound import InboundContact
from softswitch.contact.order import TellLedger
from softswitch.contact.routing import FeatureRoute
from softswitch.contact.supervision import Supervision
from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.errors import PeerError
from softswitch.switch.event import CallShed
from softswitch.switch.overload import retry_after_s
from softswitch.switch.view import DrainView, Refused

if TYPE_CHECKING:
    from softswitch.switch.desk import CallWanted
    from softswitch.switch.driver import Switch

LOOK_S = 0.5  # between two looks whether anybody is left
QUIET_S = 1.0  # nobody is left for so long: the last BYE is answered by then
MOST_HELD = 1000  # refusals that wait for the store; who comes then is told at once
NAME = "drain"  # of tokens; no contact is called so


@dataclass(frozen=True, slots=True)
class DrainOrdered(DomainEvent):
    by: str
    within_s: float | None  # None: however long it takes


@dataclass(frozen=True, slots=True)
class DrainTakenBack(DomainEvent):
    by: str


@dataclass(frozen=True, slots=True)
class Drained(DomainEvent):
    """The process ends."""

    left: int  # calls that it lasted too long for: they are ended
    refused: int  # calls


class Ordered(msgspec.Struct, frozen=True):
    by: str
    since: float  # Unix s
    until: float | None  # None: however long it takes


@dataclass(slots=True)
class _Held:
    wanted: CallWanted
    loss: Lost


class Draining:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._ordered: Ordered | None = None
        self._held: dict[str, _Held] = {}  # by token: who is told when the store has him
        self._serial = 0
        self._refused = 0
        self._quiet_since: float | None = None  # monotonic s
        self._ending = False
        self.keep: Callable[[bytes], None] = lambda octets: None  # b"": nothing
        self.over: Callable[[], None] = lambda: None

    @property
    def on(self) -> bool:
        return self._ordered is not None

    # ---- orders ------------------------------------------------------------------------------------------------

    def order(self, within_s: float | None, by: str) -> None:
        """Also while it goes on: the last word counts. Raises ``Refused``."""
        self._expect_time()
        now = self._switch.clock.monotonic() + self._switch.clock.epoch
        since = self._ordered.since if self._ordered is not None else now
        self._ordered = Ordered(by, since, None if within_s is None else now + within_s)
        self.keep(msgspec.json.encode(self._ordered))
        self._switch.command(lambda: [DrainOrdered(by, within_s), *self._begin()])

    def take_back(self, by: str) -> None:
        """Raises ``Refused``."""
        if self._ordered is None:
            raise Refused("not draining", "this switch takes calls: there is nothing to take back")
        self._expect_time()
        self._ordered = self._quiet_since = None
        self.keep(b"")
        self._switch.arm((NAME, ""), None)
        self._switch.command(lambda: [DrainTakenBack(by), *self._switch.offices.to_ledger(Drains(False))])

    def restore(self, octets: bytes) -> None:
        """What the former process was told. Raises ``msgspec.MsgspecError``."""
        self._ordered = msgspec.json.decode(octets, type=Ordered)
        self._switch.command(self._begin)

    def _expect_time(self) -> None:
        if self._ending:
            raise Refused("ending", "nobody is left, and the switch ends")

    def _begin(self) -> list[Effect]:
        self._switch.arm((NAME, ""), self._switch.now)
        return self._switch.offices.to_ledger(Drains(True, not self._switch.ports.shared.alone))

    # ---- new calls ---------------------------------------------------------------------------------------------

    def refuse(self, wanted: CallWanted) -> list[Effect] | None:
        """What becomes of a new call; None where it is taken."""
        if self._ordered is None or self._belongs(wanted):
            return None
        self._refused += 1
        shed = CallShed("draining")
        request, held = wanted.arrived.request, len(self._held) < MOST_HELD and not self._ending
        self._serial += 1
        token = f"{NAME}/{self._serial}" if held and self._switch.ledger.glance.written.healthy else ""
        lost = self._switch.calls.lost(request, wanted.user, wanted.trunk, token)
        for told in lost:
            if token and isinstance(told, TellLedger) and isinstance(told.event, Lost):
                self._held[token] = _Held(wanted, told.event)
                return [shed, told]
        return [shed, *lost, *self._told(wanted)]

    def _belongs(self, wanted: CallWanted) -> bool:
        """It takes the place of a call (RFC 3891), is made beside one, is an agent's who sets how he works, or one to
        an emergency number."""
        request, calls = wanted.arrived.request, self._switch.calls
        if request.call_id in calls.reception.earlier or request.headers.get("Replaces") is not None:
            return True  # where there is no such call, that is what it is refused for
        if not wanted.user:
            return False
        called = request.target.user
        codes = isinstance(calls.reception.route(called, True), FeatureRoute)
        return codes or calls.reception.urgent(called) or bool(calls.extensions.living(wanted.user))

    def answered(self, event: PromiseAnswer) -> list[Effect]:
        """The promise is durable, or none is made. What the store could not take it may take later."""
        held = self._held.pop(event.token, None)
        if held is None:
            return []
        again = [TellLedger(replace(held.loss, token=""))] if event.why == "store" else []
        return [*again, *self._told(held.wanted)]

    def let_go(self) -> list[Effect]:
        """The process ends: whoever waits for the store is told now; what it was given it is still to write."""
        held, self._held = self._held, {}
        return [effect for one in held.values() for effect in self._told(one.wanted)]

    def _told(self, wanted: CallWanted) -> list[Effect]:
        later = str(retry_after_s(wanted.arrived.request.call_id))
        refusal = PeerError(503, "Service Unavailable", headers=(("Retry-After", later),))
        return self._switch.signalling.blame(wanted, refusal)

    # ---- who is left -------------------------------------------------------------------------------------------

    def view(self) -> DrainView:
        contacts = self._switch.calls.contacts.values()
        going_on = self._switch.offices.arrivals.left
        going_on += sum(not isinstance(one, Supervision) for one in contacts)  # who may listen to an agent all day
        waiting = sum(isinstance(one, InboundContact) and one.visit is not None for one in contacts)
        unwritten = len(self._held) + self._switch.signalling.unread + self._switch.ledger.glance.written.waiting
        ordered = self._ordered
        if ordered is None:
            return DrainView(False, calls=going_on, waiting=waiting, unwritten=unwritten)
        until = ordered.until or 0.0
        return DrainView(True, ordered.by, ordered.since, until, going_on, waiting, unwritten, self._refused)

    def due(self) -> Iterable[Effect]:
        if self._ordered is None or self._ending:
            return []
        now, view = self._switch.now, self.view()
        if view.calls or view.unwritten:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        late = self._ordered.until is not None and self._switch.unix >= self._ordered.until
        if late or (self._quiet_since is not None and now >= self._quiet_since + QUIET_S):
            self._ending = True
            self.over()
            return [Drained(view.calls, self._refused)]
        self._switch.arm((NAME, ""), now + LOOK_S)
        return []


def draining(tokens: str) -> bool:
    """Whether an answer of the ledger is for us."""
    return tokens.startswith(f"{NAME}/")
