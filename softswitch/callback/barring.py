"""Who is never to be called: numbers that somebody has listed, and those of a list in a file.

Their open promises are withdrawn at once; one whose phone rings, or who talks, when he is listed is not cut off, and is
not called again. A row that comes from the store later, or from an import that knew nothing of it, ends when its time
comes (``due``).
"""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.callback.model import Barred, DoNotCall, PromiseState
from softswitch.callback.mover import Mover
from softswitch.callback.rule import DO_NOT_CALL

S = PromiseState


class Barring:
    def __init__(self, move: Mover) -> None:
        self._move = move

    def listed(self, event: DoNotCall) -> None:
        self._move.rules.listed.difference_update(event.remove)
        self._move.rules.listed.update(event.add)
        self._withdraw(event.add)

    def filed(self, event: Barred) -> None:
        """The whole file, in place of what it was."""
        self._move.rules.filed = event.numbers
        self._withdraw(number for number in self._move.book.numbers() if number in event.numbers)

    def _withdraw(self, numbers: Iterable[str]) -> None:
        for number in numbers:
            for entry in self._move.book.same_number(number):
                self._move.withdraw(entry, DO_NOT_CALL)
