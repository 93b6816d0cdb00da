"""Opening hours over HTTP: what is open now, or at another moment, and to say otherwise for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
import structlog
from aiohttp import web

from softswitch.core.yaml_nodes import did_you_mean
from softswitch.ivr.moment import moment
from softswitch.switch.view import CalendarView, Control, Refused
from softswitch.web.body import Reason, read_body
from softswitch.web.problem import ApiError, json_response

_EXAMPLE = '{"open": false, "until": "14:00"}'
_log = structlog.get_logger("softswitch.web")
Moment = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class OverrideBody(msgspec.Struct, forbid_unknown_fields=True):
    open: bool
    until: Moment
    since: Moment = "now"
    note: Reason = ""


class Calendars:
    def __init__(self, control: Control) -> None:
        self._control = control

    async def listed(self, request: web.Request, who: str) -> web.Response:
        return json_response({"calendars": self._control.calendars()})

    async def shown(self, request: web.Request, who: str) -> web.Response:
        """Now, or with ``?at=2026-12-31T10:00`` at another moment, as the clock there shows it."""
        view = self._view(request)
        if "at" in request.query:
            view = self._control.calendar(view.calendar, _moment(request.query["at"], view))
        return json_response({"calendar": view})

    async def override(self, request: web.Request, who: str) -> web.Response:
        """Open or closed for a while, whatever the calendar says."""
        body = await read_body(request, OverrideBody, _EXAMPLE)
        view = self._view(request)
        since = _moment(body.since, view)
        until = _moment(body.until, view)
        try:
            override = self._control.override(
                view.calendar, body.open, since.timestamp(), until.timestamp(), body.note, f"api {who}"
            )
        except Refused as refused:
            raise ApiError(409, str(refused), "GET /api/v1/calendars shows what there is") from None
        _log.info("hours_overridden", calendar=view.calendar, override=override.id, open=body.open, by=who)
        return json_response({"override": override}, 201)

    async def take_back(self, request: web.Request, who: str) -> web.Response:
        view, id = self._view(request), request.match_info["id"]
        try:
            override = self._control.take_back_override(view.calendar, id, f"api {who}")
        except LookupError as error:
            known = [one.id for one in view.overrides]
            raise ApiError(404, str(error.args[0]), did_you_mean(id, known).removeprefix("; ")) from None
        _log.info("override_taken_back", calendar=view.calendar, override=id, by=who)
        return json_response({"override": override})

    def _view(self, request: web.Request) -> CalendarView:
        name = request.match_info["name"]
        try:
            return self._control.calendar(name)
        except LookupError:
            known = [one.calendar for one in self._control.calendars()]
            raise ApiError(404, f"no calendar {name!r}", did_you_mean(name, known).removeprefix("; ")) from None


def _moment(text: str, view: CalendarView) -> datetime:
    try:
        return moment(text, datetime.fromisoformat(view.at), view.zone)
    except (ValueError, OverflowError) as error:
        raise ApiError(400, str(error), "as the clock in the calendar's zone shows it") from None
