"""The command line of a bench: a few numbers by their place, each with a default."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any


def numbers(about: str | None, words: Sequence[str] | None = None, **known: float) -> list[Any]:
    """What was given, of the type of the defaults; ends the process with a usage where that is no number, or not above
    0 (a seed may be any). ``words``: those of the process if there are none."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in known.items():
        parser.add_argument(
            name, type=type(default), nargs="?", default=default, help=f"{default:,} if it is not given"
        )
    given = vars(parser.parse_args(words))
    for name, value in given.items():
        if name != "seed" and not 0 < value < float("inf"):
            parser.error(f"{name} is {value}; it must be more than 0")
    return list(given.values())
