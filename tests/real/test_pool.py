"""Two media processes as one plane: rooms, whispers and recordings reach across, and each of them dies alone."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from softswitch.audio import tone
from softswitch.core.errors import PortsExhausted
from softswitch.media.client import MediaListener
from softswitch.media.pool import MediaPool
from softswitch.media.ties import PREFIX
from softswitch.sdp.media import PCMU, Media
from tests.support.ports import claim, release
from tests.support.process import eventually
from tests.support.rtp_phone import RtpPhone

pytestmark = [pytest.mark.real, pytest.mark.alone]

HOST = "127.0.0.1"
CALLER_HZ, AGENT_HZ, BOSS_HZ = 440.0, 1000.0, 1700.0
CLEAR, FAINT = 0.1, 0.02


class Plane:
    """A pool over two processes; streams are placed at will by their group."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.sockets = [directory / f"media-{number}.sock" for number in (1, 2)]
        self.rtp = claim(256)
        self.processes = [self.start(number) for number in (1, 2)]
        self.told: list[str] = []
        self.pool: MediaPool

    def start(self, number: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "softswitch.media", "--socket", str(self.sockets[number - 1])]
        return subprocess.Popen([*command, "--log-level", "error"])

    async def make_pool(self) -> MediaPool:
        ports, nowhere = SimpleNamespace(first=self.rtp.start, last=self.rtp.stop - 1), self.directory / "nothing"
        listener = MediaListener(
            lambda *_: None,
            lambda *_: None,
            on_noted=lambda stream, kind: self.told.append(stream),
            on_measured=lambda stream, quality: self.told.append(stream),
        )
        self.pool = await MediaPool.start(self.sockets, HOST, ports, nowhere, nowhere, listener)
        return self.pool

    def open(self, stream: str, phone: RtpPhone, process: int) -> None:
        """In this process: the other one is drained meanwhile."""
        self.pool.drain(3 - process, True)
        phone.send_to = self.pool.open(stream)
        self.pool.drain(3 - process, False)
        self.pool.connect(stream, Media(phone.address, PCMU, 0, 101), HOST)

    def ties(self) -> int:
        return sum(view.streams for view in self.pool.processes()) - len(self.pool._place)


@pytest.fixture
async def plane(tmp_path: Path) -> AsyncIterator[Plane]:
    made = Plane(tmp_path)
    try:
        await eventually(lambda: all(socket.exists() for socket in made.sockets), 30, "both are loaded")
        (await made.make_pool()).begin()
        await made.pool.connected(10)
        yield made
        await made.pool.shutdown()
    finally:
        for process in made.processes:
            process.send_signal(signal.SIGTERM)
            process.wait()
        release(made.rtp)
    assert not [stream for stream in made.told if stream.startswith(PREFIX)]


async def hears(phone: RtpPhone, *hz: float) -> None:
    """These, and none of the others."""

    def right() -> bool:
        return all(
            phone.strength(one) > CLEAR if one in hz else phone.strength(one) < FAINT
            for one in (CALLER_HZ, AGENT_HZ, BOSS_HZ)
        )

    await eventually(right, 8, f"{phone.hz} hears {hz}")


async def test_a_room_a_whisper_a_recording_and_an_adoption_across_two_processes(plane: Plane) -> None:
    path = plane.directory / "call.wav"
    with RtpPhone(CALLER_HZ) as caller, RtpPhone(AGENT_HZ) as agent, RtpPhone(BOSS_HZ) as boss:
        for stream, phone, process in (("c", caller, 1), ("a", agent, 2), ("b", boss, 1)):
            plane.open(stream, phone, process)
        pool = plane.pool
        pool.join("r", "c")
        pool.join("r", "a")
        pool.record("rec", path, "c", "a")
        await asyncio.gather(hears(caller, AGENT_HZ), hears(agent, CALLER_HZ))
        assert plane.ties() == 2
        pool.join("r", "b", ("a",))
        await asyncio.gather(
            hears(caller, AGENT_HZ), hears(agent, CALLER_HZ, BOSS_HZ), hears(boss, CALLER_HZ, AGENT_HZ)
        )
        assert plane.ties() == 4
        memory = pool.memory(["c", "a", "b"], ["rec"])
        await pool.shutdown()
        pool = await plane.make_pool()
        pool.adopt(memory)
        pool.begin()
        await pool.connected(10)
        await asyncio.sleep(0.5)  # what is heard then was said after the adoption
        await asyncio.gather(
            hears(caller, AGENT_HZ), hears(agent, CALLER_HZ, BOSS_HZ), hears(boss, CALLER_HZ, AGENT_HZ)
        )
        assert plane.ties() == 4
        assert {view.streams for view in pool.processes()} == {4, 3}
        pool.leave("b")
        pool.leave("a")
        await asyncio.gather(hears(caller), hears(agent), hears(boss))
        assert plane.ties() == 2  # the recording's
        pool.stop_record("rec")
        assert plane.ties() == 0
        await eventually(lambda: path.with_suffix(".json").exists(), 5, "the recording is finished")
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)[: rate // 2 * 2]
    left, right = sound[rate // 2 :].T
    assert tone.strength(left, CALLER_HZ) > CLEAR > FAINT > tone.strength(left, AGENT_HZ)
    assert tone.strength(right, AGENT_HZ) > CLEAR > FAINT > tone.strength(right, CALLER_HZ)
    assert json.loads(path.with_suffix(".json").read_text())["state"] == "finished"


async def test_a_process_that_dies_is_no_matter_to_the_other(plane: Plane) -> None:
    with RtpPhone(CALLER_HZ) as caller, RtpPhone(AGENT_HZ) as agent, RtpPhone(BOSS_HZ) as boss:
        for stream, phone, process in (("c", caller, 1), ("a", agent, 2), ("b", boss, 1)):
            plane.open(stream, phone, process)
            plane.pool.join("r", stream)
        await asyncio.gather(hears(caller, AGENT_HZ, BOSS_HZ), hears(agent, CALLER_HZ, BOSS_HZ))
        plane.processes[1].kill()
        plane.processes[1].wait()
        await asyncio.gather(hears(caller, BOSS_HZ), hears(boss, CALLER_HZ))
        await eventually(lambda: plane.pool.gauges()["connected"] == 0, 5, "it is missed")
        assert [view.connected for view in plane.pool.processes()] == [True, False]
        assert plane.pool.takes_calls
        plane.processes[1] = plane.start(2)
        await asyncio.gather(hears(caller, AGENT_HZ, BOSS_HZ), hears(agent, CALLER_HZ, BOSS_HZ))
        assert plane.pool.stats()["process_changes"] == 1


async def test_what_is_drained_gets_no_new_calls_and_stays_so_for_the_next_control(plane: Plane) -> None:
    pool = plane.pool
    pool.open("leg-1")
    pool.group("leg-1", "c-1")
    pool.drain(1, True)
    with pytest.raises(LookupError, match="no media process 3; there are 1 to 2"):
        pool.drain(3, True)
    for stream in ("c-1.agent1.0", "leg-2", "c-2.agent1.0"):
        pool.open(stream)
    assert [view.streams for view in pool.processes()] == [2, 2]
    memory = pool.memory(["leg-1", "leg-2"], [])
    await pool.shutdown()
    pool = await plane.make_pool()
    pool.adopt(memory)
    pool.begin()
    await pool.connected(10)
    assert [view.draining for view in pool.processes()] == [True, False]
    pool.drain(2, True)
    assert not pool.takes_calls
    with pytest.raises(PortsExhausted):
        pool.open("leg-3")
    pool.drain(1, False)
    pool.open("leg-3")
    assert [view.streams for view in pool.processes()] == [2, 1]
