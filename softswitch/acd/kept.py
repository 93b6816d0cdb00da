"""Stories of contacts as the store has them: a row for each process that has led the contact.

What many decisions have in common (who is configured, who of them meets which needs) is kept once, by a key that is
made of it: a decision in a centre of ten thousand agents then takes no more room than those who were asked.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from softswitch.acd.candidates import Candidates
from softswitch.acd.decision import Decided, Record
from softswitch.acd.roster import Roster
from softswitch.acd.story import Decision, Entry, Joined, Left, OfferEnded, Story, WaitRose, octets_of

GROUND_AGAIN_S = 86_400.0  # what is in use is put again after so long, and so is known to be
GROUND_SPARE_S = 2 * GROUND_AGAIN_S  # that it is kept longer than the decisions that need it


@dataclass(frozen=True, slots=True)
class KeptStory:
    contact: str
    began_at: float  # Unix s
    ended_at: float  # of one that goes on: when this was written
    queue: str  # the last
    agent: str  # who was chosen last; "" nobody
    outcome: str  # why it left the queue; "": it is there
    story: bytes


@dataclass(frozen=True, slots=True)
class KeptGround:
    key: str
    used_at: float  # Unix s
    body: bytes


class Unreadable(Exception):
    """Another version wrote it, or what it refers to is not kept any more."""


class _Decided(msgspec.Struct, frozen=True, tag="decided", omit_defaults=True):
    at: float
    now: float
    version: str
    queue: str
    agent: str | None
    waited_s: float
    relaxed: int
    record: dict[str, Any]
    times: int = 1
    last_at: float = 0.0


_Plain = Joined | _Decided | OfferEnded | WaitRose | Left


class _Story(msgspec.Struct, frozen=True):
    entries: list[_Plain]
    missing: int


PRESSED_FROM = 1000  # octets of a story: of fewer a quarter is won, for a sixtieth of the CPU of its call
LEVEL = 1  # of pressing: the octets of 6, for a third of the time
WINDOW_BITS, MEMORY_LEVEL = 12, 5
SMALL = 1 << WINDOW_BITS  # octets: fewer need no larger window, whose tables are to be cleared; more go faster in it
T = TypeVar("T")
_ENCODER = msgspec.msgpack.Encoder()


def keep(story: Story) -> KeptStory:
    last = story.entries[-1]
    decisions = story.decisions
    queue = decisions[-1].decided.queue if decisions else ""
    agent = decisions[-1].decided.agent if decisions else None
    if isinstance(last, Left | Joined):
        queue = last.queue
    outcome = last.why if isinstance(last, Left) else ""
    plain = _Story([_plain(one) for one in story.entries], story.missing)
    body = _pressed(_ENCODER.encode(plain))
    return KeptStory(story.contact, story.began_at, story.ended_at, queue, agent or "", outcome, body)


def _pressed(octets: bytes) -> bytes:
    if len(octets) < PRESSED_FROM:
        return octets
    if len(octets) > SMALL:
        return zlib.compress(octets, LEVEL)
    press = zlib.compressobj(LEVEL, wbits=WINDOW_BITS, memLevel=MEMORY_LEVEL)
    return press.compress(octets) + press.flush()


def _plain(one: Entry) -> _Plain:
    if not isinstance(one, Decision):
        return one
    it = one.decided
    return _Decided(
        one.at, one.now, one.version, it.queue, it.agent, it.waited_s, it.relaxed, it.record.to_plain(), one.times,
        one.last_at,
    )  # fmt: skip


def grounds(story: Story) -> dict[str, Candidates | Roster]:
    """What its decisions refer to, by key."""
    shared = {id(one): one for one in (decision.decided.record.among for decision in story.decisions)}
    found: dict[str, Candidates | Roster] = {}
    for among in shared.values():
        found[among.key], found[among.roster.digest] = among, among.roster
    return found


def ground(key: str, what: Candidates | Roster, unix: float) -> KeptGround:
    return KeptGround(key, unix, zlib.compress(_ENCODER.encode(what.to_plain())))


# ---- reading back ----------------------------------------------------------------------------------------------------


def needed(kept: Iterable[KeptStory]) -> set[str]:
    """The keys of what these stories' decisions refer to. Raises ``Unreadable``."""
    entries = [one for row in kept for one in _opened(row.story, _Story).entries]
    return {_referred(one.record, "among") for one in entries if isinstance(one, _Decided)}


def rosters_needed(candidates: Iterable[KeptGround]) -> set[str]:
    return {_referred(_opened(one.body, dict[str, Any]), "roster") for one in candidates}


def _referred(plain: Mapping[str, Any], to: str) -> str:
    if to not in plain:
        raise Unreadable(f"another version has written it: it refers to no {to}")
    return str(plain[to])


def told(kept: Sequence[KeptStory], candidates: Iterable[KeptGround], rosters: Iterable[KeptGround]) -> list[Story]:
    """The stories, with what they refer to. Raises ``Unreadable``."""
    try:
        whole = {one.key: Roster.from_plain(_opened(one.body, list[Any])) for one in rosters}
        plain = {one.key: _opened(one.body, dict[str, Any]) for one in candidates}
        among = {key: Candidates.from_plain(one, whole[one["roster"]]) for key, one in plain.items()}
        return [opened(row, among) for row in kept]
    except (KeyError, ValueError, TypeError) as error:
        raise Unreadable(f"a decision refers to what is not kept, or is another's: {error}") from None


def _opened(octets: bytes, kind: type[T]) -> T:
    pressed = octets[:1] < b"\x80"  # there a map of MessagePack begins; zlib is below (RFC 1950)
    try:
        return msgspec.msgpack.decode(zlib.decompress(octets) if pressed else octets, type=kind)
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable(f"another version has written it: {error}") from None


def opened(row: KeptStory, among: Mapping[str, Candidates]) -> Story:
    """``among`` by key. Raises ``KeyError`` and ``ValueError`` where they are not what it refers to."""
    plain = _opened(row.story, _Story)
    story = Story(row.contact, row.began_at)
    story.entries = [_entry(row.contact, one, among) for one in plain.entries]
    story.missing, story.waits = plain.missing, not row.outcome
    story.octets += sum(map(octets_of, story.entries))
    return story


def _entry(contact: str, one: _Plain, among: Mapping[str, Candidates]) -> Entry:
    if not isinstance(one, _Decided):
        return one
    record = Record.from_plain(one.record, among[one.record["among"]])
    decided = Decided(contact, one.queue, one.agent, one.waited_s, one.relaxed, record)
    return Decision(one.at, one.now, one.version, decided, one.times, one.last_at)
