"""One number for all that happened: every order and every fact of a run, in order, with all their values and times.

Two runs with the same number did the same things. What is hashed is written out from the values, and a value whose
text could be another one in the next process (a set, an object without a text of its own) is refused: else equal runs
would differ, or unequal ones not.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any

from softswitch.acd.decision import Record
from softswitch.core.effect import Effect
from softswitch.core.errors import UsageError

_PLAIN = frozenset({str, int, float, bool, bytes, type(None)})


class Digest:
    """``happened`` counts what it was told."""

    def __init__(self) -> None:
        self.happened = 0
        self._hash = hashlib.blake2b(digest_size=16)
        self._values: dict[type, Callable[[object], tuple[Any, ...]]] = {}  # of its fields, by class
        self._plain: dict[
            tuple[type, ...], bool
        ] = {}  # classes, each with the types of its values, whether they are all plain

    def add(self, effects: Iterable[Effect], now: float) -> None:
        """What one step has led to, at ``now``."""
        for effect in effects:
            self.happened += 1
            self._hash.update(f"{now!r} {self._line(effect)}\n".encode("utf-8", "surrogatepass"))

    def __str__(self) -> str:
        return self._hash.hexdigest()

    def _line(self, value: object) -> str:
        """A dataclass."""
        kind = type(value)
        get = self._values.get(kind) or self._fields(kind)
        values = get(value)
        types = (kind, *map(type, values))
        plain = self._plain.get(types)
        if plain is None:
            plain = self._plain[types] = all(one in _PLAIN or issubclass(one, enum.Enum) for one in types[1:])
        if plain:
            return f"{kind.__name__}{values!r}"
        written = [repr(one) if type(one) in _PLAIN else self._written(one) for one in values]
        return f"{kind.__name__}[{', '.join(written)}]"

    def _written(self, value: object) -> str:
        if type(value) in _PLAIN or isinstance(value, enum.Enum):
            return repr(value)
        if isinstance(value, Record):
            return self._record(value)
        if isinstance(value, tuple):
            return f"({','.join(map(self._written, value))})"
        return self._line(value)

    def _fields(self, kind: type) -> Callable[[object], tuple[Any, ...]]:
        if not is_dataclass(kind):
            raise UsageError(f"a {kind.__name__} has no text that is the same in every process")
        names = [one.name for one in fields(kind)]
        several: Callable[[object], Any] = attrgetter(*names) if len(names) > 1 else lambda value: ()
        get = several if len(names) != 1 else lambda value: (getattr(value, names[0]),)
        self._values[kind] = get
        return get

    def _record(self, record: Record) -> str:
        """From these values follow the winner and the reason of each who was passed over."""
        values = record.strategy, record.standings, record.keys, record.reserve, record.preferred, record.shares
        return f"Record{self._written(values)}"
