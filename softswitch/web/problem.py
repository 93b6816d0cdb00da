"""Errors as JSON: ``{"error": what is wrong, "hint": what would be right}``, and never a traceback."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from softswitch.core.legible import to_json
from softswitch.store.trouble import DatabaseAway

_log = structlog.get_logger("softswitch.web")


class ApiError(Exception):
    """A request that cannot be served; ``hint`` says what would be right."""

    def __init__(self, status: int, error: str, hint: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.hint = hint
        self.headers = headers or {}


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Dataclasses and enums as they are; an endless time becomes null; anything else its text, legibly."""
    return web.Response(body=to_json(value), status=status, headers=headers, content_type="application/json")


def problem_middleware(on_defect: Callable[[], None]) -> Middleware:
    """Turn every error into JSON; ``on_defect`` counts those that are ours."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ApiError as error:
            return _rendered(error.status, error.error, error.hint, error.headers)
        except web.HTTPException as error:
            return _http_error(request, error)
        except DatabaseAway:  # which the log tells, and /readyz
            return _rendered(503, "the database is away, and this is kept there", "ask again when it is back", {})
        except Exception:  # one unit of work
            on_defect()
            _log.exception("request_failed", method=request.method, route=_route(request))
            if request.writer.output_size and request.transport is not None:
                request.transport.close()  # an answer has begun: whoever reads it would wait for its end
            return _rendered(500, "the switch made a mistake; its log has the details", "", {})

    return middleware


def _http_error(request: web.Request, error: web.HTTPException) -> web.Response:
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    hints = {404: "GET /api/v1 lists what there is", 405: f"allowed here: {error.headers.get('Allow', '')}"}
    return _rendered(
        error.status, f"{request.method} {request.path}: {error.reason}", hints.get(error.status, ""), headers
    )


def _rendered(status: int, error: str, hint: str, headers: dict[str, str]) -> web.Response:
    value = {"error": error, "hint": hint} if hint else {"error": error}
    return json_response(value, status, headers)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""
