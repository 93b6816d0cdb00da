"""What the computation of one expression costs, counted while it goes on, so that it ends before it holds anybody up.

A clock would make the outcome depend on what else the machine does. So what is counted is what makes work: each value
that a filter, a test, a method, a comparison or a slice has to look at, by its length. The count is made before the
work is, and the work of each part is at most so many times its count; ``BUDGET`` of them are less than 10 ms
(tests/unit/ivr/test_expression_cost.py has the worst that we can think of).
"""

from __future__ import annotations

from typing import Any

BUDGET = 25_000  # at most 0.2 microseconds each, on the machine of the bench
_LETTERS = 3  # 2 ** 3 of them are as much work as one value
_BITS = 3  # of a number, likewise; to write a long one takes the square of its length
_VIEWS: tuple[type, ...] = (type({}.items()), type({}.keys()), type({}.values()))


class TooDear(ValueError):
    def __init__(self) -> None:
        super().__init__("takes too long: it looks at too much; compute less at once, or take a smaller part before")


class Meter:
    """Of the expression that is being computed; there is never more than one."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = BUDGET

    def begin(self) -> None:
        self.left = BUDGET

    def charge(self, cost: int) -> None:
        self.left -= cost
        if self.left < 0:
            raise TooDear

    def weigh(self, value: Any, factor: int = 1, deep: int = 1) -> None:
        """Charge ``deep`` times for all that is in ``value`` at every depth, ``factor`` times for its own items."""
        kind = type(value)
        if kind is str:
            self.charge((1 + (len(value) >> _LETTERS)) * factor)
        elif kind is int:
            self.charge((1 + (value.bit_length() >> _BITS)) * factor)
        elif kind in (dict, list, tuple, *_VIEWS):
            self.charge(len(value) * factor)
            before = self.left
            self._weigh_all(value)
            self.charge((before - self.left) * (deep - 1))
        else:
            self.charge(factor)

    def _weigh_all(self, value: Any) -> None:
        left, waiting = self.left, [value]
        while waiting:
            one = waiting.pop()
            kind = type(one)
            if kind is str:
                left -= 1 + (len(one) >> _LETTERS)
            elif kind is int:
                left -= 1 + (one.bit_length() >> _BITS)
            elif kind is dict:
                left -= 1 + len(one)
                if left >= 0:
                    waiting += one.keys()
                    waiting += one.values()
            elif kind is list or kind is tuple or kind in _VIEWS:
                left -= 1 + len(one)
                if left >= 0:
                    waiting += one
            else:
                left -= 1
            if left < 0:
                break
        self.left = left
        self.charge(0)


METER = Meter()
