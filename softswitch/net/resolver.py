"""The questions of ``sip.locate`` put to name servers (dnspython): the driver's ``Resolver`` port.

Answers are kept for their TTL. A name that does not exist is an answer; that no name server answers is none.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV

from softswitch.net import hosts
from softswitch.net.dns_socket import Backend
from softswitch.sip.flow import Address
from softswitch.sip.locate import TRANSPORTS, Located, Naptr, Question, Records, Srv, Wish, locate

_CACHED_NAMES = 1000
_SEARCH_LIMIT_S = 20.0  # NAPTR, SRV and addresses together
_NEGATIVE_S = 30.0
_BROADCAST = ipaddress.ip_address("255.255.255.255")
Done = Callable[[str, Located | None, str], None]  # name, what was found or None, why not


class DnsResolver:
    """``on_done`` is called once for every ``resolve``. Without ``nameservers`` those of the machine are asked."""

    def __init__(
        self,
        on_done: Done,
        nameservers: Sequence[Address] = (),
        timeout_s: float = 2.0,
        transports: Sequence[str] = TRANSPORTS,
        families: Sequence[int] = (4, 6),
        hosts_file: Path = hosts.HOSTS,
    ) -> None:
        self._on_done = on_done
        self._transports = transports
        self._kinds = [kind for family, kind in ((4, "A"), (6, "AAAA")) if family in families]
        self._hosts_file = hosts_file
        self._tasks: set[asyncio.Task[None]] = set()
        self._backend = Backend()
        self._dns = _configured(nameservers)
        self._dns.timeout = timeout_s
        self._dns.lifetime = 2 * timeout_s
        self._dns.cache = dns.resolver.LRUCache(_CACHED_NAMES)

    def resolve(self, name: str, wish: Wish) -> None:
        task = asyncio.create_task(self._resolve(name, wish))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _resolve(self, name: str, wish: Wish) -> None:
        found, error = None, ""
        try:
            async with asyncio.timeout(_SEARCH_LIMIT_S):
                found = await self.locate(wish)
        except (dns.exception.DNSException, OSError, ValueError) as failure:  # TimeoutError is an OSError
            error = (str(failure) or type(failure).__name__).partition("\n")[0]
        self._on_done(name, found, error)

    async def locate(self, wish: Wish) -> Located:
        """Raises ``DNSException`` where no name server answers, or the host is no name."""
        search = locate(wish, self._transports)
        try:
            question = next(search)
            while True:
                question = search.send(await self._ask(question))
        except StopIteration as end:
            found: Located = end.value
            return found

    async def _ask(self, question: Question) -> Records:
        service = question.name.startswith("_")
        host = question.name.split(".", 2)[2] if service and question.name.count(".") > 1 else question.name
        if known := hosts.addresses(host, self._hosts_file):
            return Records(self._of_our_families(known)) if question.kind == "ADDRESS" else Records()
        kinds = self._kinds if question.kind == "ADDRESS" else [question.kind]
        answers = await asyncio.gather(*(self._query(question.name, kind) for kind in kinds))
        found = [record for records in answers for record in records.found]
        ttls = [records.ttl_s for records in answers if records.found]
        return Records(found, min(ttls, default=_NEGATIVE_S))

    def _of_our_families(self, numeric: Sequence[str]) -> list[str]:
        return [host for host in numeric if ("AAAA" if ":" in host else "A") in self._kinds]

    async def _query(self, name: str, kind: str) -> Records:
        try:
            answer = await self._dns.resolve(
                dns.name.from_text(name), dns.rdatatype.from_text(kind), raise_on_no_answer=False, search=False,
                backend=self._backend,
            )  # fmt: skip
        except dns.resolver.NXDOMAIN:
            return Records()
        found = [_record(record) for record in answer.rrset or ()]
        return Records([record for record in found if record is not None], max(0.0, answer.expiration - time.time()))


def _configured(nameservers: Sequence[Address]) -> dns.asyncresolver.Resolver:
    if not nameservers:
        try:
            return dns.asyncresolver.Resolver()
        except dns.resolver.NoResolverConfiguration:
            return dns.asyncresolver.Resolver(configure=False)  # numeric hosts and /etc/hosts still work
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in nameservers]
    return resolver


def _record(record: object) -> Naptr | Srv | str | None:
    match record:
        case NAPTR():
            service, flags = record.service.decode("ascii", "replace"), record.flags.decode("ascii", "replace")
            return Naptr(record.order, record.preference, flags, service, _name(record.replacement))
        case SRV():
            return Srv(record.priority, record.weight, record.port, _name(record.target))
        case A() | AAAA() if not _nowhere(record.address):
            return str(record.address)
    return None


def _nowhere(host: str) -> bool:
    """No server can be there: what is sent to 0.0.0.0 comes back to ourselves."""
    address = ipaddress.ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_multicast or address.is_unspecified or address == _BROADCAST or mapped is not None


def _name(name: dns.name.Name) -> str:
    """Without the dot at its end; the root stays one."""
    text = name.to_text(omit_final_dot=True)
    return text or "."
