"""What ``say`` makes of values: in the caller's language, from what a variable holds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from softswitch.ivr.check import check_plan
from softswitch.ivr.model import EndCall, PlayPrompts, StepFailed
from softswitch.ivr.run import Facts
from softswitch.ivr.verb.item import Item
from softswitch.ivr.world import World
from tests.unit.ivr.conftest import HEAD, Walk, Walker, plan_of
from tests.unit.ivr.test_sound import words

SHANGHAI = Facts(zone=ZoneInfo("Asia/Shanghai"))  # where it is 17:00 at WALL


def said(walker: Walker, item: str, language: str = "en", facts: Facts = SHANGHAI) -> str:
    walk = walker(f"  first: {{language: {language}, next: say}}\n  say: {{say: {item}, next: bye}}\n", facts)
    (one,) = words(walk)
    return str(one[1])


@pytest.mark.parametrize(
    ("item", "en", "zh"),
    [
        ("{number: -2.5}", "minus two point five", "负二点五"),
        ("{number: '1,234'}", "one thousand two hundred and thirty-four", "一千二百三十四"),
        ("{number: '{{ 0.1 + 0.2 }}'}", "zero point three", "零点三"),
        ("{number: 2, of: message}", "two messages", "两条留言"),
        ("{ordinal: 21}", "twenty-first", "第二十一"),
        ("{position: 1}", "You are next in line.", "您是下一位，请稍候。"),
        ("{position: '{{ 2 + 1 }}'}", "You are number three in line.", "您前面还有两位，请稍候。"),
        ("{digits: 13800138000, groups: [3, 8]}", "one three eight, zero zero one three eight zero zero zero",
         "幺三八，零零幺三八零零零"),
        ("{digits: '4008001234', groups: phone}", "four zero zero, eight zero zero, one two three four",
         "四零零，八零零，幺二三四"),
        ("{money: 12.50 CNY}", "twelve yuan and fifty fen", "十二元五角"),
        ("{money: '{{ 12.5 }}', currency: usd}", "twelve dollars and fifty cents", "十二美元五十美分"),
        ("{date: 2026-03-02}", "the second of March, twenty twenty-six", "二〇二六年三月二日"),
        ("{date: '{{ time }}', weekday: true, year: false}", "Monday, the second of March", "三月二日，星期一"),
        ("{date: '{{ time }}', near: true}", "today", "今天"),
        ("{date: '2026-03-03', near: true}", "tomorrow", "明天"),
        ("{date: '2026-03-02T16:00:00Z', near: true}", "tomorrow", "明天"),  # already, in Shanghai
        ("{date: '2026-03-02T16:00:00Z', near: true, zone: Europe/London}", "today", "今天"),
        ("{time: '{{ time }}'}", "five p.m.", "下午五点"),
        ("{time: '{{ time }}', zone: Europe/London}", "nine a.m.", "上午九点"),
        ("{time: '{{ time }}', hours: 24}", "seventeen hundred hours", "十七点"),
        ("{time: '14:05'}", "two oh five p.m.", "下午两点零五分"),
        ("{duration: 90}", "one minute and thirty seconds", "一分钟三十秒"),
        ("{duration: 1h29m50s, to: minute}", "one hour and thirty minutes", "一个小时三十分钟"),
        ("{number: 5, language: zh}", "五", "五"),
        ("{zh: 你好, en: Hello}", "Hello", "你好"),
    ],
)  # fmt: skip
def test_values_are_said_in_the_caller_s_language(walker: Walker, item: str, en: str, zh: str) -> None:
    assert (said(walker, item), said(walker, item, "zh")) == (en, zh)
    assert (said(walker, item, "en-GB"), said(walker, item, "yue")) == (en, zh)


UNSPEAKABLE = pytest.mark.parametrize(
    ("item", "why"),
    [
        ("{number: Li}", "'Li' is not a number that can be said"),
        ("{number: '1000000000000'}", "too large to be said"),
        ("{number: 2.5, of: message}", "'2.5' is not a whole number"),
        ("{position: 0}", "0 is no place in a row; the first one is 1"),
        ("{position: first}", "'first' is not a number that can be said"),
        ("{ordinal: 0}", "0 is no place in a row; the first one is 1"),
        ("{money: '12.50'}", "'12.50' names no currency"),
        ("{money: 12.505 USD}", "cannot be paid"),
        ("{money: 1 XXX}", "'XXX' is no currency that is spoken here"),
        ("{date: soon}", "'soon' is no date; write for example 2026-03-02"),
        ("{time: noon}", "'noon' is no time of day; write for example 14:05"),
        ("{digits: '%s'}" % ("1" * 101), "is too long to be read one by one; up to 100 are"),
        ("{duration: -1}", "no time that can be said"),
        ("{duration: 90 min}", "is not a duration"),
    ],
)


@UNSPEAKABLE
def test_a_value_that_cannot_be_said_and_is_written_out_is_a_mistake(item: str, why: str) -> None:
    _, problems = check_plan(f"{HEAD}  first: {{say: {item}, next: bye}}\n  bye: {{hangup: normal}}\n", "plan.yaml")
    (problem,) = problems
    assert (problem.line, problem.level) == (6, "error") and why in problem.message


@UNSPEAKABLE
def test_a_value_that_cannot_be_said_takes_failed(walker: Walker, item: str, why: str) -> None:
    item = re.sub(r": '?([^',}]+)'?", r""": '{{ "\1" }}'""", item, count=1)  # not written out, but computed
    walk: Walk = walker(f"  first: {{say: {item}, next: bye, failed: other}}\n  other: {{hangup: busy}}\n")
    assert walk.first == [EndCall("busy")]
    (failed,) = [fact for fact in walk.facts if isinstance(fact, StepFailed)]
    assert why in failed.why and failed.where == "plan.yaml:6"


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ("{number: 1, groups: [3]}", "groups is no option of number"),
        ("{text: a, weekday: true}", "weekday is no option of text"),
        ("{money: 1, of: message}", "of is no option of money"),
        ("{number: 1, of: mesage}", "'mesage' is nothing that is counted here; write one of message"),
        ("{money: 1, currency: XAU}", "'XAU' is no currency that is spoken here; write one of CNY"),
        ("{date: 2026-03-02, zone: Mars}", "'Mars' is not a time zone"),
        ("{time: '14:05', hours: 10}", "12 or 24"),
        ("{digits: 1, groups: [0]}", "greater than or equal to 1"),
        (
            "{number: 1, ordinal: 2}",
            "say one of text, digits, number, ordinal, money, date, time, duration, position",
        ),
        ("{of: message}", "say one of"),
        ("''", "a text without a word; for silence write for example {pause: 1s}"),
    ],
)
def test_an_item_that_is_written_wrongly(item: str, why: str) -> None:
    _, problems = check_plan(f"{HEAD}  first: {{say: {item}, next: bye}}\n  bye: {{hangup: normal}}\n", "plan.yaml")
    assert any(why in str(problem) for problem in problems), problems


def test_a_value_names_the_recordings_that_say_it(walker: Walker) -> None:
    walk = walker("  first: {say: [{number: 21}, {digits: '12', groups: [1]}, {text: hello}], next: bye}\n")
    (order,) = [order for order in walk.first if isinstance(order, PlayPrompts)]
    pieces = [prompt.pieces for prompt in order.prompts]
    assert pieces == [("word/twenty", "word/one"), ("digits/1", "", "digits/2"), ()]


@pytest.mark.parametrize(("fallback", "number", "hello"), [(("en",), "five", "Hello"), (("zh", "en"), "五", "你好")])
def test_a_caller_without_words_hears_those_of_the_fallback(fallback: tuple[str, ...], number: str, hello: str) -> None:
    plan = plan_of("  first: {say: [{number: 5}, {zh: 你好, en: Hello}], next: bye}\n", language="")
    walk = Walk(plan, Facts(fallback=fallback))
    order = walk.start(language="fr")[1]
    assert isinstance(order, PlayPrompts)
    value, text = order.prompts
    assert (value.language, value.text_language, value.text) == ("fr", fallback[0], number)
    assert (text.language, text.text_language, text.text) == ("fr", fallback[0], hello)


@pytest.mark.parametrize("language", ["zh-HK", "yue"])
def test_one_voice_says_all_to_a_caller_who_reads_the_same_characters(walker: Walker, language: str) -> None:
    say = "{say: [您好, {number: 5}, {zh: 你好, en: Hello}], next: bye}"
    walk = walker(f"  first: {{language: {language}, next: say}}\n  say: {say}\n")
    assert words(walk) == [(language, "您好"), (language, "五"), (language, "你好")]
    (order,) = [order for order in walk.first if isinstance(order, PlayPrompts)]
    assert {prompt.text_language for prompt in order.prompts} == {""}


def test_the_day_is_that_of_the_caller_s_walk_and_not_of_its_start(walker: Walker) -> None:
    menu = "  first: {menu: {say: a, keys: {1: day}, timeout: 10s}, failed: bye}\n"
    walk = walker(
        menu + "  day: {say: {date: '{{ time }}', year: false}, next: bye}\n",
        SHANGHAI,
        wall=datetime(2026, 3, 2, 15, 59, 55, tzinfo=UTC),
    )
    walk.now += 6
    (order,) = [order for order in walk.press("1") if isinstance(order, PlayPrompts)]
    assert [prompt.text for prompt in order.prompts] == ["the third of March"]


DIGITS = {
    "en": frozenset(f"digits/{name}.wav" for name in "0123456789")
    | {f"digits/{n}.mp3" for n in ("plus", "star", "hash", "point")}
}


def test_without_an_engine_values_of_recorded_words_can_be_heard() -> None:
    steps = "  first: {say: [{digits: '{{ called }}'}, {pause: 1s}], next: bye}\n  bye: {hangup: normal}\n"
    plan = HEAD + steps
    assert check_plan(plan, "p.yaml", World(prompts=DIGITS, speech=False))[1] == []
    (problem,) = check_plan(plan.replace("digits:", "number:"), "p.yaml", World(prompts=DIGITS, speech=False))[1]
    assert "there is no speech engine" in str(problem)
    assert Item(digits="1").recorded("zh", frozenset()) is False


@pytest.mark.parametrize("item", ["{digits: '{{ card }}'}", "Card {{ card }}", "{zh: '{{ card }}', en: '{{ card }}'}"])
def test_what_is_secret_is_kept_nowhere_when_it_is_said(walker: Walker, item: str) -> None:
    item = item if item[0] == "{" else f"'{item}'"
    say = f"  say: {{say: [{item}, {{text: '{{{{ caller.name }}}}'}}], next: bye}}\n"
    walk = walker(f"  first: {{set: {{card: '4111', secret: true}}, next: say}}\n{say}")
    (order,) = [order for order in walk.first if isinstance(order, PlayPrompts)]
    assert [prompt.private for prompt in order.prompts] == [True, False]


def examples() -> list[tuple[str, str, str]]:
    """Items of the reference that need no variables, with what is said to it."""
    text = (Path(__file__).parents[3] / "docs" / "dialplan.md").read_text("utf-8")
    section = text.split("## What is said")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    found = [(re.findall(r"`(\{[^`]*\})`", row[0]), *row[1:]) for row in rows if len(row) == 3]
    fixed = [([item for item in items if "{{" not in item], en, zh) for items, en, zh in found]
    return [(items[0], en, zh) for items, en, zh in fixed if items]


def test_the_reference_says_what_is_said(walker: Walker) -> None:
    assert len(examples()) >= 9
    for item, en, zh in examples():
        assert (said(walker, item), said(walker, item, "zh")) == (en, zh)
