"""What callers leave behind: messages that are heard by phone, recordings, scores, texts and events for others."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from softswitch.contact.event import ContactFinished, SurveyAnswered
from softswitch.contact.mailbox import (
    GreetingChanged,
    MailboxOpened,
    MailboxRefused,
    MailboxRules,
    Message,
    VoicemailDeleted,
    VoicemailHeard,
    VoicemailLeft,
)
from softswitch.contact.outbox import WebhookDropped, WebhookTried
from softswitch.ivr.load import World as PlanWorld
from softswitch.ivr.load import load_plans
from softswitch.ivr.plan import Plan
from softswitch.switch.event import RecordingFailed, UnitFailed
from softswitch.switch.ports import Hushed, Unrecorded
from tests.simnet.house import PLAN, House
from tests.simnet.phone import Call, SimPhone
from tests.simnet.watcher import SimWatcher

RULES = MailboxRules(boxes=frozenset({"1001", "1002", "1004"}), pins={"1001": "4711", "1004": "4714"})
FEATURES = {"*97": "voicemail"}


def plans(steps: str) -> dict[str, Plan]:
    head = 'dialplan: behind\nnumbers: ["8100"]\nlanguage: en\nstart: first\nsteps:\n'
    known = PlanWorld(
        users=frozenset({"1001", "1002", "1003", "1004"}), queues=frozenset({"orders", "service"}),
        skills=frozenset({"orders", "service"}), webhooks=frozenset({"crm"}),
    )  # fmt: skip
    found, problems = load_plans({"shop.yaml": PLAN, "behind.yaml": head + steps}, known)
    assert not [problem for problem in problems if problem.level == "error"], problems
    return found


def house(steps: str = "  first: {hangup: normal}\n", **changes: Any) -> House:
    return House(plans=plans(steps), mailboxes=changes.pop("rules", RULES), features=FEATURES, **changes)


def begun(one: House, phone: SimPhone, number: str) -> Call:
    call = phone.call(number)
    one.world.run_until(lambda: call.state == "talking")
    return call


def leave(one: House, seconds: float, mailbox: str = "1001") -> Message:
    """A message of so many seconds in the mailbox of 1001, by a caller from outside."""
    before = len(one.world.facts(VoicemailLeft))
    call = begun(one, one.carrier, "8100")
    one.world.run_until(lambda: one.world.media.recordings)
    one.world.run(seconds)
    one.carrier.press(call, "#")
    one.world.run_until(lambda: call.state == "ended")
    left: list[VoicemailLeft] = one.world.facts(VoicemailLeft)[before:]
    assert [fact.message.mailbox for fact in left] == [mailbox]
    return left[0].message


def said(one: House) -> list[str]:
    """What was said since this was asked last: texts, and files of recordings."""
    found = [prompt.text or prompt.file for _, prompt in one.world.media.said]
    one.world.media.said.clear()
    return found


def pressed(one: House, call: Call, keys: str, phone: SimPhone, wait_s: float = 0.3) -> list[str]:
    """What is said once these keys are pressed, one after the other."""
    for key in keys:
        phone.press(call, key)
        one.world.run(wait_s)
    return said(one)


BOX = '  first: {voicemail: {mailbox: "1001", say: Speak., min: 2s}, next: bye}\n  bye: {hangup: normal}\n'


def test_messages_are_heard_kept_and_deleted_by_keys() -> None:
    one = house(BOX)
    first, second = leave(one, 5.0), leave(one, 6.0)
    one.world.run_until(lambda: one.alice.registered)
    said(one)
    call = begun(one, one.alice, "*97")
    assert said(one) == ["Please enter your PIN, followed by hash."]
    heard = pressed(one, call, "4711#", one.alice)
    assert "You have two new messages, and zero kept." in heard
    assert [(fact.mailbox, fact.own) for fact in one.world.facts(MailboxOpened)] == [("1001", True)]
    envelope, sound = pressed(one, call, "1", one.alice)
    assert envelope.startswith("Message one, from one three eight") and sound == f"recording:{first.file}"
    assert "today at" in envelope
    one.world.run_until(lambda: one.world.facts(VoicemailHeard))  # played to its end
    one.world.run(0.5)
    assert said(one)[0].startswith("To hear it again press 1")
    deleted, envelope, sound = pressed(one, call, "3", one.alice)
    assert deleted == "Deleted." and sound == f"recording:{second.file}"
    one.world.run(0.1)
    assert [path.name for path in one.world.media.erased] == [first.file]
    assert pressed(one, call, "6", one.alice)[0] == "There are no more messages."
    assert one.world.switch.mailboxes.counts("1001") == (1, 0)  # nobody has heard the second one to its end
    assert pressed(one, call, "*", one.alice) == ["Goodbye."]
    one.world.run_until(lambda: call.state == "ended")
    assert [fact.message.id for fact in one.world.facts(VoicemailDeleted)] == [first.id]
    assert [message.id for message in asyncio.run(one.world.store.voicemails())] == [second.id]
    assert not one.world.facts(UnitFailed)


def test_a_message_that_is_too_short_is_none() -> None:
    one = house(BOX)
    call = begun(one, one.carrier, "8100")
    one.world.run_until(lambda: one.world.media.recordings)
    one.world.run(1.5)
    one.carrier.hang_up(call)
    one.world.run_until(lambda: one.world.facts(ContactFinished))
    assert not one.world.facts(VoicemailLeft) and len(one.world.media.erased) == 1


def test_hash_skips_the_greeting() -> None:
    one = house(BOX.replace("Speak.", "A long text. " * 20))
    call = begun(one, one.carrier, "8100")
    one.world.run(0.3)
    one.carrier.press(call, "#")
    one.world.run(0.2)
    assert said(one)[-1] == "beep.wav"


def test_wrong_pins_lock_the_mailbox_whichever_calls_they_come_by() -> None:
    one = house(rules=replace(RULES, failures=4))
    for tries, why in ((3, "pin"), (1, "locked")):
        call = begun(one, one.alice, "*97")
        for _ in range(tries):
            pressed(one, call, "0000#", one.alice)
            one.world.run(2)
        one.world.run_until(lambda call=call: call.state == "ended", 60)
        assert one.world.facts(MailboxRefused)[-1].why == why
    call = begun(one, one.alice, "*97")
    one.world.run(0.2)
    assert said(one)[-1].startswith("There were too many wrong PINs") and not one.world.facts(MailboxOpened)
    one.world.run(RULES.lock_s + 10)
    call = begun(one, one.alice, "*97")
    assert "You have zero new messages, and zero kept." in pressed(one, call, "4711#", one.alice)


def test_the_own_phone_needs_no_pin_where_the_settings_say_so_and_others_do() -> None:
    steps = '  first: {mailbox: "1001", next: bye, failed: bye}\n  bye: {hangup: normal}\n'
    one = house(steps, rules=replace(RULES, own_phone_free=True))
    begun(one, one.alice, "8100")
    assert said(one)[0].startswith("You have")
    begun(one, one.desk, "8100")
    assert said(one) == ["Please enter your PIN, followed by hash."]
    begun(one, one.carrier, "8100")
    assert said(one) == ["Please enter your PIN, followed by hash."]


@pytest.mark.parametrize(("box", "why"), [("1002", "no pin"), ("7777", "unknown")])
def test_strangers_do_not_learn_which_mailboxes_there_are(box: str, why: str) -> None:
    steps = '  first: {mailbox: "{{ BOX }}", next: bye, failed: lost}\n  bye: {hangup: normal}\n'
    one = house(steps.replace("BOX", f"'{box}'") + "  lost: {say: Sorry., next: bye}\n")
    call = begun(one, one.carrier, "8100")
    for _ in range(3):
        assert said(one)[-1] == "Please enter your PIN, followed by hash."
        one.carrier.press(call, "4711#")
        one.world.run(0.2)
    one.world.run_until(lambda: call.state == "ended")
    assert said(one)[-1] == "Sorry."
    assert [fact.why for fact in one.world.facts(MailboxRefused)] == [why] * 3


def test_whoever_has_no_pin_is_told_so_at_his_own_phone() -> None:
    one = house()
    call = begun(one, one.bob, "*97")
    one.world.run_until(lambda: call.state == "ended")
    assert said(one) == ["This mailbox cannot be opened."]
    assert [fact.why for fact in one.world.facts(MailboxRefused)] == ["no pin"]


def test_an_owner_greets_callers_and_thinks_better_of_it() -> None:
    one = house(BOX)
    call = begun(one, one.alice, "*97")
    pressed(one, call, "4711#3", one.alice)
    assert pressed(one, call, "1", one.alice)[0].startswith("Please speak after the tone")
    one.world.run_until(lambda: one.world.media.recordings)
    one.world.run(3)
    draft = pressed(one, call, "#", one.alice)
    assert draft[-1].startswith("To use it press 1")
    file = draft[-2].removeprefix("recording:")
    pressed(one, call, "1", one.alice)
    assert [fact.greeting.file for fact in one.world.facts(GreetingChanged)] == [file]
    one.alice.hang_up(call)
    one.world.run(1)
    one.world.crash()  # the next process knows it
    one.world.start()
    begun(one, one.carrier, "8100")
    assert said(one)[0] == f"recording:{file}"
    one.world.run_until(lambda: one.alice.registered)
    call = begun(one, one.alice, "*97")
    pressed(one, call, "4711#33", one.alice)
    one.world.run(0.1)
    assert [path.name for path in one.world.media.erased] == [file]
    begun(one, one.carrier, "8100")
    assert "Speak." in said(one)


def test_who_left_a_message_is_called_back_and_the_messages_go_on() -> None:
    one = house(BOX, rules=replace(RULES, trunk="carrier"))
    leave(one, 5.0)
    call = begun(one, one.alice, "*97")
    pressed(one, call, "4711#1", one.alice)
    pressed(one, call, "5", one.alice)
    one.world.run_until(lambda: one.carrier.talking)
    assert one.carrier.talking[0].called.endswith("13800138000")
    one.carrier.hang_up(one.carrier.talking[0])
    one.world.run(0.5)
    assert said(one)[-1].startswith("To hear it again") and call.state == "talking"


def test_who_hears_messages_goes_on_where_control_was_killed() -> None:
    steps = '  first: {mailbox: "1001", next: thanks, failed: bye}\n  thanks: {say: Thanks., next: bye}\n'
    one = house(steps + "  bye: {hangup: normal}\n")
    call = begun(one, one.alice, "8100")
    pressed(one, call, "47", one.alice)
    one.world.crash()
    one.world.start()
    one.world.run(0.5)
    assert said(one) == ["Please enter your PIN, followed by hash."]
    assert "You have zero new messages, and zero kept." in pressed(one, call, "4711#", one.alice)
    one.world.crash()
    one.world.start()
    one.world.run(0.5)
    assert pressed(one, call, "*", one.alice)[-1] == "Goodbye."
    one.world.run_until(lambda: call.state == "ended")
    assert said(one) == ["Thanks."] and not one.world.facts(UnitFailed)


def test_the_lamp_goes_out_with_the_last_message_that_was_heard_by_phone() -> None:
    one = house(BOX)
    lamp = SimWatcher(one.world, "1001", 6201, "pw-1001")
    lamp.subscribe("1001", event="message-summary")
    leave(one, 5.0)
    one.world.run_until(lambda: b"Messages-Waiting: yes" in lamp.notifies[-1].body, 10)
    call = begun(one, one.alice, "*97")
    pressed(one, call, "4711#1", one.alice)
    pressed(one, call, "2", one.alice)
    one.world.run_until(lambda: b"Voice-Message: 0/1" in lamp.notifies[-1].body, 10)
    pressed(one, call, "23", one.alice)  # of the kept ones, delete
    one.world.run_until(lambda: b"Voice-Message: 0/0" in lamp.notifies[-1].body, 10)


def test_a_greeting_that_is_not_finished_leaves_no_file() -> None:
    for keys in ("31", "31#"):
        one = house(BOX)
        call = begun(one, one.alice, "*97")
        pressed(one, call, "4711#31", one.alice)
        one.world.run_until(lambda one=one: one.world.media.recordings)
        one.world.run(3)
        if keys.endswith("#"):
            pressed(one, call, "#", one.alice)
        one.alice.hang_up(call)
        one.world.run(1)
        assert one.world.media.erased == one.world.media.recorded and not one.world.facts(GreetingChanged)


# ---- recordings ------------------------------------------------------------------------------------------------

RECORD = """
  first: {record: {save: complaint, say: What is it?, silence: 3s, end: "*"}, next: again, failed: nothing}
  again: {play: "{{ complaint }}", next: length}
  length: {say: {number: "{{ complaint_seconds }}"}, next: bye}
  nothing: {say: Nothing., next: bye}
  bye: {hangup: normal}
"""


def test_what_a_caller_says_is_recorded_and_heard_again() -> None:
    one = house(RECORD.lstrip("\n"))
    call = begun(one, one.carrier, "8100")
    one.world.run_until(lambda: one.world.media.recordings)
    one.world.run(7)
    said(one)
    one.carrier.press(call, "*")
    one.world.run_until(lambda: call.state == "ended")
    file, length = said(one)
    (record,) = one.world.facts(ContactFinished)
    assert file == f"recording:{record.record.recording}" and file.startswith("recording:record-complaint-")
    assert length == "seven"


def test_who_falls_silent_is_done_and_who_says_nothing_has_recorded_nothing() -> None:
    one = house(RECORD.lstrip("\n"))
    for lasts_s, heard in ((9.0, "six"), (3.0, "Nothing.")):
        call = begun(one, one.carrier, "8100")
        one.world.run_until(lambda: one.world.media.recordings)
        one.world.run(lasts_s)
        (stream,) = (stream for stream, after_s in one.world.media.awaited.items() if after_s)
        one.world.feed(Hushed(stream))
        one.world.run_until(lambda call=call: call.state == "ended")
        assert said(one)[-1] == heard
        one.world.media.awaited.clear()


@pytest.mark.parametrize(("after_s", "left", "heard"), [(0.05, 0, "Sorry."), (5.0, 1, "Thanks.")])
def test_a_disk_that_is_full_is_no_message_lost_in_silence(after_s: float, left: int, heard: str) -> None:
    steps = """
  first: {voicemail: {mailbox: "1001"}, next: thanks, failed: sorry}
  thanks: {say: Thanks., next: bye}
  sorry: {say: Sorry., next: bye}
  bye: {hangup: normal}
"""
    one = house(steps.lstrip("\n"))
    call = begun(one, one.carrier, "8100")
    one.world.run_until(lambda: one.world.media.recordings)
    one.world.run(after_s)
    one.world.feed(Unrecorded(next(iter(one.world.media.recordings)), "disk_full", "no room"))
    one.world.run_until(lambda: call.state == "ended")
    assert said(one)[-1] == heard and len(one.world.facts(VoicemailLeft)) == left
    assert [fact.kind for fact in one.world.facts(RecordingFailed)] == ["disk_full"]


def test_a_caller_who_is_recorded_goes_on_speaking_where_control_was_killed() -> None:
    one = house(RECORD.lstrip("\n"))
    call = begun(one, one.carrier, "8100")
    one.world.run_until(lambda: one.world.media.recordings)
    one.world.run(3)
    one.world.crash()
    one.world.run(2)
    one.world.start()
    one.world.run(2)
    one.carrier.press(call, "*")
    one.world.run_until(lambda: call.state == "ended")
    assert said(one)[-1] == "seven" and not one.world.facts(UnitFailed)


@pytest.mark.parametrize(("word", "recorded"), [("start", True), ("stop", False)])
def test_a_plan_decides_whether_the_talk_is_recorded(word: str, recorded: bool) -> None:
    steps = f"  first: {{recording: {word}, next: talk}}\n  talk: {{queue: {{name: service}}}}\n"
    one = house(steps, recorded=frozenset() if recorded else frozenset({"service"}))
    one.world.switch.control.set_ready("bob")
    begun(one, one.carrier, "8100")
    one.world.run_until(lambda: one.bob.talking)
    one.world.run(1)
    assert bool(one.world.media.recorded) is recorded


# ---- surveys ---------------------------------------------------------------------------------------------------

SURVEY = """
  first: {queue: {name: service}, next: ask, failed: bye}
  ask:
    survey:
      name: quality
      questions:
        - {id: recommend, say: "From zero to ten?", scale: 0-10}
        - {id: friendly, say: "From one to five?", scale: 1-5}
    next: bye
  bye: {hangup: normal}
"""


def test_who_was_served_is_asked_and_the_answers_know_by_whom() -> None:
    one = house(SURVEY.lstrip("\n"))
    one.world.switch.control.set_ready("bob")
    call = begun(one, one.carrier, "8100")
    one.world.run_until(lambda: one.bob.talking)
    one.bob.hang_up(one.bob.talking[0])
    one.world.run(0.5)
    one.carrier.press(call, "1")
    one.world.run(0.4)
    one.carrier.press(call, "0")
    one.world.run(0.4)
    answer = one.world.facts(SurveyAnswered)[0]
    assert (answer.question, answer.score, answer.queue, answer.agent) == ("recommend", 10, "service", "bob")
    one.carrier.hang_up(call)  # what was answered is kept
    one.world.run(1)
    (row,) = asyncio.run(one.world.store.answers("quality"))
    assert (row.question, row.score, row.count, row.agent) == ("recommend", 10, 1, "bob")


def test_a_survey_goes_on_with_the_question_that_was_being_asked() -> None:
    queued = "first: {queue: {name: service}, next: ask, failed: bye}"
    one = house(SURVEY.lstrip("\n").replace(queued, "first: {answer: {}, next: ask}"))
    call = begun(one, one.carrier, "8100")
    assert pressed(one, call, "7", one.carrier)[-1] == "From one to five?"
    one.world.crash()
    one.world.start()
    one.world.run(0.5)
    assert said(one) == ["From one to five?"]
    pressed(one, call, "5", one.carrier)
    rows = asyncio.run(one.world.store.answers("quality"))
    assert [(row.question, row.score) for row in rows] == [("friendly", 5), ("recommend", 7)]


# ---- texts and events ------------------------------------------------------------------------------------------


def test_a_text_reaches_a_users_phone_and_a_plan_knows_when_it_does_not() -> None:
    steps = """
  first: {message: {to: "1004", text: "{{ caller.number }} has called"}, next: second, failed: bye}
  second: {message: {to: "1003", text: lost}, next: bye, failed: sorry}
  sorry: {say: Sorry., next: bye}
  bye: {hangup: normal}
"""
    one = house(steps.lstrip("\n"))
    reader = SimWatcher(one.world, "1004", 6204, "pw-1004")
    assert reader.register().status == 200
    call = one.carrier.call("8100")
    one.world.run_until(lambda: call.state == "ended", 60)
    assert said(one) == ["Sorry."]
    (text,) = reader.texts
    assert (text.body, text.from_.uri.user) == (b"13800138000 has called", "8100")


def test_a_phone_that_does_not_answer_keeps_the_caller_no_longer_than_is_written() -> None:
    steps = """
  first: {message: {to: "1004", text: hello, timeout: 2s}, next: bye, failed: sorry}
  sorry: {say: Sorry., next: wait}
  wait: {collect: {say: Number., save: number, timeout: 60s}, next: bye, failed: bye}
  bye: {hangup: normal}
"""
    one = house(steps.lstrip("\n"))
    one.world.peers[one.desk.address] = lambda message, flow: None
    begun(one, one.carrier, "8100")
    one.world.run(1.5)
    assert said(one) == ["Sorry.", "Number."]
    one.world.run(40)  # the answer that comes too late is for nobody
    assert not one.world.facts(UnitFailed)


HOOK = """
  first: {emit: {hook: crm, event: call.rated, data: {caller: "{{ caller.number }}", score: 7}}, next: bye}
  bye: {hangup: normal}
"""


def test_an_event_is_told_until_it_is_taken_also_by_the_next_process() -> None:
    one = house(HOOK.lstrip("\n"), webhooks={"crm": 3600.0})
    one.world.services["crm"] = 503
    one.carrier.call("8100")
    one.world.run_until(lambda: len(one.world.posted) == 2, 30)
    body = json.loads(one.world.posted[0].body)
    assert body["type"] == "call.rated" and body["data"] == {"caller": "13800138000", "score": 7}
    one.world.crash()
    one.world.services.clear()
    one.world.start()
    one.world.run_until(lambda: one.world.facts(WebhookTried)[-1].outcome == "sent", 60)
    assert len({delivery.id for delivery in one.world.posted}) == 1, "it is the same one, by its id"
    assert not asyncio.run(one.world.store.deliveries()) and not one.world.switch.outbox.waiting
    one.world.run(7200)
    assert [fact.outcome for fact in one.world.facts(WebhookTried)] == ["failed", "failed", "sent"]


def test_what_a_service_never_takes_is_kept_as_dead_and_may_have_another_life() -> None:
    one = house(HOOK.lstrip("\n"), webhooks={"crm": 600.0})
    one.world.services["crm"] = 500
    one.carrier.call("8100")
    one.world.run_until(lambda: one.world.switch.outbox.dead, 3600)
    tries = one.world.facts(WebhookTried)
    assert [fact.outcome for fact in tries[-2:]] == ["failed", "dead"] and 5 <= len(tries) <= 9
    (dead,) = asyncio.run(one.world.store.deliveries())
    assert (dead.state, dead.error) == ("dead", "status 500")
    one.world.services.clear()
    one.world.switch.command(lambda: one.world.switch.outbox.retry(dead.id))
    one.world.run(1)
    assert not asyncio.run(one.world.store.deliveries())


def test_an_event_for_nobody_is_dropped() -> None:
    one = house(HOOK.lstrip("\n"))
    one.carrier.call("8100")
    one.world.run_until(lambda: one.world.facts(WebhookDropped), 10)
    assert one.world.facts(WebhookDropped)[0].why == "unknown"
