"""What a caller says being recorded: a message for a mailbox, or something for the script."""

from __future__ import annotations

import pytest

from softswitch.contact.mailbox import Message, VoicemailLeft
from softswitch.contact.order import EraseRecording, RecordLegs, SilenceTo, StopRecording, WatchSilence
from softswitch.contact.take import BEEP_LIMIT_S, Take
from softswitch.ivr.behind import RecordCaller
from softswitch.ivr.model import RecordEnded, RecordVoicemail, VoicemailEnded

FILE = "voicemail-1001-c-1.wav"


def message(max_s: float = 60.0, min_s: float = 1.0) -> Take:
    return Take.of(RecordVoicemail("1001", max_s, min_s), "c-1", "13800138000", FILE, 100.0)


def recording(silence_s: float = 0.0) -> Take:
    return Take.of(RecordCaller("complaint", 60.0, silence_s=silence_s), "c-1", "138", "record.wav", 100.0)


def test_a_message_is_recorded_after_the_beep_and_waits_in_its_mailbox() -> None:
    take = message()
    assert take.until == 160.0 + BEEP_LIMIT_S
    assert take.start("leg-1", 101.0) == [SilenceTo("leg-1"), RecordLegs("vm-c-1", FILE, "leg-1", None)]
    assert take.until == 161.0
    left = Message("voicemail-1001-c-1", "1001", "c-1", "13800138000", FILE, 5000.0, 7.0, heard=False)
    ended = [StopRecording("vm-c-1"), VoicemailLeft(left)], VoicemailEnded(7.0)
    assert take.stop("leg-1", 108.0, 5007.0) == ended


def test_who_hangs_up_at_the_beep_has_left_none_and_no_file() -> None:
    assert message().stop("leg-1", 103.0, 5000.0) == ([StopRecording("vm-c-1")], VoicemailEnded(0.0))


@pytest.mark.parametrize(("min_s", "lasted_s", "kept"), [(1.0, 0.9, False), (3.0, 2.9, False), (3.0, 3.0, True)])
def test_what_is_too_short_is_thrown_away(min_s: float, lasted_s: float, kept: bool) -> None:
    take = message(min_s=min_s)
    take.start("leg-1", 101.0)
    orders, _ = take.stop("leg-1", 101.0 + lasted_s, 5000.0)
    assert [isinstance(order, VoicemailLeft) for order in orders[1:]] == [kept]
    assert kept or orders[1:] == [EraseRecording(FILE)]


def test_silence_at_the_end_is_no_part_of_what_was_said() -> None:
    take = recording(silence_s=3.0)
    assert take.start("leg-1", 101.0)[-1] == WatchSilence("leg-1", 3.0)
    orders, told = take.stop("leg-1", 109.0, 5000.0, silent_s=3.0)
    assert orders == [WatchSilence("leg-1", 0.0), StopRecording("vm-c-1")] and told == RecordEnded("record.wav", 5.0)


def test_another_process_waits_for_silence_again_and_does_not_wait_for_the_beep() -> None:
    take = recording(silence_s=3.0)
    assert take.resume("leg-1", 101.0)[1:] == [
        RecordLegs("vm-c-1", "record.wav", "leg-1", None),
        WatchSilence("leg-1", 3.0),
    ]
    assert take.speaking and take.resume("leg-1", 105.0) == [WatchSilence("leg-1", 3.0)]
    still = message()
    still.start("leg-1", 101.0)
    assert still.resume("leg-1", 105.0) == []


def test_who_says_nothing_has_recorded_nothing() -> None:
    take = recording(silence_s=3.0)
    take.start("leg-1", 101.0)
    orders, told = take.stop("leg-1", 104.0, 5000.0, silent_s=3.0)
    assert orders[-1] == EraseRecording("record.wav") and told == RecordEnded("", 0.0)
