"""A switch that is taken out of service: who is still served, who is refused and written down, and when it is over."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.acd.model import Need, QueueSpec
from softswitch.callback.model import LossNotRecorded
from softswitch.retirement import Retirement
from softswitch.sip.flow import Address, Flow
from softswitch.sip.message import Message, Response, parse
from softswitch.switch.draining import QUIET_S, Drained, DrainOrdered, DrainTakenBack
from softswitch.switch.event import CallShed, UnitFailed
from softswitch.switch.view import DrainView, Refused
from tests.simnet.house import House
from tests.simnet.phone import SimPhone
from tests.simnet.test_capture import calls, centre, promised, told
from tests.simnet.world import World

OPTIONS = (
    "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{n};rport\r\n"
    "From: <sip:probe@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: probe-{n}\r\nCSeq: 1 OPTIONS\r\n"
    "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)


def shop() -> House:
    """Where one may wait as long as one likes."""
    return centre(queues=(QueueSpec("orders", (Need("orders", 3),)), QueueSpec("service")))


class Kept:
    """What the app does for it."""

    def __init__(self, house: House) -> None:
        self.note, self.over = b"", False
        self.watch(house)

    def watch(self, house: House) -> None:
        draining = house.world.switch.offices.draining
        draining.keep, draining.over = self._keep, self._over

    def _keep(self, octets: bytes) -> None:
        self.note = octets

    def _over(self) -> None:
        self.over = True


def drained(house: House, within_s: float | None = None) -> Kept:
    kept = Kept(house)
    house.world.switch.control.drain(within_s, "api ops")
    return kept


def view(house: House) -> DrainView:
    return house.world.switch.control.draining()


def listen(world: World, address: Address) -> list[tuple[float, Message]]:
    """What leaves for there, and when."""
    found: list[tuple[float, Message]] = []
    carry = world.carry

    def watched(data: bytes, source: Address, destination: Address) -> None:
        if destination == address:
            found.append((world.now, parse(data)))
        carry(data, source, destination)

    world.carry = watched  # type: ignore[method-assign]
    return found


def refusal(heard: list[tuple[float, Message]]) -> tuple[float, Response]:
    finals = [(at, one) for at, one in heard if isinstance(one, Response) and one.status >= 300]
    return finals[0]


def test_a_new_call_is_sent_elsewhere_once_it_is_written_down() -> None:
    house = shop()
    drained(house)
    heard = listen(house.world, house.carrier.address)
    commits: list[float] = []
    stored = house.world.store.on_stored
    assert stored is not None

    def committed(key: str, token: str, ok: bool) -> None:
        house.world.after(0.5, lambda: (commits.append(house.world.now), stored(key, token, ok)))

    house.world.store.on_stored = committed
    call = calls(house)
    house.world.run(5)
    at, said = refusal(heard)
    assert (call.state, call.status, said.reason) == ("ended", 503, "Service Unavailable")
    assert 5 <= int(said.headers.get("Retry-After") or 0) <= 30
    assert commits and at >= commits[0], "told before it was durable"
    assert told(house) == [("+8613800138000", "orders", "shed", "")]
    assert [fact.why for fact in house.world.facts(CallShed)] == ["draining"]
    assert not house.world.switch.calls.legs and view(house).refused == 1
    assert not house.world.facts(UnitFailed)


def test_who_waits_is_served_and_then_it_is_over() -> None:
    house = shop()
    caller = calls(house, "11")
    assert [queue.waiting for queue in house.world.switch.control.queues()] == [1, 0]
    kept = drained(house)
    assert (view(house).calls, view(house).waiting, view(house).draining) == (1, 1, True)
    house.world.run(300)
    assert not kept.over, "somebody waits"
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: bool(house.alice.talking))
    house.world.run(1)
    assert (view(house).calls, view(house).waiting) == (1, 0) and not kept.over
    house.carrier.hang_up(caller)
    ended = house.world.now
    house.world.run_until(lambda: kept.over, 10)
    assert QUIET_S <= house.world.now - ended < QUIET_S + 2
    assert [(fact.left, fact.refused) for fact in house.world.facts(Drained)] == [(0, 0)]
    with pytest.raises(Refused, match="nobody is left"):
        house.world.switch.control.take_back_drain("api ops")


def test_nobody_is_called_back_meanwhile() -> None:
    house = shop()
    call = calls(house, "11")
    house.world.run(1)
    house.carrier.hang_up(call)
    house.world.run(1)
    kept = drained(house)
    calling = len(house.carrier.calls)
    house.world.switch.control.set_ready("alice")
    house.world.run(10)
    assert len(house.carrier.calls) == calling and kept.over
    assert [promise.state.value for promise in promised(house)] == ["due"]


def test_phones_may_do_what_belongs_to_a_call_and_no_more() -> None:
    house = shop()
    house.carrier.answer_after = 30.0
    caller = calls(house, "11")
    drained(house)
    assert _status(house, house.alice, "*13") == "talking", "a code"
    house.world.run_until(lambda: any(call.state == "talking" and call.called != "*13" for call in house.alice.calls))
    assert _status(house, house.alice, "1004") == "talking", "she asks a colleague about the caller"
    assert _status(house, house.bob, "1004") == "503"
    assert _status(house, house.bob, "8000") == "503"
    assert caller.state == "talking"
    refused = {fact.why for fact in house.world.facts(LossNotRecorded)}
    assert refused == {"invalid"}, "a phone of ours is no outside number"


def _status(house: House, phone: SimPhone, number: str) -> str:
    call = phone.call(number)
    house.world.run(4)
    return str(call.status) if call.status >= 300 else call.state if call.state != "ended" else "talking"


@pytest.mark.parametrize("why", ["drained", "overload", "limit"])
def test_whoever_calls_for_help_is_put_through(why: str) -> None:
    house = House(max_calls=1) if why == "limit" else House()
    switch = house.world.switch
    if why == "drained":
        drained(house)
    elif why == "overload":
        switch.overload.pressure = 1.0
    else:
        calls(house)
    assert _status(house, house.alice, "913912345678") == "503"
    assert _status(house, house.alice, "9110") == "talking"
    assert house.carrier.calls[-1].called == "110"
    assert _status(house, house.bob, "9112") == "talking"
    strange = house.carrier.call("9110")
    house.world.run(1)
    assert strange.status == 503, "who calls in cannot call out"


@pytest.mark.parametrize(("called", "read"), [("9110", True), ("913912345678", False), ("8000", False)])
def test_under_overload_a_call_for_help_is_not_refused_unread(called: str, read: bool) -> None:
    house = House()
    house.world.switch.overload.pressure = 1.0
    data = OPTIONS.format(port=house.alice.port, n=1).replace("OPTIONS sip:", f"INVITE sip:{called}@")
    flow = Flow("udp", ("127.0.0.1", 5060), house.alice.address)
    assert (house.world.switch.signalling.skimmed(data.replace(" OPTIONS", " INVITE").encode(), flow) is None) == read


def test_trunks_that_ask_are_told_and_phones_are_not() -> None:
    house = shop()
    found = {}
    for n, on in enumerate((False, True)):
        if on:
            drained(house)
        for phone in (house.carrier, house.alice):
            heard = listen(house.world, phone.address)
            data = OPTIONS.format(port=phone.port, n=f"{n}{phone.port}").encode()
            house.world.carry(data, phone.address, ("127.0.0.1", 5060))
            house.world.run(0.5)
            found[on, phone.user] = [one.status for _, one in heard if isinstance(one, Response)]
    carrier, alice = house.carrier.user, house.alice.user
    assert found == {(False, carrier): [200], (False, alice): [200], (True, carrier): [503], (True, alice): [200]}


def test_taken_back_it_takes_calls_and_calls_back() -> None:
    house = shop()
    kept = drained(house, 60.0)
    assert kept.note
    house.world.switch.control.take_back_drain("api ops")
    assert not kept.note and view(house) == DrainView(False)
    house.world.run(120)
    call = calls(house)
    house.world.run_until(lambda: call.state == "talking")
    assert not kept.over
    assert [fact.by for fact in house.world.facts(DrainTakenBack)] == ["api ops"]
    with pytest.raises(Refused, match="nothing to take back"):
        house.world.switch.control.take_back_drain("api ops")


def test_the_last_word_says_how_long_it_may_take() -> None:
    house = shop()
    calls(house, "11")
    kept = drained(house)
    house.world.run(30)
    since = view(house).since
    house.world.switch.control.drain(20.0, "api admin")
    assert (view(house).since, view(house).by) == (since, "api admin")
    house.world.run(19)
    assert not kept.over
    house.world.run(2)
    assert kept.over and [fact.left for fact in house.world.facts(Drained)] == [1]
    assert [fact.within_s for fact in house.world.facts(DrainOrdered)] == [None, 20.0]


def test_the_next_process_goes_on_with_it() -> None:
    house = shop()
    calls(house, "11")
    kept = drained(house)
    before = view(house)
    house.world.crash()
    house.world.start()
    kept.watch(house)
    house.world.switch.offices.draining.restore(kept.note)
    house.world.run(5)
    after = view(house)
    assert (after.draining, after.by, after.since) == (True, before.by, before.since)
    assert (after.calls, after.waiting) == (1, 1) and not kept.over
    assert calls(house).status == 0
    house.world.run(1)
    assert house.carrier.calls[-1].status == 503


def test_while_the_store_is_away_it_waits_for_who_could_not_be_written_down() -> None:
    house = shop()
    house.world.store.away = True
    kept = drained(house)
    first = calls(house)
    house.world.run(10)
    assert first.status == 503 and not promised(house)
    second = house.carrier.call("8000")
    house.world.run(0.2)
    assert second.status == 503, "it is known to be away: nobody waits for it"
    house.world.run(60)
    assert not kept.over and view(house).unwritten == 1
    house.world.store.away = False
    house.world.run_until(lambda: kept.over, 200)
    assert [stage for _, _, stage, _ in told(house)] == ["shed"]


@pytest.mark.parametrize(("keys", "stage"), [("11", "abandoned"), ("1", "ivr"), ("", "shed")])
def test_whoever_is_left_at_the_end_is_lost_and_written_down(keys: str, stage: str) -> None:
    house = shop()
    call = calls(house, keys)
    house.world.run(2.5)
    for contact in list(house.world.switch.calls.contacts):
        house.world.switch.command(lambda name=contact: house.world.switch.calls.hang_up(name, True))
    house.world.run(1)
    assert call.state == "ended" and [one for _, _, one, _ in told(house)] == [stage]


def test_who_talks_at_the_end_is_not_lost() -> None:
    house = shop()
    calls(house, "11")
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: bool(house.alice.talking))
    house.world.run(1)
    for contact in list(house.world.switch.calls.contacts):
        house.world.switch.command(lambda name=contact: house.world.switch.calls.hang_up(name, True))
    house.world.run(1)
    assert not promised(house) and not house.alice.talking


def test_who_waits_to_be_written_down_is_told_before_the_end(tmp_path: Path) -> None:
    house = shop()
    retirement = Retirement(tmp_path, house.world.switch)
    house.world.switch.control.drain(2.0, "api ops")
    house.world.store.on_stored = lambda key, token, ok: None  # the database is slow
    call = calls(house)
    house.world.run(2.5)
    assert house.world.facts(Drained) and call.status == 0
    late = calls(house)
    house.world.run(0.1)
    assert late.status == 503, "by now there is no time to wait"
    retirement.let_go()
    house.world.run(0.1)
    assert call.status == 503, "so that a carrier goes to its next server"


def test_where_no_plan_would_call_back_it_is_refused_at_once() -> None:
    house = House()
    drained(house)
    call = house.carrier.call("8000")
    house.world.run(0.1)
    assert call.status == 503 and not promised(house) and view(house).refused == 1
