"""Flows: plans within plans, with arguments; what the check knows about them, and what a caller meets."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.core.effect import Effect
from softswitch.core.errors import Problem
from softswitch.ivr.load import load_plans
from softswitch.ivr.model import EndCall, HungUp, PlayPrompts, StepFailed, StepLeft
from softswitch.ivr.plan import Plan, Step
from softswitch.ivr.run import MAX_FLOWS, Wait
from softswitch.ivr.verb.subplan import Flow
from tests.unit.ivr.conftest import Walk

SHOP = """\
dialplan: shop
numbers: ["8000"]
language: en
start: ask
steps:
  ask: {collect: {say: "Your order?", save: order, max: 2}, next: verify, failed: bye}
  verify:
    flow: {name: verify, with: {order: "{{ order }}"}, save: result, outcomes: {known: hello}}
    next: sorry
    failed: broken
  hello: {say: "Hello {{ result.name }}, {{ order }}", next: bye}
  sorry: {say: "Unknown {{ result }}", next: bye}
  broken: {say: "Broken", next: bye}
  bye: {hangup: normal}
"""
VERIFY = """\
flow: verify
arguments: {order: required, attempts: 3}
start: which
steps:
  which: {when: [{if: 'order == "12"', then: found}, {if: 'order == "13"', then: fails}], else: pin}
  found: {set: {who: {name: Li}, language: zh}, next: done}
  done: {return: {outcome: known, value: "{{ who }}"}}
  pin: {menu: {say: "Press 1, {{ caller.number }} {{ attempts }}", keys: {1: unknown}}, failed: unknown}
  unknown: {return: unknown}
  fails: {set: {x: "{{ order + 1 }}"}, next: unknown}
"""


def loaded(*flows: str, shop: str = SHOP) -> Plan:
    plans, problems = load_plans({"shop.yaml": shop} | {f"flow{at}.yaml": text for at, text in enumerate(flows)})
    assert plans.keys() == {"shop"}, "\n".join(map(str, problems))
    return plans["shop"]


def problems(*flows: str, shop: str = SHOP, level: str = "error") -> list[Problem]:
    _, found = load_plans({"shop.yaml": shop} | {f"flow{at}.yaml": text for at, text in enumerate(flows)})
    return [one for one in found if one.level == level]


def said(effects: list[Effect]) -> list[str]:
    return [prompt.text for one in effects if isinstance(one, PlayPrompts) for prompt in one.prompts]


def walk(plan: Plan, order: str) -> tuple[Walk, list[Effect]]:
    made = Walk(plan)
    made.start()
    return made, made.press(order)


def test_an_outcome_takes_its_step_and_brings_a_value() -> None:
    made, orders = walk(loaded(VERIFY), "12")
    assert said(orders) == ["Hello Li, 12"]
    assert made.variables["result"] == {"name": "Li"}
    assert made.path == ["ask", "verify", "which", "found", "done", "hello"]


def test_a_flow_has_variables_of_its_own_and_the_language_stays() -> None:
    made, _ = walk(loaded(VERIFY), "12")
    assert "who" not in made.variables and "attempts" not in made.variables
    assert made.variables["order"] == "12"
    assert made.variables["language"] == "zh"
    assert made.machine.state.stack == []


def test_a_flow_waits_like_a_plan_and_sees_the_call_and_its_defaults() -> None:
    made, orders = walk(loaded(VERIFY), "99")
    assert said(orders) == ["Press 1, 13800138000 3"]
    assert made.machine.state.wait is Wait.KEYS
    assert "result" not in made.variables
    assert said(made.press("1")) == ["Unknown "]
    assert made.variables["digits"] == "1"


def test_a_step_without_a_way_out_fails_the_flow_and_not_the_call() -> None:
    made, orders = walk(loaded(VERIFY), "13")
    assert said(orders) == ["Broken"]
    first, second = [fact for fact in made.facts if isinstance(fact, StepFailed)]
    assert (first.plan, first.where) == ("verify", "flow0.yaml:10")
    assert (second.plan, second.where, second.why) == ("shop", "shop.yaml:7", "step fails of the flow has failed")


def test_what_is_told_of_a_flow() -> None:
    made, _ = walk(loaded(VERIFY), "12")
    left = [fact for fact in made.facts if isinstance(fact, StepLeft)]
    assert [(one.plan, one.step, one.exit, one.to) for one in left] == [
        ("shop", "ask", "next", "verify"),
        ("verify", "which", "then.0", "found"),
        ("verify", "found", "next", "done"),
        ("verify", "done", "known", ""),
        ("shop", "verify", "outcomes.known", "hello"),
    ]
    assert left[-1].inputs == ("returned known",)
    assert left[-1].changed == {"result": "{name: Li}"}
    assert {one.version for one in left if one.plan == "shop"} == {made.machine.plan.version}


def test_who_hangs_up_in_a_flow_has_left_the_step_that_called_it_too() -> None:
    made, _ = walk(loaded(VERIFY), "99")
    made.now += 4.0
    made.feed(HungUp())
    left = [fact for fact in made.facts if isinstance(fact, StepLeft)][-2:]
    assert [(one.plan, one.step, one.exit, one.seconds) for one in left] == [
        ("verify", "pin", "hangup", 4.0),
        ("shop", "verify", "hangup", 4.0),
    ]
    assert made.machine.ended


def test_a_hangup_in_a_flow_ends_the_call() -> None:
    flow = "flow: verify\narguments: {order: required}\nstart: a\nsteps:\n"
    flow += "  a: {when: {if: order, then: b}, else: c}\n  b: {hangup: busy}\n  c: {return: known}\n"
    _, orders = walk(loaded(flow), "12")
    assert orders[-1] == EndCall("busy")


def test_flows_call_flows() -> None:
    outer = "flow: verify\narguments: {order: required}\nstart: a\nsteps:\n"
    outer += "  a: {flow: {name: inner, with: {n: '{{ order }}'}, save: x}, next: b, failed: b}\n"
    outer += "  b: {return: {outcome: known, value: {name: '{{ x }}'}}}\n"
    inner = "flow: inner\narguments: {n: required}\nstart: a\nsteps:\n  a: {return: {value: '{{ n }}!'}}\n"
    plan = loaded(outer, inner)
    assert plan.flows.keys() == {"verify", "inner"}
    assert said(walk(plan, "12")[1]) == ["Hello 12!, 12"]


def test_flows_that_call_themselves_in_a_plan_that_nobody_checked_come_to_an_end() -> None:
    call = Flow.model_validate({"name": "deep", "next": "a", "failed": "a"})
    deep = Plan("deep", "d.yaml", (), "", "a", {"a": Step("a", call, 1, 1)}, is_flow=True)
    made = Walk(Plan("p", "p.yaml", ("1",), "en", "a", {"a": Step("a", call, 1, 1)}, flows={"deep": deep}))
    orders = made.start()
    assert orders[-1] == EndCall("error")
    assert any(isinstance(fact, StepFailed) and str(MAX_FLOWS) in fact.why for fact in made.facts)


# ---- the check -------------------------------------------------------------------------------------------------


def test_the_version_stands_for_plan_and_flows() -> None:
    one, two = loaded(VERIFY), loaded(VERIFY.replace("Press 1", "Press one"))
    assert one.version != two.version
    assert one.version == loaded(VERIFY).version
    assert one.flows["verify"].version != two.flows["verify"].version


def mistakes() -> Any:
    yield SHOP.replace("name: verify", "name: verfy"), VERIFY, "shop.yaml", 8, "no flow 'verfy'; did you mean 'verify'"
    yield SHOP.replace("with: {order:", "with: {ordr:"), VERIFY, "shop.yaml", 8, "no argument 'ordr'"
    yield SHOP.replace('with: {order: "{{ order }}"}, ', ""), VERIFY, "shop.yaml", 8, "needs with: {order: ...}"
    yield SHOP.replace("{known:", "{knwn:"), VERIFY, "shop.yaml", 8, "never returns 'knwn'; did you mean 'known'"
    yield SHOP.replace("    next: sorry\n", ""), VERIFY, "shop.yaml", 8, "may return unknown"
    yield SHOP.replace("    failed: broken\n", ""), VERIFY, "shop.yaml", 8, "needs failed:"
    yield SHOP.replace("{hangup: normal}", "{return: known}"), VERIFY, "shop.yaml", 14, "return belongs in a flow"
    yield SHOP, VERIFY.replace("flow: verify\n", "flow: verify\nnumbers: [1]\n"), "flow0.yaml", 2, "unknown key"
    yield SHOP, VERIFY.replace("attempts: 3", "attempts: '{{ x }}'"), "flow0.yaml", 2, "attempts: what stands"
    yield SHOP, VERIFY.replace("attempts: 3", "caller: 3"), "flow0.yaml", 2, "belongs to the call"
    yield SHOP, VERIFY.replace("{{ attempts }}", "{{ attempt }}"), "flow0.yaml", 8, "nothing sets 'attempt'"
    yield SHOP, VERIFY.replace("flow: verify", "flow: shop"), "shop.yaml", 1, "has the name 'shop' already"


@pytest.mark.parametrize(("shop", "flow", "file", "line", "message"), list(mistakes()))
def test_a_mistake_is_told_in_its_place(shop: str, flow: str, file: str, line: int, message: str) -> None:
    found = problems(flow, shop=shop)
    assert [one for one in found if one.file == file and one.line == line and message in one.message], found


def test_flows_in_a_circle_are_told_at_the_call_that_closes_it() -> None:
    flow = "flow: verify\narguments: {order: required}\nstart: a\nsteps:\n  a: {flow: two, next: b, failed: b}\n"
    two = "flow: two\nstart: a\nsteps:\n  a: {flow: {name: verify, with: {order: 1}}, next: b, failed: b}\n"
    (found,) = problems(flow + "  b: {return: known}\n", two + "  b: {return: {}}\n")
    assert (found.file, found.line) == ("flow1.yaml", 4)
    assert found.message == "flows call one another in a circle: verify -> two -> verify"


def test_flows_that_call_one_another_too_deeply_are_told() -> None:
    chain = [
        f"flow: {name}\nstart: a\nsteps:\n  a: {{flow: f{at + 1}, next: b, failed: b}}\n  b: {{return: known}}\n"
        for at, name in enumerate(["verify", *(f"f{at}" for at in range(1, MAX_FLOWS + 2))])
    ]
    chain[-1] = (
        chain[-1].replace("{flow: f12, next: b, failed: b}", "{return: {}}").replace("  b: {return: known}\n", "")
    )
    shop = SHOP.replace('with: {order: "{{ order }}"}, ', "")
    assert [one.message for one in problems(*chain, shop=shop)] == ["more than 10 flows call one another from here on"]


def test_a_flow_that_nobody_calls_is_a_warning() -> None:
    extra = "flow: extra\nstart: a\nsteps:\n  a: {return: {}}\n"
    assert [one.message for one in problems(VERIFY, extra, level="warning")] == ["no plan calls this flow"]


def test_the_languages_of_a_flow_are_those_of_its_callers_and_those_that_it_sets_are_theirs() -> None:
    verify = VERIFY.replace('say: "Press 1, {{ caller.number }} {{ attempts }}"', "say: {en: Press one}")
    assert problems(verify) == []
    (found,) = problems(verify, shop=SHOP.replace("language: en\n", ""))
    assert found.file == "flow0.yaml" and "callers with language zh come here" in found.message
    (found,) = problems(VERIFY, shop=SHOP.replace('say: "Hello {{ result.name }}, {{ order }}"', "say: {en: Hello}"))
    assert found.file == "shop.yaml" and "callers with language zh come here" in found.message


ASKING = "flow: {name}\nstart: a\nsteps:\n  a: {{{first}, next: b, failed: b}}\n  b: {{return: next}}\n"


@pytest.mark.parametrize(
    ("first", "waits"),
    [
        ("collect: {say: hello, save: x}", True),
        ("say: hello", False),
        ("flow: inner", True),  # which asks
        ("http: {get: 'http://a'}", False),
    ],
)
def test_a_way_round_through_a_flow_waits_where_the_flow_does(first: str, waits: bool) -> None:
    plan = "dialplan: p\nlanguage: en\nstart: again\nsteps:\n  again: {flow: outer, next: again, failed: bye}\n"
    texts = {
        "p.yaml": plan + "  bye: {flow: inner, next: end, failed: end}\n  end: {hangup: normal}\n",
        "outer.yaml": ASKING.format(name="outer", first=first),
        "inner.yaml": ASKING.format(name="inner", first="collect: {say: hello, save: x}"),
    }
    _, problems = load_plans(texts)
    told = ["p.yaml:5:3: steps.again: goes round without ever waiting for the caller: again -> again"]
    assert [str(problem) for problem in problems] == ([] if waits else told)
