"""Supervision over HTTP: have somebody listen to a call, whisper, barge in or take it over."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import structlog
from aiohttp import web

from softswitch.switch.view import Control, Refused
from softswitch.web.body import read_body
from softswitch.web.problem import ApiError, json_response

_EXAMPLE = '{"supervisor": "1004", "mode": "listen"}'
_FORBIDDEN = "not allowed"
_HINTS = {
    _FORBIDDEN: "see `supervises` of this user in users.yaml",
    "nobody talks": "GET /api/v1/calls lists who does",
    "unreachable": "GET /api/v1/registrations lists the phones",
    "not there": "let him listen first",
}
_log = structlog.get_logger("softswitch.web")


class SuperviseBody(msgspec.Struct, forbid_unknown_fields=True):
    supervisor: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    mode: Literal["listen", "whisper", "barge", "take-over"] = "listen"


class Supervising:
    def __init__(self, control: Control) -> None:
        self._control = control

    async def handle(self, request: web.Request, who: str) -> web.Response:
        """The path names a call, a user or an agent. Ring the supervisor, or change what he does there already."""
        body = await read_body(request, SuperviseBody, _EXAMPLE)
        target = request.match_info["id"]
        _log.info("supervision_asked", target=target, supervisor=body.supervisor, mode=body.mode, by=who)
        try:
            call = self._control.supervise(target, body.supervisor, body.mode, f"api {who}")
        except LookupError as error:
            raise ApiError(404, str(error.args[0]), "GET /api/v1/calls lists what there is") from None
        except Refused as refused:
            raise ApiError(
                403 if refused.why == _FORBIDDEN else 409, str(refused), _HINTS.get(refused.why, "")
            ) from None
        return json_response(call, 202)
