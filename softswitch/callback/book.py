"""Where promises are found: by id, by (number, group) while open, by number while open. It decides nothing."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from softswitch.callback.model import OPEN, Lost, Promise, Promote, RetryNow

REMEMBERED = 1000  # closed promises kept for the list and for late words about them


@dataclass(slots=True, eq=False)
class Entry:
    """A promise and what the ledger alone knows about it; none of this outlives the process."""

    promise: Promise
    since: float  # Unix s: when it came into its state
    durable: bool = False  # some row of it is in the store
    last_open: Promise | None = None  # what it was before its end, until the store has the end
    let_go: bool = False  # not in the book any more: it never came to be, and its row must not either
    keep: bool = False  # recorded without being spoken: survives a store that is away
    intent: str = ""  # token of the write of its intent, while that is under way
    intent_at: float = 0.0  # Unix s: when that began
    dialled_at: float = 0.0  # Unix s: the last attempt
    rang_s: float | None = 0.0  # how long that rang; None: it does. 0: it was of an earlier process
    writes: int = 0  # writes under way
    hold_until: float = 0.0  # Unix s: no new seek before
    spared_until: float = 0.0  # Unix s: overdue or not, it does not end before; it is not dialled either
    customer_first: bool = False  # of the attempt that is being made
    owed: bool = False  # during the attempt in flight he was told once more that he will be called: it is not the last
    by: str = ""  # who ordered what is not durable yet; for the history
    orders: tuple[RetryNow | Promote, ...] = ()  # that are not durable yet, the last of each kind
    claimed: bool = False  # it was taken out of the pool, and goes back where it cannot be called for long
    loss: Lost | None = None  # that made it, while it is not durable
    further: Lost | None = None  # the last one that was added and that nobody waits to hear of, likewise
    stored: Promise | None = None  # as the store has it, by its last answer; None: it was asked for nothing yet
    elsewhere: bool = False  # he was served, and it is others': of it nothing else is written
    met: bool = False  # let go, as there was another one for its number, to which its loss was added
    ending: str | None = None  # why it is withdrawn when the attempt in flight has failed; the row says so too

    @property
    def shown(self) -> Promise | None:
        """What a crash cannot take back: a promise once the store has it, its end likewise."""
        return (self.last_open or self.promise) if self.durable else None


class Book:
    """All open promises, and the last closed ones."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._open: dict[tuple[str, str], Entry] = {}
        self._numbers: dict[str, list[Entry]] = {}
        self._count: Counter[str] = Counter()
        self._closed: deque[str] = deque()

    def add(self, entry: Entry) -> None:
        promise = entry.promise
        self._entries[promise.id] = entry
        if promise.state not in OPEN:
            self._remember(promise.id)
            return
        self._open[promise.number, promise.key] = entry
        self._numbers.setdefault(promise.number, []).append(entry)
        self._count[promise.queue] += 1

    def close(self, entry: Entry) -> None:
        """Its promise has come to a final state."""
        self._take_out(entry)
        self._remember(entry.promise.id)

    def drop(self, entry: Entry) -> None:
        """It never came to be."""
        self._take_out(entry)
        del self._entries[entry.promise.id]

    def forget(self, promise: str) -> None:
        """It has ended."""
        del self._entries[promise]
        self._closed.remove(promise)

    def part(self, stay: Iterable[Entry], heirs: Book) -> None:
        """With all open ones but these, at once; the open ones of ``heirs`` are in their place, none of them for the
        number and group of one that stays."""
        ended = {entry.promise.id: entry for entry in self.ended()}
        self._entries, self._open = heirs._entries, heirs._open
        self._numbers, self._count = heirs._numbers, heirs._count
        self._entries.update(ended)
        for entry in stay:
            self.add(entry)

    def move(self, old: str, new: str) -> None:
        """An open promise is another queue's now."""
        self._count[old] -= 1
        self._count[new] += 1

    def get(self, promise: str) -> Entry | None:
        return self._entries.get(promise)

    def open_for(self, number: str, key: str) -> Entry | None:
        """``key``: of the promise, and of its policy."""
        return self._open.get((number, key))

    def same_number(self, number: str) -> list[Entry]:
        """The open ones for this number, over all queues."""
        return list(self._numbers.get(number, ()))

    def several(self) -> list[list[Entry]]:
        """The open ones for each number that has more than one."""
        if len(self._numbers) == len(self._open):
            return []
        return [list(same) for same in self._numbers.values() if len(same) > 1]

    def numbers(self) -> list[str]:
        """With open promises."""
        return list(self._numbers)

    def open(self) -> list[Entry]:
        return list(self._open.values())

    def promises(self) -> list[Promise]:
        """The open ones, oldest first, then the last closed ones, latest first."""
        waiting = sorted((entry.promise for entry in self._open.values()), key=lambda p: (p.rank, p.id))
        return waiting + [self._entries[promise].promise for promise in reversed(self._closed)]

    def durable(self) -> list[Promise]:
        """The same, but only what a crash cannot take back."""
        seen = [self._entries[id].shown for id in self._listed()]
        return [promise for promise in seen if promise is not None]

    def ended(self) -> list[Entry]:
        """The last closed ones."""
        return [self._entries[promise] for promise in self._closed]

    def has(self, entry: Entry) -> bool:
        return self._entries.get(entry.promise.id) is entry

    def entries(self) -> Iterable[Entry]:
        """All of them, in no order."""
        return self._entries.values()

    def _listed(self) -> list[str]:
        return [promise.id for promise in self.promises()]

    def count(self, queue: str) -> int:
        return self._count[queue]

    def _take_out(self, entry: Entry) -> None:
        promise = entry.promise
        del self._open[promise.number, promise.key]
        self._count[promise.queue] -= 1
        same = self._numbers[promise.number]
        same.remove(entry)
        if not same:
            del self._numbers[promise.number]

    def _remember(self, promise: str) -> None:
        self._closed.append(promise)
        for _ in range(min(2, len(self._closed) - REMEMBERED)):  # two: after a store was away there are too many
            oldest = self._closed.popleft()
            if self._entries[oldest].last_open is None:
                del self._entries[oldest]
            else:  # the store does not have its end yet, and might bring it back as an open one
                self._closed.append(oldest)
