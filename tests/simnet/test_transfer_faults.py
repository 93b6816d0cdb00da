"""The nth effect of a transfer fails: whatever is lost, no leg, no contact, no agent and no stream is left behind."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from softswitch.core.effect import Effect
from softswitch.switch.event import UnitFailed
from tests.simnet.phone import Call
from tests.simnet.transfer_house import TransferHouse, queued, talk

Scene = Callable[[TransferHouse, Call, Call], None]


def blind(house: TransferHouse, call: Call, theirs: Call) -> None:
    house.alice.refer(theirs, "1003")


def back(house: TransferHouse, call: Call, theirs: Call) -> None:
    house.carl.reject = 486
    house.alice.refer(theirs, "1003")


def into_the_plan(house: TransferHouse, call: Call, theirs: Call) -> None:
    house.alice.refer(theirs, "8000")


def attended(house: TransferHouse, call: Call, theirs: Call) -> None:
    consulting, _ = talk(house, house.alice, house.carl)
    house.alice.refer_to_call(theirs, consulting, "1003")


def still_ringing(house: TransferHouse, call: Call, theirs: Call) -> None:
    consulting = house.alice.call("1003")
    house.world.run_until(lambda: consulting.state == "ringing")
    house.alice.refer_to_call(theirs, consulting, "1003")


def taken_over(house: TransferHouse, call: Call, theirs: Call) -> None:
    house.carl.take_over(house.alice.replaces(theirs))


def fail_at(house: TransferHouse, nth: int) -> Callable[[], int]:
    """From now on count the effects, and lose the nth; how many there were."""
    count = 0

    def counted(handler: Callable[[Any], Sequence[Effect]]) -> Callable[[Any], Sequence[Effect]]:
        def handle(effect: Effect) -> Sequence[Effect]:
            nonlocal count
            count += 1
            if count == nth:
                raise RuntimeError("lost on purpose")
            return handler(effect)

        return handle

    handlers = house.world.switch._handlers
    handlers.update({kind: counted(handler) for kind, handler in handlers.items()})
    return lambda: count


def play(scene: Scene, nth: int) -> tuple[TransferHouse, int]:
    """The scene with the nth effect lost, and what its phones do about it; how many effects there were."""
    house = TransferHouse(seed=3)
    call, theirs = queued(house)
    count = fail_at(house, nth)
    with contextlib.suppress(AssertionError, KeyError):  # the scene may not come to be
        scene(house, call, theirs)
        house.world.run(4)
    for phone in (house.carrier, house.alice, house.bob, house.carl):
        for one in phone.calls:
            if one.state != "ended":
                phone.hang_up(one)
    house.world.run(400)
    return house, count()


@pytest.mark.parametrize("scene", [blind, back, into_the_plan, attended, still_ringing, taken_over])
def test_nothing_is_left(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "softswitch.switch")  # each traceback is meant
    _, effects = play(scene, 0)
    assert effects > 20
    for nth in range(1, effects + 1):
        house, _ = play(scene, nth)
        calls = house.world.switch.calls
        assert not calls.legs and not calls.contacts, nth
        assert not house.world.media.streams and not house.world.media.rooms, nth
        assert not calls._contact_of and not calls.transfers._parties and not calls.transfers._taking, nth
        assert house.agent("alice") not in ("talking", "reserved", "wrap_up"), nth
        assert not house.world.switch.ledger._move.busy, nth
        assert len(house.world.facts(UnitFailed)) == 1, nth
