"""What the parties of many calls hear when a process dies: the longest gap in the RTP that each of them is sent.

``kill_media``: the media process is killed with SIGKILL under ``CALLS`` calls; the supervisor, which is the real one,
puts its spare in the place, and control's client says again what is wanted. ``cold`` is without a spare, and ``whole``
with SIP around it: the switch as it runs. ``adopt``: it is the client that goes, without a word, and another one adopts
its memory; there a new SSRC, a missing sequence number or a timestamp that jumps would be a gap as well, and is
counted. The telephones have a process of their own (``voices``). Control's own death is ``life_control``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from softswitch.media.allot import Ports
from softswitch.media.client import MediaClient, MediaListener
from softswitch.media.prompts import PromptStore
from softswitch.media.speech import find_engine
from softswitch.process import raise_file_limit
from softswitch.sdp.media import PCMU, Media
from softswitch.supervisor import MEDIA, SPARE_AFTER_S, Supervisor
from tests.bench import life_control
from tests.bench.life_control import Peers
from tests.bench.report import emit, spread
from tests.bench.voices import HOST, Heard, Voices
from tests.bench.wire import server
from tests.support.ports import claim, release
from tests.support.process import eventually

CALLS = 200
RUNS = 3
_SETTLED_S, _AFTER_S = 1.0, 3.0
_RTP_PORTS = 1024
_NEVER_S = 3600.0


class Plane:
    """A supervised media process, a client, and the two parties of each call."""

    def __init__(self, directory: Path, calls: int, spare_after_s: float) -> None:
        self.calls = calls
        self.socket = directory / "media.sock"
        self.voices = Voices(2 * calls)
        self._rtp = claim(_RTP_PORTS)
        self._directory = directory
        self.client: MediaClient
        self._supervisor = Supervisor(
            {"media": [*MEDIA, "--socket", str(self.socket), "--streams", "2048"]}, 2, spare_after_s
        )

    @classmethod
    @asynccontextmanager
    async def running(cls, directory: Path, calls: int, spare_after_s: float = SPARE_AFTER_S) -> AsyncIterator[Plane]:
        plane = cls(directory, calls, spare_after_s)
        supervising = asyncio.create_task(plane._supervisor.run())
        try:
            plane.client = plane.new_client()
            plane.client.begin()
            await plane.client.connected(20)
            yield plane
        finally:
            await plane.client.shutdown()
            plane.voices.end()
            plane._supervisor.stop()
            await supervising
            release(plane._rtp)

    def new_client(self) -> MediaClient:
        ports, nowhere = Ports(HOST, self._rtp.start, self._rtp.stop - 1), self._directory / "nothing"
        prompts = PromptStore(nowhere, nowhere, find_engine())
        return MediaClient(self.socket, ports, prompts, MediaListener(lambda *_: None, lambda *_: None))

    @property
    def streams(self) -> list[str]:
        return [f"s{number}" for number in range(2 * self.calls)]

    async def connect(self) -> None:
        """All calls, at a pace at which each is latched before its port is wanted for the next."""
        for number, stream in enumerate(self.streams):
            self.voices.send(number, self.client.open(stream))
            self.client.connect(stream, Media((HOST, self.voices.ports[number]), PCMU, 0, 101), HOST)
            self.client.join(f"r{number // 2}", stream)
            await asyncio.sleep(0.005)
        await asyncio.sleep(_SETTLED_S)

    async def spare_is_there(self) -> None:
        await asyncio.sleep(SPARE_AFTER_S + 1.5)

    def kill(self) -> None:
        pid = self._supervisor.pids["media"]
        os.kill(pid, signal.SIGKILL)

    async def adopt(self) -> None:
        """The client is gone, and a new one takes its place."""
        memory = self.client.memory(self.streams, [])
        await self.client.shutdown()
        await asyncio.sleep(0.3)
        self.client = self.new_client()
        self.client.adopt(memory)
        self.client.begin()
        await self.client.connected(5)


def gaps(heard: Sequence[Heard]) -> tuple[float, float]:
    """Median and longest of what each was without sound, seconds."""
    found = [one.gap_s for one in heard]
    return statistics.median(found), max(found)


async def kill_media(calls: int, with_spare: bool = True) -> list[Heard]:
    """``with_spare``: the supervisor has had the time to load one."""
    with tempfile.TemporaryDirectory() as directory:
        async with Plane.running(Path(directory), calls, SPARE_AFTER_S if with_spare else _NEVER_S) as plane:
            await plane.connect()
            if with_spare:
                await plane.spare_is_there()
            plane.voices.mark()
            plane.kill()
            await asyncio.sleep(_AFTER_S)
            return await asyncio.to_thread(plane.voices.report)


async def adoption(calls: int) -> list[Heard]:
    with tempfile.TemporaryDirectory() as directory:
        async with Plane.running(Path(directory), calls) as plane:
            await plane.connect()
            plane.voices.mark()
            await asyncio.sleep(0.5)
            await plane.adopt()
            await asyncio.sleep(1.0)
            return await asyncio.to_thread(plane.voices.report)


async def kill_media_whole(calls: int) -> list[Heard]:
    """The same of the whole switch, with SIP: each call is bridged by control."""
    with tempfile.TemporaryDirectory() as directory:
        async with server(Path(directory), calls=2000) as made:
            voices = Voices(4 * calls)  # where the machine is slow, calls are refused and tried again
            callers = await Peers.open(made.switch.trunk_port, made.switch.sip, voices, 0)
            called = await Peers.open(made.callee, made.switch.sip, voices, 2 * calls)
            try:
                for number in range(calls):
                    await callers.call(f"+86138{number:08}", "7000")
                await eventually(lambda: len(callers.up) == len(called.up) == calls, 10, "all talk")
                await asyncio.sleep(SPARE_AFTER_S)
                voices.mark()
                os.kill(made.media, signal.SIGKILL)
                await asyncio.sleep(_AFTER_S)
                all_heard = await asyncio.to_thread(voices.report)
                heard = [all_heard[number] for number in (*callers.voices, *called.voices)]
                for leg in callers.legs:
                    callers.hang_up(leg)
                    await asyncio.sleep(0.005)
                await eventually(lambda: not called.up, 20, "all have ended")
                return heard
            finally:
                voices.end()
                await callers.close()
                await called.close()


def tell(name: str, runs: Sequence[Sequence[Heard]], calls: int) -> None:
    medians, longest = zip(*map(gaps, runs), strict=True)
    breaks = [sum(one.breaks + one.jumps + (one.sources != 1) for one in run) for run in runs]
    extra = {"calls": calls, "breaks": max(breaks)}
    emit(f"life.{name}_gap_p50_ms", 1000 * statistics.median(medians), "ms", len(runs), spread(medians), **extra)
    emit(f"life.{name}_gap_max_ms", 1000 * max(longest), "ms", len(runs), spread(longest), **extra)


def main() -> None:
    raise_file_limit()
    tell("kill_media", [asyncio.run(kill_media(CALLS)) for _ in range(RUNS)], CALLS)
    tell("kill_media_whole", [asyncio.run(kill_media_whole(CALLS)) for _ in range(RUNS)], CALLS)
    tell("kill_media_cold", [asyncio.run(kill_media(CALLS, with_spare=False)) for _ in range(RUNS)], CALLS)
    tell("adopt", [asyncio.run(adoption(CALLS)) for _ in range(RUNS)], CALLS)
    life_control.main()


if __name__ == "__main__":
    main()
