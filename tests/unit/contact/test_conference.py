"""Conference rooms by themselves: whatever their members do in whatever order, who hears whom is as it should be."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from softswitch.contact.conference import (
    ConferenceInput,
    Conferences,
    Enter,
    Left,
    MemberHolds,
    MemberPressed,
    Seat,
    Seated,
    Unseated,
)
from softswitch.contact.order import HoldMusicTo, JoinRoom, LeaveRoom, SilenceTo
from softswitch.core.effect import Effect
from softswitch.core.errors import UsageError
from softswitch.ivr.away import EnterConference

MEMBER = EnterConference("team", "en")
MODERATOR = replace(MEMBER, moderator=True)


class Ears:
    """What the media plane makes of the orders, and the contacts of what they are told."""

    def __init__(self) -> None:
        self.rooms = Conferences()
        self.joined: dict[str, tuple[str, ...] | None] = {}  # leg -> heard by
        self.music: set[str] = set()
        self.seats: dict[str, Seat] = {}
        self.gone: list[tuple[str, str]] = []

    def tell(self, event: ConferenceInput, now: float = 0.0) -> list[Effect]:
        return self.take(self.rooms.handle(event, now))

    def take(self, effects: list[Effect]) -> list[Effect]:
        for effect in effects:
            match effect:
                case JoinRoom(_, leg, heard_by):
                    self.joined[leg] = heard_by
                case LeaveRoom(leg):
                    self.joined.pop(leg, None)
                case HoldMusicTo(leg):
                    self.music.add(leg)
                case SilenceTo(leg):
                    self.music.discard(leg)
                case Seated(contact, seat):
                    self.seats[contact] = seat
                case Unseated(contact, outcome):
                    self.seats.pop(contact, None)
                    self.gone.append((contact, outcome))
        return effects

    def enter(self, contact: str, order: EnterConference = MEMBER, now: float = 0.0) -> None:
        self.tell(Enter(contact, f"{contact}.leg", order), now)


def test_nobody_enters_twice_and_who_is_in_no_room_may_leave() -> None:
    ears = Ears()
    ears.enter("a")
    with pytest.raises(UsageError):
        ears.enter("a")
    assert ears.tell(Left("x")) == ears.tell(MemberPressed("x", "*")) == ears.tell(MemberHolds("x", True)) == []


def test_each_waits_as_long_as_it_says() -> None:
    ears = Ears()
    for contact, wait_s in (("a", 10.0), ("b", 30.0)):
        ears.enter(contact, replace(MEMBER, wait_s=wait_s))
    assert ears.rooms.deadline == 10.0
    ears.take(ears.rooms.tick(10.0))
    assert ears.gone == [("a", "no_moderator")] and ears.rooms.deadline == 30.0
    ears.enter("m", MODERATOR, 20.0)
    assert ears.rooms.deadline is None and ears.rooms.tick(99.0) == []


def test_a_lock_is_gone_with_the_last_moderator() -> None:
    ears = Ears()
    for contact, order in (("a", MEMBER), ("m", MODERATOR)):
        ears.enter(contact, order)
    for key in "*7*5":
        ears.tell(MemberPressed("m", key))
    ears.enter("late")
    assert ears.gone == [("late", "locked")] and ears.joined["a.leg"] == ()
    ears.enter("n", MODERATOR)  # whom no lock keeps out
    ears.tell(Left("m"))
    assert ears.joined["a.leg"] == ()
    ears.tell(Left("n"))
    assert ears.joined["a.leg"] is None
    ears.enter("late")
    assert ears.rooms.sizes() == {"team": 2}


def test_the_leaving_key_is_not_taken_for_what_follows_a_star() -> None:
    ears = Ears()
    ears.enter("a", replace(MEMBER, leave="6"))
    ears.tell(MemberPressed("a", "*"))
    ears.tell(MemberPressed("a", "6"))
    assert ears.seats["a"].muted and not ears.gone
    ears.tell(MemberPressed("a", "6"))
    assert ears.gone == [("a", "next")] and not ears.rooms.sizes()


def test_a_moderator_drops_who_came_last_and_no_moderator() -> None:
    ears = Ears()
    for contact, order in (("a", MEMBER), ("m", MODERATOR), ("b", MEMBER), ("n", MODERATOR)):
        ears.enter(contact, order)
    for _ in range(3):
        for key in "*8":
            ears.tell(MemberPressed("m", key))
    assert ears.gone == [("b", "dropped"), ("a", "dropped")] and ears.rooms.sizes() == {"team": 2}


@pytest.mark.parametrize("seed", range(30))
def test_who_hears_whom_whatever_happens(seed: int) -> None:
    """Also after the machine was made again from the seats of its members."""
    dice, ears, now = random.Random(seed), Ears(), 0.0
    orders: dict[str, EnterConference] = {}
    for _ in range(300):
        now += dice.uniform(0, 5)
        contact = f"c{dice.randrange(8)}"
        if contact not in ears.seats:
            orders[contact] = EnterConference(
                dice.choice(["one", "two"]), "en", dice.random() < 0.3, dice.choice([3, 50]),
                dice.choice([0.0, 60.0]), dice.random() < 0.3, True, dice.random() < 0.2, "#",
            )  # fmt: skip
            ears.enter(contact, orders[contact], now)
        else:
            event: ConferenceInput = dice.choice([
                Left(contact), MemberHolds(contact, dice.random() < 0.5),
                *(MemberPressed(contact, key) for key in "**6578#"),
            ])  # fmt: skip
            if isinstance(event, Left):
                del ears.seats[contact]
                ears.joined.pop(f"{contact}.leg", None)
                ears.music.discard(f"{contact}.leg")
            ears.tell(event, now)
        ears.take(ears.rooms.tick(now))
        if dice.random() < 0.02:
            seats, ears.rooms = dict(ears.seats), Conferences()
            for name, seat in seats.items():
                ears.tell(Enter(name, f"{name}.leg", seat.order, seat=seat), now)
        check(ears)


def check(ears: Ears) -> None:
    assert sum(ears.rooms.sizes().values()) == len(ears.seats)
    for room in ears.rooms.sizes():
        inside = {name: seat for name, seat in ears.seats.items() if seat.order.room == room}
        moderated = any(seat.order.moderator for seat in inside.values())
        assert len({(seat.locked, seat.hushed) for seat in inside.values()}) == 1  # all seats say the same of the room
        for name, seat in inside.items():
            leg = f"{name}.leg"
            waits = bool(seat.order.wait_s) and not seat.order.moderator and not moderated
            assert (leg in ears.music) is waits and (leg in ears.joined) is not waits
            quiet = seat.muted or seat.held or (seat.hushed and not seat.order.moderator)
            assert waits or ears.joined[leg] == (() if quiet else None)
