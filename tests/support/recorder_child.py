"""Recorders to be killed: ``python -m tests.support.recorder_child DIRECTORY COUNT``.

Forks COUNT children with a recording of two channels each, at the pace of a call. How far each one has come is the
number in its eight octets of DIRECTORY/ticks, which outlives it; its recording is DIRECTORY/NUMBER.wav. Their process
ids are written to stdout.
"""

from __future__ import annotations

import mmap
import os
import sys
import time
from pathlib import Path

import numpy as np

from softswitch.audio import FRAME
from softswitch.media.recorder import Recorder

TICK_S = 0.02


def record(directory: Path, number: int, ticks: mmap.mmap) -> None:
    recorder = Recorder(2)
    recorder.start("r", directory / f"{number}.wav", (0, 1))
    begun = time.monotonic()
    for tick in range(1, 3000):
        recorder.keep(np.full((2, FRAME), tick, np.int16), np.zeros(2, np.uint32), 0.0)
        ticks[8 * number : 8 * number + 8] = tick.to_bytes(8, "little")
        time.sleep(max(0.0, begun + tick * TICK_S - time.monotonic()))


def main() -> None:
    directory, count = Path(sys.argv[1]), int(sys.argv[2])
    with (directory / "ticks").open("r+b") as file:
        ticks = mmap.mmap(file.fileno(), 8 * count)
    for number in range(count):
        child = os.fork()
        if child == 0:
            record(directory, number, ticks)
            os._exit(0)
        print(child, flush=True)
    for _ in range(count):
        os.wait()


if __name__ == "__main__":
    main()
