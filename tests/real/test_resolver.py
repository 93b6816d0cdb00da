"""The resolver on a real socket, against a name server of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from softswitch.net.resolver import DnsResolver
from softswitch.sip.locate import Located, Wish
from tests.support import ports
from tests.support.dns_server import DnsServer, Zone

ZONE: Zone = {
    ("example.com", "NAPTR"): [
        '90 50 "s" "SIP+D2T" "" _sip._tcp.example.com.',
        '100 50 "s" "SIP+D2U" "" _sip._udp.example.com.',
    ],
    ("_sip._tcp.example.com", "SRV"): ["0 1 5060 server1.example.com.", "0 2 5070 server2.example.com."],
    ("_sip._udp.example.com", "SRV"): ["0 0 0 ."],
    ("server1.example.com", "A"): ["192.0.2.1"],
    ("server1.example.com", "AAAA"): ["2001:db8::1"],
    ("server2.example.com", "A"): ["192.0.2.2"],
}


@pytest.fixture
async def server() -> AsyncIterator[DnsServer]:
    async with DnsServer(dict(ZONE)) as one:
        yield one


class Asker:
    def __init__(self, server: DnsServer, **options: object) -> None:
        self.answers: asyncio.Queue[tuple[Located | None, str]] = asyncio.Queue()
        self.resolver = DnsResolver(self._done, [server.address], 0.2, **options)  # type: ignore[arg-type]

    def _done(self, name: str, found: Located | None, error: str) -> None:
        self.answers.put_nowait((found, error))

    async def ask(self, wish: Wish) -> tuple[list[str], str]:
        self.resolver.resolve("carrier", wish)
        found, error = await asyncio.wait_for(self.answers.get(), 5)
        return [str(hop) for hop in found.hops] if found else [], error


async def test_naptr_srv_and_addresses(server: DnsServer) -> None:
    asker = Asker(server)
    hops, error = await asker.ask(Wish("example.com"))
    assert (hops, error) == (["tcp:192.0.2.2:5070", "tcp:192.0.2.1:5060", "tcp:[2001:db8::1]:5060"], "")
    assert (await asker.ask(Wish("example.com", transport="udp")))[0] == []
    await asker.resolver.close()


async def test_answers_are_kept_for_their_ttl(server: DnsServer) -> None:
    asker = Asker(server)
    await asker.ask(Wish("example.com"))
    asked = len(server.asked)
    await asker.ask(Wish("example.com"))
    assert len(server.asked) == asked
    located = await asker.resolver.locate(Wish("example.com"))
    assert 50 < located.ttl_s <= 60


async def test_a_name_that_does_not_exist_is_an_answer(server: DnsServer) -> None:
    assert await Asker(server).ask(Wish("nowhere.example")) == ([], "")


async def test_a_name_server_that_is_silent_is_an_error_in_time(server: DnsServer) -> None:
    server.silent = True
    hops, error = await Asker(server).ask(Wish("example.com"))
    assert hops == [] and error


async def test_only_the_families_that_we_have(server: DnsServer) -> None:
    hops, _ = await Asker(server, families=(6,)).ask(Wish("example.com"))
    assert hops == ["tcp:[2001:db8::1]:5060"]


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example", "-" * 300])
async def test_what_is_no_name_is_an_error(server: DnsServer, host: str) -> None:
    hops, error = await Asker(server).ask(Wish(host))
    assert hops == [] and error and not server.asked


async def test_numeric_hosts_and_names_of_this_machine_need_no_name_server(server: DnsServer, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.50 Carrier carrier.lan # ours\nfe80::1%lo0 odd\n2001:db8::50 carrier\nnonsense\n")
    asker = Asker(server, hosts_file=hosts)
    assert (await asker.ask(Wish("carrier", transport="tcp")))[0] == ["tcp:192.0.2.50:5060", "tcp:[2001:db8::50]:5060"]
    assert (await asker.ask(Wish("localhost", 5090)))[0] == ["udp:127.0.0.1:5090", "udp:[::1]:5090"]
    assert (await asker.ask(Wish("192.0.2.9")))[0] == ["udp:192.0.2.9:5060"]
    assert server.asked == []


async def test_without_a_name_server_there_is_an_error() -> None:
    server = DnsServer({})  # nobody listens there
    server.address = (ports.LOOPBACK, ports.free_port())
    hops, error = await Asker(server).ask(Wish("example.com"))
    assert hops == [] and error
