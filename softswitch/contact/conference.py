"""Conference rooms: who is in which, who hears whom there, and what the keys of their members do.

A machine beside the contacts, as the ACD is: a contact tells it that its caller comes, presses, holds or is gone, and
it orders what each leg hears. It knows rooms by the names that plans give them. A room is there as long as somebody is.

    member      *6 is heard no more, or again      *2 is told how many are there     the plan's key leaves
    moderator   *5 nobody but moderators is heard, or all again     *7 locks the room, or opens it
                *8 sends away who came last

Whoever waits for a moderator hears music and is heard by nobody; when the last one leaves they wait again. A member on
hold is heard by nobody, so that no music of a telephone gets into the room. A moderator comes in whether the room is
locked or full.

What is said of a member and of the room is in each member's ``Seat``, which its contact keeps: the next process makes
the room again from those who are taken up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from softswitch.contact.order import HoldMusicTo, JoinRoom, LeaveRoom, PlayTo, SilenceTo
from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.errors import UsageError
from softswitch.core.timers import earliest
from softswitch.ivr.away import EnterConference
from softswitch.ivr.model import Prompt
from softswitch.ivr.speech import sentence

PREFIX = "*"  # of all keys but the one that leaves
MUTE, COUNT, MUTE_ALL, LOCK, DROP = "6", "2", "5", "7", "8"
TONE_S = 0.3  # who comes: one tone; who goes: two
MOST_TONES = 30  # members; in a larger room somebody always comes or goes

# ---- inputs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seat:
    """What outlives the process, as plain data; the last two are the room's."""

    order: EnterConference
    since: float  # monotonic seconds
    muted: bool = False
    held: bool = False
    locked: bool = False
    hushed: bool = False  # only moderators are heard


@dataclass(frozen=True, slots=True)
class Enter:
    contact: str
    leg: str
    order: EnterConference
    music: str = ""  # class of hold music
    seat: Seat | None = None  # taken by the contact in a former process


@dataclass(frozen=True, slots=True)
class Left:
    """The contact is over. One that is in no room may say so too."""

    contact: str


@dataclass(frozen=True, slots=True)
class MemberPressed:
    contact: str
    digit: str


@dataclass(frozen=True, slots=True)
class MemberHolds:
    contact: str
    held: bool


ConferenceInput = Enter | Left | MemberPressed | MemberHolds

# ---- orders of and to contacts, facts --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TellConference(Effect):
    event: ConferenceInput


@dataclass(frozen=True, slots=True)
class Seated(Effect):
    """The contact is in the room; told again whenever its seat is another than before."""

    contact: str
    seat: Seat


@dataclass(frozen=True, slots=True)
class Unseated(Effect):
    """It is in no room, or no longer."""

    contact: str
    outcome: str  # as in ``EnterConference``


@dataclass(frozen=True, slots=True)
class ConferenceEntered(DomainEvent):
    contact: str
    room: str
    moderator: bool
    members: int  # with this one


@dataclass(frozen=True, slots=True)
class ConferenceLeft(DomainEvent):
    contact: str
    room: str
    why: str  # outcome of ``EnterConference``, or "hung up"
    seconds: float  # in the room; 0 where it was not let in


# ---- the machine -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Member:
    contact: str
    leg: str
    order: EnterConference
    music: str
    since: float
    muted: bool
    held: bool = False
    starred: bool = False  # the prefix was pressed
    waits_until: float | None = None  # None: does not wait


@dataclass(slots=True)
class _Room:
    name: str
    members: dict[str, _Member] = field(default_factory=dict)  # by contact, who came first first
    locked: bool = False
    hushed: bool = False

    @property
    def moderated(self) -> bool:
        return any(member.order.moderator for member in self.members.values())

    def heard(self, member: _Member) -> bool:
        return not (member.muted or member.held or (self.hushed and not member.order.moderator))


class Conferences:
    """All rooms of a node."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}
        self._room_of: dict[str, _Room] = {}  # by contact
        self._plays = 0

    @property
    def deadline(self) -> float | None:
        return earliest(*[member.waits_until for room in self._rooms.values() for member in room.members.values()])

    def handle(self, event: ConferenceInput, now: float) -> list[Effect]:
        match event:
            case Enter():
                return self._enter(event, now)
            case Left(contact):
                return self._leave(contact, "hung up", now) if contact in self._room_of else []
            case MemberPressed(contact, digit):
                return self._pressed(contact, digit, now) if contact in self._room_of else []
            case MemberHolds(contact, held):
                return self._holds(contact, held) if contact in self._room_of else []

    def tick(self, now: float) -> list[Effect]:
        late = [
            member.contact
            for room in self._rooms.values()
            for member in room.members.values()
            if member.waits_until is not None and member.waits_until <= now
        ]
        return [effect for contact in late for effect in self._send_away(contact, "no_moderator", now)]

    def sizes(self) -> dict[str, int]:
        """Members by room."""
        return {name: len(room.members) for name, room in self._rooms.items()}

    # ---- coming ------------------------------------------------------------------------------------------------

    def _enter(self, event: Enter, now: float) -> list[Effect]:
        if event.contact in self._room_of:
            raise UsageError(f"{event.contact} is in a conference already")
        order, seat = event.order, event.seat
        room = self._rooms.get(order.room) or _Room(order.room)
        if seat is None and not order.moderator and (room.locked or len(room.members) >= order.most):
            why = "locked" if room.locked else "full"
            return [Unseated(event.contact, why), ConferenceLeft(event.contact, order.room, why, 0.0)]
        member = _Member(event.contact, event.leg, order, event.music, now, order.muted)
        if seat is not None:
            member.since, member.muted, member.held = seat.since, seat.muted, seat.held
            room.locked, room.hushed = room.locked or seat.locked, room.hushed or seat.hushed
        moderated = room.moderated
        self._rooms[room.name] = self._room_of[member.contact] = room
        room.members[member.contact] = member
        opens = self._others_join(room, member) if order.moderator and not moderated else []
        entered: list[Effect] = [Seated(member.contact, self._seat(room, member)), *self._place(room, member, now)]
        if seat is not None:  # heard it already, and so have the others
            return [*(effect for effect in entered if not isinstance(effect, PlayTo)), *opens]
        told = [] if member.waits_until is not None else self._tone(room, member, 1)
        return [*entered, *opens, *told, ConferenceEntered(event.contact, room.name, order.moderator,
                                                           len(room.members))]  # fmt: skip

    def _place(self, room: _Room, member: _Member, now: float) -> list[Effect]:
        """Into the room, or to the music before it."""
        order = member.order
        if order.wait_s and not order.moderator and not room.moderated:
            member.waits_until = now + order.wait_s
            text = self._say(member, "conference_waits")
            return [LeaveRoom(member.leg), HoldMusicTo(member.leg, member.music), text]
        member.waits_until = None
        return [SilenceTo(member.leg), self._join(room, member)]

    def _others_join(self, room: _Room, moderator: _Member) -> list[Effect]:
        """The first moderator is there."""
        effects: list[Effect] = []
        for member in room.members.values():
            if member is not moderator and member.waits_until is not None:
                member.waits_until = None
                effects += [SilenceTo(member.leg), self._join(room, member)]
        return effects

    def _join(self, room: _Room, member: _Member) -> JoinRoom:
        return JoinRoom(f"conference-{room.name}", member.leg, None if room.heard(member) else ())

    def _seat(self, room: _Room, member: _Member) -> Seat:
        return Seat(member.order, member.since, member.muted, member.held, room.locked, room.hushed)

    # ---- going -------------------------------------------------------------------------------------------------

    def _send_away(self, contact: str, outcome: str, now: float, noticed: bool = True) -> list[Effect]:
        """Back to its plan."""
        leg = self._room_of[contact].members[contact].leg
        left = self._leave(contact, outcome, now, noticed)
        return [LeaveRoom(leg), SilenceTo(leg), *left, Unseated(contact, outcome)]

    def _leave(self, contact: str, why: str, now: float, noticed: bool = True) -> list[Effect]:
        room = self._room_of.pop(contact)
        gone = room.members.pop(contact)
        if not room.members:
            del self._rooms[room.name]
        effects: list[Effect] = [ConferenceLeft(contact, room.name, why, now - gone.since)]
        if noticed and gone.waits_until is None:
            effects += self._tone(room, gone, 2)
        if gone.order.moderator and not room.moderated:
            effects += self._unmoderated(room, now)
        return effects

    def _unmoderated(self, room: _Room, now: float) -> list[Effect]:
        """The last moderator has left: some leave too, some wait again."""
        effects: list[Effect] = []
        if room.hushed or room.locked:  # nobody could take it back
            room.hushed = room.locked = False
            effects += self._all(room)
        for member in list(room.members.values()):
            if member.order.ends:
                effects += self._send_away(member.contact, "over", now, noticed=False)
            elif member.order.wait_s:
                effects += self._place(room, member, now)
        return effects

    # ---- keys --------------------------------------------------------------------------------------------------

    def _pressed(self, contact: str, digit: str, now: float) -> list[Effect]:
        room = self._room_of[contact]
        member = room.members[contact]
        if not member.starred:
            if digit == member.order.leave:
                return self._send_away(contact, "next", now)
            member.starred = digit == PREFIX
            return []
        member.starred = False
        act = _MODERATORS.get(digit) if member.order.moderator else None
        act = act or _MEMBERS.get(digit)
        return [] if act is None or member.waits_until is not None else act(self, room, member, now)

    def _mute(self, room: _Room, member: _Member, now: float) -> list[Effect]:
        member.muted = not member.muted
        told = self._say(member, "conference_muted" if member.muted else "conference_unmuted")
        return [*self._changed(room, member), told]

    def _count(self, room: _Room, member: _Member, now: float) -> list[Effect]:
        return [self._say(member, "conference_count", count=len(room.members))]

    def _mute_all(self, room: _Room, member: _Member, now: float) -> list[Effect]:
        room.hushed = not room.hushed
        told = self._say(member, "conference_all_muted" if room.hushed else "conference_all_unmuted")
        return [*self._all(room), told]

    def _lock(self, room: _Room, member: _Member, now: float) -> list[Effect]:
        room.locked = not room.locked
        told = self._say(member, "conference_locked" if room.locked else "conference_unlocked")
        return [*self._all(room), told]

    def _drop(self, room: _Room, member: _Member, now: float) -> list[Effect]:
        others = [one.contact for one in room.members.values() if not one.order.moderator]
        return self._send_away(others[-1], "dropped", now) if others else []

    def _holds(self, contact: str, held: bool) -> list[Effect]:
        room = self._room_of[contact]
        member = room.members[contact]
        if member.held is held:
            return []
        member.held = held
        return self._changed(room, member)

    def _changed(self, room: _Room, member: _Member) -> list[Effect]:
        """Its seat is another than before, and perhaps who hears it."""
        joins = [] if member.waits_until is not None else [self._join(room, member)]
        return [Seated(member.contact, self._seat(room, member)), *joins]

    def _all(self, room: _Room) -> list[Effect]:
        return [effect for member in room.members.values() for effect in self._changed(room, member)]

    # ---- what is said ------------------------------------------------------------------------------------------

    def _say(self, member: _Member, key: str, **values: object) -> PlayTo:
        language = member.order.language
        return self._play(member, sentence(key, language, **values))

    def _tone(self, room: _Room, about: _Member, times: int) -> list[Effect]:
        """Who is in the room hears that somebody came (once) or went (twice); not in a crowd."""
        if len(room.members) > MOST_TONES:
            return []
        beep = Prompt("", tone="beep", silence_s=TONE_S * times)
        return [self._play(member, beep) for member in self._hearing(room) if member is not about]

    def _hearing(self, room: _Room) -> Iterator[_Member]:
        return (one for one in room.members.values() if one.waits_until is None and one.order.tones)

    def _play(self, member: _Member, prompt: Prompt) -> PlayTo:
        self._plays += 1
        return PlayTo(member.leg, f"{member.contact}.room{self._plays}", (prompt,))


_Act = Callable[[Conferences, Any, Any, float], list[Effect]]
_MEMBERS: dict[str, _Act] = {MUTE: Conferences._mute, COUNT: Conferences._count}
_MODERATORS: dict[str, _Act] = {
    MUTE_ALL: Conferences._mute_all,
    LOCK: Conferences._lock,
    DROP: Conferences._drop,
}
