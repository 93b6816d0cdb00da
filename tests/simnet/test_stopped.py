"""A process that is stopped in the midst of what it does, and goes on when its lease is over: it calls nobody."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.call.signal import Renegotiate
from softswitch.callback.node import Disowned, Leased
from softswitch.sdp.media import Address
from softswitch.switch.pool_port import Shared
from tests.simnet.called_house import CalledHouse
from tests.simnet.test_pool import SimPool
from tests.simnet.world import EPOCH

LEASE_S = 9.0


class Stopped(CalledHouse):
    """The process is stopped, once, for so long, between the commit of an intent and its INVITE."""

    def __init__(self, first: str, stop_s: float) -> None:
        super().__init__(policy={"first": first})
        self.world.shared = SimPool(self.world)
        self.world.crash()
        self.world.start()
        self.world.run(1)
        self.stop_s, self.stopped_at = stop_s, 0.0
        self._open = self.world.media.open
        vars(self.world.media)["open"] = self.open

    def open(self, stream: str) -> Address:
        if ".customer" in stream and not self.stopped_at:
            self.stopped_at = self.world.now
            self.world.now += self.stop_s
        return self._open(stream)

    def call_back(self) -> None:
        self.lose()
        self.world.switch.feed(Shared(Leased(EPOCH + self.world.now + LEASE_S)))
        self.ready()
        self.world.run_until(lambda: self.stopped_at)

    def later(self, *heard: Any) -> list[str]:
        for one in heard:
            self.world.switch.feed(Shared(one))
        self.world.run(60)
        return self.carrier.invites


@pytest.mark.parametrize("first", ["agent", "customer"])
def test_who_wakes_up_after_its_lease_calls_nobody(first: str) -> None:
    house = Stopped(first, 20.0)
    house.call_back()
    assert house.later() == [] and not house.later(Disowned(()))
    assert house.agent("alice") == "ready" and not house.world.switch.calls.legs
    assert not house.world.switch.wire._until, "it is forgotten with the leg"


@pytest.mark.parametrize("first", ["agent", "customer"])
def test_whose_lease_runs_on_calls_though_it_was_stopped(first: str) -> None:
    house = Stopped(first, LEASE_S - 3.0)
    house.call_back()
    (called,) = house.later()
    assert called == house.promise.call_id and house.promise.attempts == 1


def test_one_that_is_held_back_is_tried_again_by_who_has_not_lost_it() -> None:
    house = Stopped("agent", 20.0)
    house.call_back()
    house.world.run(5)
    house.world.switch.feed(Shared(Leased(EPOCH + house.world.now + 1000.0)))  # the database was away, nobody else came
    house.world.run_until(lambda: house.carrier.talking, 2000)
    assert len(house.carrier.invites) == 1 and house.promise.attempts == 2


def test_what_is_said_in_the_call_is_not_held_back() -> None:
    house = Stopped("customer", 0.001)
    house.call_back()
    house.world.run_until(lambda: house.carrier.talking and house.alice.talking)
    house.world.run(LEASE_S + 1)
    switch, customer = house.world.switch, house.carrier.talking[0]
    (leg,) = (name for name, leg in switch.calls.legs.items() if leg.call_id == house.promise.call_id)
    sent = switch.wire.sent["udp", "INVITE", "request"]
    switch.command(lambda: switch.calls.tell_leg(leg, Renegotiate("sendonly")))
    house.world.run(2)
    assert switch.wire.sent["udp", "INVITE", "request"] == sent + 1 and customer.state == "talking"
