"""What the verb ``queue`` does with callers whom the queue turns away: branches, and a message in its mailbox."""

from __future__ import annotations

import pytest

from softswitch.ivr.model import (
    RECORDING,
    EndCall,
    EnterQueue,
    PlayEnded,
    PlayPrompts,
    QueueEnded,
    RecordVoicemail,
    StepFailed,
    StopPlaying,
    VoicemailEnded,
)
from softswitch.ivr.run import Facts
from tests.unit.ivr.conftest import Walk, plan_of

CAUSES = {"a": "busy", "b": "declined", "failed": "error", "next": "normal"}


def walk(branches: str, facts: Facts | None = None) -> Walk:
    used = "".join(f"  {step}: {{hangup: {CAUSES[step]}}}\n" for step in CAUSES if f": {step}" in f"{branches}: failed")
    it = Walk(plan_of(f"  first: {{queue: orders, failed: failed{branches}}}\n{used}"), facts)
    assert isinstance(it.start()[-1], EnterQueue)
    return it


@pytest.mark.parametrize(
    ("outcome", "branches", "cause"),
    [
        ("no agents", ", no_agents: a, full: b", "busy"),
        ("no agents", ", full: b", "declined"),
        ("no agents", ", timeout: b", "error"),
        ("all paused", ", all_paused: a, no_agents: b", "busy"),
        ("all paused", ", no_agents: a, full: b", "busy"),
        ("all paused", ", full: b", "declined"),
        ("long wait", ", long_wait: a, full: b", "busy"),
        ("long wait", ", no_agents: a, full: b", "declined"),
        ("long wait", "", "error"),
    ],
)
def test_each_has_its_branch_or_takes_a_wider_one(outcome: str, branches: str, cause: str) -> None:
    assert walk(branches).feed(QueueEnded(outcome)) == [EndCall(cause)]


def test_why_is_told_where_the_step_fails() -> None:
    it = walk("")
    it.feed(QueueEnded("no agents"))
    assert [fact.why for fact in it.facts if isinstance(fact, StepFailed)] == [
        "nobody who could answer is logged in",
    ]


def test_a_message_in_the_mailbox_of_the_queue_in_which_he_ended() -> None:
    it = walk(", left: a")
    (play,) = it.feed(QueueEnded("voicemail", "service"))
    assert isinstance(play, PlayPrompts)
    assert play.prompts[0].text == "Please leave a message after the tone, and press hash when you are done."
    assert it.feed(PlayEnded()) == [RecordVoicemail("service", 120.0)]
    assert it.feed(VoicemailEnded(7.0)) == [EndCall("busy")]


def test_the_hint_is_skipped_by_a_key_and_the_branch_falls_back() -> None:
    it = walk(", next: next")
    it.feed(QueueEnded("voicemail", "orders"))
    assert it.press("5") == []
    assert it.press("#") == [StopPlaying(), RecordVoicemail("orders", 120.0)]
    assert it.feed(VoicemailEnded(7.0)) == [EndCall("normal")]


def test_the_mailboxes_own_greeting_is_heard() -> None:
    it = walk("", Facts(greetings={"orders": "greeting.wav"}))
    (play,) = it.feed(QueueEnded("voicemail", "orders"))
    assert isinstance(play, PlayPrompts)
    assert [prompt.file for prompt in play.prompts] == [f"{RECORDING}greeting.wav"]


def test_a_message_that_could_not_be_recorded_fails() -> None:
    it = walk(", left: a")
    it.feed(QueueEnded("voicemail", "orders"))
    it.feed(PlayEnded())
    assert it.feed(VoicemailEnded(0.0, lost=True)) == [EndCall("error")]


def test_whose_end_of_the_hint_is_never_told_is_recorded_all_the_same() -> None:
    it = walk(", left: a")
    it.feed(QueueEnded("voicemail", "orders"))
    deadline = it.machine.deadline
    assert deadline is not None
    assert it.wait(deadline - it.now) == [RecordVoicemail("orders", 120.0)]
    deadline = it.machine.deadline
    assert deadline is not None
    assert it.wait(deadline - it.now) == [EndCall("error")]
