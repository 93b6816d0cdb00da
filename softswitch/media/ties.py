"""A room whose members are in several media processes: what each process is told, so that all hear as in one.

One process is the hub, that of the first member. Between it and each of the others there is a tie line: a stream at
either end, connected to each other, each a member of the room there. It says there what it hears here, which is
everybody but itself; so nothing goes round. A member who is heard by some only (whisper) reaches those of them that
are elsewhere by a line of its own, at whose near end nobody but that member is heard.

Pure: who is where goes in, the lines and all memberships come out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

PREFIX = "tie "  # of the names of their streams; no leg is named so


@dataclass(frozen=True, slots=True)
class Member:
    """A stream in the room; the fields are those of ``MediaPlane.join``."""

    stream: str
    process: int
    heard_by: tuple[str, ...] | None = None
    gain: float = 1.0


@dataclass(frozen=True, slots=True)
class Tie:
    """Two streams that are connected to each other."""

    near: Member
    far: Member


@dataclass(frozen=True, slots=True)
class Wiring:
    ties: tuple[Tie, ...]
    members: tuple[Member, ...]  # all of them, the ends of ties too, each heard by whom its process is to be told


def end(room: str, process: int, other: int, talker: str = "") -> str:
    """The name of the stream in ``process`` that is tied to ``other``; ``talker``: for whom alone."""
    return f"{PREFIX}{room} {process}-{other} {talker}".rstrip()


def wiring(room: str, members: Sequence[Member]) -> Wiring:
    """``members`` in the order in which they came."""
    where = {member.stream: member.process for member in members}
    places = list(dict.fromkeys(where.values()))
    whispers = {member.stream: _whispers(room, member, where) for member in members if member.heard_by}
    ties = [*(_line(room, places[0], place) for place in places[1:]), *chain.from_iterable(whispers.values())]
    private = {tie.near.stream: tie.near.process for tie in chain.from_iterable(whispers.values())}
    everyone = [*members, *(one for tie in ties for one in (tie.near, tie.far))]

    def heard_by(one: Member) -> tuple[str, ...] | None:
        if one.heard_by and one.stream in whispers:
            here = (ear for ear in one.heard_by if where.get(ear, one.process) == one.process)
            return (*here, *(tie.near.stream for tie in whispers[one.stream]))
        if one.heard_by is not None or one.process not in private.values():
            return one.heard_by
        return tuple(
            ear.stream
            for ear in everyone
            if ear.process == one.process and ear.stream != one.stream and ear.stream not in private
        )

    return Wiring(tuple(ties), tuple(replace(one, heard_by=heard_by(one)) for one in everyone))


def _line(room: str, hub: int, other: int) -> Tie:
    return Tie(Member(end(room, hub, other), hub), Member(end(room, other, hub), other))


def _whispers(room: str, member: Member, where: Mapping[str, int]) -> list[Tie]:
    """Lines from a member to those elsewhere who hear it, where not all do."""
    ears: dict[int, list[str]] = {}
    for ear in member.heard_by or ():
        if where.get(ear, member.process) != member.process:
            ears.setdefault(where[ear], []).append(ear)
    return [
        Tie(
            Member(end(room, member.process, place, member.stream), member.process, ()),
            Member(end(room, place, member.process, member.stream), place, tuple(heard)),
        )
        for place, heard in ears.items()
    ]
