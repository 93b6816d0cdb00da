"""Wrap-up over HTTP: an agent asks for it while he talks, and has it last longer when it is there."""

from __future__ import annotations

from typing import Annotated

import msgspec
import structlog
from aiohttp import web

from softswitch.switch.view import AgentView, Control
from softswitch.web.body import read_body
from softswitch.web.oversight import agent_of
from softswitch.web.problem import ApiError

_LONGEST_S = 86400.0
_log = structlog.get_logger("softswitch.web")


class WrapUpBody(msgspec.Struct, forbid_unknown_fields=True):
    extend_s: Annotated[float, msgspec.Meta(gt=0, le=_LONGEST_S)] | None = None  # None: ask for it


async def wrap_up(control: Control, request: web.Request, who: str) -> AgentView:
    """Raises ``LookupError`` for an agent who is not there, ``ApiError`` 409 where there is nothing to wrap up."""
    body = await read_body(request, WrapUpBody, '{"extend_s": 30}')
    name = request.match_info["name"]
    if body.extend_s is None:
        if not control.ask_wrap_up(name):
            raise ApiError(409, f"{name} talks to nobody", "wrap-up is asked for during the conversation")
    elif not control.extend_wrap_up(name, body.extend_s):
        raise ApiError(409, f"{name} is not in wrap-up", "only one that is under way can be extended")
    _log.info("wrap_up_asked" if body.extend_s is None else "wrap_up_extended", agent=name, by=who)
    return agent_of(control, name)
