"""Transfers: who talks to whom, when one of two wants to be replaced (RFC 5589 tells it from the phones' side).

Three ways, one shape. Blind: the script is exchanged for that of the target's number. Attended: the other party of the
transferor's second call is taken over, and with it whatever still rings there. Replaced: another phone takes the place
of one (RFC 3891). Whoever stays keeps the contact, its record and its place in the store; it may be the one who was
called, so that ``leg`` is then another.

Until the target answers the transferor is still there, told how it goes, and gets the call back if it comes to nothing.
One who has hung up is rung back once. Who may be transferred where is decided before (``permission``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from msgspec.structs import replace

from softswitch.call.identity import UNKNOWN
from softswitch.call.signal import Accept, Command, Reject, Release, TransferProgress
from softswitch.contact.event import TransferEnded
from softswitch.contact.handover import LegReplaced, Pending, TransferJoin, TransferTo, Yielded
from softswitch.contact.offering import Offering
from softswitch.contact.order import HoldMusicTo, TellLeg
from softswitch.contact.permission import Party
from softswitch.contact.script import DirectDial, status_of
from softswitch.contact.scripted import Scripted
from softswitch.core.effect import Effect
from softswitch.ivr.model import DialEnded, DialOut, EndCall, IvrInput, Start

RETURN_RING_S = 30.0  # a transferor who has hung up too early is rung back for so long
MOST = 30  # transfers of one contact: two phones must not play at it for ever


class Transferable(Scripted, Offering, ABC):
    """What transfers add to a contact with a script. ``_take_leg`` is told when a leg that was dialled has answered."""

    pending: Pending | None = None
    transfers = 0
    sender = ""  # user who has transferred the call last

    @abstractmethod
    def _hunt_won(self, leg: str, now: float) -> list[Effect]:
        """``leg`` is who the hunt was for."""

    @abstractmethod
    def _agent_answered(self, agent: str, leg: str, now: float) -> list[Effect]:
        """``leg`` is his, to whom the ACD has offered this."""

    # ---- what is wanted ----------------------------------------------------------------------------------------

    def can_transfer(self, leg: str) -> int:
        """0, or the status of the refusal: only one of two who talk can ask for it."""
        if self.pending is not None:
            return 491
        there = self.bridge is not None and leg in (self.bridge.left, self.bridge.right)
        return 0 if there and self.transfers < MOST else 403

    def _on_transfer_to(self, event: TransferTo, now: float) -> list[Effect]:
        pending, orders = self._leave(event.leg, event.who, event.other, event.called, "blind", now)
        self.script = event.script
        if event.plan:
            self.record.plan = self.record.plan or event.plan
            orders += self._gone_for_good(pending, now)
        else:
            self.pending = pending
            orders += self._progress(100)
        facts = self.facts
        start = Start(
            self.id, facts.caller, facts.caller_name, facts.called, facts.trunk, event.wall, self.language,
            facts.origin.diverted, facts.origin.note,
        )  # fmt: skip
        return [*orders, *self._tell(start, now)]

    def _on_transfer_join(self, event: TransferJoin, now: float) -> list[Effect]:
        pending, orders = self._leave(event.leg, event.who, event.other, event.called, "attended", now)
        taken = event.taken
        self.script, self.after = DirectDial(DialOut()), DialEnded("answered")
        self.numbers += taken.numbers
        pending.recorded |= taken.recorded
        if taken.hunt is not None:
            self.pending, self.hunt = pending, taken.hunt
            taken.hunt.prefix = self.new_prefix("dial")
            return [*orders, HoldMusicTo(self.leg, self.music), *self._progress(180)]
        (leg,) = taken.legs
        if taken.agent is not None:
            self.agents[leg] = taken.agent
        held = pending.held | ({leg} if taken.held else set())
        talk = self.connect(self.leg, leg, pending.recorded, 0.0, now, held)
        return [*orders, *self._gone_for_good(pending, now), *talk]

    def _leave(
        self, leg: str, who: Party, other: Party, called: str, kind: str, now: float
    ) -> tuple[Pending, list[Effect]]:
        """The two talk no longer; the contact is the other's."""
        bridge = self.bridge
        assert bridge is not None
        self.transfers += 1
        pending = Pending(kind, leg, who, self.leg, self.facts, self.script, self.after, bool(bridge.recording),
                          set(bridge.held_by), agent=self.agents.get(leg, ("", ""))[0],
                          queue=self.record.queue)  # fmt: skip
        self.leg, self.sender = bridge.other(leg), who.user
        same = not other.number or other.number == self.facts.caller
        name, caller = (self.facts.caller_name, self.facts.caller) if same else ("", other.number)
        origin = self.facts.origin if same else UNKNOWN  # what the first caller has said is not the second one's
        self.facts = replace(self.facts, caller=caller, caller_name=name, called=called, origin=origin)
        return pending, self.part(now, "transfer")

    def _gone_for_good(self, pending: Pending, now: float) -> list[Effect]:
        """The transferor has done his part."""
        self.pending = None
        told = self.last_words(pending.script, "transfer", now) if pending.script is not self.script else []
        done = TellLeg(pending.transferor, TransferProgress(200, leave=True))
        agent = pending.agent
        ended = TransferEnded(
            self.id, pending.kind, "done", agent, pending.queue if agent else "", self.facts.called if agent else ""
        )
        return [done, *told, *self.agent_free(pending.transferor), ended]

    # ---- how it goes -------------------------------------------------------------------------------------------

    def _progress(self, status: int) -> list[Effect]:
        pending = self.pending
        if pending is None or status in pending.told:
            return []
        pending.told.add(status)
        return [TellLeg(pending.transferor, TransferProgress(status))]

    def _take_leg(self, leg: str, now: float) -> list[Effect]:
        """A leg that was dialled has answered, and talks to ours."""
        pending, self.after = self.pending, DialEnded("answered")
        if pending is None:
            return self.connect(self.leg, leg, False, 0.0, now)
        done = self._gone_for_good(pending, now)
        return [*done, *self.connect(self.leg, leg, pending.recorded, 0.0, now, pending.held)]

    def _tell(self, event: IvrInput, now: float) -> list[Effect]:
        if self.pending is not None and isinstance(event, DialEnded):
            return self._came_to_nothing(status_of(event) or 480, now)
        return super()._tell(event, now)

    def _came_to_nothing(self, status: int, now: float) -> list[Effect]:
        pending, self.pending = self.pending, None
        assert pending is not None
        orders: list[Effect] = [TellLeg(pending.transferor, TransferProgress(status))]
        orders.append(TransferEnded(self.id, pending.kind, "failed"))
        if pending.gone:
            return [*orders, *self._ring_back(pending.who, status, now)]
        other = self.leg
        self.leg, self.facts, self.script, self.after = pending.leg, pending.facts, pending.script, pending.after
        right = pending.transferor if self.leg == other else other
        return [*orders, *self.connect(self.leg, right, pending.recorded, 0.0, now, pending.held)]

    def _ring_back(self, who: Party, status: int, now: float) -> list[Effect]:
        if not who.internal:
            return self._run([EndCall(status=status)], now)
        self.script = DirectDial(DialOut(users=(who.user,), ring_s=RETURN_RING_S))
        return self._run([DialOut(users=(who.user,), ring_s=RETURN_RING_S)], now)

    # ---- what the two parties do meanwhile ---------------------------------------------------------------------

    def _transferor_left(self, leg: str) -> list[Effect] | None:
        """None where ``leg`` is nobody who waits for a transfer."""
        pending = self.pending
        if pending is None or leg != pending.transferor or pending.gone:
            return None
        pending.gone = True
        return self.agent_free(leg)

    def _holds(self, leg: str, held: bool) -> None:
        if self.pending is not None:
            (self.pending.held.add if held else self.pending.held.discard)(leg)

    def _call_off(self) -> list[Effect]:
        """Whoever was to be transferred is gone, or we end it all."""
        pending, self.pending = self.pending, None
        if pending is None:
            return []
        ended = TransferEnded(self.id, pending.kind, "failed")
        return [TellLeg(pending.transferor, TransferProgress(487, leave=True)), ended]

    # ---- giving up a leg, exchanging a leg ---------------------------------------------------------------------

    @property
    def is_visit(self) -> bool:
        """A customer's, not a call between two of us."""
        return bool(self.record.queue or self.record.trunk or self.record.promise)

    def yield_other(self, leg: str, last: Command, now: float) -> tuple[Yielded, list[Effect]] | None:
        """Give the other party of ``leg`` away, and end; ``last`` is what ``leg`` is told.

        None where there is nobody yet, but a plan or a queue.
        """
        if self.pending is not None or self.over:
            return None
        end = TellLeg(leg, last)
        bridge = self.bridge
        if bridge is not None and leg in (bridge.left, bridge.right):
            other = bridge.other(leg)
            agent, recorded, held = self.agents.pop(other, None), bool(bridge.recording), other in bridge.held_by
            taken = Yielded((other,), None, held, agent, self._give_numbers(leg), recorded)
            by = "caller" if leg == self.leg else "called"
            return taken, [*self.disconnect(now), end, *self.finish("answered", by, now)]
        hunt = self.hunt
        if hunt is None or hunt.purpose != "dial" or leg != self.leg:
            return None
        self.hunt = None
        taken = Yielded(tuple(hunt.legs), hunt, False, None, self._give_numbers(leg), False)
        return taken, [end, *self.finish("completed", "caller", now)]

    def _give_numbers(self, leaving: str) -> tuple[str, ...]:
        """The numbers that stay on the line; the caller's own is free if it is he who leaves."""
        own = [self.facts.caller] if leaving == self.leg else []
        given = tuple(number for number in self.numbers if number not in own)
        self.numbers = [number for number in self.numbers if number in own]
        return given

    def _on_leg_replaced(self, event: LegReplaced, now: float) -> list[Effect]:
        """Early: picked up elsewhere. Later: the talk goes on at another phone."""
        hunt, bridge = self.hunt, self.bridge
        accept = [] if event.up else [TellLeg(event.new, Accept())]
        replaced = TransferEnded(self.id, "replaced", "done")
        agent = self.rung_at(event.old)
        if agent and event.who.user in self.directory.agent_users(agent):  # what is offered to him is his
            return [*accept, replaced, *self._agent_answered(agent, event.new, now)]
        if hunt is not None and hunt.purpose == "dial" and event.old in hunt.ringing:
            return [*accept, replaced, *self._hunt_won(event.new, now)]
        if bridge is None or event.old not in (bridge.left, bridge.right):
            return [TellLeg(event.new, Release() if event.up else Reject(488))]
        return [*accept, replaced, *self._exchange(event, now), *self.release(event.old)]

    def _exchange(self, event: LegReplaced, now: float) -> list[Effect]:
        bridge = self.bridge
        assert bridge is not None
        other, held, recorded = bridge.other(event.old), bridge.held_by, bool(bridge.recording)
        orders = self.part(now, "replaced")
        agent = self.agents.get(event.old)
        if agent is not None and event.who.user in self.directory.agent_users(agent[0]):
            self.agents[event.new] = self.agents.pop(event.old)
        orders += self.agent_free(event.old)
        if event.old == self.leg:
            self.leg = event.new
        right = other if event.new == self.leg else event.new
        return orders + self.connect(self.leg, right, recorded, 0.0, now, held)
