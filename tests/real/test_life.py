"""What is heard when control or a media process goes; ``tests/bench/life.py`` has the same for 200 calls."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.media import protocol as p
from tests.bench import life
from tests.support.ports import free_port
from tests.support.process import eventually

pytestmark = pytest.mark.real

CALLS = 10


@pytest.mark.alone
async def test_a_new_control_adopts_calls_without_a_gap_or_a_new_source() -> None:
    heard = await life.adoption(CALLS)
    assert len(heard) == 2 * CALLS
    assert life.gaps(heard)[1] < 0.25  # a late tick on a busy machine, and less than the 0.3 s without a control
    assert {(one.sources, one.breaks, one.jumps) for one in heard} == {(1, 0, 0)}


@pytest.mark.alone
async def test_calls_go_on_after_the_media_process_was_killed(tmp_path: Path) -> None:
    async with life.Plane.running(tmp_path, CALLS) as plane:
        await plane.connect()
        plane.kill()
        plane.voices.mark()

        def all_hear() -> float:
            heard = plane.voices.report()
            return life.gaps(heard)[1] if min(one.packets for one in heard) > 20 else 0.0

        assert await eventually(all_hear, 15, "all hear again") < 5.0  # of a busy machine; the bench has the figure


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Path]:
    """The socket of a process that waits 0.4 s for a control."""
    path = tmp_path / "media.sock"
    command = [sys.executable, "-m", "softswitch.media", "--socket", str(path), "--outlive", "0.4"]
    running = subprocess.Popen([*command, "--log-level", "error"])
    yield path
    running.terminate()
    running.wait()


async def connected(path: Path) -> socket.socket:
    """A control of ours, which has said hello."""

    def connect() -> socket.socket | None:
        made = socket.socket(socket.AF_UNIX)
        if made.connect_ex(str(path)) == 0:
            return made
        made.close()
        return None

    control = await eventually(connect, 10, "the process listens")
    assert control is not None
    control.sendall(p.pack(p.Hello()))
    return control


def welcome(control: socket.socket) -> p.Welcome:
    frames = p.Frames()
    control.settimeout(5)
    while octets := control.recv(4096):
        for event in frames.events(octets):
            if isinstance(event, p.Welcome):
                return event
    raise AssertionError("the process went away")


def until_silence(phone: socket.socket) -> int:
    """How many packets came before a second without any, at most 200."""
    for count in range(200):
        try:
            phone.recv(2048)
        except TimeoutError:
            return count
    return 200


async def test_without_a_control_calls_end_after_the_time_that_is_set(process: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone, await connected(process) as control:
        phone.bind((life.HOST, 0))
        phone.settimeout(1.0)
        here = phone.getsockname()[1]
        control.sendall(p.pack(p.Open("L", life.HOST, free_port() // 2 * 2)))
        control.sendall(p.pack(p.Connect("L", 1, life.HOST, here, life.HOST, "PCMU", 0, 0, None, "sendrecv")))
        assert phone.recv(2048)
        control.close()
        assert 10 <= until_silence(phone) < 200  # some 20 in 0.4 s; the machine may be busy


async def test_a_process_that_has_given_up_is_another_one_to_whoever_comes_then(process: Path) -> None:
    with await connected(process) as control:
        before = welcome(control).life
    with await connected(process) as control:
        assert welcome(control).life == before
        control.settimeout(5)
        while control.recv(4096):  # until the process has waited long enough for a word
            pass
    with await connected(process) as control:
        assert welcome(control).life != before
