"""RFC 3261 section 8.1: what a UAC writes, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

import pytest

from softswitch.call.leg import Leg
from softswitch.call.signal import Dial, Failed, Progress, Release, SendRequest
from softswitch.callback.retry import outcome as attempted
from softswitch.contact.hunt import Hunt
from softswitch.contact.hunt import outcome as hunted
from softswitch.contact.order import Directory, MakeLeg, Target
from softswitch.core.errors import PeerError
from softswitch.core.ids import BRANCH_COOKIE
from softswitch.sip import locate
from softswitch.sip.effect import TransactionFailed
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.final import contact_uris, recognized
from softswitch.sip.flow import Flow, ListeningPoint
from softswitch.sip.header import CSEQ_LIMIT, CSeq, parse_cseq
from softswitch.sip.location import Binding
from softswitch.sip.message import Request, Response, parse, render
from softswitch.sip.registration import Account, Registration
from softswitch.sip.timing import Timing
from softswitch.sip.uri import parse_uri
from softswitch.switch.trunk_rule import Manners
from softswitch.switch.way import way
from tests.rfc.ends import Caller, NullSwitch
from tests.simnet.house import configuration
from tests.simnet.world import SWITCH
from tests.unit.call.peer import OFFER, OURS, calling
from tests.unit.sip.exchange import TCP, UDP, ids, request, response

CHALLENGE = 'Digest realm="there", nonce="n", qop="auth", algorithm=MD5'
STANDARDS_TRACK = {"100rel", "timer", "replaces", "norefersub"}  # RFC 3262, 4028, 3891, 4488


def all_kinds() -> Iterator[Request]:
    """Each kind of request that a leg and a phone of ours send."""
    one = Caller()
    invite, ack = one.up()
    (bye,) = one.tell(Release())
    other = Caller()
    refused = other.dial()
    other.answered(refused, 180)
    (cancel,) = other.tell(Release())
    other.answered(cancel, 200)  # type: ignore[arg-type]
    (refusal_ack,) = other.answered(refused, 487)
    register = parse(render(Caller().agent.register("1001", "pw", 0.0)[0].message))  # type: ignore[attr-defined]
    for each in (invite, ack, bye, cancel, refusal_ack, register):
        assert isinstance(each, Request)
        yield each


@pytest.fixture(params=[0, 1, 2, 3, 4, 5], ids=["INVITE", "ACK 2xx", "BYE", "CANCEL", "ACK refusal", "REGISTER"])
def ours(request: pytest.FixtureRequest) -> Request:
    return list(all_kinds())[request.param]


# ---- 8.1.1 generating the request ------------------------------------------------------------------------------


def test_8_1_1_every_request_has_the_six_mandatory_headers(ours: Request) -> None:
    assert all(name in ours.headers for name in ("To", "From", "CSeq", "Call-ID", "Max-Forwards", "Via"))


def test_8_1_1_1_the_first_request_uri_is_that_of_the_to() -> None:
    _, invite = calling()
    assert invite.uri == str(invite.to.uri)


def test_8_1_1_1_a_pre_existing_route_set_goes_before_and_the_target_stays_in_the_request_uri() -> None:
    """It is what the registrar was given as Path; a route that is not loose is refused there (RFC 3327 section 5)."""
    _, invite = calling(headers=(("Route", "<sip:edge.example;lr>"),))
    assert invite.headers.all("Route") == ["<sip:edge.example;lr>"]
    assert invite.uri == "sip:13800138000@trunk"


@pytest.mark.parametrize("uri", ["sip:1001@there", "sips:1001@there", "tel:+8613800138000"])
def test_8_1_1_2_sip_and_sips_uris_are_understood_and_tel_is(uri: str) -> None:
    assert str(parse_uri(uri)) == uri


def test_8_1_1_2_outside_a_dialog_there_is_no_to_tag() -> None:
    assert Caller().dial().to.tag is None


def test_8_1_1_3_each_new_request_has_a_from_tag_of_its_own() -> None:
    one = Caller()
    tags = {one.dial().from_.tag, one.dial().from_.tag}
    assert len(tags) == 2 and None not in tags


def test_8_1_1_3_who_stays_hidden_is_anonymous_with_a_uri_that_means_nothing() -> None:
    leg = Leg.outbound(
        "out", to_uri="sip:8000@there", from_uri="sip:anonymous@anonymous.invalid", from_display="Anonymous", flow=UDP,
        local=OURS, ids=ids(), timing=Timing(),
    )  # fmt: skip
    (sent,) = leg.handle(Dial(), 0.0)
    assert isinstance(sent, SendRequest)
    assert str(sent.request.from_).startswith('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=')


def test_8_1_1_4_the_call_id_is_the_same_throughout_a_dialog() -> None:
    one = Caller()
    invite, ack = one.up()
    (bye,) = one.tell(Release())
    assert invite.call_id == ack.call_id == bye.call_id


def test_8_1_1_4_registrations_of_one_trunk_have_one_call_id_and_rising_cseq() -> None:
    registration = Registration("carrier", Account("400", "pw", "there"), ids())
    first, second = (registration.request("sip:400@us") for _ in range(2))
    assert first.call_id == second.call_id
    assert second.cseq.number == first.cseq.number + 1


def test_8_1_1_4_a_new_request_outside_any_dialog_has_a_new_call_id() -> None:
    one = Caller()
    assert one.dial().call_id != one.dial().call_id


def test_8_1_1_4_call_ids_are_drawn_from_128_random_bits() -> None:
    assert len(ids().call_id()) == 32


def test_8_1_1_5_the_method_of_the_cseq_is_that_of_the_request(ours: Request) -> None:
    assert ours.cseq.method == ours.method


def test_8_1_1_5_the_number_is_below_two_to_the_31st(ours: Request) -> None:
    assert 0 < ours.cseq.number < CSEQ_LIMIT
    assert parse_cseq(f"{2**31 - 1} INVITE") == CSeq(2**31 - 1, "INVITE")
    with pytest.raises(PeerError):
        parse_cseq(f"{2**31} INVITE")


def test_8_1_1_6_every_request_may_be_forwarded_70_times(ours: Request) -> None:
    assert ours.headers.all("Max-Forwards") == ["70"]


def test_8_1_1_7_every_request_has_a_via_of_sip_2_0_with_a_branch(ours: Request) -> None:
    (via,) = ours.headers.all("Via")
    assert via.startswith("SIP/2.0/UDP ")
    assert ours.via.branch


def test_8_1_1_7_branches_are_unique_but_for_cancel_and_the_ack_to_a_refusal() -> None:
    invite, ack, bye, *_ = (each.via.branch for each in all_kinds())
    _, _, _, cancel, refusal_ack, _ = all_kinds()
    assert len({invite, ack, bye}) == 3
    assert cancel.via.branch == refusal_ack.via.branch


def test_8_1_1_7_branch_begins_with_the_magic_cookie(ours: Request) -> None:
    assert (ours.via.branch or "").startswith(BRANCH_COOKIE)


def test_8_1_1_8_an_invite_has_exactly_one_contact_which_is_a_sip_uri() -> None:
    (contact,) = Caller().dial().headers.all("Contact")
    assert contact.startswith("<sip:")


def test_8_1_1_8_the_contact_is_good_for_requests_outside_the_dialog_too() -> None:
    invite = Caller().dial()
    assert invite.contact is not None
    assert (invite.contact.uri.host, invite.contact.uri.port) == UDP.local


@pytest.mark.parametrize("secure", ["uri", "route"])
def test_8_1_1_8_with_a_sips_request_uri_or_first_route_the_contact_is_sips(secure: str) -> None:
    route = (("Route", "<sips:edge.example;lr>"),) if secure == "route" else ()
    _, invite = calling(request_uri="sips:1001@there" if secure == "uri" else None, headers=route)
    (contact,) = invite.headers.all("Contact")
    assert contact.startswith("<sips:")


def test_8_1_1_9_supported_lists_the_extensions_that_the_server_may_apply() -> None:
    assert set(Caller().dial().headers.all("Supported")) == STANDARDS_TRACK


def test_8_1_1_9_option_tags_are_of_standards_track_rfcs_only(ours: Request) -> None:
    headers = ours.headers
    named = [*headers.all("Supported"), *headers.all("Require"), *headers.all("Proxy-Require")]
    assert set(named) <= STANDARDS_TRACK


def test_8_1_1_9_what_we_apply_to_the_request_itself_would_stand_in_require() -> None:
    """We insist on nothing: a peer who knows no extension can be called."""
    invite = Caller().dial()
    assert "Require" not in invite.headers and "Proxy-Require" not in invite.headers


# ---- 8.1.2 sending the request ---------------------------------------------------------------------------------


def test_8_1_2_the_destination_is_found_by_dns_in_order() -> None:
    """NAPTR, then SRV, then the addresses (RFC 3263)."""
    search = locate.locate(locate.Wish("carrier.example"))
    assert next(search) == locate.Question("NAPTR", "carrier.example")
    naptr = locate.Naptr(1, 1, "s", "SIP+D2T", "_sip._tcp.carrier.example")
    assert search.send(locate.Records([naptr])) == locate.Question("SRV", "_sip._tcp.carrier.example")
    srv = locate.Srv(1, 1, 5070, "one.carrier.example")
    assert search.send(locate.Records([srv])) == locate.Question("ADDRESS", "one.carrier.example")
    with pytest.raises(StopIteration) as end:
        search.send(locate.Records(["192.0.2.1"]))
    assert end.value.value.hops == (locate.Hop("tcp", ("192.0.2.1", 5070), "carrier.example"),)


def test_8_1_2_each_try_is_a_new_transaction_with_a_branch_of_its_own() -> None:
    endpoint = Endpoint(ids())
    branches = set()
    for number in range(2):
        (sent,) = endpoint.request(request(via=""), UDP, f"try {number}", 0.0)
        branches.add(sent.message.via.branch)  # type: ignore[attr-defined]
    assert len(branches) == 2


@pytest.mark.parametrize("flow", [UDP, TCP, Flow("tls", UDP.local, UDP.remote)], ids=lambda flow: flow.transport)
def test_8_1_2_the_via_says_which_transport_was_chosen(flow: Flow) -> None:
    (sent,) = Endpoint(ids()).request(request(via=""), flow, "leg", 0.0)
    assert sent.message.via.transport == flow.transport.upper()  # type: ignore[attr-defined]


def test_8_1_2_a_phone_is_reached_by_the_way_that_it_registered() -> None:
    """Local policy in place of DNS: behind a NAT its Contact leads nowhere (docs/sip.md)."""
    last = Flow("udp", SWITCH, ("10.0.0.1", 41000))
    assert way(Binding("1001", "sip:1001@192.168.0.9:5060", last, 1.0), configuration()) == last
    proxied = Binding("1001", "sip:1001@192.168.0.9:5060", last, 1.0, path=("<sip:edge.example;lr>",))
    assert way(proxied, configuration(nat=False)) == last


@pytest.mark.parametrize("transport", ["", ";transport=tcp", ";transport=tls"])
def test_8_1_2_a_sips_uri_is_reached_over_tls(transport: str) -> None:
    """A phone whose connection is gone, with ``nat: off``."""
    house = configuration(nat=False, listeners=(ListeningPoint("udp", SWITCH), ListeningPoint("tls", SWITCH)))
    last = Flow("tls", SWITCH, ("10.0.0.1", 41000))
    contact = f"sips:1001@10.0.0.1{transport}"
    found = way(Binding("1001", contact, last, 1.0), house)
    assert (found.transport, found.remote) == ("tls", ("10.0.0.1", 5061))


# ---- 8.1.3 processing responses --------------------------------------------------------------------------------


def test_8_1_3_1_a_timeout_is_a_408() -> None:
    one = Caller()
    one.dial()
    one.passes(40)
    assert [end.status for end in one.told if isinstance(end, Failed)] == [408]


def test_8_1_3_1_a_broken_transport_is_a_503() -> None:
    one = Caller()
    one.dial()
    (lost,) = one.agent.endpoint.transport_failed(UDP, 0.1)
    assert isinstance(lost, TransactionFailed) and lost.status == 503
    (end, *_) = one.agent.tell(lost.owner, lost, 0.1)
    assert isinstance(end, Failed) and end.status == 503


@pytest.mark.parametrize("status", [300, 399, 400, 431, 499, 500, 599, 600, 699])
def test_8_1_3_2_an_unknown_final_response_is_what_the_first_of_its_class_is(status: int) -> None:
    one = Caller()
    (ack,) = one.answered(one.dial(), status)
    assert isinstance(ack, Request) and ack.method == "ACK"
    (end,) = [end for end in one.told if isinstance(end, Failed)]
    assert end.status == status


@pytest.mark.parametrize("words", [hunted, attempted], ids=["hunt", "callback"])
@pytest.mark.parametrize(("unknown", "known"), [(399, 300), (499, 400), (599, 500), (699, 600)])
def test_8_1_3_2_the_word_for_it_is_that_of_the_class(words: Callable[[int], str], unknown: int, known: int) -> None:
    assert recognized(unknown) == known
    assert words(unknown) == words(known)


@pytest.mark.parametrize("status", [200, 299])
def test_8_1_3_2_an_unknown_success_is_a_200(status: int) -> None:
    one = Caller()
    (ack,) = one.answered(one.dial(), status, body=OFFER)
    assert isinstance(ack, Request) and ack.method == "ACK"
    assert not [end for end in one.told if isinstance(end, Failed)]


def test_8_1_3_2_an_unknown_provisional_response_is_a_183() -> None:
    heard = []
    for status in (183, 199):
        one = Caller()
        one.answered(one.dial(), status, body=OFFER)
        heard += [(each.leg != "", each.media) for each in one.told if isinstance(each, Progress)]
    assert len(heard) == 2
    assert heard[0] == heard[1]


def test_8_1_3_2_a_100_is_processed_and_no_ringing() -> None:
    one = Caller()
    one.answered(one.dial(), 100, tag="")
    assert one.told == []
    assert one.passes(30) == []  # it has stopped the repeats


def test_8_1_3_3_a_response_with_a_second_via_is_discarded() -> None:
    one = Caller()
    assert one.answered(one.dial(), 486, more=(("Via", "SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKother"),)) == []
    assert not [end for end in one.told if isinstance(end, Failed)]


def test_8_1_3_4_the_contacts_of_a_redirection_are_reported() -> None:
    """Whether they are followed is the trunk's setting ``follow_redirects``: docs/sip.md."""
    one = Caller()
    made = response(one.dial(), 302, more=(("Contact", "<sip:1@a>;q=0.5, <sip:2@b>"),))
    one.hears(made)
    (end,) = [end for end in one.told if isinstance(end, Failed)]
    assert end.contacts == ("sip:1@a", "sip:2@b") == contact_uris(made)


class Trunk302:
    """A directory whose trunk lets itself be followed anywhere."""

    def redirected(self, target: Target, contacts: tuple[str, ...]) -> Target | None:
        return replace(target, uri=contacts[0]) if contacts else None


def moved(leg: str, *contacts: str) -> Failed:
    return Failed(leg, 302, "", "peer", contacts=contacts)


def redirected(one: Hunt, leg: str, *contacts: str) -> str:
    """Where it goes on to; "" for nowhere."""
    orders = one.failed(moved(leg, *contacts), cast(Directory, Trunk302()))
    return next((order.target.uri for order in orders if isinstance(order, MakeLeg)), "")


@pytest.fixture
def hunt() -> Hunt:
    one = Hunt("dial", "x.", (Target("sip:1@a", "sip:1@a", UDP),), "1004", "", 20.0)
    one.start()
    return one


def test_8_1_3_4_no_uri_is_tried_twice(hunt: Hunt) -> None:
    assert redirected(hunt, "x.1", "sip:2@b") == "sip:2@b"
    assert redirected(hunt, "x.2", "sip:1@A", "sip:3@c") == "sip:3@c"
    assert redirected(hunt, "x.3", "sip:2@b") == ""
    assert hunt.exhausted


def test_8_1_3_4_when_the_list_is_exhausted_the_request_has_failed(hunt: Hunt) -> None:
    assert redirected(hunt, "x.1", "sip:1@a") == ""
    assert hunt.exhausted and hunt.status == 302


def test_8_1_3_4_the_uri_is_copied_without_method_and_headers() -> None:
    """Its headers are nobody's but ours to write: docs/sip.md."""
    manners = replace(Manners(), follow_redirects=True)
    configured = configuration()
    carrier = replace(configured.trunks["carrier"], manners=manners)
    switch = NullSwitch(trunks={"carrier": carrier}).switch
    first = switch.directory.trunk_target("carrier", "10086")
    assert first is not None
    contact = "sip:10010@127.0.0.1:5090;method=INVITE;user=phone?Subject=foo"
    target = switch.directory.redirected(first, (contact,))
    assert target is not None and target.uri == "sip:10010@127.0.0.1:5090;user=phone"
    assert target.to_uri == first.to_uri


@pytest.mark.parametrize(("status", "asked", "given"), [
    (401, "WWW-Authenticate", "Authorization"), (407, "Proxy-Authenticate", "Proxy-Authorization"),
])  # fmt: skip
def test_8_1_3_5_a_challenge_is_answered_with_credentials(status: int, asked: str, given: str) -> None:
    one = Caller(account=("400", "pw"))
    ack, again = one.answered(one.dial(), status, more=((asked, CHALLENGE),))
    assert isinstance(ack, Request) and isinstance(again, Request)
    assert (ack.method, again.method) == ("ACK", "INVITE")
    assert given in again.headers


def test_8_1_3_5_the_retry_is_a_new_transaction_with_the_next_cseq_and_the_same_dialog_identifiers() -> None:
    one = Caller(account=("400", "pw"))
    first = one.dial()
    _, again = one.answered(first, 401, more=(("WWW-Authenticate", CHALLENGE),))
    assert again.via.branch != first.via.branch
    assert (again.call_id, str(again.to), str(again.from_)) == (first.call_id, str(first.to), str(first.from_))
    assert again.cseq.number == first.cseq.number + 1


@pytest.mark.parametrize("status", [413, 415, 416, 420])
def test_8_1_3_5_what_the_peer_could_not_take_is_not_tried_again(status: int) -> None:
    """We send nothing that could be left out: docs/sip.md."""
    one = Caller()
    (ack,) = one.answered(one.dial(), status)
    assert isinstance(ack, Request) and ack.method == "ACK"
    assert [end.status for end in one.told if isinstance(end, Failed)] == [status]


def test_8_1_1_6_and_7_hold_for_what_the_switch_sends_of_itself() -> None:
    """The 2xx of a dialplan is answered by hand; its BYE comes when the caller stays silent."""
    switch = NullSwitch()
    invite = switch.invite()
    _, accepted = switch.hears(invite)
    assert isinstance(accepted, Response) and accepted.status == 200
    switch.wire.clear()
    for _ in range(80):
        switch.now += 0.5
        switch.switch.tick()
    said = [parse(octets) for octets, _ in switch.wire]
    (bye, *_) = [each for each in said if isinstance(each, Request)]
    assert bye.headers.all("Max-Forwards") == ["70"]
    assert (bye.via.branch or "").startswith(BRANCH_COOKIE)
