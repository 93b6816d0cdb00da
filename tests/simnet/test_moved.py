"""Requests inside a call from another place: a NAT that forgot, a phone that changed networks, or somebody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.call.leg import Leg
from softswitch.sip import hop
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request, Response, render
from softswitch.switch.configuration import Trunk
from softswitch.switch.event import AuthenticationFailed
from tests.simnet.house import CARRIER_PORT, House
from tests.simnet.phone import Call, SimPhone
from tests.simnet.somebody import SDP, Somebody
from tests.simnet.world import SWITCH

ELSEWHERE = ("127.0.0.66", 7000)


@pytest.fixture
def house() -> House:
    return House()


def talk(house: House, caller: SimPhone, called: str) -> Call:
    call = caller.call(called)
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(1.0)
    return call


def leg_of(house: House, phone: SimPhone) -> Leg:
    (leg,) = [one for one in house.world.switch.calls.legs.values() if one.flow.remote == phone.address]
    return leg


def unharmed(house: House, leg: Leg, phone: SimPhone, call: Call) -> None:
    """The leg leads where it led, the media too, and the phone can end its call."""
    assert leg.flow.remote == phone.address
    media = house.world.media.streams[leg.id]
    assert media is not None and media.remote == call.rtp
    house.world.run(1.0)
    phone.hang_up(call)
    house.world.run_until(lambda: call.state == "ended" and not house.world.media.streams)


def test_a_nat_that_gives_another_port_is_followed(house: House) -> None:
    call = talk(house, house.desk, "1002")
    leg = leg_of(house, house.desk)
    moved = Somebody(house, leg, (house.desk.address[0], 7000))
    assert moved.wants_the_sound() == 200
    assert leg.flow.remote == moved.address
    house.bob.hang_up(house.bob.talking[0])
    house.world.run(1.0)
    assert {one.method for one in moved.heard if not isinstance(one, Response)} == {"BYE"}
    assert call.state == "talking"  # at the old port nobody hears of it


@pytest.mark.parametrize("method", ["INVITE", "UPDATE", "BYE", "INFO", "REFER", "OPTIONS"])
def test_who_only_knows_the_tags_gets_neither_the_call_nor_its_end(house: House, method: str) -> None:
    call = talk(house, house.desk, "1002")
    leg = leg_of(house, house.desk)
    thief = Somebody(house, leg, ELSEWHERE)
    body = SDP.format(host=ELSEWHERE[0]) if method in ("INVITE", "UPDATE") else ""
    assert thief.says(method, "Refer-To: <sip:1001@127.0.0.1>", body=body) == 401
    unharmed(house, leg, house.desk, call)


def test_nor_who_is_another_user_or_guesses(house: House) -> None:
    call = talk(house, house.desk, "1002")
    leg = leg_of(house, house.desk)
    thief = Somebody(house, leg, ELSEWHERE)
    thief.wants_the_sound()
    assert thief.wants_the_sound(thief.proof("INVITE", "1001", "pw-1001")) == 403
    thief.wants_the_sound()
    assert thief.wants_the_sound(thief.proof("INVITE", "1004", "wrong")) == 401
    assert [fact.user for fact in house.world.facts(AuthenticationFailed)] == ["1004"]
    unharmed(house, leg, house.desk, call)


def test_a_phone_that_has_changed_networks_proves_who_it_is_and_is_followed(house: House) -> None:
    talk(house, house.desk, "1002")
    leg = leg_of(house, house.desk)
    roamed = Somebody(house, leg, ELSEWHERE)
    assert roamed.wants_the_sound() == 401
    assert roamed.wants_the_sound(roamed.proof("INVITE", "1004", "pw-1004")) == 200
    assert leg.flow.remote == ELSEWHERE
    media = house.world.media.streams[leg.id]
    assert media is not None and media.remote == (ELSEWHERE[0], 7002)
    house.bob.hang_up(house.bob.talking[0])
    house.world.run(1.0)
    assert any(getattr(one, "method", "") == "BYE" for one in roamed.heard)


def test_or_has_registered_there(house: House) -> None:
    talk(house, house.desk, "1002")
    leg = leg_of(house, house.desk)
    registrar, unix = house.world.switch.registrar, house.world.switch.unix
    (binding,) = registrar.lookup("1004", unix)
    there = replace(binding, flow=Flow("udp", SWITCH, (ELSEWHERE[0], 5060)), contact="sip:1004@x", call_id="new")
    registrar.restore([there])
    assert Somebody(house, leg, ELSEWHERE).wants_the_sound() == 200
    assert leg.flow.remote == ELSEWHERE


def test_the_called_phone_is_protected_like_the_caller_s(house: House) -> None:
    talk(house, house.desk, "1002")
    leg = leg_of(house, house.bob)
    assert Somebody(house, leg, ELSEWHERE).says("BYE") == 401
    unharmed(house, leg, house.bob, house.bob.talking[0])


def test_of_a_trunk_s_call_speaks_the_trunk_from_whichever_of_its_addresses() -> None:
    sources = (("127.0.0.1", CARRIER_PORT), ("127.0.0.7", None))
    house = House(trunks={"carrier": Trunk("carrier", ("127.0.0.1", CARRIER_PORT), sources=sources)})
    call = talk(house, house.carrier, "8000")
    leg = leg_of(house, house.carrier)
    assert Somebody(house, leg, ELSEWHERE).says("BYE") == 403
    assert Somebody(house, leg, ELSEWHERE).wants_the_sound() == 403
    assert leg.flow.remote == house.carrier.address
    assert Somebody(house, leg, ("127.0.0.7", 9999)).says("BYE", cseq=200) == 200
    assert call.state == "talking"


@pytest.mark.parametrize("method", ["INVITE", "CANCEL"])
def test_who_knows_the_branch_too_gets_neither_the_answer_nor_the_end_of_a_call_that_rings(
    house: House, method: str
) -> None:
    house.bob.answer_after = 3.0
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "ringing")
    leg = leg_of(house, house.desk)
    assert leg.leg.inbound is not None
    copied = leg.leg.inbound.request
    told: list[Message] = []
    house.world.peers[ELSEWHERE] = lambda message, _: told.append(message)
    said = copied if method == "INVITE" else hop.cancel(copied)
    house.world.carry(render(Request(said.method, said.uri, said.headers, said.body)), ELSEWHERE, SWITCH)
    house.world.run(1.0)
    assert [one.status for one in told if isinstance(one, Response)] == ([] if method == "INVITE" else [481])
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(1.0)
    assert len(told) == (method == "CANCEL")
    unharmed(house, leg, house.desk, call)


def test_a_ringing_call_is_given_up_from_another_port_of_the_same_phone(house: House) -> None:
    house.bob.answer_after = None
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "ringing")
    leg = leg_of(house, house.desk)
    assert leg.leg.inbound is not None
    cancel = hop.cancel(leg.leg.inbound.request)
    house.world.carry(render(cancel), (house.desk.address[0], 7000), SWITCH)
    house.world.run_until(lambda: call.state == "ended" and call.status == 487)


def test_where_the_dialog_says_that_its_peer_is_it_may_speak_itself() -> None:
    """Section 16.6: a proxy that does not record its route is not on the way of what follows the INVITE."""
    house = House()
    talk(house, house.carrier, "8000")
    leg = leg_of(house, house.carrier)
    assert leg.leg.dialog is not None
    leg.leg.dialog.remote_target = f"sip:gateway@{ELSEWHERE[0]}"
    assert Somebody(house, leg, ELSEWHERE).says("BYE") == 200


def test_an_ack_from_elsewhere_moves_nothing_and_brings_no_answer(house: House) -> None:
    call = talk(house, house.desk, "1002")
    leg = leg_of(house, house.desk)
    home = Somebody(house, leg, house.desk.address)
    assert home.says("INVITE") == 200  # without an offer: ours is in the 2xx
    thief = Somebody(house, leg, ELSEWHERE)
    assert thief.says("ACK", body=SDP.format(host=ELSEWHERE[0]), cseq=home.cseq) == 0
    assert leg.flow.remote == house.desk.address and leg.leg.ack is not None
    media = house.world.media.streams[leg.id]
    assert media is not None and media.remote == call.rtp
    assert home.says("INFO", cseq=home.cseq + 1) == 200
    home.says("ACK", body=SDP.format(host="127.0.0.1"), cseq=home.cseq - 1)
    assert leg.leg.ack is None


def test_a_text_inside_a_call_is_refused_where_nobody_reads_it(house: House) -> None:
    """RFC 3428 section 7: 202 would say that it is going to be read."""
    call = talk(house, house.desk, "8000")
    plain = "Content-Type: text/plain"
    caller = Somebody(house, leg_of(house, house.desk), house.desk.address)
    assert caller.says("MESSAGE", plain, body="hello, dialplan") == 480
    assert call.state == "talking"
    talk(house, house.alice, "1002")
    caller = Somebody(house, leg_of(house, house.alice), house.alice.address)
    assert caller.says("MESSAGE", plain, body="hello, bob") == 202
    assert house.bob.talking[0].texts == ["hello, bob"]
