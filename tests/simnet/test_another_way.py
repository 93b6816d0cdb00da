"""An INVITE too long for a datagram, to a phone that takes no connection: what happens while that is found out."""

from __future__ import annotations

import pytest

from softswitch.sip import detour
from softswitch.sip.flow import Flow, ListeningPoint
from softswitch.sip.message import Message, parse
from softswitch.switch.event import UnitFailed
from softswitch.switch.ports import FlowFailed
from tests.simnet.house import House
from tests.simnet.phone import Call
from tests.simnet.test_arrivals import ASKS, records
from tests.simnet.test_capture import centre
from tests.simnet.test_revival import killed
from tests.simnet.world import SWITCH

STREAM = ListeningPoint("tcp", (SWITCH[0], 5070))
REFUSED_S = 3.0


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    """Its phones take no connections; the desk's phone is not answered."""
    monkeypatch.setattr(detour, "LONGEST_DATAGRAM", 700)
    one = centre(ASKS, listeners=(ListeningPoint("udp", SWITCH), STREAM))
    one.desk.answer_after = None
    world, send = one.world, one.world.send

    def carried(message: Message, flow: Flow) -> None:
        if flow.transport == "tcp":
            world.after(REFUSED_S, lambda: world.feed(FlowFailed(flow)))
        else:
            send(message, flow)

    vars(world)["send"] = carried
    return one


def test_who_rings_by_a_connection_is_called_off_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transport of a CANCEL is that of its INVITE (section 9.1), also where another process sends it."""
    monkeypatch.setattr(detour, "LONGEST_DATAGRAM", 700)
    house = centre(ASKS, listeners=(ListeningPoint("udp", SWITCH), STREAM))
    house.desk.answer_after = None
    house.carrier.call("8000")
    house.world.run_until(lambda: house.desk.calls)
    killed(house)
    house.world.run(1)
    assert [one.state for one in house.desk.calls] == ["ended", "ringing"]
    assert house.world.switch.wire.sent["tcp", "CANCEL", "request"] == 1
    assert not house.world.switch.wire.sent["udp", "CANCEL", "request"]


def tried(house: House) -> Call:
    """A caller for whom the connection to the desk's phone is being made."""
    call = house.carrier.call("8000")
    house.world.run_until(lambda: house.world.switch.wire.sent["tcp", "INVITE", "request"])
    assert not house.desk.invites
    return call


def test_it_goes_as_a_datagram_after_all(house: House) -> None:
    call = tried(house)
    house.world.run_until(lambda: house.desk.calls)
    house.desk.answer(house.desk.calls[0])
    house.world.run_until(lambda: call.state == "talking")
    assert len(house.desk.invites) == 1


def test_no_phone_rings_for_a_caller_who_has_hung_up_meanwhile(house: House) -> None:
    call = tried(house)
    house.carrier.hang_up(call)
    house.world.run(60)
    assert call.state == "ended" and not house.desk.invites
    assert not house.world.switch.calls.legs and not len(house.world.switch.endpoint)
    assert not house.world.facts(UnitFailed)


def test_the_phone_that_rings_after_all_is_called_off_by_the_next_process(house: House) -> None:
    """The CANCEL has the Via of the INVITE that the phone has seen, or it belongs to nothing (section 9.1)."""
    tried(house)
    house.world.run_until(lambda: house.desk.calls)
    (kept,) = records(house).values()
    (rings,) = kept.ringing
    assert parse(rings.invite).via.transport == "UDP"
    killed(house)
    house.world.run(REFUSED_S + 1)
    assert [one.state for one in house.desk.calls] == ["ended", "ringing"]
