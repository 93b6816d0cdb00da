"""A process that is stopped in the midst of what it does, and goes on when its lease is over: it calls nobody."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Renegotiate
from softswitch.callback.model import PromiseState
from softswitch.callback.node import Leased
from softswitch.callback.written import ANSWER_S
from softswitch.contact.event import ContactFinished
from softswitch.sdp.media import Address
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request, Response, render
from softswitch.sip.response import respond
from softswitch.switch.configuration import Trunk
from softswitch.switch.pool_port import Shared
from softswitch.switch.trunk_rule import Manners
from tests.simnet.called_house import CalledHouse
from tests.simnet.house import CARRIER_PORT
from tests.simnet.test_pool import SimPool
from tests.simnet.world import COMMIT_S, EPOCH, SWITCH

CARRIER = ("127.0.0.1", CARRIER_PORT)
FURTHER = {  # what the carrier says
    302: (("Contact", "<sip:10086@127.0.0.1>"),),
    407: (("Proxy-Authenticate", 'Digest realm="carrier", nonce="n", qop="auth"'),),
}
FIRST = pytest.mark.parametrize("first", ["agent", "customer"])


class Stopped(CalledHouse):
    """The process is stopped, once, for so long, between the answer to the commit of an intent and the INVITE."""

    def __init__(self, first: str, stop_s: float, lease_s: float | None = None) -> None:
        super().__init__(policy={"first": first})
        self.stop_s, self.lease_s, self.stopped_at = stop_s, lease_s, 0.0
        if lease_s is not None:
            self.world.shared = SimPool(self.world)
            self.world.crash()
            self.world.start()
            self.world.run(1)
        self._open = self.world.media.open
        vars(self.world.media)["open"] = self.open

    def open(self, stream: str) -> Address:
        if ".customer" in stream and not self.stopped_at:
            self.stopped_at = self.world.now
            self.world.now += self.stop_s
        return self._open(stream)

    def call_back(self) -> None:
        self.lose()
        if self.lease_s is not None:
            self.world.switch.feed(Shared(Leased(EPOCH + self.world.now + self.lease_s)))
        self.ready()
        self.world.run_until(lambda: self.stopped_at)


@FIRST
@pytest.mark.parametrize(("stop_s", "lease_s"), [(20.0, None), (ANSWER_S, None), (4.0, 3.0)])
def test_who_wakes_up_too_late_calls_nobody_and_is_done_with_it(
    first: str, stop_s: float, lease_s: float | None
) -> None:
    house = Stopped(first, stop_s, lease_s)
    house.call_back()
    house.world.run(1)
    assert house.agent("alice") in ("ready", "wrap_up") and not house.alice.talking
    assert house.promise.state is PromiseState.RETRY_AT and house.promise.outcome == "failed"
    line = house.world.switch.trunks.lines["carrier"]
    hops = [hop for server in line.servers for hop in server.hops]
    assert hops and not any(line.dead.left_s(hop, house.world.now) for hop in hops), "it is not to blame"
    house.world.run(60)
    assert not house.carrier.invites and not house.world.switch.calls.legs
    assert not house.world.switch.wire._until, "it is forgotten with the leg"


@FIRST
def test_who_wakes_up_in_time_calls(first: str) -> None:
    house = Stopped(first, ANSWER_S - 2 * COMMIT_S)
    house.call_back()
    house.world.run(60)
    assert house.carrier.invites == [house.promise.call_id] and house.promise.attempts == 1


def test_one_that_is_held_back_is_tried_again_and_is_none_of_his_attempts() -> None:
    house = Stopped("agent", 20.0)
    house.call_back()
    house.world.run_until(lambda: house.carrier.talking, 2000)
    assert len(house.carrier.invites) == 1 and (house.promise.attempts, house.promise.uncounted) == (2, 1)


def test_what_is_said_in_the_call_is_not_held_back() -> None:
    house = Stopped("customer", 0.001, 9.0)
    house.call_back()
    house.world.run_until(lambda: house.carrier.talking and house.alice.talking)
    house.world.run(10)
    switch, customer = house.world.switch, house.carrier.talking[0]
    (leg,) = (name for name, leg in switch.calls.legs.items() if leg.call_id == house.promise.call_id)
    sent = switch.wire.sent["udp", "INVITE", "request"]
    switch.command(lambda: switch.calls.tell_leg(leg, Renegotiate("sendonly")))
    house.world.run(2)
    assert switch.wire.sent["udp", "INVITE", "request"] == sent + 1 and customer.state == "talking"
    assert not house.world.facts(ContactFinished)[1:]


def test_one_that_has_left_is_repeated_though_it_is_late_by_then() -> None:
    house = Stopped("customer", 0.001)
    house.lose()
    del house.world.peers["127.0.0.1", CARRIER_PORT]
    house.ready()
    house.world.run_until(lambda: house.stopped_at)
    house.world.run(ANSWER_S + 1)
    sent = house.world.switch.wire.sent["udp", "INVITE", "request"]
    house.world.run(2)
    assert house.world.switch.wire.sent["udp", "INVITE", "request"] == sent + 1


class Late(CalledHouse):
    """The carrier has the call, and says after a while that another number is to be called, or asks who we are."""

    def __init__(self, first: str, status: int, after_s: float) -> None:
        manners, account = Manners(follow_redirects=True), ("we", "secret")
        carrier = Trunk("carrier", CARRIER, sources=(CARRIER,), manners=manners, credentials=account)
        super().__init__(policy={"first": first, "ring_s": 60.0, "settle_s": 32.0}, trunks={"carrier": carrier})
        self.status, self.after_s, self.called_at = status, after_s, 0.0
        self.world.peers[CARRIER], self._takes = self.receive, self.world.peers[CARRIER]

    def receive(self, message: Message, flow: Flow) -> None:
        begins = isinstance(message, Request) and message.method == "INVITE" and message.cseq.number == 1
        if not isinstance(message, Request) or not begins or "10086" in message.uri:
            self._takes(message, flow)
        elif not self.called_at:
            self.called_at = self.world.now
            self.answer(respond(message, 100 if self.status == 407 else 180, to_tag="t"))
            says = FURTHER[self.status]
            self.world.after(self.after_s, lambda: self.answer(respond(message, self.status, to_tag="t", headers=says)))

    def answer(self, response: Response) -> None:
        self.world.carry(render(response), CARRIER, SWITCH)

    def call_back(self) -> None:
        self.lose()
        self.ready()
        self.world.run_until(lambda: self.called_at)


@FIRST
@pytest.mark.parametrize("status", FURTHER)
@pytest.mark.parametrize(("after_s", "called"), [(2.0, True), (31.0, True), (33.0, False)])
def test_one_that_follows_an_answer_leaves_while_others_leave_him_alone(
    first: str, status: int, after_s: float, called: bool
) -> None:
    house = Late(first, status, after_s)
    house.call_back()
    house.world.run(after_s + 5)
    assert bool(house.carrier.talking) is called and bool(house.carrier.invites) is called
    assert (house.promise.state is PromiseState.KEPT) is called and house.promise.attempts == 1


@pytest.mark.parametrize("status", FURTHER)
def test_nor_does_one_that_follows_where_the_process_was_stopped_for_long(status: int) -> None:
    house = Late("customer", status, 1.0)
    house.call_back()
    house.world.run(0.5)
    house.world.now += 40.0
    house.world.run(5)
    assert not house.carrier.invites and house.promise.outcome == "failed"
