"""Privacy, diversion and User-to-User: what is believed, and what is passed on."""

import pytest

from softswitch.call.identity import Origin, hops_left, lines, origin
from softswitch.core.errors import PeerError
from softswitch.sip.message import Headers, Request
from softswitch.sip.uri import parse_uri


def invite(*more: tuple[str, str]) -> Request:
    return Request("INVITE", "sip:8000@127.0.0.1", Headers(more))


@pytest.mark.parametrize(
    ("value", "withheld"),
    [
        ("id", True),
        ("header;ID", True),
        ("id; critical", True),
        ("user", True),
        (" none ", False),
        ("session", False),
        ("critical", False),
    ],
)
def test_rfc_3323_4_2_privacy_values(value: str, withheld: bool) -> None:
    assert origin(invite(("Privacy", value)), trusted=False).private is withheld


def test_the_latest_diversion_comes_first() -> None:
    found = origin(
        invite(
            ("Diversion", "<sip:200@a.example>;reason=no-answer, <sip:100@a.example>;reason=unconditional"),
            ("Diversion", "<tel:+8610>;reason=unknown"),
        ),
        trusted=True,
    )
    assert found.diverted[:2] == ("200", "100")


def test_history_info_without_the_present_target() -> None:
    history = (
        "<sip:100@a.example>;index=1, <sip:200@a.example?Reason=SIP%3Bcause%3D302>;index=1.1, <sip:300@a>;index=1.1.1"
    )
    assert origin(invite(("History-Info", history)), trusted=True).diverted == ("200", "100")
    assert origin(invite(("History-Info", "<sip:300@a>;index=1")), trusted=True).diverted == ()


def test_a_phone_is_not_believed_to_have_been_diverted() -> None:
    assert origin(invite(("Diversion", "<sip:200@a.example>")), trusted=False).diverted == ()


def test_what_cannot_be_read_is_as_if_it_were_not_there() -> None:
    found = origin(invite(("Diversion", "<sip:, <<>, "), ("User-to-User", "x" * 600)), trusted=True)
    assert found == Origin()


def test_diversions_are_counted() -> None:
    many = ", ".join(f"<sip:{n}@a>" for n in range(100))
    assert len(origin(invite(("Diversion", many)), trusted=True).diverted) == 10


def test_a_note_is_carried_as_it_came() -> None:
    value = "56a390f3d2b7310023a2;encoding=hex;purpose=foo;content=bar"
    found = origin(invite(("User-to-User", value)), trusted=False)
    assert lines(found) == (("User-to-User", value),)


def test_an_identity_is_asserted_to_the_trusted_with_the_wish_for_privacy_beside_it() -> None:
    assert lines(Origin(private=True), parse_uri("sip:1001@switch.example")) == (
        ("P-Asserted-Identity", "<sip:1001@switch.example>"),
        ("Privacy", "id"),
    )
    assert lines(Origin(private=True)) == (("Privacy", "id"),)
    assert lines(Origin()) == ()


@pytest.mark.parametrize(("value", "left"), [("70", 69), ("1", 0), ("255", 69), ("x", 69), ("", 69), ("9999", 69)])
def test_a_further_invite_may_go_one_hop_less(value: str, left: int) -> None:
    assert hops_left(origin(invite(("Max-Forwards", value)), trusted=False)) == left


def test_a_call_that_has_gone_far_enough_goes_no_further() -> None:
    with pytest.raises(PeerError) as refused:
        hops_left(Origin(hops=0))
    assert refused.value.status == 483
