"""The control process: the only file that builds concrete things and ties them together."""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
import signal
import socket
import sys
import time
from pathlib import Path

import uvloop
from aiohttp import web

from softswitch.build import configuration, load_dialplans
from softswitch.core.errors import ConfigError
from softswitch.core.ids import Ids
from softswitch.log import configure, log_event
from softswitch.media.client import MediaClient
from softswitch.metrics import Metrics
from softswitch.net.fetcher import HttpFetcher
from softswitch.net.network import SipNetwork
from softswitch.settings import Settings, load
from softswitch.sip.flow import Address, Flow
from softswitch.sip.message import Message, ParseError
from softswitch.store.store import Store
from softswitch.supervisor import GIVE_UP, media_socket
from softswitch.switch.driver import Clock, Ports, Switch
from softswitch.switch.event import MediaRestarted
from softswitch.switch.ports import Arrived, FlowFailed, HttpDone, KeyHeard, Malformed, Played, Stored
from softswitch.switch.restart import Kept
from softswitch.web import make_app

log = logging.getLogger("softswitch.app")

GOODBYE_S = 0.3  # for BYEs to leave and be answered


class Control:
    """Everything that the control process consists of."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self._parts = {"sip": False, "media": False, "store": False}
        self._media_was_up = False
        self._timer: asyncio.TimerHandle | None = None
        self._switch: Switch
        self.network = SipNetwork(self._message, self._malformed, self._failed)
        self.fetcher = HttpFetcher(settings.http_step.allowed_hosts, self._fetched)
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Raises ``OSError`` (an address is taken) and ``ConfigError``."""
        settings = self.settings
        dialplans = load_dialplans(settings)
        if not dialplans.right:
            raise ConfigError(list(dialplans.problems))
        self.store = await Store.open(settings.store.url)
        self.store.on_stored = self._stored
        self.media = await MediaClient.start(
            media_socket(settings), settings.media.address, settings.media.ports, settings.paths.prompts,
            settings.paths.var / "speech", self._played, self._key, self._media_state,
        )  # fmt: skip
        listeners = [(one.transport, (one.host, one.port)) for one in settings.sip.listen]
        clock = Clock(time.monotonic, time.time() - time.monotonic())
        trunks = {
            name: await resolved(trunk.address.host, trunk.address.port) for name, trunk in settings.trunks.items()
        }
        built = configuration(settings, dialplans.plans, tuple(listeners), trunks, secrets.token_bytes(32))
        ports = Ports(self.network, self.media, self.store, self.fetcher)
        self._switch = Switch(built, ports, Ids(secrets.randbits), clock, self._rearm)
        self._switch.listen(self.metrics.observe)
        self._switch.listen(log_event)
        kept = Kept(await self.store.promises(open_only=True), await self.store.bindings(), await self.store.agents())
        self._switch.restore(kept)
        await self.network.listen(listeners)
        self._switch.control.parts = self._parts
        self._parts |= {"sip": True, "store": True}
        await self._serve_http()

    async def stop(self) -> None:
        """Say goodbye to every phone, keep what is to be kept."""
        for contact in list(self._switch.calls.contacts):
            self._switch.control.hang_up(contact)
        await asyncio.sleep(GOODBYE_S if self._switch.calls.legs else 0)
        if self._runner is not None:
            await self._runner.cleanup()
        await self.network.close()
        await self.fetcher.close()
        await self.media.shutdown()
        await self.store.close()

    # ---- what the world tells ----------------------------------------------------------------------------------

    def _message(self, message: Message, flow: Flow) -> None:
        self._switch.feed(Arrived(message, flow))

    def _malformed(self, error: ParseError, flow: Flow) -> None:
        self._switch.feed(Malformed(error, flow))

    def _failed(self, flow: Flow) -> None:
        self._switch.feed(FlowFailed(flow))

    def _played(self, stream: str, play: str, ok: bool) -> None:
        self._switch.feed(Played(stream, play, ok))

    def _key(self, stream: str, digit: str) -> None:
        self._switch.feed(KeyHeard(stream, digit))

    def _media_state(self, connected: bool) -> None:
        if connected and self._media_was_up:
            self._switch.publish(MediaRestarted())
        self._media_was_up = self._media_was_up or connected
        self._parts["media"] = connected

    def _stored(self, key: str, token: str, ok: bool) -> None:
        self._parts["store"] = self.store.healthy
        self._switch.feed(Stored(key, token, ok))

    def _fetched(self, contact: str, request: int, status: int, body: object, error: str) -> None:
        self._switch.feed(HttpDone(contact, request, status, body, error))

    def _rearm(self, deadline: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            delay = max(0.001, deadline - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._switch.tick)

    # ---- the face ----------------------------------------------------------------------------------------------

    async def _serve_http(self) -> None:
        app = make_app(
            self._switch.control,
            self.store,
            self.metrics,
            self.settings.http.tokens,
            self.media.stats,
            self.media.gauges,
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        host, port = self.settings.http.listen.host, self.settings.http.listen.port
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            raise OSError(f"cannot listen on http://{host}:{port}: {error.strerror}") from error

    def banner(self) -> str:
        """Where everything listens, for the person at the terminal."""
        settings = self.settings
        http = f"http://{settings.http.listen.host}:{settings.http.listen.port}"
        sip = ", ".join(str(one) for one in settings.sip.listen)
        phones = ", ".join(f"{name} ({user.name})" if user.name else name for name, user in settings.users.items())
        numbers = sorted(number for plan in self._switch.configuration.plans.values() for number in plan.numbers)
        return (
            f"softswitch is up\n  SIP      {sip}\n  HTTP     {http}/api/v1/calls\n  metrics  {http}/metrics\n"
            f"  phones   {phones}\n  numbers  {', '.join(numbers)}\n"
            f"  data     {settings.paths.var}"
        )


async def resolved(host: str, port: int) -> Address:
    """The numeric address of a trunk, looked up once at start. Raises ``OSError`` that names it."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise OSError(f"trunk address {host}: {error.strerror}") from error
    numeric = found[0][4]
    return str(numeric[0]), int(numeric[1])


async def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    control = Control(settings)
    await control.start()
    print(control.banner(), flush=True)
    await stop.wait()
    await control.stop()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="softswitch.app", description="the control process; see softswitch run")
    parser.add_argument("--config", type=Path, required=True)
    config_dir = parser.parse_args(arguments).config
    try:
        settings = load(config_dir)
        configure(settings.log.format, settings.log.level, settings.log.mask_numbers)
        uvloop.run(run(settings))
    except (ConfigError, OSError) as error:
        print(error, file=sys.stderr)
        return GIVE_UP
    return 0


if __name__ == "__main__":
    sys.exit(main())
