"""Events on their way to a web service that is really there: how they are signed, and what a try comes to."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from softswitch.contact.outbox import Delivery
from softswitch.net.webhooks import Hook, WebhookPoster, key, signature

pytestmark = pytest.mark.real

SECRET = "whsec_" + base64.b64encode(b"a key of twenty-four oct").decode()
BODY = '{"type":"call.rated","data":{"score":7,"note":"好"}}'


@dataclass
class Service:
    """A web service that answers with ``status``, after ``wait_s``."""

    status: int = 204
    wait_s: float = 0.0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        await asyncio.sleep(self.wait_s)
        return web.Response(status=self.status, headers={"Location": "/elsewhere"} if self.status == 302 else {})


class Told:
    def __init__(self, hook: Hook) -> None:
        self.done: asyncio.Queue[tuple[str, int, str]] = asyncio.Queue()
        self.poster = WebhookPoster({"crm": hook}, lambda *outcome: self.done.put_nowait(outcome))

    async def post(self) -> tuple[str, int, str]:
        self.poster.post(Delivery("msg-1", "crm", "call.rated", "c-1", BODY, 0.0))
        return await asyncio.wait_for(self.done.get(), 5.0)


@pytest_asyncio.fixture
async def service() -> AsyncIterator[tuple[Service, str]]:
    service = Service()
    app = web.Application()
    app.router.add_post("/{path:.*}", service.handle)
    async with TestServer(app) as server:
        yield service, str(server.make_url("/hooks"))


async def test_it_is_signed_so_that_the_receiver_can_tell(service: tuple[Service, str]) -> None:
    there, url = service
    told = Told(Hook(url, SECRET))
    assert await told.post() == ("msg-1", 204, "")
    await told.poster.close()
    ((headers, body),) = there.got
    assert body == BODY.encode() and headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == "softswitch"
    assert headers["webhook-id"] == "msg-1" and abs(int(headers["webhook-timestamp"]) - time.time()) < 10
    signed = f"msg-1.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(b"a key of twenty-four oct", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(("status", "posts"), [(500, 1), (302, 1)])
async def test_another_answer_is_told_and_nobody_is_followed(
    service: tuple[Service, str], status: int, posts: int
) -> None:
    there, url = service
    there.status = status
    told = Told(Hook(url, SECRET))
    assert await told.post() == ("msg-1", status, "")
    await told.poster.close()
    assert len(there.got) == posts


async def test_a_service_that_does_not_answer_is_given_up_in_time(service: tuple[Service, str]) -> None:
    there, url = service
    there.wait_s = 3.0
    told = Told(Hook(url, SECRET, timeout_s=0.2))
    assert await told.post() == ("msg-1", 0, "no answer within 0.2 s")
    await told.poster.close()


async def test_one_that_is_not_there_is_an_error_and_no_exception() -> None:
    told = Told(Hook("http://127.0.0.1:9/hooks", SECRET))
    id, status, error = await told.post()
    await told.poster.close()
    assert (id, status) == ("msg-1", 0) and "127.0.0.1" in error


def test_a_secret_is_base64_after_whsec_or_any_text() -> None:
    assert key(SECRET) == b"a key of twenty-four oct" and key("plain words") == b"plain words"
    with pytest.raises(ValueError, match="is not base64"):
        key("whsec_!!")
    # printf 'msg-1.1.{}' | openssl dgst -sha256 -hmac secret -binary | base64
    assert signature("secret", "msg-1", 1, b"{}") == "v1,Joj/kgDDi10RnsAK2rZeYUQUUiax1MXgRpAEP5L4I+Q="
    # the example of the Standard Webhooks specification
    secret, id = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    signed = signature(secret, id, 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
