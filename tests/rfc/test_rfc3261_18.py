"""RFC 3261 section 18: datagrams and streams. Real sockets where a socket is what the sentence is about."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest

from softswitch.call.signal import Renegotiate
from softswitch.core.errors import PeerError
from softswitch.net import connection
from softswitch.sip.detour import LONGEST_DATAGRAM
from softswitch.sip.effect import RequestArrived, ResponseArrived, Send, TransactionFailed
from softswitch.sip.endpoint import Endpoint, Stray
from softswitch.sip.flow import Address, Flow
from softswitch.sip.framing import StreamFramer
from softswitch.sip.header import param
from softswitch.sip.hop import via_value
from softswitch.sip.locate import Wish, at_once
from softswitch.sip.message import ParseError, Request, parse, render
from softswitch.sip.response import respond, stamp_via, way_back
from softswitch.sip.timing import Timing
from softswitch.switch.ports import FlowFailed
from tests.real.test_network import HOST, listening, options, udp_peer
from tests.rfc.clock import Layer
from tests.rfc.ends import PHONE, Caller, NullSwitch
from tests.simnet.world import SWITCH
from tests.support.ports import free_port
from tests.unit.call.peer import OFFER
from tests.unit.sip.exchange import TCP, UDP, ids, request, response

STREAM = replace(UDP, transport="tcp")


def to_stream(remote: Address) -> Flow:
    return replace(STREAM, remote=remote)


def asks(endpoint: Endpoint, made: Request, flow: Flow = UDP) -> Send:
    (sent,) = endpoint.request(made, flow, "tu", 0.0)
    assert isinstance(sent, Send) and isinstance(sent.message, Request)
    return sent


def of_size(length: int) -> Request:
    """A request that is so long when it has our Via."""
    via = len(f"Via: {via_value(UDP, ids().branch())}\r\n")
    made = (request(via="", body=b"x" * size) for size in range(length))
    return next(each for each in made if len(render(each)) + via == length)


# ---- 18 connections --------------------------------------------------------------------------------------------


@pytest.mark.real
async def test_18_connections_of_both_directions_serve_both_and_are_found_by_the_far_end() -> None:
    """A phone that has connected to us is called over its connection."""
    async with listening() as (network, ear, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(options("TCP"))
        await ear.until(lambda: ear.messages)
        flow = ear.messages[0][1]
        assert flow.remote == writer.get_extra_info("sockname")[:2]
        network.send(parse(options("TCP", 2)), replace(flow, connection=0))
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).startswith(b"OPTIONS ")
        writer.close()


def test_18_a_connection_is_kept_for_longer_than_any_transaction_takes() -> None:
    assert 2 * Timing().timeout <= connection.IDLE_LIMIT_S


@pytest.mark.real
async def test_18_udp_and_tcp_are_spoken() -> None:
    async with listening() as (_, ear, port), udp_peer(port) as (transport, _peer):
        transport.sendto(options("UDP"))
        _, writer = await asyncio.open_connection(HOST, port)
        writer.write(options("TCP", 2))
        await ear.until(lambda: len(ear.messages) == 2)
        assert {flow.transport for _, flow in ear.messages} == {"udp", "tcp"}
        writer.close()


# ---- 18.1.1 sending requests -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "transport"), [(LONGEST_DATAGRAM, "udp"), (LONGEST_DATAGRAM + 1, "tcp")])
def test_18_1_1_a_request_longer_than_1300_bytes_goes_over_tcp(length: int, transport: str) -> None:
    sent = asks(Endpoint(ids(), stream_to=to_stream), of_size(length))
    assert sent.flow.transport == transport
    assert sent.message.via.transport == transport.upper()
    assert len(render(sent.message)) == length


@pytest.mark.real
async def test_18_1_1_datagrams_up_to_the_largest_are_read() -> None:
    async with listening() as (_, ear, port), udp_peer(port) as (transport, _peer):
        bare = len(options("UDP", 1, b"x" * 60_000)) - 60_000
        transport.sendto(options("UDP", 1, b"x" * (65_507 - bare)))
        await ear.until(lambda: ear.messages)
        assert len(ear.messages[0][0].body) == 65_507 - bare


def test_18_1_1_where_tcp_is_refused_the_request_goes_over_udp_after_all() -> None:
    endpoint = Endpoint(ids(), stream_to=to_stream)
    asks(endpoint, of_size(2000))
    (again,) = endpoint.transport_failed(STREAM, 0.1)
    assert isinstance(again, Send) and again.flow == UDP
    assert isinstance(again.message, Request) and again.message.via.transport == "UDP"


def test_18_1_1_the_via_has_the_address_of_the_listener() -> None:
    via = asks(Endpoint(ids()), request(via="")).message.via
    assert (via.host, via.port) == UDP.local


def test_18_1_1_behind_a_nat_it_has_the_advertised_one_which_may_be_a_name() -> None:
    via = asks(Endpoint(ids()), request(via=""), replace(UDP, advertised=("pbx.example", 5060))).message.via
    assert via.sent_by == "pbx.example:5060"


@pytest.mark.parametrize(("transport", "port"), [("udp", 5060), ("tcp", 5060), ("tls", 5061)])
def test_18_1_1_the_default_port_depends_on_the_transport(transport: str, port: int) -> None:
    found = at_once(Wish("192.0.2.1", 0, transport))
    assert found is not None and [hop.address[1] for hop in found.hops] == [port]


@pytest.mark.real
async def test_18_1_1_the_response_may_come_on_the_same_connection_or_on_a_new_one_to_the_sent_by() -> None:
    async with listening() as (theirs, there, their_port), listening() as (network, ear, port):
        endpoint = Endpoint(ids())
        sent = asks(endpoint, request(via=""), Flow("tcp", (HOST, port), (HOST, their_port)))
        network.send(sent.message, sent.flow)
        await there.until(lambda: there.messages)
        asked, back = there.messages[0]
        assert isinstance(asked, Request)
        theirs.send(respond(asked, 180, to_tag="t"), back)
        await ear.until(lambda: ear.messages)
        new = Flow("tcp", (HOST, their_port), (asked.via.host, asked.via.port or 0))
        theirs.send(respond(asked, 200, to_tag="t"), new)
        await ear.until(lambda: len(ear.messages) == 2)
        assert ear.messages[0][1].connection != ear.messages[1][1].connection
        heard = [endpoint.received(message, flow, 0.1)[0] for message, flow in ear.messages]
        assert [isinstance(each, ResponseArrived) for each in heard] == [True, True]


@pytest.mark.real
async def test_18_1_1_responses_come_to_the_port_from_which_datagrams_are_sent() -> None:
    async with listening() as (network, _, port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind((HOST, 0))
            peer.settimeout(5)
            network.send(parse(options("UDP")), Flow("udp", (HOST, port), peer.getsockname()))
            _, source = await asyncio.get_running_loop().run_in_executor(None, peer.recvfrom, 65536)
            assert source == (HOST, port)


def test_18_within_a_dialog_a_connection_that_is_gone_is_made_anew_to_where_the_peer_listens() -> None:
    """And what the peer is told next goes there at once."""
    one = Caller(TCP)
    one.up()
    (change,) = one.tell(Renegotiate("sendonly"))
    there = replace(TCP, remote=("10.0.0.1", 5060), connection=0)
    (again,) = one.agent.endpoint.transport_failed(TCP, 0.1)
    assert isinstance(change, Request) and isinstance(again, Send)
    assert again.flow == there
    one.answered(change, 200, body=OFFER)
    assert one.leg is not None and one.leg.flow == there


def test_18_the_switch_says_bye_to_who_has_closed_its_connection() -> None:
    """To the Contact, at the host that called; nobody acknowledges its 200 here."""
    switch, flow = NullSwitch(), Flow("tcp", SWITCH, ("10.0.0.1", 41_000), 7)
    switch.hears(switch.invite(via="SIP/2.0/TCP 10.0.0.1:5060;branch=z9hG4bKgone"), flow)
    switch.switch.feed(FlowFailed(flow))
    switch.wire.clear()
    switch.now += 33
    switch.switch.tick()
    said = [(parse(octets), way) for octets, way in switch.wire]
    ((bye, way),) = [each for each in said if isinstance(each[0], Request)]
    assert isinstance(bye, Request) and bye.method == "BYE"
    switch.wire.clear()
    switch.switch.feed(FlowFailed(way))
    octets, again = switch.wire.pop()
    assert again == replace(flow, remote=("10.0.0.1", 5060), connection=0)
    assert parse(octets) == bye


# ---- 18.1.2 receiving responses --------------------------------------------------------------------------------


@pytest.mark.parametrize("via", ["10.9.9.9:5060", "10.0.0.2:5070", "10.0.0.2"])
def test_18_1_2_a_response_whose_sent_by_is_not_ours_is_discarded(via: str) -> None:
    one = Layer()
    asked = one.asks()
    made = response(asked, 200)
    made.headers.replace_first("Via", (asked.headers.get("Via") or "").replace("10.0.0.2:5060", via))
    assert one.endpoint.received(made, UDP, 0.1) == [Stray("response", "INVITE")]


def test_18_1_2_one_that_matches_goes_to_its_transaction_and_any_other_is_dropped_by_a_ua() -> None:
    one = Layer()
    asked = one.asks()
    assert isinstance(one.hears(asked, 180)[0], ResponseArrived)
    other = Layer()
    assert other.hears(asked, 180) == [Stray("response", "INVITE")]


# ---- 18.2.1 receiving requests ---------------------------------------------------------------------------------


@pytest.mark.real
async def test_18_2_1_udp_and_tcp_can_listen_on_one_port() -> None:
    """Whether they do is the operator's choice: ``sip.listen`` of the sample has both."""
    async with listening() as (_, _ear, port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, pytest.raises(OSError, match="in use"):
            datagrams.bind((HOST, port))
        _, writer = await asyncio.open_connection(HOST, port)
        writer.close()


@pytest.mark.parametrize("sent_by", ["phone.example", "phone.example:5060", "192.168.0.9:5060", "[2001:db8::9]"])
@pytest.mark.parametrize("flow", [UDP, TCP], ids=["udp", "tcp"])
def test_18_2_1_a_via_that_names_another_host_gets_received(sent_by: str, flow: Flow) -> None:
    made = request(via=f"SIP/2.0/UDP {sent_by};branch=z9hG4bKabc")
    stamp_via(made, flow)
    assert made.via.received == "10.0.0.1"


def test_18_2_1_a_received_that_the_peer_has_written_is_not_believed() -> None:
    made = request(via="SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKabc;received=192.0.2.66")
    stamp_via(made, UDP)
    assert made.via.received == "10.0.0.1"


def test_18_2_1_every_answer_shows_it() -> None:
    switch = NullSwitch()
    answer = switch.answer(request("OPTIONS", via="SIP/2.0/UDP phone.example;branch=z9hG4bKabc"), PHONE)
    assert answer.via.received == "10.0.0.1"


# ---- 18.2.2 sending responses ----------------------------------------------------------------------------------

SOURCE = replace(UDP, remote=("10.0.0.1", 41_000))


@pytest.mark.real
async def test_18_2_2_over_a_stream_the_response_goes_back_on_its_connection_while_that_is_open() -> None:
    async with listening() as (network, ear, port):
        pairs = [await asyncio.open_connection(HOST, port) for _ in range(2)]
        pairs[0][1].write(options("TCP", 1))
        await ear.until(lambda: ear.messages)
        message, flow = ear.messages[0]
        assert isinstance(message, Request)
        network.send(respond(message, 200), flow)
        assert (await asyncio.wait_for(pairs[0][0].readuntil(b"\r\n\r\n"), 5)).startswith(b"SIP/2.0 200")
        for _, writer in pairs:
            writer.close()


@pytest.mark.real
async def test_18_2_2_when_it_is_closed_a_new_one_is_opened_to_the_port_of_the_via() -> None:
    async with listening() as (_, there, their_port), listening() as (network, ear, port):
        endpoint = Endpoint(ids())
        _, writer = await asyncio.open_connection(HOST, port)
        writer.write(options("TCP").replace(b":9;", b":%d;" % their_port))
        await ear.until(lambda: ear.messages)
        (arrived,) = endpoint.received(*ear.messages[0], 0.0)
        assert isinstance(arrived, RequestArrived)
        writer.close()
        await ear.until(lambda: ear.failed)
        assert endpoint.transport_failed(ear.failed[0], 0.1) == []
        (answer,) = endpoint.respond(arrived.transaction, respond(arrived.request, 200, to_tag="t"), 0.2)
        assert isinstance(answer, Send)
        network.send(answer.message, answer.flow)
        await there.until(lambda: there.messages)
        assert there.messages[0][0].call_id == "1"


@pytest.mark.parametrize(("sent_by", "port"), [("phone.example:7000", 7000), ("phone.example", 5060)])
def test_18_2_2_a_datagram_goes_to_the_received_address_and_the_port_of_the_via(sent_by: str, port: int) -> None:
    """With ``nat: off``; else to the port that it came from: only there a phone behind a NAT hears (docs/sip.md)."""
    made = request(via=f"SIP/2.0/UDP {sent_by};branch=z9hG4bKabc")
    assert way_back(made, SOURCE, symmetric=False).remote == ("10.0.0.1", port)
    assert way_back(made, SOURCE).remote == SOURCE.remote


def test_18_2_2_with_rport_it_goes_to_the_port_that_it_came_from() -> None:
    """RFC 3581 section 4."""
    made = request(via="SIP/2.0/UDP phone.example:7000;branch=z9hG4bKabc;rport")
    assert way_back(made, SOURCE, symmetric=False) == SOURCE
    stamp_via(made, SOURCE)
    assert param(made.via.params, "rport") == "41000"


def test_18_2_2_maddr_and_sent_by_lead_to_no_third_party() -> None:
    """The section follows maddr: whoever forges a source could have us send anywhere (docs/sip.md)."""
    made = request(via="SIP/2.0/UDP 192.0.2.66:7000;branch=z9hG4bKabc;maddr=192.0.2.67")
    for symmetric in (True, False):
        assert way_back(made, SOURCE, symmetric).remote[0] == "10.0.0.1"


# ---- 18.3 framing ----------------------------------------------------------------------------------------------

HELLO = options("UDP", 1, b"hello")


def test_18_3_what_follows_the_body_in_a_datagram_is_discarded() -> None:
    assert parse(HELLO + b" and more").body == b"hello"


def test_18_3_a_request_that_ends_before_its_body_is_400() -> None:
    with pytest.raises(ParseError) as refused:
        parse(HELLO[:-1])
    assert refused.value.status == 400 and refused.value.partial is not None


def test_18_3_a_response_that_ends_before_its_body_is_discarded() -> None:
    cut = render(replace(response(parse(HELLO), 200), body=b"hello"))[:-1]  # type: ignore[arg-type]
    with pytest.raises(ParseError) as refused:
        parse(cut)
    assert refused.value.status == 0


def test_18_3_without_a_content_length_the_body_ends_with_the_datagram() -> None:
    assert parse(HELLO.replace(b"Content-Length: 5\r\n", b"")).body == b"hello"


def test_18_3_on_a_stream_content_length_is_the_size_of_the_body() -> None:
    framer = StreamFramer()
    found = framer.feed(HELLO + HELLO)
    assert [each.body for each in found if not isinstance(each, ParseError)] == [b"hello", b"hello"]


def test_18_3_on_a_stream_there_must_be_one() -> None:
    framer = StreamFramer()
    (refused,) = framer.feed(HELLO.replace(b"Content-Length: 5\r\n", b""))
    assert isinstance(refused, PeerError) and refused.status == 400
    assert framer.broken  # whoever has asked is told, then the connection is closed


def test_18_3_all_that_we_send_has_one() -> None:
    assert b"\r\nContent-Length: 0\r\n" in render(request("OPTIONS"))
    assert b"\r\nContent-Length: 5\r\n" in render(request("OPTIONS", body=b"hello"))


# ---- 18.4 errors -----------------------------------------------------------------------------------------------


@pytest.mark.real
async def test_18_4_an_icmp_error_disturbs_nobody_and_is_told_by_the_timers() -> None:
    """The section tells the user at once; the kernel does not say of which datagram it speaks (docs/sip.md)."""
    async with listening() as (network, ear, port), udp_peer(port) as (transport, peer):
        nobody = Flow("udp", (HOST, port), (HOST, free_port()))
        network.send(parse(options("UDP")), nobody)
        network.send(parse(options("UDP")), replace(nobody, remote=transport.get_extra_info("sockname")[:2]))
        assert await asyncio.wait_for(peer.received.get(), 5)
        assert not ear.failed


@pytest.mark.real
async def test_18_4_a_connection_that_cannot_be_made_is_told() -> None:
    async with listening() as (network, ear, port):
        refused = Flow("tcp", (HOST, port), (HOST, free_port()))
        endpoint = Endpoint(ids())
        sent = asks(endpoint, request(via=""), refused)
        network.send(sent.message, sent.flow)
        await ear.until(lambda: ear.failed)
        (told,) = endpoint.transport_failed(ear.failed[0], 0.1)
        assert isinstance(told, TransactionFailed) and told.status == 503


@pytest.mark.real
async def test_18_4_a_transport_without_a_listener_is_told_too() -> None:
    async with listening() as (network, ear, port):
        network.send(parse(options("TLS")), Flow("tls", (HOST, port), (HOST, port)))
        assert [flow.transport for flow in ear.failed] == ["tls"]
