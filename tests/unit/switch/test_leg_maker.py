"""Which number a new leg shows, to whom it asserts one, and how far it may go."""

from __future__ import annotations

import pytest

from softswitch.call.identity import Origin
from softswitch.call.signal import Dial, SendRequest
from softswitch.contact.order import MakeLeg, Target
from softswitch.contact.presentation import Presentation
from softswitch.core.errors import PeerError
from softswitch.sip.message import Request
from softswitch.switch.configuration import Configuration
from softswitch.switch.leg_maker import LegMaker
from tests.unit.call.peer import OURS, UDP, ids

MAKER = LegMaker(Configuration(users={}, listeners=(), realm="house"), ids())


def invite(origin: Origin, asserted: bool = False, caller: str = "1001") -> Request:
    uri, shown = "sip:8613@carrier.example", Presentation(asserted=asserted)
    target = Target(uri, uri, UDP, presentation=shown, route=("<sip:proxy.example;lr>",))
    order = MakeLeg("c-1.dial1.0", target, caller, "Ann", 30.0)
    leg = MAKER.outbound(order, OURS, origin, (("Referred-By", "<sip:1002@house>"),))
    (sent,) = [one for one in leg.handle(Dial(), 0.0) if isinstance(one, SendRequest)]
    return sent.request


def test_the_caller_is_shown_at_our_address() -> None:
    request = invite(Origin(note="00;encoding=hex"))
    assert (request.from_.display, request.from_.uri.user, request.from_.uri.host) == ("Ann", "1001", UDP.local[0])
    assert request.headers.get("User-to-User") == "00;encoding=hex"
    assert request.headers.get("Route") == "<sip:proxy.example;lr>"
    assert request.headers.get("Referred-By") == "<sip:1002@house>"
    assert request.headers.get("P-Asserted-Identity") is None


def test_rfc_3323_a_private_caller_is_anonymous_and_asserted_only_to_who_is_trusted() -> None:
    request = invite(Origin(private=True))
    assert (request.from_.display, request.from_.uri.host) == ("Anonymous", "anonymous.invalid")
    assert request.headers.get("P-Asserted-Identity") is None
    trusted = invite(Origin(private=True), asserted=True)
    assert trusted.from_.uri.host == "anonymous.invalid" and trusted.headers.get("Privacy") == "id"
    assert "1001" in (trusted.headers.get("P-Asserted-Identity") or "")


def test_who_has_no_number_is_anonymous_and_never_asserted() -> None:
    request = invite(Origin(), asserted=True, caller="")
    assert request.from_.uri.host == "anonymous.invalid" and "P-Asserted-Identity" not in request.headers


def test_a_call_goes_on_one_hop_less_and_not_for_ever() -> None:
    assert invite(Origin(hops=5)).headers.get("Max-Forwards") == "4"
    with pytest.raises(PeerError, match="Too Many Hops"):
        invite(Origin(hops=0))
