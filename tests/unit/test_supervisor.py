"""What the settings say of the media reaches its process; when a child that gives up comes back."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from softswitch import supervisor
from softswitch.media.process import arguments
from softswitch.rtp.jitter import JitterSettings
from softswitch.settings import load
from softswitch.supervisor import DRAINED, GIVE_UP, Supervisor, media_command
from tests.support.process import eventually


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{}", JitterSettings()),
        ("{jitter: {least: 20ms, first: 20ms, most: 20ms}}", JitterSettings(1, 1, 1)),
        ("{jitter: {least: 60ms, first: 120ms, most: 320ms}}", JitterSettings(3, 6, 16)),
    ],
)
def test_the_jitter_buffer_is_as_it_is_written(tmp_path: Path, written: str, read: JitterSettings) -> None:
    (tmp_path / "softswitch.yaml").write_text(f"media: {written}")
    module, *given = media_command(load(tmp_path, {}))[1:]
    assert module == "softswitch.media" and arguments(given).jitter == read


def child(runs: Path, first_s: float, status: int = GIVE_UP) -> list[str]:
    """Its first run takes so long; each ends with ``status``."""
    return [
        "-c",
        f"""
import pathlib, sys, time
runs = pathlib.Path({str(runs)!r})
first = not runs.exists()
runs.open("a").write("x")
time.sleep({first_s} if first else 0)
sys.exit({status})
""",
    ]


async def test_a_child_that_gives_up_at_once_ends_everything(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        assert await Supervisor({"control": child(tmp_path / "runs", 0)}, lock.fileno()).run() == 1
    assert (tmp_path / "runs").read_text() == "x"


async def test_one_that_was_steady_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STEADY_S", 0.1)
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.01)
    runs = tmp_path / "runs"
    with (tmp_path / "lock").open("w") as lock:
        it = Supervisor({"control": child(runs, 0.3)}, lock.fileno())
        running = asyncio.create_task(it.run())
        await eventually(lambda: runs.exists() and len(runs.read_text()) >= 3, 20, "it is started again")
        it.stop()
        assert await running == 0


@pytest.mark.parametrize("steady_s", [30.0, 0.1])
async def test_one_that_was_drained_is_not_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steady_s: float
) -> None:
    monkeypatch.setattr(supervisor, "STEADY_S", steady_s)
    with (tmp_path / "lock").open("w") as lock:
        assert await Supervisor({"control": child(tmp_path / "runs", 0.3, DRAINED)}, lock.fileno()).run() == 0
    assert (tmp_path / "runs").read_text() == "x"


async def test_a_hangup_is_for_control_which_it_does_not_end(tmp_path: Path) -> None:
    seen, begun = tmp_path / "seen", tmp_path / "begun"
    code = f"""
import pathlib, signal, time
pathlib.Path({str(begun)!r}).touch()
while not pathlib.Path({str(tmp_path / "now")!r}).exists():
    time.sleep(0.01)
signal.signal(signal.SIGHUP, lambda *_: pathlib.Path({str(seen)!r}).touch())
pathlib.Path({str(tmp_path / "listens")!r}).touch()
while True:
    time.sleep(0.01)
"""
    with (tmp_path / "lock").open("w") as lock:
        it = Supervisor({"control": ["-c", code]}, lock.fileno())
        running = asyncio.create_task(it.run())
        await eventually(begun.exists, 20, "control has begun")
        it.reload()  # too early for it
        (tmp_path / "now").touch()
        await eventually((tmp_path / "listens").exists, 20, "it lives, and listens")
        pid = it.pids["control"]
        os.kill(os.getpid(), signal.SIGHUP)
        await eventually(seen.exists, 20, "it was told")
        assert it.pids["control"] == pid
        it.stop()
        assert await running == 0
