"""A small centre for tests: an ``Acd``, a clock that is a number, and everything that was ever said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from softswitch.acd.acd import Acd
from softswitch.acd.model import (
    AcdInput,
    AgentSpec,
    ContactEnded,
    Join,
    LogIn,
    Need,
    Offer,
    OfferAnswered,
    QueueSpec,
    Reachability,
)
from softswitch.core.effect import Effect

E = TypeVar("E", bound=Effect)


def spec(name: str, **skills: int) -> AgentSpec:
    return AgentSpec(name, f"user-{name}", tuple(skills.items()))


class Centre:
    def __init__(self, agents: Iterable[AgentSpec], queues: Iterable[QueueSpec]) -> None:
        self.acd = Acd(agents, queues)
        self.now = 1000.0
        self.said: list[Effect] = []

    def tell(self, *events: AcdInput) -> list[Effect]:
        """Feed the events now; what they led to."""
        effects = [effect for event in events for effect in self.acd.handle(event, self.now)]
        self.said += effects
        return effects

    def pass_time(self, seconds: float) -> list[Effect]:
        """Let time pass, with a tick at each deadline on the way."""
        end, effects = self.now + seconds, []
        while (due := self.acd.deadline) is not None and due <= end:
            self.now = max(self.now, due)
            effects += self.acd.tick(self.now)
        self.now = end
        self.said += effects
        return effects

    def staff(self, *names: str) -> list[Effect]:
        """Log in with a phone that works, one second apart in the order given."""
        effects: list[Effect] = []
        for name in names:
            effects += self.tell(Reachability(name, True), LogIn(name))
            effects += self.pass_time(1)
        return effects

    def join(self, contact: str, queue: str = "q", age_s: float = 0.0, **more: object) -> list[Effect]:
        return self.tell(Join(contact, queue, self.now - age_s, **more))  # type: ignore[arg-type]

    def answer(self, contact: str, agent: str) -> list[Effect]:
        return self.tell(OfferAnswered(contact, agent))

    def end(self, contact: str, agent: str) -> list[Effect]:
        return self.tell(ContactEnded(contact, agent))


def only(effects: Iterable[Effect], kind: type[E]) -> list[E]:
    return [effect for effect in effects if isinstance(effect, kind)]


def offers(effects: Iterable[Effect]) -> list[tuple[str, str]]:
    return [(offer.contact, offer.agent) for offer in only(effects, Offer)]


GERMAN = Need("german", 5)
