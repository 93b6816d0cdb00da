"""What happens in a rehearsal, said as a transcript would say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from softswitch.switch.ports import WorldInput


@dataclass(slots=True)
class Happening:
    at: float  # s since the call was made
    who: str
    kind: str  # hears, queue, talks, hung up, refused, redirected, rings, asks, promise, message, step, variable, fact
    text: str  # as a line of a transcript
    details: Mapping[str, Any] = field(default_factory=dict)
    strict: bool = False  # of the caller's journey, which a transcript tells in order
    soft: bool = False  # and yet it may be left out: what is announced in a queue
    group: str = ""  # what is heard in one go
    used: bool = False


class Host(Protocol):
    """The world, as its parts see it."""

    now: float  # s

    def after(self, delay_s: float, work: Callable[[], object]) -> None: ...

    def feed(self, event: WorldInput) -> None: ...

    def note(self, happening: Happening) -> None: ...
