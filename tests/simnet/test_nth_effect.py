"""Register, call, hold, transfer, with the nth effect failing, for every n: nothing leaks or sticks, life goes on.

An effect fails before it is done (as if it had never been ordered) or after (what it led to is lost). One call may come
to harm; all must be forgotten, the agent's lamp and state be right again, and the next call work.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from softswitch.call.signal import Renegotiate
from softswitch.contact.event import ContactFinished
from softswitch.core.effect import Effect
from softswitch.switch.event import UnitFailed
from tests.simnet.storm import remains
from tests.simnet.transfer_house import TransferHouse
from tests.simnet.transfer_phone import TransferPhone

ENGAGED = ("reserved", "talking", "wrap_up")
PATIENCE_S = 8.0  # for each step; a step that a failure has made impossible is passed over
SETTLED_S = 400.0  # probes of peers that were never told of the end included


class Saboteur:
    """Stands before every handler of the switch and counts; the nth one raises, before or after its work."""

    def __init__(self, house: TransferHouse, nth: int, after: bool) -> None:
        self.count = 0
        self.hit = ""
        self.armed = True
        self._nth, self._after = nth, after
        handlers = house.world.switch._handlers
        for kind, handler in list(handlers.items()):
            handlers[kind] = self._between(handler)
        facts = house.world.switch.facts
        facts.note = self._between(facts.note)  # type: ignore[method-assign]

    def _between(self, handler: Callable[[Any], Sequence[Effect]]) -> Callable[[Any], Sequence[Effect]]:
        def handle(effect: Any) -> Sequence[Effect]:
            self.count += 1
            mine = self.count == self._nth and self.armed
            if mine:
                self.hit = type(effect).__name__
            if mine and not self._after:
                raise ZeroDivisionError(self.hit)
            effects = handler(effect)
            if mine:
                raise ZeroDivisionError(self.hit)
            return effects

        return handle


def step(house: TransferHouse, condition: Callable[[], object]) -> bool:
    house.world.run_until(condition, PATIENCE_S, must=False)
    return bool(condition())


def life(house: TransferHouse) -> bool:
    """Whether all of it went as it should."""
    desk, bob, carl = house.desk, house.bob, house.carl
    desk.registered = False
    desk.register()
    went = step(house, lambda: desk.registered)
    call = desk.call("1002")
    went &= step(house, lambda: call.state == "talking" and bob.talking)
    if bob.talking:
        theirs = bob.talking[-1]
        for direction in ("sendonly", "sendrecv"):
            bob._tell(theirs, Renegotiate(direction))
            house.world.run(1.0)
        if theirs.state == "talking":
            bob.refer(theirs, "1003")
            went &= step(house, lambda: carl.talking and not bob.talking)
    house.world.run(1.0)
    return went and call.state == "talking"


def queue_life(house: TransferHouse) -> bool:
    """A customer chooses, waits, talks to the agent and hangs up; the agent is ready again."""
    carrier, alice = house.carrier, house.alice
    if not step(house, lambda: house.agent("alice") == "ready"):
        house.world.switch.control.set_ready("alice")  # a failure may have cost a missed call, which pauses her
    call = carrier.call("8000")
    went = step(house, lambda: call.state == "talking")
    house.world.run(0.5)
    if call.state == "talking":
        with contextlib.suppress(StopIteration):  # no stream
            carrier.press(call, "1")
    went &= step(house, lambda: alice.talking and house.agent("alice") == "talking")
    house.world.run(1.0)
    went &= call.state == "talking"
    hang_up(house)
    house.world.run(15.0)  # the wrap-up is 10 s
    return went and house.agent("alice") == "ready"


def everybody(house: TransferHouse) -> list[TransferPhone]:
    return [house.alice, house.bob, house.carl, house.desk, house.carrier]


def hang_up(house: TransferHouse) -> None:
    for phone in everybody(house):
        for call in phone.calls:
            if call.state != "ended" and call.leg in phone.agent.legs:
                phone.hang_up(call)


def unasked() -> TransferHouse:
    """Where no phone is being asked whether it is still there, just when it is looked at what is left."""
    return TransferHouse(probe_s=0.0)


LIVES = {"transfer": life, "queue": queue_life}


def survived(
    live: Callable[[TransferHouse], bool], nth: int, after: bool, make: Callable[[], TransferHouse] = unasked
) -> tuple[bool, str]:
    """(whether the nth effect was reached, what is wrong)."""
    house = make()
    saboteur = Saboteur(house, nth, after)
    live(house)
    hang_up(house)
    house.world.run(SETTLED_S)
    saboteur.armed = False
    where = f"{nth} {saboteur.hit} {'after' if after else 'before'}"
    wrong = [f"left: {remains(house.world)}"] if remains(house.world) else []
    wrong += [f"{phone.user} is in a call" for phone in everybody(house) if phone.agent.legs]
    contacts = [event.record.contact for event in house.world.facts(ContactFinished)]
    wrong += ["a record twice"] if len(contacts) > len(set(contacts)) else []
    wrong += [f"{len(found)} defects" for found in [house.world.facts(UnitFailed)] if len(found) > 1]
    wrong += [f"alice is {stuck}"] if (stuck := house.agent("alice")) in ENGAGED else []
    if not live(house):
        wrong.append("the next call fails")
    return bool(saboteur.hit), f"{where}: {'; '.join(wrong)}" if wrong else ""


@pytest.mark.parametrize("live", LIVES)
def test_a_life_without_failures(live: str) -> None:
    house = unasked()
    assert LIVES[live](house)
    hang_up(house)
    house.world.run(SETTLED_S)
    assert not remains(house.world) and not house.world.facts(UnitFailed)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("live", LIVES)
def test_whichever_effect_fails(live: str, after: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    nth, wrong = 1, []
    while True:
        reached, told = survived(LIVES[live], nth, after)
        if not reached:
            break
        if told:
            wrong.append(told)
        nth += 1
    assert nth > 60  # so many effects has a life
    assert not wrong, "\n".join(wrong)
