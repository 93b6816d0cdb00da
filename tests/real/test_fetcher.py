"""The http step's client against real servers: good ones, slow ones, and those that send what nobody should."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from softswitch.ivr.model import Fetch, Fetched
from softswitch.net.fetcher import HttpFetcher, Rule
from softswitch.net.outgoing import MAX_CONNECTIONS
from tests.support.certificates import Certificates

pytestmark = pytest.mark.real

MOST = 400_000  # bytes of an answer
JSON = {"Content-Type": "application/json"}
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    def __init__(self, port: int, allowed: list[tuple[str, int]]) -> None:
        self.answers: asyncio.Queue[tuple[int, Fetched]] = asyncio.Queue()
        self.port = port
        self.asked: list[web.Request] = []
        rule = Rule([*allowed, ("127.0.0.1", 0)], MOST, failures=3, rest_s=0.4)
        self.fetcher = HttpFetcher(rule, lambda contact, number, answer: self.answers.put_nowait((number, answer)))

    def at(self, path: str, host: str = "127.0.0.1") -> str:
        return path if path.startswith("http") else f"http://{host}:{self.port}{path}"

    async def ask(
        self, path: str, method: str = "GET", timeout_s: float = 3.0, tries: int = 1, **more: object
    ) -> Fetched:
        headers = tuple(dict(more.pop("headers", {})).items())  # type: ignore[call-overload]
        order = Fetch(method, self.at(path), headers, more.pop("json", None), timeout_s, tries=tries, **more)  # type: ignore[arg-type]
        self.fetcher.fetch("c", 7, order)
        number, answer = await asyncio.wait_for(self.answers.get(), 10)
        assert number == 7 and 0 <= answer.seconds < timeout_s + 1
        return answer


async def in_pieces(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers=JSON)
    await response.prepare(request)
    for piece in (b'{"name": ', b'"', b"x" * 300_000, b'"}'):
        await response.write(piece)
        await asyncio.sleep(0)
    return response


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers=JSON)
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        for _ in range(2 * MOST // 65536):
            await response.write(b" " * 65536)
    return response


async def bomb(_: web.Request) -> web.Response:
    """20 MB of nothing in 20 kB."""
    octets = gzip.compress(b'"' + b" " * 20_000_000 + b'"', 9)
    return web.Response(body=octets, headers=JSON | {"Content-Encoding": "gzip"})


async def half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers=JSON | {"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"name": "Li')
    assert request.transport is not None
    request.transport.abort()
    return response


async def slow(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError("never")


def said(text: str | bytes, kind: str = "application/json", status: int = 200) -> web.Response:
    return web.Response(body=text, status=status, content_type=kind)


def leads_to(request: web.Request) -> web.Response:
    return web.Response(status=int(request.query.get("status", 302)), headers={"Location": request.query["to"]})


async def told(request: web.Request) -> web.Response:
    """What was asked."""
    body = await request.text()
    return web.json_response({"method": request.method, "headers": dict(request.headers), "body": body})


ROUTES: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
    "/pieces": in_pieces, "/endless": endless, "/bomb": bomb, "/half": half, "/slow": slow, "/told": told,
}  # fmt: skip
SAID: dict[str, Callable[[], web.Response]] = {
    "/good": lambda: said('{"vip": true}'),
    "/packed": lambda: web.Response(
        body=gzip.compress(b'{"vip": true}'), headers=JSON | {"Content-Encoding": "gzip", "Set-Cookie": "who=Li"}
    ),
    "/bom": lambda: said(b'\xef\xbb\xbf{"vip": true}', "application/hal+json"),
    "/nothing": lambda: said("", status=204),
    "/unknown": lambda: said('{"error": "nobody"}', status=404),
    "/broken": lambda: said("oops", "text/plain", 500),
    "/busy": lambda: said("later", "text/plain", 503),
    "/nested": lambda: said("[" * 200_000),
    "/garbage": lambda: said(b"\x00\xff\xfe{]"),
    "/latin": lambda: said('{"name": "Jos\xe9"}'.encode("latin-1")),
    "/page": lambda: said("<h1>Please log in</h1>", "text/html"),
    "/words": lambda: said("gr\xfc\xdfe".encode("latin-1"), "text/plain; charset=latin-1".partition(";")[0]),
    "/keys": lambda: said(json.dumps({f"k{n}": n for n in range(10_000)})),
}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    app = web.Application()
    for path, handle in ROUTES.items():
        app.router.add_route("*", path, handle)

    async def simple(request: web.Request) -> web.StreamResponse:
        made.asked.append(request)
        return leads_to(request) if request.path == "/leads" else SAID[request.path]()

    for path in (*SAID, "/leads"):
        app.router.add_route("*", path, simple)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    made = Server(port, [("localhost", port)])
    yield made
    await made.fetcher.close()
    await runner.cleanup()


@contextlib.asynccontextmanager
async def raw(answer: Raw) -> AsyncIterator[int]:
    """A server that does as it likes; its port."""

    over = asyncio.Event()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await answer(reader, writer)
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        over.set()

    listening = await asyncio.start_server(served, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
        await asyncio.wait_for(over.wait(), 5)
    finally:
        listening.close()


# ---- what comes back ---------------------------------------------------------------------------------------------


async def test_an_answer_in_pieces_is_one_answer(server: Server) -> None:
    answer = await server.ask("/pieces")
    assert (answer.status, answer.error, answer.outcome) == (200, "", "2xx") and answer.body == {"name": "x" * 300_000}


@pytest.mark.parametrize("path", ["/good", "/packed", "/bom"])
async def test_json_is_a_document_however_it_is_sent(server: Server, path: str) -> None:
    assert (await server.ask(path)).body == {"vip": True}


async def test_a_status_is_told_and_its_page_is_not_read(server: Server) -> None:
    for path, status in (("/unknown", 404), ("/broken", 500), ("/busy", 503)):
        answer = await server.ask(path)
        assert (answer.status, answer.body, answer.error) == (status, None, "")
    assert (await server.ask("/garbage", expect="")).error == ""  # nobody wants to know
    assert (await server.ask("/words", expect="text")).body == "gr\ufffd\ufffde"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/endless", "larger than 400000 bytes"),
        ("/bomb", "larger than 400000 bytes"),
        ("/nested", "nested too deeply"),
        ("/garbage", "is not JSON"),
        ("/latin", "is not JSON"),
        ("/nothing", "is not JSON"),
        ("/page", "is text/html, not JSON"),
        ("/half", "broke off"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_an_error_that_says_why(server: Server, path: str, why: str) -> None:
    answer = await server.ask(path)
    assert answer.kind == "unusable" and why in answer.error and answer.body is None
    assert answer.status in (200, 204)


async def test_ten_thousand_keys_are_a_document(server: Server) -> None:
    assert len((await server.ask("/keys")).body) == 10_000


async def test_headers_without_end_are_an_error(server: Server) -> None:
    async def headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100_000):
            writer.write(f"X-{number}: {'x' * 100}\r\n".encode())
            await writer.drain()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        await reader.read()

    for answer, kind in ((headers, "unusable"), (trickle, "timeout"), (nonsense, "unusable")):
        async with raw(answer) as port:
            assert (await server.ask(f"http://127.0.0.1:{port}/", timeout_s=0.5)).kind == kind


@pytest.mark.parametrize("first", ["garbage", "HTTP/1.1 200 OK\r\nContent-Length: many", "HTTP/1.1 200 OK\r\nX: \0"])
async def test_what_is_wrong_with_an_answer_is_told_without_the_address(server: Server, first: str) -> None:
    """It may hold a key, or what the caller has pressed."""

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{first}\r\n\r\n".encode())
        await writer.drain()

    async with raw(nonsense) as port:
        answer = await server.ask(f"http://127.0.0.1:{port}/cards/4111?key=secret")
    assert answer.kind == "unusable" and f"127.0.0.1:{port}" in answer.error
    assert "4111" not in answer.error and "secret" not in answer.error


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("gb18030", b"\xc4\xe3", "你"),
        ("zlib", b"\xff", "\ufffd"),
        ("unicode_escape", b"\\ud800", "\\ud800"),
        ("nonsense", b"a", "a"),
    ],
)
async def test_a_text_is_one_whatever_its_encoding_is_called(
    server: Server, charset: str, octets: bytes, text: str
) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset={charset}\r\nContent-Length: {len(octets)}\r\n\r\n"

    async def words(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head.encode() + octets)
        await writer.drain()

    async with raw(words) as port:
        answer = await asyncio.wait_for(server.ask(f"http://127.0.0.1:{port}/", expect="text"), 5)
    assert (answer.status, answer.body) == (200, text)


async def test_no_answer_in_time_and_none_at_all(server: Server) -> None:
    slow = await server.ask("/slow", timeout_s=0.2)
    assert (slow.status, slow.kind) == (0, "timeout") and "no answer within 0.2 s" in slow.error and slow.seconds >= 0.2
    async with raw(lambda reader, writer: asyncio.sleep(0)) as port:
        cut = await server.ask(f"http://127.0.0.1:{port}/")
    assert cut.kind == "unreachable"
    gone = await server.ask(f"http://127.0.0.1:{port}/")  # nobody listens there any more
    assert (gone.status, gone.kind) == (0, "unreachable") and f"127.0.0.1:{port}" in gone.error


# ---- what is asked -----------------------------------------------------------------------------------------------


async def test_what_is_sent(server: Server) -> None:
    answer = await server.ask("/told", "PATCH", json={"n": 1, "名": [True]}, headers={"X-Call": "c1"})
    assert answer.body["method"] == "PATCH" and json.loads(answer.body["body"]) == {"n": 1, "名": [True]}
    headers = answer.body["headers"]
    assert headers["Content-Type"] == "application/json" and headers["Accept"] == "application/json"
    assert headers["X-Call"] == "c1" and headers["User-Agent"] == "softswitch"


async def test_nothing_is_kept_from_one_caller_for_the_next(server: Server) -> None:
    await server.ask("/packed")
    assert "Cookie" not in (await server.ask("/told")).body["headers"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.test/x",
        "http://127.0.0.1@example.test/x",
        "http://example.test#@127.0.0.1/x",
        "http://127.0.0.1.example.test/x",
        "http://2130706433/x",
        "http://localhost:1/x",  # the name is allowed, at another port
        "http:///x",
        "http://[::1/x",
        "ftp://127.0.0.1/x",
        "http://127.0.0.1:99999/x",
    ],
)
async def test_another_host_is_not_asked(server: Server, url: str) -> None:
    answer = await server.ask(url)
    assert (answer.status, answer.kind) == (0, "forbidden")


async def test_a_host_may_be_allowed_at_one_port(server: Server) -> None:
    assert (await server.ask(f"http://LOCALHOST:{server.port}/good")).body == {"vip": True}


async def test_a_redirect_leads_to_allowed_hosts_only(server: Server) -> None:
    assert (await server.ask("/leads?to=/good")).body == {"vip": True}
    elsewhere = await server.ask("/leads?to=http://169.254.169.254/latest")
    assert elsewhere.kind == "forbidden" and "169.254.169.254:80" in elsewhere.error
    assert (await server.ask("/leads?to=http://[::1")).kind == "forbidden"
    assert (await server.ask("/leads?to=/leads?to=%2Fleads%3Fto%3D%2Fgood")).body == {"vip": True}
    posted = await server.ask("/leads?to=/good", "POST", json={})
    assert posted.status == 302 and posted.body is None  # nothing is sent twice


async def test_a_redirect_without_end_is_an_error(server: Server) -> None:
    circle = "/leads?to=/leads%3Fto%3D%252Fleads%253Fto%253D%25252Fleads%25253Fto%25253D%2525252Fgood"
    asked = len(server.asked)
    answer = await server.ask(circle)
    assert answer.kind == "unusable" and "redirects" in answer.error and len(server.asked) - asked == 4


async def test_secrets_do_not_go_along_to_another_host(server: Server) -> None:
    headers = {"Authorization": "Bearer t", "X-Api-Key": "k", "Accept-Language": "zh"}
    there = f"http://localhost:{server.port}/told"
    sent = (await server.ask(f"/leads?to={there}", headers=headers)).body["headers"]
    assert not {"Authorization", "X-Api-Key"} & sent.keys() and sent["Accept-Language"] == "zh"
    assert (await server.ask("/leads?to=/told", headers=headers)).body["headers"]["Authorization"] == "Bearer t"


async def test_a_certificate_that_nobody_vouches_for_is_no_answer(server: Server, tmp_path: Path) -> None:
    shown = Certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.certificate, shown.private_key)
    listening = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    answer = await server.ask(f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/good")
    listening.close()
    assert answer.kind == "unreachable" and "certificate" in answer.error.lower()


# ---- once more, and not at all -------------------------------------------------------------------------------------


async def test_a_busy_server_is_asked_again(server: Server) -> None:
    answer = await server.ask("/busy", tries=3)
    assert answer.status == 503 and len(server.asked) == 3
    assert answer.seconds >= 0.3  # 0.1 s and then 0.2 s, with the jitter in the middle
    assert (await server.ask("/unknown", tries=3)).status == 404 and len(server.asked) == 4  # it has answered


async def test_all_tries_share_the_time(server: Server) -> None:
    answer = await server.ask("/busy", tries=5, timeout_s=0.25)
    assert answer.kind == "timeout" and len(server.asked) == 2


async def test_a_slow_host_takes_nothing_from_the_others(server: Server) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        await reader.read(1)

    async with raw(silent) as port:
        for _ in range(2 * MAX_CONNECTIONS + 50):
            server.fetcher.fetch("c", 7, Fetch("GET", f"http://127.0.0.1:{port}/", (), None, 1.0))
        await asyncio.sleep(0.2)
        server.fetcher.fetch("d", 8, Fetch("GET", server.at("/good"), (), None, 1.0))
        number, answer = await asyncio.wait_for(server.answers.get(), 10)
        assert (number, answer.status) == (8, 200)
        for _ in range(2 * MAX_CONNECTIONS + 50):
            number, answer = await asyncio.wait_for(server.answers.get(), 10)
            assert (number, answer.kind) == (7, "timeout")


async def test_a_host_that_does_not_answer_is_left_alone_for_a_while(server: Server) -> None:
    """It costs three callers their patience, and the next ones nothing."""
    for _ in range(3):
        assert (await server.ask("/slow", timeout_s=0.05)).kind == "timeout"
    spared = await server.ask("/good")
    assert spared.kind == "resting" and spared.seconds < 0.05 and not server.asked
    await asyncio.sleep(0.4)  # ``rest_s``; the clock is the loop's
    assert (await server.ask("/good")).status == 200
    assert (await server.ask("/good")).status == 200
