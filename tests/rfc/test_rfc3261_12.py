"""RFC 3261 section 12: dialogs. What one dataclass shows of them is in tests/unit/sip/test_dialog.py."""

from __future__ import annotations

import pytest

from softswitch.call.signal import (
    Failed,
    NotUpdated,
    Release,
    Released,
    Renegotiate,
    Ring,
    SendText,
    Updated,
)
from softswitch.sdp import negotiate
from softswitch.sdp.media import Codec, LocalMedia
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request, Response
from tests.rfc.called import Called, inside, said_to
from tests.rfc.ends import Caller, Lines, NullSwitch
from tests.support.headers import without
from tests.unit.call.peer import OFFER, invite
from tests.unit.sip.exchange import UDP, request

ROUTES: Lines = (
    ("Record-Route", "<sip:p1.example;lr;x=1>;own=2"), ("Record-Route", "<sip:p2.example;lr>, <sip:p3.example;lr>")
)  # fmt: skip
IN_ORDER = ["<sip:p1.example;lr;x=1>;own=2", "<sip:p2.example;lr>", "<sip:p3.example;lr>"]
ELSEWHERE: Lines = (("Contact", "<sip:moved@10.0.0.77:5090>"),)
G729 = negotiate.offer(LocalMedia(("10.0.0.1", 4000), (Codec("G729", 18, 8000),)))
MOVED = negotiate.offer(LocalMedia(("10.0.0.1", 4444)))


def only(messages: list[Message]) -> Request:
    (found,) = messages
    assert isinstance(found, Request)
    return found


def called(more: Lines = ()) -> Called:
    """In a call that a peer has made."""
    one = Called()
    one.talk(invite(more=more))
    return one


def caller(more: Lines = ()) -> tuple[Caller, Request, Request]:
    """In a call that we have made, with its INVITE and its ACK."""
    one = Caller()
    made = one.dial()
    return one, made, only(one.answered(made, 200, more=more, body=OFFER))


# ---- 12: what a dialog is --------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [{"call_id": "another"}, {"from_tag": "another"}, {"to_tag": "another"}])
def test_12_a_dialog_is_a_call_id_a_local_tag_and_a_remote_tag(other: dict[str, str]) -> None:
    one = called()
    assert said_to(one, inside(one, "OPTIONS")).status == 200
    assert said_to(one, inside(one, "OPTIONS", 3, **other)).status == 481


def test_12_the_local_tag_of_one_end_is_the_remote_tag_of_the_other() -> None:
    one = Called()
    accepted = one.talk()
    bye = only(one.tell(Release()))
    assert (bye.from_.tag, bye.to.tag) == (accepted.to.tag, accepted.from_.tag)


def test_12_an_early_dialog_is_confirmed_by_a_2xx() -> None:
    one = Caller()
    made = one.dial()
    one.answered(made, 180)
    assert one.leg is not None and one.leg.leg.talking is not None and one.leg.remote_tag is None
    one.answered(made, 200, body=OFFER)
    assert one.leg.remote_tag == "theirs"


@pytest.mark.parametrize(("status", "tag", "early"), [(100, "theirs", False), (180, "", False), (101, "theirs", True),
                                                      (199, "theirs", True)])  # fmt: skip
def test_12_1_of_provisional_responses_only_101_to_199_with_a_to_tag_make_a_dialog(
    status: int, tag: str, early: bool
) -> None:
    one = Caller()
    one.answered(one.dial(), status, tag)
    assert one.leg is not None and (one.leg.leg.talking is not None) == early


# ---- 12.1.1: as UAS --------------------------------------------------------------------------------------------


def test_12_1_1_record_route_is_copied_as_it_is_and_in_order_into_what_makes_the_dialog() -> None:
    one = Called()
    one.invited(invite(more=ROUTES))
    (ringing,) = one.tell(Ring())
    assert ringing.headers.all("Record-Route") == IN_ORDER
    other = Called()
    assert other.accept(invite(more=ROUTES)).headers.all("Record-Route") == IN_ORDER


def test_12_1_1_what_makes_the_dialog_has_a_contact_where_we_want_to_be_reached() -> None:
    one = Called()
    one.invited()
    (ringing,) = one.tell(Ring())
    assert ringing.contact is not None
    assert (ringing.contact.uri.scheme, ringing.contact.uri.host, ringing.contact.uri.port) == ("sip", "10.0.0.2", 5060)
    assert Called().accept().contact == ringing.contact


@pytest.mark.parametrize(
    ("uri", "more", "scheme"),
    [
        ("sips:8000@10.0.0.2", (), "sips"),
        ("sip:8000@10.0.0.2", (("Record-Route", "<sips:p1.example;lr>"),), "sips"),
        ("sip:8000@10.0.0.2", (("Contact", "<sips:1001@10.0.0.1>"),), "sips"),
        ("sip:8000@10.0.0.2", (("Record-Route", "<sip:p.example;lr>"), ("Contact", "<sips:1001@10.0.0.1>")), "sip"),
    ],
)
def test_12_1_1_our_contact_is_a_sips_uri_where_theirs_was(uri: str, more: Lines, scheme: str) -> None:
    made = invite(uri=uri)
    if any(name == "Contact" for name, _ in more):
        made.headers = without(made.headers, "Contact")
    for line in more:
        made.headers.add(*line)
    contact = Called().accept(made).contact
    assert contact is not None and contact.uri.scheme == scheme


def test_12_1_1_the_route_set_is_the_record_route_in_order() -> None:
    assert only(called(ROUTES).tell(Release())).headers.all("Route") == IN_ORDER


def test_12_1_1_without_record_route_there_is_none() -> None:
    assert "Route" not in only(called().tell(Release())).headers


def test_12_1_1_the_remote_target_is_the_uri_of_the_contact() -> None:
    assert only(called().tell(Release())).uri == "sip:1001@10.0.0.1:5060"


def test_12_1_1_the_remote_sequence_number_is_that_of_the_request() -> None:
    one = Called()
    one.accept(request(cseq=50, body=OFFER, more=(("Content-Type", "application/sdp"),)))
    one.hears(inside(one, "ACK", 50))
    assert said_to(one, inside(one, "OPTIONS", 49)).status == 500


def test_12_1_1_the_local_sequence_number_is_empty_at_first() -> None:
    assert 0 < only(called().tell(Release())).cseq.number < 2**31


def test_12_1_1_the_dialog_id_and_both_uris_are_those_of_the_request() -> None:
    one = called()
    bye = only(one.tell(Release()))
    assert bye.call_id == "call-1"
    assert bye.headers.get("To") == "<sip:1001@10.0.0.1>;tag=their"
    assert (str(bye.from_.uri), bye.from_.tag) == ("sip:8000@10.0.0.2", one.leg and one.leg.local_tag)


def test_12_1_1_a_request_without_a_from_tag_is_served_and_the_tag_is_null() -> None:
    one = Called()
    made = invite()
    made.headers.replace_first("From", "<sip:1001@10.0.0.1>")
    one.accept(made)
    ack = inside(one, "ACK", 1)
    ack.headers.replace_first("From", "<sip:1001@10.0.0.1>")
    one.hears(ack)
    assert only(one.tell(Release())).headers.get("To") == "<sip:1001@10.0.0.1>"  # 12.2.1.1: the parameter is left out


# ---- 12.1.2: as UAC --------------------------------------------------------------------------------------------


def test_12_1_2_our_invite_has_a_sip_uri_in_its_contact() -> None:
    contact = Caller().dial().contact
    assert contact is not None and (contact.uri.scheme, contact.uri.host) == ("sip", "10.0.0.2")


def test_12_1_2_the_route_set_is_the_record_route_in_reverse_order() -> None:
    one, _, ack = caller(ROUTES)
    assert ack.headers.all("Route") == IN_ORDER[::-1]
    assert only(one.tell(Release())).headers.all("Route") == IN_ORDER[::-1]


def test_12_1_2_without_record_route_it_is_empty_whatever_the_invite_s_was() -> None:
    one = Caller()
    made = one.dial((("Route", "<sip:edge.example;lr>"),))
    ack = only(one.answered(made, 200, body=OFFER))
    assert made.headers.all("Route") == ["<sip:edge.example;lr>"]
    assert "Route" not in ack.headers and "Route" not in only(one.tell(Release())).headers


def test_12_1_2_the_remote_target_is_the_uri_of_the_contact() -> None:
    one, _, ack = caller()
    assert ack.uri == only(one.tell(Release())).uri == "sip:1002@10.0.0.1"


def test_12_1_2_the_remote_sequence_number_is_empty_until_the_peer_asks() -> None:
    one, _, _ = caller()
    assert said_to(one, inside(one, "OPTIONS", 0)).status == 200


def test_12_1_2_the_dialog_id_and_both_uris_are_those_of_the_request_and_the_tag_of_the_response() -> None:
    one, made, _ = caller()
    bye = only(one.tell(Release()))
    assert (bye.call_id, str(bye.from_)) == (made.call_id, str(made.from_))
    assert (bye.to.uri, bye.to.tag) == (made.to.uri, "theirs")


def test_12_1_2_a_response_without_a_to_tag_makes_a_dialog_whose_tag_is_null() -> None:
    one = Caller()
    made = one.dial()
    ack = only(one.answered(made, 200, tag="", body=OFFER))
    bye = only(one.tell(Release()))
    assert ack.to.tag is None and bye.to.tag is None and bye.headers.get("To") == made.headers.get("To")


# ---- 12.2: requests within a dialog ----------------------------------------------------------------------------


@pytest.mark.parametrize("make", [called, lambda: caller()[0]], ids=["called", "caller"])
def test_12_2_either_side_may_ask(make) -> None:  # type: ignore[no-untyped-def]
    one = make()
    assert said_to(one, inside(one, "OPTIONS")).status == 200
    assert only(one.tell(Release())).method == "BYE"


@pytest.mark.parametrize("method", ["ACK", "INFO", "OPTIONS", "MESSAGE"])
def test_12_2_what_is_no_target_refresh_moves_neither_target_nor_routes(method: str) -> None:
    one = Called()
    one.accept(invite(more=ROUTES))
    one.hears(inside(one, "ACK", 1, (*ELSEWHERE, ("Record-Route", "<sip:new.example;lr>"))))
    if method != "ACK":
        one.hears(inside(one, method, 2, (*ELSEWHERE, ("Record-Route", "<sip:new.example;lr>"))))
    bye = only(one.tell(Release()))
    assert bye.uri == "sip:1001@10.0.0.1:5060" and bye.headers.all("Route") == IN_ORDER


def test_12_2_a_target_refresh_moves_the_target_and_not_the_routes() -> None:
    one = called(ROUTES)
    one.hears(inside(one, "INVITE", 2, (*ELSEWHERE, ("Record-Route", "<sip:new.example;lr>")), OFFER))
    one.hears(inside(one, "ACK", 2))
    bye = only(one.tell(Release()))
    assert bye.uri == "sip:moved@10.0.0.77:5090" and bye.headers.all("Route") == IN_ORDER


# ---- 12.2.1.1: our requests ------------------------------------------------------------------------------------


def test_12_2_1_1_cseq_rises_by_one_and_names_the_method() -> None:
    one, made, ack = caller()
    again = only(one.tell(Renegotiate("sendonly")))
    one.answered(again, 488)
    bye = only(one.tell(Release()))
    assert [str(each.cseq) for each in (made, ack, again, bye)] == ["1 INVITE", "1 ACK", "2 INVITE", "3 BYE"]


def test_12_2_1_1_an_empty_route_set_puts_the_target_into_the_request_uri() -> None:
    bye = only(called().tell(Release()))
    assert (bye.uri, bye.headers.all("Route")) == ("sip:1001@10.0.0.1:5060", [])


def test_12_2_1_1_a_loose_router_leaves_it_there() -> None:
    bye = only(called(ROUTES).tell(Release()))
    assert (bye.uri, bye.headers.all("Route")) == ("sip:1001@10.0.0.1:5060", IN_ORDER)


def test_12_2_1_1_a_strict_router_comes_into_the_request_uri_and_the_target_last() -> None:
    strict = (("Record-Route", "<sip:p1.example;method=X?h=1>,<sip:p2.example>,<sip:p3.example;lr>,<sip:p4.example>"),)
    bye = only(called(strict).tell(Release()))
    assert bye.uri == "sip:p1.example"  # without what a Request-URI must not have
    assert bye.headers.all("Route") == [
        "<sip:p2.example>", "<sip:p3.example;lr>", "<sip:p4.example>", "<sip:1001@10.0.0.1:5060>"
    ]  # fmt: skip


def test_12_2_1_1_it_goes_where_the_peer_was_last_heard() -> None:
    """Not where Route or Request-URI say: behind a NAT they lead nowhere (docs/sip.md, 8.1.2)."""
    one = called(ROUTES)
    moved = Flow("udp", UDP.local, ("10.0.0.1", 41000))
    one.hears(inside(one, "OPTIONS"), moved)
    assert one.leg is not None and one.leg.flow == moved


def test_12_2_1_1_a_target_refresh_has_the_contact_of_before() -> None:
    one, made, _ = caller()
    assert only(one.tell(Renegotiate("sendonly"))).contact == made.contact


def test_12_2_1_1_in_a_secure_dialog_it_is_a_sips_uri() -> None:
    one = Called()
    one.accept(invite(uri="sips:8000@10.0.0.2"))
    one.hears(inside(one, "ACK", 1))
    contact = only(one.tell(Renegotiate("sendonly"))).contact
    assert contact is not None and contact.uri.scheme == "sips"


# ---- 12.2.1.2: the answers to them -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 481, 0])
def test_12_2_1_2_408_481_and_silence_end_the_dialog_with_a_bye(status: int) -> None:
    one, _, _ = caller()
    again = only(one.tell(Renegotiate("sendonly")))
    said = one.answered(again, status) if status else [message for _, message in one.passes(40.0)]
    assert [each.method for each in said if isinstance(each, Request)][-1] == "BYE"
    assert [end.by for end in one.told if isinstance(end, Released)] == ["network"]


@pytest.mark.parametrize("status", [408, 481, 0])
def test_12_2_1_2_but_not_where_it_was_only_a_text(status: int) -> None:
    """Phones that take none say all kinds of things; a probe tells whether they are there (docs/sip.md)."""
    one, _, _ = caller()
    text = only(one.tell(SendText("text/plain", b"hello")))
    said = one.answered(text, status) if status else [message for _, message in one.passes(40.0)]
    assert "BYE" not in [each.method for each in said if isinstance(each, Request)]
    assert not [end for end in one.told if isinstance(end, Released)]


def test_12_2_1_2_a_redirection_of_a_request_in_a_dialog_is_not_followed() -> None:
    """As outside of one it may be; here it is a refusal, and the session stays."""
    one, _, _ = caller()
    again = only(one.tell(Renegotiate("sendonly")))
    assert only(one.answered(again, 302)).method == "ACK"
    assert [one.status for one in one.told if isinstance(one, NotUpdated)] == [302]
    assert only(one.tell(Release())).uri == "sip:1002@10.0.0.1"


def test_12_2_1_2_the_2xx_to_a_target_refresh_moves_the_target() -> None:
    """Also that of its ACK."""
    one, _, _ = caller()
    again = only(one.tell(Renegotiate("sendonly")))
    ack = only(one.hears(moved_answer(again)))
    assert ack.uri == "sip:moved@10.0.0.77:5090"
    assert only(one.tell(Release())).uri == "sip:moved@10.0.0.77:5090"


def moved_answer(to: Request) -> Response:
    names = ("Via", "From", "To", "Call-ID", "CSeq")
    lines = [(name, value) for name, value in to.headers if name in names]
    return Response(200, "OK", type(to.headers)([*lines, *ELSEWHERE, ("Content-Type", "application/sdp")]), OFFER)


# ---- 12.2.2: their requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "body", "status"),
    [
        (ELSEWHERE, G729, 488),
        ((*ELSEWHERE, ("Require", "100rel, foo")), MOVED, 420),
        ((("Contact", "<sip:>>"),), MOVED, 400),
        ((*ELSEWHERE, ("Content-Type", "text/html")), b"<p>", 415),
    ],
)
@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_12_2_2_a_request_that_is_refused_changes_nothing(method: str, more: Lines, body: bytes, status: int) -> None:
    one = called()
    before = one.leg and one.leg.media
    one.told.clear()
    assert said_to(one, inside(one, method, 2, more, body)).status == status
    assert (one.leg and one.leg.media) == before and one.told == []
    assert only(one.tell(Release())).uri == "sip:1001@10.0.0.1:5060"


@pytest.mark.parametrize("method", ["BYE", "INFO", "OPTIONS", "MESSAGE", "UPDATE", "INVITE"])
def test_12_2_2_the_rules_for_any_request_come_first(method: str) -> None:
    one = called()
    refused = said_to(one, inside(one, method, 2, (("Require", "foo"),)))
    assert refused.status == 420 and refused.headers.all("Unsupported") == ["foo"]


@pytest.mark.parametrize("method", ["INVITE", "BYE", "OPTIONS", "INFO", "UPDATE", "NOTIFY", "REFER", "MESSAGE"])
def test_12_2_2_a_to_tag_of_no_dialog_here_is_481(method: str) -> None:
    assert NullSwitch().answer(request(method, to_tag="before-the-restart")).status == 481


def test_12_2_2_what_changes_no_state_is_served_as_outside_the_dialog() -> None:
    one = called()
    within = said_to(one, inside(one, "OPTIONS"))
    outside = NullSwitch().answer(request("OPTIONS"))
    for name in ("Allow", "Accept", "Supported"):
        assert within.headers.all(name) == outside.headers.all(name)


def test_12_2_2_the_first_request_sets_the_remote_sequence_number() -> None:
    one, _, _ = caller()
    assert said_to(one, inside(one, "OPTIONS", 700)).status == 200
    assert said_to(one, inside(one, "OPTIONS", 699)).status == 500


def test_12_2_2_a_lower_number_is_500_and_a_gap_is_no_error() -> None:
    one = called()
    assert [said_to(one, inside(one, "OPTIONS", cseq)).status for cseq in (9, 8, 10, 9)] == [200, 500, 200, 500]


def test_12_2_2_a_target_refresh_without_a_contact_leaves_the_target() -> None:
    one = called()
    made = inside(one, "INVITE", 2, (), OFFER)
    made.headers = without(made.headers, "Contact")
    assert said_to(one, made).status == 200
    one.hears(inside(one, "ACK", 2))
    assert only(one.tell(Release())).uri == "sip:1001@10.0.0.1:5060"


def test_12_2_2_a_target_refresh_may_change_the_session_too() -> None:
    one = called()
    assert said_to(one, inside(one, "INVITE", 2, ELSEWHERE, MOVED)).status == 200
    assert [each.media.remote for each in one.told if isinstance(each, Updated)] == [("10.0.0.1", 4444)]


# ---- 12.3: the end ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [302, 404, 486, 503, 603])
def test_12_3_a_final_response_but_2xx_ends_the_early_dialogs(status: int) -> None:
    one = Caller()
    made = one.dial()
    one.answered(made, 180)
    asked = inside(one, "OPTIONS", 1, from_tag="theirs")
    one.answered(made, status)
    assert [end.status for end in one.told if isinstance(end, Failed)] == [status]
    assert said_to(one, asked).status == 481


def test_12_3_a_bye_ends_the_dialog() -> None:
    one, _, _ = caller()
    assert said_to(one, inside(one, "BYE")).status == 200
    for cseq, method in enumerate(("OPTIONS", "INFO", "INVITE", "UPDATE", "MESSAGE", "BYE", "REFER"), 3):
        assert said_to(one, inside(one, method, cseq)).status == 481


def test_12_3_so_does_ours() -> None:
    one = called()
    one.tell(Release())
    assert said_to(one, inside(one, "OPTIONS")).status == 481
