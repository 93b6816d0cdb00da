"""What a plan says of a call that ends at each of its steps, and how an admin says it."""

from __future__ import annotations

import pytest

from softswitch.ivr.calendar import Calendar
from softswitch.ivr.check import check_plan
from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.load import load_plans
from softswitch.ivr.model import DialEnded, PlayEnded, QueueEnded, Start, VoicemailEnded
from softswitch.ivr.plan import PLAN_STAGES, Losing, Plan
from softswitch.ivr.run import Facts
from softswitch.ivr.world import World
from tests.unit.ivr.conftest import WALL, Walk, plan_of

HEAD = "dialplan: shop\nnumbers: [8000]\nlanguage: en\n"
MENU = "menu: {say: Press 1., keys: {1: bye}, timeout: 5s, tries: 1}"
FACTS = Facts(calendars={"office": Calendar("office", "UTC", {}), "never shut": Calendar("never shut", "UTC",
              dict.fromkeys(range(7), ((0, 1440),)))})  # fmt: skip


def walked(steps: str) -> Walk:
    walk = Walk(plan_of(steps), FACTS)
    walk.start()
    return walk


def stages(walk: Walk) -> tuple[str, str]:
    """Should the caller end the call now; should we."""
    return walk.machine.lost(True).stage, walk.machine.lost(False).stage


def test_before_the_first_step_only_a_defect_loses_anybody() -> None:
    assert stages(Walk(plan_of("  first: {answer: {}, next: bye}\n"))) == ("ivr", "")


@pytest.mark.parametrize(
    ("step", "lost"),
    [
        (f"{{{MENU}, failed: bye}}", "ivr"),
        ("{say: Hello., next: second}", "ivr"),  # there is more to come
        ("{say: Goodbye., next: bye}", ""),
        ("{wait: 5s, next: bye}", ""),
        (f"{{{MENU}, failed: bye, done: true}}", ""),
        ("{dial: {user: '1004'}, next: bye, failed: bye}", "ivr"),
        ("{voicemail: {mailbox: '1004', say: Speak.}, next: bye}", "voicemail-empty"),
        ("{queue: orders, failed: bye}", "ivr"),  # the contact says that he has abandoned it
        ("{conference: {room: team}, next: bye, failed: bye}", ""),
        ("{mailbox: '1004', next: bye, failed: bye}", ""),
    ],
)
def test_who_hangs_up_in_a_step(step: str, lost: str) -> None:
    second = f"  second: {{{MENU}, failed: bye}}\n" if "second" in step else ""
    assert stages(walked(f"  first: {step}\n{second}"))[0] == lost


@pytest.mark.parametrize(
    ("step", "event", "lost"),
    [
        ("{queue: orders, failed: sorry}", QueueEnded("full"), "queue-full"),
        ("{queue: orders, failed: sorry}", QueueEnded("timeout"), "queue-full"),
        ("{queue: orders, failed: sorry}", QueueEnded("error"), "ivr"),
        ("{queue: orders, next: sorry, failed: sorry}", QueueEnded("answered"), ""),
        ("{queue: orders, next: sorry, failed: sorry}", QueueEnded("callback"), ""),
        ("{dial: {user: '1004'}, failed: sorry}", DialEnded("busy", 486), "ivr"),
    ],
)
def test_what_has_come_to_nothing_counts_whoever_ends_the_call(step: str, event: object, lost: str) -> None:
    walk = walked(f"  first: {step}\n  sorry: {{say: We are sorry., next: bye}}\n")
    walk.feed(event)  # type: ignore[arg-type]
    assert walk.step == "sorry" and stages(walk) == (lost, lost)
    walk.feed(PlayEnded())
    assert stages(walk)[1] == lost  # and by the plan


def test_the_last_hours_count() -> None:
    shut = "  shut: {hours: office, open: sorry, closed: asks}\n  sorry: {say: Closed., next: bye}\n"
    asks = f"  asks: {{{MENU.replace('1: bye', '1: other')}, failed: bye}}\n"
    walk = walked(f"  first: {{answer: {{}}, next: shut}}\n{shut}{asks}"
                  "  other: {hours: never shut, open: sorry, closed: sorry}\n")  # fmt: skip
    assert walk.step == "asks" and stages(walk) == ("closed", "closed")
    walk.press("1")
    assert walk.step == "sorry" and stages(walk) == ("", "")


def test_a_message_that_is_too_short_is_the_contacts_affair() -> None:
    walk = walked("  first: {voicemail: {mailbox: '1004', min: 3s}, next: last}\n  last: {say: Thanks., next: bye}\n")
    walk.feed(VoicemailEnded(1.0))
    assert stages(walk) == ("voicemail-empty", "voicemail-empty")


def test_done_holds_until_more_is_wanted() -> None:
    menu = MENU.replace("bye", "line")
    walk = walked(
        "  first: {say: It is on its way., done: true, next: asks}\n"
        f"  asks: {{{menu}, failed: bye}}\n"
        "  line: {queue: orders, failed: last}\n"
        "  last: {say: Sorry., next: bye}\n"
    )
    walk.feed(PlayEnded())
    assert walk.step == "asks" and stages(walk) == ("", "")
    walk.press("1")
    walk.feed(QueueEnded("full"))
    assert stages(walk) == ("queue-full", "queue-full")


def test_a_plan_that_breaks_is_a_loss_and_one_that_ends_is_none() -> None:
    walk = walked('  first: {set: {x: "{{ 1 // (caller.number | length - 11) }}"}, next: second}\n'
                  "  second: {when: {if: x > 1, then: bye}, else: bye}\n")  # fmt: skip
    assert walk.machine.ended and stages(walk)[1] == "ivr"
    ends = walked("  first: {hangup: busy}\n")
    assert ends.machine.ended and stages(ends)[1] == ""


QUESTION = MENU.replace("bye", "back")
FLOW = f"flow: ask\nstart: question\nsteps:\n  question: {{{QUESTION}, failed: back}}\n  back: {{return: {{}}}}\n"
CALLS = HEAD + (
    "lost_to: orders\nstart: first\nsteps:\n  first: {say: Service., lost_to: service, next: sub}\n"
    "  sub: {flow: ask, next: last, failed: last}\n  last: {say: Bye., next: bye}\n  bye: {hangup: normal}\n"
)


def shop(text: str) -> Plan:
    plans, problems = load_plans({"shop.yaml": text, "ask.yaml": FLOW}, World(queues=frozenset({"orders", "service"})))
    assert not [one for one in problems if one.level == "error"], problems
    return plans["shop"]


def test_the_queue_that_a_step_says_holds_from_there_on_and_in_flows() -> None:
    machine = Interpreter(shop(CALLS), FACTS)
    machine.handle(Start("c1", "13800138000", "", "8000", "", WALL), 0.0)
    machine.handle(PlayEnded(), 1.0)
    found = machine.lost(True)
    assert (found.stage, found.queue, found.step) == ("ivr", "service", "ask/question")


LINE = "start: first\nsteps:\n  first: {queue: orders, failed: bye}\n  bye: {hangup: normal}\n"


@pytest.mark.parametrize(
    ("head", "losing"),
    [
        ("", Losing("orders")),  # its only queue
        ("lost_to: service\n", Losing("service")),
        ("lost: {to: service, stages: [ivr], after: 3s}\n", Losing("service", ("ivr",), 3.0)),
        ("lost: {stages: []}\n", Losing("orders", ())),
        ("lost: {after: 5s}\nlost_to: service\n", Losing("service", PLAN_STAGES, 5.0)),
    ],
)
def test_how_a_plan_says_it(head: str, losing: Losing) -> None:
    assert shop(HEAD + head + LINE).lost == losing


@pytest.mark.parametrize(
    ("head", "step", "told"),
    [
        ("lost: {to: order}", "", "plan.yaml:4:8: lost.to: there is no queue 'order'; did you mean 'orders'?"),
        ("lost_to: order", "", "plan.yaml:4:1: lost_to: there is no queue 'order'; did you mean 'orders'?"),
        ("lost_to: orders\nlost: {to: orders}", "", "plan.yaml:4:1: lost_to: lost: {to: ...} says it too; once is"),
        ("lost: {stages: [abandoned]}", "", "plan.yaml:4:17: lost.stages[0]: must be 'shed', 'early-cancel', 'ivr', "
         "'closed' or 'voicemail-empty'"),
        ("lost: {stages: [ivr, closed, ivr]}", "", "plan.yaml:4:8: lost.stages: 'ivr' is there twice; write it once"),
        ("lost: orders", "", "plan.yaml:4:1: lost: must be a mapping"),
        ("", ", lost_to: order", "lost_to: there is no queue 'order'; did you mean 'orders'?"),
        ("", ", done: perhaps", "done: must be true or false"),
        ("", ", dine: true", "unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_it_is_said_where_it_stands(head: str, step: str, told: str) -> None:
    text = HEAD + (head + "\n" if head else "") + LINE.replace("failed: bye}", f"failed: bye{step}}}")
    plan, problems = check_plan(text, "plan.yaml", World(queues=frozenset({"orders"})))
    assert plan is None and [str(one) for one in problems if told in str(one)], [str(one) for one in problems]


def test_a_step_with_a_number_for_a_name_is_looked_at_too() -> None:
    text = HEAD + "start: 1\nsteps:\n  1: {say: Hello., lost_to: order, next: bye}\n  bye: {hangup: normal}\n"
    _, problems = check_plan(text, "plan.yaml", World(queues=frozenset({"orders"})))
    assert [one.key for one in problems if "there is no queue" in one.message] == ["steps.1.lost_to"]
