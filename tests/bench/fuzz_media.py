"""Hostile packets and control frames by the million: ``python -m tests.bench.fuzz_media [SECONDS] [SEED]``.

First as many seconds of calls beside hostile peers, on the engine without a network, then frames that no control says,
to a real process. What stops the loop, harms a good stream or raises is shown with its seed and ends the run.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.bench.command import numbers
from tests.bench.report import emit
from tests.support import ports
from tests.support.hostile_call import SECOND, HostileCall
from tests.support.hostile_control import Hostile
from tests.support.raw_control import RawControl

SECONDS, SEED = 100, 1
PIECE_S = 10  # of one call
ROUND = 200  # frames between two questions whether it is still there
FRAMES_PER_S = 100  # for each second of packets


def packets(seconds: int, seed: int) -> None:
    """Raises what the engine raises, or ``AssertionError`` where a good stream is not heard."""
    received, begun = 0.0, time.process_time()
    for number in range(max(1, seconds // PIECE_S)):
        call = HostileCall(seed + number)
        try:
            call.run(PIECE_S * SECOND)
        except BaseException:
            print(f"seed {seed + number}:", file=sys.stderr)
            raise
        received += call.counters()["packets_received"]
        call.plane.close()
    emit(
        "media.hostile_packet_us",
        (time.process_time() - begun) / received * 1e6,
        "us",
        1,
        0.0,
        packets=int(received),
        includes="making them",
    )


def frames(count: int, seed: int) -> None:
    """Raises ``AssertionError`` with the end of the process's log."""
    claimed = ports.claim(60)
    with tempfile.TemporaryDirectory() as home, RawControl(Path(home)) as control:
        thrown = Hostile(seed, Path(home) / "recordings", claimed[20:]).frames()
        memory = []
        for _ in range(count // ROUND):
            control.throw(itertools.islice(thrown, ROUND))
            counters = control.stats().counters
            control.events.clear()
            memory.append(control.memory_kb())
            assert counters["errors"] == 0, f"seed {seed}:\n{control.log()}"
        grown = memory[-1] - memory[len(memory) // 2]
        emit("media.hostile_frames_refused", counters["commands_refused"], "frames", 1, 0.0, of=count, grown_kb=grown)
    ports.release(claimed)


def main() -> int:
    seconds, seed = numbers(__doc__, seconds=SECONDS, seed=SEED)
    try:
        packets(seconds, seed)
        frames(seconds * FRAMES_PER_S, seed)
    except Exception:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
