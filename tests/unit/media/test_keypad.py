"""Keys towards a peer: in place of its packets, or over what it hears."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from softswitch.audio import FRAME, RATE_HZ, WIDE_FRAME, WIDE_HZ, dtmf
from softswitch.audio.resample import resample
from softswitch.media.keypad import Keypad
from softswitch.media.player import Heard
from softswitch.rtp import packet
from softswitch.rtp.telephone_event import KeyListener

WIDE_ROW = 1


def sound() -> Heard:
    """What two rows hear, of which the second is a wide one."""
    return Heard(np.full((2, FRAME), 7, np.int16), np.full((2, WIDE_FRAME), 7, np.int16), np.array([False, True]))


ROWS = np.array([0, 2, 3])


def ticks(keypad: Keypad, count: int) -> list[list[bytes]]:
    """What rows 0, 2 and 3 send in each of so many ticks; b"" where it is sound."""
    numbers = np.zeros((3, 4), np.int64)
    sequence, timestamp, ssrc = numbers[0].astype(np.uint16), numbers[1].astype(np.uint32), numbers[2].astype(np.uint32)
    sent = []
    for _ in range(count):
        table, lengths = np.zeros((3, 200), np.uint8), np.full(3, 172)
        keypad.write(table, lengths, ROWS, sequence, timestamp, ssrc)
        sent.append(
            [bytes(row[:size]) if size < 172 else b"" for row, size in zip(table, lengths.tolist(), strict=True)]
        )
        sequence += 1
        timestamp += FRAME
    return sent


def test_events_go_out_in_place_of_the_sound_of_their_row_only() -> None:
    keypad = Keypad()
    keypad.agree(2, 101, 8000)
    keypad.press(2, "5#", "event")
    sent = ticks(keypad, 30)
    assert all(not row[0] and not row[2] for row in sent)
    packets = [row[1] for row in sent if row[1]]
    assert [row[1] for row in sent[-6:]] == [b""] * 6  # and then the sound again
    listener = KeyListener()
    heard = [listener.hear(struct.unpack(">I", octets[4:8])[0], octets[packet.HEADER :]) for octets in packets]
    assert [digit for digit in heard if digit] == ["5", "#"]
    assert {octets[1] & 0x7F for octets in packets} == {101}
    assert [octets[1] >> 7 for octets in packets].count(1) == 2


def test_a_row_that_sends_nothing_now_presses_all_the_same_and_is_done() -> None:
    keypad = Keypad()
    keypad.agree(1, 101, 8000)
    keypad.press(1, "5", "event")
    assert all(octets == b"" for row in ticks(keypad, 20) for octets in row)
    assert not keypad._events


@pytest.mark.parametrize("row", [0, WIDE_ROW])
@pytest.mark.parametrize("agreed", [None, 101])
def test_tones_are_heard_and_then_the_room_again(agreed: int | None, row: int) -> None:
    """Also where events are wanted of a peer that knows none."""
    keypad = Keypad()
    keypad.agree(row, agreed, 8000)
    keypad.press(row, "1", "tone")
    keypad.press(row, "2x", "event" if agreed is None else "tone")
    detector = dtmf.Detector(1)
    detector.listen(0)
    told = ""
    for _ in range(20):
        heard = sound()
        keypad.render(heard)
        assert (heard.of(1 - row) == 7).all()
        frame = heard.of(row) if row != WIDE_ROW else resample(heard.of(row), WIDE_HZ, RATE_HZ)
        told += "".join(key.digit for key in detector.hear(frame[None]))
    heard = sound()
    keypad.render(heard)
    assert told == "12" and (heard.of(row) == 7).all()
    assert keypad.pressed == 2


def test_what_is_forgotten_is_not_pressed_any_more() -> None:
    keypad = Keypad()
    for row, form in ((0, "tone"), (2, "event")):
        keypad.agree(row, 101, 8000)
        keypad.press(row, "1234", form)
        keypad.forget(row)
    heard = sound()
    keypad.render(heard)
    assert (heard.of(0) == 7).all() and all(octets == b"" for row in ticks(keypad, 5) for octets in row)


@pytest.mark.parametrize("form", ["event", "tone"])
def test_keys_that_come_faster_than_they_can_be_pressed_do_not_pile_up(form: str) -> None:
    keypad = Keypad()
    keypad.agree(2, 101, 8000)
    for _ in range(100):
        keypad.press(2, "12345", form)
    assert keypad.pressed == 64
