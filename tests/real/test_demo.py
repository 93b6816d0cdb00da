"""The demo as somebody without a softphone runs it: a real switch, real calls, and nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from softswitch.cli.demo.summary import measure
from tests.support.process import Process, eventually
from tests.support.switch_process import ROOT, descendants

pytestmark = pytest.mark.real

SPOKEN_S = 2.0  # everybody talks for 4 s at the least, with pauses


async def _start(directory: Path, *options: str) -> Process:
    argv = [sys.executable, "-m", "softswitch.cli.main", "demo", "--directory", str(directory), *options]
    environment = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return await Process.start(argv, directory / "demo.log", cwd=directory, env=environment)


def _processes_of(directory: Path) -> list[int]:
    """Whoever was told of this directory on the command line, and lives."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(directory).encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            continue  # it has just ended
    return found


def _recorded(directory: Path) -> list[tuple[str, tuple[float, ...]]]:
    return [(path.name, measure(path).seconds) for path in directory.glob("*/recordings/*.wav")]


def _assert_a_line_per_event(demo: Process) -> None:
    """As it is told where there is no terminal."""
    told = [line for line in demo.text().splitlines() if re.match(r"^ *\d+\.\d s  (caller|agent|promise) ", line)]
    assert "\x1b" not in demo.text()
    assert any("promise" in line and "kept" in line for line in told), demo.tail()
    assert len(told) == len(set(told)), "an event was told twice"


async def test_callers_are_served_called_back_and_recorded(tmp_path: Path) -> None:
    demo = await _start(tmp_path, "--callers", "5", "--seconds", "20")
    try:
        status = await demo.wait(150)
    finally:
        await demo.kill()
    assert status == 0, demo.tail(80)
    assert "all as it should be" in demo.text()

    kept = re.search(r"^promises .*?(\d+) kept", demo.text(), re.MULTILINE)
    assert kept, demo.tail()
    assert int(kept[1]) >= 1, demo.tail()

    recorded = _recorded(tmp_path)
    both = [name for name, seconds in recorded if len(seconds) == 2 and min(seconds) >= SPOKEN_S]
    assert both, recorded
    called_back = [name for name in both if name.startswith("cb-")]
    assert called_back, recorded
    assert not _processes_of(tmp_path)
    _assert_a_line_per_event(demo)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_interrupted_in_the_middle_leaves_no_process_behind(tmp_path: Path, number: signal.Signals) -> None:
    demo = await _start(tmp_path, "--callers", "3", "--seconds", "20")
    try:
        await eventually(lambda: "queued" in demo.text(), 60, "a caller waits")
        family = descendants(demo.pid)
        assert len(family) >= 4, "demo, supervisor, control and media"
        os.kill(demo.pid, number)
        assert await demo.wait(40) == 130, demo.tail()
    finally:
        await demo.kill()
    await eventually(lambda: not _processes_of(tmp_path), 5, "no process of the demo is left")
    assert "interrupted; the switch has been stopped" in demo.text()
    assert "Traceback" not in demo.text(), demo.tail(80)


async def test_a_switch_that_does_not_start_is_told_with_its_reason(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT), "SOFTSWITCH__STORE__URL": "nonsense"}
    argv = [sys.executable, "-m", "softswitch.cli.main", "demo", "--directory", str(tmp_path)]
    demo = await Process.start(argv, tmp_path / "demo.log", cwd=tmp_path, env=environment)
    try:
        assert await demo.wait(60) == 1, demo.tail()
    finally:
        await demo.kill()
    assert "the switch does not start" in demo.text()
    assert "store.url" in demo.text(), demo.tail()
    assert not _processes_of(tmp_path)
