"""One contact's story as the real ACD tells it: c-1 waits for alice, who talks to c-0; carol's level is too low."""

from __future__ import annotations

from functools import cache

from softswitch.acd.acd import Acd
from softswitch.acd.glance import Glance
from softswitch.acd.model import (
    AgentSpec,
    Join,
    LogIn,
    Need,
    OfferAnswered,
    QueueSpec,
    Reachability,
    Relaxation,
    SetPaused,
)
from softswitch.acd.story import Moment, Story
from softswitch.acd.storybook import Storybook
from softswitch.core.effect import DomainEvent

UNIX = 1_774_864_800.0  # 12:00 in Berlin, on a Monday
AGENTS = (
    AgentSpec("alice", "1001", (("orders", 5),)),
    AgentSpec("bob", "1002", (("service", 5),)),
    AgentSpec("carol", "1003", (("orders", 4),)),
    AgentSpec("dora", "1004", (("orders", 5),)),
)
QUEUE = QueueSpec("orders", (Need("orders", 5),), (Relaxation(60, (Need("orders", 3),)),))


@cache
def told() -> tuple[Storybook, Acd]:
    acd, book = Acd(AGENTS, (QUEUE,), "3f2a1b"), Storybook()
    reachable = [Reachability(spec.name, True) for spec in AGENTS]
    before = [
        *reachable,
        *(LogIn(spec.name) for spec in AGENTS),
        SetPaused("dora", "lunch"),
        SetPaused("carol", "lunch"),
    ]
    for now, event in (
        *((0.0, event) for event in before),
        (60.0, Join("c-0", "orders", 60.0)),
        (65.0, OfferAnswered("c-0", "alice")),
        (70.0, Join("c-1", "orders", 70.0)),
    ):
        for effect in acd.handle(event, now):
            if isinstance(effect, DomainEvent):
                book.note(effect, Moment(UNIX + now, now, acd.version))
    return book, acd


def story(contact: str) -> Story | None:
    return told()[0].story(contact)


def glance(contact: str) -> Glance | None:
    """Twenty seconds later."""
    return told()[1].glance(contact, 90.0)
