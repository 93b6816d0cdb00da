"""What is true of every walk, whatever the verb."""

from __future__ import annotations

import copy

import pytest

from softswitch.core.effect import DomainEvent
from softswitch.core.errors import UsageError
from softswitch.ivr.interpreter import MAX_BURST, TABLE, Interpreter
from softswitch.ivr.model import (
    DialEnded,
    EndCall,
    Fetched,
    HungUp,
    IvrInput,
    PlayEnded,
    Pressed,
    Promised,
    QueueEnded,
    StepEntered,
    StepFailed,
    StepLeft,
    VoicemailEnded,
)
from softswitch.ivr.parse import parse_plan
from softswitch.ivr.plan import Plan, Step
from softswitch.ivr.run import MAX_AHEAD, Facts, Wait
from softswitch.ivr.verb.flow import Set
from tests.unit.ivr.conftest import HEAD, WALL, Walk, Walker, plan_of

WAITING = {
    Wait.PROMPT: "  first: {play: a.wav, next: bye}\n",
    Wait.KEYS: "  first: {menu: {say: a, keys: {1: bye}}, failed: bye}\n",
    Wait.FETCH: '  first: {http: {get: "http://a/"}, next: bye, failed: bye}\n',
    Wait.QUEUE: "  first: {queue: orders, failed: bye}\n",
    Wait.PROMISE: "  first: {callback: orders, next: bye}\n",
    Wait.DIAL: '  first: {dial: {user: "1"}, failed: bye}\n',
    Wait.RECORD: '  first: {voicemail: "1", next: bye}\n',
}
INPUTS: tuple[IvrInput, ...] = (
    PlayEnded(),
    Pressed("1"),
    Fetched(200),
    QueueEnded("answered"),
    Promised(True),
    DialEnded("answered"),
    VoicemailEnded(1.0),
    HungUp(),
)


@pytest.mark.parametrize("wait", WAITING)
def test_a_hangup_ends_every_wait_without_an_order(walker: Walker, wait: Wait) -> None:
    walk = walker(WAITING[wait])
    assert walk.machine.state.wait is wait
    assert walk.feed(HungUp()) == []
    assert walk.machine.ended
    assert walk.machine.deadline is None
    assert [walk.feed(event) for event in INPUTS] == [[]] * len(INPUTS)


@pytest.mark.parametrize("wait", [wait for wait in Wait if wait is not Wait.ENDED])
def test_an_input_without_a_cell_is_our_own_mistake(wait: Wait) -> None:
    walk = Walk(plan_of(WAITING[Wait.PROMPT]))
    walk.start()
    walk.machine.state.wait = wait
    missing = [event for event in INPUTS if type(event) not in TABLE[wait]]
    assert missing
    for event in missing:
        with pytest.raises(UsageError, match=f"no cell for {type(event).__name__} in {wait.name}"):
            walk.machine.handle(event, 100.0)


def test_a_walk_cannot_start_twice(walker: Walker) -> None:
    walk = walker(WAITING[Wait.PROMPT])
    with pytest.raises(UsageError):
        walk.start()


def test_steps_that_never_wait_are_stopped() -> None:
    turn = Step("first", Set.model_validate({"values": {"x": 1}, "next": "first"}), 6, 3)
    walk = Walk(Plan("test", "plan.yaml", (), "en", "first", {"first": turn}))
    assert walk.start() == [EndCall("error")]
    assert walk.facts[-1] == StepFailed("c1", "test", "first", "plan.yaml:6", f"{MAX_BURST} steps without waiting")
    assert len(walk.path) == MAX_BURST + 1


ROUNDS: list[tuple[str, IvrInput]] = [
    ("{queue: orders, failed: first}", QueueEnded("full")),
    ('{dial: {user: "1"}, failed: first}', DialEnded("failed")),
    ("{callback: orders, next: first, failed: first}", Promised(False)),
]


def round_plan(first: str) -> Plan:
    """A plan of one step that leads to itself, whatever the check says."""
    draft, _ = parse_plan(HEAD + f"  first: {first}\n", "plan.yaml")
    assert draft is not None
    return draft.plan


@pytest.mark.parametrize("between_s", [0.0, 0.01])
@pytest.mark.parametrize(("first", "answer"), ROUNDS)
def test_steps_that_are_refused_at_once_again_and_again_are_stopped(
    first: str, answer: IvrInput, between_s: float
) -> None:
    walk = Walk(round_plan(first))
    walk.start()
    for _ in range(2 * MAX_BURST):
        walk.now += between_s
        orders = walk.feed(answer)
        if walk.machine.ended:
            break
    assert orders == [EndCall("error")]
    assert walk.facts[-1] == StepFailed("c1", "test", "first", "plan.yaml:6", f"{MAX_BURST} steps without waiting")
    assert len(walk.path) <= 1.3 * MAX_BURST


def test_a_caller_may_try_the_same_queue_all_day(walker: Walker) -> None:
    walk = Walk(round_plan("{queue: orders, failed: first}"))
    walk.start()
    for _ in range(10 * MAX_BURST):
        walk.now += 1.0
        walk.feed(QueueEnded("timeout"))
    assert not walk.machine.ended


def test_a_key_is_a_wait_however_fast_it_comes() -> None:
    walk = Walk(round_plan("{menu: {say: a, keys: {1: first}}, failed: first}"))
    walk.start()
    walk.press("1" * (2 * MAX_BURST))
    assert not walk.machine.ended


def test_each_step_is_told_with_its_verb(walker: Walker) -> None:
    walk = walker("  first: {play: a.wav, next: bye}\n")
    walk.wait(2)
    walk.feed(PlayEnded())
    version = walk.machine.plan.version
    assert walk.facts == [
        StepEntered("c1", "test", "first", "play"),
        StepLeft("c1", "test", version, "first", "play", "next", "bye", 2.0),
        StepEntered("c1", "test", "bye", "hangup"),
        StepLeft("c1", "test", version, "bye", "hangup", "end", "", 0.0),
    ]


def test_the_callers_variables(walker: Walker) -> None:
    walk = walker(
        WAITING[Wait.PROMPT], trunk="carrier", wall=WALL, diverted=("200", "100"), note="66;encoding=hex",
        campaign={"name": "spring", "due": "5"},
    )  # fmt: skip
    assert walk.variables == {
        "caller": {"number": "13800138000", "name": "Li"},
        "called": "8000",
        "diverted": ["200", "100"],
        "note": "66;encoding=hex",
        "trunk": "carrier",
        "contact": "c1",
        "campaign": {"name": "spring", "due": "5"},
        "language": "en",
        "digits": "",
    }


@pytest.mark.parametrize(
    ("plan_language", "phone_language", "language"),
    [("language: zh", "en", "zh"), ("", "zh", "zh"), ("", "", "en")],
)
def test_the_phones_language_counts_where_the_plan_names_none(
    plan_language: str, phone_language: str, language: str
) -> None:
    walk = Walk(plan_of(WAITING[Wait.PROMPT], plan_language))
    walk.start(language=phone_language)
    assert walk.variables["language"] == language


def test_typing_ahead_is_bounded(walker: Walker) -> None:
    walk = walker(WAITING[Wait.PROMPT])
    walk.press("1" * 40 + "2")
    assert walk.machine.state.ahead == "1" * (MAX_AHEAD - 1) + "2"


def test_a_tick_before_its_time_does_nothing(walker: Walker) -> None:
    walk = walker(WAITING[Wait.FETCH])
    assert walk.wait(0.5) == []
    assert not walk.machine.ended


def test_a_walk_goes_on_from_its_state_alone(walker: Walker) -> None:
    walk = walker(
        "  first: {collect: {say: a, save: n, max: 3}, next: b, failed: bye}\n  b: {say: '{{ n }}', next: bye}\n"
    )
    walk.press("12")
    again = Interpreter(walk.machine.plan, Facts(), copy.deepcopy(walk.machine.state))
    orders = [effect for effect in again.handle(Pressed("3"), walk.now) if not isinstance(effect, DomainEvent)]
    assert orders[0].prompts[0].text == "123"  # type: ignore[attr-defined]
