"""Who guesses passwords is not heard for a while.

Counted are wrong credentials only, and only those that were made for a challenge which went to that very address
(``sip.digest``): an address that was forged on UDP never saw one, so nobody can have somebody else banned. Who merely
asks without credentials is not guessing. What a ban does is for ``door``.

A user whose password is guessed from many addresses is not shut out: from places where that user is not known, more
than ``failures`` wrong guesses within the window are answered without looking at the password.
"""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from softswitch.core.timers import Deadlines
from softswitch.sip.source import source_of

MOST_WATCHED = 10_000  # sources and users whose failures are counted
MOST_BANS = 10_000


@dataclass(frozen=True, slots=True)
class BanRule:
    failures: int = 20  # 0: nobody is banned
    within_s: float = 60.0
    for_s: float = 600.0
    exempt: tuple[str, ...] = ("127.0.0.0/8", "::1/128")  # networks


@dataclass(frozen=True, slots=True)
class Ban:
    source: str  # an address, or a /64
    since: float  # Unix seconds
    until: float
    user: str  # whose password was guessed last
    dropped: int = 0  # messages since


class Failures:
    """The wrong guesses of each key within the window; bounded in keys and, by ``limit``, in guesses."""

    def __init__(self, limit: int, within_s: float) -> None:
        self._limit = limit
        self._within_s = within_s
        self._at: dict[str, deque[float]] = {}

    def count(self, key: str, now: float) -> int:
        """One more; how many there are within the window."""
        times = self._at.pop(key, None) or deque(maxlen=max(1, self._limit))
        times.append(now)
        if len(self._at) >= MOST_WATCHED:
            del self._at[next(iter(self._at))]
        self._at[key] = times
        return sum(now - at <= self._within_s for at in times)

    def full(self, key: str, now: float) -> bool:
        """Whether ``key`` has used up what it may get wrong."""
        times = self._at.get(key)
        return times is not None and len(times) >= self._limit and now - times[0] <= self._within_s

    def forget(self, key: str) -> None:
        self._at.pop(key, None)


class Bans:
    """Times are Unix seconds, so that people can read them."""

    def __init__(self, rule: BanRule) -> None:
        self.rule = rule
        self._bans: dict[str, Ban] = {}
        self._dropped: dict[str, int] = {}
        self._ends = Deadlines()
        self._sources = Failures(rule.failures, rule.within_s)
        self._users = Failures(rule.failures, rule.within_s)
        self.exempt = exemption(rule.exempt)

    def __bool__(self) -> bool:
        return bool(self._bans)

    def failed(self, host: str, user: str, now: float) -> Ban | None:
        """Wrong credentials for ``user`` from ``host``; the ban that this makes, if it does."""
        if not self.rule.failures:
            return None
        self._users.count(user, now)
        source = source_of(host)
        if self.exempt(host) or self._sources.count(source, now) < self.rule.failures:
            return None
        self._sources.forget(source)
        self.expire(now)
        if source in self._bans or len(self._bans) >= MOST_BANS:
            return None
        ban = self._bans[source] = Ban(source, now, now + self.rule.for_s, user)
        self._dropped[source] = 0
        self._ends.set(source, ban.until)
        return ban

    def guarded(self, user: str, now: float) -> bool:
        """Whether so many have guessed at this user's password that strangers' guesses are not looked at."""
        return bool(self.rule.failures) and self._users.full(user, now)

    def holds(self, host: str, now: float) -> bool:
        """Whether ``host`` is banned; if so, one more message of it is counted as dropped."""
        source = source_of(host)
        ban = self._bans.get(source)
        if ban is None or ban.until <= now:
            return False
        self._dropped[source] += 1
        return True

    def lift(self, source: str) -> Ban:
        """Raises ``LookupError`` where there is none; ``source`` may be an address within a banned /64."""
        key = source if source in self._bans else source_of(source)
        ban = self._bans.pop(key)
        self._dropped.pop(key)
        self._ends.set(key, None)
        return ban

    def expire(self, now: float) -> None:
        for source in self._ends.due(now):
            assert isinstance(source, str)
            del self._bans[source], self._dropped[source]

    def all(self, now: float) -> list[Ban]:
        self.expire(now)
        return [
            Ban(one.source, one.since, one.until, one.user, self._dropped[one.source]) for one in self._bans.values()
        ]


def exemption(networks: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a numeric host lies in one of ``networks``."""
    known = [ipaddress.ip_network(network, strict=False) for network in networks]

    def exempt(host: str) -> bool:
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        return any(address in network for network in known)

    return exempt
