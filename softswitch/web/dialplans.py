"""Dialplans over HTTP: which ones work, which ways callers took in them, and that what was written is read again."""

from __future__ import annotations

import time
from typing import Protocol

import structlog
from aiohttp import web

from softswitch.core.errors import ConfigError
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.ivr.path import CallPath, Edge, summed
from softswitch.switch.dialplans import Busy, Outcome
from softswitch.switch.paths import HOUR_S
from softswitch.switch.view import Control
from softswitch.web.body import number_of
from softswitch.web.problem import ApiError, json_response

MOST_HOURS = 24 * 366
_log = structlog.get_logger("softswitch.web")


class Reload(Protocol):
    """What reads again what was written."""

    async def reload(self, by: str) -> Outcome:
        """Raises ``ConfigError`` or ``Busy``: then nothing has changed."""


class PathReader(Protocol):
    """What was stored of calls' ways through dialplans."""

    async def path(self, contact: str) -> CallPath | None: ...

    async def edges(self, plan: str, hour: int) -> list[Edge]:
        """From that hour (since 1970) on."""


class Dialplans:
    def __init__(self, control: Control, reader: PathReader, reload: Reload | None) -> None:
        self._control = control
        self._reader = reader
        self._reload = reload

    async def listed(self, request: web.Request, who: str) -> web.Response:
        return json_response({"dialplans": self._control.dialplans(), "configuration": self._control.version()})

    async def reloaded(self, request: web.Request, who: str) -> web.Response:
        """What has changed; 422 with every problem where something is wrong, and then all is as it was."""
        if self._reload is None:
            raise ApiError(501, "this switch has no files", "")
        _log.info("reload_asked", by=who)
        try:
            outcome = await self._reload.reload(who)
        except ConfigError as error:
            wrong = sum(problem.level == "error" for problem in error.problems)
            refusal = {
                "error": f"nothing was changed: {wrong} error(s) in what is written",
                "hint": "\n".join(str(problem) for problem in error.problems),
                "problems": error.problems,
            }
            return json_response(refusal, 422)
        except Busy as error:
            raise ApiError(409, str(error), "ask again in a moment") from None
        return json_response({"reload": outcome})

    async def path(self, request: web.Request, who: str) -> web.Response:
        """Of a call that goes on or has ended, by contact, leg or Call-ID."""
        name = request.match_info["id"]
        found = self._control.path(name) or await self._reader.path(name)
        if found is None and (contact := self._contact(name)) != name:
            found = self._control.path(contact) or await self._reader.path(contact)
        if found is None:
            raise ApiError(404, f"no path of a call {name!r} is kept", "see trace: in softswitch.yaml")
        return json_response({"path": found})

    def _contact(self, name: str) -> str:
        """Of a leg or a Call-ID."""
        try:
            return self._control.trace(name).contact
        except LookupError:
            return name

    async def edges(self, request: web.Request, who: str) -> web.Response:
        """How many callers left each step by which exit, in the hours before, the one that has begun with them."""
        name = request.match_info["name"]
        hours = max(1, number_of(request, "hours", 24, MOST_HOURS))
        stored = await self._reader.edges(name, int(time.time() // HOUR_S) - hours + 1)
        edges = summed([*stored, *self._control.edges(name)])
        known = [name for plan in self._control.dialplans() for name in (plan.dialplan, *plan.flows)]
        if not edges and name not in known:
            raise ApiError(404, f"no dialplan {name!r}", did_you_mean(name, known).removeprefix("; "))
        return json_response({"edges": edges})
