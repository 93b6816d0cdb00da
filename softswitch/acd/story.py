"""What happened to one contact in queues: when it joined, each decision about it, how each offer ended, when it was
told a longer wait and for what cause, how it left.

Decided here: which facts belong to it, and that the same answer given again ("nobody", for the same reasons) is one
entry with a count. Of a very long story the beginning and the end are kept. Does not know whose stories are kept for
how long (``storybook``), nor how they are told.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import msgspec

from softswitch.acd.decision import Decided
from softswitch.acd.model import AgentState, AgentStateChanged, ExpectedWaitRose, QueueJoined, QueueLeft
from softswitch.core.effect import DomainEvent
from softswitch.core.legible import legible

MOST_ENTRIES, MOST_BYTES = 200, 400_000  # of one story, about
BEGINNING = 6  # entries: they are never left out
STORY_BYTES = 500  # what it costs besides its entries

ANSWERED, NO_ANSWER = "answered", "no answer"


@dataclass(frozen=True, slots=True)
class Moment:
    unix: float  # s
    now: float  # s, the machine's clock
    version: str  # of the configuration by which it decides


class Joined(msgspec.Struct, frozen=True, tag="joined", omit_defaults=True):
    at: float  # Unix s
    queue: str
    position: int  # from 1
    kind: str = "call"
    again: bool = False  # it had its place before a restart


class OfferEnded(msgspec.Struct, frozen=True, tag="offer ended", omit_defaults=True):
    at: float
    agent: str
    how: str  # "answered", "no answer", "busy", "rejected", "unreachable", or why it was called off


class WaitRose(msgspec.Struct, frozen=True, tag="wait rose", omit_defaults=True):
    at: float
    queue: str
    from_s: float  # what the caller had been told
    to_s: float
    cause: str  # of ``told.CAUSES``


class Left(msgspec.Struct, frozen=True, tag="left", omit_defaults=True):
    at: float
    queue: str
    why: str
    waited_s: float
    agent: str | None = None


class Decision(msgspec.Struct, frozen=True):
    at: float  # Unix s; of several in a row that were the same: of the first
    now: float  # the same moment by the machine's clock
    version: str
    decided: Decided
    times: int = 1  # in a row
    last_at: float = 0.0  # of several

    def same(self, other: Decision) -> bool:
        """Nobody could have it, for the same reasons."""
        mine, its = self.decided, other.decided
        return (
            mine.agent is its.agent is None
            and (self.version, mine.queue, mine.relaxed) == (other.version, its.queue, its.relaxed)
            and mine.record == its.record
        )


Entry = Joined | Decision | OfferEnded | WaitRose | Left


TOLD = frozenset({Decided, AgentStateChanged, QueueJoined, ExpectedWaitRose, QueueLeft})  # what ``entry`` knows


def entry(event: DomainEvent, moment: Moment) -> tuple[str, Entry] | None:
    """Whose story a fact belongs to, and as what."""
    match event:
        case Decided():
            return event.contact, Decision(moment.unix, moment.now, moment.version, event)
        case AgentStateChanged(old=AgentState.RESERVED, contact=str(contact)):
            return contact, OfferEnded(moment.unix, event.agent, legible(_how(event)))
        case QueueJoined(queue=queue, position=position, kind=kind, again=again):
            return event.contact, Joined(moment.unix, queue, position, kind, again)
        case ExpectedWaitRose(queue=queue, from_s=from_s, to_s=to_s, cause=cause):
            return event.contact, WaitRose(moment.unix, queue, from_s, to_s, cause)
        case QueueLeft(queue=queue, why=why, waited_s=waited_s, agent=agent):
            return event.contact, Left(moment.unix, queue, legible(why), waited_s, agent)
    return None


def _how(event: AgentStateChanged) -> str:
    if event.missed:
        return NO_ANSWER
    if event.new is AgentState.PAUSED:  # as he had wished meanwhile; the fact gives the reason of that alone
        return f"not answered; paused ({event.reason})"
    return ANSWERED if event.new is AgentState.TALKING else event.reason


class Story:
    """``entries`` are in the order of time; ``missing`` were left out after the first of them."""

    __slots__ = ("began_at", "contact", "entries", "missing", "octets", "waits")

    def __init__(self, contact: str, began_at: float) -> None:
        self.contact = contact
        self.began_at = began_at  # Unix s
        self.entries: list[Entry] = []
        self.missing = 0
        self.octets = STORY_BYTES
        self.waits = True  # it is in a queue

    def add(self, new: Entry) -> list[Entry]:
        """Returns what it takes the place of."""
        gone: list[Entry] = []
        last = self.entries[-1] if self.entries else None
        if isinstance(new, Decision) and isinstance(last, Decision) and new.same(last):
            new = msgspec.structs.replace(last, times=last.times + 1, last_at=new.at)
            gone.append(self.entries.pop())
            self.octets -= octets_of(last)
        self.entries.append(new)
        self.octets += octets_of(new)
        self.waits = not isinstance(new, Left)
        while len(self.entries) > MOST_ENTRIES or (self.octets > MOST_BYTES and len(self.entries) > BEGINNING + 1):
            gone.append(self.entries.pop(BEGINNING))
            self.octets -= octets_of(gone[-1])
            self.missing += 1
        return gone

    @property
    def ended_at(self) -> float:
        last = self.entries[-1]
        return max(last.at, last.last_at) if isinstance(last, Decision) else last.at

    @property
    def decisions(self) -> list[Decision]:
        return [one for one in self.entries if isinstance(one, Decision)]

    @property
    def failed(self) -> bool:
        """Once there was nobody for it, or an offer came to nothing."""
        return any(
            (isinstance(one, Decision) and one.decided.agent is None)
            or (isinstance(one, OfferEnded) and one.how != ANSWERED)
            for one in self.entries
        )


def octets_of(one: Entry) -> int:
    """What it takes in memory; not what many decisions have in common."""
    if isinstance(one, Decision):
        return sum(map(sys.getsizeof, (one, one.decided, one.at, one.now, one.last_at))) + one.decided.record.bytes
    return 3 * sys.getsizeof(one)  # with its numbers and texts
