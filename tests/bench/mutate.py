"""Mutations of the torture messages, by the million: ``python -m tests.bench.mutate [COUNT] [SEED]``.

Each is read as a datagram and as a stream, and everything of it that anybody reads. What raises anything but a
``PeerError`` is shown and ends the run; so is what takes longer than ``SLOW_S``.
"""

from __future__ import annotations

import itertools
import time

from tests.bench.command import numbers
from tests.bench.report import emit
from tests.support.mutation import mutants
from tests.support.reading import read
from tests.torture.manifest import rows

COUNT = 1_000_000
SEED = 4475
SLOW_S = 0.25  # of CPU, for at most 64 KiB


def run(count: int, seed: int) -> float:
    """CPU seconds. Raises ``AssertionError`` with the mutant that did harm."""
    corpus = [row.data for row in rows()]
    begun, slowest = time.process_time(), 0.0
    for number, data in enumerate(itertools.islice(mutants(corpus, seed), count)):
        before = time.process_time()
        try:
            read(data)
        except Exception as error:
            raise AssertionError(f"mutant {number} of seed {seed}: {error!r}: {data[:2000]!r}") from error
        spent = time.process_time() - before
        slowest = max(slowest, spent)
        assert spent < SLOW_S, f"mutant {number} of seed {seed} took {spent:.2f} s: {data[:2000]!r}"
    emit("sip.mutant_slowest_us", slowest * 1e6, "us", 1, 0.0, includes="everything of it read, twice")
    return time.process_time() - begun


def main() -> None:
    count, seed = numbers(__doc__, count=COUNT, seed=SEED)
    emit("sip.mutant_us", run(count, seed) / count * 1e6, "us", 1, 0.0, includes=f"{count} mutants of seed {seed}")


if __name__ == "__main__":
    main()
