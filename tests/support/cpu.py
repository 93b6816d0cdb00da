"""The CPU that a piece of work takes, where the test's own process has other work too."""

from __future__ import annotations

import time
from collections.abc import Callable


def spent_s(work: Callable[[], object], enough_s: float = 0.0, times: int = 3) -> float:
    """CPU seconds of this thread, of the quickest time, or of the first that takes less than ``enough_s``.

    Garbage of the tests before that is collected meanwhile is not the work's: a process of thousands of tests looks
    through all that they have left for a tenth of a second and more, whenever it likes.
    """
    least_s = float("inf")
    for _ in range(times):
        begun = time.thread_time()
        work()
        least_s = min(least_s, time.thread_time() - begun)
        if least_s < enough_s:
            break
    return least_s
