"""The verbs in which callers meet or are moved, step by step; and what the check says of how they are written."""

from __future__ import annotations

import pytest

from softswitch.ivr.away import EnterConference, PageUsers, ParkCaller, ReferCaller, RetrieveCall
from softswitch.ivr.check import check_plan
from softswitch.ivr.interpreter import RESTARTED, Interpreter
from softswitch.ivr.model import AwayEnded, DialEnded, DialOut, EndCall, PlayPrompts, Question, StepFailed, StepLeft
from softswitch.ivr.verb.park import slots
from softswitch.ivr.world import World
from tests.unit.ivr.conftest import BYE, HEAD, Walk, Walker

TO = ", next: bye, failed: sorry}\n  sorry: {say: Sorry, next: bye}\n"
WORLD = World(users=frozenset({"1001", "1002"}), trunks=frozenset({"carrier"}))


def first(walker: Walker, verb: str, **values: str) -> Walk:
    return walker(f"  first: {{{verb}{TO}", **values)


def order(walk: Walk, kind: type) -> object:
    return next((effect for effect in walk.first if isinstance(effect, kind)), None)


def failures(walk: Walk) -> list[str]:
    return [fact.why for fact in walk.facts if isinstance(fact, StepFailed)]


# ---- conference ------------------------------------------------------------------------------------------------


def test_a_room_without_a_pin_is_entered_at_once(walker: Walker) -> None:
    walk = first(walker, "conference: {room: '{{ called }}-a', max: 9, wait_for_moderator: true, leave: '#'}")
    wanted = EnterConference("8000-a", "en", most=9, wait_s=1800.0, leave="#")
    assert order(walk, EnterConference) == wanted
    assert walk.feed(AwayEnded("next")) == [EndCall()] and walk.path == ["first", "bye"]


@pytest.mark.parametrize(("digits", "moderator"), [("123#", False), ("987#", True), ("9#123#", False)])
def test_the_pin_says_who_is_a_moderator(walker: Walker, digits: str, moderator: bool) -> None:
    walk = first(walker, "conference: {room: team, pin: '123', moderator_pin: '987', ends_with_moderator: true}")
    assert order(walk, EnterConference) is None
    *_, entered = walk.press(digits)
    assert isinstance(entered, EnterConference)
    assert (entered.moderator, entered.ends) == (moderator, not moderator)


def test_with_a_moderators_pin_alone_hash_makes_a_member(walker: Walker) -> None:
    walk = first(walker, "conference: {room: team, moderator_pin: '987'}")
    *_, entered = walk.press("#")
    assert isinstance(entered, EnterConference) and not entered.moderator


def test_a_pin_may_be_fetched_and_one_that_is_none_fails_without_being_told(walker: Walker) -> None:
    steps = "  first: {set: {pin: %s}, next: room}\n  room: {conference: {room: team, pin: '{{ pin }}'}" + TO
    walk = walker(steps % "'4711'")
    *_, entered = walk.press("4711#")
    assert isinstance(entered, EnterConference)
    walk = walker(steps % "none of your business")
    walk.press("1#")
    assert walk.path[-1] == "sorry" and "business" not in repr(walk.facts[2:])


def test_what_was_keyed_in_is_not_told(walker: Walker) -> None:
    walk = first(walker, "conference: {room: team, pin: '4711'}")
    walk.press("4712#4711#")
    walk.feed(AwayEnded("over"))
    told = [fact for fact in walk.facts if isinstance(fact, StepLeft)]
    assert "471" not in repr(told) and "****" in repr(told)
    assert "4711" not in repr(walk.machine.state)


def test_time_and_silence_end_a_pin(walker: Walker) -> None:
    walk = first(walker, "conference: {room: team, pin: '4711', tries: 2}")
    walk.wait(300)  # the question was never reported as heard
    walk.press("4711")
    (*_, entered) = walk.wait(5)
    assert isinstance(entered, EnterConference)
    walk = first(walker, "conference: {room: team, pin: '4711', tries: 2}")
    for _ in range(2):
        walk.wait(300)
    assert walk.path[-1] == "sorry"


@pytest.mark.parametrize("room", ["", "a b", "x" * 65, "../../etc"])
def test_a_room_has_a_name(walker: Walker, room: str) -> None:
    walk = walker(f'  first: {{set: {{name: "{room}"}}, next: room}}\n  room: {{conference: "{{{{ name }}}}"{TO}')
    assert walk.path[-1] == "sorry" and len(failures(walk)[0]) < 120


@pytest.mark.parametrize(
    ("outcome", "step"),
    [("over", "bye"), ("dropped", "bye"), ("full", "sorry"), ("locked", "sorry"), ("no_moderator", "sorry"),
     ("whatever", "sorry")],
)  # fmt: skip
def test_how_a_conference_ends(walker: Walker, outcome: str, step: str) -> None:
    walk = first(walker, "conference: team")
    walk.feed(AwayEnded(outcome))
    assert walk.path[1] == step


# ---- park, retrieve --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "found"),
    [("71", ("71",)), ("71-73", ("71", "72", "73")), ("08-11", ("08", "09", "10", "11")), ("*7", ("*7",))],
)
def test_slots(written: str, found: tuple[str, ...]) -> None:
    assert slots(written) == found


@pytest.mark.parametrize("written", ["", "73-71", "0-99999", "a", "7 1", "7-", "1-2-3", "٣"])
def test_what_is_no_slot(written: str) -> None:
    with pytest.raises(ValueError, match="is no slot"):
        slots(written)


def test_a_call_is_parked_where_it_has_called(walker: Walker) -> None:
    walk = first(walker, 'park: {slot: "{{ called }}", for: 90s, tell: false}')
    assert order(walk, ParkCaller) == ParkCaller(("8000",), 90.0, "en", tell=False)
    assert walk.feed(AwayEnded("next")) == [EndCall()]


def test_nobody_takes_a_call_and_who_parked_it_is_rung(walker: Walker) -> None:
    walk = first(walker, "park: {slot: 71-72, back: 20s}")
    assert walk.feed(AwayEnded("timeout", by="1001")) == [DialOut(users=("1001",), ring_s=20.0)]
    walk.feed(DialEnded("no answer"))
    assert walk.path[-1] == "sorry" and failures(walk) == ["nobody took the call"]
    walk = first(walker, "park: {slot: 71-72, back: 20s}")
    walk.feed(AwayEnded("timeout"))  # nobody sent it there
    assert walk.path[-1] == "sorry"


def test_a_slot_that_is_none_fails(walker: Walker) -> None:
    for verb in ('park: {slot: "{{ caller.name }}"}', 'retrieve: "{{ caller.name }}"'):
        walk = walker(f"  first: {{{verb}, failed: bye}}\n")
        assert walk.path[-1] == "bye" and "is no slot" in failures(walk)[0]


@pytest.mark.parametrize(("outcome", "why"), [("empty", "nobody is parked"), ("forbidden", "from outside")])
def test_a_call_that_cannot_be_taken(walker: Walker, outcome: str, why: str) -> None:
    walk = walker('  first: {retrieve: "71", failed: bye}\n')
    assert order(walk, RetrieveCall) == RetrieveCall("71")
    walk.feed(AwayEnded(outcome))
    assert walk.path[-1] == "bye" and why in failures(walk)[0]


# ---- page, dial, transfer --------------------------------------------------------------------------------------


def test_a_page_of_the_callers_voice_or_of_a_text(walker: Walker) -> None:
    walk = first(walker, 'page: {users: ["1001", "1002"], max: 30s}')
    assert order(walk, PageUsers) == PageUsers(("1001", "1002"), 30.0, 5.0)
    walk = first(walker, 'page: {users: ["1001"], say: "{{ called }} closes"}')
    paged = order(walk, PageUsers)
    assert isinstance(paged, PageUsers) and [prompt.text for prompt in paged.prompts] == ["8000 closes"]
    assert not any(isinstance(effect, PlayPrompts) for effect in walk.first)
    walk.feed(AwayEnded("nobody"))
    assert walk.path[-1] == "sorry"


def test_a_group_with_ring_times_of_its_own_and_a_question(walker: Walker) -> None:
    verb = 'dial: {users: [{user: "1001", ring: 5s}, "1002"], parallel: false, announce: Hello, accept: 5, save: who}'
    walk = first(walker, verb)
    (dial,) = (effect for effect in walk.first if isinstance(effect, DialOut))
    assert (dial.users, dial.parallel, dial.rings, dial.ring_s) == (("1001", "1002"), False, {"1001": 5.0}, 30.0)
    assert isinstance(dial.question, Question) and dial.question.key == "5"
    walk.feed(DialEnded("answered", by="1002"))
    assert walk.variables["who"] == "1002" and walk.path[-1] == "bye"
    walk = first(walker, verb)
    walk.feed(DialEnded("busy", 486))
    assert walk.variables["who"] == "" and walk.path[1] == "sorry"


def test_who_declines_has_a_branch(walker: Walker) -> None:
    walk = walker('  first: {dial: {user: "1001"}, rejected: bye}\n')
    walk.feed(DialEnded("rejected", 603))
    assert walk.path == ["first", "bye"]


def test_the_callers_side_is_asked_only_where_it_has_the_number(walker: Walker) -> None:
    outside = "transfer: {number: '4008009999', trunk: carrier, refer: true}"
    walk = first(walker, outside, trunk="carrier")
    assert order(walk, ReferCaller) == ReferCaller("4008009999")
    (dial,) = walk.feed(AwayEnded("refused", 403))
    assert isinstance(dial, DialOut) and dial.trunk == "carrier"
    walk = first(walker, outside, trunk="carrier")
    assert [type(effect) for effect in walk.wait(61)] == [DialOut]
    assert order(first(walker, outside), ReferCaller) is None  # a phone of ours would have to dial a prefix
    assert order(first(walker, "transfer: {user: '1001', refer: true}"), ReferCaller) == ReferCaller("1001")
    assert order(first(walker, "transfer: {user: '1001', refer: true}", trunk="carrier"), ReferCaller) is None


@pytest.mark.parametrize(
    ("number", "name", "said"),
    [("110", "", "Call from one one zero."), ("", "Li", "Call from Li."), ("", "", "Call from somebody unknown.")],
)
def test_who_is_asked_hears_who_calls(walker: Walker, number: str, name: str, said: str) -> None:
    walk = first(walker, "transfer: {user: '1001', kind: attended}", caller=number, caller_name=name)
    dial = order(walk, DialOut)
    assert isinstance(dial, DialOut) and dial.question is not None
    assert dial.question.prompts[0].text.startswith(said), dial.question.prompts[0].text


def test_a_new_process_goes_on_with_what_is_left(walker: Walker) -> None:
    walk = first(walker, "transfer: {user: '1001', kind: attended}")
    again = Interpreter(walk.machine.plan, walk.machine.facts, walk.machine.state)
    again.resume(walk.now)
    assert again.state.step == "sorry" and RESTARTED


# ---- how they are written --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "key", "said"),
    [
        ("conference: {room: team, pin: 12}", "conference.pin", "3 to 16 digits"),
        ("conference: {room: team, pin: '12a'}", "conference.pin", "3 to 16 digits"),
        ("conference: {room: team, pin: '123', moderator_pin: '123'}", "conference", "must differ"),
        ("conference: {room: 'a b'}", "conference.room", "no name for a room"),
        ("conference: {room: team, leave: '*'}", "conference", "take another key"),
        ("conference: {room: team, max: 1}", "conference.max", "2"),
        ("conference: {room: team, wait_for_moderator: 5}", "conference.wait_for_moderator", "unit"),
        ("conference: {rom: team}", "conference.rom", "did you mean 'room'?"),
        ("park: {slot: 79-71}", "park.slot", "is no slot"),
        ("park: {slot: 71, for: 2}", "park.for", "unit"),
        ("page: {users: []}", "page.users", "empty"),
        ("page: {users: ['1001', '1009']}", "page.users[1]", "no user '1009'"),
        ("dial: {users: ['1001', {user: '1009'}]}", "dial.users[1]", "no user '1009'"),
        ("dial: {users: ['1001', {usr: '1002'}]}", "dial.users[1].usr", "user"),
        ("transfer: {user: '1009'}", "transfer.user", "no user '1009'"),
        ("transfer: {user: '1001', number: '1', trunk: carrier}", "transfer", "one of user"),
        ("transfer: {user: '1001', announce: Hello}", "transfer", "kind: attended"),
        ("transfer: {user: '1001', kind: attended, refer: true}", "transfer", "kind: blind"),
    ],
)
def test_a_mistake_is_told_at_its_place(verb: str, key: str, said: str) -> None:
    _, problems = check_plan(f"{HEAD}  first: {{{verb}{TO}{BYE}", "plan.yaml", WORLD)
    errors = [problem for problem in problems if problem.level == "error"]
    assert [(problem.line, problem.key) for problem in errors][:1] == [(6, f"steps.first.{key}")]
    assert said in errors[0].message


def test_parking_needs_a_way_out(walker: Walker) -> None:
    _, problems = check_plan(f"{HEAD}  first: {{park: 71, next: bye}}\n{BYE}", "plan.yaml", WORLD)
    assert ["dead end: park needs timeout:" in str(problem) for problem in problems] == [True]
