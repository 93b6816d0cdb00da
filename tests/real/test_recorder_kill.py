"""Recordings that kill -9 has cut short, at a hundred moments: all open, and none lacks more than 100 ms."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.audio import RATE_HZ
from softswitch.media.finish import recover, verify

pytestmark = pytest.mark.real

ROUNDS, AT_ONCE = 5, 20
MOST_MISSING_S = 0.1


def cut_short(directory: Path, chance: random.Random) -> list[tuple[Path, float]]:
    """Recordings, and how many seconds each had been given when its process was killed."""
    directory.mkdir()
    (directory / "ticks").write_bytes(bytes(8 * AT_ONCE))
    command = [sys.executable, "-m", "tests.support.recorder_child", str(directory), str(AT_ONCE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = [int(parent.stdout.readline()) for _ in range(AT_ONCE)]
        for child in chance.sample(children, AT_ONCE):
            time.sleep(chance.uniform(0, 0.04))  # the moments are what is tested
            os.kill(child, signal.SIGKILL)
        parent.wait(10)
    ticks = np.frombuffer((directory / "ticks").read_bytes(), "<i8")
    return [(directory / f"{number}.wav", float(ticks[number]) * 0.02) for number in range(AT_ONCE)]


def test_all_that_were_killed_open_and_lack_little(tmp_path: Path) -> None:
    chance = random.Random(11)
    missing = []
    for number in range(ROUNDS):
        for path, given_s in cut_short(tmp_path / str(number), chance):
            if not path.exists():
                missing.append(given_s)
                continue
            with wave.open(str(path)) as file:
                sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
            assert len(sound) % 160 == 0
            assert np.array_equal(sound, np.repeat(np.arange(1, len(sound) // 160 + 1), 160)[:, None] * [1, 1])
            missing.append(given_s - len(sound) / RATE_HZ)
    assert len(missing) == ROUNDS * AT_ONCE
    assert max(missing) <= MOST_MISSING_S, sorted(missing)[-5:]
    for number in range(ROUNDS):  # and the next process finishes them
        recover(tmp_path / str(number))
        assert {verdict for _, verdict in verify(tmp_path / str(number))} == {"ok"}
