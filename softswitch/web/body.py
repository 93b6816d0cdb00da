"""What a request may carry, as typed structs; whatever else it carries is a 400 that says so."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, TypeVar

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from softswitch.core.yaml_nodes import did_you_mean
from softswitch.sip.page import MOST_BYTES
from softswitch.web.problem import ApiError

BODY_LIMIT_S = 10.0
# Printable and short: it ends in logs, tables and a metric label.
Reason = Annotated[str, msgspec.Meta(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]


class AgentStateBody(msgspec.Struct, forbid_unknown_fields=True):
    state: Literal["ready", "paused", "logged_out", "logged_in"]
    reason: Reason = ""


class WithdrawBody(msgspec.Struct, forbid_unknown_fields=True):
    why: Reason = ""


class RecordingBody(msgspec.Struct, forbid_unknown_fields=True):
    paused: bool
    reason: Reason = ""


class MessageBody(msgspec.Struct, forbid_unknown_fields=True):
    to: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_BYTES)]

    def __post_init__(self) -> None:
        if len(self.text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
            raise ValueError(f"text is longer than {MOST_BYTES} bytes")


B = TypeVar("B", bound=msgspec.Struct)


async def read_body(request: web.Request, kind: type[B], example: str) -> B:
    """The body as ``kind``; an empty one counts as ``{}``. Raises ``ApiError`` 400, 408 or 415."""
    raw = await _octets(request)
    if raw and request.content_type != "application/json":  # a foreign web page cannot send this type unasked
        raise ApiError(415, f"the body is {request.content_type}", "send Content-Type: application/json")
    try:
        return msgspec.json.decode(raw or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, f"the body cannot be used: {error}", f"for example {example}") from None


async def _octets(request: web.Request) -> bytes:
    """Raises ``ApiError`` where the peer does not send it, or not as it says."""
    try:
        async with asyncio.timeout(BODY_LIMIT_S):
            return await request.read()
    except TimeoutError:
        raise ApiError(408, "the body did not come", f"send it within {BODY_LIMIT_S:g} s") from None
    except (ConnectionError, HttpProcessingError, web.RequestPayloadError) as error:
        raise ApiError(400, f"the body cannot be read: {error}") from None


def number_of(request: web.Request, name: str, default: int, most: int) -> int:
    """A whole number from the query, 0 or more; above ``most`` it is ``most``. Raises ``ApiError`` 400."""
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ApiError(400, f"{name}={text!r} is not a whole number, 0 or more", f"for example {name}={default}")
    return min(int(text), most)


def expect_known(what: str, words: Iterable[str], known: Sequence[str]) -> None:
    """What is misspelt asks for nothing, and all would be shown, or none. Raises ``ApiError``."""
    for word in words:
        if word not in known:
            hint = did_you_mean(word, known).removeprefix("; ") or f"one of {', '.join(known)}"
            raise ApiError(400, f"there is no {what} {word!r}", hint)
