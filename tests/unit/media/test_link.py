"""When a process counts as hung: it is silent while we listen. Seconds are made short here."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from softswitch.media import hung, link
from softswitch.media import protocol as p
from tests.support.process import eventually

SECOND = 0.05


@dataclass
class Peer:
    """Plays the process; ``hangs``: reads, and says nothing more, until it is ended."""

    hangs: bool = False
    asked: int = 0
    ended: list[int] = field(default_factory=list)
    ups: int = 0
    told: list[p.Command] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = p.Frames()
        while octets := await reader.read(65536):
            for command in frames.commands(octets):
                self.told.append(command)
                self.asked += isinstance(command, p.AskStats)
                if not self.hangs:
                    hello = isinstance(command, p.Hello)
                    writer.write(p.pack(p.Welcome(p.VERSION, "life") if hello else p.Stats({}, {})))
        writer.close()

    def end(self, pid: int) -> None:
        self.ended.append(pid)
        self.hangs = False

    def up(self, welcome: p.Welcome) -> None:
        self.ups += 1

    def down(self) -> None:
        pass

    def event(self, event: p.Event) -> None:
        pass


@pytest.fixture
async def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Peer]:
    peer = Peer()
    monkeypatch.setattr(link, "ASK_S", SECOND)
    monkeypatch.setattr(hung, "end", peer.end)
    server = await asyncio.start_unix_server(peer.serve, str(tmp_path / "s"))
    running = asyncio.create_task(link.Link(tmp_path / "s", peer).run())
    await eventually(lambda: peer.ups, 5, "a connection")
    yield peer
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    server.close()


async def test_who_is_silent_is_ended_by_the_pid_that_the_kernel_names(peer: Peer) -> None:
    peer.hangs = True
    await eventually(lambda: peer.ups == 2, 5, "another connection")
    assert peer.ended == [os.getpid()]


async def test_a_control_that_was_away_itself_ends_nobody(peer: Peer) -> None:
    for _ in range(3):
        asked = peer.asked
        time.sleep(20 * SECOND)  # noqa: ASYNC251 (this is the case: nothing of control runs)
        await eventually(lambda asked=asked: peer.asked >= asked + 2, 5, "life goes on")
    assert peer.ended == []
    assert peer.ups == 1


async def test_what_came_in_the_turn_in_which_the_last_wait_ends_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "ASK_S", SECOND)
    reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
    loop.call_later(2.2 * SECOND, time.sleep, 2 * SECOND)  # control is busy
    loop.call_later(2.5 * SECOND, reader.feed_data, b"here I am")
    assert await link.Link(Path("nowhere"), Peer())._read(reader) == b"here I am"


@pytest.mark.parametrize("pid", [0, -1, os.getpid()], ids=["group", "all", "ourselves"])
def test_neither_a_group_nor_ourselves_are_killed(
    pid: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("killed"))
    hung.end(pid)
    assert "cannot be ended" in caplog.text


def test_a_process_that_is_gone_already_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(*_: int) -> None:
        raise ProcessLookupError(3, "No such process")

    monkeypatch.setattr(os, "kill", gone)
    hung.end(2**22 + 1)
    assert "No such process" in caplog.text


def test_the_process_behind_a_pair_is_ourselves() -> None:
    left, right = socket.socketpair(socket.AF_UNIX)
    with left, right:
        assert hung.process_behind(left) == os.getpid()


async def test_what_is_said_in_one_turn_goes_out_in_one_piece() -> None:
    written: list[bytes] = []

    class Writer:
        def is_closing(self) -> bool:
            return False

        def write(self, octets: bytes) -> None:
            written.append(octets)

    one = link.Link(Path("nowhere"), Peer())
    one.send(p.Close("lost"))  # nobody is there
    one._writer = Writer()  # type: ignore[assignment]
    one.send(p.Close("a"))
    one.send(p.Close("b"))
    assert written == []
    await asyncio.sleep(0)
    assert written == [p.pack(p.Close("a")) + p.pack(p.Close("b"))]


async def test_what_is_said_in_the_turn_in_which_control_ends_is_told(tmp_path: Path) -> None:
    peer = Peer()
    server = await asyncio.start_unix_server(peer.serve, str(tmp_path / "s"))
    one = link.Link(tmp_path / "s", peer)
    running = asyncio.create_task(one.run())
    await eventually(lambda: peer.ups, 5, "a connection")
    running.cancel()  # it wakes up before anything that is put off from now on
    one.send(p.Drain(True))
    await asyncio.gather(running, return_exceptions=True)
    await eventually(lambda: p.Drain(True) in peer.told, 5, "the last word")
    server.close()


def test_what_is_said_in_the_turn_in_which_the_connection_is_lost_is_no_error(tmp_path: Path) -> None:
    """As where the process is killed: control's loop closes the transport before the link hears of it."""

    async def lost() -> list[object]:
        errors: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        peer = Peer()
        server = await asyncio.start_unix_server(peer.serve, str(tmp_path / "s"))
        one = link.Link(tmp_path / "s", peer)
        running = asyncio.create_task(one.run())
        await eventually(lambda: peer.ups, 5, "a connection")
        assert one._writer is not None
        one._writer.transport.abort()
        one.send(p.Drain(True))
        await eventually(lambda: peer.ups == 2, 5, "another connection")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        server.close()
        return errors

    assert uvloop.run(lost()) == []
