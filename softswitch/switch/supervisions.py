"""Supervisors at the calls of others: whom a code or a command means, whether it may be, and where that line talks now.

Whoever is supervised is found by the call, by his number, or by his name as an agent. What ``contact.supervision`` then
does for the supervisor is told here where the line is, at the end of every unit of work in which two people came to
talk or ceased to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from softswitch.call.signal import Offered, Reject
from softswitch.contact import permission
from softswitch.contact.event import ContactConnected, ContactDisconnected, ContactFinished
from softswitch.contact.handover import LegReplaced
from softswitch.contact.inbound import InboundContact
from softswitch.contact.journey import Facts, Journey
from softswitch.contact.permission import Party
from softswitch.contact.supervision import (
    LegGiven,
    LineGone,
    LineTalks,
    LineWaits,
    Mode,
    SetMode,
    Supervision,
    SupervisionRefused,
    TakeOver,
)
from softswitch.core.effect import DomainEvent, Effect
from softswitch.switch.desk import CallWanted
from softswitch.switch.view import Refused

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

TAKE_OVER = "take-over"  # beside the modes: to be in the agent's place
_STATUS = {"unknown": 404, "nobody talks": 480}  # of a code; 403 else
_PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Wish:
    target: str  # a contact, the number of a user, or the name of an agent
    supervisor: str  # user
    mode: str  # a ``Mode``, or TAKE_OVER
    by: str


@dataclass(frozen=True, slots=True)
class _Found:
    at: LineTalks
    user: str  # whose line it is


class Supervisions:
    """Knows who supervises; their contacts are ``Calls``'s."""

    hears = (ContactConnected, ContactDisconnected, ContactFinished)

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._live: dict[str, Supervision] = {}
        self._stale = False  # somebody may talk to somebody else than a moment ago
        codes = switch.configuration.supervise_codes
        self._codes = sorted(codes.items(), key=lambda entry: -len(entry[0]))
        self._code = {mode: code for code, mode in codes.items()}

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        return {TakeOver: self._take_over}

    # ---- how it begins -----------------------------------------------------------------------------------------

    def called(self, event: Offered, wanted: CallWanted) -> Sequence[Effect] | None:
        """A code, dialled at a phone of ours; None where it is an ordinary call."""
        wish = self._dialled(event.called, wanted.user) if wanted.user else None
        if wish is None:
            return None
        try:
            found = self._find(wish)
        except Refused as refused:
            fact = self._refusal(wish, refused)
            return [fact, *self._switch.calls.tell_leg(event.leg, Reject(_STATUS.get(refused.why, 403)))]
        supervision = self._begin(wish, found)
        calls = self._switch.calls
        calls.extensions.begun(calls.legs[event.leg], wish.supervisor, True, "")  # nobody's lamp says with whom
        calls.move(event.leg, supervision.id)
        return supervision.called(event.leg, self._switch.now)

    def wanted(self, wish: Wish, tell: Callable[[Supervision | Refused], None]) -> Sequence[Effect]:
        """By command: ring the supervisor, or change what he does already; ``tell`` hears at once what comes of it."""
        try:
            found = self._find(wish)
            already = self._already(wish, found)
            supervision, orders = self._ring(wish, found) if already is None else self._change(already, wish)
        except Refused as refused:
            tell(refused)
            return [self._refusal(wish, refused)]
        tell(supervision)
        return orders

    def _already(self, wish: Wish, found: _Found) -> Supervision | None:
        mine = (one for one in self._live.values() if one.facts.caller == wish.supervisor)
        return next((one for one in mine if one.line == found.at.line), None)

    def _change(self, supervision: Supervision, wish: Wish) -> tuple[Supervision, Sequence[Effect]]:
        if wish.mode == TAKE_OVER:
            if not supervision.leg or supervision.at is None:  # his phone rings, or a transfer is under way
                raise _not_there(wish)
            return supervision, self._take_over(TakeOver(supervision.id))
        return supervision, self._switch.calls.to_contact(supervision.id, SetMode(Mode(wish.mode), wish.by))

    def _ring(self, wish: Wish, found: _Found) -> tuple[Supervision, Sequence[Effect]]:
        if wish.mode == TAKE_OVER:
            raise _not_there(wish)
        targets = self._switch.directory.user_targets(wish.supervisor)
        if not targets:
            raise Refused("unreachable", f"no phone of {wish.supervisor} is registered")
        supervision = self._begin(wish, found)
        user, configuration = self._switch.configuration.users[found.user], self._switch.configuration
        name = f"{wish.mode}: {user.name or found.user}"
        shown = self._code.get(wish.mode, "") + found.user  # to be dialled again
        return supervision, supervision.ring(targets, shown, name, configuration.ring_s, self._switch.now)

    def _begin(self, wish: Wish, found: _Found) -> Supervision:
        name = self._switch.ids.name("s")
        facts = Facts(name, "supervision", wish.supervisor, "", found.user, "", epoch=self._switch.clock.epoch)
        made = Supervision(facts, self._switch.directory, found.at, Mode(wish.mode), wish.by)
        self._live[name] = self._switch.calls.contacts[name] = made
        return made

    def _refusal(self, wish: Wish, refused: Refused) -> SupervisionRefused:
        return SupervisionRefused(wish.supervisor, wish.target, wish.mode, refused.why, wish.by)

    # ---- whom it means, and whether it may be ------------------------------------------------------------------

    def _dialled(self, called: str, user: str) -> Wish | None:
        for code, mode in self._codes:
            if called.startswith(code) and called != code:
                return Wish(called[len(code) :], user, mode, _PHONE)
        return None

    def _find(self, wish: Wish) -> _Found:
        """Raises ``Refused``."""
        supervisor = self._switch.configuration.users.get(wish.supervisor)
        if supervisor is None:
            raise Refused("unknown", f"no user {wish.supervisor!r}")
        contact = self._switch.calls.contacts.get(wish.target)
        lines = list(self._lines(wish.target) if contact is None else self._ends(contact))
        allowed = [one for one in lines if self._may(supervisor.supervises, one)]
        if (lines and not allowed) or not supervisor.supervises:
            raise Refused("not allowed", f"{wish.supervisor} may not supervise {wish.target}")
        for found in allowed:
            if wish.supervisor not in self._talking(found):
                return found
        if allowed:
            raise Refused("own call", f"{wish.supervisor} is in this call himself")
        if contact is None and not self._users(wish.target):
            raise Refused("unknown", f"no call, user or agent {wish.target!r}")
        raise Refused("nobody talks", f"{wish.target} talks to nobody")

    def _lines(self, target: str) -> Iterator[_Found]:
        """By which this user, or agent, talks."""
        calls = self._switch.calls
        for user, leg in [(one, leg) for one in self._users(target) for leg in calls.extensions.living(one)]:
            contact = calls.contacts.get(calls.contact_at(leg))
            bridge = contact.bridge if contact is not None else None
            if contact is not None and bridge is not None and leg in (bridge.left, bridge.right):
                yield _Found(_place(contact, leg), user)

    def _users(self, target: str) -> tuple[str, ...]:
        if target in self._switch.configuration.users:
            return (target,)
        return self._switch.directory.agent_users(target)

    def _ends(self, contact: Journey) -> Iterator[_Found]:
        """Those of our users who talk in it; an agent first, then who was called."""
        if isinstance(contact, Supervision):
            if contact.at is not None:
                yield _Found(contact.at, contact.facts.called)
        elif contact.bridge is not None:
            legs = sorted((contact.bridge.right, contact.bridge.left), key=lambda leg: leg not in contact.agents)
            for leg in legs:
                if user := self._switch.calls.transfers.user_of(leg):
                    yield _Found(_place(contact, leg), user)

    def _may(self, grants: Sequence[str], found: _Found) -> bool:
        contact = self._switch.calls.contacts[found.at.contact]
        return permission.supervise(grants, found.user, contact.record.queue)

    def _talking(self, found: _Found) -> set[str]:
        """The users at both ends."""
        bridge = self._switch.calls.contacts[found.at.contact].bridge
        legs = (bridge.left, bridge.right) if bridge is not None else ()
        return {self._switch.calls.transfers.user_of(leg) for leg in legs}

    # ---- where the line is -------------------------------------------------------------------------------------

    def note(self, fact: DomainEvent) -> None:
        self.touch()

    def touch(self) -> None:
        """A leg, or who talks to whom, is not what it was."""
        self._stale = bool(self._live)

    def settle(self) -> list[Effect]:
        """The end of a unit of work."""
        if not self._stale:
            return []
        self._stale = False
        orders: list[Effect] = []
        for supervision in list(self._live.values()):
            if supervision.over:
                del self._live[supervision.id]
            else:
                orders += self._switch.calls.to_contact(supervision.id, self._scene(supervision))
        return orders

    def _scene(self, supervision: Supervision) -> LineTalks | LineWaits | LineGone:
        line, user = supervision.line, supervision.facts.called
        calls = self._switch.calls
        contact = calls.contacts.get(calls.contact_at(line))
        if contact is None or contact.over:
            return LineGone("call over")
        bridge = contact.bridge
        if bridge is None:
            return LineWaits() if _may_come_back(contact, line) else LineGone("agent left")
        agent = self._switch.directory.agents_of.get(user, "")
        his = {user, *self._switch.directory.agent_users(agent)}
        legs = [leg for leg in (bridge.right, bridge.left) if leg == line or calls.transfers.user_of(leg) in his]
        if not legs:
            return LineGone("agent left")
        found = _Found(_place(contact, line if line in legs else legs[0]), user)
        grants = self._switch.configuration.users[supervision.facts.caller].supervises
        return found.at if self._may(grants, found) else LineGone("not allowed")

    def pause_recording(self, contact: str, reason: str | None) -> list[Effect]:
        """What supervisors say in this call, as far as it is recorded."""
        there = [one for one in self._live.values() if one.at is not None and one.at.contact == contact]
        return [order for one in there for order in one.pause_recording(reason)]

    # ---- taking over -------------------------------------------------------------------------------------------

    def _take_over(self, order: TakeOver) -> Sequence[Effect]:
        """The supervisor's leg takes the place of the line, which is let go."""
        supervision = self._live.get(order.supervision)
        calls = self._switch.calls
        if supervision is None or not supervision.leg or supervision.at is None:
            return []
        contact, leg, user = calls.transfers.settled_at(supervision.line), supervision.leg, supervision.facts.caller
        if contact is None or contact.bridge is None:
            return []
        given = calls.to_contact(supervision.id, LegGiven())
        calls.move(leg, contact.id)
        replaced = LegReplaced(supervision.line, leg, Party(user, user), up=True)
        return [*given, *calls.to_contact(contact.id, replaced)]


def _not_there(wish: Wish) -> Refused:
    return Refused("not there", f"{wish.supervisor} does not hear this call")


def _place(contact: Journey, line: str) -> LineTalks:
    recorded = contact.bridge is not None and bool(contact.bridge.recording)
    return LineTalks(contact.id, contact.room, line, recorded)


def _may_come_back(contact: Journey, line: str) -> bool:
    """Whoever is transferred away, or waits for what becomes of his transfer, or is the caller."""
    if not isinstance(contact, InboundContact):
        return False
    pending = contact.pending
    return line == contact.leg or (pending is not None and pending.transferor == line and not pending.gone)
