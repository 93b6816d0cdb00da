"""``http``, ``queue``, ``callback``, ``dial``, ``voicemail``: one order, one answer, the exit that follows."""

from __future__ import annotations

import pytest

from softswitch.ivr.model import (
    AnswerCall,
    CallbackOffer,
    DialEnded,
    DialOut,
    EndCall,
    EnterQueue,
    Fetch,
    Fetched,
    MakePromise,
    PlayEnded,
    PlayPrompts,
    Promised,
    Prompt,
    QueueEnded,
    RecordVoicemail,
    StepFailed,
    VoicemailEnded,
)
from tests.unit.ivr.conftest import Walk, Walker

ENDS = "".join(f"  {cause}: {{hangup: {cause}}}\n" for cause in ("busy", "declined", "unavailable", "error"))


def failures(walk: Walk) -> list[str]:
    return [fact.why for fact in walk.facts if isinstance(fact, StepFailed)]


# ---- http ------------------------------------------------------------------------------------------------------

HTTP = """\
  first:
    http:
      post: "http://crm.example/{{ caller.number }}"
      headers: {X-Call: "{{ contact }}"}
      json: {number: "{{ caller.number }}", list: [1, "{{ 1 + 1 }}"]}
      timeout: 1.5s
      save: customer
    next: vip?
    failed: vip?
  vip?: {when: {if: customer.vip, then: busy}, else: declined}
  busy: {hangup: busy}
  declined: {hangup: declined}
"""


def test_http_orders_one_request_with_everything_filled_in(walker: Walker) -> None:
    walk = walker(HTTP)
    body = {"number": "13800138000", "list": [1, 2]}
    assert walk.first == [Fetch("POST", "http://crm.example/13800138000", (("X-Call", "c1"),), body, 1.5, "json")]


@pytest.mark.parametrize(
    ("answer", "cause", "why"),
    [
        (Fetched(200, {"vip": True}), "busy", []),
        (Fetched(200, {"name": "Li"}), "declined", []),  # a field that is not there is false
        (Fetched(404, {"vip": True}), "declined", ["status 404"]),
        (Fetched(0, None, "timed out"), "declined", ["timed out"]),
    ],
)
def test_what_http_answers(walker: Walker, answer: Fetched, cause: str, why: list[str]) -> None:
    walk = walker(HTTP)
    assert walk.feed(answer) == [EndCall(cause)]
    assert failures(walk) == why


def test_an_answer_that_never_comes_does_not_hold_the_caller(walker: Walker) -> None:
    walk = walker(HTTP)
    assert walk.machine.deadline == walk.now + 3.5
    assert walk.wait(3.5) == [EndCall("declined")]
    assert failures(walk) == ["no answer in time"]
    assert walk.feed(Fetched(200, {"vip": True})) == []


def test_an_address_that_is_none_is_a_failure(walker: Walker) -> None:
    walk = walker('  first: {http: {get: "{{ caller.name }}"}, next: bye, failed: bye}\n')
    assert walk.first == [EndCall("normal")]
    assert failures(walk) == ["'{{ caller.name }}' does not make an http address"]


# ---- queue -----------------------------------------------------------------------------------------------------


def test_queue_answers_and_joins_with_needs_priority_and_offer(walker: Walker) -> None:
    walk = walker(
        "  first: {queue: {name: orders, needs: [{skill: orders, level: 3}, vip], "
        'priority: "{{ 30 + 30 }}s", offer_callback: {when: wait > 90s, key: 2}}, failed: bye}\n'
    )
    needs = (("skill", "orders", 3, 10), ("skill", "vip", 1, 10))
    order = EnterQueue("orders", needs, 60.0, "en", CallbackOffer(90.0, "2"))
    assert walk.first == [AnswerCall(), order]
    assert walk.machine.deadline is None  # the queue sees to the end of it


def test_needs_may_be_expressions(walker: Walker) -> None:
    walk = walker(
        "  first: {queue: {name: orders, needs: [{any: [en, {skill: fr, level: 5, at_most: 7}]}, {not: vip}]},"
        " failed: bye}\n"
    )
    (_, order) = walk.first
    assert isinstance(order, EnterQueue)
    assert order.needs == (
        ("any", ("skill", "en", 1, 10), ("skill", "fr", 5, 7)),
        ("not", ("skill", "vip", 1, 10)),
    )


@pytest.mark.parametrize(("agent", "asked"), [("alice", ("alice", 20.0)), ("{{ '' }}", ("", 0.0))])
def test_an_agent_may_be_asked_first(walker: Walker, agent: str, asked: tuple[str, float]) -> None:
    walk = walker(f'  first: {{queue: {{name: orders, prefer: {{agent: "{agent}", for: 20s}}}}, failed: bye}}\n')
    (_, order) = walk.first
    assert isinstance(order, EnterQueue)
    assert (order.prefer, order.prefer_s) == asked


@pytest.mark.parametrize("offer", ["wait > 1m30s", "{after: 90s}", "{when: wait > 90s, key: 1}"])
def test_the_three_ways_to_write_an_offer(walker: Walker, offer: str) -> None:
    walk = walker(f"  first: {{queue: {{name: orders, offer_callback: {offer}}}, failed: bye}}\n")
    assert walk.first[1] == EnterQueue("orders", None, 0.0, "en", CallbackOffer(90.0, "1"))


@pytest.mark.parametrize(
    ("outcome", "branches", "cause"),
    [
        ("answered", "", "normal"),
        ("answered", "next: busy", "busy"),
        ("callback", "", "normal"),
        ("callback", "next: busy", "busy"),
        ("callback", "promised: declined, next: busy", "declined"),
        ("full", "", "error"),
        ("full", "full: busy", "busy"),
        ("timeout", "", "error"),
        ("timeout", "timeout: busy", "busy"),
        ("error", "full: busy", "error"),
    ],
)
def test_how_a_queue_ends(walker: Walker, outcome: str, branches: str, cause: str) -> None:
    used = [end for end in ENDS.splitlines(keepends=True) if end.split(":")[0].strip() in f"{branches} error"]
    walk = walker(f"  first: {{queue: orders, failed: error, {branches}}}\n" + "".join(used))
    assert walk.feed(QueueEnded(outcome)) == [EndCall(cause)]


@pytest.mark.parametrize(("outcome", "cause"), [("full", "busy"), ("timeout", "unavailable"), ("error", "error")])
def test_a_queue_without_a_way_out_ends_the_call_for_its_reason(walker: Walker, outcome: str, cause: str) -> None:
    walk = walker("  first: {queue: orders}\n")
    assert walk.feed(QueueEnded(outcome)) == [EndCall(cause)]
    assert len(failures(walk)) == 1


def test_keys_in_a_queue_belong_to_the_queue(walker: Walker) -> None:
    walk = walker("  first: {say: hi, next: q}\n  q: {queue: orders, failed: bye}\n")
    walk.press("1")
    walk.feed(PlayEnded())
    assert walk.press("2") == []
    assert walk.machine.state.ahead == ""


def test_a_priority_that_is_no_duration_is_a_failure(walker: Walker) -> None:
    walk = walker('  first: {queue: {name: orders, priority: "{{ called }}"}, failed: bye}\n')
    assert walk.first == [EndCall("normal")]
    assert failures(walk)[0].startswith("priority: '8000' is not a duration")


# ---- callback --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "order"),
    [
        ("orders", MakePromise("orders", "13800138000")),
        ('{queue: orders, number: "0{{ caller.number }}"}', MakePromise("orders", "013800138000")),
    ],
)
def test_callback_promises(walker: Walker, written: str, order: MakePromise) -> None:
    walk = walker(f"  first: {{callback: {written}, next: bye}}\n")
    assert walk.first == [order]
    assert walk.feed(Promised(ok=True)) == [EndCall("normal")]


def test_a_promise_that_cannot_be_kept_is_not_made(walker: Walker) -> None:
    steps = "  first: {callback: orders, next: bye, failed: no}\n  no: {hangup: busy}\n"
    walk = walker(steps)
    assert walk.feed(Promised(ok=False, why="no such number")) == [EndCall("busy")]
    assert failures(walk) == ["no such number"]
    anonymous = walker(steps, caller="")
    assert anonymous.first == [EndCall("busy")]
    assert failures(anonymous) == ["there is no number to call back"]
    silent = walker(steps)
    assert silent.wait(10) == [EndCall("busy")]


# ---- dial ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "order"),
    [
        ('{user: "1001"}', DialOut(("1001",))),
        ("{users: [1001, 1002], ring: 10s, parallel: false}", DialOut(("1001", "1002"), ring_s=10.0, parallel=False)),
        ('{number: "0{{ called }}", trunk: carrier}', DialOut((), "08000", "carrier")),
    ],
)
def test_dial_rings(walker: Walker, written: str, order: DialOut) -> None:
    assert walker(f"  first: {{dial: {written}}}\n").first == [order]


@pytest.mark.parametrize(
    ("outcome", "branch", "cause"),
    [
        ("answered", "", "normal"),
        ("answered", "next: declined", "declined"),
        ("answered", "answered: declined", "declined"),
        ("busy", "", "busy"),
        ("busy", "busy: declined", "declined"),
        ("busy", "failed: declined", "declined"),
        ("no answer", "", "unavailable"),
        ("no answer", "no_answer: declined", "declined"),
        ("rejected", "", "declined"),
        ("rejected", "failed: busy", "busy"),
        ("failed", "", "unavailable"),
    ],
)
def test_how_a_dial_ends(walker: Walker, outcome: str, branch: str, cause: str) -> None:
    target = branch.partition(": ")[2]
    end = f"  {target}: {{hangup: {target}}}\n" if target else ""
    walk = walker(f'  first: {{dial: {{user: "1001"}}, {branch}}}\n{end}')
    assert walk.feed(DialEnded(outcome)) == [EndCall(cause)]


def test_a_call_that_a_user_answered_is_not_answered_again(walker: Walker) -> None:
    walk = walker('  first: {dial: {user: "1001"}, next: say}\n  say: {say: thanks, next: bye}\n')
    assert walk.feed(DialEnded("answered")) == [PlayPrompts((Prompt("en", text="thanks"),))]


# ---- voicemail -------------------------------------------------------------------------------------------------


def test_voicemail_greets_records_and_goes_on(walker: Walker) -> None:
    walk = walker("  first: {voicemail: {mailbox: 1001, say: Speak., max: 1m}, next: bye}\n")
    assert walk.first == [AnswerCall(), PlayPrompts((Prompt("en", text="Speak."),))]
    assert walk.feed(PlayEnded()) == [RecordVoicemail("1001", 60.0)]
    assert walk.feed(VoicemailEnded(3.0)) == [EndCall("normal")]


def test_voicemail_without_greeting_and_without_next(walker: Walker) -> None:
    walk = walker('  first: {voicemail: "1001"}\n')
    assert walk.first == [AnswerCall(), RecordVoicemail("1001", 120.0)]
    assert walk.feed(VoicemailEnded(0.0)) == [EndCall("normal")]


def test_a_recording_whose_end_is_never_told_does_not_hold_the_caller(walker: Walker) -> None:
    walk = walker('  first: {voicemail: "1001"}\n')
    assert walk.wait(149.9) == []
    assert walk.wait(0.1) == [EndCall("error")]
