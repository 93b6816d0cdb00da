"""Hunting: several phones ring for one contact, the first that answers wins, the others stop.

The forking of a B2BUA: each target is a leg of its own, so that nothing is left to the luck of a forked dialog
(RFC 3261 section 13.2.2.4). In parallel all targets ring at once; in series one after the other.

A target that is a number behind trunks has other servers behind it (RFC 3263 section 4.3). The next one is tried where
the server before it certainly rings nobody: it said 503, or could not be reached. One that says nothing at all is given
up after a while: its leg cancels what it may still hear of. Not so for a customer who is called back: there a server
that is merely silent might ring the telephone beside the next one, so that the attempt ends with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from softswitch.call.signal import Dial, Failed, Release
from softswitch.contact.order import Directory, MakeLeg, Target, TellLeg
from softswitch.core.effect import Effect
from softswitch.ivr.model import DialOut
from softswitch.sip.final import recognized
from softswitch.sip.reason import ELSEWHERE, Reason
from softswitch.sip.uri import Uri, equivalent, parse_uri

MAX_REDIRECTS = 5
AGENT_RING_GRACE_S = 5.0  # the ACD times an agent's ringing; the leg's own limit only catches what the ACD forgot

# Which failure to report when all have failed: the one that tells the caller most.
_TELLING = (486, 600, 603, 408, 480, 487, 404)


@dataclass(slots=True)
class Hunt:
    """Legs ringing for ``purpose``: "agent", "dial" or "customer"."""

    purpose: str
    prefix: str  # leg names are prefix + number
    targets: tuple[Target, ...]
    caller: str
    caller_name: str
    ring_s: float
    parallel: bool = True
    call_id: str = ""
    agent: str = ""
    as_given: bool = False  # every trunk is shown ``caller``, whatever its rule
    ringing: dict[str, Target] = field(default_factory=dict)  # by leg
    tried: int = 0  # targets
    made: int = 0  # legs
    redirects: int = 0
    been: list[Uri] = field(default_factory=list)  # what has redirected us
    statuses: list[int] = field(default_factory=list)
    early: bool = False  # the caller hears already what the called network says

    def start(self) -> list[Effect]:
        """The first orders; none where there is no target (ask ``exhausted``)."""
        return self._next(len(self.targets) if self.parallel else 1)

    def failed(self, event: Failed, directory: Directory) -> list[Effect]:
        """A leg of ours has failed; its target's next server, or the next target in series, if any."""
        target = self.ringing.pop(event.leg)
        self.statuses.append(event.status)
        if event.status >= 600:  # the person declines, not this one phone (RFC 3261 section 16.7 step 5)
            self.tried = len(self.targets)
            return self.cancel()
        following = self._following(target, event, directory)
        return self._ring(following) if following else self._next(0 if self.parallel else 1)

    def _following(self, target: Target, event: Failed, directory: Directory) -> Target | None:
        if event.contacts and self.redirects < MAX_REDIRECTS:
            self.redirects += 1
            self.been.append(_bare(target.uri))
            return directory.redirected(target, tuple(uri for uri in event.contacts if self._fresh(uri)))
        given_up = event.silent and self.purpose != "customer"
        if not target.others or not (event.elsewhere or given_up):
            return None
        return replace(target.others[0], others=target.others[1:])

    def _fresh(self, uri: str) -> bool:
        """Nothing is tried twice (RFC 3261 section 8.1.3.4)."""
        return not any(equivalent(_bare(uri), one) for one in self.been)

    def answered(self, leg: str) -> list[Effect]:
        """``leg`` has won: release the others, which need not show a missed call."""
        self.ringing.pop(leg, None)
        return self.cancel((ELSEWHERE,))

    def cancel(self, causes: tuple[Reason, ...] = ()) -> list[Effect]:
        orders: list[Effect] = [TellLeg(loser, Release(causes=causes)) for loser in sorted(self.ringing)]
        self.ringing.clear()
        return orders

    @property
    def exhausted(self) -> bool:
        return not self.ringing and self.tried == len(self.targets)

    @property
    def status(self) -> int:
        """The SIP status that sums up a failed hunt; 480 where there was nobody to ring."""
        for status in _TELLING:
            if status in self.statuses:
                return status
        return self.statuses[-1] if self.statuses else 480

    def _next(self, count: int) -> list[Effect]:
        orders: list[Effect] = []
        for target in self.targets[self.tried : self.tried + count]:
            self.tried += 1
            orders += self._ring(target)
        return orders

    def _ring(self, target: Target) -> list[Effect]:
        self.made += 1
        leg = f"{self.prefix}{self.made}"
        if target.try_s is not None and (not target.others or self.purpose == "customer"):  # it would lead nowhere
            target = replace(target, try_s=None)
        self.ringing[leg] = target
        caller = self.caller if self.as_given else target.presentation.shown(self.caller)
        name = self.caller_name if caller == self.caller else ""  # it would say who hides behind the number
        return [MakeLeg(leg, target, caller, name, self.ring_s, self.call_id), TellLeg(leg, Dial())]


def _bare(uri: str) -> Uri:
    """Without what a URI says of headers: they do not lead anywhere else."""
    return replace(parse_uri(uri), headers="")


def outcome(status: int) -> str:
    """The neutral word for why nobody answered."""
    status = recognized(status)
    if status in (486, 600):
        return "busy"
    if status in (408, 480, 487):
        return "no answer"
    if status in (403, 603, 607, 608):
        return "rejected"
    return "failed"


def dial_targets(order: DialOut, directory: Directory) -> tuple[Target, ...]:
    """Every place that the dial verb's order names."""
    targets = [target for user in order.users for target in directory.user_targets(user)]
    if order.number and (target := directory.trunk_target(order.trunk, order.number)):
        targets.append(target)
    return tuple(targets)
