"""RFC 3261 section 8.2: what a UAS looks at, and what it answers. The UAS is the whole switch, or a leg of it.

Section 8.3 (redirect servers) concerns nobody here: the switch redirects no call.
"""

from __future__ import annotations

import pytest

from softswitch.call.compose import ALLOW
from softswitch.call.signal import Accept, Ring
from softswitch.sip.effect import RequestArrived
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.message import Request, Response
from softswitch.sip.registrar import Registrar
from softswitch.sip.response import respond
from tests.rfc.ends import PHONE, Caller, Lines, NullSwitch, beside
from tests.unit.call.peer import inside, invite, offered, response_in, status_in, up
from tests.unit.sip.exchange import UDP, ids, request


@pytest.fixture
def switch() -> NullSwitch:
    return NullSwitch()


# ---- 8.2 in general --------------------------------------------------------------------------------------------


def test_8_2_a_rejected_request_changes_nothing_and_an_accepted_one_everything() -> None:
    registrar = Registrar(60, 3600)
    contacts = (("Contact", "<sip:a@10.0.0.1>"), ("Contact", "<sip:b@10.0.0.1>;expires=5"))
    refused, _ = registrar.register(request("REGISTER", more=contacts), UDP, "1001", 0.0)
    assert refused.status == 423 and registrar.lookup("1001", 1.0) == []
    again = (("Contact", "<sip:a@10.0.0.1>"), ("Contact", "<sip:b@10.0.0.1>"))
    registrar.register(request("REGISTER", cseq=2, more=again), UDP, "1001", 1.0)
    assert len(registrar.lookup("1001", 2.0)) == 3  # with the Contact that ``request`` writes


def test_8_2_inspection_goes_before_authentication(switch: NullSwitch) -> None:
    """We turn that order round: what nobody would be served is refused before it costs a digest (docs/sip.md)."""
    assert switch.answer(request("INVITE", more=(("Require", "magic"),))).status == 420
    assert switch.answer(request("INVITE")).status == 401


# ---- 8.2.1 method inspection -----------------------------------------------------------------------------------


def test_8_2_1_a_method_that_is_known_but_not_served_is_405_with_allow(switch: NullSwitch) -> None:
    refused = switch.answer(request("PUBLISH", more=(switch.proof("PUBLISH", "sip:8000@10.0.0.2"),)))
    assert refused.status == 405
    assert refused.headers.get("Allow") == ALLOW


def test_8_2_1_allow_lists_the_methods_that_are_served(switch: NullSwitch) -> None:
    allowed = switch.answer(request("OPTIONS")).headers.all("Allow")
    assert {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS"} <= set(allowed)
    for method in sorted({*allowed} - {"ACK", "CANCEL"}):
        made = request(method, call_id=f"c-{method}", via=f"SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK{method}")
        assert switch.answer(made).status not in (405, 501), method


def test_8_2_1_within_a_dialog_too() -> None:
    refused = response_in(inside(up(), "PUBLISH"))
    assert refused.status == 405 and refused.headers.get("Allow") == ALLOW


# ---- 8.2.2 header inspection -----------------------------------------------------------------------------------


def test_8_2_2_a_header_that_is_not_understood_is_ignored(switch: NullSwitch) -> None:
    assert switch.answer(request("OPTIONS", more=(("X-Wonder", "<<;,"),))).status == 200


@pytest.mark.parametrize("broken", [("Contact", "<sip:"), ("Date", "soon"), ("Subject", '"')], ids=lambda line: line[0])
def test_8_2_2_a_malformed_header_that_is_not_needed_is_ignored(switch: NullSwitch, broken: tuple[str, str]) -> None:
    made = request("OPTIONS")
    made.headers.add(*broken)
    assert switch.answer(made).status == 200


UNREADABLE = [
    ("Accept", "application/sdp;;q"), ("Session-Expires", "1800;;"), ("Min-SE", "x"), ("History-Info", "<"),
    ("P-Asserted-Identity", "<"), ("Call-Info", "<;"), ("Reason", 'Q.850;cause=x;text="'), ("Referred-By", "<"),
    ("User-to-User", '"'), ("Privacy", ";;"), ("Content-Disposition", ";;;"), ("Allow", ',,;"'), ("Timestamp", "x"),
]  # fmt: skip


@pytest.mark.parametrize("broken", UNREADABLE, ids=lambda line: line[0])
def test_8_2_2_an_invite_with_one_is_a_call_too(switch: NullSwitch, broken: tuple[str, str]) -> None:
    _, accepted = switch.hears(switch.invite(more=(broken,)))
    assert isinstance(accepted, Response) and accepted.status == 200


@pytest.mark.parametrize("to", ["<tel:+8613800138000>", "<sip:nobody@elsewhere.example>", "<urn:service:sos>"])
def test_8_2_2_1_it_does_not_matter_whom_the_to_names(switch: NullSwitch, to: str) -> None:
    made = request("OPTIONS")
    made.headers.replace_first("To", to)
    assert switch.answer(made).status == 200


def test_8_2_2_1_a_request_that_is_rejected_for_its_to_is_403(switch: NullSwitch) -> None:
    """Nobody registers for somebody else."""
    made = request("REGISTER", more=(switch.proof("REGISTER", "sip:8000@10.0.0.2"),))
    made.headers.replace_first("To", "<sip:1002@10.0.0.2>")
    assert switch.answer(made).status == 403


def test_8_2_2_1_a_scheme_that_is_not_supported_is_416(switch: NullSwitch) -> None:
    assert switch.answer(request("INVITE", uri="urn:service:sos")).status == 416


def test_8_2_2_1_a_request_uri_that_is_nobody_s_is_404(switch: NullSwitch) -> None:
    *_, refused = switch.hears(switch.invite("sip:nobody@10.0.0.2"))
    assert isinstance(refused, Response) and refused.status == 404


def test_8_2_2_2_a_request_that_came_by_another_way_too_is_482() -> None:
    endpoint = Endpoint(ids())
    endpoint.received(request(), UDP, 0.0)
    (sent,) = endpoint.received(request(via="SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKother"), UDP, 0.1)
    assert sent.message.status == 482  # type: ignore[attr-defined]


@pytest.mark.parametrize("other", [{"from_tag": "b"}, {"call_id": "b"}, {"cseq": 2}, {"to_tag": "b"}])
def test_8_2_2_2_only_where_from_tag_call_id_and_cseq_match_and_there_is_no_to_tag(other: dict[str, str]) -> None:
    endpoint = Endpoint(ids())
    endpoint.received(request(), UDP, 0.0)
    made = request(via="SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKother", **other)  # type: ignore[arg-type]
    (effect,) = endpoint.received(made, UDP, 0.1)
    assert isinstance(effect, RequestArrived)


def test_8_2_2_3_an_extension_that_is_not_understood_is_420_and_named(switch: NullSwitch) -> None:
    refused = switch.answer(request("OPTIONS", more=(("Require", "100rel, magic"), ("Require", "wonder"))))
    assert refused.status == 420
    assert refused.headers.all("Unsupported") == ["magic", "wonder"]


def test_8_2_2_3_require_is_ignored_in_cancel_and_ack(switch: NullSwitch) -> None:
    magic = (("Require", "magic"), ("Proxy-Require", "magic"))
    endpoint = Endpoint(ids())
    (arrived,) = endpoint.received(request(), UDP, 0.0)
    assert isinstance(arrived, RequestArrived)
    (answered, _) = endpoint.received(beside(request(), "CANCEL", more=magic), UDP, 0.1)
    assert answered.message.status == 200  # type: ignore[attr-defined]
    refusal = respond(arrived.request, 486, to_tag="t")
    endpoint.respond(arrived.transaction, refusal, 0.2)
    assert endpoint.received(beside(request(), "ACK", refusal, magic), UDP, 0.3) == []
    assert endpoint.tick(1.0) == []  # it is not repeated: the ACK was taken


def test_8_2_2_3_our_ack_to_a_2xx_requires_nothing_that_the_invite_has_not() -> None:
    _, ack = Caller().up()
    assert "Require" not in ack.headers and "Proxy-Require" not in ack.headers


# ---- 8.2.3 content processing ----------------------------------------------------------------------------------


def test_8_2_3_a_body_of_an_unknown_type_is_415_with_accept() -> None:
    made = request(body=b"hello", more=(("Content-Type", "text/wonder"),))
    refused = response_in(offered(made)[1])
    assert refused.status == 415
    assert refused.headers.get("Accept") == "application/sdp"


def test_8_2_3_an_unknown_encoding_is_415_with_accept_encoding() -> None:
    refused = response_in(offered(invite(more=(("Content-Encoding", "gzip"),)))[1])
    assert refused.status == 415
    assert refused.headers.get("Accept-Encoding") == "identity"


def test_8_2_3_no_language_is_refused() -> None:
    """What is said in a body is for people: the switch understands none of it, and takes all of it."""
    assert status_in(offered(invite(more=(("Content-Language", "tlh"),)))[1]) == 100


def test_8_2_3_a_body_that_is_optional_is_passed_over() -> None:
    optional = (("Content-Type", "text/wonder"), ("Content-Disposition", "icon;handling=optional"))
    assert status_in(offered(request(body=b"hello", more=optional))[1]) == 100


# ---- 8.2.4 applying extensions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("supported", [(), (("Supported", "100rel"),)], ids=["not supported", "supported"])
def test_8_2_4_only_an_extension_that_the_peer_supports_is_applied_and_then_in_require(supported: Lines) -> None:
    leg, _ = offered(invite(more=supported))
    ringing = response_in(leg.handle(Ring(183), 0.1))
    assert ringing.headers.all("Require") == (["100rel"] if supported else [])


@pytest.mark.parametrize("supported", [(), (("Supported", "timer"), ("Session-Expires", "1800;refresher=uac"))])
def test_8_2_4_the_same_for_session_timers(supported: Lines) -> None:
    leg, _ = offered(invite(more=supported))
    accepted = response_in(leg.handle(Accept(), 0.1))
    assert accepted.headers.all("Require") == (["timer"] if supported else [])


def test_8_2_4_nobody_is_told_421(switch: NullSwitch) -> None:
    """We insist on no extension."""
    _, accepted = switch.hears(switch.invite())
    assert isinstance(accepted, Response) and accepted.status == 200


# ---- 8.2.6 generating the response -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["BYE", "OPTIONS", "INFO", "UPDATE"])
def test_8_2_6_1_a_request_other_than_invite_gets_its_final_response_at_once(method: str) -> None:
    assert status_in(inside(up(), method)) == 200


def test_8_2_6_1_trying_takes_over_the_timestamp() -> None:
    """Without a delay: it leaves in the step in which the INVITE arrives."""
    trying = response_in(offered(invite(more=(("Timestamp", "54"),)))[1])
    assert trying.status == 100
    assert trying.headers.get("Timestamp") == "54"


@pytest.mark.parametrize("status", [100, 180, 200, 404])
def test_8_2_6_2_from_call_id_cseq_and_via_are_those_of_the_request_in_their_order(status: int) -> None:
    vias = ("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK2", "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK1", "SIP/2.0/TCP a;branch=b")
    made = request(via=vias[0], more=tuple(("Via", via) for via in vias[1:]))
    answer = respond(made, status, to_tag="ours")
    assert answer.headers.all("Via") == list(vias)
    assert all(answer.headers.get(name) == made.headers.get(name) for name in ("From", "Call-ID", "CSeq"))


def test_8_2_6_2_a_to_with_a_tag_stays_as_it_is() -> None:
    made = request("BYE", to_tag="ours")
    assert respond(made, 200, to_tag="another").headers.get("To") == made.headers.get("To")


def test_8_2_6_2_a_to_without_one_gets_a_tag_and_keeps_its_uri() -> None:
    answer = respond(request(), 404, to_tag="ours")
    assert str(answer.to.uri) == str(request().to.uri)
    assert answer.to.tag == "ours"


def test_8_2_6_2_all_responses_to_a_request_have_one_tag_but_the_100() -> None:
    leg, effects = offered()
    assert response_in(effects).to.tag is None
    ringing, accepted = response_in(leg.handle(Ring(), 0.1)), response_in(leg.handle(Accept(), 0.2))
    assert ringing.to.tag == accepted.to.tag == leg.local_tag


# ---- 8.2.7 stateless UAS: whoever has not proved who he is, and OPTIONS -----------------------------------------


@pytest.fixture
def challenged(switch: NullSwitch) -> tuple[NullSwitch, Request, Response]:
    made = request("INVITE", via="SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKfirst")
    return switch, made, switch.answer(made)


def test_8_2_7_a_challenge_leaves_no_state(challenged: tuple[NullSwitch, Request, Response]) -> None:
    switch, _, challenge = challenged
    assert challenge.status == 401
    assert len(switch.switch.endpoint) == 0


def test_8_2_7_nothing_provisional_is_sent_before(challenged: tuple[NullSwitch, Request, Response]) -> None:
    assert challenged[2].status >= 200


def test_8_2_7_no_response_is_repeated(challenged: tuple[NullSwitch, Request, Response]) -> None:
    switch = challenged[0]
    switch.wire.clear()
    switch.now += 32
    switch.switch.tick()
    assert not switch.wire


def test_8_2_7_the_ack_is_ignored(challenged: tuple[NullSwitch, Request, Response]) -> None:
    switch, made, challenge = challenged
    assert switch.hears(beside(made, "ACK", challenge)) == []


def test_8_2_7_a_cancel_is_answered_as_one_of_nothing(challenged: tuple[NullSwitch, Request, Response]) -> None:
    """Not ignored, as the sentence has it: section 9.2 answers 481, and without state the two cannot be told apart."""
    switch, made, _ = challenged
    assert switch.answer(beside(made, "CANCEL")).status == 481


def test_8_2_7_a_repeat_gets_the_same_response_with_the_same_tag(
    challenged: tuple[NullSwitch, Request, Response],
) -> None:
    switch, made, challenge = challenged
    again = switch.answer(made, PHONE)
    assert (again.status, again.to.tag) == (401, challenge.to.tag)
