"""Control is killed while a customer whom we have called is on the line: he stays there, and is called only once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import PromiseState
from softswitch.contact.answering import Answering
from softswitch.contact.treatment import Sound
from softswitch.core.legible import to_json
from softswitch.switch.event import CallResumed, UnitFailed
from softswitch.switch.outcomes import RECORD
from tests.simnet.called_house import CalledHouse
from tests.simnet.phone import Call

ASKS = Answering(greeting=Sound("", {"en": "Hello, this is the shop."}), press_1=True, press_s=10.0)


def killed(house: CalledHouse, away_s: float = 1.0) -> None:
    house.world.crash()
    house.world.run(away_s)
    house.world.start()
    house.world.run(0.1)
    assert [event.outcome for event in house.world.facts(CallResumed)] == ["resumed"]


def over(house: CalledHouse, call: Call, state: PromiseState) -> None:
    """Nothing is left, and he was called once."""
    house.world.run(45)
    switch = house.world.switch
    assert call.state == "ended" and house.promise.state is state
    assert not switch.calls.legs and not switch.calls.contacts and not house.world.media.streams
    assert len(house.carrier.invites) == 1
    assert not house.world.facts(UnitFailed)


def test_he_talks_on_and_the_promise_is_kept() -> None:
    house = CalledHouse()
    call = house.answered()
    house.world.run(0.1)
    house.world.store.away = True  # it does not hear that an agent is there
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(1)
    killed(house)
    house.world.store.away = False
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 10)
    assert house.hears(call) == "talk" == house.hears(house.alice.talking[0])
    house.world.run(120)
    assert call.state == "talking"
    house.carrier.hang_up(call)
    over(house, call, PromiseState.KEPT)
    assert house.agent("alice") == "ready" and house.outcomes() == ["answered"]


def test_he_talks_on_whom_the_store_has_as_dialled() -> None:
    house = CalledHouse()
    house.lose()
    house.ready()
    house.world.run_until(lambda: house.carrier.calls[-1].state == "ringing")
    house.world.store.away = True  # the answer is not written down
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(1)
    killed(house, 2.0)
    house.world.store.away = False
    house.world.run(100)
    (call,) = house.carrier.talking
    assert house.promise.state is PromiseState.KEPT and len(house.carrier.invites) == 1
    house.carrier.hang_up(call)
    over(house, call, PromiseState.KEPT)


@pytest.mark.parametrize("first", ["agent", "customer"])
def test_who_has_talked_and_gone_before_the_store_heard_of_it_is_not_called_again(first: str) -> None:
    house = CalledHouse(policy={"first": first})
    house.lose()
    house.ready()
    house.world.run_until(lambda: house.carrier.calls[-1].state == "ringing")
    house.world.store.away = True  # from now on
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(1)
    house.carrier.hang_up(house.carrier.talking[0])
    house.world.run(1)
    house.world.crash()
    house.world.run(1)
    house.world.start()
    house.world.run(1)
    house.world.crash()  # once more, as it is not durable yet
    house.world.run(1)
    house.world.start()
    house.world.store.away = False
    house.world.run(200)
    assert house.promise.state is PromiseState.KEPT and len(house.carrier.invites) == 1
    assert not any(name.startswith(RECORD) for name in house.world.journal.found)
    assert not house.world.facts(UnitFailed)


def ringing_when_killed() -> CalledHouse:
    house = CalledHouse()
    house.lose()
    house.ready()
    house.world.run_until(lambda: house.carrier.calls[-1].state == "ringing")
    house.world.crash()
    return house


@pytest.mark.parametrize("state", [PromiseState.KEPT, PromiseState.FAILED, PromiseState.UNCERTAIN])
def test_whom_we_have_served_others_keep_the_promise_that_they_lead(state: PromiseState) -> None:
    """Its row is not ours any more when the next process begins."""
    house = ringing_when_killed()
    kept = replace(house.promise, state=PromiseState.KEPT, outcome="answered")
    house.world.journal.found[RECORD + kept.id] = to_json(kept)
    theirs = replace(kept, state=state, attempts=2, call_id="another", outcome="busy", not_before=kept.updated_at + 60)
    house.world.store.put_promise(theirs, "theirs")
    house.world.start()
    house.world.run(200)
    assert house.world.store._promises[kept.id].state is PromiseState.KEPT
    assert len(house.carrier.invites) == 1
    assert not any(name.startswith(RECORD) for name in house.world.journal.found)


@pytest.mark.parametrize("record", [b"another Call-ID", b"{}", b"\xff", b""])
def test_a_record_that_cannot_be_read_says_nothing(record: bytes) -> None:
    house = ringing_when_killed()
    house.world.journal.found[RECORD + house.promise.id] = record
    house.world.start()
    house.world.run(1)
    assert house.promise.state is PromiseState.UNCERTAIN
    assert not any(name.startswith(RECORD) for name in house.world.journal.found)


def greeted_once_more(house: CalledHouse, call: Call) -> None:
    """And presses 1, talks, and hangs up."""
    assert house.said(call)[0] == "Hello, this is the shop."
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 3)
    house.world.run(0.1)
    assert house.hears(call) == "talk" == house.hears(house.alice.talking[0])
    house.carrier.hang_up(call)
    over(house, call, PromiseState.KEPT)


def test_he_is_greeted_once_more() -> None:
    house = CalledHouse(ASKS)
    call = house.answered()
    house.world.run(0.5)
    killed(house)
    assert house.promise.state is PromiseState.ANSWERED
    greeted_once_more(house, call)


def test_the_key_is_asked_for_once_more() -> None:
    house = CalledHouse(ASKS)
    call = house.answered()
    house.world.run(6)
    killed(house)
    house.world.run(11)
    assert call.state == "talking"  # ten seconds from the end of what he has heard now
    house.world.run_until(lambda: call.state == "ended", 3)
    assert house.promise.state is PromiseState.RETRY_AT and house.promise.outcome == "machine"


def test_who_waits_for_an_agent_goes_on_waiting() -> None:
    house = CalledHouse(policy={"agent_within_s": 20.0})
    house.alice.answer_after = None
    call = house.answered()
    house.world.run_until(lambda: house.alice.calls and house.alice.calls[-1].state == "ringing", 1)
    house.world.run(0.5)
    house.alice.answer_after = 0.3
    killed(house)
    assert house.promise.state is PromiseState.ANSWERED and call.state == "talking"
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 15)
    house.world.run(0.1)
    assert house.hears(call) == "talk"
    house.carrier.hang_up(call)
    over(house, call, PromiseState.KEPT)


def test_the_time_to_an_agent_goes_on_too() -> None:
    house = CalledHouse(policy={"agent_within_s": 5.0})
    house.alice.answer_after = None
    call = house.answered()
    house.world.run(1)
    killed(house, 6.0)
    house.world.run(0.5)
    assert house.promise.state is PromiseState.RETRY_AT and house.said(call)[-1].startswith("We are sorry")
    house.world.run_until(lambda: call.state == "ended", 3)


@pytest.mark.parametrize("moment", ["apology", "bye"])
def test_what_the_ledger_was_told_is_not_told_otherwise(moment: str) -> None:
    house = CalledHouse()
    house.alice.answer_after = None
    call = house.answered()
    house.world.run_until(lambda: house.promise.state is PromiseState.RETRY_AT)
    house.world.store.away = moment == "bye"
    house.world.run(0.3)
    killed(house, 0.5)
    house.world.store.away = False
    assert house.promise.state in (PromiseState.RETRY_AT, PromiseState.UNCERTAIN)
    house.world.run_until(lambda: call.state == "ended", 5)
    assert house.promise.state is not PromiseState.KEPT


def test_who_hung_up_meanwhile_is_called_again() -> None:
    house = CalledHouse(ASKS)
    call = house.answered()
    house.world.run(0.5)
    house.world.crash()
    house.carrier.hang_up(call)
    house.world.run(0.5)
    house.world.start()
    house.world.run(5)
    assert (house.promise.state, house.promise.outcome) == (PromiseState.RETRY_AT, "hung up")


def test_a_call_that_rings_is_uncertain_until_it_is_quiet() -> None:
    house = CalledHouse()
    house.carrier.answer_after = None
    house.lose()
    house.ready()
    house.world.run_until(lambda: house.carrier.calls[-1].state == "ringing")
    house.world.run(0.5)
    house.world.crash()
    house.world.run(1)
    house.world.start()
    house.world.run(1)
    assert house.promise.state is PromiseState.UNCERTAIN
    house.world.run(40)
    assert len(house.carrier.invites) == 1
    house.carrier.answer_after = 0.3
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 100)
    assert len(set(house.carrier.invites)) == len(house.carrier.invites) == 2


@pytest.mark.parametrize("after_s", [0.5, 6.0])
def test_agent_first_he_stays_and_an_agent_is_found_anew(after_s: float) -> None:
    house = CalledHouse(ASKS, policy={"first": "agent"})
    call = house.answered()
    house.world.run(after_s)
    waiting = house.alice.talking[0]
    killed(house)
    assert waiting.state == "ended" and call.state == "talking"
    assert house.promise.state is PromiseState.ANSWERED and house.agent("alice") == "ready"
    greeted_once_more(house, call)


def test_agent_first_an_apology_goes_on() -> None:
    house = CalledHouse(ASKS, policy={"first": "agent"})
    call = house.answered()
    house.alice.hang_up(house.alice.talking[0])
    house.world.run(0.5)
    killed(house)
    assert house.said(call)[-1].startswith("We are sorry")
    house.world.run_until(lambda: call.state == "ended", 3)
    assert house.promise.state is PromiseState.RETRY_AT and house.promise.outcome == "dropped"
