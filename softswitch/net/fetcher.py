"""HTTP requests of dialplans: allowed hosts only, bounded in time and size, and every end of them is an answer.

Who may be asked is decided by what is written in the address, the name and the port, before and after each redirect;
where a name leads is the business of whoever runs its DNS. Nothing is kept of one answer that another could see: no
cookies, no proxy of the environment.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from softswitch.core.legible import legible
from softswitch.ivr.model import Fetch, Fetched
from softswitch.net.breaker import Breaker
from softswitch.net.outgoing import Outgoing
from softswitch.sip.flow import Address

Done = Callable[[str, int, Fetched], None]  # contact, request, answer

MAX_REDIRECTS = 3
FIRST_PAUSE_S = 0.1  # before the second try; each further one waits twice as long
BUSY = frozenset({429, 502, 503, 504})  # answers of a server that may do better in a moment
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# How the encodings of texts begin by which the web is read.
_CHARSETS = (
    "utf-8",
    "utf-16",
    "utf-32",
    "ascii",
    "iso",
    "cp",
    "koi8",
    "gb",
    "big5",
    "shift_jis",
    "euc",
    "hz",
    "tis",
    "mac",
)
_FOR_ANYBODY = ("accept", "accept-language")  # the other headers are for the host that is named alone: keys, tokens
_log = logging.getLogger("softswitch.net")


@dataclass(frozen=True, slots=True)
class Rule:
    """What the configuration says."""

    allowed: Collection[Address]  # (host, port); port 0: any
    most_bytes: int = 256_000  # of an answer, unpacked
    failures: int = 5  # in a row, until a host rests; 0: it never does
    rest_s: float = 10.0


class _Unanswered(Exception):
    """There is no answer that can be used; ``kind`` as in ``Fetched``."""

    def __init__(self, kind: str, text: str, status: int = 0, again: bool = False) -> None:
        super().__init__(text)
        self.kind = kind
        self.status = status
        self.again = again  # another try may have better luck


class HttpFetcher:
    """The driver's ``Fetcher`` port. ``on_done`` is called once for every ``fetch``.

    ``jitter`` gives a number from 0 to 1, so that those who failed together do not come back together.
    """

    def __init__(self, rule: Rule, on_done: Done, jitter: Callable[[], float] = lambda: 0.5) -> None:
        self._rule = rule
        self._allowed = frozenset((host.lower(), port) for host, port in rule.allowed)
        self._on_done = on_done
        self._jitter = jitter
        self._breaker = Breaker(rule.failures, rule.rest_s)
        self._outgoing = Outgoing()

    def fetch(self, contact: str, request: int, order: Fetch) -> None:
        self._outgoing.begin(self._fetch(contact, request, order))

    async def close(self) -> None:
        await self._outgoing.close()

    async def _fetch(self, contact: str, request: int, order: Fetch) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        answer = await self._answer(order)
        self._on_done(contact, request, replace(answer, seconds=loop.time() - began))

    async def _answer(self, order: Fetch) -> Fetched:
        try:
            host = _host(self._permitted(order.url))
            if self._breaker.rests(host, asyncio.get_running_loop().time()):
                raise _Unanswered("resting", f"{host} has not answered lately and is left alone for a while")
            return await self._watched(host, order)
        except _Unanswered as failure:
            return Fetched(failure.status, None, str(failure), kind=failure.kind)

    async def _watched(self, host: str, order: Fetch) -> Fetched:
        """One order, with all its tries; the breaker hears whether anybody is there."""
        try:
            async with asyncio.timeout(order.timeout_s):
                answer = await self._tried(order)
        except TimeoutError:
            self._dead(host)
            raise _Unanswered("timeout", f"{host}: no answer within {order.timeout_s:.3g} s") from None
        except _Unanswered as failure:
            if failure.kind == "unreachable":
                self._dead(host)
            else:
                self._breaker.worked(host)
            raise
        self._breaker.worked(host)
        return answer

    def _dead(self, host: str) -> None:
        if self._breaker.failed(host, asyncio.get_running_loop().time()):
            _log.warning("http: %s does not answer; it is left alone for %g s", host, self._rule.rest_s)

    async def _tried(self, order: Fetch) -> Fetched:
        for again in range(1, order.tries):
            try:
                answer = await self._followed(order)
                if answer.status not in BUSY:
                    return answer
            except _Unanswered as failure:
                if not failure.again:
                    raise
            await asyncio.sleep(FIRST_PAUSE_S * 2 ** (again - 1) * (0.5 + self._jitter()))
        return await self._followed(order)

    # ---- one try -----------------------------------------------------------------------------------------------

    def _permitted(self, address: str | URL) -> URL:
        """Raises ``_Unanswered`` for what is not allowed."""
        try:
            url = URL(address)
            host, port = (url.raw_host or "").lower().removesuffix("."), url.port or 0
        except ValueError:
            raise _Unanswered("forbidden", "what is to be asked is not an http address") from None
        if url.scheme not in ("http", "https") or not host:
            raise _Unanswered("forbidden", "what is to be asked is not an http address")
        if not {(host, 0), (host, port)} & self._allowed:
            raise _Unanswered("forbidden", f"host {host}:{port} is not in http_step.allowed_hosts")
        return url

    async def _followed(self, order: Fetch) -> Fetched:
        """A redirect of a GET is followed, as far as it leads to allowed hosts; nothing else is sent twice."""
        url, headers = self._permitted(order.url), dict(order.headers)
        if order.expect == "json" and "accept" not in map(str.lower, headers):
            headers["Accept"] = "application/json"
        for _ in range(MAX_REDIRECTS + 1):
            answer, location = await self._asked(order, url, headers)
            if not location or order.method != "GET":
                return answer
            target = self._permitted(_joined(url, location))
            if url.scheme == "https" and target.scheme == "http":
                raise _Unanswered("forbidden", f"{_host(url)} redirects to an address without TLS", answer.status)
            if target.origin() != url.origin():
                headers = {name: value for name, value in headers.items() if name.lower() in _FOR_ANYBODY}
            url = target
        raise _Unanswered("unusable", f"more than {MAX_REDIRECTS} redirects", answer.status)

    async def _asked(self, order: Fetch, url: URL, headers: dict[str, str]) -> tuple[Fetched, str]:
        """The answer, and where it redirects to."""
        status = 0
        try:
            async with self._outgoing.session.request(
                order.method, url, headers=headers, data=_sent(order), allow_redirects=False
            ) as response:
                status = response.status
                if status in REDIRECTS:
                    return Fetched(status), response.headers.get("Location", "")
                if not order.expect or not 200 <= status < 300:
                    return Fetched(status), ""
                return Fetched(status, _read(order.expect, response, await self._octets(response))), ""
        except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError) as failure:
            kind = "unusable" if status else "unreachable"
            raise _Unanswered(kind, f"{_host(url)}: the answer broke off ({_said(failure)})", status, True) from None
        except (aiohttp.ClientConnectionError, OSError) as failure:
            raise _Unanswered("unreachable", f"{_host(url)}: {_said(failure)}", status, again=True) from None
        except (aiohttp.ClientError, ValueError) as failure:
            raise _Unanswered("unusable", f"{_host(url)}: {_said(failure)}", status) from None

    async def _octets(self, response: aiohttp.ClientResponse) -> bytes:
        most = self._rule.most_bytes
        data = bytearray()
        async for piece in response.content.iter_any():
            data += piece
            if len(data) > most:
                message = f"the answer is larger than {most} bytes (http_step.most_bytes)"
                raise _Unanswered("unusable", message, response.status)
        return bytes(data)


def _sent(order: Fetch) -> aiohttp.Payload | None:
    if order.json is None:
        return None
    return aiohttp.BytesPayload(msgspec.json.encode(order.json), content_type="application/json")


def _read(expect: str, response: aiohttp.ClientResponse, data: bytes) -> Any:
    """The body as what it was expected to be. Raises ``_Unanswered``."""
    kind = response.content_type
    if expect == "text":
        return legible(data.decode(_charset(response), errors="replace"))
    if kind != "application/json" and not kind.endswith("+json"):
        message = f"the answer is {kind}, not JSON; `expect: text` takes it as it is"
        raise _Unanswered("unusable", message, response.status)
    try:
        return msgspec.json.decode(data.removeprefix(codecs.BOM_UTF8))
    except (msgspec.MsgspecError, UnicodeDecodeError) as failure:
        raise _Unanswered("unusable", f"the answer is not JSON: {failure}", response.status) from None
    except RecursionError:
        raise _Unanswered("unusable", "the answer is nested too deeply", response.status) from None


def _charset(response: aiohttp.ClientResponse) -> str:
    """UTF-8 in place of what we do not know. Some of what Python calls a codec is none for texts, or may make of a text
    what is none: ``zlib``, ``unicode_escape``."""
    try:
        name = codecs.lookup(response.charset or "utf-8").name
    except LookupError:
        return "utf-8"
    return name if name.startswith(_CHARSETS) else "utf-8"


def _joined(url: URL, location: str) -> URL | str:
    try:
        return url.join(URL(location))
    except ValueError:
        return ""


def _host(url: URL) -> str:
    """For people, and for the breaker: never with what stands before it, which may be a password."""
    return f"{url.host}:{url.port}"


def _said(failure: BaseException) -> str:
    """For people: never with the address, which may hold a key, or what the caller has pressed."""
    text = failure.message if isinstance(failure, aiohttp.ClientResponseError) else str(failure)
    return text or type(failure).__name__
