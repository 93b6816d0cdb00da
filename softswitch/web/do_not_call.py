"""The do-not-call list over HTTP: who is on it, and who adds or takes out whom.

Numbers may be written as people write them. What is no number is told with its reason, and the others are listed.
"""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec
import structlog
from aiohttp import web

from softswitch.switch.view import Control, DoNotCallDesk
from softswitch.web.body import Reason, number_of, read_body
from softswitch.web.problem import ApiError, json_response

MOST_AT_ONCE = 500
_EXAMPLE = '{"numbers": ["+8613800138000"], "why": "asked us not to call"}'
_log = structlog.get_logger("softswitch.web")
Written = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class ListBody(msgspec.Struct, forbid_unknown_fields=True):
    numbers: Annotated[list[Written], msgspec.Meta(min_length=1, max_length=MOST_AT_ONCE)]
    why: Reason = ""


class ListStore(Protocol):
    async def settled(self) -> None:
        """All that was ordered before is durable. Raises ``DatabaseAway``."""


class DoNotCall:
    """Handlers for routes."""

    def __init__(self, control: Control, store: ListStore) -> None:
        self._control = control
        self._store = store

    @property
    def _desk(self) -> DoNotCallDesk:
        return self._control.do_not_call()

    async def listed(self, request: web.Request, who: str) -> web.Response:
        """In the order in which they were listed; ``next`` is the ``after`` of the next page, "" behind the last."""
        after, limit = number_of(request, "after", 0, 10**9), number_of(request, "limit", 1000, 10_000)
        rows = self._desk.rows()
        page = rows[after : after + limit]
        following = str(after + limit) if limit and after + limit < len(rows) else ""
        return json_response(
            {"do_not_call": page, "total": len(rows), "in_file": self._desk.file_size, "next": following}
        )

    async def shown(self, request: web.Request, who: str) -> web.Response:
        """Is this number on a list?"""
        written = request.match_info["number"]
        number = self._desk.number(written)
        if not number.dial:
            raise ApiError(400, f"{written!r} is no number ({number.why})", "for example +8613800138000")
        told = {"number": number.dial, "listed": self._desk.get(written), "in_file": self._desk.in_file(written)}
        return json_response({"do_not_call": told})

    async def put(self, request: web.Request, who: str) -> web.Response:
        """Their open promises are withdrawn. What is answered outlives a crash; where it cannot be written it holds
        all the same, until one."""
        body = await read_body(request, ListBody, _EXAMPLE)
        wanted = self._desk.put(body.numbers, body.why, f"api {who}")
        added = list(dict.fromkeys(one.number for one in wanted if one.number and not one.known))
        refused = [{"number": one.presented, "why": one.why} for one in wanted if not one.number]
        _log.info("numbers_listed", count=len(added), by=who)
        await self._store.settled()
        known = len(wanted) - len(refused) - len(added)
        return json_response({"do_not_call": {"added": added, "known": known, "refused": refused}})

    async def delete(self, request: web.Request, who: str) -> web.Response:
        written = request.match_info["number"]
        try:
            row = self._desk.remove(written, f"api {who}")
        except LookupError as error:
            hint = "it is in the file of do_not_call; take it out there" if self._desk.in_file(written) else ""
            raise ApiError(404, str(error.args[0]), hint) from None
        _log.info("number_unlisted", by=who)
        await self._store.settled()
        return json_response({"do_not_call": {"removed": row.number, "in_file": self._desk.in_file(written)}})
