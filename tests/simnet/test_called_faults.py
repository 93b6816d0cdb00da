"""A customer is called first, with the nth effect failing, for every n: nobody is left on a line, no promise is lost,
and nobody is called while he is on the line, or after his promise was kept."""

from __future__ import annotations

import contextlib
import logging

import pytest

from softswitch.call.signal import Progress, Ring
from softswitch.callback.model import PromiseState
from softswitch.contact.answering import Answering
from softswitch.contact.treatment import Sound
from softswitch.core.errors import PortsExhausted
from softswitch.sdp.media import Address
from softswitch.switch.event import UnitFailed
from tests.simnet.called_house import CalledHouse
from tests.simnet.storm import remains
from tests.simnet.test_nth_effect import ENGAGED, Saboteur

ASKS = Answering(greeting=Sound("", {"en": "Hello."}), press_1=True, press_s=5.0)


class Customer:
    """Picks up, presses 1 after a while, talks for two seconds and hangs up; every time."""

    def __init__(self, house: CalledHouse) -> None:
        self.house, self.most = house, 0
        self._heard: dict[str, float] = {}

    def live(self, seconds: float) -> None:
        world, carrier = self.house.world, self.house.carrier
        end = world.now + seconds
        while world.now < end:
            world.run(0.5)
            self.most = max(self.most, len(carrier.talking))
            for call in carrier.talking:
                since = self._heard.setdefault(call.leg, world.now)
                if since == world.now:
                    with contextlib.suppress(StopIteration):  # no stream
                        carrier.press(call, "1")
                elif world.now - since > 2.5:
                    carrier.hang_up(call)
            if self.house.agent("alice") == "paused":
                self.house.ready()  # a failure may have cost a missed call


def survived(nth: int, after: bool) -> tuple[bool, str]:
    """(whether the nth effect was reached, what is wrong)."""
    house = CalledHouse(ASKS, probe_s=0.0)
    house.lose()
    saboteur = Saboteur(house, nth, after)  # type: ignore[arg-type]
    customer = Customer(house)
    house.ready()
    customer.live(60)
    saboteur.armed = False
    customer.live(700)
    wrong = [f"left: {remains(house.world)}"] if remains(house.world) else []
    wrong += ["the customer is on the line"] if house.carrier.agent.legs else []
    wrong += ["two calls at once"] if customer.most > 1 else []
    wrong += ["a Call-ID twice"] if len(set(house.carrier.invites)) < len(house.carrier.invites) else []
    wrong += [f"{len(found)} defects" for found in [house.world.facts(UnitFailed)] if len(found) > 1]
    wrong += [f"alice is {stuck}"] if (stuck := house.agent("alice")) in ENGAGED else []
    promise = house.promise  # where the word that keeps it was lost, it is known all the same that he has talked
    done = promise.state is PromiseState.KEPT or promise.outcome == "reached agent"
    wrong += [] if done else [f"the promise is {promise.state}, {promise.outcome}"]
    return bool(saboteur.hit), f"{nth} {saboteur.hit} {'after' if after else 'before'}: {wrong}" if wrong else ""


def test_a_defect_while_it_rings_abandons_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    house = CalledHouse()
    house.carrier.answer_after = None
    house.lose()
    house.ready()
    house.world.run_until(lambda: house.carrier.calls and house.carrier.calls[-1].state == "ringing")
    switch = house.world.switch
    switch._handlers[Progress] = lambda event: 1 // 0  # type: ignore[index]
    house.carrier._tell(house.carrier.calls[-1], Ring(183))
    house.world.run(1)
    assert house.world.facts(UnitFailed) and house.carrier.calls[-1].state == "ended"
    assert house.promise.state is PromiseState.UNCERTAIN  # it may ring on, and nobody has answered


def test_calls_for_which_there_is_no_port_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    house = CalledHouse(probe_s=0.0)
    house.lose()

    def full(stream: str) -> Address:
        raise PortsExhausted("no port is free")

    monkeypatch.setattr(house.world.media, "open", full)
    house.ready()
    house.world.run_until(lambda: house.promise.state is PromiseState.RETRY_AT)
    assert house.promise.outcome == "failed" and not house.carrier.invites
    call = house.carrier.call("8000")
    house.world.run(40)
    assert call.status == 503 and not remains(house.world)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whichever_effect_fails(after: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    nth, wrong = 1, []
    while True:
        reached, told = survived(nth, after)
        if not reached:
            break
        if told:
            wrong.append(told)
        nth += 1
    assert nth > 30  # so many effects has such a call
    assert not wrong, "\n".join(wrong)
