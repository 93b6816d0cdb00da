"""Name servers, and whoever answers in their place, that want to mislead us, to keep us busy, or to stop us.

Each is met by the resolver on a real socket. It must come to an end in time with an error or with what is right, the
loop must go on meanwhile, and the next honest question must be answered.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import dns.flags
import dns.message
import dns.rrset
import pytest

from softswitch.net import dns_socket
from softswitch.net.resolver import DnsResolver
from softswitch.sip.locate import MAX_ADDRESSES, MAX_SERVERS, Located, Wish
from tests.support.hostile_dns import Answers, HostileDns

pytestmark = pytest.mark.real

HOST = "carrier.example"
HONEST = "192.0.2.1"
FORGED = "198.51.100.66"
STALL_S = 0.05  # longer than that nobody else may be kept waiting
NO_ONE = (b"", b"\x00", b"\xff" * 20, b"\x00" * 512)


def records(query: dns.message.Message, kind: str, *texts: str, name: str = "", ttl: int = 60) -> bytes:
    """The wire of an answer with these records; truncated where they are too many for 65,535 octets."""
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA | dns.flags.RA
    if texts:
        answer.answer.append(dns.rrset.from_text(name or query.question[0].name, ttl, "IN", kind, *texts))
    return answer.to_wire(max_size=65_535)


def kind_of(query: dns.message.Message) -> str:
    return str(query.question[0].rdtype.name)


def honest(query: dns.message.Message, wire: bytes) -> list[bytes]:
    return [records(query, "A", HONEST) if kind_of(query) == "A" else records(query, "A")]


def but(hostile: Answers) -> Answers:
    """Honest where no address is asked for."""
    return lambda query, wire: hostile(query, wire) if kind_of(query) == "A" else honest(query, wire)


@pytest.fixture
async def server() -> AsyncIterator[HostileDns]:
    async with HostileDns(honest) as one:
        yield one


async def located(server: HostileDns, wish: Wish | None = None) -> tuple[Located | None, str]:
    """What a resolver finds out; the loop must not have stood still for long, and afterwards honesty is believed."""
    loop = asyncio.get_running_loop()
    answers: asyncio.Queue[tuple[Located | None, str]] = asyncio.Queue()
    resolver = DnsResolver(
        lambda name, found, error: answers.put_nowait((found, error)), [server.address], 0.1, families=(4,)
    )
    worst, running = 0.0, True

    async def beat() -> None:
        nonlocal worst
        while running:
            began = loop.time()
            await asyncio.sleep(0)
            worst = max(worst, loop.time() - began)

    beating = asyncio.create_task(beat())
    resolver.resolve("carrier", wish or Wish(HOST, transport="udp"))
    found, error = await asyncio.wait_for(answers.get(), 5)
    running = False
    await beating
    assert worst < STALL_S
    server.udp = honest
    resolver.resolve("carrier", Wish("honest.example", transport="udp"))
    afterwards, _ = await asyncio.wait_for(answers.get(), 5)
    assert afterwards is not None and [hop.address[0] for hop in afterwards.hops] == [HONEST]
    await resolver.close()
    return found, error


def hosts(found: Located | None) -> list[str]:
    return [hop.address[0] for hop in found.hops] if found else []


async def test_an_answer_with_another_number_is_not_believed_and_the_right_one_still_is(server: HostileDns) -> None:
    def guess(query: dns.message.Message, wire: bytes) -> list[bytes]:
        forged = records(query, "A", FORGED)
        guesses = [(query.id + wrong & 0xFFFF).to_bytes(2, "big") + forged[2:] for wrong in range(1, 50)]
        return [*guesses, records(query, "A", HONEST)]

    server.udp = but(guess)
    assert hosts((await located(server))[0]) == [HONEST]


async def test_who_only_guesses_numbers_is_given_up(server: HostileDns) -> None:
    wrong = dns_socket.MOST_WRONG + 50
    server.udp = but(lambda query, wire: [(query.id ^ 1).to_bytes(2, "big") + wire[2:]] * wrong)
    found, error = await located(server)
    assert found is None and error


async def test_an_answer_to_another_question_is_not_believed(server: HostileDns) -> None:
    def other(query: dns.message.Message, wire: bytes) -> list[bytes]:
        question = dns.message.make_query("bank.example", "A")
        question.id = query.id
        return [records(question, "A", FORGED), records(query, "A", HONEST)]

    server.udp = but(other)
    assert hosts((await located(server))[0]) == [HONEST]


async def test_an_answer_from_another_address_is_not_believed(server: HostileDns) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        assert server._transport is not None
        sendto = server._transport.sendto

        def forge(query: dns.message.Message, wire: bytes) -> list[bytes]:
            return [b"\x00forge" + records(query, "A", FORGED), records(query, "A", HONEST)]

        def from_two(data: bytes, addr: tuple[str, int]) -> None:
            if data.startswith(b"\x00forge"):
                elsewhere.sendto(data[6:], addr)
            else:
                sendto(data, addr)

        server._transport.sendto = from_two  # type: ignore[method-assign,assignment]
        server.udp = but(forge)
        assert hosts((await located(server))[0]) == [HONEST]


@pytest.mark.parametrize(
    "junk",
    [
        pytest.param(lambda query, wire: list(NO_ONE), id="no messages"),
        pytest.param(lambda query, wire: [wire[:2] + b"\x81\x80" + b"\xff" * 60], id="counts without records"),
        pytest.param(
            lambda query, wire: [wire[:2] + b"\x81\x80\x00\x01" + b"\x00" * 6 + b"\xc0\x0c"], id="a pointer to itself"
        ),
        pytest.param(
            lambda query, wire: [
                wire[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + wire[12:]
                + b"\xc0" + bytes([len(wire) + 2]) + b"\xc0" + bytes([len(wire)]) + b"\x00\x01\x00\x01" + b"\x00" * 6
            ],
            id="two pointers to each other",
        ),
        pytest.param(lambda query, wire: [wire], id="the question itself"),
        pytest.param(lambda query, wire: [records(query, "A", HONEST)[:-3]], id="cut short"),
        pytest.param(lambda query, wire: [wire[:2] + b"\x83\x80" + wire[4:]], id="truncated, and nobody on TCP"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_an_error_in_time(server: HostileDns, junk: Answers) -> None:
    server.udp = but(junk)
    found, error = await located(server)
    assert hosts(found) == [] and (error or found is not None)


@pytest.mark.parametrize("length", [2, 40])
async def test_a_loop_of_aliases_comes_to_an_end(server: HostileDns, length: int) -> None:
    def loop(query: dns.message.Message, wire: bytes) -> list[bytes]:
        answer = dns.message.make_response(query)
        names = [str(query.question[0].name), *(f"alias{number}.example." for number in range(length - 1))]
        for alias, target in zip(names, [*names[1:], names[0]], strict=True):
            answer.answer.append(dns.rrset.from_text(alias, 60, "IN", "CNAME", target))
        return [answer.to_wire(max_size=65_535)]

    server.udp = but(loop)
    assert hosts((await located(server))[0]) == []
    assert server.asked < 20


def thousands() -> bytes:
    """An answer with as many addresses as fit, but for its number. Made beforehand: that takes long, too."""
    many = (f"10.{number >> 8}.{number & 255}.1" for number in range(4000))
    return records(dns.message.make_query(HOST, "A"), "A", *many)


async def test_an_answer_of_64_kilobytes_is_not_read(server: HostileDns) -> None:
    flood = thousands()
    server.udp = but(lambda query, wire: [wire[:2] + flood[2:]] * 3)
    found, error = await located(server)
    assert hosts(found) == [] and error


async def test_nor_over_tcp(server: HostileDns) -> None:
    flood = thousands()
    server.udp = but(lambda query, wire: [wire[:2] + b"\x83\x80" + wire[4:]])
    server.tcp = lambda query, wire: [wire[:2] + flood[2:]]
    found, error = await located(server)
    assert hosts(found) == [] and error


async def test_an_answer_that_needs_tcp_is_found_there(server: HostileDns) -> None:
    server.udp = but(lambda query, wire: [wire[:2] + b"\x83\x80" + wire[4:]])
    server.tcp = lambda query, wire: [records(query, "A", *(f"192.0.2.{number}" for number in range(1, 101)))]
    assert len(hosts((await located(server))[0])) == MAX_ADDRESSES


async def test_of_hundreds_of_servers_so_many_are_looked_for(server: HostileDns) -> None:
    def many(query: dns.message.Message, wire: bytes) -> list[bytes]:
        if kind_of(query) == "SRV":
            return [records(query, "SRV", *(f"0 0 {5060 + number} s{number}.e." for number in range(120)))]
        return honest(query, wire)

    server.udp = many
    found, _ = await located(server)
    assert found is not None and len(found.servers) == MAX_SERVERS
    assert server.asked < 2 * MAX_SERVERS


@pytest.mark.parametrize("nowhere", ["0.0.0.0", "255.255.255.255", "224.0.0.1"])
async def test_an_address_at_which_nobody_can_be_is_none(server: HostileDns, nowhere: str) -> None:
    server.udp = but(lambda query, wire: [records(query, "A", nowhere, HONEST)])
    assert hosts((await located(server))[0]) == [HONEST]


@pytest.mark.parametrize(
    "records_of",
    [
        pytest.param(lambda: ("NAPTR", '0 0 "s" "SIP+D2U" "" carrier.example.'), id="NAPTR to itself"),
        pytest.param(lambda: ("NAPTR", '0 0 "u" "SIP+D2U" "!.*!sip:x@y!" .'), id="NAPTR with a rule"),
        pytest.param(lambda: ("NAPTR", '0 0 "s" "SIP+D2U" "" .'), id="NAPTR to the root"),
        pytest.param(lambda: ("SRV", "0 0 5060 _sip._udp.carrier.example."), id="SRV to itself"),
        pytest.param(lambda: ("SRV", "0 0 0 carrier.example."), id="SRV to port 0"),
        pytest.param(lambda: ("SRV", r"0 0 5060 \000\010\255.example."), id="SRV to a name of odd octets"),
    ],
)
async def test_records_that_lead_nowhere_lead_nowhere(
    server: HostileDns, records_of: Callable[[], tuple[str, str]]
) -> None:
    kind, text = records_of()

    def odd(query: dns.message.Message, wire: bytes) -> list[bytes]:
        return [records(query, kind, text)] if kind_of(query) == kind else honest(query, wire)

    server.udp = odd
    found, error = await located(server, Wish(HOST))
    assert error or found is not None
    assert all(hop.address[1] for hop in (found.hops if found else ()))
    assert server.asked < 20
