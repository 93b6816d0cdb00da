"""A message being left."""

from __future__ import annotations

from softswitch.contact.mailbox import Message, VoicemailLeft
from softswitch.contact.order import RecordLegs, SilenceTo, StopRecording
from softswitch.contact.voicemail import BEEP_LIMIT_S, Voicemail


def begun() -> Voicemail:
    return Voicemail.begin("1001", "c-1", "13800138000", "voicemail-1001-c-1.wav", 60.0, 100.0)


def test_a_message_is_recorded_after_the_beep_and_waits_in_its_mailbox() -> None:
    voicemail = begun()
    assert voicemail.until == 160.0 + BEEP_LIMIT_S
    started = voicemail.start("leg-1", 101.0)
    assert started == [SilenceTo("leg-1"), RecordLegs("vm-c-1", "voicemail-1001-c-1.wav", "leg-1", None)]
    assert voicemail.until == 161.0
    message = Message(
        "voicemail-1001-c-1", "1001", "c-1", "13800138000", "voicemail-1001-c-1.wav", 5000.0, 7.0, heard=False
    )
    assert voicemail.stop(108.0, 5007.0) == [StopRecording("vm-c-1"), VoicemailLeft(message)]


def test_who_hangs_up_at_the_beep_has_left_none() -> None:
    assert begun().stop(103.0, 5000.0) == [StopRecording("vm-c-1")]
    voicemail = begun()
    voicemail.start("leg-1", 101.0)
    assert voicemail.stop(101.9, 5000.0) == [StopRecording("vm-c-1")]
