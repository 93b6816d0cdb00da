"""What became of a rehearsal: the transcript and what happened, side by side."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the two columns. ``right`` is False for the one at which they part."""

    number: int  # line of the transcript; 0: it has none
    expected: str
    actual: str
    at_s: float
    right: bool = True


@dataclass(slots=True)
class Outcome:
    file: str
    number: int  # of the call's first line
    name: str
    rows: list[Row] = field(default_factory=list)
    why: str = ""  # it failed; "": it did not
    failed_at: int = 0  # line
    step: str = ""  # where the caller was then
    where: str = ""  # file and line of it
    lasted_s: float = 0.0  # by the clock of the rehearsal
    steps: set[tuple[str, str]] = field(default_factory=set)  # plan, step
    ways: set[tuple[str, str, str]] = field(default_factory=set)  # plan, step, step that followed it there

    @property
    def passed(self) -> bool:
        return not self.why

    def as_json(self) -> dict[str, object]:
        return {
            "file": self.file, "line": self.failed_at or self.number, "call": self.name, "passed": self.passed,
            "why": self.why, "step": self.step, "where": self.where, "seconds": round(self.lasted_s, 3),
            "rows": [
                {"line": row.number, "expected": row.expected, "actual": row.actual, "at": round(row.at_s, 3),
                 "right": row.right}
                for row in self.rows
            ],
        }  # fmt: skip
