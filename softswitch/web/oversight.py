"""Agents' desks over HTTP, and what supervisors set: somebody else's state, the queue and priority of who waits."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
import structlog
from aiohttp import web

from softswitch.switch.view import AgentView, Control, Refused
from softswitch.web.body import Reason, read_body
from softswitch.web.problem import ApiError, json_response

MOST_PRIORITY_S = 86400.0 * 7
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_HINTS = {
    "no phone": 'POST /api/v1/agents/NAME/login with {"phone": "1003"}',
    "unknown phone": "GET /api/v1/registrations lists the phones that are there",
    "logged out": "log the agent in first",
    "not waiting": "GET /api/v1/calls lists who is queued",
    "unknown queue": "GET /api/v1/queues lists the queues",
}
_log = structlog.get_logger("softswitch.web")


class LoginBody(msgspec.Struct, forbid_unknown_fields=True):
    phone: Annotated[str, msgspec.Meta(max_length=64)] = ""  # a user; "": the agent's own, or where he sits
    ready: bool = True


class ForceBody(msgspec.Struct, forbid_unknown_fields=True):
    state: Literal["ready", "paused", "logged-out"]
    reason: Reason = ""


class MoveBody(msgspec.Struct, forbid_unknown_fields=True):
    queue: Word


class PriorityBody(msgspec.Struct, forbid_unknown_fields=True):
    priority_s: Annotated[float, msgspec.Meta(ge=-MOST_PRIORITY_S, le=MOST_PRIORITY_S)]


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """What makes sense, and is not carried out, is answered 409 and why."""
    try:
        yield
    except Refused as refused:
        raise ApiError(409, str(refused), _HINTS.get(refused.why, "")) from None


def agent_of(control: Control, name: str) -> AgentView:
    """Raises ``LookupError``, also for who was removed by a reload, and is gone with what was just asked for."""
    for agent in control.agents():
        if agent.agent == name:
            return agent
    raise LookupError(f"no such agent: {name}")


class Overseeing:
    """Handlers for routes; those of agents give the agent as he is then. An unknown name is a ``LookupError``."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def log_in(self, request: web.Request, who: str) -> web.Response:
        body = await read_body(request, LoginBody, '{"phone": "1003"}')
        name = request.match_info["name"]
        with refusing():
            self._control.log_in(name, body.ready, body.phone, f"api {who}")
        _log.info("agent_logged_in", agent=name, phone=body.phone, by=who)
        return json_response(agent_of(self._control, name))

    async def force(self, request: web.Request, who: str) -> web.Response:
        body = await read_body(request, ForceBody, '{"state": "paused", "reason": "meeting"}')
        name = request.match_info["name"]
        with refusing():
            self._control.force(name, body.state, body.reason, f"api {who}")
        return json_response(agent_of(self._control, name))

    async def move(self, request: web.Request, who: str) -> web.Response:
        body = await read_body(request, MoveBody, '{"queue": "service"}')
        contact = request.match_info["id"]
        with refusing():
            self._control.move(contact, body.queue, f"api {who}")
        return json_response({"contact": contact, "queue": body.queue})

    async def reprioritise(self, request: web.Request, who: str) -> web.Response:
        body = await read_body(request, PriorityBody, '{"priority_s": 60}')
        contact = request.match_info["id"]
        with refusing():
            self._control.reprioritise(contact, body.priority_s, f"api {who}")
        return json_response({"contact": contact, "priority_s": body.priority_s})
