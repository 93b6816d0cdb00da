"""Messages, from octets and back (RFC 3261 section 7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import PeerError, UsageError
from softswitch.sip.flow import Flow
from softswitch.sip.header import CSeq, param
from softswitch.sip.message import Headers, Limits, ParseError, Request, Response, length, parse, render
from softswitch.sip.response import respond, stamp_via, stateless_tag
from tests.support.cpu import spent_s
from tests.support.headers import without

INVITE = (
    b"INVITE sip:bob@biloxi.example.com SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP client.example.com:5060;branch=z9hG4bK74bf9;rport, SIP/2.0/TCP [2001:db8::1]\r\n"
    b"Max-Forwards: 70\r\n"
    b'From: "Alice" <sip:alice@example.com>;tag=9fxced76sl\r\n'
    b"t: Bob <sip:bob@biloxi.example.com>\r\n"
    b"i: 3848276298220188511@example.com\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"m: <sip:alice@client.example.com;transport=udp>\r\n"
    b"Record-Route: <sip:p1.example.com;lr>\r\n"
    b"Supported: replaces,\r\n\t100rel\r\n"
    b"k: timer\r\n"
    b"Content-Type: text/plain\r\n"
    b"Content-Length: 5\r\n"
    b"\r\n"
    b"hello"
)
OK = INVITE.replace(b"INVITE sip:bob@biloxi.example.com SIP/2.0", b"SIP/2.0 200 OK")


def changed(old: bytes, new: bytes) -> bytes:
    assert old in INVITE
    return INVITE.replace(old, new)


def refused(data: bytes, limits: Limits | None = None) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse(data, limits or Limits())
    return caught.value


def request(data: bytes = INVITE) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def test_a_request_is_read() -> None:
    invite = request()
    assert (invite.method, invite.uri, invite.body) == ("INVITE", "sip:bob@biloxi.example.com", b"hello")
    assert invite.target.user == "bob"
    assert (invite.via.branch, param(invite.via.params, "rport")) == ("z9hG4bK74bf9", "")
    assert [via.transport for via in invite.vias] == ["UDP", "TCP"]
    assert (invite.from_.display, invite.from_.tag, invite.to.tag) == ("Alice", "9fxced76sl", None)
    assert invite.call_id == "3848276298220188511@example.com"
    assert invite.cseq == CSeq(1, "INVITE")
    assert invite.contact is not None
    assert invite.contact.uri.param("transport") == "udp"


def test_a_response_is_read() -> None:
    response = parse(OK)
    assert isinstance(response, Response)
    assert (response.status, response.reason, response.cseq.method) == (200, "OK", "INVITE")


def test_what_is_read_is_written_the_same_but_for_folding() -> None:
    assert render(parse(INVITE)) == INVITE.replace(b",\r\n\t", b", ")


def test_octets_that_are_not_utf8_go_through() -> None:
    data = changed(b'"Alice"', b'"Al\xfece"')
    assert render(parse(data)) == data.replace(b",\r\n\t", b", ")


def test_headers_are_found_under_every_spelling() -> None:
    headers = request().headers
    assert headers.get("TO") == headers.get("t") == "Bob <sip:bob@biloxi.example.com>"
    assert headers.all("Supported") == ["replaces", "100rel", "timer"]
    assert headers.get("Subject") is None
    assert "contact" in headers


def test_headers_are_changed_in_place() -> None:
    headers = Headers([("Via", "a"), ("X", "1"), ("x", "2"), ("To", "b")])
    headers.replace_first("X", "3")
    headers.prepend("Via", "c")
    headers.add("Y", "4")
    headers.replace_first("v", "d")
    assert list(headers) == [("Via", "d"), ("Via", "a"), ("X", "3"), ("x", "2"), ("To", "b"), ("Y", "4")]


def test_what_was_read_follows_a_change_of_the_headers() -> None:
    invite = request()
    assert invite.cseq.number == 1
    invite.headers.replace_first("CSeq", "2 INVITE")
    assert invite.cseq.number == 2


def test_a_request_that_is_remembered_is_known_by_what_was_read_of_it() -> None:
    whole = request()
    known = whole.remembered()
    assert (known.method, known.uri) == (whole.method, whole.uri)
    assert (known.via, known.from_) == (whole.via, whole.from_)
    assert (known.call_id, known.cseq) == (whole.call_id, whole.cseq)
    assert not known.headers and known.body == known.octets == b""


@pytest.mark.parametrize("written", [b":70", b" : 70", b"\t:70 ", b":  70\t", b": \r\n\t70"])
def test_7_3_1_white_space_around_the_colon_says_nothing(written: bytes) -> None:
    assert request(changed(b"Max-Forwards: 70", b"Max-Forwards" + written)).headers.get("max-forwards") == "70"


def test_a_datagram_may_be_longer_than_its_message() -> None:
    assert request(INVITE + b"INVITE sip:x SIP/2.0\r\n").body == b"hello"
    assert request(changed(b"Content-Length: 5\r\n", b"")).body == b"hello"
    assert request(b"\r\n\r\n" + INVITE).body == b"hello"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Content-Length: 5", b"Content-Length: 6"),
        (b"Content-Length: 5", b"Content-Length: -5"),
        (b"Content-Length: 5", b"Content-Length: 5\r\nl: 4"),
        (b"Content-Length: 5", b"Content-Length: " + b"9" * 5000),
        (b"CSeq: 1 INVITE", b"CSeq: 1 BYE"),
        (b"CSeq: 1 INVITE\r\n", b""),
        (b"CSeq: 1 INVITE\r\n", b"CSeq: 1 INVITE\r\nCSeq: 1 INVITE\r\n"),
        (b"i: 3848276298220188511@example.com", b"i:"),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\r\nnonsense"),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\r\nbad name: x"),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\nVia: x"),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\rVia: x"),
        (b"\r\n\r\nhello", b"\r\n"),
        (b"sip:bob@biloxi.example.com SIP/2.0", b"<sip:bob@biloxi.example.com> SIP/2.0"),
        (b"INVITE sip:bob@biloxi.example.com", b"INVITE  sip:bob@biloxi.example.com"),
    ],
)
def test_a_broken_request_can_be_answered_with_400(old: bytes, new: bytes) -> None:
    error = refused(changed(old, new))
    assert error.status == 400
    assert error.partial is not None
    answer = respond(error.partial, error.status, error.reason, to_tag="x")
    assert answer.headers.get("Via") == request().headers.get("Via")
    assert answer.to.tag == "x"
    assert render(answer).startswith(b"SIP/2.0 400 ")


def test_another_version_is_answered_with_505() -> None:
    error = refused(changed(b"com SIP/2.0\r\nVia", b"com SIP/7.0\r\nVia"))
    assert error.status == 505
    assert error.partial is not None
    assert error.partial.method == "INVITE"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00\x01\x00\x00!\x12\xa4B",
        OK.replace(b"200 OK", b"4294967301 big"),
        OK.replace(b"200 OK", b"700 OK"),
        OK.replace(b"200 OK", b"099 OK"),
        OK.replace(b" 200 OK", b"  200 OK"),
        OK.replace(b"CSeq: 1", b"CSeq: 9292394834772304023312"),
        changed(b"INVITE sip", b"ACK sip"),
    ],
)
def test_what_nobody_answers_has_status_0(data: bytes) -> None:
    error = refused(data)
    assert (error.status, error.partial) == (0, None)


def test_limits() -> None:
    assert refused(INVITE, Limits(max_bytes=len(INVITE) - 1)).status == 513
    assert refused(changed(b"hello", b"hello" * 20000)).status == 513
    assert refused(INVITE, Limits(max_header_bytes=200)).status == 513
    assert refused(INVITE, Limits(max_headers=11)).reason == "too many headers"
    assert parse(INVITE, Limits(max_headers=12))
    plain = changed(b"replaces,\r\n\t100rel", b"replaces, 100rel")
    folded = plain.replace(b"Length: 5", b"Length:\r\n 5")  # the line that is too many is no header
    assert parse(folded, Limits(max_headers=12)).headers == parse(plain).headers
    assert refused(INVITE, Limits(max_vias=1)).reason == "too many Via"


def test_a_line_end_in_a_value_is_our_own_mistake() -> None:
    with pytest.raises(UsageError):
        render(Request("OPTIONS", "sip:x@h", Headers([("Subject", "a\r\nVia: b")])))


def test_a_response_takes_over_what_it_must() -> None:
    answer = respond(request(), 180, to_tag="abc", headers=[("Contact", "<sip:me@h>")], body=b"v", content_type="a/b")
    assert render(answer) == (
        b"SIP/2.0 180 Ringing\r\n"
        b"Via: SIP/2.0/UDP client.example.com:5060;branch=z9hG4bK74bf9;rport, SIP/2.0/TCP [2001:db8::1]\r\n"
        b'From: "Alice" <sip:alice@example.com>;tag=9fxced76sl\r\n'
        b"t: Bob <sip:bob@biloxi.example.com>;tag=abc\r\n"
        b"i: 3848276298220188511@example.com\r\n"
        b"CSeq: 1 INVITE\r\n"
        b"Record-Route: <sip:p1.example.com;lr>\r\n"
        b"Contact: <sip:me@h>\r\n"
        b"Content-Type: a/b\r\n"
        b"Content-Length: 1\r\n"
        b"\r\n"
        b"v"
    )
    assert "Record-Route" not in respond(request(), 486, to_tag="abc").headers
    tagged = request(changed(b"t: Bob <sip:bob@biloxi.example.com>", b"t: <sip:bob@biloxi.example.com>;tag=old"))
    assert respond(tagged, 200, to_tag="abc").to.tag == "old"


def test_a_stateless_tag_is_the_same_for_a_repeat_only() -> None:
    assert stateless_tag(request()) == stateless_tag(request())
    assert stateless_tag(request()) != stateless_tag(request(changed(b"z9hG4bK74bf9", b"z9hG4bK74bfa")))


def test_the_top_via_says_where_a_request_came_from() -> None:
    invite = request()
    stamp_via(invite, Flow("udp", ("192.0.2.9", 5060), ("198.51.100.7", 40123)))
    assert (invite.via.received, param(invite.via.params, "rport")) == ("198.51.100.7", "40123")
    assert [via.host for via in invite.vias] == ["client.example.com", "2001:db8::1"]


def test_without_rport_received_is_added_only_where_it_says_something() -> None:
    for host, received in (("198.51.100.7", None), ("client.example.com", "198.51.100.7")):
        invite = request(changed(b"client.example.com:5060;branch=z9hG4bK74bf9;rport", host.encode()))
        stamp_via(invite, Flow("udp", ("192.0.2.9", 5060), ("198.51.100.7", 40123)))
        assert (invite.via.received, param(invite.via.params, "rport")) == (received, None)


def read_everything(data: bytes) -> None:
    """Parse and touch every accessor: only a peer's fault may come out, and it can be answered."""
    try:
        message = parse(data)
        _ = message.vias, message.contact, message.to, message.from_
        again = parse(render(message))
        for one in (message, again):
            one.headers = without(one.headers, "Content-Length")  # it moves to the end
        whole = again == message
    except ParseError as error:
        whole = error.partial is None or render(respond(error.partial, error.status, error.reason, to_tag="x")) != b""
    except PeerError as error:
        whole = error.status == 400
    assert whole


@given(st.binary(max_size=200))
def test_any_octets_are_a_message_or_a_peers_fault(data: bytes) -> None:
    read_everything(data)
    read_everything(b"INVITE sip:a@b SIP/2.0\r\n" + data + b"\r\n\r\n")


@given(st.sampled_from([INVITE, OK]), st.data())
def test_a_mutated_message_is_a_message_or_a_peers_fault(message: bytes, data: st.DataObject) -> None:
    mutated = bytearray(message)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated)))
        mutated[at : at + data.draw(st.integers(0, 5))] = data.draw(
            st.one_of(st.binary(max_size=4), st.sampled_from([b'"', b"<", b">", b";", b",", b"\r\n", b" ", b"\\"]))
        )
    read_everything(bytes(mutated))


def test_white_space_before_a_folded_line_costs_its_length() -> None:
    """Each run is looked at once: 30 kB of it took a second of CPU when each of its octets was a place to begin."""
    bomb = changed(b"\r\n\r\n", b"\r\nSubject: x\r\n y" + b" \t" * 15_000 + b"z\r\n\r\n")
    assert spent_s(lambda: parse(bomb)) < 0.1


@pytest.mark.parametrize("data", [INVITE, OK, changed(b"Bob", "Bøb 😀".encode()), changed(b"Bob", b"B\xffb")])
def test_the_length_is_that_of_what_is_written(data: bytes) -> None:
    message = parse(data)
    assert length(message) == len(render(message))
    message.headers.add("X-More", "1")
    message.body = b"x" * 1000
    assert length(message) == len(render(message))


def test_one_hop_is_one_via_however_it_is_written() -> None:
    assert not parse(INVITE).one_hop
    alone = changed(b", SIP/2.0/TCP [2001:db8::1]", b"")
    assert parse(alone).one_hop
    assert parse(alone.replace(b";rport", b';x=","')).one_hop  # a comma that separates nothing
    assert not parse(alone.replace(b"Max-Forwards", b"Via: SIP/2.0/UDP b;branch=z9hG4bK1\r\nMax-Forwards")).one_hop


def test_what_is_written_first_counts_however_the_headers_were_changed() -> None:
    headers = Headers([("To", "<sip:a@b>"), ("Via", "SIP/2.0/UDP b;branch=z9hG4bK2")])
    assert headers.get("via") == "SIP/2.0/UDP b;branch=z9hG4bK2"
    headers.prepend("Via", "SIP/2.0/UDP a;branch=z9hG4bK1")
    headers.add("v", "SIP/2.0/UDP c;branch=z9hG4bK3")
    headers.replace_first("Via", "SIP/2.0/UDP d;branch=z9hG4bK4")
    assert Response(200, "OK", headers).via.branch == "z9hG4bK4"
    assert headers.get("v") == "SIP/2.0/UDP d;branch=z9hG4bK4" and headers.repeats
    assert [value[-1] for value in headers.all("Via")] == ["4", "2", "3"]
