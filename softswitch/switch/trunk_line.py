"""One trunk as it is now: its servers, which of them serve, its registration, and how much it carries.

Decided here: whether the trunk is up, in which order its servers are tried, when its name is looked up again, and
whether it may carry one more call. It performs nothing: ``LookUp``, ``ProbeWanted`` and ``RegisterWanted`` are orders.
What was found once is kept while no name server answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.ids import Ids
from softswitch.core.timers import earliest
from softswitch.sip.dead_target import DeadTargets
from softswitch.sip.locate import Hop, Located, Server, Wish, at_once, in_turn
from softswitch.sip.probing import Probing
from softswitch.sip.registration import Account, Registration
from softswitch.switch.bucket import Buckets
from softswitch.switch.configuration import Trunk
from softswitch.switch.view import TrunkView

_REFRESH_S = (5.0, 3600.0)  # shortest and longest time between two look-ups, whatever the TTL
_RETRY_S = (1.0, 60.0)  # after a look-up that failed: the first wait, and what doubling leads to at most


@dataclass(frozen=True, slots=True)
class LookUp(Effect):
    """Find the servers; then ``located`` or ``not_located``."""

    trunk: str
    wish: Wish


@dataclass(frozen=True, slots=True)
class TrunkUp(DomainEvent):
    trunk: str


@dataclass(frozen=True, slots=True)
class TrunkDown(DomainEvent):
    trunk: str
    why: str  # closed list: "not located", "no server answers", "not registered"


class TrunkLine:
    """``now`` is in monotonic seconds."""

    def __init__(self, spec: Trunk, ids: Ids) -> None:
        self.spec = spec
        self.servers: tuple[Server, ...] = ()
        self.error = ""  # of the last look-up
        self.dead = DeadTargets()
        self.legs: set[str] = set()  # calls that it carries
        self.home: Hop | None = None  # the server that answered our last REGISTER
        self.probing = Probing(spec.name, spec.watch.probe_s, spec.watch.failures, spec.watch.try_s, ids)
        self.registration = _registration(spec, ids)
        self._ids = ids
        self._refresh_at: float | None = None
        self._failures = 0
        self._told: str | None = None  # what was said last: why it is down, "" for up
        rate = spec.limits.calls_per_s
        self._rate = Buckets(rate, max(1.0, rate)) if rate else None

    # ---- where it leads ----------------------------------------------------------------------------------------

    def start(self, now: float) -> list[Effect]:
        wish = Wish(*self.spec.address, self.spec.transport)
        found = at_once(wish)
        if found is None:
            return [LookUp(self.spec.name, wish)]
        return self._take(found.servers, now)  # a numeric host stays what it is

    def located(self, found: Located, now: float) -> list[Effect]:
        """An answer, which may be that there is no server."""
        if not found.servers:
            return self.not_located("the domain has no server for it", now, gone=True)
        self.error, self._failures = "", 0
        self._refresh_at = now + min(max(found.ttl_s, _REFRESH_S[0]), _REFRESH_S[1])
        return self._take(found.servers, now)

    def not_located(self, error: str, now: float, gone: bool = False) -> list[Effect]:
        """No answer: what is known stays, unless it is known to be ``gone``; asked again after a growing while."""
        whole_s = min(_RETRY_S[1], _RETRY_S[0] * 2 ** min(self._failures, 16))
        self._failures += 1
        self._refresh_at = now + whole_s * (0.5 + self._ids.fraction() / 2)
        self.error = error
        return self._take((), now) if gone else self.changes(now)

    def _take(self, servers: tuple[Server, ...], now: float) -> list[Effect]:
        self.servers = servers
        self.probing.watch(self.known, now)
        begun = self.registration.start(now) if self.registration and servers else []
        return [*begun, *self.changes(now)]

    @property
    def known(self) -> tuple[Hop, ...]:
        return tuple(hop for server in self.servers for hop in server.hops)

    def hops(self, now: float) -> list[Hop]:
        """In the order in which they are tried now: those that are up, the dead ones last."""
        drawn = [hop for hop in in_turn(self.servers, self._ids.fraction) if self.probing.up(hop)]
        return self.dead.in_turn(drawn, now)

    def registrar(self, now: float) -> Hop | None:
        """Where to register: where we did the last time, as long as that serves (RFC 5626 keeps to its flow)."""
        hops = self.hops(now)
        if self.home in hops and self.dead.left_s(self.home, now) == 0.0:
            return self.home
        return hops[0] if hops else None

    def bury(self, hop: Hop, now: float, for_s: float = 0.0) -> None:
        """It failed; ``for_s`` is what it asked for, where it asked."""
        self.dead.bury(hop, for_s or self.spec.watch.dead_s, now)

    # ---- whether it is up --------------------------------------------------------------------------------------

    def fault(self, now: float) -> str:
        """Why it is down; "" where it is up."""
        if not self.servers:
            return "not located"
        if not any(self.probing.up(hop) for hop in self.known):
            return "no server answers"
        if self.registration is not None and self.registration.bound_until <= now:
            return "not registered"
        return ""

    def changes(self, now: float) -> list[Effect]:
        """What is to be told since the last time."""
        why = self.fault(now)
        if why == self._told:
            return []
        self._told = why
        return [TrunkDown(self.spec.name, why) if why else TrunkUp(self.spec.name)]

    # ---- how much it carries -----------------------------------------------------------------------------------

    @property
    def full(self) -> bool:
        most = self.spec.limits.calls
        return most > 0 and len(self.legs) >= most

    def refusal(self, now: float, again: bool = False) -> str:
        """Why it may carry no call more; "" where it may, and then one of the calls of this second is spent.

        ``again``: it has carried this one before, and the second in which it came is over.
        """
        if self.full:
            return "calls"
        return "rate" if self._rate is not None and not again and not self._rate.take("", now) else ""

    # ---- for people ----------------------------------------------------------------------------------------------

    def view(self, now: float, epoch: float) -> TrunkView:
        """``epoch``: Unix seconds at ``now`` = 0."""
        why, registration = self.fault(now), self.registration
        bound = registration.bound_until if registration else 0.0
        dead = {hop: self.dead.left_s(hop, now) for hop in self.known}
        return TrunkView(
            self.spec.name, self.spec.group, not why, why,
            [str(hop) for hop in self.known],
            [str(hop) for hop in self.known if not self.probing.up(hop)],
            {str(hop): left_s for hop, left_s in dead.items() if left_s},
            bound + epoch if bound > now else 0.0,
            len(self.legs), self.spec.limits.calls, self.error,
        )  # fmt: skip

    # ---- time --------------------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float | None:
        registration = self.registration
        bound = [registration.bound_until] if registration and self._told == "" else []
        return earliest(
            self._refresh_at, self.probing.deadline, registration.deadline if registration else None, *bound
        )

    def tick(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        if self._refresh_at is not None and self._refresh_at <= now:
            self._refresh_at = None  # until there is an answer
            effects.append(LookUp(self.spec.name, Wish(*self.spec.address, self.spec.transport)))
        effects += self.probing.tick(now)
        if self.registration is not None and self.servers:
            effects += self.registration.tick(now)
        return [*effects, *self.changes(now)]


def _registration(spec: Trunk, ids: Ids) -> Registration | None:
    if spec.registering is None or spec.credentials is None:
        return None
    domain = f"[{spec.address[0]}]" if ":" in spec.address[0] else spec.address[0]
    account = Account(*spec.credentials, domain, spec.registering.expires_s, spec.registering.retry_s)
    return Registration(spec.name, account, ids)
