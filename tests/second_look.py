"""Run the few phone tests that failed again, with the machine to themselves: ``python -m tests.second_look``.

They live in real time, beside other workers, on machines whose cores others use as well; a tone that came too late
there is no defect of the switch, one that comes too late here is. Only tests that need real time are looked at again,
and only a few of them: any other failure stands. What failed at first is printed, so that it is not forgotten.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

FAILED = Path(__file__).parents[1] / ".pytest_cache/v/cache/lastfailed"
REAL_TIME = ("tests/interop/", "tests/real/")
FEW = 3


def stands(failed: list[str]) -> str:
    """Why these failures are final; "" if they are worth a second look."""
    if not failed:
        return "no test says that it failed: the run itself did"
    if len(failed) > FEW:
        return f"{len(failed)} tests failed, which is more than {FEW}"
    others = [test for test in failed if not test.startswith(REAL_TIME)]
    return f"not a matter of real time: {', '.join(others)}" if others else ""


def main() -> int:
    failed = sorted(json.loads(FAILED.read_text())) if FAILED.exists() else []
    final = stands(failed)
    if final:
        print(f"second look: none; {final}")
        return 1
    print("second look, alone: " + ", ".join(failed))
    return int(pytest.main(["-p", "no:cacheprovider", *failed]))


if __name__ == "__main__":
    sys.exit(main())
