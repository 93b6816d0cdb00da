"""The control process: the only file that builds concrete things and ties them together."""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import random
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import uvloop
from aiohttp import web

from softswitch.build import configuration, listening_points, queue_log, speaking, websocket_point
from softswitch.call.press import Form
from softswitch.callback.model import LedgerInput
from softswitch.callback.node import NodeInput
from softswitch.core.errors import ConfigError
from softswitch.core.ids import Ids
from softswitch.entropy import pooled
from softswitch.ivr.model import Fetched
from softswitch.log import log_event
from softswitch.media.client import MediaListener
from softswitch.media.pool import MediaPool
from softswitch.media.watch import QUIET
from softswitch.metrics import Metrics
from softswitch.net.fetcher import HttpFetcher, Rule
from softswitch.net.homer import Homer
from softswitch.net.http import HttpListener
from softswitch.net.network import SipNetwork
from softswitch.net.resolver import DnsResolver, Done
from softswitch.net.tls import Tls, TlsFiles
from softswitch.net.upcalls import Upcalls
from softswitch.net.webhooks import Hook, WebhookPoster
from softswitch.net.websocket import WebSocketDoor
from softswitch.process import ClockWatch, boot_id, making_the_long_lived, raise_file_limit
from softswitch.reload import Beginning, Reloader, begin
from softswitch.retirement import Retirement
from softswitch.rtp.quality import Quality
from softswitch.settings import Settings
from softswitch.sip.flow import Flow, ListeningPoint
from softswitch.sip.hep import Agent
from softswitch.sip.locate import TRANSPORTS, Located
from softswitch.sip.message import Message, ParseError
from softswitch.storage import join_nodes, kept, open_store
from softswitch.store.journal import CallFile
from softswitch.store.trouble import DatabaseAway
from softswitch.supervisor import DRAINED, GIVE_UP, media_socket
from softswitch.switch.driver import Switch
from softswitch.switch.event import CertificateChanged, ConnectionEnded, MediaRestarted
from softswitch.switch.outcomes import RECORD
from softswitch.switch.pool_port import Shared
from softswitch.switch.ports import (
    Arrived,
    Clock,
    FlowFailed,
    HttpDone,
    Hushed,
    KeyHeard,
    Malformed,
    Measured,
    Noted,
    Played,
    Ports,
    Posted,
    Resolved,
    Stored,
    StreamLost,
    Unrecorded,
)
from softswitch.thaw import thaw
from softswitch.web import make_app, make_runner

log = logging.getLogger("softswitch.app")

MEASURE_S, CALM_S = 0.01, 0.05  # how often we look how busy we are, and while nothing waits: each look is a wake-up
TICK_S = 0.01
GOODBYE_S = 0.3  # for BYEs, and REGISTERs that end a registration, to leave and be answered
PROVEN_S = 2.0  # a process that lives as long does not die of the calls that it has taken over
FOLLOW_S = 1.0  # how often the files of certificates are looked at


class Control:
    """Everything that the control process consists of."""

    def __init__(self, beginning: Beginning, config_dir: Path) -> None:
        self._beginning = beginning
        self.settings = settings = beginning.settings
        self._config_dir = config_dir
        self.metrics = Metrics()
        self._listening = False
        self._media_lives = 0.0
        self._due: float | None = None  # when the timer is to go off, by the switch's clock
        self._timer: asyncio.TimerHandle | None = None
        self._measuring: asyncio.TimerHandle
        self._following: asyncio.TimerHandle
        self._switch: Switch
        tls, https = settings.sip.tls, settings.http.tls
        self._sip_tls = Tls(TlsFiles(**dict(tls)), partial(self._certificate, "sip")) if tls else None
        self._http_tls = Tls(TlsFiles(**dict(https)), partial(self._certificate, "http")) if https else None
        upcalls = Upcalls(self._message, self._malformed, self._failed, self._admits, self._shed, self._let_go)
        self.network = SipNetwork(upcalls, tls=self._sip_tls)
        self.fetcher = HttpFetcher(_fetch_rule(settings), self._fetched, random.random)
        hooks = {name: Hook(hook.url, hook.secret, hook.timeout) for name, hook in settings.webhooks.items()}
        self.poster = WebhookPoster(hooks, self._posted)
        self._homer: Homer | None = None
        self._http: HttpListener | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Raises ``OSError`` (an address is taken), ``DatabaseAway`` and ``ConfigError``."""
        settings, dialplans, shelf = self.settings, self._beginning.dialplans, self._beginning.shelf
        clock = Clock(time.monotonic, time.time() - time.monotonic(), boot_id())
        self._clock = ClockWatch(clock.epoch)
        self.store = await open_store(settings.store.url, settings.node)
        ours = await join_nodes(self.store, settings, clock)
        self.store.on_stored = self._stored
        self.store.forget_after(
            settings.trace.days, settings.statistics.days, settings.decisions.days, settings.events.days
        )
        listener = MediaListener(
            self._played, self._key, self._media_state, self._stream_lost, self._unrecorded, self._noted, self._measured
        )
        sockets = [media_socket(settings, number) for number in range(1, settings.media.processes + 1)]
        self.media = await MediaPool.start(
            sockets, settings.media.address, settings.media.ports, settings.paths.prompts,
            settings.paths.var / "speech", listener, settings.paths.recordings, speaking(settings),
        )  # fmt: skip
        listeners = listening_points(settings)
        built = configuration(settings, dialplans.plans, listeners, secrets.token_bytes(32))
        self.resolver = _resolver(settings, listeners, self._resolved)
        self.journal = CallFile(settings.paths.var / "calls.journal", spared=(RECORD,))
        ports = Ports(
            self.network, self.media, self.store, self.fetcher, self.resolver, self.journal, shelf, poster=self.poster,
            shared=self.store.shared,
        )  # fmt: skip
        self._switch = Switch(built, ports, Ids(pooled()), clock, self._rearm)
        problems = [*self._beginning.problems, *dialplans.problems]
        self.reloader = Reloader(self._config_dir, settings, self._switch, shelf, problems)
        for hears in (self.metrics.observe, log_event, *queue_log(settings, self._switch)):
            self._switch.listen(hears)
        await self._tell_homer()
        try:
            now, since = clock.monotonic() + clock.epoch, self._switch.figures.since
            left = await kept(self.store, settings, now, ours, self.journal.found, since)
            self._switch.restore(replace(left, away_s=self.journal.away_s, suspect=self.journal.suspect))
            self.retirement = Retirement(settings.paths.var, self._switch)
            self.store.shared.start(self._shared, self._taken)
            self.media.begin()
            await self.network.listen(listeners)
        except (DatabaseAway, OSError):
            self.journal.proven()  # it is none of its calls that ends this process
            raise
        self._listening = True
        self._switch.begin()
        asyncio.get_running_loop().call_later(PROVEN_S, self._prove)
        self._follow_certificates()
        self._measure(asyncio.get_running_loop().time())
        self._switch.control.parts = self._ready
        self._switch.control.lost = lambda: {
            "rows": self.store.dropped, "datagrams": self.network.drops, "hep": self._homer.drops if self._homer else 0,
            "journal": self.journal.lost + self._switch.journal.unkept,
        }  # fmt: skip
        await self._serve_http()

    async def stop(self) -> None:
        """Say goodbye to every phone, keep what is to be kept."""
        self._measuring.cancel()
        self._following.cancel()
        self.retirement.let_go()
        leaving = self._switch.end()
        await asyncio.sleep(GOODBYE_S if self._switch.calls.legs or leaving else 0)
        self._listening = False
        if self._http is not None:
            await self._http.close()
        if self._runner is not None:
            await self._runner.cleanup()
        await self.network.close()
        await self.fetcher.close()
        await self.poster.close()
        await self.resolver.close()
        await self.media.shutdown()
        await self.store.close()
        self.journal.close()
        if self._homer is not None:
            self._homer.close()

    async def _tell_homer(self) -> None:
        hep = self.settings.hep
        if hep.to is None:
            return
        try:
            self._homer = await Homer.open((hep.to.host, hep.to.port), Agent(hep.id, hep.key))
        except OSError as error:
            log.error("hep: %s cannot be told (%s); the switch goes on without", hep.to, error.strerror or error)
            return
        self._switch.wire.taps.append(self._homer.tell)

    # ---- what the world tells ----------------------------------------------------------------------------------

    def _shed(self, data: bytes, flow: Flow) -> bytes | None:
        return self._switch.signalling.skimmed(data, flow)

    def _admits(self, flow: Flow) -> bool:
        return self._switch.admits(flow)

    def _measure(self, due: float) -> None:
        """How late this came, and what waits in the sockets, is how busy we are."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._switch.measured(now - due, self.network.backlog)
        then = now + (CALM_S if self._switch.overload.calm else MEASURE_S)
        self._measuring = loop.call_at(then, self._measure, then)

    def _prove(self) -> None:
        if self._switch.offices.arrivals.left:
            asyncio.get_running_loop().call_later(PROVEN_S, self._prove)
        else:
            self.journal.proven()

    def _follow_certificates(self) -> None:
        self.journal.alive()
        for tls in (self._sip_tls, self._http_tls):
            if tls is not None:
                tls.follow()
        if ahead_s := self._clock.stepped():
            log.error("the clock was set: it is %+.0f s from ours; hours go by ours until the next start", ahead_s)
        self._following = asyncio.get_running_loop().call_later(FOLLOW_S, self._follow_certificates)

    def _certificate(self, of: str, ok: bool) -> None:
        self._switch.publish(CertificateChanged(of, ok))

    def _let_go(self, transport: str, reason: str) -> None:
        self._switch.publish(ConnectionEnded(transport, reason))

    def _message(self, message: Message, flow: Flow) -> None:
        self._switch.feed(Arrived(message, flow))

    def _malformed(self, error: ParseError, flow: Flow) -> None:
        self._switch.feed(Malformed(error, flow))

    def _failed(self, flow: Flow) -> None:
        if self._listening:  # who registered over a connection that we close at the end is still there
            self._switch.feed(FlowFailed(flow))

    def _played(self, stream: str, play: str, ok: bool) -> None:
        self._switch.feed(Played(stream, play, ok))

    def _key(self, stream: str, digit: str, form: Form) -> None:
        self._switch.feed(KeyHeard(stream, digit, form))

    def _unrecorded(self, recording: str, kind: str, why: str) -> None:
        self._switch.feed(Unrecorded(recording, kind, why))

    def _stream_lost(self, stream: str) -> None:
        self._switch.feed(StreamLost(stream))

    def _noted(self, stream: str, kind: str) -> None:
        self._switch.feed(Hushed(stream) if kind == QUIET else Noted(stream, kind))

    def _measured(self, stream: str, quality: Quality) -> None:
        self._switch.feed(Measured(stream, quality))

    def _media_state(self, connected: bool) -> None:
        lives = self.media.stats()["process_changes"] if connected and self._listening else 0.0
        if lives > self._media_lives:
            self._media_lives = lives
            self._switch.publish(MediaRestarted())

    def _ready(self) -> dict[str, bool]:
        return {"sip": self._listening, "media": self.media.takes_calls, "store": self.store.healthy}

    def _stored(self, key: str, token: str, ok: bool) -> None:
        self._switch.feed(Stored(key, token, ok))

    def _taken(self, key: str, token: str) -> None:
        self._switch.feed(Stored(key, token, False, taken=True))

    def _shared(self, event: NodeInput | LedgerInput) -> None:
        self._switch.feed(Shared(event))

    def _posted(self, id: str, status: int, error: str) -> None:
        self._switch.feed(Posted(id, status, error))

    def _fetched(self, contact: str, request: int, answer: Fetched) -> None:
        self._switch.feed(HttpDone(contact, request, answer))

    def _resolved(self, name: str, found: Located | None, error: str) -> None:
        self._switch.feed(Resolved(name, found, error))

    def _rearm(self, deadline: float | None) -> None:
        """A call has some ten deadlines, and hardly one is to the millisecond: those of one tick share a wake-up."""
        due = None if deadline is None else math.ceil(deadline / TICK_S) * TICK_S
        if due == self._due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due, self._timer = due, None
        if due is not None:
            delay = max(0.001, due - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._due = self._timer = None
        self._switch.tick()

    # ---- the face ----------------------------------------------------------------------------------------------

    async def _serve_http(self) -> None:
        control, tokens = self._switch.control, self.settings.http.tokens
        app = make_app(control, self.store, self.metrics, tokens, self.media, self.reloader)
        if (websocket := self.settings.sip.websocket) is not None:
            network, point = self.network, websocket_point(self.settings)
            door = WebSocketDoor(network.upcalls, network.connections, network.limits, point, websocket.origins)
            app.router.add_get(websocket.path, door.handle)
            app.on_shutdown.append(door.shut)
        self._runner = make_runner(app)
        await self._runner.setup()
        tls, network = self._http_tls, self.network
        context = None if tls is None else lambda: tls.server
        host, port = self.settings.http.listen.host, self.settings.http.listen.port
        try:
            assert self._runner.server is not None
            self._http = HttpListener((host, port), self._runner.server, network.upcalls, network.connections, context)
        except OSError as error:
            raise OSError(f"cannot listen on http://{host}:{port}: {error.strerror or error}") from error

    def banner(self) -> str:
        """Where everything listens, for the person at the terminal."""
        settings = self.settings
        http = f"http{'s' if settings.http.tls else ''}://{settings.http.listen.host}:{settings.http.listen.port}"
        sip = ", ".join(str(one) for one in settings.sip.listen)
        phones = ", ".join(f"{name} ({user.name})" if user.name else name for name, user in settings.users.items())
        numbers = sorted(number for plan in self._switch.dialplans.release.plans.values() for number in plan.numbers)
        return (
            f"softswitch is up\n  SIP      {sip}\n  HTTP     {http}/api/v1/calls\n  metrics  {http}/metrics\n"
            f"  phones   {phones}\n  numbers  {', '.join(numbers)}\n  data     {settings.paths.var}"
        )


def _fetch_rule(settings: Settings) -> Rule:
    step = settings.http_step
    hosts = [(host.host, host.port) for host in step.allowed_hosts]
    return Rule(hosts, step.most_bytes, step.rest.failures, step.rest.time)


def _resolver(settings: Settings, listeners: Sequence[ListeningPoint], on_done: Done) -> DnsResolver:
    """Only servers that one of our listeners can talk to are looked for."""
    transports = [transport for transport in TRANSPORTS if any(one.transport == transport for one in listeners)]
    nameservers = [(server.host, server.port or 53) for server in settings.dns.nameservers]
    families = {one.family for one in listeners}
    return DnsResolver(on_done, nameservers, settings.dns.timeout, transports, sorted(families))


async def run(beginning: Beginning, config_dir: Path) -> bool:
    """Until SIGTERM or SIGINT, or drained (True). At SIGHUP what is written is read again; one more meanwhile waits."""
    stop, hangup = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number, event in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, hangup)):
        loop.add_signal_handler(number, event.set)
    control = Control(beginning, config_dir)
    with making_the_long_lived():
        await control.start()
    print(control.banner(), flush=True)
    following = asyncio.create_task(control.reloader.follow(hangup, "SIGHUP"))
    drained = await control.retirement.due(stop)
    following.cancel()
    await control.stop()
    return drained


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="softswitch.app", description="the control process; see softswitch run")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--kept", type=Path, required=True, help="what was right last, where that is wrong")
    config_dir, kept = vars(parser.parse_args(arguments)).values()
    try:
        beginning = begin(config_dir, kept)
        raise_file_limit()
        thaw("softswitch")
        return DRAINED if uvloop.run(run(beginning, config_dir)) else 0
    except DatabaseAway as error:
        print(f"the database does not answer: {error}", file=sys.stderr)
        return 1  # the supervisor tries again
    except (ConfigError, OSError) as error:
        print(str(error) or repr(error), file=sys.stderr)
        return GIVE_UP


if __name__ == "__main__":
    sys.exit(main())
