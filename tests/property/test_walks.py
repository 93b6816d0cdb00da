"""Whatever happens on the way through a plan: its state is plain data, and a new process goes on from it as the old one
would have."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from softswitch.core.effect import Effect
from softswitch.ivr.calendar import Calendar
from softswitch.ivr.interpreter import TABLE, Interpreter
from softswitch.ivr.load import load_plans
from softswitch.ivr.model import (
    AwayEnded,
    DialEnded,
    Fetched,
    HungUp,
    IvrInput,
    PlayEnded,
    Pressed,
    Promised,
    QueueEnded,
    RecordEnded,
    Start,
    StepEntered,
    StepLeft,
    VoicemailEnded,
)
from softswitch.ivr.plan import Plan
from softswitch.ivr.run import Facts, State, Wait
from softswitch.switch.plain import decode, encode
from tests.unit.ivr.test_flows import SHOP, VERIFY

WALL = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
DECODER = msgspec.msgpack.Decoder(State)
WALKS = 40  # of each plan
MOST = 40  # inputs of one


LEFT = """\
dialplan: left
numbers: ["2"]
start: pause
steps:
  pause: {wait: {for: 5s, hears: music}, next: record}
  record: {record: {save: said}, next: box, failed: box}
  box: {voicemail: {mailbox: "1001", say: Please speak}, next: again, failed: again}
  again: {menu: {say: Again, keys: {1: pause}}, failed: bye}
  bye: {hangup: normal}
"""


def plans() -> dict[str, Plan]:
    """The samples, and some more."""
    shop = SHOP.replace('"8000"', '"1"').replace("name: verify", "name: check")
    texts = {path.name: path.read_text("utf-8") for path in (ROOT / "dialplans").glob("*.yaml")}
    texts |= {"flows.yaml": shop, "check.yaml": VERIFY.replace("flow: verify", "flow: check"), "left.yaml": LEFT}
    found, problems = load_plans(texts)
    assert found, problems
    return found


PLANS = plans()
DOCUMENTS: tuple[Any, ...] = ({"amount": 12, "vip": True, "name": "Li"}, {}, [1, 2], "text", None)
OUTCOMES = ("next", "failed", "busy", "timeout", "no_answer", "over", "full")


COMES: Mapping[type, Callable[[random.Random], IvrInput]] = {
    PlayEnded: lambda dice: PlayEnded(dice.random() < 0.9),
    Pressed: lambda dice: Pressed(dice.choice("0123456789*#12")),
    Fetched: lambda dice: Fetched(dice.choice((200, 200, 404, 500, 0)), dice.choice(DOCUMENTS), seconds=0.25),
    QueueEnded: lambda dice: QueueEnded(dice.choice(("answered", "full", "timeout", "callback", "error"))),
    DialEnded: lambda dice: DialEnded(dice.choice(("answered", "busy", "no answer", "failed", "rejected")), 486),
    AwayEnded: lambda dice: AwayEnded(dice.choice(OUTCOMES)),
    Promised: lambda dice: Promised(dice.random() < 0.5),
    RecordEnded: lambda dice: RecordEnded("record-x.wav", 4.0),
    VoicemailEnded: lambda dice: VoicemailEnded(3.0),
    HungUp: lambda dice: HungUp(),
}


def happens(dice: random.Random, machine: Interpreter) -> IvrInput | None:
    """Something that may come now; None: the time goes by."""
    verb, wait = machine.here.steps[machine.state.step].verb.verb, machine.state.wait
    never = {HungUp, VoicemailEnded if verb == "record" else RecordEnded}
    kind = dice.choice([None, *(kind for kind in TABLE[wait] if kind not in never)])
    if dice.random() < 0.02:
        kind = HungUp
    return None if kind is None else COMES[kind](dice)


FACTS = Facts({"office": Calendar("office", "Asia/Shanghai", dict.fromkeys(range(7), ((0, 1440),)))})


def started(plan: Plan, dice: random.Random) -> Interpreter:
    machine = Interpreter(plan, FACTS)
    machine.handle(Start("c-1", "13800138000", "Li", "8000", "", WALL, dice.choice(("", "zh", "en"))), 100.0)
    return machine


def moved(machine: Interpreter, event: IvrInput | None, now: float) -> list[Effect]:
    return machine.tick(now) if event is None else machine.handle(event, now)


def walks() -> Iterator[tuple[str, int]]:
    for name in PLANS:
        for seed in range(WALKS):
            yield name, seed


def test_a_walk_goes_on_from_what_was_written_of_it_as_if_nothing_had_been() -> None:
    seen: set[str] = set()
    for name, seed in walks():
        dice, now = random.Random(f"{name} {seed}"), 100.0
        machine = started(PLANS[name], dice)
        for _ in range(MOST):
            if machine.ended:
                break
            octets = encode(machine.state)
            again = Interpreter(PLANS[name], FACTS, decode(octets, DECODER))
            assert encode(again.state) == octets
            event = happens(dice, machine)
            now = (machine.deadline or now + 30.0) if event is None else now + dice.random() * 3
            effects = moved(machine, event, now)
            assert moved(again, event, now) == effects, (name, seed, event)
            assert again.state == machine.state
            seen |= {effect.verb for effect in effects if isinstance(effect, StepEntered)}
            machine = again
    assert seen >= {"menu", "collect", "http", "queue", "dial", "flow", "return", "voicemail", "record", "wait"}


def test_a_new_process_takes_up_every_walk_wherever_it_was() -> None:
    waits: set[Wait] = set()
    for name, seed in walks():
        dice, now = random.Random(f"{name} {seed}"), 100.0
        machine = started(PLANS[name], dice)
        for _ in range(MOST):
            if machine.ended:
                break
            waits.add(machine.state.wait)
            again = Interpreter(PLANS[name], FACTS, copy.deepcopy(machine.state))
            again.state.move(-50.0)
            before = (again.state.flow, again.state.step)
            effects = again.resume(now - 50.0)
            entered = [(one.plan, one.step) for one in effects if isinstance(one, StepEntered)]
            left = [one for one in effects if isinstance(one, StepLeft)]
            if machine.state.wait in (Wait.PROMPT, Wait.KEYS):
                assert entered[0] == (before[0] or name, before[1])
            elif machine.state.wait is Wait.PROMISE and machine.state.keying is not None:
                assert not left  # the number is confirmed once more
            elif machine.state.wait not in (Wait.PAUSE, Wait.RECORD):
                assert left[0].step == before[1]
            assert again.ended or again.deadline is not None or again.state.wait in (Wait.QUEUE, Wait.DIAL, Wait.AWAY)
            event = happens(dice, machine)
            now = (machine.deadline or now + 30.0) if event is None else now + dice.random() * 3
            moved(machine, event, now)
    assert waits == set(Wait) - {Wait.START, Wait.ENDED}


def test_what_was_left_is_a_way_from_the_first_step_to_the_last() -> None:
    """Each step that is entered is left once, in order, to the step that comes next; the facts are the whole trace."""
    for name, seed in walks():
        dice, now, facts = random.Random(f"{name} {seed}"), 100.0, []
        machine = Interpreter(PLANS[name], FACTS)
        facts += machine.handle(Start("c-1", "1", "", "8000", "", WALL), now)
        for _ in range(MOST):
            event = HungUp() if machine.ended else happens(dice, machine)
            now = (machine.deadline or now + 30.0) if event is None else now + dice.random() * 3
            facts += moved(machine, event, now)
        facts += machine.handle(HungUp(), now)
        entered = [(one.plan, one.step) for one in facts if isinstance(one, StepEntered)]
        left = [one for one in facts if isinstance(one, StepLeft)]
        assert sorted(entered) == sorted((one.plan, one.step) for one in left)
        for plan in {one.plan for one in left}:
            steps = [one for one in left if one.plan == plan]
            for one, then in pairwise(steps):
                assert one.to in ("", then.step) and one.seconds >= 0


def test_a_place_that_the_plan_has_no_more_is_an_error() -> None:
    machine = Interpreter(PLANS["shop"], FACTS)
    machine.handle(Start("c-1", "1", "", "8000", "", WALL), 0.0)
    for digit in "99":
        machine.handle(Pressed(digit), 1.0)
    assert machine.state.flow == "check"
    octets: Mapping[str, object] = msgspec.msgpack.decode(encode(machine.state))
    for change in ({"step": "gone"}, {"flow": "gone"}, {"stack": [{**octets["stack"][0], "step": "ask"}]}):  # type: ignore[index]
        state = msgspec.convert({**octets, **change}, State)
        again = Interpreter(PLANS["shop"], FACTS, state)
        with pytest.raises(LookupError):
            again.resume(5.0)
        assert again.ended
        assert again.handle(HungUp(), 5.0) == []
