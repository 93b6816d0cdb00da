"""Whom callers have us call: how many numbers one caller may key in within 24 hours.

Who keys in another number than his own has the switch ring whomever he likes, once in each call of his. So each caller
has a few, over all queues; a number that he has keyed in before is none of them. It is counted from the start of the
process on. Callers who withhold theirs cannot be told apart, and are not counted. Times are Unix seconds.
"""

from __future__ import annotations

from collections import defaultdict, deque

from softswitch.callback.manners import lately

OFTEN = "keyed-often"  # why a promise is refused


class Keyed:
    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, float]] = defaultdict(dict)  # by caller: and when each was keyed in last
        self._order: deque[tuple[float, str, str]] = deque()

    def too_often(self, caller: str, number: str, most: int, now: float) -> bool:
        """Would this be one number too many? ``most`` 0: there is no limit."""
        his = self._numbers.get(caller, {})
        counted = [one for one, at in his.items() if lately(at, now)]
        return bool(most and caller) and number not in counted and len(counted) >= most

    def note(self, caller: str, number: str, now: float) -> None:
        """A promise is made for it."""
        if not caller:
            return
        self._numbers[caller][number] = now
        self._order.append((now, caller, number))
        while not lately(self._order[0][0], now):
            at, his, one = self._order.popleft()
            if self._numbers[his].get(one) == at:  # not keyed in again since
                del self._numbers[his][one]
            if not self._numbers[his]:
                del self._numbers[his]
