"""Documents that came from elsewhere: which part of one is wanted, and what of it a variable may hold.

A path is a singular query of JSONPath (RFC 9535, section 2.3.5.1): names and indices, no filters and no wildcards. So
it gives one value or none, in time bounded by its own length, whatever the document is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from softswitch.ivr.sandbox import MAX_NODES

WHOLE = "$"
MAX_DEPTH = 32
MAX_LETTERS = 50_000  # of all texts together: what a variable holds is written to the journal, again and again
_MOST = 2**63  # beyond it, no journal and no database takes an integer
_SEGMENT = re.compile(
    r"""\.(?P<name>[^\W\d]\w*)|\[(?P<index>-?\d{1,9})\]|\['(?P<one>[^'\\]*)'\]|\["(?P<two>[^"\\]*)"\]"""
)


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[str | int, ...]:
    """``$.orders[0]['due date']`` as names and indices. Raises ``ValueError``."""
    found: list[str | int] = []
    end = len(WHOLE)
    while path.startswith(WHOLE) and (match := _SEGMENT.match(path, end)) is not None:
        index = match["index"]
        found.append(next(text for text in match.group("name", "one", "two") if text is not None) if index is None
                     else int(index))  # fmt: skip
        end = match.end()
    if not path.startswith(WHOLE) or end < len(path):
        wrong = f", from {path[end:]!r} on" if path.startswith(WHOLE) else ""
        raise ValueError(f"{path!r} is not a path into a document{wrong}; write for example $.customer.orders[0].id")
    return tuple(found)


def pick(document: Any, path: str) -> Any:
    """What the document has there; None where it has nothing. Raises ``ValueError``."""
    value = document
    for step in steps(path):
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def fits(value: Any) -> None:
    """Whether a variable may hold it. Raises ``ValueError`` where it is too much."""
    left, letters = MAX_NODES, MAX_LETTERS
    waiting = [(value, 1)]
    while waiting:
        inner, depth = waiting.pop()
        left -= 1
        if left < 0:
            raise ValueError(f"more than {MAX_NODES} values; keep what is needed: save: {{name: $.path}}")
        letters -= len(inner) if isinstance(inner, str) else sum(map(len, inner)) if isinstance(inner, dict) else 0
        if letters < 0:
            raise ValueError(f"more than {MAX_LETTERS} letters; keep what is needed: save: {{name: $.path}}")
        if depth > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} deep; keep what is needed: save: {{name: $.path}}")
        if isinstance(inner, int) and abs(inner) >= _MOST:
            raise ValueError(f"{str(inner)[:20]}... is too large for a number; let the document have it as a text")
        if isinstance(inner, dict):
            waiting += [(one, depth + 1) for one in inner.values()]
        elif isinstance(inner, list):
            waiting += [(one, depth + 1) for one in inner]
