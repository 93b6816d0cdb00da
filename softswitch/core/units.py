"""Durations as people write them: ``20s``, ``5m``, ``1h30m``, ``250ms``."""

from __future__ import annotations

import re
from functools import lru_cache

_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST_S = 3650 * 86400.0
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def seconds(text: str | float) -> float:
    """Seconds of a written duration. A bare number is refused: the unit is what the reader needs.

    Raises ``ValueError`` with the accepted spellings.
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        if text == 0:
            return 0.0
        raise ValueError(f"{text} has no unit; write for example {text}s or {text}m")
    return _read(str(text).strip().lower())


@lru_cache(maxsize=256)  # each caller who comes to a queue has the priority that is written there
def _read(written: str) -> float:
    parts = _PART.findall(written)
    if not parts or "".join(number + unit for number, unit in parts) != written:
        raise ValueError(f"{written!r} is not a duration; write for example 250ms, 20s, 5m, 1h30m or 2d")
    total_s = sum(float(number) * _UNIT_S[unit] for number, unit in parts)
    if total_s > _LONGEST_S:  # a date so far off cannot be computed with
        raise ValueError(f"{written[:40]!r} is longer than 10 years; is the unit right?")
    return total_s


def spoken(duration_s: float) -> str:
    """The shortest written form of a duration: 90 -> ``1m30s``, 0.25 -> ``250ms``."""
    if duration_s < 1:
        return f"{round(duration_s * 1000)}ms"
    left = round(duration_s)
    text = ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if left >= size:
            text += f"{left // size}{unit}"
            left %= size
    return text or "0s"
