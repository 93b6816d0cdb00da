"""What an expression may look up at the moment at which it is computed: queues, and what a number has called before.

The interpreter knows neither queues nor former calls. Whoever runs it says them as plain values, field by field, and
only when an expression asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

QUEUE_FIELDS = ("waiting", "free", "logged_in", "expected_wait", "expected_low", "expected_high")
HISTORY_FIELDS = ("calls", "at", "outcome", "queue", "agent", "promise")


class Outlook(Protocol):
    @property
    def region(self) -> str:
        """Of numbers that are written without a country (ISO 3166)."""

    def queue(self, name: str) -> Mapping[str, Any] | None:
        """``QUEUE_FIELDS`` of a queue; None where there is none of that name."""

    def history(self, number: str) -> Mapping[str, Any]:
        """``HISTORY_FIELDS`` of a number as it was presented."""

    def takes(self, number: str, queue: str) -> bool:
        """Whether this queue would call that number back, as somebody has keyed it in or presented it."""


class Nowhere:
    """Where there are no queues, and nobody has called before."""

    region = "CN"

    def queue(self, name: str) -> Mapping[str, Any] | None:
        return None

    def history(self, number: str) -> Mapping[str, Any]:
        return no_history()

    def takes(self, number: str, queue: str) -> bool:
        return number.removeprefix("+").isdecimal()


def no_history() -> dict[str, Any]:
    return {"calls": 0, "at": None, "outcome": "", "queue": "", "agent": "", "promise": ""}


class Queues:
    """``queue.orders`` in an expression."""

    __slots__ = ("_outlook",)

    def __init__(self, outlook: Outlook) -> None:
        self._outlook = outlook

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        found = self._outlook.queue(name)
        if found is None:
            raise LookupError(name)
        return found


class History:
    """``history.calls`` in an expression."""

    __slots__ = ("_number", "_outlook")

    def __init__(self, outlook: Outlook, number: str) -> None:
        self._outlook = outlook
        self._number = number

    def __getitem__(self, name: str) -> Any:
        return self._outlook.history(self._number)[name]
