"""A media process in quiet and in hurry: without streams it does next to nothing; with ``--realtime`` it goes first."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

IDLE_S = 2.0


@contextmanager
def process(directory: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    path = directory / "m"
    command = [sys.executable, "-m", "softswitch.media", "--socket", str(path), *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as made:
        try:
            until = time.monotonic() + 20
            while not path.exists() and time.monotonic() < until:
                time.sleep(0.02)
            yield made
        finally:
            made.terminate()


def policies(pid: int) -> list[int]:
    """Of all its threads, the way the scheduler treats them."""
    return [os.sched_getscheduler(int(thread)) for thread in os.listdir(f"/proc/{pid}/task")]


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_process_without_streams_takes_less_than_a_hundredth_of_a_core_and_ends_at_once(tmp_path: Path) -> None:
    with process(tmp_path) as made:
        time.sleep(0.3)
        assert os.SCHED_RR not in policies(made.pid)
        before = cpu_s(made.pid)
        time.sleep(IDLE_S)
        assert cpu_s(made.pid) - before <= 0.01 * IDLE_S
        asked = time.monotonic()
        made.terminate()
        assert made.wait(5) == 0
        assert time.monotonic() - asked < 1.0


def test_in_realtime_the_loop_goes_before_other_work_or_says_why_not(tmp_path: Path) -> None:
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        permitted = True
    except OSError:
        permitted = False
    with process(tmp_path, "--realtime") as made:
        until = time.monotonic() + 5
        while permitted and made.pid and time.monotonic() < until:
            if os.sched_getscheduler(made.pid) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR:
                break
            time.sleep(0.02)
        made.terminate()
        _, told = made.communicate(timeout=5)
        assert ("media.realtime" in told) is not permitted
        assert time.monotonic() < until
