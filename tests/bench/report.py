"""One figure per line, as JSON: what every benchmark prints, so that runs can be compared.

``pace_ns`` is what one turn of a small Python loop took at that moment: where cores are shared with strangers, the same
work costs now this and now twice as much, and a figure says little without it.
"""

from __future__ import annotations

import functools
import json
import platform
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_CPUINFO = Path("/proc/cpuinfo")


def emit(name: str, value: float, unit: str, runs: int, spread: float, **extra: Any) -> None:
    """``value`` is the median of ``runs``, ``spread`` see below; ``extra`` says under which conditions."""
    where = {"pace_ns": round(_pace_ns()), "commit": _commit(), "machine": _machine()}
    line = {"name": name, "value": round(value, 3), "unit": unit, "runs": runs, "spread": round(spread, 3)}
    print(json.dumps(line | extra | where), flush=True)


def spread(values: Sequence[float]) -> float:
    """The distance between the best and the worst run, as a share of the median."""
    middle = statistics.median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def _pace_ns(turns: int = 200_000) -> float:
    """The median of five."""
    found = []
    for _ in range(5):
        begun, total = time.thread_time_ns(), 0
        for number in range(turns):
            total += number
        found.append((time.thread_time_ns() - begun) / turns)
    return statistics.median(found)


@functools.cache
def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


@functools.cache
def _machine() -> str:
    """The processor's own name, and how many there are."""
    lines = _CPUINFO.read_text().splitlines() if _CPUINFO.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} x {len(names)}" if names else platform.processor() or platform.machine()
