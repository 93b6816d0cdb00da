"""What is done between ticks, so that it is not done in one: the garbage collector's walk.

Left to itself it walks everything whenever enough streams have come, which with a thousand of them is some ten
milliseconds in the middle of a tick. Streams leave no cycles behind, so little is lost by waiting.
"""

from __future__ import annotations

import gc

_EVERY_TICKS = 500  # a walk of what is young, well below a millisecond
_WHOLE_EVERY = 30  # of these: everything
_YOUNG_S, _WHOLE_S = 0.002, 0.012  # that must be left until the next tick


class Collector:
    """``begin`` takes the collector over; ``pause`` is told of each pause."""

    def __init__(self) -> None:
        self._ticks = 0
        self._walks = 0

    def begin(self) -> None:
        """What is there now lives for ever."""
        gc.collect()
        gc.freeze()
        gc.disable()

    def pause(self, left_s: float) -> None:
        """A tick is done, and so much time is left until the next one."""
        self._ticks += 1
        whole = self._walks % _WHOLE_EVERY == _WHOLE_EVERY - 1
        if self._ticks >= _EVERY_TICKS and left_s >= (_WHOLE_S if whole else _YOUNG_S):
            self._ticks = 0
            self._walks += 1
            gc.collect(2 if whole else 1)
