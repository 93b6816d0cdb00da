"""Calls that a campaign makes: its plan is played with a row of its list, and what the row lacks is told before."""

from __future__ import annotations

import dataclasses

import pytest

from softswitch.callback.campaign import Campaign
from softswitch.callback.model import Policy, Window
from softswitch.contact.answering import Answering
from softswitch.contact.treatment import Sound
from softswitch.core.errors import Problem
from softswitch.ivr.reading import campaign_columns
from softswitch.rehearsal.outcome import Outcome
from softswitch.rehearsal.suite import perform, read_all
from softswitch.switch.configuration import Configuration
from tests.simnet.house import PLAN, configuration, plans

REMINDER = """
dialplan: reminder
language: en
start: tell
steps:
  tell:
    say: "Dear {{ caller.name }}, {{ campaign.name }}: {{ campaign.due }} is due for {{ campaign.what }}."
    next: old
  old: {when: {if: campaign.since == "May", then: ask}, else: ask}
  ask:
    menu: {say: Press 1., keys: {1: agent, 2: tell}, timeout: 5s, tries: 1}
    failed: bye
  agent: {queue: {name: orders}, failed: end, next: end}
  bye: {say: Goodbye., next: end}
  end: {hangup: normal}
"""
PAYMENTS = Campaign(
    "payments", "orders", "reminder", required=frozenset({"due", "name"}), variables=(("what", "gas"), ("since", "")),
    reserved=frozenset({"caller"}), paused=True, begins_at=4e9, ends_at=5e9,
)  # fmt: skip
ROW = 'with name="Ann Lee" due="12 euros"'


@pytest.fixture(scope="module")
def house() -> Configuration:
    times = {"begins_at": 4e9, "ends_at": 5e9, "window": Window("UTC", 540, 1260)}
    policies = (
        Policy("orders", "carrier", campaign="payments", plan="reminder", first="customer", stages=(), **times),
        Policy("orders", "carrier", campaign="welcome", stages=(), numbers="1[0-9]{3}"),
    )
    campaigns = {"payments": PAYMENTS, "welcome": Campaign("welcome", "orders")}
    both = {**plans(PLAN), **plans(REMINDER)}
    return configuration(policies=policies, campaigns=campaigns, plans=both, zone="UTC")


def read(house: Configuration, text: str) -> tuple[Outcome | None, list[Problem]]:
    lines = "\n".join(f"  {line}" for line in text.strip().splitlines())
    transcripts, problems = read_all({"reminder.calls": f"call: a\n{lines}\n"}, house)
    return (None if problems else perform(transcripts[0], house)), problems


TOLD = "hears Dear Ann Lee, payments: 12 euros is due for gas.\n"
RIGHT = {
    "the plan knows the row": f"campaign payments calls 13800138000 {ROW}\nalice is free\n{TOLD}hears Press 1.\n"
    "hears Goodbye.\nis hung up\nfact PromiseChanged state=kept number=+8613800138000",
    "a row has the last word": f"campaign payments calls {ROW} what=water\nalice is free\n"
    "hears Dear Ann Lee, payments: 12 euros is due for water.",
    "quotes in a value": r'campaign payments calls with name="\"Ann\"" due=1'
    + '\nalice is free\nhears Dear "Ann", pay…',
    "an agent of the plan": f"campaign payments calls {ROW}\nalice is free\n{TOLD}hears Press…\npresses 1\n"
    "enters queue orders\nreaches agent\ntalks to alice for 5s\nalice hangs up\nis hung up",
    "who hangs up at once": f"campaign payments calls {ROW}\nalice is free\nhears Dear…\nhangs up at once\n"
    'fact PromiseChanged outcome="hung up"',
    "who is busy": f"campaign payments calls {ROW}\nalice is free\ncaller is busy\ncaller rings\n"
    "fact PromiseChanged outcome=busy",
    "who does not answer": f"campaign payments calls {ROW}\nalice is free\ncaller does not answer\ncaller rings\n"
    'fact PromiseChanged outcome="no answer"',
    "who answers late": f"campaign payments calls {ROW}\nalice is free\ncaller answers after 20s\n{TOLD}",
    "agent first": "campaign welcome calls 13800138000\nalice is free\nalice hears Callback to…\ntalks to alice\n"
    "hangs up",
    "a phone of the house": "campaign welcome calls 1004\nalice is free\n...\ntalks to alice",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_a_call_of_a_campaign_goes_as_it_is_written(house: Configuration, text: str) -> None:
    outcome, problems = read(house, text)
    assert outcome is not None and outcome.passed, (problems, outcome and (outcome.why, outcome.rows))


def test_what_is_heard_first_is_heard_in_the_rehearsal(house: Configuration) -> None:
    greeted = {"welcome": Answering(greeting=Sound(texts={"": "This is the shop."}), press_1=True)}
    built = dataclasses.replace(house, answering=greeted)
    outcome, problems = read(
        built, "campaign welcome calls\nalice is free\nhears This is the shop…\npresses 1\ntalks to alice"
    )
    assert outcome is not None and outcome.passed, (problems, outcome and (outcome.why, outcome.rows))


def test_it_does_not_go_another_way_unseen(house: Configuration) -> None:
    outcome, _ = read(house, f"campaign payments calls {ROW}\nalice is free\nhears Dear Bob…")
    assert outcome is not None
    assert (outcome.failed_at, outcome.why) == (4, "expected: hears Dear Bob…")
    assert "Dear Ann Lee" in outcome.rows[-1].actual


NOBODY = [
    (
        f"campaign payments calls {ROW}\nhears x",
        "no agent free; write in the scene who is there, for example   alice is",
    ),
    (
        f"at 23:00\ncampaign payments calls {ROW}\nalice is free\nhears x",
        "outside hours; write in the scene when it may",
    ),
]


@pytest.mark.parametrize(("text", "why"), NOBODY)
def test_why_nobody_is_called(house: Configuration, text: str, why: str) -> None:
    outcome, problems = read(house, text)
    assert not problems and outcome is not None
    assert outcome.why.startswith(f"campaign payments calls nobody: {why}")


WRONG = [
    ("campaign payment calls", "there is no campaign 'payment'; did you mean 'payments'?"),
    ("campaign payments calls with name=Ann", 'the row has no due, and reminder reads it; write   with due="..."'),
    (
        "campaign payments calls with due=1",
        'the row has no name, and campaign payments requires it; write   with name="',
    ),
    (f"campaign payments calls {ROW} wat=1", "nothing in reminder reads campaign.wat; did you mean 'what'?"),
    (f"campaign payments calls {ROW} number=1", "number is no variable, but says when or whom the campaign calls; the"),
    (f"campaign payments calls {ROW} due=2", "due is there twice; a row of the list says each column once"),
    (f"campaign payments calls {ROW} Ann", "'Ann' is no column and its value; write for example   with name="),
    (
        f"campaign payments calls 1380013 {ROW}",
        "number '1380013' is not called: invalid; write a whole number, for example +86",
    ),
    (
        "campaign welcome calls 1004\nfrom 1\nhears x",
        "'from 1' is too much: 'campaign welcome calls 1004",
    ),
    ("hears x\ncampaign welcome calls", "'campaign welcome calls' belongs to the beginning of a call"),
    (f"campaign payments calls {ROW} nam=1", "nothing in reminder reads campaign.nam; did you mean 'name'?"),
    ("campaign welcome calls 1001", "1001 is the telephone of alice, who is to talk to the customer; let it call"),
    ("campaign welcome called 1004", "'campaign welcome called 1004' is not understood; did you mean   campaign NAME"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_wrong_is_told_before_anything_is_played(house: Configuration, text: str, message: str) -> None:
    _, problems = read(house, text)
    assert any(one.message.startswith(message) for one in problems), problems
    line = 3 if text.startswith("hears") or "\nfrom" in text else 2
    assert (problems[0].file, problems[0].line) == ("reminder.calls", line)


def test_a_plan_may_have_calls_of_both_kinds(house: Configuration) -> None:
    text = (
        f"always:\n  from 13900139000 to 8000\n  alice is free\ncall: ours\n  campaign payments calls {ROW}\n  {TOLD}"
    )
    (transcript,), problems = read_all({"reminder.calls": text}, house)
    assert not problems and perform(transcript, house).passed


def test_who_passes_the_whole_row_on_may_read_any_column(house: Configuration) -> None:
    whole = plans(REMINDER.replace("Press 1.", '"{{ campaign }}"'))["reminder"]
    assert campaign_columns(house.plans["reminder"]) == {"due", "what", "since"}
    assert campaign_columns(whole) is None
