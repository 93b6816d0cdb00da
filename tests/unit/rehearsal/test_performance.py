"""What a transcript must say, what it may leave out, and how it is told where the two part."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softswitch.acd.model import AgentSpec, Need, QueueSpec
from softswitch.ivr.calendar import Calendar
from softswitch.rehearsal.coverage import measure
from softswitch.rehearsal.outcome import Outcome
from softswitch.rehearsal.suite import perform, read_all
from softswitch.switch.configuration import Configuration
from tests.simnet.house import configuration, plans

PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
start: welcome
steps:
  welcome: {say: "Welcome.", next: menu}
  menu:
    menu: {say: "Press 1, 2, 3, 4 or 5.", keys: {1: orders, 2: lookup, 3: desk, 4: no, 5: bye}, timeout: 5s, tries: 2}
    failed: bye
  orders: {queue: {name: orders, offer_callback: {after: 20s, key: 1}}, failed: bye, next: bye}
  lookup: {http: {get: "http://crm.example/{{ caller.number }}", timeout: 2s, save: who}, next: read, failed: broken}
  read:   {say: "{{ who.name }}", next: bye}
  broken: {say: "Sorry.", next: bye}
  desk:   {dial: {user: "1004", ring: 10s}, busy: engaged, no_answer: nobody, failed: broken, next: bye}
  engaged: {say: "Busy.", next: bye}
  nobody: {say: "Nobody.", next: bye}
  no:     {set: {order: "12 34"}, next: bye}
  bye:    {hangup: normal}
"""


@pytest.fixture(scope="module")
def house() -> Configuration:
    queues = (QueueSpec("orders", (Need("orders", 3),), max_waiting=2), QueueSpec("service", (Need("service", 3),)))
    calendars = {"office": Calendar("office", "UTC")}
    return dataclasses.replace(configuration(), plans=plans(PLAN), queues=queues, calendars=calendars, zone="UTC")


def played(house: Configuration, text: str, **changes: Any) -> Outcome:
    lines = "\n".join(f"  {line}" for line in ["to 8000", *text.strip().splitlines()])
    built = dataclasses.replace(house, **changes)
    (transcript,), problems = read_all({"shop.calls": f"call: a\n{lines}\n"}, built)
    assert not problems, problems
    return perform(transcript, built)


MENU = "hears Welcome.\nhears Press 1, 2, 3, 4 or 5.\n"
RIGHT = {
    "the caller hangs up after the last line": "hears Welcome.",
    "the beginning is enough": "hears Wel…",
    "what does not matter": "...\nhears Press…\npresses 5\nis hung up",
    "nothing is pressed": MENU + "hears Press…\nis hung up",
    "a key that interrupts": "hears Welcome.\npresses 5 at once\nis hung up",
    "an agent answers, hangs up": "alice is free\n" + MENU + "presses 1\nenters queue orders\ntalks to alice for 5s\n"
    "alice hangs up\nis hung up",
    "an agent by the telephone": "alice is free\n" + MENU + "presses 1\nenters queue orders\n1001 rings\ntalks to 1001",
    "an agent who comes later": MENU + "presses 1\nenters queue orders\nwaits 10s\nalice is free\ntalks to alice",
    "an agent who is busy at first": "alice is busy\n" + MENU + "presses 1\nenters queue orders\nwaits 10s\n"
    "alice is free\ntalks to alice",
    "an agent on a break": "alice is on a break\n" + MENU + "presses 1\nenters queue orders\nhears You are next…",
    "an agent who was free goes away": "alice is free\n" + MENU + "alice is busy\npresses 1\nenters queue orders\n"
    "waits 5s\nalice is away\nalice is free\ntalks to alice",
    "others wait": "1 callers wait in orders\n" + MENU + "presses 1\nenters queue orders\nhears You are number two…",
    "others are served first": "1 callers wait in orders\nalice is free\n" + MENU + "presses 1\nenters queue orders\n"
    "talks to alice",
    "announcements may be left out": MENU + "presses 1\nenters queue orders\nwaits 19s\nhears If you would rather…\n"
    "presses 1\nhears Thank you…\nis promised a callback in orders to 13800138000\nis hung up",
    "hanging up in the queue": MENU + "presses 1\nenters queue orders\nwaits 10s\nhangs up\n"
    "is promised a callback as abandoned",
    "full": "2 callers wait in orders\n" + MENU + "presses 1\nis hung up\nis promised a callback as queue-full",
    "an answer": 'http GET */13800138000 answers 200 {"name": "Li"}\n' + MENU + "presses 2\nasks GET /13800138000\n"
    "hears Li",
    "an answer of another status": "http GET http://crm.example/* answers 404\n" + MENU + "presses 2\nhears Sorry.",
    "a slow answer": 'http GET * answers after 3s 200 {"name": "Li"}\n' + MENU + "presses 2\nhears Sorry.",
    "no answer": "http GET * does not answer\n" + MENU + "presses 2\nhears Sorry.",
    "an answer that is no JSON": "http GET * answers 200 <html>\n" + MENU + "presses 2\nhears Sorry.",
    "the last line that fits": "http GET * answers 500\n" + MENU + 'http GET * answers 200 {"name": "Li"}\npresses 2\n'
    "hears Li",
    "the desk answers": "1004 answers after 3s\n" + MENU + "presses 3\ntalks to 1004\n1004 hangs up\nis hung up",
    "the desk is busy": "1004 is busy\n" + MENU + "presses 3\nhears Busy.",
    "nobody is at the desk": "1004 does not answer\n" + MENU + "presses 3\n1004 rings\nhears Nobody.",
    "the caller is one of ours": "from 1002\n" + MENU + "presses 4\nis hung up",
    "steps and variables": MENU + "presses 4\nreaches no\nvariable order is 12 34\nis hung up",
    "facts": MENU + "presses 1\nenters queue orders\nfact QueueJoined queue=orders position=1",
    "somebody else calls": "alice is free\n" + MENU + "13900139000 calls 8000\n13900139000 hears Welcome.",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_a_call_that_goes_as_it_is_written(house: Configuration, text: str) -> None:
    outcome = played(house, text)
    assert outcome.passed, (outcome.why, outcome.rows)
    assert all(row.right for row in outcome.rows)


@pytest.mark.parametrize(
    "spec", [AgentSpec("dora", "", (("orders", 5),)), AgentSpec("dora", "1001", (("orders", 5),), ("1002",))]
)
def test_an_agent_at_whatever_desk_or_at_two_phones_is_called_by_the_name(
    house: Configuration, spec: AgentSpec
) -> None:
    text = "dora is free\n" + MENU + "presses 1\nenters queue orders\ntalks to dora for 5s\ndora hangs up\nis hung up"
    outcome = played(house, text, agents=(spec,))
    assert outcome.passed, (outcome.why, outcome.rows)


WRONG = {
    "something else is heard": ("hears Hello.", 3, "expected: hears Hello."),
    "what is heard is not written": ("hears Welcome.\npresses 5", 4, "this is not in the transcript"),
    "not yet over": (MENU + "is hung up", 5, "expected: is hung up"),
    "over already": (MENU + "presses 5\nis hung up\npresses 1", 7, "the call is over"),
    "nothing happens any more": (MENU + "presses 5\nis hung up\nhears Bye.", 7, "nothing more happens"),
    "another agent": ("alice is free\n" + MENU + "presses 1\n...\ntalks to bob", 8, "nothing more happens"),
    "no request": (MENU + "presses 5\nasks GET /x", 6, "this has not happened: asks GET /x"),
    "a step that is not taken": (MENU + "presses 5\nreaches orders", 6, "this has not happened: reaches orders"),
    "another priority": (
        MENU + "presses 1\nenters queue orders with priority 60s", 6, "expected: enters queue orders with"
    ),
    "a callback to somebody else": (
        MENU + "presses 1\nenters queue orders\nwaits 10s\nhangs up\nis promised a callback to 8000", 9,
        "this has not happened: is promised a callback to 8000",
    ),
    "an unforeseen request": (MENU + "presses 2\nhears Li", 5, "the plan asks GET http://crm.example/13800138000"),
    "an unforeseen telephone": (MENU + "presses 3\ntalks to 1004", 6, "the telephone of 1004 rings, and nothing says"),
    "an unknown caller's trunk": ("1004 is free\nhears Welcome.", 3, "1004 is the name of no agent"),
    "nobody to press": (MENU + "bob presses 1", 5, "bob is in no call"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "why"), WRONG.values(), ids=WRONG.keys())
def test_where_they_part(house: Configuration, text: str, line: int, why: str) -> None:
    outcome = played(house, text)
    assert (outcome.failed_at, outcome.why[: len(why)]) == (line, why), outcome.rows


def test_both_are_shown_side_by_side(house: Configuration) -> None:
    outcome = played(house, MENU + "presses 1\nhears Sorry.")
    told = [(row.number, row.expected, row.actual, row.right) for row in outcome.rows]
    assert told == [
        (3, "hears Welcome.", "hears Welcome.", True),
        (4, "hears Press 1, 2, 3, 4 or 5.", "hears Press 1, 2, 3, 4 or 5.", True),
        (5, "presses 1", "presses 1", True),
        (6, "hears Sorry.", "enters queue orders", False),
    ]
    assert (outcome.step, outcome.where) == ("orders", "shop.yaml:11")
    assert outcome.as_json()["line"] == 6


def test_a_defect_of_the_switch_fails_the_call(house: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("softswitch.rehearsal.internet.Internet.fetch", broken)
    assert "the switch failed" in played(house, MENU + "presses 2\nhears Li").why


NAMES = [
    ("anne is free\nhears x", "there is no person 'anne'; there are"),
    ("alicia is free\nhears x", "there is no person 'alicia'; did you mean 'alice'?"),
    ("2 callers wait in order\nhears x", "there is no queue 'order'; did you mean 'orders'?"),
    ("calendar offices is open\nhears x", "there is no calendar 'offices'; did you mean 'office'?"),
    ("from 1 through carier\nhears x", "there is no trunk 'carier'; did you mean 'carrier'?"),
    ("hears x\nreaches menue", "there is no step 'menue'; did you mean 'menu'?"),
    ("at 10:00 Nowhere/Land\nhears x", "'Nowhere/Land' is not a time zone"),
    ("at 2026-02-30 10:00\nhears x", "there is no day 2026-02-30"),
    ("hears x\nfact QueueJoint queue=orders", "there is no fact 'QueueJoint'; did you mean 'QueueJoined'?"),
    ("hears x\ntalks to alise", "there is no person 'alise'; did you mean 'alice'?"),
]


@pytest.mark.parametrize(("text", "message"), NAMES)
def test_names_that_are_not_there_are_told_before_anything_is_played(
    house: Configuration, text: str, message: str
) -> None:
    lines = "\n".join(f"  {line}" for line in text.splitlines())
    _, problems = read_all({"shop.calls": f"call: a\n{lines}\n"}, house)
    assert any(one.message.startswith(message) for one in problems), problems


def test_which_steps_and_branches_were_taken(house: Configuration) -> None:
    one = played(house, MENU + "presses 4\nis hung up")
    (found,) = measure(house.plans, [one])
    assert (found.steps, len(found.missing_steps)) == (11, 7)
    assert ("menu", "orders") in found.missing_branches and ("menu", "no") not in found.missing_branches
    assert round(found.percent) == 36 and measure(house.plans, [])[0].percent == 0.0


def test_the_same_call_goes_the_same_way(house: Configuration) -> None:
    text = "alice is free\n" + MENU + "presses 1\nenters queue orders\ntalks to alice"
    assert played(house, text).rows == played(house, text).rows


DEEDS = [
    "presses 1", "presses 3 at once", "presses 5", "waits 3s", "waits 2m", "hangs up", "alice is free", "alice is busy",
    "alice is away", "alice is on a break", "alice hangs up", "alice presses 1", "1004 calls 8000", "1004 hangs up",
    "13900139000 calls 8000", "alice transfers to 1004", "1004 transfers to 8000", "...", "hears Wel…", "hears Press…",
    "enters queue orders", "talks to alice", "is hung up", "1004 rings", "alice calls caller", "caller is busy",
]  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.sampled_from(DEEDS), min_size=1, max_size=12))
def test_whatever_people_do_it_ends_with_a_word_about_it(house: Configuration, deeds: list[str]) -> None:
    outcome = played(house, "\n".join(["alice is free", "1004 answers", *deeds]))
    assert outcome.passed or outcome.failed_at
    assert "the switch failed" not in outcome.why, (deeds, outcome.why)
