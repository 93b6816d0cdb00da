"""Requests inside a call from another place: a NAT that forgot, a phone that changed networks, or somebody else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from softswitch.call.leg import Leg
from softswitch.sip.digest import answer
from softswitch.sip.flow import Address, Flow
from softswitch.sip.message import Message, Response
from softswitch.switch.configuration import Trunk
from softswitch.switch.event import AuthenticationFailed
from tests.simnet.house import CARRIER_PORT, House
from tests.simnet.phone import Call, SimPhone
from tests.simnet.world import SWITCH

ELSEWHERE = ("127.0.0.66", 7000)
SDP = "v=0\r\no=- 9 9 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 7002 RTP/AVP 0\r\n"


@dataclass
class Somebody:
    """Who knows everything of a dialog, and writes from ``address``."""

    house: House
    leg: Leg
    address: Address
    heard: list[Message] = field(default_factory=list)
    cseq: int = 100

    def __post_init__(self) -> None:
        self.house.world.peers[self.address] = lambda message, flow: self.heard.append(message)

    def says(self, method: str, *headers: str, body: str = "", cseq: int = 0) -> int:
        """Send it; the status of the answer, 0 where there is none within a second."""
        dialog = self.leg.leg.dialog
        assert dialog is not None
        self.cseq = cseq or self.cseq + 1
        host, port = self.address
        kind = ["Content-Type: application/sdp"] if body else []
        lines = [
            f"{method} sip:softswitch@127.0.0.1:{SWITCH[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{method}{self.cseq}{len(self.heard)};rport",
            f"From: {dialog.remote}", f"To: {dialog.local}", f"Call-ID: {dialog.call_id}",
            f"CSeq: {self.cseq} {method}", "Max-Forwards: 70", f"Contact: <sip:thief@{host}:{port}>",
            *headers, *kind, f"Content-Length: {len(body)}", "", body,
        ]  # fmt: skip
        self.heard.clear()
        self.house.world.carry("\r\n".join(lines).encode(), self.address, SWITCH)
        self.house.world.run(1.0)
        finals = [one.status for one in self.heard if isinstance(one, Response) and one.status >= 200]
        return finals[0] if finals else 0

    def wants_the_sound(self, *headers: str) -> int:
        return self.says("INVITE", *headers, body=SDP.format(host=self.address[0]))

    def proof(self, method: str, user: str, password: str) -> str:
        challenged = self.heard[0]
        given = challenged.headers.all("WWW-Authenticate")[0]
        return "Authorization: " + answer(given, method, f"sip:softswitch@127.0.0.1:{SWITCH[1]}", user, password, "cn")


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
