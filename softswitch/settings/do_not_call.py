"""``do_not_call: FILE``: numbers that are never to be called, one per line; what follows a # is a remark.

A line that is no number protects nobody, so it is reported with its place; the others hold all the same. Where the
file cannot be read, nothing is taken over; a process that begins then goes by the numbers that were kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path

from softswitch.callback.number import example, identified
from softswitch.callback.plain_number import PlainNumbers
from softswitch.callback.reading import Reading
from softswitch.callback.sheet.decoding import ENOUGH, no_text
from softswitch.core.errors import Problem

MOST_BYTES = 200_000_000
MOST_TOLD = 20  # broken lines, each by itself


def read_list(path: Path, common: Reading, patterns: Iterable[str] = ()) -> tuple[frozenset[str], list[Problem]]:
    """``patterns``: of numbers of our own that queues dial."""
    numbers: set[str] = set()
    broken: list[tuple[int, str, str]] = []
    plain = PlainNumbers(common)
    readings = (common, *(replace(common, internal=one) for one in sorted(set(patterns)) if one))
    if path.exists() and not path.is_file():  # a pipe would be waited for
        return frozenset(), [_unreadable(path, "is not a file")]
    try:
        if path.stat().st_size > MOST_BYTES:
            return frozenset(), [_unreadable(path, f"has more than {MOST_BYTES:,} bytes; divide it")]
        with path.open("rb") as octets, TextIOWrapper(octets, "utf-8-sig", "replace") as lines:
            if why := no_text(octets.peek(ENOUGH)[:ENOUGH]):
                return frozenset(), [_unreadable(path, f"{why}; save it in UTF-8")]
            for line, text in enumerate(lines, 1):
                written = text.partition("#")[0].strip()
                if not written:
                    continue
                dialled = (identified(written, one).dial for one in readings)
                number = plain.dial(written) or next(filter(None, dialled), "")
                if number:
                    numbers.add(number)
                else:
                    broken.append((line, written, identified(written, common).why))
    except OSError as error:
        return frozenset(), [_unreadable(path, f"cannot be read: {error.strerror or error}")]
    return frozenset(numbers), _told(path, broken, common.region)


def _unreadable(path: Path, why: str) -> Problem:
    return Problem(str(path), 0, 1, "do_not_call", why)


def _told(path: Path, broken: list[tuple[int, str, str]], region: str) -> list[Problem]:
    right = f"write one number per line, for example {example(region)}"
    told = [
        Problem(str(path), line, 1, "", f"{written[:40]!r} is no number ({why}); {right}", "warning")
        for line, written, why in broken[:MOST_TOLD]
    ]
    if len(broken) > MOST_TOLD:
        line = broken[MOST_TOLD][0]
        told.append(Problem(str(path), line, 1, "", f"and {len(broken) - MOST_TOLD} more lines like these", "warning"))
    return told
