"""The real switch as its operator starts it: a configuration directory, a command, a process tree, an HTTP port.

Every port is free, every file lies under the test's own directory, the store too; so that many switches run side by
side. ``kill9`` takes the whole tree at once, ``restart`` starts the same configuration on the same store again.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.support import ports
from tests.support.process import Process, eventually
from tests.support.tone import tone_wav

ROOT = Path(__file__).parents[2]
RTP_PORTS = 800
HOLD_HZ = 1300  # the hold music is a tone, so that nobody takes a prompt for it
TRACEBACK = "Traceback (most recent call last)"

Tree = dict[str, Any]

CALLBACK: Tree = {
    "trunk": "carrier",
    "window": {"zone": "Asia/Shanghai", "hours": "00:00-24:00"},
    "retry": {"busy": "2s", "no_answer": "2s", "failed": "2s"},
    "max_attempts": 5,
    "ring": "3s",
}
SETTLE_S = 2.0
RING_S = 3.0  # of CALLBACK


def queue(skill: str, **options: Any) -> Tree:
    """A queue of agents who have ``skill``, with short timers."""
    return {
        "needs": [{"skill": skill, "level": 3}],
        "ring_timeout": "10s",
        "wrap_up": "1s",
        "announce": {"every": "30s", "position": True},
        "record": True,
        **options,
    }


def sample_users() -> Tree:
    return {str(number): {"password": f"sample-{number}", "name": f"Phone {number}"} for number in range(1001, 1005)}


def sample_agents() -> Tree:
    return {
        "alice": {"user": "1001", "skills": {"orders": 5}},
        "bob": {"user": "1002", "skills": {"service": 5}},
    }


def merged(base: Tree, over: Tree) -> Tree:
    """``over`` laid upon ``base``, mapping by mapping."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def descendants(pid: int) -> list[int]:
    """The process and all below it, children first."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += descendants(int(child))
    return [*found, pid]


def _alive(pid: int) -> bool:
    """A zombie, whom nobody has reaped yet, is dead."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


WEBHOOK_SECRET = "known to both sides"


class SwitchProcess:
    """A switch of one test. Options replace whole files; ``settings`` and ``trunks`` are laid over what is there."""

    def __init__(
        self,
        directory: Path,
        *,
        users: Tree | None = None,
        agents: Tree | None = None,
        queues: Tree | None = None,
        trunks: Tree | None = None,
        trunk_port: int | None = None,
        calendars: Tree | None = None,
        dialplans: Path = ROOT / "dialplans",
        settings: Tree | None = None,
        rtp_ports: int = RTP_PORTS,
    ) -> None:
        self.directory = directory
        self.host = ports.LOOPBACK
        self.sip_port = ports.free_port()
        self.http_port = ports.free_port()
        self.trunk_port = trunk_port or ports.free_port()
        self.config = directory / "config"
        self.log = directory / "switch.log"
        self.trust: ssl.SSLContext | None = None  # where HTTP is HTTPS
        self._process: Process | None = None
        self._http: aiohttp.ClientSession | None = None
        self._rtp = rtp = ports.claim(rtp_ports)
        trunk = {
            "address": f"{self.host}:{self.trunk_port}",
            "transport": "udp",
            "sources": [f"{self.host}:{self.trunk_port}"],
            "prefix": "9",
            "ring": "10s",
        }
        system = {
            "sip": {
                "listen": [f"{kind}:{self.host}:{self.sip_port}" for kind in ("udp", "tcp")],
                "realm": "softswitch",
            },
            "http": {"listen": f"{self.host}:{self.http_port}"},
            "media": {"address": self.host, "ports": f"{rtp.start}-{rtp.stop - 1}"},
            "store": {"url": "sqlite:///var/softswitch.db"},
            "paths": {
                "var": "var",
                "recordings": "var/recordings",
                "prompts": str(ROOT / "media/prompts"),
                "hold": "hold",
                "dialplans": str(dialplans),
            },
            "log": {"level": "info", "mask_numbers": False},
            "region": "CN",
            "language": "zh",
            "callbacks": {"settle": f"{SETTLE_S}s"},
            "webhooks": {"crm": {"url": f"http://{self.host}:9/hooks", "secret": WEBHOOK_SECRET}},  # nobody is there
        }
        tone_wav(directory / "hold" / "hold.wav", HOLD_HZ)
        self._write("softswitch", merged(system, settings or {}))
        self._write("users", {"users": users or sample_users()})
        self._write("agents", {"agents": agents or sample_agents()})
        default = {"orders": queue("orders", callback=CALLBACK), "service": queue("service", callback=CALLBACK)}
        self._write("queues", {"queues": queues or default})
        self._write("trunks", {"trunks": merged({"carrier": trunk}, trunks or {})})
        office = {"zone": "Asia/Shanghai", "open": {"mon-sun": ["00:00-24:00"]}}
        self._write("calendars", {"calendars": calendars or {"office": office}})

    def _write(self, name: str, content: Tree) -> None:
        self.config.mkdir(parents=True, exist_ok=True)
        (self.config / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))

    @property
    def sip(self) -> tuple[str, int]:
        return self.host, self.sip_port

    @property
    def process(self) -> Process:
        assert self._process is not None, "the switch was not started"
        return self._process

    # ---- life and death ------------------------------------------------------------------------------------------

    async def start(self, timeout_s: float = 30.0) -> SwitchProcess:
        argv = [sys.executable, "-m", "softswitch.cli.main", "run", "--config", str(self.config)]
        environment = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self._process = await Process.start(argv, self.log, cwd=self.directory, env=environment)
        self._http = self._http or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        try:
            await eventually(self._ready, timeout_s, "GET /readyz is 200", most_s=0.1)
        except AssertionError as error:
            await self.kill9()
            await self._hang_up_http()
            raise AssertionError(f"the switch did not become ready ({error}):\n{self.process.tail()}") from None
        return self

    async def becomes_ready(self, timeout_s: float = 20.0) -> None:
        """After one of its processes was killed."""
        await eventually(self._ready, timeout_s, "GET /readyz is 200")

    async def gone(self, pid: int, timeout_s: float = 5.0) -> None:
        """That process of the tree has ended."""

        async def so() -> bool:
            return not _alive(pid)

        await eventually(so, timeout_s, f"process {pid} has ended")

    async def _ready(self) -> bool:
        assert self.process.running, f"it ended with {self.process.returncode}"
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            status, _ = await self._request("GET", "/readyz")
            return status == 200
        return False

    async def kill9(self) -> None:
        """SIGKILL to supervisor, control and media at once: all are stopped first, so that none sees another die."""
        tree = descendants(self.process.pid)[::-1]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in tree:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        await self.process.kill()

    async def restart(self) -> SwitchProcess:
        if self.process.running:
            await self.stop()
        return await self.start()

    async def stop(self, timeout_s: float = 15.0) -> None:
        """SIGTERM, as a service manager does; the exit must be clean and nobody left behind."""
        if self._process is None or not self.process.running:
            return
        tree = descendants(self.process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGTERM)
        try:
            code = await self.process.wait(timeout_s)
        except TimeoutError:
            await self.kill9()
            raise AssertionError(f"the switch did not end in {timeout_s} s:\n{self.process.tail()}") from None
        assert code == 0, f"the switch ended with {code}:\n{self.process.tail()}"
        left = [pid for pid in tree if _alive(pid)]
        assert not left, f"left behind: {left}"

    async def __aenter__(self) -> SwitchProcess:
        return await self.start()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        try:
            if error is None:
                await self.stop()
                self.assert_no_traceback()
            elif self.process.running:
                await self.kill9()
                error.add_note(f"the end of the switch's log ({self.log}):\n{self.process.tail(80)}")
        finally:
            await self._hang_up_http()
            ports.release(self._rtp)

    async def _hang_up_http(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    def assert_no_traceback(self) -> None:
        text = self.process.text()
        at = text.find(TRACEBACK)
        assert at < 0, f"a traceback in the switch's log:\n{text[max(0, at - 500) : at + 4000]}"

    # ---- the HTTP API --------------------------------------------------------------------------------------------

    async def _request(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        assert self._http is not None
        url = f"{'https' if self.trust else 'http'}://{self.host}:{self.http_port}{path}"
        async with self._http.request(method, url, json=body, ssl=self.trust or True) as answer:
            return answer.status, await answer.text()

    async def api(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of the answer; a list comes as the only list of an object and is taken out of it."""
        status, text = await self._request(method, path, body)
        assert status < 300, f"{method} {path}: {status} {text[:500]}"
        value = json.loads(text)
        lists = [part for part in value.values() if isinstance(part, list)] if isinstance(value, dict) else []
        return lists[0] if len(lists) == 1 else value

    async def metrics(self) -> dict[str, float]:
        """Every sample of /metrics, by its name with labels."""
        _, text = await self._request("GET", "/metrics")
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    async def eventually(self, path: str, found: Callable[[Any], Any], timeout_s: float = 10.0, what: str = "") -> Any:
        """What ``found`` makes of ``GET path`` as soon as that is true."""
        last: Any = None

        async def probe() -> Any:
            nonlocal last
            last = await self.api("GET", path)
            return found(last)

        try:
            return await eventually(probe, timeout_s, what or path)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{path} is now: {last}") from None

    # ---- what tests say often ------------------------------------------------------------------------------------

    async def set_agent(self, agent: str, state: str, reason: str = "test") -> None:
        await self.api("POST", f"/api/v1/agents/{agent}/state", {"state": state, "reason": reason})

    async def agent_is(self, agent: str, state: str, timeout_s: float = 10.0) -> Tree:
        def so(agents: list[Tree]) -> Tree | None:
            return next((a for a in agents if a["agent"] == agent and a["state"] == state), None)

        return dict(await self.eventually("/api/v1/agents", so, timeout_s, f"{agent} is {state}"))

    async def agent_ready(self, agent: str, timeout_s: float = 10.0) -> None:
        """Log in and be ready; the phone must be reachable."""
        await self.set_agent(agent, "logged_in")
        await self.set_agent(agent, "ready")

        def so(agents: list[Tree]) -> bool:
            return any(a["agent"] == agent and a["state"] != "logged_out" and a["reachable"] for a in agents)

        await self.eventually("/api/v1/agents", so, timeout_s, f"{agent} logged in and reachable")

    async def promise_of(self, number: str, *states: str, timeout_s: float = 10.0) -> Tree:
        """The promise to call this number, once it is in one of these states and durable."""

        def so(promises: list[Tree]) -> Tree | None:
            return next((p for p in promises if p["number"] == number and p["state"] in states), None)

        return dict(await self.eventually("/api/v1/promises?all=1", so, timeout_s, f"promise to {number} {states}"))

    async def record_of(self, found: Callable[[Tree], bool], timeout_s: float = 10.0) -> Tree:
        """The newest call record for which ``found`` holds."""

        def so(records: list[Tree]) -> Tree | None:
            return max((r for r in records if found(r)), key=lambda r: r["started_at"], default=None)

        return dict(await self.eventually("/api/v1/records", so, timeout_s, "call record"))
