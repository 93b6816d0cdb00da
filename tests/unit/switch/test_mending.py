"""What fails and goes on failing: there is an end to it, and the rest of the house does not notice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import pytest

from softswitch.call.leg import Leg
from softswitch.call.signal import Finished
from softswitch.contact.inbound import InboundContact
from softswitch.contact.order import Closed, TellLeg
from softswitch.core.effect import Effect
from softswitch.switch.event import UnitFailed
from tests.simnet.house import House
from tests.simnet.phone import Call
from tests.simnet.storm import remains


def broken(*_: Any) -> NoReturn:
    raise ZeroDivisionError


def talking() -> tuple[House, Call]:
    house = House()
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "talking" and house.bob.talking)
    house.world.run(0.5)
    return house, call


def in_calls(house: House) -> dict[str, int]:
    """Without what the probes of registered phones have going on at any moment."""
    tables = ("contacts", "legs", "owners", "dialogs", "streams", "rooms", "deadlines", "cancellable", "invite of")
    return {name: size for name, size in remains(house.world).items() if name in tables}


def life_goes_on(house: House) -> bool:
    call = house.alice.call("1004")
    house.world.run_until(lambda: call.state == "talking", 10)
    return True


def test_legs_that_cannot_be_told_are_forgotten_by_force() -> None:
    house, _ = talking()
    whole = house.world.switch._handlers[TellLeg]
    house.world.switch._handlers[TellLeg] = broken
    house.world.switch.control.hang_up(next(iter(house.world.switch.calls.contacts)))
    assert in_calls(house) == {}
    assert len(house.world.facts(UnitFailed)) < 10
    house.world.switch._handlers[TellLeg] = whole
    assert life_goes_on(house)


def test_a_leg_that_breaks_at_every_touch_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    house, _ = talking()
    with monkeypatch.context() as patch:
        patch.setattr(Leg, "handle", broken)
        house.world.switch.control.hang_up(next(iter(house.world.switch.calls.contacts)))
    assert in_calls(house) == {}
    assert len(house.world.facts(UnitFailed)) < 10
    assert life_goes_on(house)


def test_a_contact_that_breaks_at_every_touch_ends_without_being_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    house, call = talking()
    with monkeypatch.context() as patch:
        patch.setattr(InboundContact, "handle", broken)
        house.world.switch.control.hang_up(next(iter(house.world.switch.calls.contacts)))
        house.desk.hang_up(call)
        house.world.run(60)
    assert len(house.world.facts(UnitFailed)) < 20
    assert in_calls(house) == {}
    assert life_goes_on(house)


@pytest.mark.parametrize("kind", [Finished, Closed])
def test_an_end_that_always_fails_does_not_run_away(kind: type[Effect]) -> None:
    house, call = talking()
    handlers = house.world.switch._handlers
    whole, handlers[kind] = handlers[kind], broken
    house.desk.hang_up(call)
    house.world.run(120)
    assert 0 < len(house.world.facts(UnitFailed)) < 10
    handlers[kind] = whole
    assert life_goes_on(house)


def test_an_order_to_let_go_is_carried_out_once_more() -> None:
    house, call = talking()
    handlers, tries = house.world.switch._handlers, []
    whole = handlers[Closed]

    def once_broken(effect: Any) -> Sequence[Effect]:
        tries.append(effect)
        return broken() if len(tries) == 1 else whole(effect)

    handlers[Closed] = once_broken
    house.desk.hang_up(call)
    house.world.run(60)
    assert len(tries) == 2 and in_calls(house) == {}
