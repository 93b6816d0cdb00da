"""Many plans at once, and the samples that are shipped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from softswitch.ivr.calendar import Calendar
from softswitch.ivr.load import load_plans
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
    QueueEnded,
    RecordVoicemail,
    VoicemailEnded,
)
from softswitch.ivr.plan import Plan, route
from softswitch.ivr.run import Facts
from softswitch.ivr.verb import VERBS
from softswitch.ivr.world import World
from tests.unit.ivr.conftest import Walk

SAMPLES = Path(__file__).parents[3] / "dialplans"
WORLD = World(
    queues=frozenset({"orders", "service"}),
    skills=frozenset({"orders", "service"}),
    users=frozenset({"1001", "1002", "1003", "1004"}),
    trunks=frozenset({"carrier"}),
    calendars=frozenset({"office"}),
    prompts={},
)


def plan_text(name: str, numbers: str, cause: str = "normal") -> str:
    return f"dialplan: {name}\nnumbers: {numbers}\nstart: a\nsteps:\n  a: {{hangup: {cause}}}\n"


def test_a_called_number_enters_its_plan() -> None:
    plans, problems = load_plans({"a.yaml": plan_text("a", "[1, 2]"), "b.yaml": plan_text("b", "['+49', 0123]")})
    assert problems == []
    assert {called: getattr(route(plans, called), "name", None) for called in ("1", "2", "+49", "0123", "123")} == {
        "1": "a",
        "2": "a",
        "+49": "b",
        "0123": "b",
        "123": None,
    }


def test_one_bad_plan_keeps_all_out() -> None:
    plans, problems = load_plans({"a.yaml": plan_text("a", "[1]"), "b.yaml": plan_text("b", "[2]", "x")})
    assert plans == {}
    assert [(problem.file, problem.line, problem.column) for problem in problems] == [("b.yaml", 5, 7)]


def test_a_number_or_a_name_that_two_plans_claim() -> None:
    plans, problems = load_plans({"a.yaml": plan_text("a", "[1, 2, 2]"), "b.yaml": plan_text("a", "[3, 1]")})
    assert plans == {}
    assert [str(problem) for problem in problems] == [
        "a.yaml:2:17: numbers[2]: a.yaml has the number '2' already",
        "b.yaml:1:1: dialplan: a.yaml has the name 'a' already",
        "b.yaml:2:14: numbers[1]: a.yaml has the number '1' already",
    ]


# ---- the samples -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def samples() -> dict[str, Plan]:
    plans, problems = load_plans({path.name: path.read_text("utf-8") for path in SAMPLES.glob("*.yaml")}, WORLD)
    assert problems == []
    return plans


def caller(plan: Plan, is_open: bool = True) -> Walk:
    hours = dict.fromkeys(range(7), ((0, 1440),)) if is_open else {}
    walk = Walk(plan, Facts({"office": Calendar("office", "Asia/Shanghai", hours)}))
    walk.first = walk.start()
    return walk


def test_the_sample_uses_every_verb_that_a_shop_needs(samples: dict[str, Plan]) -> None:
    plans = [part for plan in samples.values() for part in (plan, *plan.flows.values())]
    assert {step.verb.verb for plan in plans for step in plan.steps.values()} >= set(VERBS) - {"press"}


@pytest.mark.parametrize(("language_key", "language"), [("1", "zh"), ("2", "en")])
@pytest.mark.parametrize(("key", "queue"), [("1", "orders"), ("2", "service")])
def test_the_sample_leads_to_the_queues(
    samples: dict[str, Plan], language_key: str, language: str, key: str, queue: str
) -> None:
    plan = route(samples, "8000")
    assert plan is not None
    walk = caller(plan)
    assert isinstance(walk.first[0], AnswerCall)
    assert [prompt.language for prompt in walk.first[1].prompts] == ["zh", "en"]  # type: ignore[attr-defined]
    fetch = walk.press(language_key)[-1]
    assert isinstance(fetch, Fetch)
    assert fetch.url == "http://127.0.0.1:8080/healthz"
    (question,) = walk.feed(Fetched(0, None, "refused"))
    assert isinstance(question, PlayPrompts)
    order = walk.press(key)[-1]
    assert isinstance(order, EnterQueue)
    assert (order.queue, order.language, order.priority_s) == (queue, language, 0.0)
    assert walk.feed(QueueEnded("answered")) == [EndCall("normal")]


def test_the_sample_puts_a_good_customer_ahead(samples: dict[str, Plan]) -> None:
    walk = caller(samples["tv-shopping"])
    walk.press("1")
    walk.feed(Fetched(200, {"vip": True}))
    walk.feed(PlayEnded())  # 09:00 UTC: the good morning
    order = walk.press("1")[-1]
    assert isinstance(order, EnterQueue)
    assert order.priority_s == 60.0


def test_the_sample_promises_to_call_back_where_nobody_answers(samples: dict[str, Plan]) -> None:
    walk = caller(samples["tv-shopping"])
    walk.press("2")
    walk.feed(Fetched(200, {}))
    walk.press("1")
    assert walk.feed(QueueEnded("timeout")) == [MakePromise("orders", "13800138000")]
    walk.feed(Promised(ok=True))
    assert walk.feed(PlayEnded()) == [EndCall("normal")]


def test_the_sample_hands_a_caller_who_presses_wrong_keys_to_a_human(samples: dict[str, Plan]) -> None:
    walk = caller(samples["tv-shopping"])
    walk.press("2")
    walk.feed(Fetched(200, {}))
    walk.press("9")
    walk.feed(PlayEnded())
    assert isinstance(walk.press("9")[-1], EnterQueue)
    assert walk.step == "service"


def test_the_sample_reads_an_order_number_back(samples: dict[str, Plan]) -> None:
    walk = caller(samples["tv-shopping"])
    walk.press("2")
    walk.feed(Fetched(200, {}))
    said = walk.press("31234#")[-1]
    assert [prompt.text for prompt in said.prompts][1:4] == ["one two three four", "It has", "four"]  # type: ignore[attr-defined]


def test_the_sample_tries_reception_and_then_the_partner(samples: dict[str, Plan]) -> None:
    walk = caller(samples["tv-shopping"])
    walk.press("2")
    walk.feed(Fetched(200, {}))
    assert walk.press("0")[-1] == DialOut(("1003", "1004"), ring_s=20.0)
    assert walk.feed(DialEnded("busy")) == [DialOut((), "4008009999", "carrier", 30.0, ringing=True)]
    assert isinstance(walk.feed(DialEnded("failed"))[0], PlayPrompts)


def test_the_sample_takes_a_message_when_it_is_closed(samples: dict[str, Plan]) -> None:
    walk = caller(samples["tv-shopping"], is_open=False)
    walk.press("2")
    walk.feed(PlayEnded())
    assert walk.feed(PlayEnded()) == [RecordVoicemail("1001", 120.0)]
    assert walk.feed(VoicemailEnded(4.0)) == [EndCall("normal")]


def test_the_short_sample_goes_straight_to_the_queue(samples: dict[str, Plan]) -> None:
    plan = route(samples, "8001")
    assert plan is not None
    walk = caller(plan)
    (order,) = walk.feed(PlayEnded())
    assert isinstance(order, EnterQueue)
    assert order.offer is not None
    assert walk.feed(QueueEnded("callback")) == [EndCall("normal")]


def test_the_example_in_the_reference_is_a_plan_without_mistakes() -> None:
    text = (SAMPLES.parent / "docs" / "dialplan.md").read_text("utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    plans, problems = load_plans({"docs/dialplan.md": example}, WORLD)
    assert problems == []
    assert list(plans) == ["shop"]


def test_the_reference_names_every_verb_and_branch() -> None:
    text = (SAMPLES.parent / "docs" / "dialplan.md").read_text("utf-8")
    lines = reversed(text.splitlines())  # of two rows of a name the first is that of the verb
    rows = {line.split("`")[1].partition(":")[0]: line for line in lines if line.startswith("| `")}
    for verb, kind in VERBS.items():
        assert all(f"`{branch}`" in rows[verb] for branch in kind.branches), verb


DESIGNED = """
dialplan: tv-shopping
numbers: ["4008001234", "8000"]           # called numbers that enter here
language: zh
start: welcome
steps:
  welcome:  {play: welcome.wav, next: open?}
  open?:    {hours: office, open: known?, closed: closed}
  known?:   {http: {get: "https://crm.example/customers/{{ caller.number }}", timeout: 1.5s, save: customer},
             next: menu, failed: menu}
  menu:
    menu: {say: "1 for orders, 2 for a callback.", keys: {1: orders, 2: later}, timeout: 5s, tries: 3, failed: orders}
  orders:
    queue: {name: orders, needs: [{skill: orders, level: 3}], priority: "{{ 60 if customer.vip else 0 }}s",
            offer_callback: {when: wait > 90s}, failed: later}
  later:    {callback: {queue: orders}, next: bye}
  closed:   {hangup: unavailable}
  bye:      {hangup: normal}
"""


def test_a_plan_written_as_it_was_designed_survives_a_customer_database_that_is_down() -> None:
    plans, problems = load_plans({"a.yaml": DESIGNED}, replace(WORLD, prompts={"zh": frozenset({"welcome.wav"})}))
    assert problems == []
    walk = caller(plans["tv-shopping"])
    walk.feed(PlayEnded())
    walk.feed(Fetched(0, None, "connection refused"))
    needs = (("skill", "orders", 3, 10),)
    assert walk.press("1")[-1] == EnterQueue("orders", needs, 0.0, "zh", CallbackOffer(90.0, "1"))
