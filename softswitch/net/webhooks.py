"""Events on their way to web services, signed as Standard Webhooks are: by HMAC-SHA256 over id, time and body.

    webhook-id: msg-5f0c...               the same at each try: who has seen it has nothing to do
    webhook-timestamp: 1790000000         Unix seconds of this try: an old one is no news
    webhook-signature: v1,K5oZf...=       base64 of the HMAC over "id.timestamp.body"

One try each; whether there is another is decided elsewhere. Where they go stands in the settings, which are held
against the hosts that are allowed; nobody is followed to another place.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import aiohttp

from softswitch.contact.outbox import Delivery
from softswitch.net.outgoing import Outgoing

PREFIX = "whsec_"  # before a secret that is base64
Done = Callable[[str, int, str], None]  # id, status (0: no answer), error


@dataclass(frozen=True, slots=True)
class Hook:
    url: str
    secret: str = field(repr=False)
    timeout_s: float = 5.0


def key(secret: str) -> bytes:
    """Raises ``ValueError`` where what follows ``whsec_`` is no base64."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"is not base64 after {PREFIX}") from error


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    digest = hmac.new(key(secret), f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


class WebhookPoster:
    """The driver's ``Poster`` port. ``on_done`` is called once for every ``post``, and never from within it."""

    def __init__(self, hooks: Mapping[str, Hook], on_done: Done) -> None:
        self._hooks = hooks
        self._on_done = on_done
        self._outgoing = Outgoing()

    def post(self, delivery: Delivery) -> None:
        self._outgoing.begin(self._post(delivery))

    async def close(self) -> None:
        await self._outgoing.close()

    async def _post(self, delivery: Delivery) -> None:
        hook, status, error = self._hooks[delivery.hook], 0, ""
        try:
            async with asyncio.timeout(hook.timeout_s):
                status = await self._exchange(hook, delivery)
        except TimeoutError:
            error = f"no answer within {hook.timeout_s:g} s"
        except (aiohttp.ClientError, ValueError, OSError) as failure:
            error = str(failure) or type(failure).__name__
        self._on_done(delivery.id, status, error)

    async def _exchange(self, hook: Hook, delivery: Delivery) -> int:
        body, timestamp = delivery.body.encode(), int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(hook.secret, delivery.id, timestamp, body),
        }
        async with self._outgoing.session.post(hook.url, data=body, headers=headers, allow_redirects=False) as response:
            return response.status  # what else it says is not read
