"""``hangup``, ``reject``, ``redirect`` and ``language``: what they order, and how they may be written."""

from __future__ import annotations

import pytest

from softswitch.ivr.check import check_plan
from softswitch.ivr.model import AnswerCall, EndCall, StepFailed
from softswitch.ivr.world import World
from tests.unit.ivr.conftest import HEAD, Walk, Walker


def why(walk: Walk) -> str:
    (failed,) = [fact for fact in walk.facts if isinstance(fact, StepFailed)]
    return failed.why


@pytest.mark.parametrize(
    ("verb", "order"),
    [
        ("{hangup: normal}", EndCall("normal")),
        ("{hangup: busy}", EndCall("busy")),
        ("{reject: 486}", EndCall("declined", 486)),
        ("{reject: {code: 410, reason: Number changed}}", EndCall("declined", 410, "Number changed")),
        ("{reject: {reason: 'Not {{ caller.name }}'}}", EndCall("declined", 603, "Not Li")),
        (r"""{reject: {code: 480, reason: "a\r\nVia: b{{ '\\x00' }}c"}}""", EndCall("declined", 480, "aVia: bc")),
        ("{reject: {code: 404, reason: %s}}" % ("x" * 200), EndCall("declined", 404, "x" * 80)),
        ("{redirect: 'sip:sales@shop.example'}", EndCall(contacts=("sip:sales@shop.example",))),
        ("{redirect: 4008001234}", EndCall(contacts=("4008001234",))),
        ("{redirect: ['+8613800138000', 'tel:+8610']}", EndCall(contacts=("+8613800138000", "tel:+8610"))),
        ("{redirect: {to: 'sip:{{ caller.number }}@[::1]:5070;transport=tcp'}}",
         EndCall(contacts=("sip:13800138000@[::1]:5070;transport=tcp",))),
    ],
)  # fmt: skip
def test_how_a_call_ends(walker: Walker, verb: str, order: EndCall) -> None:
    assert walker(f"  first: {verb}\n").first == [order]


@pytest.mark.parametrize("target", ["", "sip:", "http://example.com", "a b", "<sip:a@b>", "sip:a@b>;q=1", "sip:ü@b"])
def test_a_target_that_is_none_takes_failed(walker: Walker, target: str) -> None:
    steps = f"  first: {{set: {{t: '{target}'}}, next: go}}\n  go: {{redirect: '{{{{ t }}}}', failed: bye}}\n"
    walk = walker(steps)
    assert walk.first == [EndCall("normal")]
    assert f"{target!r} is no target; write for example sip:sales@example.com or a number" in why(walk)


def test_an_answered_call_is_redirected_no_more(walker: Walker) -> None:
    walk = walker("  first: {answer: {}, next: go}\n  go: {redirect: 8001, failed: bye}\n")
    assert walk.first == [AnswerCall(), EndCall("normal")]
    assert "the call is answered already, and can no more be redirected" in why(walk)
    assert walker("  first: {answer: {}, next: go}\n  go: {redirect: 8001}\n").first[-1] == EndCall("error")


@pytest.mark.parametrize(
    ("verb", "problem"),
    [
        ("{reject: 401}", "401 tells a phone something else than that nobody answers; write for example 486 or 603"),
        *(
            (f"{{reject: {code}}}", f"{code} tells a phone")
            for code in (407, 408, 420, 422, 481, 482, 483, 487, 488, 491, 505, 606)
        ),
        ("{reject: 302}", "greater than or equal to 400"),
        ("{reject: 700}", "less than or equal to 699"),
        ("{reject: busy}", "must be a whole number"),
        ("{reject: {reason: {a: b}}}", "reason"),
        ("{redirect: 'mailto:a@b'}", "'mailto:a@b' is no target"),
        ("{redirect: ['sip:a@b', '']}", "'' is no target"),
        ("{redirect: []}", "must not be empty"),
        ("{redirect: [1, 2, 3, 4, 5, 6, 7, 8, 9]}", "at most 8"),
        ("{language: english, next: bye}", "'english' is not a language that is spoken here; write zh or en"),
        ("{language: {}, next: bye}", "to"),
    ],
)
def test_how_it_may_not_be_written(verb: str, problem: str) -> None:
    _, problems = check_plan(f"{HEAD}  first: {verb}\n  bye: {{hangup: normal}}\n", "plan.yaml")
    assert any(problem in str(one) for one in problems), problems


@pytest.mark.parametrize("language", ["zh", "zh-HK", "yue", "en-GB"])
def test_the_language_of_all_that_follows(walker: Walker, language: str) -> None:
    written = walker(f"  first: {{language: {language}, next: ask}}\n  ask: {{say: a, next: bye}}\n")
    assert written.variables["language"] == language
    steps = "  first: {language: '{{ note }}', next: ask, failed: bye}\n  ask: {say: a, next: bye}\n"
    assert walker(steps, note=language).variables["language"] == language


@pytest.mark.parametrize("verb", ["language: '{{ note }}'", "set: {language: '{{ note }}'}"])
def test_a_language_that_is_not_spoken_takes_failed(walker: Walker, verb: str) -> None:
    walk = walker(f"  first: {{{verb}, next: ask, failed: bye}}\n  ask: {{say: a, next: bye}}\n", note="klingon")
    assert walk.first == [EndCall("normal")] and walk.variables["language"] == "en"
    assert why(walk) == "'klingon' is not a language that is spoken here; write zh or en"


def test_the_check_knows_which_languages_come_after_a_computed_one() -> None:
    steps = "  first: {language: '{{ note }}', next: ask}\n  ask: {say: {en: a}, next: bye}\n  bye: {hangup: normal}\n"
    (problem,) = check_plan(HEAD + steps, "plan.yaml")[1]
    assert "callers with language zh come here, and have no text" in str(problem)
    assert check_plan(HEAD + steps.replace("'{{ note }}'", "en-GB"), "plan.yaml")[1] == []


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ("  first: {say: a, next: go}\n  go: {redirect: 9000, failed: bye}\n",
         "7:3: steps.go: the call is answered before this step, and can no more be redirected; use dial or transfer"),
        ("  first: {tone: busy, next: go}\n  go: {reject: 486}\n",
         "7:3: steps.go: the call is answered before this step, so it is hung up on; use hangup"),
        ("  first: {redirect: [9000, 1002], failed: bye}\n",
         "6:28: steps.first.redirect[1]: '1002' is a user here, whom dial rings without another call"),
        ("  first: {redirect: 8000, failed: bye}\n",
         "6:11: steps.first.redirect: '8000' leads back to this plan, from phones of ours"),
    ],
)  # fmt: skip
def test_an_end_that_comes_too_late_or_leads_back_is_a_warning(steps: str, problem: str) -> None:
    text = HEAD + steps + ("  bye: {hangup: normal}\n" if "bye" in steps else "")
    plan, problems = check_plan(text, "plan.yaml", World(users=frozenset({"1002"})))
    assert plan is not None
    assert [str(one).removeprefix("plan.yaml:").replace("warning: ", "") for one in problems] == [problem]


@pytest.mark.parametrize(
    "steps",
    [
        "  first: {reject: 486}\n",
        "  first: {set: {a: 1}, next: go}\n  go: {redirect: 9000, failed: bye}\n  bye: {hangup: normal}\n",
        "  first: {when: {if: trunk, then: a}, else: go}\n  a: {say: a, next: go}\n  go: {reject: 486}\n",
        "  first: {dial: {user: '1002'}, next: go, failed: go}\n  go: {reject: 486}\n",
    ],
)
def test_an_end_that_may_come_in_time_is_right(steps: str) -> None:
    assert check_plan(HEAD + steps, "plan.yaml", World(users=frozenset({"1002"})))[1] == []
