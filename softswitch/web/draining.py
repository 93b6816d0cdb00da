"""Taking the switch out of service over HTTP: order it, take it back, see who is left, and which other switches there
are on its database to take over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol

import msgspec
from aiohttp import web

from softswitch.store.node import Seen
from softswitch.store.trouble import DatabaseAway
from softswitch.switch.view import Control
from softswitch.web.body import read_body
from softswitch.web.oversight import refusing
from softswitch.web.problem import json_response

MOST_WITHIN_S = 7 * 86400.0


class DrainBody(msgspec.Struct, forbid_unknown_fields=True):
    within_s: Annotated[float, msgspec.Meta(gt=0, le=MOST_WITHIN_S)] | None = None


class NodeReader(Protocol):
    async def nodes(self) -> Sequence[Seen]: ...


class Drains:
    """Handlers for routes."""

    def __init__(self, control: Control, reader: NodeReader) -> None:
        self._control = control
        self._reader = reader

    async def shown(self, request: web.Request, who: str) -> web.Response:
        """With ``?nodes=1`` the nodes too, null while the database is away: who is left is to be seen all the same."""
        told: dict[str, object] = {"drain": self._control.draining()}
        if request.query.get("nodes") == "1":
            try:
                told["nodes"] = await self._reader.nodes()
            except DatabaseAway:
                told["nodes"] = None
        return json_response(told)

    async def order(self, request: web.Request, who: str) -> web.Response:
        body = await read_body(request, DrainBody, '{"within_s": 1800}')
        with refusing():
            return json_response({"drain": self._control.drain(body.within_s, f"api {who}")}, 202)

    async def take_back(self, request: web.Request, who: str) -> web.Response:
        with refusing():
            return json_response({"drain": self._control.take_back_drain(f"api {who}")})
