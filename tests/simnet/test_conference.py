"""Conferences through the whole control plane in virtual time: PINs, moderators, keys, the end, and kill -9."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Renegotiate
from softswitch.contact.conference import ConferenceLeft
from tests.simnet.house import plans
from tests.simnet.meeting_house import MeetingHouse
from tests.simnet.phone import Call

PLAN = """
dialplan: meeting
numbers: ["8000"]
language: en
start: room
steps:
  room: {conference: {room: team, %s}, next: bye, failed: sorry}
  bye: {say: "Goodbye.", next: end}
  sorry: {say: "Sorry.", next: end}
  end: {hangup: normal}
"""


def house(options: str = "tones: true") -> MeetingHouse:
    return MeetingHouse(login=False, plans=plans(PLAN % options))


def pressed(meeting: MeetingHouse, call: Call, digits: str) -> None:
    meeting.world.press(call.rtp, digits)
    meeting.world.run(3)


def test_three_hear_each_other_and_a_tone_for_who_comes_and_goes() -> None:
    meeting = house()
    one, two, three = meeting.calls(meeting.alice, meeting.bob, meeting.desk)
    assert meeting.states() == ["conference"] * 3
    assert {one.place for one in meeting.world.switch.control.calls()} == {"team"}
    assert meeting.hears(one, two) == ["prompt", "prompt"]  # the third one's tone
    meeting.world.run(2)
    assert meeting.hear(one, two, three) and meeting.hear(two, one, three) and meeting.hear(three, one, two)
    meeting.desk.hang_up(three)
    meeting.world.run(0.2)
    assert meeting.hears(one, two) == ["prompt", "prompt"]
    meeting.world.run(2)
    assert meeting.hear(one, two) and meeting.hear(two, one)
    meeting.alice.hang_up(one)
    meeting.world.run(2)
    assert meeting.hear(two)
    meeting.bob.hang_up(two)
    assert meeting.over() == ["conference"] * 3
    assert [left.why for left in meeting.world.facts(ConferenceLeft)] == ["hung up"] * 3


def test_two_rooms_do_not_hear_each_other() -> None:
    text = PLAN.replace("room: team", 'room: "{{ caller.number[3:] }}"') % "tones: false"
    meeting = MeetingHouse(login=False, plans=plans(text))
    one, two, three = meeting.calls(meeting.alice, meeting.bob, meeting.bob)
    meeting.world.run(1)
    assert meeting.hear(one) and meeting.hear(two, three)
    assert meeting.world.switch.gatherings.conferences.sizes() == {"1": 1, "2": 2}


# ---- the PIN ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", ["1234", "1234#", "99#1234#", "98765#"])
def test_who_knows_the_pin_comes_in(digits: str) -> None:
    meeting = house('pin: "1234", moderator_pin: "98765"')
    (call,) = meeting.calls(meeting.alice)
    assert meeting.states() == ["ivr"]
    pressed(meeting, call, digits)
    meeting.world.run(3)
    assert meeting.states() == ["conference"]


def test_who_does_not_is_asked_three_times_and_led_elsewhere() -> None:
    meeting = house('pin: "1234"')
    (call,) = meeting.calls(meeting.alice)
    for _ in range(3):
        pressed(meeting, call, "0000#")
    assert meeting.said().count("That PIN is not right.") == 2
    meeting.world.run_until(lambda: "Sorry." in meeting.said())
    assert meeting.why() == ["wrong PIN (3 tries)"]
    assert meeting.over() == ["completed"]


def test_who_is_silent_is_led_elsewhere_and_who_hangs_up_leaves_nothing() -> None:
    meeting = house('pin: "1234"')
    one, two = meeting.calls(meeting.alice, meeting.bob)
    pressed(meeting, two, "12")
    meeting.bob.hang_up(two)
    meeting.world.run_until(lambda: "Sorry." in meeting.said(), 60)
    assert meeting.over() == ["completed", "completed"] and one.state == "ended"


def test_a_pin_is_in_no_fact() -> None:
    """Nor is it in the journal, but for what is being keyed in."""
    meeting = house('pin: "47110815", moderator_pin: "08154711"')
    one, two = meeting.calls(meeting.alice, meeting.bob)
    pressed(meeting, one, "47110815#")
    pressed(meeting, two, "08154711#")
    assert b"4711" not in b"".join(meeting.world.journal.found.values())
    meeting.alice.hang_up(one)
    meeting.bob.hang_up(two)
    meeting.over()
    told = repr([event for _, event in meeting.world.events])
    assert "4711" not in told.replace("'", "") and "pressed ****" in told


# ---- moderators ------------------------------------------------------------------------------------------------

MODERATED = 'pin: "1234", moderator_pin: "9876", wait_for_moderator: 5m, ends_with_moderator: true, tones: false'


def test_members_wait_with_music_and_leave_with_the_last_moderator() -> None:
    meeting = house(MODERATED)
    one, two, three = meeting.calls(meeting.alice, meeting.bob, meeting.desk)
    pressed(meeting, one, "1234#")
    pressed(meeting, two, "1234#")
    assert meeting.hears(one, two) == ["music", "music"] and not meeting.voices(one)
    pressed(meeting, three, "9876#")
    assert meeting.hear(one, two, three) and meeting.hear(three, one, two)
    meeting.desk.hang_up(three)
    meeting.world.run_until(lambda: meeting.said().count("Goodbye.") == 2)
    assert sorted(left.why for left in meeting.world.facts(ConferenceLeft)) == ["hung up", "over", "over"]
    assert meeting.over() == ["conference"] * 3


def test_without_its_moderator_the_room_waits_again() -> None:
    meeting = house(MODERATED.replace("ends_with_moderator: true", "ends_with_moderator: false"))
    one, two = meeting.calls(meeting.alice, meeting.bob)
    pressed(meeting, two, "9876#")
    pressed(meeting, one, "1234#")
    assert meeting.hear(one, two)
    meeting.bob.hang_up(two)
    meeting.world.run(3)
    assert meeting.hears(one) == ["music"]
    meeting.world.run_until(lambda: "Sorry." in meeting.said(), 400)
    assert meeting.why() == ["no moderator came"]
    meeting.over()


def test_what_a_moderator_can_do() -> None:
    meeting = house(MODERATED)
    one, two, boss, late = meeting.calls(meeting.alice, meeting.bob, meeting.desk, meeting.carl)
    for call, pin in ((one, "1234"), (two, "1234"), (boss, "9876")):
        pressed(meeting, call, f"{pin}#")
    pressed(meeting, boss, "*5")
    assert meeting.hear(one, boss) and meeting.hear(boss)
    pressed(meeting, boss, "*5")
    assert meeting.hear(one, two, boss)
    pressed(meeting, boss, "*7")
    pressed(meeting, late, "1234#")
    assert meeting.why() == ["the room is locked"]
    pressed(meeting, boss, "*8")
    assert [left.why for left in meeting.world.facts(ConferenceLeft)] == ["locked", "dropped"]
    assert meeting.hear(one, boss)
    pressed(meeting, boss, "*2")
    assert "Participants: two." in meeting.said()
    pressed(meeting, one, "*5")  # who is none cannot
    pressed(meeting, one, "*8")
    assert meeting.hear(one, boss) and meeting.hear(boss, one)


# ---- members ---------------------------------------------------------------------------------------------------


def test_a_member_mutes_himself_and_holds_and_leaves_by_key() -> None:
    meeting = house('tones: false, leave: "#"')
    one, two = meeting.calls(meeting.alice, meeting.bob)
    meeting.world.run(1)
    pressed(meeting, one, "*6")
    assert meeting.hear(two) and meeting.hear(one, two)
    pressed(meeting, one, "*6")
    assert meeting.hear(two, one)
    meeting.bob._tell(two, Renegotiate("sendonly"))
    meeting.world.run(1)
    assert meeting.hear(one)  # not the music of bob's phone
    meeting.bob._tell(two, Renegotiate("sendrecv"))
    meeting.world.run(1)
    assert meeting.hear(one, two)
    pressed(meeting, two, "#")
    assert meeting.said()[-1] == "Goodbye."
    assert meeting.hear(one)


def test_a_room_that_is_full() -> None:
    meeting = house("max: 2, tones: false")
    one, two, three = meeting.calls(meeting.alice, meeting.bob, meeting.desk)
    meeting.world.run_until(lambda: three.state == "ended")
    assert meeting.why() == ["the room is full"]
    assert meeting.hear(one, two)


def test_a_caller_who_is_transferred_into_a_room() -> None:
    meeting = house("tones: false")
    (inside,) = meeting.calls(meeting.alice)
    call = meeting.desk.call("1002")
    meeting.world.run_until(lambda: bool(meeting.bob.talking))
    meeting.bob.refer(meeting.bob.talking[0], "8000")
    meeting.world.run(3)
    assert meeting.hear(inside, call) and meeting.hear(call, inside)
    meeting.alice.hang_up(inside)
    meeting.desk.hang_up(call)
    meeting.over()


def test_fifty_meet_and_all_leave_with_the_moderator() -> None:
    meeting = house(MODERATED.replace("tones: false", "tones: true"))
    calls = [meeting.carrier.call("8000") for _ in range(49)]
    boss = meeting.desk.call("8000")
    meeting.world.run_until(lambda: all(call.state == "talking" for call in [*calls, boss]))
    meeting.world.run(3)
    for call in calls:
        meeting.world.press(call.rtp, "1234#")
    meeting.world.run(3)
    assert meeting.hears(*calls) == ["music"] * 49
    meeting.world.press(boss.rtp, "9876#")
    meeting.world.run(3)
    assert all(len(meeting.voices(call)) == 49 for call in [*calls, boss])
    for call in calls[:9]:
        meeting.carrier.hang_up(call)
    meeting.world.run(3)
    assert all(len(meeting.voices(call)) == 40 for call in [*calls[9:], boss])
    meeting.desk.hang_up(boss)
    assert meeting.over() == ["conference"] * 50


# ---- kill -9 ---------------------------------------------------------------------------------------------------


def test_a_conference_goes_on_after_control_was_killed() -> None:
    meeting = house(MODERATED)
    one, two, boss = meeting.calls(meeting.alice, meeting.bob, meeting.desk)
    for call, pin in ((one, "1234"), (boss, "9876"), (two, "1234")):
        pressed(meeting, call, f"{pin}#")
    pressed(meeting, two, "*6")
    pressed(meeting, boss, "*7")
    meeting.kill()
    assert meeting.resumed() == ["resumed"] * 3 and meeting.states() == ["conference"] * 3
    assert meeting.hear(one, boss) and meeting.hear(boss, one) and meeting.hear(two, one, boss)
    pressed(meeting, two, "*6")
    assert meeting.hear(one, two, boss)
    (late,) = meeting.calls(meeting.carl)
    pressed(meeting, late, "1234#")
    assert meeting.why() == ["the room is locked"]
    meeting.desk.hang_up(boss)
    assert meeting.over() == ["conference"] * 4


def test_who_waits_for_a_moderator_or_is_asked_for_the_pin_goes_on_too() -> None:
    meeting = house(MODERATED)
    one, asked, boss = meeting.calls(meeting.alice, meeting.bob, meeting.desk)
    pressed(meeting, one, "1234#")
    pressed(meeting, asked, "12")
    meeting.kill()
    assert meeting.hears(one, asked) == ["music", "prompt"]
    pressed(meeting, asked, "1234#")
    pressed(meeting, boss, "9876#")
    assert meeting.hear(boss, one, asked)
    meeting.desk.hang_up(boss)
    meeting.over()
