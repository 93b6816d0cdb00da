"""What the called learn of a caller: on the wire to the phone and to the trunk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from softswitch.contact.presentation import Presentation
from softswitch.sip.flow import Address
from softswitch.sip.message import Request, parse
from tests.simnet.house import House, configuration
from tests.simnet.phone import SimPhone

NOTE = ("User-to-User", "48656c6c6f;encoding=hex")
Invited = Callable[[SimPhone, SimPhone, str], Request]


def invited(house: House, caller: SimPhone, called: SimPhone, number: str) -> Request:
    """The INVITE that reaches the called."""
    found: list[Request] = []
    carry = house.world.carry

    def watched(data: bytes, source: Address, destination: Address) -> None:
        message = parse(data)
        if destination == called.address and isinstance(message, Request) and message.method == "INVITE":
            found.append(message)
        carry(data, source, destination)

    house.world.carry = watched  # type: ignore[method-assign]
    call = caller.call(number)
    house.world.run_until(lambda: call.state == "talking")
    caller.hang_up(call)
    house.world.run(40)
    return found[0]


@pytest.mark.parametrize("privacy", [(), (("Privacy", "id"),)])
def test_a_phone_that_wants_privacy_is_anonymous_to_the_phone_it_calls(privacy: tuple[tuple[str, str], ...]) -> None:
    house = House()
    house.desk.extra_headers = (NOTE, *privacy)
    invite = invited(house, house.desk, house.bob, "1002")
    text = "\n".join(f"{name}: {value}" for name, value in invite.headers)
    assert invite.headers.get("User-to-User") == NOTE[1]
    assert ("1004" in text) is not bool(privacy)
    assert ("anonymous@anonymous.invalid" in text) is bool(privacy)
    assert "P-Asserted-Identity" not in invite.headers


def test_an_identity_of_a_phones_own_making_goes_nowhere() -> None:
    house = House()
    house.desk.extra_headers = (("P-Asserted-Identity", "<sip:110@police.example>"), ("Diversion", "<sip:119@a>"))
    invite = invited(house, house.desk, house.bob, "1002")
    text = "\n".join(f"{name}: {value}" for name, value in invite.headers)
    assert "110" not in text and "119" not in text and invite.from_.uri.user == "1004"


@pytest.mark.parametrize("asserted", [True, False])
def test_only_a_trusted_trunk_learns_who_wants_privacy(asserted: bool) -> None:
    trunks = configuration().trunks
    manners = replace(trunks["carrier"].manners, presentation=Presentation(asserted=asserted))
    house = House(trunks={"carrier": replace(trunks["carrier"], manners=manners)})
    house.desk.extra_headers = (("Privacy", "id"),)
    invite = invited(house, house.desk, house.carrier, "913900000000")
    assert invite.from_.uri.host == "anonymous.invalid"
    assert invite.headers.get("Privacy") == "id"
    assert ("1004" in (invite.headers.get("P-Asserted-Identity") or "")) is asserted


@pytest.mark.parametrize("believed", [True, False])
def test_a_trunk_is_believed_as_far_as_it_is_configured(believed: bool) -> None:
    trunks = configuration().trunks
    manners = replace(trunks["carrier"].manners, believed=believed)
    house = House(trunks={"carrier": replace(trunks["carrier"], manners=manners)})
    house.carrier.extra_headers = (("P-Asserted-Identity", "<sip:13911111111@carrier>"), ("Diversion", "<sip:95500@c>"))
    house.carrier.call("8000")
    house.world.run(1.0)
    (contact,) = house.world.switch.calls.contacts.values()
    assert contact.facts.caller == ("13911111111" if believed else "13800138000")
    assert contact.facts.origin.diverted == (("95500",) if believed else ())


@pytest.mark.parametrize(("hops", "onward"), [(5, ["4"]), (0, [])])
def test_a_call_goes_only_as_far_as_it_may(hops: int, onward: list[str]) -> None:
    """Else one that a carrier sends back to us would go round until nothing is left."""
    house = House()
    carry, seen = house.world.carry, []

    def aged(data: bytes, source: Address, destination: Address) -> None:
        if source == house.desk.address:
            data = data.replace(b"Max-Forwards: 70", b"Max-Forwards: %d" % hops)
        message = parse(data)
        if destination == house.bob.address and isinstance(message, Request) and message.method == "INVITE":
            seen.append(message.headers.get("Max-Forwards"))
        carry(data, source, destination)

    house.world.carry = aged  # type: ignore[method-assign]
    call = house.desk.call("1002")
    house.world.run(5.0)
    assert seen == onward
    assert call.state == ("talking" if onward else "ended")
