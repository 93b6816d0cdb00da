"""The media processes over HTTP: what they do, and whether they take new calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
import structlog
from aiohttp import web

from softswitch.web.body import read_body
from softswitch.web.problem import ApiError, json_response

_log = structlog.get_logger("softswitch.web")


class MediaPlane(Protocol):
    """What is shown and ordered of it; ``softswitch.media.pool`` has one."""

    def stats(self) -> Mapping[str, float]: ...

    def gauges(self) -> Mapping[str, float]: ...

    def processes(self) -> Sequence[Any]: ...

    def drain(self, process: int, on: bool) -> None:
        """Raises ``LookupError``."""


class NoMedia:
    """For a face without a media plane."""

    def stats(self) -> Mapping[str, float]:
        return {}

    def gauges(self) -> Mapping[str, float]:
        return {}

    def processes(self) -> Sequence[Any]:
        return []

    def drain(self, process: int, on: bool) -> None:
        raise LookupError(f"no media process {process}")


class DrainBody(msgspec.Struct, forbid_unknown_fields=True):
    on: bool = True


class MediaProcesses:
    def __init__(self, plane: MediaPlane) -> None:
        self._plane = plane

    async def shown(self, request: web.Request, who: str) -> web.Response:
        return json_response({"media": self._plane.processes()})

    async def drain(self, request: web.Request, who: str) -> web.Response:
        """The path names a process by its number. Its calls go on; it gets no new ones, until it is told otherwise."""
        body = await read_body(request, DrainBody, '{"on": true}')
        process = int(request.match_info["process"])
        try:
            self._plane.drain(process, body.on)
        except LookupError as error:
            raise ApiError(404, str(error), "GET /api/v1/media lists them") from None
        _log.info("media_drained" if body.on else "media_taken_up", process=process, by=who)
        return json_response({"process": process, "draining": body.on})
