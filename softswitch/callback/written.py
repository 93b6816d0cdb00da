"""Which writes are under way, and which rows have to be written again because a write failed.

A write that is not answered in time counts as failed: nothing waits for a store for ever. While the store does not
answer, no agent is asked (the intent could not be committed), and rows are tried again with a growing pause. That it
is away may also be told; whether it takes rows again after that is found out by writing some, as before.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.callback.book import Entry

ANSWER_S = 5.0  # how long a write may take
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0
NEXT_ROUND_S = 1.0  # between rounds once the store answers: one bad row must not make a busy loop
AT_ONCE = 1000  # rows that are tried again in one round
MOST_UNWRITTEN = 10_000  # rows that wait for a store; losses beyond are counted and let go


@dataclass(frozen=True, slots=True)
class Write:
    """One write under way."""

    token: str
    entry: Entry
    answer: str = ""  # token of the caller who waits for it
    stage: str = ""  # of the loss that it records


class Written:
    """The ledger's account with the store."""

    def __init__(self) -> None:
        self.answers = True  # the last one came through, as far as is known
        self.away = False  # as we were told: also where there has been nothing to write
        self.retry_at: float | None = None  # Unix s
        self._pause_s = FIRST_PAUSE_S
        self._under_way: dict[str, Write] = {}
        self._again: dict[tuple[str, bool], Entry] = {}  # by ``_of``, in the order in which they failed

    @property
    def healthy(self) -> bool:
        """Could an intent be committed? Else nobody is dialled."""
        return self.answers and not self.away

    def begin(self, write: Write) -> None:
        self._under_way[write.token] = write
        write.entry.writes += 1
        self._again.pop(_of(write.entry), None)  # this write carries everything that the failed one did

    def end(self, token: str) -> Write | None:
        """Take the write out; None where it was given up long ago, or belongs to an earlier process."""
        write = self._under_way.pop(token, None)
        if write is not None:
            write.entry.writes -= 1
        return write

    def succeeded(self, now: float) -> None:
        """The store answers: what failed before is tried again soon."""
        self.answers, self._pause_s = True, FIRST_PAUSE_S
        if not self._again:
            self.retry_at = None
        elif self.retry_at is None or self.retry_at > now + NEXT_ROUND_S:  # else further answers would put it off
            self.retry_at = now + NEXT_ROUND_S

    def failed(self, now: float) -> None:
        self.answers = False
        if self.retry_at is None:
            self.retry_at = now + self._pause_s
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)

    @property
    def under_way(self) -> int:
        """Writes that are not answered yet."""
        return len(self._under_way)

    def waits(self, entry: Entry) -> bool:
        """Is its row to be written again? Not as an earlier life of ours knew it."""
        return self._again.get(_of(entry)) is entry

    def forget(self, entry: Entry) -> None:
        """It is not ours any more."""
        self._again.pop(_of(entry), None)

    def disown(self) -> list[Entry]:
        """What is durable is not ours to write any more; those of which something was still to be written."""
        under_way = [write.entry for write in self._under_way.values()]
        ours = [entry for entry in {id(entry): entry for entry in [*under_way, *self._again.values()]}.values()]
        for entry in ours:
            if entry.durable:
                entry.let_go = True
                self.forget(entry)
        return [entry for entry in ours if entry.durable]

    def again(self, entry: Entry) -> None:
        self._again[_of(entry)] = entry

    @property
    def waiting(self) -> int:
        """Rows that are to be written again."""
        return len(self._again)

    @property
    def full(self) -> bool:
        return len(self._again) >= MOST_UNWRITTEN

    def unwritten(self) -> list[Entry]:
        """The rows to try now, oldest failure first."""
        return [entry for entry, _ in zip(self._again.values(), range(AT_ONCE), strict=False)]


def _of(entry: Entry) -> tuple[str, bool]:
    """One row of a promise, or what is told of it to others, who may have it by now."""
    return entry.promise.id, entry.elsewhere
