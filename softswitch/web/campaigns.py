"""Campaigns over HTTP: what has come of their lists, what stops them, pauses, imports, and dispositions of calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Protocol

import msgspec
import structlog
from aiohttp import web

from softswitch.callback.model import OPEN
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.store.campaign import Pause, Share
from softswitch.switch.campaign_view import CampaignDesk, CampaignView
from softswitch.switch.view import Control, Refused
from softswitch.web.body import read_body
from softswitch.web.importing import Importing, ImportStore
from softswitch.web.problem import ApiError, json_response

MOST_REFERENCE = 200
_OPEN = frozenset(state.value for state in OPEN)
_log = structlog.get_logger("softswitch.web")


class CampaignStore(ImportStore, Protocol):
    async def campaign_shares(self, name: str) -> Sequence[Share]: ...

    async def set_paused(self, pause: Pause, paused: bool) -> None: ...


class DispositionBody(msgspec.Struct, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class Campaigns:
    """Handlers for routes."""

    def __init__(self, control: Control, store: CampaignStore) -> None:
        self._control = control
        self._store = store
        self._importing = Importing(control, store)

    @property
    def _desk(self) -> CampaignDesk:
        return self._control.campaigns()

    async def listed(self, request: web.Request, who: str) -> web.Response:
        return json_response({"campaigns": [await self._told(view) for view in self._desk.views()]})

    async def shown(self, request: web.Request, who: str) -> web.Response:
        return json_response({"campaign": await self._told(self._view(request))})

    async def imported(self, request: web.Request, who: str) -> web.StreamResponse:
        """``consent``: reference, of rows without one; ``round``; ``encoding``; ``dry_run=1``."""
        name = self._view(request).campaign
        consent, round_ = _reference(request, "consent"), _reference(request, "round")
        return await self._importing.handle(request, self._desk.importing(name, consent, round_), who)

    async def pause(self, request: web.Request, who: str) -> web.Response:
        return await self._set(request, who, True)

    async def resume(self, request: web.Request, who: str) -> web.Response:
        return await self._set(request, who, False)

    async def dispose(self, request: web.Request, who: str) -> web.Response:
        body = await read_body(request, DispositionBody, '{"code": "sold"}')
        contact = request.match_info["id"]
        try:
            told = self._desk.dispose(contact, body.code, f"api {who}")
        except LookupError:
            hint = "GET /api/v1/calls lists those that go on; of those that are over the last are remembered"
            raise ApiError(404, f"no call {contact!r} in which customer and agent talked", hint) from None
        except Refused as refused:
            raise ApiError(409, str(refused), "GET /api/v1/campaigns lists the codes of each") from None
        _log.info("disposition_set", contact=contact, code=told.code, by=who)
        return json_response({"disposition": told}, 202)  # done once it is durable

    async def _set(self, request: web.Request, who: str, paused: bool) -> web.Response:
        """Written down first: what was answered outlives a crash."""
        name = self._view(request).campaign
        now, _ = self._control.promise_desk().moment()
        try:
            self._desk.may_pause(name, paused)
        except Refused as refused:
            raise ApiError(409, str(refused), "write `paused: false` there, and reload") from None
        await self._store.set_paused(Pause(name, f"api {who}", now), paused)
        self._desk.pause(name, paused, f"api {who}")
        _log.info("campaign_paused" if paused else "campaign_resumed", campaign=name, by=who)
        return json_response({"campaign": name, "paused": paused})

    def _view(self, request: web.Request) -> CampaignView:
        """Raises ``ApiError``."""
        name, views = request.match_info["name"], self._desk.views()
        found = next((view for view in views if view.campaign == name), None)
        if found is None:
            known = [view.campaign for view in views]
            raise ApiError(404, f"no campaign {name!r}", did_you_mean(name, known).removeprefix("; "))
        return found

    async def _told(self, view: CampaignView) -> dict[str, Any]:
        shares = await self._store.campaign_shares(view.campaign)
        counted = {
            part: _by(shares, part) for part in ("state", "outcome", "disposition")
        }  # fmt: skip
        total = sum(share.promises for share in shares)
        still = sum(share.promises for share in shares if share.state in _OPEN)
        attempts, kept = sum(share.attempts for share in shares), counted["state"].get("kept", 0)
        row = {name: getattr(view, name) for name in CampaignView.__slots__}
        return {
            **row,
            "state": "paused" if view.paused_by else "running" if still or not total else "finished",
            "promises": total,
            "open": still,
            "attempts": attempts,
            "connect_rate": kept / attempts if attempts else None,
            "abandon_rate": view.dropped / view.answered if view.answered else None,
            "by_state": counted["state"],
            "by_outcome": counted["outcome"],
            "by_disposition": counted["disposition"],
        }


def _by(shares: Sequence[Share], part: str) -> dict[str, int]:
    """What is empty is not counted."""
    counted: Counter[str] = Counter()
    for share in shares:
        counted[getattr(share, part)] += share.promises
    return {name: count for name, count in sorted(counted.items()) if name}


def _reference(request: web.Request, name: str) -> str:
    text = request.query.get(name, "")
    if len(text) > MOST_REFERENCE or not text.isprintable():
        raise ApiError(400, f"{name} is too long or not printable", f"{MOST_REFERENCE} characters at most")
    return text
