"""The http step: what it sends, which way it takes, what it keeps, and what the caller hears meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.ivr.check import check_plan
from softswitch.ivr.model import (
    AnswerCall,
    EndCall,
    Fetch,
    Fetched,
    PlayEnded,
    PlayMusic,
    PlayPrompts,
    Prompt,
    Start,
    StepFailed,
    StopPlaying,
)
from softswitch.ivr.run import Facts
from tests.unit.ivr.conftest import BYE, HEAD, WALL, Walk, plan_of

ENDS = """\
  found: {hangup: busy}
  unknown: {hangup: declined}
  later: {hangup: unavailable}
  sorry: {hangup: error}
"""
STATUSES = ", statuses: {404: unknown, 4xx: sorry, 503: later}"
WAYS = "next: found, no_answer: later, failed: sorry"


def walk_of(http: str, ways: str = WAYS, before: str = "", facts: Facts | None = None) -> Walk:
    """``before`` is a step that comes first."""
    statuses = STATUSES if ways == WAYS else ""
    step = f"{{http: {{{http}{statuses}}}, {ways}}}\n"
    steps = f"  first: {before}\n  ask: {step}" if before else f"  first: {step}"
    used = [line for line in ENDS.splitlines() if line.split(":")[0].strip() in ways + statuses]
    walk = Walk(plan_of(steps + "\n".join(used) + "\n"), facts)
    walk.first = walk.start()
    return walk


def ended(walk: Walk, answer: Fetched) -> str:
    (end,) = [effect for effect in walk.feed(answer) if isinstance(effect, EndCall)]
    return end.cause


def why(walk: Walk) -> list[str]:
    return [fact.why for fact in walk.facts if isinstance(fact, StepFailed)]


# ---- which way ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "cause", "said"),
    [
        (Fetched(200, {}), "busy", []),
        (Fetched(204), "busy", []),
        (Fetched(404), "declined", []),
        (Fetched(410), "error", []),  # its class
        (Fetched(503), "unavailable", []),
        (Fetched(500), "error", ["status 500"]),
        (Fetched(302), "error", ["status 302"]),
        (Fetched(0, None, "no answer within 3 s", 3.0, "timeout"), "unavailable", []),
        (Fetched(0, None, "refused", 0.1, "unreachable"), "unavailable", []),
        (Fetched(0, None, "left alone", 0.0, "resting"), "unavailable", []),
        (Fetched(0, None, "not allowed", 0.0, "forbidden"), "error", ["not allowed"]),
        (Fetched(200, None, "is not JSON", 0.1, "unusable"), "error", ["is not JSON"]),
        (Fetched(404, None, "broke off", 0.1, "unusable"), "error", ["broke off"]),
    ],
)
def test_an_answer_takes_its_way(answer: Fetched, cause: str, said: list[str]) -> None:
    walk = walk_of("get: 'http://crm/'")
    assert ended(walk, answer) == cause and why(walk) == said


def test_without_a_way_of_its_own_no_answer_is_a_failure() -> None:
    walk = walk_of("get: 'http://crm/'", "next: found, failed: sorry")
    assert ended(walk, Fetched(0, None, "no answer within 3 s", 3.0, "timeout")) == "error"
    assert why(walk) == ["no answer within 3 s"]


# ---- what is kept ------------------------------------------------------------------------------------------------


def kept(save: str, answer: Fetched) -> dict[str, Any]:
    walk = walk_of(f"get: 'http://crm/', save: {save}")
    before = dict(walk.variables)
    walk.feed(answer)
    return {name: value for name, value in walk.variables.items() if name not in before or before[name] != value}


def test_paths_into_the_document_become_variables() -> None:
    document = {"customer": {"name": "Li", "orders": [{"id": 7}]}}
    save = "{name: $.customer.name, first: '$.customer.orders[0].id', none: $.customer.phone, all: $}"
    walk = walk_of(f"get: 'http://crm/', save: {save}")
    assert (walk.variables["name"], walk.variables["all"]) == (None, {})  # until an answer is there
    walk.feed(Fetched(200, document))
    assert {name: walk.variables[name] for name in ("name", "first", "none", "all")} == {
        "name": "Li", "first": 7, "none": None, "all": document
    }  # fmt: skip


def test_a_failure_keeps_nothing_of_the_last_time() -> None:
    walk = walk_of("get: 'http://crm/', save: customer", before="{set: {customer: {vip: true}}, next: ask}")
    walk.feed(Fetched(404, {"vip": True}))
    assert walk.variables["customer"] == {}


def test_a_document_that_is_too_much_is_a_failure_and_a_part_of_it_is_not() -> None:
    large = {"name": "Li", "rows": list(range(10_000))}
    walk = walk_of("get: 'http://crm/', save: all")
    assert ended(walk, Fetched(200, large)) == "error"
    assert why(walk) == ["the answer cannot be kept: more than 10000 values; keep what is needed: save: {name: $.path}"]
    assert kept("{name: $.name}", Fetched(200, large)) == {"name": "Li"}


def test_a_text_is_kept_as_it_is() -> None:
    walk = walk_of("get: 'http://crm/', expect: text, save: words")
    (order,) = [effect for effect in walk.first if isinstance(effect, Fetch)]
    assert order.expect == "text" and walk.variables["words"] == ""
    walk.feed(Fetched(200, "Grüße"))
    assert walk.variables["words"] == "Grüße"


# ---- what is sent ------------------------------------------------------------------------------------------------


def sent(http: str, **start: Any) -> Fetch:
    (order,) = walk_of(http, **start).first
    assert isinstance(order, Fetch)
    return order


def test_values_of_the_body_keep_their_type() -> None:
    order = sent("post: 'http://crm/', json: {n: '{{ 1 + 1 }}', list: ['{{ caller.number }}', true], none: null}")
    assert order == Fetch("POST", "http://crm/", (), {"n": 2, "list": ["13800138000", True], "none": None}, 3.0, "", 1)


def test_what_can_be_done_twice_is_tried_twice() -> None:
    tries = {method: sent(f"{method}: 'http://crm/'").tries for method in ("get", "put", "delete", "post", "patch")}
    assert tries == {"get": 2, "put": 2, "delete": 2, "post": 1, "patch": 1}
    assert sent("get: 'http://crm/', tries: 4").tries == 4


def test_an_idempotency_key_is_of_this_step_at_this_time() -> None:
    http = "post: 'http://crm/', idempotency: true, tries: 3"
    walk = walk_of(http)
    (order,) = walk.first
    assert isinstance(order, Fetch)
    ((name, key),) = order.headers
    assert name == "Idempotency-Key" and len(key) == 32 and int(key, 16) and order.tries == 3
    assert sent(http) == order, "made of the call, the step and the time, and of nothing else"
    later = Walk(walk.machine.plan)
    later.now = walk.now + 0.001
    (other,) = later.feed(Start(contact="c2", caller="1", caller_name="", called="8000", trunk="", wall=WALL))
    assert isinstance(other, Fetch) and dict(other.headers)[name] != key


@pytest.mark.parametrize("name", ["Li\r\nX-Admin: 1", "Li\nX: 1", "Li\0", "\x7f", "Li\x85"])
def test_a_caller_cannot_write_another_header(name: str) -> None:
    walk = Walk(walk_of("get: 'http://crm/', headers: {X-Name: '{{ caller.name }}'}").machine.plan)
    assert walk.start(caller_name=name) == [EndCall("error")]
    assert why(walk)[0].startswith("header X-Name: has a line break")


# ---- what is heard meanwhile -------------------------------------------------------------------------------------

ANSWERED = "{answer: {}, next: ask}"


def test_music_after_700_ms_and_not_before_and_none_after_the_answer() -> None:
    walk = walk_of("get: 'http://crm/'", before=ANSWERED)
    assert walk.first[0] == AnswerCall() and walk.machine.deadline == walk.now + 0.7
    assert walk.wait(0.69) == [] and walk.wait(0.02) == [PlayMusic()]
    assert walk.feed(Fetched(200)) == [StopPlaying(), EndCall("busy")]


def test_a_quick_answer_is_not_heard() -> None:
    walk = walk_of("get: 'http://crm/'", before=ANSWERED)
    walk.now += 0.5
    assert walk.feed(Fetched(200)) == [EndCall("busy")]


def test_a_phrase_and_then_music() -> None:
    walk = walk_of("get: 'http://crm/', say: One moment please.", before=ANSWERED)
    assert walk.wait(0.7) == [PlayPrompts((Prompt("en", text="One moment please."),))]
    assert walk.feed(PlayEnded()) == [PlayMusic()]
    assert walk.wait(2.3 + 2) == [StopPlaying(), EndCall("unavailable")], "3 s, and grace for who keeps the time"


def test_an_answer_in_the_middle_of_the_phrase_stops_it() -> None:
    walk = walk_of("get: 'http://crm/', say: One moment please.", before=ANSWERED)
    walk.wait(0.7)
    assert walk.feed(Fetched(404)) == [StopPlaying(), EndCall("declined")]
    assert walk.feed(PlayEnded()) == []


def test_who_was_not_answered_hears_the_own_phone_ring() -> None:
    walk = walk_of("get: 'http://crm/', say: One moment please.")
    assert walk.machine.deadline == walk.now + 3 + 2
    assert walk.wait(4.9) == [] and walk.wait(0.1) == [EndCall("unavailable")]


def test_keys_that_are_pressed_meanwhile_are_for_the_next_step() -> None:
    walk = walk_of("get: 'http://crm/'", before=ANSWERED)
    walk.press("12")
    assert walk.machine.state.ahead == "12"


# ---- the budget --------------------------------------------------------------------------------------------------


def test_all_steps_of_a_call_share_a_budget() -> None:
    walk = Walk(plan_of("""\
  first: {http: {get: 'http://crm/1', timeout: 3s}, next: second, failed: second}
  second: {http: {get: 'http://crm/2', timeout: 3s}, next: third, failed: third}
  third: {http: {get: 'http://crm/3', timeout: 3s}, next: bye, failed: bye}
"""), Facts(http_budget_s=4.0))  # fmt: skip
    (first,) = walk.start()
    (second,) = walk.feed(Fetched(0, None, "no answer", 3.0, "timeout"))
    assert isinstance(first, Fetch) and isinstance(second, Fetch)
    assert (first.timeout_s, second.timeout_s) == (3.0, 1.0)
    assert walk.feed(Fetched(0, None, "no answer", 1.0, "timeout")) == [EndCall("normal")]
    assert why(walk)[-1] == "the http steps of this call have taken 4 s together (http_step.budget)"


# ---- what is written wrongly -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("http", "said"),
    [
        ("get: 'http://a/', post: 'http://b/'", "exactly one of get, post"),
        ("post: 'http://a/', tries: 2", "add idempotency: true"),
        ("get: 'http://a/', tries: 9", "tries"),
        ("get: 'http://a/', headers: {'X Y': 1}", "not a name for a header"),
        ("get: 'http://a/', headers: {Host: b}", "written by the switch itself"),
        ("get: 'http://a/', save: {name: customer.name}", "not a path into a document"),
        ("get: 'http://a/', save: {caller: $.x}", "belongs to the call"),
        ("get: 'http://a/', save: {'a b': $.x}", "not a name for a variable"),
        ("get: 'http://a/', expect: text, save: {a: $.x}", "a text has no paths"),
        ("get: 'http://a/', expect: xml", "json"),
        ("get: 'http://a/', statuses: {600: bye}", "600"),
        ("get: 'http://a/', statuses: {404: nowhere}", "no step 'nowhere'"),
        ("get: 'http://a/', budget: 3s", "unknown key"),
    ],
)
def test_check_says_what_is_wrong(http: str, said: str) -> None:
    _, problems = check_plan(HEAD + f"  first: {{http: {{{http}}}, next: bye, failed: bye}}\n" + BYE, "plan.yaml")
    assert any(said in str(problem) and problem.line == 6 for problem in problems), [str(one) for one in problems]
