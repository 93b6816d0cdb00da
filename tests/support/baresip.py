"""baresip, the third SIP stack of the interop tests: registers, answers by itself, plays a wav, writes what it hears.

It runs without a sound card (its source is a file, its player a bridge that leads nowhere) and is steered over its
control port: netstrings of JSON.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support import ports, tone
from tests.support.process import Process

_CONFIG = """\
sip_listen {host}:{sip}
module_path {modules}
module g711.so
module g722.so
module l16.so
module opus.so
module srtp.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {host}:{control}
call_local_timeout 60
call_max_calls 4
audio_source aufile,{play}
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
audio_level no
ausrc_srate {rate}
auplay_srate {rate}
ausrc_channels 1
auplay_channels 1
rtp_ports {rtp_first}-{rtp_last}
rtcp_mux no
jitter_buffer_delay 2-6
snd_path {heard}
"""
_MODULES = ("/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules")


def _modules() -> str:
    return next((place for place in _MODULES if Path(place).is_dir()), _MODULES[0])


class Baresip:
    """One baresip process with one account."""

    def __init__(self, process: Process, user: str, directory: Path, claimed: range) -> None:
        self.process = process
        self.user = user
        self.directory = directory
        self.port = claimed[0]
        self._claimed = claimed
        self.events: list[dict[str, Any]] = []
        self._told = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    @classmethod
    async def start(
        cls,
        user: str,
        password: str,
        switch: tuple[str, int],
        directory: Path,
        play: Path,
        transport: str = "udp",
        ca: Path | None = None,
        codecs: str = "pcmu,pcma",
        ptime_ms: int = 20,
        mediaenc: str = "",
    ) -> Baresip:
        """``codecs`` in its own words and order, such as ``opus/48000/2,L16/16000/1``. ``ptime_ms``: of its packets,
        and of those that it wants. ``mediaenc``: "srtp-mand" of one whose calls all have keys."""
        binary = shutil.which("baresip")
        assert binary, "baresip is not installed"
        claimed = ports.claim(32)
        port, control, rtp = claimed[0], claimed[3], claimed[8:]  # the port after its SIP port it takes for TLS
        home = directory / f"baresip-{user}"
        heard = home / "heard"
        heard.mkdir(parents=True)
        places = {"host": ports.LOOPBACK, "sip": port, "control": control, "modules": _modules(), "play": play}
        places["rate"] = tone.read_wav(play)[1]
        config = _CONFIG.format(**places, heard=heard, rtp_first=rtp.start, rtp_last=rtp.stop - 1)
        if ca is not None:
            config += f"sip_cafile {ca}\n"
        (home / "config").write_text(config)
        account = f"<sip:{user}@{switch[0]}:{switch[1]};transport={transport}>"
        account += (
            f";auth_user={user};auth_pass={password};answermode=auto;regint=60;audio_codecs={codecs};ptime={ptime_ms}"
        )
        account += f";mediaenc={mediaenc}" if mediaenc else ""
        (home / "accounts").write_text(account + "\n")
        process = await Process.start([binary, "-f", home], home / "log", cwd=home)
        phone = cls(process, user, heard, claimed)
        await phone._connect(control)
        return phone

    async def __aenter__(self) -> Baresip:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _connect(self, control: int) -> None:
        async with asyncio.timeout(10):
            while True:
                try:
                    reader, self._writer = await asyncio.open_connection(ports.LOOPBACK, control)
                    break
                except ConnectionError:
                    assert self.process.running, self.process.tail()
                    await asyncio.sleep(0.05)
        self._reader = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while not reader.at_eof():
            try:
                size = int((await reader.readuntil(b":"))[:-1])
                event = json.loads((await reader.readexactly(size + 1))[:-1])
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            async with self._told:
                self.events.append(event)
                self._told.notify_all()

    async def until(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        try:
            async with asyncio.timeout(timeout_s), self._told:
                await self._told.wait_for(condition)
        except TimeoutError:
            told = "\n".join(json.dumps(event) for event in self.events)
            raise AssertionError(
                f"baresip: no {what} in {timeout_s} s; it told:\n{told}\n{self.process.tail()}"
            ) from None

    async def wait(self, kind: str, timeout_s: float = 10.0) -> dict[str, Any]:
        """The first event of this type, e.g. ``CALL_ESTABLISHED``, ``CALL_CLOSED``."""
        await self.until(lambda: any(event.get("type") == kind for event in self.events), timeout_s, kind)
        return next(event for event in self.events if event.get("type") == kind)

    async def registered(self, timeout_s: float = 10.0) -> None:
        """It may have registered before we could listen: then its own answer to a question says so."""

        def so() -> bool:
            types = [event.get("type") for event in self.events]
            return "REGISTER_OK" in types or any("OK" in str(e.get("data", "")) for e in self.events)

        await self.command("reginfo")
        await self.until(so, timeout_s, "registration")

    async def command(self, name: str, params: str = "") -> None:
        assert self._writer is not None
        body = json.dumps({"command": name, "params": params, "token": name}).encode()
        self._writer.write(b"%d:%s," % (len(body), body))
        await self._writer.drain()

    def closed(self) -> int:
        """How many calls are over."""
        return sum(event.get("type") == "CALL_CLOSED" for event in self.events)

    def heard(self) -> Path:
        """The recording of what it decoded in its last call."""
        return max(self.directory.glob("dump-*-dec.wav"))

    async def stop(self) -> None:
        if self._writer is not None:
            self._writer.close()
        await self.process.stop(grace_s=1.0)
        if self._reader is not None:
            await self._reader
        ports.release(self._claimed)
