"""Two legs that talk: the room, the recording, hold on either side."""

from __future__ import annotations

from msgspec.structs import replace

from softswitch.contact.bridge import Bridge
from softswitch.contact.order import HoldMusicTo, JoinRoom, LeaveRoom, RecordLegs, SilenceTo, StopRecording
from softswitch.sdp.media import PCMU, Media

TALKING = Media(("127.0.0.1", 4000), PCMU, 0)
HELD = replace(TALKING, direction="recvonly")


def bridge() -> Bridge:
    return Bridge("room", "customer", "agent", "x.wav")


def test_both_join_after_the_music_has_stopped_and_each_has_its_channel() -> None:
    assert bridge().connect() == [
        SilenceTo("customer"),
        SilenceTo("agent"),
        JoinRoom("room", "customer"),
        JoinRoom("room", "agent"),
        RecordLegs("room", "x.wav", "customer", "agent"),
    ]


def test_who_is_held_hears_music_until_it_is_resumed() -> None:
    one = bridge()
    assert one.updated("agent", HELD) == [HoldMusicTo("customer")]
    assert one.updated("agent", HELD) == []
    assert one.updated("agent", TALKING) == [SilenceTo("customer")]
    assert one.updated("agent", TALKING) == []


def test_a_bridge_that_ends_on_hold_leaves_no_music_behind() -> None:
    one = bridge()
    one.updated("customer", HELD)
    orders = one.disconnect()
    assert {LeaveRoom("customer"), LeaveRoom("agent"), StopRecording("room"), SilenceTo("agent")} <= set(orders)


def test_what_is_not_recorded_is_not_stopped() -> None:
    one = Bridge("room", "a", "b")
    assert not any(isinstance(order, (RecordLegs, StopRecording)) for order in one.connect() + one.disconnect())


def test_who_is_held_hears_the_music_of_the_queue_from_which_the_call_came() -> None:
    one = Bridge("room", "customer", "agent", music="jazz")
    assert one.updated("agent", HELD) == [HoldMusicTo("customer", "jazz")]
