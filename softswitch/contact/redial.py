"""Places in line of those who have lost the line: who calls again soon, from the same number, has his old one.

Decided here: how many are kept and for how long. Whose they are, and whether the queue keeps any, is not known here.
Times are Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.core.timers import Deadlines

MOST = 10_000  # the first to be kept is the first to go


@dataclass(frozen=True, slots=True)
class Kept:
    queued_at: float
    until: float


Key = tuple[str, str]  # number, queue


class KeptPlaces:
    """``now`` may jump: whoever is over time is not found, swept or not."""

    def __init__(self, most: int = MOST) -> None:
        self._places: dict[Key, Kept] = {}
        self._over = Deadlines()
        self._most = most

    def __len__(self) -> int:
        return len(self._places)

    def keep(self, key: Key, place: Kept) -> list[Key]:
        """The places that have to go for it. Of two who call from one number the one who waited longer counts."""
        former = self._places.pop(key, place)
        self._places[key] = Kept(min(former.queued_at, place.queued_at), place.until)
        self._over.set(key, place.until)
        gone = [next(iter(self._places))] if len(self._places) > self._most else []
        for one in gone:
            self.forget(one)
        return gone

    def find(self, key: Key, now: float) -> Kept | None:
        place = self._places.get(key)
        return place if place is not None and now < place.until else None

    def forget(self, key: Key) -> list[Key]:
        """Those that there were; without a queue, all of the number."""
        number, queue = key
        gone = [one for one in ((key,) if queue else tuple(self._places)) if one[0] == number and one in self._places]
        for one in gone:
            self._over.set(one, None)
            del self._places[one]
        return gone

    def tick(self, now: float) -> list[Key]:
        """Those whose time is over."""
        over = [key for key in self._over.due(now) if isinstance(key, tuple)]
        for key in over:
            del self._places[key]
        return over

    @property
    def deadline(self) -> float | None:
        return self._over.next()
