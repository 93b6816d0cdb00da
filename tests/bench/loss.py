"""10,000 calls through the simulated network at 10 % loss each way, 5 % late, 2 % doubled: what became of them.

Prints one object per line, as the benches do; ends with 1 where a promise is broken. ``python -m tests.bench.loss``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

from tests.simnet.storm import AFTERMATH_S, STEP_S, Storm


def storm(calls: int, seed: int) -> bool:
    """Whether everything was as promised."""
    began = time.process_time()
    one = Storm(calls, seed)
    quiet_s, gone_s = one.run()
    failures, ghosts, records, left = one.failures(), one.ghosts(), one.records(), one.left()
    found = {
        "name": "sip.storm", "calls": calls, "seed": seed, "set_up": calls - len(failures), "ghosts": len(ghosts),
        "records": len(records), "records_twice": len(records) - len(set(records)), "defects": len(one.defects()),
        "left": left, "quiet_s": round(quiet_s, 1), "gone_s": round(gone_s, 1),
        "cpu_s": round(time.process_time() - began, 1),
    }  # fmt: skip
    print(json.dumps(found), flush=True)
    for call in failures:
        print(f"# failed: {call}", flush=True)
    promised = len(failures) * 1000 <= calls and len(records) == len(set(records)) == calls
    return promised and not (ghosts or left or one.defects()) and gone_s <= AFTERMATH_S + STEP_S


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    options = parser.parse_args()
    return 0 if all([storm(options.calls, seed) for seed in options.seeds]) else 1


if __name__ == "__main__":
    sys.exit(main())
