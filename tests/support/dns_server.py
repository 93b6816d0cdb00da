"""A name server for one test: an authority on loopback UDP for the few names that it is given."""

from __future__ import annotations

import asyncio
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.support import ports

Zone = dict[tuple[str, str], list[str]]  # (name, type) -> the records as a zone file writes them


class DnsServer(asyncio.DatagramProtocol):
    """``zone`` may be changed at any time; ``asked`` remembers every question; ``silent`` answers nothing."""

    def __init__(self, zone: Zone, ttl_s: int = 60) -> None:
        self.zone = zone
        self.ttl_s = ttl_s
        self.silent = False
        self.asked: list[tuple[str, str]] = []
        self.address = (ports.LOOPBACK, ports.free_port())
        self._transport: asyncio.DatagramTransport | None = None

    def __str__(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"

    async def __aenter__(self) -> DnsServer:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=self.address)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if self.silent or self._transport is None:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA | dns.flags.RA
        records = self.zone.get((name, kind), [])
        if records:
            answer.answer.append(dns.rrset.from_text(question.name, self.ttl_s, "IN", kind, *records))
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)
