"""Expected waits against what comes, in simulated centres with the real ACD: bias and coverage, and those of the plain
queue length.

    python -m tests.bench.expected [HOURS]

So many simulated hours for each row (60), in four runs. ``bias`` is how much more is foretold than comes, over all who
have to wait; ``coverage`` the share of waits that end between the bounds, which promise 0.8.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

from tests.bench.command import numbers
from tests.bench.report import emit, spread
from tests.support.foretold import Verdict, burst, shared, steady, uneven

RUNS = 4
ROWS: tuple[tuple[str, Callable[[float, int], Verdict]], ...] = (
    ("5 agents, load 0.9", lambda hours, seed: steady(5, 0.9, hours, seed)),
    ("5 agents, load 1.2", lambda hours, seed: steady(5, 1.2, hours, seed)),
    ("20 agents, load 1.0", lambda hours, seed: steady(20, 1.0, hours, seed)),
    ("20 agents, load 1.3", lambda hours, seed: steady(20, 1.3, hours, seed)),
    ("100 agents, load 1.1", lambda hours, seed: steady(100, 1.1, hours, seed)),
    ("20 agents, load 1.2, lognormal", lambda hours, seed: uneven(20, 1.2, hours, seed)),
    ("30 agents, bursts of 6", lambda hours, seed: burst(30, hours, seed)),
    ("30 agents shared by 3 queues, load 1.0", lambda hours, seed: shared(1.0, hours, seed)),
    ("30 agents shared by 3 queues, load 1.3", lambda hours, seed: shared(1.3, hours, seed)),
)


def main() -> None:
    (hours,) = numbers(__doc__, hours=60.0)
    for name, play in ROWS:
        verdicts = [play(hours / RUNS, seed) for seed in range(1, RUNS + 1)]
        waited = sum(verdict.waited for verdict in verdicts)
        for figure, values in (
            ("bias", [verdict.bias for verdict in verdicts]),
            ("plain_bias", [verdict.plain_bias for verdict in verdicts]),
            ("coverage", [verdict.coverage for verdict in verdicts]),
        ):
            emit(f"expected.{figure}", statistics.median(values), "", RUNS, spread(values), row=name, waited=waited)


if __name__ == "__main__":
    main()
