"""Who is looked at next, as something may have changed for them: hours, expiry, queue, list of who is barred.

A look at all takes seconds where there are a hundred thousand, and it is waited for: nobody is dialled before it is
over, for the oldest may be among the others. Where something changes once more meanwhile, the look goes on, by what
holds now; then it begins again for those whom it had seen by then, and is not waited for. Else changes that come faster
than a look is over would stop all dialling. Who is dialled is judged by what holds then, whether he was looked at or
not; only that somebody older may be called since the last change is found out later. It knows nobody's state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from softswitch.callback.book import Entry


class Looks:
    def __init__(self, everybody: Callable[[], Iterable[Entry]]) -> None:
        self._everybody = everybody
        self._awaited: deque[Entry] = deque()
        self._again: deque[Entry] = deque()
        self._changed = False  # since those were listed whose turn it is

    @property
    def awaited(self) -> bool:
        """Is nobody to be dialled before these were looked at?"""
        return bool(self._awaited)

    @property
    def left(self) -> bool:
        return bool(self._awaited or self._again) or self._changed

    def at_all(self) -> None:
        """Something has changed that holds for everybody."""
        if self.left:
            self._changed = True
        else:
            self._awaited.extend(self._everybody())

    def at(self, entries: Iterable[Entry]) -> None:
        self._awaited.extend(entries)

    def next(self) -> Entry | None:
        """Each but once; None: that was all."""
        entries = self._awaited or self._again
        if not entries and self._changed:
            self._changed = False
            entries.extend(self._everybody())
        return entries.popleft() if entries else None
