"""Every check, with the line and column of the key that is to blame. Steps begin in line 6."""

from __future__ import annotations

import pytest

from softswitch.ivr.check import check_plan
from softswitch.ivr.world import World
from tests.unit.ivr.conftest import BYE, HEAD

WORLD = World(
    queues=frozenset({"orders", "service"}),
    skills=frozenset({"orders"}),
    agents=frozenset({"alice"}),
    users=frozenset({"1001", "1002"}),
    trunks=frozenset({"carrier"}),
    calendars=frozenset({"office"}),
    prompts={"en": frozenset({"welcome.wav"}), "zh": frozenset()},
)
FIRST = "  first: {say: hello, next: %s}\n"


def found(steps: str, world: World = WORLD, head: str = HEAD) -> list[str]:
    """The problems as ``line:column: key: message``, without the file."""
    end = BYE if ": bye" in steps else ""
    plan, problems = check_plan(head + steps + end, "plan.yaml", world)
    assert (plan is None) == any(problem.level == "error" for problem in problems)
    return [str(problem).removeprefix("plan.yaml:") for problem in problems]


# ---- the shape -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ("  first: {plya: a.wav, next: bye}\n", "6:11: steps.first.plya: unknown verb 'plya'; did you mean 'play'?"),
        ("  first: {play: a.wav, say: b, next: bye}\n", "6:24: steps.first.say: a second verb beside play;"),
        ("  first: {next: bye}\n", "6:3: steps.first: no verb; a step has one of answer,"),
        ("  first: play\n", "6:3: steps.first: a step is a mapping with one verb"),
        ("  first: {say: hi, nxt: bye}\n", "6:20: steps.first.nxt: unknown key; did you mean 'next'?"),
        (
            "  first: {say: hi, next: bye, open: bye}\n",
            "6:31: steps.first.open: say has no branch 'open'; it has: next,",
        ),
        ("  first: {say: hi, next: {a: bye}}\n", "6:20: steps.first.next: must be text"),
        (
            "  first: {menu: {say: a, keys: {1: bye}, failed: bye}, timeout: 5s}\n",
            "6:56: steps.first.timeout: belongs inside of menu: {timeout: ...}",
        ),
        (
            "  first: {menu: {say: a, keys: {1: bye}, failed: bye}, failed: bye}\n",
            "6:56: steps.first.failed: written inside of menu too",
        ),
        (
            "  first: {menu: {say: a, keys: {1: bye}, tiemout: 5s}, failed: bye}\n",
            "6:42: steps.first.menu.tiemout: unknown key; did you mean 'timeout'?",
        ),
        ("  first: {menu: {say: a}, failed: bye}\n", "6:11: steps.first.menu: menu needs keys:"),
        ("  first: {menu: {keys: {1: bye}}, failed: bye}\n", "6:11: steps.first.menu: menu needs say: or play:"),
        (
            "  first: {menu: {say: a, keys: {12: bye}}, failed: bye}\n",
            "6:33: steps.first.menu.keys.12: 12 is not a telephone key",
        ),
        (
            "  first: {menu: {say: a, keys: {1: bye}, timeout: 5}, failed: bye}\n",
            "6:42: steps.first.menu.timeout: 5 has no unit; write for example 5s",
        ),
        (
            "  first: {menu: {say: a, keys: {1: bye}, tries: 0}, failed: bye}\n",
            "6:42: steps.first.menu.tries: must be greater than or equal to 1",
        ),
        (
            "  first: {menu: {say: [a, {txt: b}], keys: {1: bye}}, failed: bye}\n",
            "6:28: steps.first.menu.say[1].txt: unknown key; did you mean 'text'?",
        ),
        (
            "  first: {say: {text: a, digits: 1}, next: bye}\n",
            "6:11: steps.first.say: say one of text, digits, number, ordinal, money, date, time, duration, position or",
        ),
        (
            "  first: {say: [a, {text: b, language: english}], next: bye}\n",
            "6:30: steps.first.say[1].language: 'english'",
        ),
        (
            "  first: {collect: {say: a, save: caller}, next: bye, failed: bye}\n",
            "6:29: steps.first.collect.save: 'caller' belongs to the call and cannot be set",
        ),
        (
            "  first: {collect: {say: a, save: x, min: 5, max: 4}, next: bye, failed: bye}\n",
            "6:11: steps.first.collect: min: 5 is more than max: 4",
        ),
        ("  first: {set: {a-b: 1}, next: bye}\n", "6:17: steps.first.set.a-b: 'a-b' is not a name for a variable"),
        (
            "  first: {set: {language: fr}, next: bye}\n",
            "6:11: steps.first.set: 'fr' is not a language that is spoken here",
        ),
        (
            "  first: {say: {fr: Bonjour}, next: bye}\n",
            "6:17: steps.first.say.fr: 'fr' is not a language that is spoken",
        ),
        (
            "  first: {menu: {say: a, keys: {1: bye}, timeout: 99999999999999999999d}, failed: bye}\n",
            "6:42: steps.first.menu.timeout: '99999999999999999999d' is longer than 10 years",
        ),
        ("  first: {when: [{if: called}], else: bye}\n", "6:18: steps.first.when[0]: when needs then:"),
        (
            "  first: {when: [{if: called, than: bye}], else: bye}\n",
            "6:31: steps.first.when[0].than: unknown key; did you mean 'then'?",
        ),
        (
            "  first: {http: {get: 'http://a', post: 'http://b'}, next: bye, failed: bye}\n",
            "6:11: steps.first.http: http needs",
        ),
        (
            "  first: {http: {get: 'http://a', timeout: 1m}, next: bye, failed: bye}\n",
            "6:35: steps.first.http.timeout: must be less than or equal to 30",
        ),
        (
            "  first: {queue: {name: '{{ called }}'}, failed: bye}\n",
            "6:19: steps.first.queue.name: '{{ called }}' must be written out",
        ),
        (
            "  first: {queue: {name: orders, priority: 60}, failed: bye}\n",
            "6:33: steps.first.queue.priority: '60' is not",
        ),
        (
            "  first: {queue: {name: orders, needs: [{skil: orders}]}, failed: bye}\n",
            "6:42: steps.first.queue.needs[0].skil: unknown key; did you mean 'skill'?",
        ),
        (
            "  first: {queue: {name: orders, offer_callback: soon}, failed: bye}\n",
            "6:33: steps.first.queue.offer_callback: 'soon' is not understood; write for example: wait > 90s",
        ),
        (
            "  first: {dial: {number: 123}, failed: bye}\n",
            "6:11: steps.first.dial: dial needs one of user, users, or number",
        ),
        ("  first: {hangup: nomal}\n", "6:11: steps.first.hangup: must be 'normal', 'busy',"),
        ("  first: {answer: yes, next: bye}\n", "6:11: steps.first.answer: answer is followed by a mapping"),
    ],
)
def test_a_step_that_is_written_wrongly(steps: str, problem: str) -> None:
    first = found(steps)[0]
    assert first.startswith(problem)


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (HEAD.replace("language: en", "langauge: en"), "3:1: langauge: unknown key; did you mean 'language'?"),
        (HEAD.replace("dialplan: test\n", "\n"), "2:1: a dialplan needs dialplan:"),
        (HEAD.replace("[8000]", "[8000, '80 01']"), "2:17: numbers[1]: must match pattern"),
        (HEAD.replace("start: first", "start: frist"), "4:1: start: there is no step 'frist'; did you mean 'first'?"),
        (HEAD.replace("language: en", "language: english"), "3:1: language: 'english' is not a language"),
        *(
            (
                HEAD.replace("language: en", f"language: {word}"),
                f"3:1: language: '{word}' is not a language that is spoken",
            )
            for word in ("fr", "klingon", "zh_CN")
        ),
    ],
)
def test_a_head_that_is_written_wrongly(head: str, problem: str) -> None:
    assert found("  first: {say: hello, next: bye}\n", head=head)[0].startswith(problem)


@pytest.mark.parametrize("start", ["start: frist", "start: elsewhere", ""])
def test_a_wrong_start_hides_nothing(start: str) -> None:
    steps = "  first: {say: '{{ custmer }}', next: a}\n  a: {queue: order, failed: bye}\n  lost: {hangup: normal}\n"
    problems = found(steps, head=HEAD.replace("start: first", start))
    told = ["nothing sets 'custmer'", "there is no queue 'order'"]
    told += ["no caller can come here"] if start == "start: frist" else []  # else it is not known who can
    assert [any(part in problem for problem in problems) for part in told] == [True] * len(told)
    assert len(problems) == 1 + len(told)


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("{queue: {name: order, priorty: 20s}, failed: bey}", ["no queue 'order'", "unknown key", "no step 'bey'"]),
        ("{say: '{{ x }}', nxt: byee}", ["nothing sets 'x'", "unknown key", "no step 'byee'"]),
        ("{menu: {say: a, keys: {1: byee}}, timeout: 5s, failed: bye}", ["no step 'byee'", "belongs inside"]),
        ("{menu: {say: a, keys: {12: bye}, tiemout: 5}, failed: bye}", ["not a telephone", "unknown key", "no unit"]),
        (
            "{queue: orders, what: 5, priority: 5, failed: bye}",
            ["unknown key", "belongs inside of queue", "not a duration"],
        ),
        ("{dial: {usr: 1001}, failed: bye}", ["unknown key"]),
        ("{dial: {phone: 1001}, failed: bye}", ["unknown key"]),
    ],
)
def test_a_misspelt_key_hides_nothing_else_in_its_step(second: str, told: list[str]) -> None:
    problems = found(f"  first: {{when: {{if: called, then: bye}}, else: second}}\n  second: {second}\n")
    assert [any(part in problem for problem in problems) for part in told] == [True] * len(told), problems
    assert len(problems) == len(told), problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "f:1:1: a dialplan is a mapping"),
        ("- a", "f:1:1: a dialplan is a mapping"),
        ("dialplan: a\nsteps: {a: [}", "f:2:13: not readable as YAML"),
        ("dialplan: a\nstart: b\nsteps: 5", "f:3:1: steps: must be a mapping"),
    ],
)
def test_what_is_no_dialplan_at_all(text: str, problem: str) -> None:
    plan, problems = check_plan(text, "f")
    assert plan is None
    assert str(problems[0]).startswith(problem)


def test_a_step_that_is_written_twice() -> None:
    problem = "7:3: steps.first: written twice; the first one is in line 6"
    assert problem in found("  first: {say: a, next: bye}\n  first: {say: b, next: bye}\n")


@pytest.mark.parametrize(
    ("name", "told"), [("true", "read as a truth value"), ("~", "read as nothing"), ("1.5", "read as a fraction")]
)
def test_a_step_whose_name_is_no_name(name: str, told: str) -> None:
    (problem,) = found(FIRST % f"'{name}'" + f"  {name}: {{say: '{{{{ called }}}}', next: bye}}\n")
    assert problem.startswith(f"7:3: steps.{name}: ")
    assert told in problem


def test_a_step_may_have_a_number_for_a_name() -> None:
    for name in ("1", "-1", "007", "'1'"):
        assert found(FIRST % name + f"  {name}: {{say: '{{{{ called }}}}', next: bye}}\n") == []


def test_a_step_that_is_written_twice_once_in_quotes() -> None:
    (problem,) = found(FIRST % "1" + "  1: {say: a, next: bye}\n  '1': {say: b, next: bye}\n")
    assert problem.startswith("8:3: steps.1: written twice")


@pytest.mark.parametrize(
    ("need", "problem"),
    [
        ("{skill: orders, level: 5, at_most: 4}", ": at_most (4) is below level (5): nobody can have both"),
        ("{skill: orders, level: 11}", ".level: must be less than or equal to 10"),
        ("{any: [{skill: orders, level: 0}]}", ".any[0].level: must be greater than or equal to 1"),
        ("{any: [orders], not: orders}", ": a need is exactly one of skill, any, all and not"),
        ("{all: []}", ": any and all speak of one need at least"),
    ],
)
def test_a_need_that_is_none(need: str, problem: str) -> None:
    (told,) = found(f"  first: {{queue: {{name: orders, needs: [{need}]}}, failed: bye}}\n")
    assert told.startswith("6:") and f"steps.first.queue.needs[0]{problem}" in told


# ---- names of the world ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        (
            "  first: {queue: order, failed: bye}\n",
            "6:11: steps.first.queue: there is no queue 'order'; did you mean 'orders'?",
        ),
        (
            "  first: {queue: {name: orders, needs: [{skill: order}]}, failed: bye}\n",
            "6:42: steps.first.queue.needs[0].skill: there is no skill 'order'",
        ),
        (
            "  first: {queue: {name: orders, needs: [{any: [orders, {not: {skill: order}}]}]}, failed: bye}\n",
            "6:63: steps.first.queue.needs[0].any[1].not.skill: there is no skill 'order'",
        ),
        (
            "  first: {queue: {name: orders, prefer: {agent: alicia, for: 20s}}, failed: bye}\n",
            "6:42: steps.first.queue.prefer.agent: there is no agent 'alicia'; did you mean 'alice'?",
        ),
        (
            "  first: {callback: {queue: sales}, next: bye}\n",
            "6:22: steps.first.callback.queue: there is no queue 'sales'",
        ),
        (
            "  first: {dial: {users: [1001, 1009]}, failed: bye}\n",
            "6:32: steps.first.dial.users[1]: there is no user '1009'",
        ),
        (
            "  first: {dial: {number: 1, trunk: carier}, failed: bye}\n",
            "6:29: steps.first.dial.trunk: there is no trunk 'carier'; did you mean 'carrier'?",
        ),
        ("  first: {hours: ofice, open: bye, closed: bye}\n", "6:11: steps.first.hours: there is no calendar 'ofice'"),
        ("  first: {voicemail: '1003'}\n", "6:11: steps.first.voicemail: there is no mailbox '1003'"),
    ],
)
def test_a_name_that_nobody_has(steps: str, problem: str) -> None:
    (only,) = found(steps)
    assert only.startswith(problem)
    assert found(steps, World()) == []  # a world that is not known is not checked


# ---- what is heard ---------------------------------------------------------------------------------------------

BOTH = "  first: {menu: {say: a, keys: {1: zh, 2: heard}}, failed: heard}\n  zh: {set: {language: zh}, next: heard}\n"


@pytest.mark.parametrize(
    ("heard", "problem"),
    [
        ("{play: welcome.wav, next: bye}", "8:11: steps.heard.play: no file 'welcome.wav' in media/prompts/zh"),
        ("{say: {en: hello}, next: bye}", "8:11: steps.heard.say: callers with language zh come here"),
    ],
)
def test_each_language_that_can_come_here_needs_its_prompt(heard: str, problem: str) -> None:
    (only,) = found(f"{BOTH}  heard: {heard}\n")
    assert only.startswith(problem)


def test_a_plan_without_a_language_is_for_the_phones_of_every_language() -> None:
    problems = found("  first: {play: welcome.wav, next: bye}\n", head=HEAD.replace("language: en\n", "\n"))
    assert problems == ["6:11: steps.first.play: no file 'welcome.wav' in media/prompts/zh"]


def test_a_missing_recording_gets_a_near_name() -> None:
    (only,) = found("  first: {play: welcom.wav, next: bye}\n")
    assert only.endswith("no file 'welcom.wav' in media/prompts/en; did you mean 'welcome.wav'?")


def test_without_speech_every_text_is_a_missing_recording() -> None:
    silent = World(prompts={"en": frozenset({"welcome.wav"})}, speech=False)
    (only,) = found("  first: {say: hello, next: bye}\n", silent)
    assert only.startswith("6:11: steps.first.say: there is no speech engine for this text")
    assert found("  first: {play: {file: welcome.wav, say: hello}, next: bye}\n", silent) == []
    (other,) = found("  first: {play: {file: other.wav, say: hello}, next: bye}\n", silent)
    assert "no file 'other.wav' in media/prompts/en" in other


def test_a_text_for_other_languages_is_enough_where_a_recording_is_heard() -> None:
    heard = "  first: {play: {file: welcome.wav, say: {zh: 你好}}, next: bye}\n"
    assert found(heard) == []
    (only,) = found(heard.replace("welcome", "other"))
    assert only.startswith("6:35: steps.first.play.say: callers with language en come here, and have no text")


def test_a_text_stands_in_for_a_missing_recording() -> None:
    assert found("  first: {play: {file: other.wav, say: hello}, next: bye}\n") == []


# ---- variables -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        (
            '  first: {say: "{{ custmer.name }}", next: bye}\n',
            "6:11: steps.first.say: nothing sets 'custmer' before this step",
        ),
        (
            '  first: {set: {order: 1}, next: b}\n  b: {say: "{{ ordr }}", next: bye}\n',
            "7:7: steps.b.say: nothing sets 'ordr' before this step; did you mean 'order'?",
        ),
        ('  first: {set: {a: "{{ b }}", b: 1}, next: bye}\n', "6:17: steps.first.set.a: nothing sets 'b'"),
        ("  first: {when: {if: x > 1, then: bye}, else: bye}\n", "6:18: steps.first.when.if: nothing sets 'x'"),
        (
            '  first: {say: "{{ caller.nummer }}", next: bye}\n',
            "6:11: steps.first.say: caller has no field 'nummer'; did you",
        ),
        ('  first: {say: "{{ called", next: bye}\n', "6:11: steps.first.say: not readable"),
        ('  first: {say: "{{ called | lenght }}", next: bye}\n', "6:11: steps.first.say: there is no filter 'lenght'"),
        (
            "  first: {when: {if: '{{ called }}', then: bye}, else: bye}\n",
            "6:18: steps.first.when.if: a condition is written",
        ),
        (
            "  first: {when: {if: 'called }} x', then: bye}, else: bye}\n",
            "6:18: steps.first.when.if: a condition is one expression",
        ),
        (
            f"  first: {{say: '{{{{ {'(' * 150}called{')' * 150} }}}}', next: bye}}\n",
            "6:11: steps.first.say: nested too deeply",
        ),
    ],
)
def test_a_template_that_cannot_be_computed(steps: str, problem: str) -> None:
    (only,) = found(steps)
    assert only.startswith(problem)


def test_a_variable_that_is_set_on_some_ways_only_is_a_warning() -> None:
    steps = (
        "  first: {menu: {say: a, keys: {1: set, 2: say}}, failed: bye}\n"
        "  set: {set: {x: 1}, next: say}\n"
        '  say: {say: "{{ x }}", next: bye}\n'
    )
    (only,) = found(steps)
    assert only.startswith("8:9: warning: steps.say.say: 'x' is set on some of the ways that lead here only")
    assert found(steps.replace("{{ x }}", "{{ x | default(0) }}")) == []


def test_what_http_and_collect_save_is_set_on_every_way_out() -> None:
    steps = (
        "  first: {http: {get: 'http://a', save: c}, next: ask, failed: ask}\n"
        "  ask: {collect: {say: a, save: n}, next: say, failed: say}\n"
        '  say: {say: "{{ c }} {{ n }}", next: bye}\n'
    )
    assert found(steps) == []


# ---- all at once -----------------------------------------------------------------------------------------------


def test_ten_mistakes_are_ten_problems_each_in_its_place() -> None:
    text = """\
dialplan: ten
numbers: ["8000"]
languag: en
start: welcome
steps:
  welcome: {play: welcom.wav, next: open?}
  open?: {hours: offise, open: menu, closed: bye}
  menu:
    menu: {say: "1 or 2", keys: {1: orders, 2: servise}, timeout: 5s, tries: 3}
    failed: orders
  orders:
    queue: {name: orders, needs: [{skill: orders, level: 30}], offer_callback: wait > 90s}
    failed: later
  service: {queue: service, failed: later}
  later: {callback: {queue: orders, number: "{{ caler.number }}"}, next: thanks}
  thanks: {say: "{{ caller.number", next: again}
  again: {set: {x: 1}, next: thanks}
  ask: {collect: {say: "Number?", save: n}, next: bye, failed: bye}
  bye: {hangup: nomal}
"""
    _, problems = check_plan(text, "ten.yaml", WORLD)
    assert [(problem.line, problem.column, problem.key) for problem in problems] == [
        (3, 1, "languag"),
        (6, 13, "steps.welcome.play"),
        (7, 11, "steps.open?.hours"),
        (9, 45, "steps.menu.menu.keys.2"),
        (12, 51, "steps.orders.queue.needs[0].level"),
        (15, 37, "steps.later.callback.number"),
        (16, 12, "steps.thanks.say"),
        (17, 3, "steps.again"),
        (18, 3, "steps.ask"),
        (19, 9, "steps.bye.hangup"),
    ]
