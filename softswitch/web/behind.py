"""What callers left behind, over HTTP: results of surveys, events that web services have still to be told, messages."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Protocol

import structlog
from aiohttp import web

from softswitch.contact.survey import Given, results
from softswitch.core.units import seconds
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.switch.view import Control
from softswitch.web.body import number_of
from softswitch.web.problem import ApiError, json_response

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_log = structlog.get_logger("softswitch.web")


class Answers(Protocol):
    async def answers(self, survey: str, since: float) -> Sequence[Given]: ...


class Behind:
    def __init__(self, control: Control, reader: Answers) -> None:
        self._control = control
        self._reader = reader

    async def surveys(self, request: web.Request, who: str) -> web.Response:
        """Of all surveys, or of the one that is named; ``?since=7d`` (or Unix seconds), ``?by=agent``."""
        name = request.match_info.get("name", "")
        by_agent = _by_agent(request)
        found = results(await self._reader.answers(name, _since(request)), by_agent)
        if name and not found:
            known = {one.survey for one in await self._reader.answers("", 0.0)}
            if name not in known:
                near = did_you_mean(name, known).removeprefix("; ")
                raise ApiError(404, f"no survey {name!r} has an answer", near)
        return json_response({"surveys": found})

    async def webhooks(self, request: web.Request, who: str) -> web.Response:
        """Without what is told: that may be anything."""
        limit = number_of(request, "limit", 100, 10_000)
        return json_response({"webhooks": self._control.webhooks()[:limit]})

    async def retry(self, request: web.Request, who: str) -> web.Response:
        id = request.match_info["id"]
        try:
            self._control.retry_webhook(id)
        except LookupError:
            raise ApiError(404, f"no dead webhook {id!r}", "GET /api/v1/webhooks shows which there are") from None
        _log.info("webhook_retried", id=id, by=who)
        return json_response({"webhook": id, "waiting": True}, 202)

    async def delete(self, request: web.Request, who: str) -> web.Response:
        """A message, and its file once the store has forgotten it."""
        id = request.match_info["id"]
        try:
            self._control.delete_voicemail(id)
        except LookupError:
            near = did_you_mean(id, [one.id for one in self._control.voicemails()]).removeprefix("; ")
            raise ApiError(404, f"no voicemail {id!r}", near) from None
        _log.info("voicemail_deleted_by", voicemail=id, by=who)
        return json_response({"voicemail": id, "deleted": True}, 202)


def _by_agent(request: web.Request) -> bool:
    by = request.query.get("by", "")
    if by not in ("", "agent"):
        raise ApiError(400, f"by={by!r} is not understood", "by=agent, or nothing")
    return by == "agent"


def _since(request: web.Request) -> float:
    """Unix seconds: as they are, or as long ago as a duration says."""
    written = request.query.get("since", "0")
    try:
        return float(written) if written.replace(".", "", 1).isdigit() else time.time() - seconds(written)
    except ValueError:
        raise ApiError(400, f"since={written!r} is not understood", "for example since=7d, or Unix seconds") from None
