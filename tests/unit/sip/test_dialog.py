"""RFC 3261 section 12, sentence by sentence."""

from __future__ import annotations

import pytest

from softswitch.core.errors import PeerError
from softswitch.sip.dialog import Dialog
from softswitch.sip.message import Response, parse, render
from tests.support.headers import without
from tests.unit.sip.exchange import request, response

RECORD_ROUTE = (("Record-Route", "<sip:p1;lr>, <sip:p2;lr>"), ("Record-Route", "<sip:p3;lr>"))


def test_uas_takes_the_route_set_in_order() -> None:
    dialog = Dialog.uas(request(more=RECORD_ROUTE), "us")
    assert dialog.route_set == ("<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>")


def test_uac_takes_the_route_set_in_reverse_order() -> None:
    made = request(via="")
    dialog = Dialog.uac(made, response(made, 200, more=(*RECORD_ROUTE, ("Contact", "<sip:8000@10.0.0.9>"))))
    assert dialog.route_set == ("<sip:p3;lr>", "<sip:p2;lr>", "<sip:p1;lr>")
    assert dialog.remote_target == "sip:8000@10.0.0.9"


def test_uas_request_turns_from_and_to_around() -> None:
    dialog = Dialog.uas(request(), "us")
    bye = parse(render(with_via(dialog)))
    assert (bye.from_.tag, bye.to.tag, str(bye.cseq)) == ("us", "their", "1 BYE")
    assert bye.call_id == "call-1"


def with_via(dialog: Dialog):  # type: ignore[no-untyped-def]
    made = dialog.request("BYE")
    made.headers.prepend("Via", "SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKx")
    return made


def test_uac_counts_on_from_its_invite() -> None:
    made = request(via="", cseq=7)
    dialog = Dialog.uac(made, response(made, 200))
    assert [dialog.request("INFO").cseq.number, dialog.request("BYE").cseq.number] == [8, 9]


def test_ack_has_the_number_of_its_invite() -> None:
    made = request(via="", cseq=7)
    dialog = Dialog.uac(made, response(made, 200))
    assert str(dialog.ack(7).cseq) == "7 ACK"
    assert dialog.request("BYE").cseq.number == 8


def test_without_routes_the_target_is_the_request_uri() -> None:
    made = Dialog.uas(request(), "us").request("BYE")
    assert made.uri == "sip:1001@10.0.0.1:5060"
    assert "Route" not in made.headers


def test_a_loose_router_leaves_the_target_in_the_request_uri() -> None:
    made = Dialog.uas(request(more=RECORD_ROUTE), "us").request("BYE")
    assert made.uri == "sip:1001@10.0.0.1:5060"
    assert made.headers.all("Route") == ["<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>"]


def test_a_strict_router_finds_itself_in_the_request_uri() -> None:
    strict = (("Record-Route", "<sip:proxy1;method=X;a=b>,<sip:proxy2>,<sip:proxy3;lr>"),)
    made = Dialog.uas(request(more=strict), "us").request("BYE")
    assert made.uri == "sip:proxy1;a=b"
    assert made.headers.all("Route") == ["<sip:proxy2>", "<sip:proxy3;lr>", "<sip:1001@10.0.0.1:5060>"]


def test_a_lower_cseq_is_500_a_gap_is_not() -> None:
    dialog = Dialog.uas(request(cseq=5), "us")
    dialog.check(request("INFO", cseq=9))
    with pytest.raises(PeerError) as refused:
        dialog.check(request("BYE", cseq=8))
    assert refused.value.status == 500
    dialog.check(request("BYE", cseq=10))


def test_the_first_request_of_a_callee_may_have_any_cseq() -> None:
    made = request(via="", from_tag="us")
    dialog = Dialog.uac(made, response(made, 200, "their"))
    dialog.check(request("BYE", cseq=0))
    assert dialog.remote_cseq == 0


@pytest.mark.parametrize("wrong", [request("BYE", from_tag="other"), request("BYE", call_id="other")])
def test_a_request_of_another_dialog_is_481(wrong: Response) -> None:
    with pytest.raises(PeerError) as refused:
        Dialog.uas(request(), "us").check(wrong)  # type: ignore[arg-type]
    assert refused.value.status == 481


def test_a_request_without_contact_makes_no_dialog() -> None:
    bare = request()
    bare.headers = without(bare.headers, "Contact")
    with pytest.raises(PeerError) as refused:
        Dialog.uas(bare, "us")
    assert refused.value.status == 400


def test_a_caller_of_rfc_2543_without_contact_is_reached_where_he_calls_from() -> None:
    bare = request(via="SIP/2.0/UDP 10.0.0.1")
    bare.headers = without(bare.headers, "Contact")
    assert Dialog.uas(bare, "us").remote_target == "sip:1001@10.0.0.1"


def test_a_target_refresh_moves_the_target_and_not_the_routes() -> None:
    dialog = Dialog.uas(request(more=RECORD_ROUTE), "us")
    moved = request("INVITE", cseq=2)
    moved.headers.replace_first("Contact", "<sip:1001@10.0.0.77:5090>")
    dialog.refresh(moved)
    assert dialog.remote_target == "sip:1001@10.0.0.77:5090"
    assert len(dialog.route_set) == 3


def test_a_2xx_whose_contact_cannot_be_read_leaves_the_target_as_it_was() -> None:
    made = Dialog.uas(request(), "ours")
    before = made.remote_target
    made.refresh(response(request(), 200, more=(("Contact", "nonsense <"),)))
    assert made.remote_target == before
    made.refresh(response(request(), 200, more=(("Contact", "<sip:new@10.0.0.9>"),)))
    assert made.remote_target == "sip:new@10.0.0.9"


def test_the_confirmed_dialog_counts_on_from_the_early_one() -> None:
    invite = request()
    early = Dialog.uac(invite, response(invite, 180))
    early.request("PRACK")
    early.check(request("UPDATE", from_tag="theirs", cseq=7))
    confirmed = Dialog.uac(invite, response(invite, 200))
    confirmed.continues(early)
    assert (confirmed.request("BYE").cseq.number, confirmed.remote_cseq) == (3, 7)
