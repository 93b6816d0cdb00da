"""The http step's client against a real server: pieces, sizes, forbidden hosts, and an answer for every request."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from softswitch.ivr.model import Fetch
from softswitch.net.fetcher import MAX_BODY, HttpFetcher

pytestmark = pytest.mark.real


class Server:
    def __init__(self, fetcher: HttpFetcher, answers: asyncio.Queue[tuple[int, Any, str]], port: int) -> None:
        self._fetcher, self._answers, self._port = fetcher, answers, port

    async def get(self, path: str, host: str = "127.0.0.1", timeout_s: float = 3.0) -> tuple[int, Any, str]:
        url = f"http://{host}:{self._port}{path}"
        self._fetcher.fetch("c", 1, Fetch("GET", url, (), None, timeout_s))
        return await asyncio.wait_for(self._answers.get(), 10)


async def in_pieces(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for piece in (b'{"name": ', b'"', b"x" * 300_000, b'"}'):
        await response.write(piece)
        await asyncio.sleep(0)
    return response


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        for _ in range(2 * MAX_BODY // 65536):
            await response.write(b"x" * 65536)
    return response


async def nested(_: web.Request) -> web.Response:
    return web.Response(text="[" * 200_000, content_type="application/json")


async def slow(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError("never")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    app = web.Application()
    for path, handle in (("/pieces", in_pieces), ("/endless", endless), ("/nested", nested), ("/slow", slow)):
        app.router.add_get(path, handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    answers: asyncio.Queue[tuple[int, Any, str]] = asyncio.Queue()
    fetcher = HttpFetcher(["127.0.0.1"], lambda contact, number, *answer: answers.put_nowait(answer))
    yield Server(fetcher, answers, runner.addresses[0][1])
    await fetcher.close()
    await runner.cleanup()


async def test_an_answer_in_pieces_is_one_answer(server: Server) -> None:
    status, body, error = await server.get("/pieces")
    assert (status, error) == (200, "") and body == {"name": "x" * 300_000}


@pytest.mark.parametrize(
    ("path", "said"), [("/endless", "larger than"), ("/nested", "recursion"), ("/slow", "no answer within")]
)
async def test_an_answer_that_cannot_be_used_is_an_error(server: Server, path: str, said: str) -> None:
    status, _, error = await server.get(path, timeout_s=0.5 if path == "/slow" else 5.0)
    assert status == 0 and said in error


async def test_another_host_is_not_asked(server: Server) -> None:
    status, _, error = await server.get("/pieces", host="localhost")
    assert status == 0 and "allowed_hosts" in error
