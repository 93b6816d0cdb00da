"""Real phones through the switch, every pair of codecs and suites of SRTP: who hears whom, as tables in Markdown.

``python -m tests.bench.phones``, or with ``--only G722`` the pairs that have it. Ends with 1 where a pair fails.
A cell is how long it took from the call to tones at both ends, in seconds; of those there are 0.7 s in it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.support.codec_phones import CODECS, SUITES, Exchange, Side, possible

SIDES = [Side(codec, suite) for codec in CODECS for suite in SUITES]
_SHORT = {SUITES[0]: "", SUITES[1]: " 80", SUITES[2]: " 32", SUITES[3]: " GCM"}


def _title(side: Side) -> str:
    return side.codec + _SHORT[side.suite]


async def _cell(exchange: Exchange, near: Side, far: Side) -> str:
    began = time.monotonic()
    try:
        await exchange.talk(near, far)
    except AssertionError as error:
        print(f"# {near} calls {far}: {error}", file=sys.stderr, flush=True)
        return "FAILED"
    return f"{time.monotonic() - began:.1f}"


async def matrix(only: str) -> bool:
    callers = [side for side in SIDES if possible(side, calls=True)]
    called = [side for side in SIDES if possible(side, calls=False)]
    good = True
    with tempfile.TemporaryDirectory() as home:
        async with Exchange(Path(home)) as exchange:
            print("| calls \\ is called | " + " | ".join(map(_title, called)) + " |\n|" + "---|" * (len(called) + 1))
            for near in callers:
                cells = [await _cell(exchange, near, far) if only in f"{near} {far}" else "" for far in called]
                print(f"| {_title(near)} | " + " | ".join(cells) + " |", flush=True)
                good &= "FAILED" not in cells
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a codec or suite that one of the two must have")
    return 0 if asyncio.run(matrix(parser.parse_args().only)) else 1


if __name__ == "__main__":
    sys.exit(main())
