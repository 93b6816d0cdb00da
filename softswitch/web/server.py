"""The routes: which path reads what, or gives which command."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import structlog
from aiohttp import web

from softswitch import __version__
from softswitch.acd.model import AgentState
from softswitch.call.record import CallRecord
from softswitch.contact.survey import Given
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.ivr.path import CallPath, Edge
from softswitch.settings.system import Token
from softswitch.store.promises import Lying
from softswitch.store.story import StoryReader
from softswitch.switch.event import UnitFailed
from softswitch.switch.view import Control
from softswitch.web.access import Permission, require
from softswitch.web.behind import Behind
from softswitch.web.body import AgentStateBody, MessageBody, RecordingBody, number_of, read_body
from softswitch.web.campaigns import Campaigns, CampaignStore
from softswitch.web.census import Census
from softswitch.web.dialplans import Dialplans, Reload
from softswitch.web.do_not_call import DoNotCall, ListStore
from softswitch.web.draining import Drains, NodeReader
from softswitch.web.hours import Calendars
from softswitch.web.media import MediaPlane, MediaProcesses, NoMedia
from softswitch.web.oversight import Overseeing, agent_of, refusing
from softswitch.web.problem import ApiError, json_response, problem_middleware
from softswitch.web.promises import PromiseReader, Promises
from softswitch.web.standstill import PoolReader, Standstill
from softswitch.web.statistics import Figures, Statistics
from softswitch.web.supervise import Supervising
from softswitch.web.trace import CAPTURE_TYPE, captured, traced
from softswitch.web.why import Why
from softswitch.web.wrap_up import wrap_up

MAX_BODY_BYTES = 16 * 1024
IDLE_LIMIT_S = 30.0  # of a connection between two requests, and before the first
GOODBYE_LIMIT_S = 1.0  # at the end of the process, for a request that is under way; one may be half sent for ever
_LISTS = {  # by what something is called: the list of the running switch that has it, and the field with its name there
    "call": ("calls", "contact"), "agent": ("agents", "agent"),
    "ban of": ("bans", "source"), "voicemail": ("voicemails", "id"),
}  # fmt: skip
_OUTCOME_S = 45.0  # how long to wait for a phone; its transaction ends before that
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_log = structlog.get_logger("softswitch.web")


class StoreReader(CampaignStore, Figures, ListStore, PoolReader, NodeReader, PromiseReader, StoryReader, Protocol):
    """What was stored, newest first for calls, oldest first for events."""

    async def calls(self, limit: int) -> Sequence[CallRecord]: ...

    async def events(self, after: int, limit: int) -> Sequence[Any]: ...

    async def answers(self, survey: str, since: float) -> Sequence[Given]: ...

    async def path(self, contact: str) -> CallPath | None: ...

    async def edges(self, plan: str, hour: int) -> list[Edge]: ...


class MetricsPage(Protocol):
    """What the face next door (``softswitch.metrics``) offers; siblings do not import each other."""

    def observe(self, event: Any, at: float) -> None: ...

    def sample(self, control: Control) -> None: ...

    def elsewhere(self, lying: Sequence[Lying] | None, at: float) -> None: ...

    def media(
        self, counters: Mapping[str, float], gauges: Mapping[str, float], processes: Sequence[Any] = ()
    ) -> None: ...

    def render(self) -> bytes: ...


Handle = Callable[[web.Request, str], Awaitable[web.StreamResponse]]  # request, name of whoever asks


class Api:
    """One method per route."""

    def __init__(
        self,
        control: Control,
        reader: StoreReader,
        metrics: MetricsPage,
        media: MediaPlane,
        reload: Reload | None = None,
    ) -> None:
        self._control = control
        self._reader = reader
        self._metrics = metrics
        self._media = media
        self._processes = MediaProcesses(media)
        self._dialplans = Dialplans(control, reader, reload)

    def routes(self) -> list[tuple[str, str, Permission, Handle]]:
        """(method, path, permission, handler)."""
        live, records, command = Permission.LIVE, Permission.RECORDS, Permission.COMMAND
        calendars = Calendars(self._control)
        barring = DoNotCall(self._control, self._reader)
        behind = Behind(self._control, self._reader)
        overseeing = Overseeing(self._control)
        why = Why(self._control, self._reader)
        campaigns = Campaigns(self._control, self._reader)
        drains = Drains(self._control, self._reader)
        promises = Promises(self._control, self._reader)
        return [
            ("GET", "/healthz", Permission.OPEN, self.healthy),
            ("GET", "/readyz", Permission.OPEN, self.ready),
            ("GET", "/metrics", Permission.METRICS, self.metrics),
            ("GET", "/api/v1", Permission.OPEN, self.index),
            ("GET", "/api/v1/calls", live, self._list("calls")),
            ("GET", "/api/v1/calls/{id}/trace", Permission.TRACE, self.trace),
            ("GET", "/api/v1/dialplans", live, self._dialplans.listed),
            ("GET", "/api/v1/dialplans/{name}/edges", live, self._dialplans.edges),
            ("GET", "/api/v1/calls/{id}/path", Permission.TRACE, self._dialplans.path),
            ("POST", "/api/v1/reload", Permission.RELOAD, self._dialplans.reloaded),
            ("GET", "/api/v1/drain", live, drains.shown),
            ("POST", "/api/v1/drain", Permission.DRAIN, drains.order),
            ("DELETE", "/api/v1/drain", Permission.DRAIN, drains.take_back),
            ("GET", "/api/v1/agents", live, self._list("agents")),
            ("GET", "/api/v1/queues", live, self._list("queues")),
            ("GET", "/api/v1/registrations", live, self._list("registrations")),
            ("GET", "/api/v1/trunks", live, self._list("trunks")),
            ("GET", "/api/v1/calendars", live, calendars.listed),
            ("GET", "/api/v1/calendars/{name}", live, calendars.shown),
            ("POST", "/api/v1/calendars/{name}/override", command, calendars.override),
            ("DELETE", "/api/v1/calendars/{name}/overrides/{id}", command, calendars.take_back),
            ("GET", "/api/v1/do-not-call", records, barring.listed),
            ("GET", "/api/v1/do-not-call/{number}", records, barring.shown),
            ("PUT", "/api/v1/do-not-call", command, barring.put),
            ("DELETE", "/api/v1/do-not-call/{number}", command, barring.delete),
            ("GET", "/api/v1/bans", live, self._list("bans")),
            ("DELETE", "/api/v1/bans/{source:.+}", command, self.unban),
            ("GET", "/api/v1/media", live, self._processes.shown),
            ("POST", r"/api/v1/media/{process:[0-9]{1,3}}/drain", Permission.MEDIA, self._processes.drain),
            ("GET", "/api/v1/statistics", records, Statistics(self._control, self._reader).shown),
            ("GET", "/api/v1/promises", records, promises.listed),
            ("GET", "/api/v1/promises/why", live, Standstill(self._control, self._reader).told),
            ("GET", "/api/v1/promises/{id}", records, promises.shown),
            ("GET", "/api/v1/campaigns", records, campaigns.listed),
            ("GET", "/api/v1/campaigns/{name}", records, campaigns.shown),
            ("POST", "/api/v1/campaigns/{name}/import", command, campaigns.imported),
            ("POST", "/api/v1/campaigns/{name}/pause", command, campaigns.pause),
            ("POST", "/api/v1/campaigns/{name}/resume", command, campaigns.resume),
            ("POST", "/api/v1/calls/{id}/disposition", Permission.AGENT_STATE, campaigns.dispose),
            ("GET", "/api/v1/records", records, self.records),
            ("GET", "/api/v1/events", records, self.events),
            ("GET", "/api/v1/contacts/{id}/why", records, why.why),
            ("GET", "/api/v1/contacts/{id}/why-not/{agent}", records, why.why_not),
            ("GET", "/api/v1/voicemails", records, self._list("voicemails")),
            ("DELETE", "/api/v1/voicemails/{id}", command, behind.delete),
            ("GET", "/api/v1/surveys", records, behind.surveys),
            ("GET", "/api/v1/surveys/{name}", records, behind.surveys),
            ("GET", "/api/v1/webhooks", records, behind.webhooks),
            ("POST", "/api/v1/webhooks/{id}/retry", command, behind.retry),
            ("POST", "/api/v1/agents/{name}/state", Permission.AGENT_STATE, self.agent_state),
            (
                "POST",
                "/api/v1/agents/{name}/login",
                Permission.AGENT_STATE,
                self._of("agent", "name", overseeing.log_in),
            ),
            ("POST", "/api/v1/agents/{name}/force", Permission.SUPERVISE, self._of("agent", "name", overseeing.force)),
            ("POST", "/api/v1/contacts/{id}/move", Permission.SUPERVISE, self._of("call", "id", overseeing.move)),
            (
                "POST",
                "/api/v1/contacts/{id}/priority",
                Permission.SUPERVISE,
                self._of("call", "id", overseeing.reprioritise),
            ),
            ("POST", "/api/v1/agents/{name}/wrap-up", Permission.AGENT_STATE, self.wrap_up),
            ("POST", "/api/v1/promises/{id}/withdraw", command, promises.cancel),  # as it was called first
            ("POST", "/api/v1/promises/{id}/cancel", command, promises.cancel),
            ("POST", "/api/v1/promises/{id}/retry", command, promises.retry),
            ("POST", "/api/v1/promises/{id}/promote", command, promises.promote),
            ("DELETE", "/api/v1/calls/{id}", command, self.hang_up),
            ("POST", "/api/v1/calls/{id}/supervise", Permission.SUPERVISE, Supervising(self._control).handle),
            ("POST", "/api/v1/calls/{id}/recording", Permission.RECORDING, self.recording),
            ("POST", "/api/v1/voicemails/{id}/heard", command, self.heard),
            ("POST", "/api/v1/messages", command, self.message),
        ]

    # ---- reading -------------------------------------------------------------------------------------------------

    async def index(self, request: web.Request, who: str) -> web.Response:
        paths = [f"{method} {path}" for method, path, _, _ in self.routes()]
        return json_response({"version": __version__, "paths": paths})

    async def healthy(self, request: web.Request, who: str) -> web.Response:
        return json_response({"healthy": True})

    async def ready(self, request: web.Request, who: str) -> web.Response:
        parts, draining = self._control.ready(), self._control.draining().draining
        fit = all(parts.values()) and not draining
        return json_response({"ready": fit, "parts": parts, "draining": draining}, 200 if fit else 503)

    async def metrics(self, request: web.Request, who: str) -> web.Response:
        self._metrics.sample(self._control)
        self._metrics.media(self._media.stats(), self._media.gauges(), self._media.processes())
        return web.Response(body=self._metrics.render(), headers={"Content-Type": _METRICS_TYPE})

    def _list(self, what: str) -> Handle:
        async def handle(request: web.Request, who: str) -> web.Response:
            return json_response({what: getattr(self._control, what)()})

        return handle

    def _of(self, kind: str, key: str, handle: Handle) -> Handle:
        """The same, and a name that is not known is answered 404."""

        async def known(request: web.Request, who: str) -> web.StreamResponse:
            with self._known(kind, request.match_info[key]):
                return await handle(request, who)

        return known

    async def records(self, request: web.Request, who: str) -> web.Response:
        return json_response({"records": await self._reader.calls(number_of(request, "limit", 100, 10_000))})

    async def events(self, request: web.Request, who: str) -> web.Response:
        after, limit = number_of(request, "after", 0, 2**62), number_of(request, "limit", 100, 10_000)
        return json_response({"events": await self._reader.events(after, limit)})

    async def trace(self, request: web.Request, who: str) -> web.Response:
        """The messages of a call, by contact, leg or Call-ID; with ``?format=pcap`` as a capture file."""
        name = request.match_info["id"]
        with self._known("call", name):
            if request.query.get("format") == "pcap":
                return web.Response(body=captured(self._control.trace(name)), content_type=CAPTURE_TYPE)
            return json_response({"trace": traced(self._control, name)})

    @contextlib.contextmanager
    def _known(self, kind: str, name: str) -> Iterator[None]:
        """What the switch does not know by this name is answered 404, with the one that may have been meant."""
        try:
            yield
        except LookupError:
            listed, field = _LISTS.get(kind, ("", ""))
            known = [getattr(one, field) for one in getattr(self._control, listed)()] if listed else []
            raise ApiError(404, f"no {kind} {name!r}", did_you_mean(name, known).removeprefix("; ")) from None

    # ---- commands ------------------------------------------------------------------------------------------------

    async def agent_state(self, request: web.Request, who: str) -> web.Response:
        body = await read_body(request, AgentStateBody, '{"state": "paused", "reason": "lunch"}')
        name = request.match_info["name"]
        with self._known("agent", name), refusing():
            match body.state:
                case "ready":
                    self._control.set_ready(name)
                case "paused":
                    self._control.set_paused(name, body.reason or "paused")
                case "logged_in":
                    self._control.log_in(name, by=f"api {who}")
                case "logged_out":
                    self._control.log_out(name)
            agent = agent_of(self._control, name)
        if agent.state == AgentState.LOGGED_OUT.value and body.state in ("ready", "paused"):
            raise ApiError(409, f"{name} is logged out", "log the agent in first (state logged_in)")
        _log.info("agent_state_set", agent=name, state=body.state, by=who)
        return json_response(agent)

    async def wrap_up(self, request: web.Request, who: str) -> web.Response:
        with self._known("agent", request.match_info["name"]):
            return json_response(await wrap_up(self._control, request, who))

    async def unban(self, request: web.Request, who: str) -> web.Response:
        source = request.match_info["source"]
        with self._known("ban of", source):
            self._control.unban(source)
        _log.info("ban_lifted", source=source, by=who)
        return json_response({"source": source, "banned": False})

    async def hang_up(self, request: web.Request, who: str) -> web.Response:
        contact = request.match_info["id"]
        with self._known("call", contact):
            self._control.hang_up(contact)
        _log.info("call_ended", contact=contact, by=who)
        return json_response({"contact": contact, "ending": True}, 202)

    async def recording(self, request: web.Request, who: str) -> web.Response:
        """Pause it, while a card number is said, or let it go on."""
        body = await read_body(request, RecordingBody, '{"paused": true, "reason": "card number"}')
        contact = request.match_info["id"]
        with self._known("call", contact):
            recorded = self._control.pause_recording(contact, body.reason or f"by {who}" if body.paused else None)
        if not recorded:
            raise ApiError(409, f"{contact} is not being recorded", "see `record` of its queue, and whether they talk")
        _log.info("recording_paused" if body.paused else "recording_resumed", contact=contact, by=who)
        return json_response({"contact": contact, "paused": body.paused})

    async def heard(self, request: web.Request, who: str) -> web.Response:
        voicemail = request.match_info["id"]
        with self._known("voicemail", voicemail):
            self._control.voicemail_heard(voicemail)
        _log.info("voicemail_marked", voicemail=voicemail, by=who)
        return json_response({"voicemail": voicemail, "heard": True})

    async def message(self, request: web.Request, who: str) -> web.Response:
        """Answered when a phone has taken the text, or none has (SIP says within 32 s)."""
        body = await read_body(request, MessageBody, '{"to": "1001", "text": "call the customer back"}')
        outcome: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def done(status: int) -> None:
            if not outcome.done():  # nobody waits any more
                outcome.set_result(status)

        with self._known("user", body.to):
            self._control.send_text(body.to, body.text, done)
        _log.info("message_sent", to=body.to, by=who)
        try:
            status = await asyncio.wait_for(outcome, _OUTCOME_S)
        except TimeoutError:
            raise ApiError(504, "no phone has answered", "see whether it is delivered before you write again") from None
        return json_response({"to": body.to, "delivered": status == 200, "status": status})


def make_app(
    control: Control,
    reader: StoreReader,
    metrics: MetricsPage,
    tokens: Sequence[Token] = (),
    media: MediaPlane | None = None,
    reload: Reload | None = None,
) -> web.Application:
    """The application, to be served on ``settings.http.listen``."""

    def failed() -> None:
        metrics.observe(UnitFailed("http"), 0.0)

    defects = problem_middleware(failed)
    app = web.Application(middlewares=[defects], client_max_size=MAX_BODY_BYTES)
    app.on_response_prepare.append(_anonymous)
    app.cleanup_ctx.append(Census(control, reader, metrics.elsewhere, failed).keep)
    for method, path, permission, handle in Api(control, reader, metrics, media or NoMedia(), reload).routes():
        app.router.add_route(method, path, _guarded(handle, permission, tokens))
    return app


async def _anonymous(_: web.Request, response: web.StreamResponse) -> None:
    """Otherwise it would say which versions of Python and of its libraries run here."""
    response.headers["Server"] = "softswitch"


def make_runner(app: web.Application, idle_s: float = IDLE_LIMIT_S) -> web.AppRunner:
    """Who says nothing, or begins a request and goes no further, is let go after ``idle_s``."""
    return web.AppRunner(app, access_log=None, keepalive_timeout=idle_s, shutdown_timeout=GOODBYE_LIMIT_S)


def _guarded(
    handle: Handle, permission: Permission, tokens: Sequence[Token]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def guarded(request: web.Request) -> web.StreamResponse:
        return await handle(request, require(request, permission, tokens))

    return guarded
