"""The door: which messages are taken up at all. Asked before a datagram is parsed, by its sender alone.

Known are the *regulars*: flows that have proved to know a password within the life of a registration, that a binding
leads to, or that the admin wrote down (trunks, static phones). Nobody can become one by forging an address. They are
never banned and never held to a stranger's share, so that no flood and no guessing of others shuts out a phone that
works; while the switch is busy, each flow of a registered phone has a wide share of its own, since a phone can go mad.
Everybody else is dropped while banned, and while the switch is busy is held to two buckets: that of the flow, and that
of everything at the same address. Addresses that are not exempt are held to the latter always.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from softswitch.sip.flow import Address, Flow
from softswitch.sip.source import source_of
from softswitch.switch.ban import Bans, exemption
from softswitch.switch.bucket import Buckets
from softswitch.switch.overload import Overload

MOST_REGULARS = 200_000
REGULAR_SHARE = 5  # while busy, a flow of a registered phone may send so many times what an address of strangers may
FLOW_SHARE = 5  # while busy, one flow may take one in so many of its address's tokens


@dataclass(frozen=True, slots=True)
class StrangerRule:
    """What one address may send that nobody has proved to have sent."""

    rate: float = 100.0  # messages a second
    burst: float = 500.0
    exempt: tuple[str, ...] = ("127.0.0.0/8", "::1/128")  # held to it only while the switch is busy


class Regulars:
    """Flows that are known, each until a moment (Unix seconds). Bounded: who proved it longest ago goes first."""

    def __init__(self, most: int = MOST_REGULARS) -> None:
        self._most = most
        self._until: dict[Address, float] = {}

    def add(self, remote: Address, until: float) -> None:
        until = max(until, self._until.pop(remote, 0.0))
        if len(self._until) >= self._most:
            del self._until[next(iter(self._until))]
        self._until[remote] = until

    def knows(self, remote: Address, now: float) -> bool:
        until = self._until.get(remote)
        return until is not None and until > now

    def __len__(self) -> int:
        return len(self._until)


class Door:
    """``configured`` are the trunk sources and static phones: (host, port), or (host, None) for any port."""

    def __init__(
        self, bans: Bans, overload: Overload, rule: StrangerRule, configured: frozenset[tuple[str, int | None]]
    ) -> None:
        self.bans = bans
        self.regulars = Regulars()
        self._overload = overload
        self._configured = configured
        self._sources = Buckets(rule.rate, rule.burst)
        self._flows = Buckets(rule.rate / FLOW_SHARE, rule.burst / FLOW_SHARE)
        self._phones = Buckets(rule.rate * REGULAR_SHARE, rule.burst * REGULAR_SHARE)
        self._exempt = exemption(rule.exempt)
        self._exempt_hosts: dict[str, bool] = {}
        self._asked = 0
        self._refused: Counter[tuple[str, str]] = Counter()

    @property
    def strained(self) -> bool:
        """Whether there is too much to do."""
        return self._overload.pressure > 0

    def known(self, remote: Address, unix: float) -> bool:
        """A regular, or one whom the admin wrote down."""
        return self.regulars.knows(remote, unix) or remote in self._configured or (remote[0], None) in self._configured

    def admits(self, flow: Flow, now: float, unix: float) -> bool:
        """Whether a message that came by ``flow`` is worth reading; it is counted."""
        reason = self.refuses(flow.remote, now, unix)
        self._asked += 1
        if reason:
            self._refused[flow.transport, reason] += 1
        return not reason

    def turned_away(self) -> tuple[float, Counter[tuple[str, str]]]:
        """Since this was last asked: the share of messages that was not read; how many, by transport and reason."""
        share, refused = self._refused.total() / max(1, self._asked), self._refused
        self._asked = 0
        if refused:
            self._refused = Counter()
        return share, refused

    def refuses(self, remote: Address, now: float, unix: float) -> str:
        """Why nothing is heard from ``remote`` now: "banned", "flood"; "" where it is heard."""
        host = remote[0]
        if remote in self._configured or (host, None) in self._configured:
            return ""
        if self.regulars.knows(remote, unix):
            return "" if not self._overload.busy(now) or self._phones.take(remote, now) else "flood"
        if self.bans and self.bans.holds(host, unix):
            return "banned"
        busy = self._overload.busy(now)
        if not busy and self._exempts(host):
            return ""
        if busy and not self._flows.take(remote, now):
            return "flood"
        return "" if self._sources.take(source_of(host), now) else "flood"

    def _exempts(self, host: str) -> bool:
        known = self._exempt_hosts.get(host)
        if known is None:
            if len(self._exempt_hosts) > 1000:
                self._exempt_hosts.clear()
            known = self._exempt_hosts[host] = self._exempt(host)
        return known
