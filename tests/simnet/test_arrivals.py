"""Control is killed before it has answered a caller: he rings on, or the ledger hears of him."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from softswitch.sip.flow import Flow
from softswitch.sip.message import Response
from softswitch.switch import driver
from softswitch.switch.arrivals import A_FEW, AWAY_S, RINGS_S, Arrival
from softswitch.switch.configuration import Trunk
from softswitch.switch.driver import Switch
from softswitch.switch.event import CallResumed, UnitFailed
from softswitch.switch.plain import decode, encode
from softswitch.switch.trunk_rule import CallLimits
from tests.simnet.house import CARRIER_PORT, House
from tests.simnet.phone import Call
from tests.simnet.test_capture import PLAN, calls, centre, told
from tests.simnet.test_draining import listen
from tests.simnet.test_revival import killed, upgraded

ASKS = PLAN.replace("{wait: 3s, next: open?}", '{dial: {user: "1004"}, no_answer: open?, busy: open?, failed: open?}')


def outcomes(house: House) -> list[str]:
    return [fact.outcome for fact in house.world.facts(CallResumed)]


def rings(house: House, for_s: float = 1.0) -> Call:
    call = house.carrier.call("8000")
    house.world.run(for_s)
    assert call.state != "talking" and len(house.world.journal.found) == 1
    return call


def records(house: House) -> dict[str, Arrival]:
    decoder = msgspec.msgpack.Decoder(Arrival)
    return {name: decode(octets, decoder) for name, octets in house.world.journal.found.items()}


def test_he_rings_on_and_is_answered_without_calling_again() -> None:
    house = centre()
    call = rings(house)
    killed(house)
    house.world.run_until(lambda: call.state == "talking", 10)
    assert outcomes(house) == ["again"] and not told(house)
    (contact,) = house.world.switch.calls.contacts.values()
    assert list(house.world.journal.found) == [contact.id], "one record, of the call as it is now"
    house.carrier.press(call, "1")
    house.world.run(1)
    house.carrier.hang_up(call)
    house.world.run(3)
    assert [(number, stage) for number, _, stage, _ in told(house)] == [("+8613800138000", "ivr")]
    assert not house.world.journal.found and not house.world.facts(UnitFailed)


@pytest.mark.parametrize("away", [True, False], ids=["away", "back"])
def test_who_hangs_up_meanwhile_has_cancelled_early(away: bool) -> None:
    house = centre()
    call = rings(house, 1.5)
    house.world.crash()
    house.world.run(0.5)
    if away:
        house.carrier.hang_up(call)  # the CANCEL finds nobody, and is repeated
    house.world.run(0.1)
    house.world.start()
    house.world.run(1.0)
    if not away:
        house.carrier.hang_up(call)
    house.world.run(40)
    assert call.state == "ended"
    assert told(house) == [("+8613800138000", "orders", "early-cancel", "ringing")], "he has called for 2 s in all"
    assert not house.world.switch.calls.contacts and not house.world.facts(UnitFailed)


@pytest.mark.parametrize("dies", [killed, upgraded])
def test_a_phone_that_rang_for_him_is_called_off_and_rings_again(dies: Callable[[House], None]) -> None:
    house = centre(ASKS)
    house.desk.answer_after = None
    call = house.carrier.call("8000")
    house.world.run_until(lambda: any(one.state == "ringing" for one in house.desk.calls))
    dies(house)
    house.world.run(2)
    first, second = house.desk.calls
    assert (first.state, second.state) == ("ended", "ringing")
    house.desk.answer(second)
    house.world.run_until(lambda: call.state == "talking")
    assert house.desk.talking == [second] and not told(house)
    assert len(set(house.desk.invites)) == 2


def test_he_may_outlive_several() -> None:
    house = centre(ASKS)
    house.desk.answer_after = None
    call = house.carrier.call("8000")
    house.world.run(1)
    for _ in range(3):
        killed(house, 0.5)
        house.world.run(1)
    assert [one.state for one in house.desk.calls] == ["ended"] * 3 + ["ringing"]
    house.desk.answer(house.desk.calls[-1])
    house.world.run_until(lambda: call.state == "talking")
    assert outcomes(house) == ["again"] * 3


@pytest.mark.parametrize("why", ["late", "away", "connection", "machine", "damaged"])
def test_where_he_cannot_be_reached_any_more_the_ledger_hears_of_him_once(why: str) -> None:
    house = centre()
    rings(house)
    house.carrier.call("8000")
    house.world.run(0.1)
    house.world.crash()
    if why == "away":
        house.world.run(AWAY_S + 1)
    for name, kept in records(house).items():
        flow = Flow("tcp", kept.flow.local, kept.flow.remote, 7) if why == "connection" else kept.flow
        boot = "another" if why == "machine" else kept.boot
        invite = b"INVITE \xff" if why == "damaged" else kept.invite
        lost = replace(kept.lost, queued_at=kept.lost.queued_at - RINGS_S) if why == "late" else kept.lost
        changed = msgspec.structs.replace(kept, invite=invite, flow=flow, boot=boot, lost=lost)
        house.world.journal.found[name] = encode(changed)
    house.world.start()
    house.world.run(1)
    assert outcomes(house) == ["lost", "lost"]
    assert told(house) == [("+8613800138000", "orders", "shed", "ringing")]
    assert [promise.losses for promise in house.world.switch.control.promises()] == [2]
    assert house.agent("alice") == "paused", "agents log in as ever"
    assert not house.world.journal.found and not house.world.switch.calls.legs


@pytest.mark.parametrize("away_s", [1.0, AWAY_S + 20])
@pytest.mark.parametrize("served", [True, False])
def test_who_was_served_since_is_not_called(served: bool, away_s: float) -> None:
    house = centre()
    rings(house)
    house.world.crash()
    house.world.run(AWAY_S + 20)
    left = dict(house.world.journal.found)
    house.world.journal.found.clear()
    house.world.start()  # as if it were another node of the same store
    if served:
        house.world.switch.control.set_ready("alice")
    again = calls(house, "11" if served else "9")
    house.world.run(5)
    assert bool(house.alice.talking) == served
    house.carrier.hang_up(again)
    house.world.run(40)
    before = told(house)
    house.world.crash()
    house.world.journal.found |= left
    house.world.run(away_s)
    house.world.start()
    house.world.run(1)
    assert outcomes(house) == ["ended" if served else "again" if away_s < AWAY_S else "lost"]
    assert (told(house) == before) == (served or away_s < AWAY_S)


def test_where_the_stage_does_not_count_nobody_is_written_down() -> None:
    house = centre(PLAN.replace("[shed, early-cancel, ivr", "[early-cancel, ivr"))
    rings(house)
    house.world.crash()
    house.world.run(RINGS_S)
    house.world.start()
    house.world.run(1)
    assert outcomes(house) == ["ended"] and not told(house) and not house.world.journal.found


@pytest.mark.parametrize("stages", ["shed, early-cancel, ", "shed, ", ""])
def test_where_nobody_is_lost_before_the_answer_nothing_is_written(stages: str) -> None:
    house = centre(PLAN.replace("shed, early-cancel, ", stages))
    house.carrier.call("8000")
    house.world.run(1)
    assert bool(house.world.journal.writes) == bool(stages)


def test_a_phone_that_calls_a_phone_writes_nothing_before_the_answer() -> None:
    house = centre()
    house.alice.answer_after = None
    house.desk.call("1001")
    house.world.run(2)
    assert not house.world.journal.writes


def test_a_switch_that_drains_goes_on_with_him(monkeypatch: pytest.MonkeyPatch) -> None:
    house = centre()
    call = rings(house)
    notes: list[bytes] = []
    house.world.switch.offices.draining.keep = notes.append
    house.world.switch.control.drain(None, "api ops")
    begin = Switch.begin

    def drained(switch: Switch) -> None:
        switch.offices.draining.restore(notes[0])
        begin(switch)

    monkeypatch.setattr(Switch, "begin", drained)
    killed(house)
    house.world.run_until(lambda: call.state == "talking", 10)
    other = house.carrier.call("8000")
    house.world.run(1)
    assert other.status == 503 and house.world.switch.control.draining().draining


def test_a_carrier_whose_servers_are_not_known_yet_is_not_asked_who_it_is() -> None:
    house = centre(trunks={"carrier": Trunk("carrier", ("127.0.0.1", CARRIER_PORT), prefix="9")})
    call = rings(house)
    killed(house)
    house.world.run_until(lambda: call.state == "talking", 10)
    assert outcomes(house) == ["again"] and not told(house)


def test_those_of_many_seconds_are_taken_up_in_one() -> None:
    limits = CallLimits(calls_per_s=1.0)
    carrier = Trunk("carrier", ("127.0.0.1", CARRIER_PORT), sources=(("127.0.0.1", CARRIER_PORT),), limits=limits)
    house = centre(ASKS, trunks={"carrier": carrier})
    house.desk.answer_after = None
    for _ in range(3):
        house.carrier.call("8000")
        house.world.run(1.1)
    killed(house, 0.1)
    house.world.run(0.5)
    assert [one.state for one in house.carrier.calls] == ["ringing"] * 3 and outcomes(house) == ["again"] * 3
    more = [house.carrier.call("8000") for _ in range(2)]
    house.world.run(0.5)
    assert sorted(one.status for one in more) == [180, 503], "new ones are counted"


def test_a_phone_of_ours_is_not_asked_for_its_password_again() -> None:
    house = centre()
    call = house.desk.call("8000")
    house.world.run(1)
    heard = listen(house.world, house.desk.address)
    house.world.configuration = replace(house.world.configuration, secret=b"of another process")
    killed(house)
    house.world.run_until(lambda: call.state == "talking", 10)
    assert outcomes(house) == ["again"]
    assert 401 not in [one.status for _, one in heard if isinstance(one, Response)]


def many(house: House) -> list[Call]:
    """More than are taken up in one go, and the phone of each rings."""
    house.desk.answer_after = None
    those = [house.carrier.call("8000") for _ in range(3 * A_FEW + 1)]
    house.world.run(1)
    assert len(house.world.journal.found) == len(those)
    return those


def test_very_many_are_taken_up_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    house = centre(ASKS)
    those = many(house)
    monkeypatch.setattr(driver, "RUNAWAY", 20 * A_FEW)  # what all of them come to in one unit of work is beyond
    killed(house, 0.5)
    house.world.run(2)
    assert outcomes(house) == ["again"] * len(those)
    assert [one.state for one in house.desk.calls].count("ringing") == len(those)
    assert not house.world.facts(UnitFailed) and len(house.world.journal.found) == len(those)


def test_who_hangs_up_before_it_is_his_turn_is_heard_when_he_says_so_again() -> None:
    house = centre(ASKS)
    those = many(house)
    house.world.crash()
    house.world.run(0.5)
    house.world.start()
    waits = house.world.switch.offices.arrivals.left
    assert waits == len(those) - A_FEW and house.world.switch.control.draining().calls == len(those)
    house.carrier.hang_up(those[-1])
    house.world.run(3)
    assert those[-1].state == "ended" and those[-1].status == 487
    assert [one.state for one in house.desk.calls].count("ringing") == len(those) - 1


def test_who_is_not_taken_up_yet_outlives_another_death() -> None:
    house = centre(ASKS)
    those = many(house)
    house.world.crash()
    house.world.start()
    killed(house, 0.5)
    house.world.run(2)
    assert [one.state for one in house.desk.calls].count("ringing") == len(those)
    assert {one.state for one in those} == {"ringing"} and not told(house)


def test_where_processes_seem_to_die_of_it_who_talks_goes_on_and_who_rings_is_called_back() -> None:
    house = centre()
    talks = calls(house, "14")
    house.world.run_until(lambda: bool(house.desk.talking))
    house.world.run(1)
    ringing = house.carrier.call("8000")
    house.world.run(1)
    house.world.suspect = True
    killed(house)
    house.world.run(5)
    assert sorted(outcomes(house)) == ["lost", "resumed"] and ringing.status == 0
    assert talks.state == "talking" and house.desk.talking
    assert told(house) == [("+8613800138000", "orders", "shed", "ringing")]
