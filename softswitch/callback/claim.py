"""When promises are taken out of the pool: before a younger one is dialled, and no more than are soon needed.

Of each policy the ledger has some of the pool in memory, and knows up to which rank nothing older is left there
(``known``). It asks for more where that rank is passed, where few are lined up, and every ``LOOK_S`` while there are
agents: somebody may have put an older one into the pool. Until the answer nobody of that queue is dialled. Where no
agent is free nothing is asked: an idle switch leaves the database alone, and so does one whose agents all talk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from softswitch.callback.node import Claim
from softswitch.callback.pacing import Line
from softswitch.callback.written import ANSWER_S

AT_ONCE = 20  # promises asked for: one claim after the other is made, and nobody waits long for any
LOW, HIGH = 20, 200  # promises lined up: fewer are filled up, and of more only older ones are asked for
LOOK_S = 1.0  # how long the pool is believed to be as it was found
GIVE_BACK_S = 60.0  # who cannot be called for so long goes back
INFINITE = float("inf")


@dataclass(slots=True)
class _Source:
    """The pool, as far as one policy goes. Times are Unix seconds."""

    asked_at: float | None = None  # a claim is under way
    below: float = INFINITE  # rank it asks for
    looked_at: float = -INFINITE
    known: float = -INFINITE  # nothing of a lower rank was left


class Pool:
    """What is to be asked for; who uses it says for whom there are agents."""

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}

    def asks(self, name: str, line: Line, now: float) -> Claim | None:
        """The claim to make before the next of this line is dialled, if there is one to make."""
        source = self._sources.setdefault(name, _Source())
        if self.waits(name, now) or not self._is_due(source, line, now):
            return None
        source.below = line.rank(HIGH) if len(line) >= HIGH else INFINITE
        source.asked_at = now
        return Claim(name, AT_ONCE, source.below)

    def waits(self, name: str, now: float) -> bool:
        """For an answer."""
        asked_at = self._sources[name].asked_at if name in self._sources else None
        return asked_at is not None and now < asked_at + ANSWER_S

    def claimed(self, name: str, ranks: Iterable[float], ok: bool, now: float) -> None:
        """The answer, with the ranks of what it brought, lowest first."""
        source = self._sources.setdefault(name, _Source())
        if not ok:
            source.asked_at = now - ANSWER_S + LOOK_S  # nobody is dialled, and it is asked again in a moment
            return
        found = list(ranks)
        source.known = found[-1] if len(found) >= AT_ONCE else source.below
        source.asked_at, source.looked_at = None, now

    def forget(self) -> None:
        """Nothing of what was known holds any more."""
        self._sources.clear()

    def _is_due(self, source: _Source, line: Line, now: float) -> bool:
        if now >= source.looked_at + LOOK_S:
            return True
        first = line.rank(1)
        return source.known < INFINITE and (len(line) < LOW or first > source.known)
