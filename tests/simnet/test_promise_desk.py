"""What people order about promises, through the whole control plane: it is done, and the history says by whom."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.callback import waits
from softswitch.callback.history import Attempt, Logged
from softswitch.callback.model import Promise, PromiseState
from softswitch.switch.view import Refused
from tests.simnet.house import House
from tests.simnet.test_promise import abandoned, state

S = PromiseState


def only(house: House) -> Promise:
    (promise,) = house.world.switch.control.promise_desk().promises()
    return promise


def why(house: House) -> str:
    found = house.world.switch.control.promise_desk().wait(only(house).id)
    assert found is not None
    return found.why


def history(house: House) -> tuple[list[Logged], list[Attempt]]:
    return asyncio.run(house.world.store.promise_history(only(house).id))


def busy(house: House) -> None:
    """An attempt has come to nothing, and the next is a minute away."""
    house.carrier.reject = 486
    abandoned(house)
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: state(house) is S.RETRY_AT)
    house.carrier.reject = 0


def test_a_retry_does_not_wait_for_the_pause() -> None:
    house = House()
    busy(house)
    house.world.run(12)  # alice has wrapped up
    assert why(house) == waits.PAUSE and len(house.carrier.invites) == 1
    house.world.switch.control.promise_desk().retry(only(house), "api anna")
    house.world.run(10)
    assert state(house) is S.KEPT and len(house.carrier.invites) == 2
    log, attempts = history(house)
    assert log[0].state == "recorded" and log[-1].state == "kept"
    assert [one.by for one in log if one.by] == ["api anna"]
    assert [one.outcome for one in attempts] == ["busy", "answered"]
    first = house.world.switch.control.trace(attempts[0].call_id)
    assert first.messages, "its Call-ID is one for softswitch trace"
    with pytest.raises(Refused, match="is kept: there is nothing to try again"):
        house.world.switch.control.promise_desk().retry(only(house), "api anna")


def test_each_attempt_names_the_contact_that_made_it() -> None:
    house = House()
    busy(house)
    house.world.run(40)
    _, (attempt,) = history(house)
    assert attempt.contact and attempt.agent == "alice"
    (record,) = [one for one in asyncio.run(house.world.store.calls(100)) if one.contact == attempt.contact]
    assert record.kind == "callback" and record.promise == only(house).id


def test_what_is_withdrawn_is_not_dialled() -> None:
    house = House()
    busy(house)
    desk = house.world.switch.control.promise_desk()
    desk.withdraw(only(house), "by mail", "api bob")
    house.world.run(600)
    assert len(house.carrier.invites) == 1 and only(house).state is S.WITHDRAWN
    assert history(house)[0][-1].by == "api bob" and only(house).outcome == "by mail"


def test_a_promoted_promise_outlives_a_crash() -> None:
    house = House()
    abandoned(house)
    assert why(house) == waits.NO_AGENT, "alice is on a break"
    house.world.switch.control.promise_desk().promote(only(house), 600.0, "api anna")
    house.world.run(1)
    house.world.crash()
    house.world.start()
    assert only(house).priority_s == 600.0
    assert [(one.by, one.priority_s) for one in history(house)[0]][-1] == ("api anna", 600.0)


def test_any_spelling_is_the_same_number() -> None:
    house = House()
    desk = house.world.switch.control.promise_desk()
    for spelling in ("13800138000", "+86 138 0013 8000", "0086-138-0013-8000", "８６１３８００１３８０００"):
        assert "+8613800138000" in desk.spellings(spelling), spelling
