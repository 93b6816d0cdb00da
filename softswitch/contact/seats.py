"""Who works at which phones: those that are his own, or the desk at which an agent without any has sat down.

Whoever has no phone of his own says at login which one it is, by his number and PIN or by command. One phone serves
one agent at a time, and one such agent sits at one phone: to sit down elsewhere is to leave the desk before. Phones at
which wrong PINs were typed too often take no login for a while, whosever PIN it was; who gets his own right is
forgiven for what he typed before, and nobody else is.

Whether he is ready is the ACD's business, and what was decided here becomes true with the fact (``SeatTaken``).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from softswitch.acd.model import AgentSpec
from softswitch.core.effect import DomainEvent

PHONE = "phone"  # as ``by``: he did it himself, at the phone


@dataclass(frozen=True, slots=True)
class SeatRules:
    """What the configuration says of agents who have no phone of their own."""

    numbers: Mapping[str, str] = field(default_factory=dict)  # what is typed -> agent
    pins: Mapping[str, str] = field(default_factory=dict, repr=False)  # by agent
    tries: int = 3  # of one call
    failures: int = 5  # wrong at one phone within ``lock_s``; then it takes no login for as long
    lock_s: float = 900.0


@dataclass(frozen=True, slots=True)
class SeatTaken(DomainEvent):
    """An agent works at this phone from now on, and logs in."""

    agent: str
    user: str
    old: str = ""  # the phone that he has left with it
    by: str = PHONE


@dataclass(frozen=True, slots=True)
class SeatLeft(DomainEvent):
    """He has logged out; the phone is nobody's."""

    agent: str
    user: str


@dataclass(frozen=True, slots=True)
class SeatRefused(DomainEvent):
    user: str  # the phone
    agent: str  # "" where nobody has the number
    why: str  # "pin" (wrong, or of nobody), "locked" (after too many), or as ``Seats.refusal`` says


class Seats:
    """``agents_of`` are by user; not to be changed elsewhere."""

    def __init__(self, agents: Iterable[AgentSpec] = (), rules: SeatRules | None = None) -> None:
        self.agents_of: dict[str, str] = {}
        self._own: dict[str, tuple[str, ...]] = {}  # also of one who is gone and still talks
        self._desks: dict[str, str] = {}  # agent -> user
        self._failures: dict[str, list[tuple[float, str]]] = {}  # by user: when, and whose PIN it was not
        self._locked: dict[str, float] = {}  # by user: until, monotonic seconds
        self.configure(agents, rules)

    def configure(self, agents: Iterable[AgentSpec], rules: SeatRules | None = None) -> None:
        """A start or a reload: who sits at a desk that is nobody's own goes on sitting there."""
        self.rules = rules or SeatRules()
        own = {spec.name: (spec.user, *spec.also) if spec.user else () for spec in agents}
        self._own |= own
        owner = {user: agent for agent, users in own.items() for user in users}
        desks = self._desks.items()
        self._desks = {agent: user for agent, user in desks if self.wanders(agent) and user not in owner}
        self.agents_of = owner | {user: agent for agent, user in self._desks.items()}

    # ---- looking -----------------------------------------------------------------------------------------------

    def users(self, agent: str) -> tuple[str, ...]:
        """Whose phones ring for him; empty: he sits nowhere."""
        desk = self._desks.get(agent)
        return (desk,) if desk else self._own.get(agent, ())

    def desk(self, agent: str) -> str:
        """Where an agent without a phone of his own sits; "" nowhere."""
        return self._desks.get(agent, "")

    def wanders(self, agent: str) -> bool:
        """He has no phone of his own."""
        return self._own.get(agent) == ()

    def refusal(self, agent: str, user: str) -> str:
        """Why he cannot sit down there: "own phones", "taken", or "" nothing is against it."""
        if not self.wanders(agent):
            return "own phones"
        return "taken" if self.agents_of.get(user, agent) != agent else ""

    # ---- sitting down, standing up -----------------------------------------------------------------------------

    def sit(self, agent: str, user: str) -> str:
        """The phone that he has left with it, or ""."""
        old = self.leave(agent)
        self._desks[agent] = user
        self.agents_of[user] = agent
        return old if old != user else ""

    def leave(self, agent: str) -> str:
        """The phone that is nobody's from now on, or ""."""
        old = self._desks.pop(agent, "")
        self.agents_of.pop(old, None)
        return old

    # ---- who it is ---------------------------------------------------------------------------------------------

    def admitted(self, number: str, pin: str) -> str:
        """The agent with this number and this PIN; "" nobody. Takes as long, whatever is wrong with them."""
        agent = self.rules.numbers.get(number, "")
        right = self.rules.pins.get(agent, "")
        same = hmac.compare_digest(_digest(pin), _digest(right))
        return agent if same and right else ""

    def locked(self, user: str, now: float) -> bool:
        return self._locked.get(user, now) > now

    def opened(self, user: str, agent: str) -> None:
        self._failures[user] = [one for one in self._failures.get(user, ()) if one[1] != agent]

    def refused(self, user: str, agent: str, now: float) -> None:
        """One more PIN was wrong; ``agent``: whose it should have been, "" nobody's."""
        since = now - self.rules.lock_s
        self._failures[user] = [one for one in self._failures.get(user, ()) if one[0] > since] + [(now, agent)]
        if len(self._failures[user]) >= self.rules.failures:
            self._locked[user] = now + self.rules.lock_s
            del self._failures[user]


def _digest(pin: str) -> bytes:
    """Of one length: how long the right one is cannot be timed either."""
    return hashlib.sha256(pin.encode("utf-8", "surrogateescape")).digest()
