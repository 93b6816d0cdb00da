"""Hunting: several phones ring for one contact, the first that answers wins, the others stop.

The forking of a B2BUA: each target is a leg of its own, so that nothing is left to the luck of a forked dialog
(RFC 3261 section 13.2.2.4). In parallel all targets ring at once; in series one person after the other, each at all of
his phones. Whoever declines (6xx) is asked no more at any phone; the others of a group go on ringing.

Where whoever answers is asked whether he takes the call, he has not won before he has said so, and the others go on
ringing meanwhile.

A target that is a number behind trunks has other servers behind it (RFC 3263 section 4.3). The next one is tried where
the server before it certainly rings nobody: it said 503, or could not be reached. One that says nothing at all is given
up after a while: its leg cancels what it may still hear of. Not so for a customer who is called back: there a server
that is merely silent might ring the telephone beside the next one, so that the attempt ends with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from softswitch.call.signal import Dial, Failed, Release
from softswitch.contact.order import Directory, MakeLeg, PlayTo, Target, TellLeg
from softswitch.core.effect import Effect
from softswitch.ivr.model import DialOut, Question
from softswitch.sip.final import recognized
from softswitch.sip.reason import ELSEWHERE, Reason
from softswitch.sip.uri import Uri, equivalent, parse_uri

MAX_REDIRECTS = 5
ASKED_S = 20.0  # for whoever has answered to say that he takes the call
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
    until: float = float("inf")  # Unix s: no INVITE leaves later
    follow_until: float = float("inf")  # Unix s: nor one that follows when one has left, and nobody rings for it
    agent: str = ""  # whose phones they are, all of them
    rings: dict[str, float] = field(default_factory=dict)  # s, of users for whom it is not ``ring_s``
    question: Question | None = None  # None: who answers has won
    by_itself: bool = False  # phones are to answer without their users
    as_given: bool = False  # every trunk is shown ``caller``, whatever its rule
    ringing: dict[str, Target] = field(default_factory=dict)  # by leg
    asked: dict[str, Target] = field(default_factory=dict)  # have answered, and have yet to say that they take it
    ask_until: dict[str, float] = field(default_factory=dict)  # monotonic seconds
    declined: set[str] = field(default_factory=set)  # users
    tried: int = 0  # targets
    made: int = 0  # legs
    redirects: int = 0
    been: list[Uri] = field(default_factory=list)  # what has redirected us
    statuses: list[int] = field(default_factory=list)
    rang: bool = False  # somebody's phone did, before all had failed
    unheard: bool = False  # the last that failed never said anything
    retry_after_s: float = 0.0  # what that asked for
    sent: bool = False  # anything at all; else what has failed is our own
    early: bool = False  # the caller hears already what the called network says

    def start(self) -> list[Effect]:
        """The first orders; none where there is no target (ask ``exhausted``)."""
        return self._next()

    def failed(self, event: Failed, directory: Directory) -> list[Effect]:
        """A leg of ours has failed; its target's next server, or the next target in series, if any."""
        target = self.ringing.pop(event.leg)
        self.statuses.append(event.status)
        self.rang, self.unheard = self.rang or event.rang, event.silent
        self.retry_after_s = event.retry_after_s
        self.sent = self.sent or not (event.by == "us" and event.elsewhere)
        if event.by != "us":
            self.until = self.follow_until
        if event.status >= 600:  # the person declines, not this one phone (RFC 3261 section 16.7 step 5)
            return [*self._decline(target.user), *self._next()]
        following = self._following(target, event, directory)
        return self._ring(following) if following else self._next()

    def _decline(self, user: str) -> list[Effect]:
        """Nobody asks this person any more."""
        self.declined.add(user)
        legs = [leg for leg, target in sorted(self.ringing.items()) if self.agent or target.user == user]
        for leg in legs:
            del self.ringing[leg]
        return [TellLeg(leg, Release()) for leg in legs]

    def _following(self, target: Target, event: Failed, directory: Directory) -> Target | None:
        if event.contacts and self.redirects < MAX_REDIRECTS:
            self.redirects += 1
            self.been.append(_bare(target.uri))
            return directory.redirected(target, tuple(uri for uri in event.contacts if self._fresh(uri)))
        given_up = event.silent and self.purpose != "customer"
        if event.by == "us" and event.reason == "late":
            return None  # as the next INVITE would be
        if not target.others or not (event.elsewhere or given_up):
            return None
        return replace(target.others[0], others=target.others[1:])

    def _fresh(self, uri: str) -> bool:
        """Nothing is tried twice (RFC 3261 section 8.1.3.4)."""
        return not any(equivalent(_bare(uri), one) for one in self.been)

    def answered(self, leg: str) -> list[Effect]:
        """``leg`` has won: release the others, which need not show a missed call."""
        self.ringing.pop(leg, None)
        self.asked.pop(leg, None)
        return self.cancel((ELSEWHERE,))

    def cancel(self, causes: tuple[Reason, ...] = ()) -> list[Effect]:
        orders: list[Effect] = [TellLeg(loser, Release(causes=causes)) for loser in self.legs]
        self.ringing.clear()
        self.asked.clear()
        self.ask_until.clear()
        return orders

    @property
    def legs(self) -> list[str]:
        return sorted({*self.ringing, *self.asked})

    @property
    def exhausted(self) -> bool:
        return not self.ringing and not self.asked and self.tried == len(self.targets)

    def reached(self, leg: str) -> str:
        """Who is at this leg: a user, or a number outside."""
        target = self.ringing.get(leg) or self.asked.get(leg)
        return "" if target is None else target.user or parse_uri(target.to_uri).user

    # ---- who answers is asked ----------------------------------------------------------------------------------

    def ask(self, leg: str, now: float) -> list[Effect]:
        """``leg`` has answered."""
        assert self.question is not None
        self.asked[leg] = self.ringing.pop(leg)
        self.ask_until[leg] = now + ASKED_S
        return [PlayTo(leg, f"{leg}.asked", self.question.prompts)]

    def refused(self, leg: str, status: int) -> list[Effect]:
        """Whoever answered hung up, or was silent."""
        self.asked.pop(leg)
        self.ask_until.pop(leg)
        self.statuses.append(status)
        return self._next()

    @property
    def deadline(self) -> float | None:
        return min(self.ask_until.values(), default=None)

    def silent(self, now: float) -> list[str]:
        """Legs at which nobody has said in time that he takes the call."""
        return [leg for leg, until in self.ask_until.items() if until <= now]

    @property
    def status(self) -> int:
        """The SIP status that sums up a failed hunt; 480 where there was nobody to ring."""
        for status in _TELLING:
            if status in self.statuses:
                return status
        return self.statuses[-1] if self.statuses else 480

    def _next(self) -> list[Effect]:
        """In parallel all that is left; in series the next person, once nobody rings."""
        orders: list[Effect] = []
        person: str | None = None
        while self.tried < len(self.targets) and (self.parallel or not (self.ringing or self.asked) or person):
            target = self.targets[self.tried]
            if not self.parallel and person is not None and target.user != person:
                break
            self.tried += 1
            if target.user not in self.declined:
                person = target.user
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
        ring_s = self.rings.get(target.user, self.ring_s)
        until = self.until, self.follow_until
        return [MakeLeg(leg, target, caller, name, ring_s, self.call_id, self.by_itself, *until), TellLeg(leg, Dial())]


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


def longest_s(order: DialOut) -> float:
    """For how long it may ring."""
    each = [order.rings.get(user, order.ring_s) for user in order.users] or [order.ring_s]
    return (max(each) if order.parallel else sum(each)) + (ASKED_S if order.question else 0.0)


def dial_targets(order: DialOut, directory: Directory) -> tuple[Target, ...]:
    """Every place that the dial verb's order names."""
    targets = [target for user in order.users for target in directory.user_targets(user)]
    if order.number and (target := directory.trunk_target(order.trunk, order.number)):
        targets.append(target)
    return tuple(targets)
