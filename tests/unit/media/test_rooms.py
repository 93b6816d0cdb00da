"""Members hear their room and no other; who is relayed, who is mixed, who is heard by whom."""

from __future__ import annotations

import random

import numpy as np
import pytest

from softswitch.media.rooms import Member, Plan, Rooms

SAID = np.array([1, 10, 100, 1000, 2000], np.int16)
MIXED = np.full(5, -1, np.int64)  # nothing may be relayed
SAME = np.zeros(5, np.int64)


def rooms_of(**members: str) -> Rooms:
    """``a=012``: rows 0, 1 and 2 in room a; a row's stream is called s0, s1 and so on."""
    rooms = Rooms()
    for room, rows in members.items():
        for row in rows:
            rooms.join(f"s{row}", int(row), Member(room))
    return rooms


def hears(plan: Plan) -> dict[int, int]:
    rows = plan.seating.rows
    heard = np.zeros((len(rows), 1), np.int16)
    plan.seating.mix(SAID[rows][:, None], heard)
    relayed = zip(plan.listeners.tolist(), SAID[plan.talkers].tolist(), strict=True)
    return dict(zip(rows.tolist(), heard[:, 0].tolist(), strict=True)) | dict(relayed)


@pytest.mark.parametrize("pipes", [MIXED, SAME])
def test_members_hear_their_room_and_no_other(pipes: np.ndarray) -> None:
    rooms = rooms_of(a="01", b="23")
    assert hears(rooms.plan((), pipes)) == {0: 10, 1: 1, 2: 1000, 3: 100}
    rooms.join("s2", 2, Member("a"))  # it leaves b
    assert hears(rooms.plan((), pipes)) == {0: 110, 1: 101, 2: 11, 3: 0}
    rooms.leave(3)
    assert len(rooms) == 1
    rooms.join("s3", 3, Member("c"))
    rooms.leave(0)
    rooms.leave(0)
    assert hears(rooms.plan((), pipes)) == {1: 100, 2: 10, 3: 0}
    assert len(rooms) == 2


def test_two_of_the_same_pipe_are_relayed_unless_somebody_watches() -> None:
    rooms = rooms_of(a="01", b="23")
    plan = rooms.plan((), np.array([0, 0, 0, 1, -1]))
    assert plan.listeners.tolist() == [0, 1]
    assert plan.talkers.tolist() == [1, 0]
    assert sorted(plan.seating.rows.tolist()) == [2, 3]
    plan = rooms.plan({1, 4}, SAME)
    assert sorted(plan.listeners.tolist()) == [2, 3]
    assert plan.seating.rows.tolist() == [0, 1, 4]  # the last one is alone
    assert plan.seating.in_rooms == 2
    assert not len(rooms_of(a="01").plan((), MIXED).listeners)


def test_a_supervisor_listens_whispers_and_barges() -> None:
    rooms = rooms_of(a="01")
    rooms.join("s3", 3, Member("a", frozenset()))
    assert hears(rooms.plan((), SAME)) == {0: 10, 1: 1, 3: 11}
    rooms.join("s3", 3, Member("a", frozenset({"s1"})))
    assert hears(rooms.plan((), SAME)) == {0: 10, 1: 1001, 3: 11}
    rooms.join("s2", 2, Member("a"))  # who comes later does not hear the whisper
    assert hears(rooms.plan((), SAME)) == {0: 110, 1: 1101, 2: 11, 3: 111}
    rooms.leave(2)
    rooms.join("s3", 3, Member("a"))
    assert hears(rooms.plan((), SAME)) == {0: 1010, 1: 1001, 3: 11}


def test_a_member_may_be_softer_or_silent_and_nothing_is_amplified_without_end() -> None:
    rooms = rooms_of(a="12")
    rooms.join("s2", 2, Member("a", gain=0.5))
    assert hears(rooms.plan((), SAME)) == {1: 50, 2: 10}
    rooms.join("s2", 2, Member("a", frozenset()))
    assert hears(rooms.plan((), SAME)) == {1: 0, 2: 10}
    rooms.join("s2", 2, Member("a", gain=1e9))
    assert hears(rooms.plan((), SAME)) == {1: 800, 2: 10}


def test_a_room_is_wide_as_soon_as_one_of_it_has_another_codec_than_g711() -> None:
    rooms = rooms_of(a="01", b="23")
    plan = rooms.plan({0}, MIXED, [3], {1})
    assert (plan.seating.rows.tolist(), plan.seating.in_rooms) == ([0, 1], 2)
    assert (plan.wide.rows.tolist(), plan.wide.in_rooms) == ([2, 3, 1], 2)  # row 1 is recorded at 16 kHz besides
    assert plan.wide_rooms == 1
    rooms.leave(3)
    assert rooms.plan({0}, SAME, [3]).wide_rooms == 0


def test_who_is_heard_by_nobody_follows_another_of_his_kind() -> None:
    rooms = rooms_of(a="01")
    for row in (2, 3, 4):
        rooms.join(f"s{row}", row, Member("a", frozenset()))
    plan = rooms.plan((), MIXED, (), (), np.array([0, 0, 0, 0, 1], np.uint8))
    assert (plan.followers.tolist(), plan.leaders.tolist()) == ([3], [2])  # row 4 has the other law
    assert hears(plan) == {0: 10, 1: 1, 2: 11, 4: 11}
    plan = rooms.plan({3}, MIXED, [2, 4])
    assert (plan.followers.tolist(), plan.leaders.tolist()) == ([4], [2])
    assert sorted(plan.wide.rows.tolist()) == [0, 1, 2, 3] and plan.seating.rows.tolist() == [3]


def test_a_silent_listener_who_is_whispered_to_follows_nobody() -> None:
    rooms = rooms_of(a="0")
    for row in (2, 3, 4):
        rooms.join(f"s{row}", row, Member("a", frozenset()))
    rooms.join("s1", 1, Member("a", frozenset({"s3"})))
    plan = rooms.plan((), MIXED)
    assert (plan.followers.tolist(), plan.leaders.tolist()) == ([4], [2])
    assert hears(plan) == {0: 0, 1: 1, 2: 1, 3: 11}


def test_a_room_is_the_same_in_two_plans_until_something_changes() -> None:
    rooms = rooms_of(a="012", b="34")
    before = rooms.plan((), MIXED).rooms
    assert rooms.plan({0}, MIXED).rooms.keys() == before.keys()
    rooms.join("s0", 0, Member("a", frozenset()))
    after = rooms.plan((), MIXED).rooms
    assert len(before.keys() & after.keys()) == 1
    assert len(rooms.plan((), MIXED, [4]).rooms.keys() & after.keys()) == 1


@pytest.mark.parametrize("seed", range(20))
def test_rooms_that_were_planned_before_are_planned_as_if_they_had_not_been(seed: int) -> None:
    """Whatever has changed since: who is where, who is watched, coders, laws."""
    drawn = random.Random(seed)
    lived, members = Rooms(), dict[int, Member]()
    watched, watched_wide, coded = set[int](), set[int](), set[int]()
    pipes, laws = np.zeros(5, np.int64), np.zeros(5, np.uint8)
    for _ in range(200):
        row = drawn.randrange(5)
        match drawn.choice(("join", "join", "leave", "watch", "watch wide", "coder", "law", "pipe")):
            case "join":
                members.pop(row, None)
                members[row] = Member(
                    drawn.choice("ab"), drawn.choice((None, None, None, frozenset(), frozenset({"s1"})))
                )
                lived.join(f"s{row}", row, members[row])
            case "leave":
                members.pop(row, None)
                lived.leave(row)
            case "watch":
                watched = set() if watched else {row}
            case "watch wide":
                watched_wide = set() if watched_wide else {row}
            case "coder":
                coded ^= {row}
            case "law":
                laws[row] ^= 1
            case "pipe":
                pipes[row] = drawn.choice((-1, 0, 0))
        fresh = Rooms()
        for other, member in members.items():
            fresh.join(f"s{other}", other, member)
        facts = (watched, pipes, coded, watched_wide, laws)
        assert described(lived.plan(*facts)) == described(fresh.plan(*facts))


def described(plan: Plan) -> object:
    rooms = {
        name: (sorted(room.table.rows), room.wide, room.relayed, sorted(room.followers), sorted(room.table.silent))
        for (name, _, _), room in plan.rooms.items()
    }
    return (
        rooms,
        hears(plan),
        sorted(plan.followers.tolist()),
        sorted(plan.wide.rows.tolist()),
        sorted(plan.listeners.tolist()),
    )


def test_who_is_heard_by_nobody_needs_no_matrix_and_is_recorded_all_the_same() -> None:
    rooms = rooms_of(a="01")
    rooms.join("s2", 2, Member("a", frozenset()))
    plan = rooms.plan({2}, MIXED)
    assert [room.table.gains is None for room in plan.rooms.values()] == [True]
    said = SAID[plan.seating.rows][:, None].copy()
    heard = np.zeros_like(said)
    plan.seating.mix(said, heard)
    assert plan.seating.rows.tolist() == [0, 1, 2, 2] and plan.seating.in_rooms == 3
    assert said[:, 0].tolist() == [1, 10, 0, 100] and heard[:3, 0].tolist() == [10, 1, 11]
