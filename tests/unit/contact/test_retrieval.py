"""Somebody hears the messages of a mailbox, whatever they press."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from softswitch.contact.mailbox import (
    Greeting,
    GreetingChanged,
    Mailboxes,
    MailboxOpened,
    MailboxRefused,
    MailboxRules,
    Message,
    VoicemailDeleted,
    VoicemailHeard,
)
from softswitch.contact.order import EraseRecording, MailboxLeft
from softswitch.contact.reading import Reading, moved
from softswitch.contact.retrieval import ASKED, KEY_S, PIN_S, Retrieval
from softswitch.contact.sentences import counted, envelope
from softswitch.core.effect import Effect
from softswitch.ivr.behind import RecordCaller
from softswitch.ivr.model import (
    DialEnded,
    DialOut,
    HungUp,
    IvrInput,
    PlayEnded,
    PlayPrompts,
    Pressed,
    RecordEnded,
    Start,
    StopPlaying,
)

EPOCH = 1_790_000_000.0
RULES = MailboxRules(frozenset({"1001", "1002"}), {"1001": "4711"}, zone=ZoneInfo("Asia/Shanghai"))


def message(number: int, caller: str = "1002") -> Message:
    return Message(f"vm-{number}", "1001", "c-1", caller, f"vm-{number}.wav", EPOCH - 100.0 + number, 5.0)


WAITS = {
    PlayPrompts: "prompt", StopPlaying: "key", RecordCaller: "recording", DialOut: "dial", MailboxLeft: "nothing",
}  # fmt: skip


class Owner:
    """Whoever hears them; facts come true as the switch would have them."""

    def __init__(self, *messages: Message, free: bool = True, rules: MailboxRules = RULES) -> None:
        self.boxes = Mailboxes(replace(rules, own_phone_free=free))
        self.boxes.restore(messages)
        self.script = Retrieval(Reading("c-1", "1001", "en", own=free, epoch=EPOCH), self.boxes)
        self.now = 0.0
        self.waits_for = ""
        self.facts: list[Effect] = []
        self.first = self.take(self.script.begin(self.now))

    def feed(self, event: IvrInput) -> list[Effect]:
        return self.take(self.script.handle(event, self.now))

    def wait(self, seconds: float) -> list[Effect]:
        self.now += seconds
        return self.take(self.script.tick(self.now))

    def take(self, effects: list[Effect]) -> list[Effect]:
        for effect in effects:
            self.waits_for = WAITS.get(type(effect), self.waits_for)
            match effect:
                case VoicemailHeard(message=one):
                    self.boxes.put(one)
                case VoicemailDeleted(message=one):
                    self.boxes.remove(one)
                case GreetingChanged(greeting=greeting):
                    self.boxes.greet(greeting)
                case MailboxRefused(mailbox=mailbox, why="pin", own=own):
                    self.boxes.refused(mailbox, own, self.now)
            self.facts.append(effect)
        return effects


def said(effects: list[Effect]) -> list[str]:
    return [
        prompt.text or prompt.file for order in effects if isinstance(order, PlayPrompts) for prompt in order.prompts
    ]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_pressed_and_whenever_somebody_is_always_waited_for_or_gone(seed: int) -> None:
    chance = random.Random(seed)
    owner = Owner(*(message(number) for number in range(4)), free=chance.random() < 0.5)
    for _ in range(400):
        if owner.waits_for == "nothing":
            return
        answers: dict[str, IvrInput] = {
            "prompt": PlayEnded(chance.random() < 0.9), "recording": RecordEnded(chance.choice(("", "draft.wav")), 3.0),
            "dial": DialEnded("busy"),
        }  # fmt: skip
        if owner.waits_for in ("recording", "dial"):
            owner.feed(answers[owner.waits_for])
        elif chance.random() < 0.6:
            owner.feed(Pressed(chance.choice("1234567890*#" if chance.random() < 0.5 else "4711#")))
        elif owner.waits_for == "prompt":
            ended = answers["prompt"]
            owner.waits_for = "key"
            owner.feed(ended)
        else:
            owner.wait(chance.choice((1.0, KEY_S + 1)))
        if owner.waits_for == "key":
            assert owner.script.deadline is not None, owner.script.state
    kept = owner.boxes.messages()
    assert len({one.id for one in kept}) == len(kept)


def test_who_presses_nothing_is_asked_a_few_times_and_let_go() -> None:
    owner = Owner()
    for _ in range(ASKED - 1):
        owner.feed(PlayEnded())
        assert said(owner.wait(KEY_S))[-1].startswith("For new messages")
    owner.feed(PlayEnded())
    assert said(owner.wait(KEY_S)) == ["Goodbye."]
    assert owner.feed(PlayEnded()) == [MailboxLeft("next")]


def test_nobody_waits_for_ever_for_the_end_of_what_is_said() -> None:
    owner = Owner(message(0))
    for keys in ("", "1", "", "*31"):  # at first, in a message, before its menu, before a greeting
        for key in keys:
            owner.feed(Pressed(key))
        assert owner.script.deadline is not None
        owner.now = owner.script.deadline
        owner.wait(0.0)
        if owner.waits_for == "prompt" and not owner.script.state.saying:
            owner.waits_for = "key"
    assert owner.waits_for == "recording"


@pytest.mark.parametrize("keys", ["", "1", "3", "31"])
def test_another_process_goes_on_wherever_it_was(keys: str) -> None:
    owner = Owner(message(0))
    for key in keys:
        owner.feed(Pressed(key))
    before = owner.script.state.phase
    script = Retrieval(moved(owner.script.state, 10.0, EPOCH), owner.boxes)
    assert said(script.resume(10.0)) and script.state.phase == before and script.deadline is not None


def test_a_pin_ends_with_hash_or_when_no_more_comes() -> None:
    owner = Owner(free=False)
    assert owner.feed(Pressed("4")) == [StopPlaying()]
    for digit in "711":
        assert owner.feed(Pressed(digit)) == []
    assert any(isinstance(fact, MailboxOpened) for fact in owner.wait(PIN_S))


def test_who_types_no_pin_has_not_guessed_one() -> None:
    owner = Owner(free=False)
    for _ in range(RULES.tries):
        owner.feed(PlayEnded())
        owner.wait(PIN_S)
    assert not any(isinstance(fact, MailboxRefused) for fact in owner.facts)
    assert owner.feed(PlayEnded()) == [MailboxLeft("failed")]


def test_the_one_before_is_the_one_before_that_is_still_there() -> None:
    owner = Owner(*(message(number) for number in range(3)))
    owner.feed(Pressed("1"))
    owner.feed(Pressed("6"))  # the second
    assert said(owner.feed(Pressed("3")))[-1] == "recording:vm-2.wav"
    assert said(owner.feed(Pressed("4")))[-1] == "recording:vm-0.wav"


def test_a_message_that_another_phone_has_deleted_meanwhile_is_passed_over() -> None:
    owner = Owner(message(0), message(1))
    owner.feed(Pressed("1"))
    owner.boxes.remove(message(0))
    assert said(owner.feed(PlayEnded()))[-1] == "recording:vm-1.wav"
    owner.boxes.remove(message(1))
    assert said(owner.feed(PlayEnded()))[0] == "There are no more messages."


@pytest.mark.parametrize(
    ("caller", "trunk", "order"),
    [
        ("1002", "", DialOut(users=("1002",), ring_s=30.0)),
        ("13800138000", "carrier", DialOut(number="13800138000", trunk="carrier", ring_s=30.0)),
        ("13800138000", "", None),
        ("", "carrier", None),
        ("anonymous", "carrier", None),
    ],
)
def test_who_is_called_back_and_how(caller: str, trunk: str, order: DialOut | None) -> None:
    rules = MailboxRules(RULES.boxes, RULES.pins, trunk=trunk)
    owner = Owner(message(0, caller), rules=rules)
    owner.feed(Pressed("1"))
    orders = owner.feed(Pressed("5"))
    if order is None:
        assert said(orders)[0] == "This number cannot be called back."
    else:
        assert orders == [StopPlaying(), order]
        assert said(owner.feed(DialEnded("busy")))[0].startswith("To hear it again")


def test_a_greeting_that_is_recorded_again_leaves_the_former_one_to_nobody() -> None:
    owner = Owner()
    owner.feed(Pressed("3"))
    owner.feed(Pressed("1"))
    assert owner.feed(PlayEnded()) == [RecordCaller("greeting", 120.0)]
    owner.feed(RecordEnded("a.wav", 3.0))
    assert owner.feed(Pressed("2"))[0] == EraseRecording("a.wav")
    owner.feed(PlayEnded())
    owner.feed(RecordEnded("b.wav", 3.0))
    assert owner.feed(Pressed("1"))[0] == GreetingChanged(Greeting("1001", "b.wav", EPOCH))
    assert owner.script.abandoned("") == [] and owner.feed(HungUp()) == []


def test_who_is_locked_out_is_the_one_who_has_tried() -> None:
    owner = Owner(message(1), rules=replace(RULES, failures=1))
    owner.boxes.refused("1001", own=False, now=0.0)
    assert said(Retrieval(Reading("c-2", "1001", "en", own=False, epoch=EPOCH), owner.boxes).begin(0.0)) == [
        "There were too many wrong PINs. Please try again later."
    ]
    owner.boxes.rules = replace(owner.boxes.rules, own_phone_free=False)
    assert said(owner.script.begin(0.0)) == ["Please enter your PIN, followed by hash."]


def test_the_feature_code_begins_by_itself() -> None:
    free = replace(RULES, own_phone_free=True)
    script = Retrieval(Reading("", "1001", "zh", own=True, epoch=0.0), Mailboxes(free))
    wall = datetime.fromtimestamp(EPOCH + 5.0, UTC)
    orders = script.handle(Start("c-9", "1001", "", "*97", "", wall), 5.0)
    assert MailboxOpened("1001", "c-9", own=True) in orders and script.state.epoch == EPOCH
    assert "您有零条新留言，零条已保存的留言。" in said(orders)


@pytest.mark.parametrize(
    ("left", "language", "text"),
    [
        (EPOCH, "en", "Message two, from one zero zero two, today at"),
        (EPOCH - 86400, "en", "Message two, from one zero zero two, yesterday at"),
        (EPOCH - 86400 * 40, "en", "Message two, from one zero zero two, on the twelfth of August at"),
        (EPOCH, "zh", "第二条，来自幺零零二，今天"),
    ],
)
def test_what_is_said_of_a_message(left: float, language: str, text: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    at, now = datetime.fromtimestamp(left, zone), datetime.fromtimestamp(EPOCH, zone)
    assert envelope(message(1), at, now, 2, language).text.startswith(text)


def test_how_many_there_are() -> None:
    assert counted(1, 0, "en").text == "You have one new message, and zero kept."
    assert counted(2, 2, "zh").text == "您有两条新留言，两条已保存的留言。"
