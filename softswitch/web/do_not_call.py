"""The do-not-call list over HTTP: who is on it, and who adds or takes out whom.

Numbers may be written as people write them. What is no number is told with its reason, and the others are listed.
"""

from __future__ import annotations

from typing import Annotated

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


class DoNotCall:
    """Handlers for routes."""

    def __init__(self, control: Control) -> None:
        self._control = control

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
        """Their open promises are withdrawn."""
        body = await read_body(request, ListBody, _EXAMPLE)
        wanted = self._desk.put(body.numbers, body.why, f"api {who}")
        added = list(dict.fromkeys(one.number for one in wanted if one.number and not one.known))
        refused = [{"number": one.presented, "why": one.why} for one in wanted if not one.number]
        _log.info("numbers_listed", count=len(added), by=who)
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
        return json_response({"do_not_call": {"removed": row.number, "in_file": self._desk.in_file(written)}})
