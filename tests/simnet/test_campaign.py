"""A campaign through the whole control plane: never before live callers, paused and resumed, and ended by a code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.campaign import Campaign, Disposition, PauseSet
from softswitch.callback.model import Policy, Promise, PromiseState, Restored
from softswitch.contact.order import TellLedger
from softswitch.store.campaign import Pause
from softswitch.switch import driver
from softswitch.switch.event import UnitFailed
from softswitch.switch.pool_port import Shared
from softswitch.switch.restart import Kept
from softswitch.switch.staff import StaffChanges
from softswitch.switch.view import Refused
from tests.simnet.house import House, configuration
from tests.simnet.phone import Call

CODES = (Disposition("sold"), Disposition("call again", 600.0), Disposition("never again", do_not_call=True))
POLICY = Policy("orders", "carrier", campaign="welcome", stages=(), ring_s=20.0)


def house_of(rows: int, **of_campaign: object) -> House:
    campaign = Campaign("welcome", "orders", dispositions=CODES, **of_campaign)  # type: ignore[arg-type]
    base = configuration()
    features = {**base.features, "*57": "disposition"}
    house = House(policies=(*base.policies, POLICY), campaigns={"welcome": campaign}, features=features)
    house.alice.answer_after, house.carrier.answer_after = 1.0, 1.0
    switch = house.world.switch
    promises = tuple(row(number, switch.clock.epoch) for number in range(rows))
    switch.command(lambda: [switch.offices.campaigns.told(), TellLedger(Restored(promises))])
    return house


def row(number: int, unix: float) -> Promise:
    return Promise(
        f"promise-{number}", f"+861390013900{number}", "orders", "imported", PromiseState.RECORDED, "", unix + number,
        losses=0, group="welcome", campaign="welcome",
    )  # fmt: skip


def states(house: House) -> list[str]:
    found = {one.id: one.state.value for one in house.world.switch.control.promises()}
    return [found[name] for name in sorted(found)]


def talk_over(house: House, talk_s: float = 5.0) -> Call:
    """The next call of the campaign, until the customer hangs up."""
    before = len(house.carrier.calls)
    house.world.run_until(lambda: len(house.carrier.calls) > before and house.carrier.talking, 120)
    call = house.carrier.talking[-1]
    house.world.run(talk_s)
    house.carrier.hang_up(call)
    return call


def test_a_burst_of_callers_stops_the_campaign_and_then_it_goes_on() -> None:
    house = house_of(4)
    talk_over(house)
    house.world.run(1)
    callers = [house.carrier.call("8000") for _ in range(3)]
    house.world.run_until(lambda: all(call.state == "talking" for call in callers))
    house.world.run(0.5)
    for call in callers:
        house.carrier.press(call, "1")
    house.world.run(1)
    dialled = len(house.carrier.invites)
    view = house.world.switch.control.campaigns().views()[0]
    assert view.stopped_by == "live callers wait"
    for served in range(3):
        house.world.run_until(lambda: bool(house.alice.talking), 60)
        assert len(house.carrier.invites) == dialled, f"dialled while {3 - served} callers waited"
        house.world.run(5)
        bridged = house.alice.talking[0]
        house.alice.hang_up(bridged)
        house.world.run(2)
    house.world.run_until(lambda: len(house.carrier.invites) > dialled, 60)
    for _ in range(3):
        house.world.run_until(lambda: bool(house.alice.talking) and bool(house.carrier.talking), 60)
        house.world.run(5)
        house.alice.hang_up(house.alice.talking[0])
        house.world.run(15)
    assert states(house) == ["kept"] * 4
    assert len(house.carrier.invites) == len(set(house.carrier.invites)) == 4
    assert not house.world.facts(UnitFailed)


def test_a_paused_campaign_dials_nobody_until_it_goes_on() -> None:
    house = house_of(3)
    talk_over(house)
    desk = house.world.switch.control.campaigns()
    desk.pause("welcome", True, "api anna")
    dialled = len(house.carrier.invites)
    house.world.run(300)
    assert len(house.carrier.invites) == dialled
    assert (desk.views()[0].paused_by, desk.views()[0].stopped_by) == ("api anna", "paused")
    desk.pause("welcome", False, "api anna")
    house.world.run_until(lambda: len(house.carrier.invites) > dialled, 60)
    with pytest.raises(LookupError):
        desk.pause("welcom", True, "")


def test_what_another_node_has_paused_is_paused_here() -> None:
    house = house_of(3)
    talk_over(house)
    house.world.switch.feed(Shared(PauseSet("welcome", True, "api anna")))
    dialled = len(house.carrier.invites)
    house.world.run(120)
    assert len(house.carrier.invites) == dialled
    assert house.world.switch.control.campaigns().views()[0].paused_by == "api anna"
    house.world.switch.feed(Shared(PauseSet("welcome", False, "api anna")))
    house.world.run_until(lambda: len(house.carrier.invites) > dialled, 60)


def test_what_the_configuration_has_paused_no_command_resumes() -> None:
    house = house_of(1, paused=True)
    house.world.run(60)
    assert house.carrier.invites == []
    with pytest.raises(Refused, match=r"paused by campaigns\.yaml"):
        house.world.switch.control.campaigns().pause("welcome", False, "")


def test_the_agent_gives_a_code_by_the_api_in_the_call_or_after_it() -> None:
    house = house_of(1)
    house.world.run_until(lambda: bool(house.carrier.talking), 60)
    (view,) = [call for call in house.world.switch.control.calls() if call.kind == "callback"]
    desk = house.world.switch.control.campaigns()
    assert desk.dispose(view.contact, "sold", "api anna").promise == "promise-0"
    with pytest.raises(Refused, match=r"has no disposition 'sould'; did you mean 'sold'\?"):
        desk.dispose(view.contact, "sould", "")
    house.carrier.hang_up(house.carrier.talking[0])
    house.world.run(2)
    desk.dispose(view.contact, "call again", "api anna")
    house.world.run(1)
    kept, again = sorted(house.world.switch.control.promises(), key=lambda one: one.state.value)
    assert (kept.disposition, kept.state, again.state) == ("call again", PromiseState.KEPT, PromiseState.RECORDED)
    house.world.run(590)
    assert len(house.carrier.invites) == 1
    house.world.run_until(lambda: len(house.carrier.invites) == 2, 60)
    with pytest.raises(LookupError):
        desk.dispose("contact-x", "sold", "")


@pytest.mark.parametrize(("dialled", "code"), [("*571", "sold"), ("*573", "never again"), ("*579", ""), ("*5711", "")])
def test_the_agent_dials_a_code_in_wrap_up(dialled: str, code: str) -> None:
    house = house_of(2)
    talk_over(house)
    house.world.run(1)
    assert house.agent("alice") == "wrap_up"
    house.alice.call(dialled)
    house.world.run(3)
    (promise,) = [one for one in house.world.switch.control.promises() if one.id == "promise-0"]
    assert promise.disposition == code
    barred = house.world.switch.ledger.glance.rules.barred(promise.number)
    assert barred is (code == "never again")


def test_while_the_database_is_known_to_be_away_no_code_is_said_to_be_kept() -> None:
    house = house_of(2)
    talk_over(house)
    house.world.store.away = True
    for _ in range(2):  # it is known by the first write that fails
        house.alice.call("*571")
        house.world.run(3)
    said = [prompt.text for _, prompt in house.world.media.said]
    assert said[-1] == "sold is not kept yet: the database is away. Please say so once more later."
    house.world.store.away = False
    house.world.run(70)
    assert "sold" in {row.disposition for row in house.world.store._promises.values()}, "it was kept after all"


def test_a_code_is_not_noted_of_an_earlier_call() -> None:
    house = house_of(1)
    talk_over(house)
    house.world.run(15)
    caller = house.carrier.call("8000")
    house.world.run_until(lambda: caller.state == "talking")
    house.world.run(0.5)
    house.carrier.press(caller, "1")
    house.world.run_until(lambda: bool(house.alice.talking), 60)
    house.world.run(3)
    house.carrier.hang_up(caller)
    house.world.run(1)
    assert house.agent("alice") == "wrap_up"
    house.alice.call("*571")
    house.world.run(3)
    assert [one.disposition for one in house.world.switch.control.promises()] == [""]


def test_a_code_is_for_calls_of_campaigns_only() -> None:
    house = house_of(0)
    house.alice.call("*571")
    house.world.run(3)
    said = [prompt.text for _, prompt in house.world.media.said]
    assert said[-1] == "There is no call of which that could be noted."


def test_a_reload_pauses_and_has_it_go_on() -> None:
    house = house_of(2)
    talk_over(house)
    switch = house.world.switch
    old, dialled = switch.configuration, len(house.carrier.invites)
    paused = replace(old, campaigns={"welcome": replace(old.campaigns["welcome"], paused=True)})
    switch.staff.exchange(paused, StaffChanges())
    house.world.run(120)
    assert len(house.carrier.invites) == dialled
    assert switch.control.campaigns().views()[0].paused_by == "the configuration"
    switch.staff.exchange(old, StaffChanges())
    house.world.run_until(lambda: len(house.carrier.invites) == dialled + 1, 60)


def test_a_reload_takes_and_brings_campaigns() -> None:
    house = house_of(2)
    talk_over(house)
    switch = house.world.switch
    old, dialled = switch.configuration, len(house.carrier.invites)
    switch.staff.exchange(replace(old, policies=old.policies[:1], campaigns={}), StaffChanges())
    house.world.run(120)
    assert len(house.carrier.invites) == dialled and switch.control.campaigns().views() == []
    switch.staff.exchange(old, StaffChanges())
    house.world.run_until(lambda: len(house.carrier.invites) == dialled + 1, 60)


def test_a_pause_outlives_a_restart_with_more_promises_than_a_loop_of_ours_has_effects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(driver, "RUNAWAY", 200)
    house = house_of(0)
    switch = house.world.switch
    of_list = row(0, switch.clock.epoch)
    lost = replace(of_list, stage="abandoned", group="orders", campaign="")
    own = [replace(lost, id=f"promise-of-{one}", number=f"+861380013{one:04}") for one in range(300)]
    switch.restore(Kept(promises=[*own, of_list], pauses=[Pause("welcome", "api anna", 0.0)]))
    switch.begin()
    house.world.run(60)
    assert not house.world.facts(UnitFailed)
    (paused,) = (one for one in switch.control.promises() if one.campaign)
    assert paused.attempts == 0
    assert switch.control.campaigns().views()[0].stopped_by == "paused"
