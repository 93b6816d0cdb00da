"""A do-not-call list in memory, read by the real rules of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from softswitch.callback.listed import Listed
from softswitch.callback.number import Number, identified
from softswitch.callback.reading import Reading
from softswitch.switch.do_not_call import Wanted

FILED = "+8613900139000"


@dataclass
class FakeBarring:
    by_number: dict[str, Listed] = field(default_factory=dict)
    file_size: int = 1

    def rows(self) -> list[Listed]:
        return list(self.by_number.values())

    def number(self, presented: str) -> Number:
        return identified(presented, Reading("CN"))

    def get(self, presented: str) -> Listed | None:
        return self.by_number.get(self.number(presented).dial)

    def in_file(self, presented: str) -> bool:
        return self.number(presented).dial == FILED

    def put(self, presented: Sequence[str], why: str, by: str) -> list[Wanted]:
        wanted = []
        for one in presented:
            number = self.number(one)
            wanted.append(Wanted(one, number.dial, number.why, number.dial in self.by_number))
            if number.dial:
                self.by_number.setdefault(number.dial, Listed(number.dial, why, by, 1_700_000_000.0))
        return wanted

    def remove(self, presented: str, by: str) -> Listed:
        number = self.number(presented).dial
        if number not in self.by_number:
            raise LookupError(f"{number} is not on the do-not-call list")
        return self.by_number.pop(number)
