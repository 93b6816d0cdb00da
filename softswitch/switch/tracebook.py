"""The SIP messages of each contact, for ``trace``: which are kept, for how long, and under which name.

A message is known by its Call-ID, which is one leg's. Only an INVITE begins something: what else has an unknown Call-ID
belongs to no contact. Until the switch says whose leg it is (``claim``), an INVITE and what follows it is kept for a
while; strangers can send those, so few are kept, and not much of each. Octets are kept as they were on the wire, by
reference, and pressed when a call has been quiet for a while; what is secret in them is hidden when they are shown.
Of contacts that have ended there are few, and they go soon: they are not worth pressing.

All is bounded: messages of one contact, contacts that have ended, octets in all. For want of room the contact that
ended first goes first.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter

from softswitch.sip.flow import Flow
from softswitch.sip.secret import masked
from softswitch.switch.pressed import Pressed, Seen

PENDING = 256  # Call-IDs that no contact has claimed
PENDING_MESSAGES = 16  # of each
OVERHEAD = 160  # octets that a message costs besides its own
QUIET_S = 5.0  # then a call is pressed: one that is over soon is forgotten soon, and not worth the work
GRAIN_S = 0.25  # calls that fall quiet within so long are looked at together: each look wakes the process
AT_ONCE = 20  # calls pressed in one go, a tenth of a millisecond each
PAUSE_S = 0.02  # between two goes


@dataclass(frozen=True, slots=True)
class Room:
    """How much is kept. ``contacts`` counts those that have ended; those that go on are always there."""

    messages: int = 500  # of one contact; 0: nothing is kept
    contacts: int = 500
    octets: int = 32_000_000


@dataclass(frozen=True, slots=True)
class Traced:
    """A message on the wire, fit to be shown."""

    at: float  # Unix seconds
    sent: bool
    leg: str
    flow: Flow
    octets: bytes


@dataclass(frozen=True, slots=True)
class Trace:
    contact: str
    live: bool
    missing: int  # messages that there was no room for
    messages: tuple[Traced, ...]  # in the order of time


@dataclass(slots=True, eq=False)
class _Page:
    """Of one contact, or (``contact`` is "") of one Call-ID that is nobody's yet."""

    contact: str
    most: int  # messages
    seen: list[Seen] = field(default_factory=list)
    legs: dict[str, str] = field(default_factory=dict)  # by Call-ID
    live: bool = True
    missing: int = 0
    octets: int = 0
    pressed: list[Pressed] = field(default_factory=list)  # what was seen before ``seen``
    count: int = 0  # of messages, the pressed ones included
    waits: bool = False  # to be pressed

    def messages(self) -> list[Seen]:
        return [*(seen for pressed in self.pressed for seen in pressed.messages()), *self.seen]


class Tracebook:
    def __init__(self, room: Room = Room()) -> None:
        self._room = room
        self._octets = 0
        self._by_call_id: dict[str, _Page] = {}
        self._contacts: dict[str, _Page] = {}  # in the order in which they began
        self._by_leg: dict[str, _Page] = {}
        self._pending: dict[str, _Page] = {}  # by Call-ID, oldest first
        self._ended: dict[str, _Page] = {}  # by contact, in the order in which they ended
        self._quiet: deque[tuple[float, _Page]] = deque()  # when to look whether it is, in order

    # ---- what happens ------------------------------------------------------------------------------------------

    def see(self, call_id: str, sent: bool, flow: Flow, octets: bytes, at: float) -> str | None:
        """A message is on the wire; ``at`` is Unix seconds.

        Returns the contact whose it is, "" where it is nobody's yet; None where nothing has begun by that name.
        """
        page = self._by_call_id.get(call_id)
        if page is None:
            return None
        if page.count >= page.most:
            page.missing += 1
            return page.contact
        page.seen.append((at, sent, flow, octets, call_id))
        page.count += 1
        if not page.waits and page.contact:
            page.waits = True
            self._quiet.append((_look_at(at), page))
        size = len(octets) + OVERHEAD
        page.octets += size
        self._octets += size
        if self._octets > self._room.octets:
            self._make_room()
        return page.contact

    def begin(self, call_id: str) -> None:
        """An INVITE comes or goes by that name; it is nobody's yet."""
        if call_id in self._by_call_id or not self._room.messages:
            return
        self._by_call_id[call_id] = self._pending[call_id] = _Page("", PENDING_MESSAGES)
        if len(self._pending) > PENDING:
            self._forget_pending()

    def claim(self, contact: str, leg: str, call_id: str) -> None:
        """This leg, whose messages have this Call-ID, is the contact's from now on."""
        if not self._room.messages:
            return
        page = self._contacts.get(contact)
        if page is None:
            page = self._contacts[contact] = _Page(contact, self._room.messages)
        page.legs[call_id] = leg
        self._by_leg[leg] = page
        found, self._by_call_id[call_id] = self._by_call_id.get(call_id), page
        if found is not None and self._pending.pop(call_id, None) is found:
            page.seen += found.seen
            page.count += found.count
            page.missing += found.missing
            page.octets += found.octets

    def end(self, contact: str) -> None:
        """The contact is over; what its legs still say is kept with it."""
        page = self._contacts.get(contact)
        if page is None:
            return
        page.live = False
        self._ended[contact] = page
        while len(self._ended) > self._room.contacts:
            self._drop(next(iter(self._ended)))

    @property
    def deadline(self) -> float | None:
        """When there may be something to press, in Unix seconds."""
        return self._quiet[0][0] if self._quiet else None

    def tick(self, at: float) -> None:
        """Press the calls that have been quiet; a few at once, so that nobody waits for it."""
        for _ in range(min(AT_ONCE, len(self._quiet))):
            if self._quiet[0][0] > at:
                return
            _, page = self._quiet.popleft()
            page.waits = False
            if page.seen and page.seen[-1][0] + QUIET_S > at:
                page.waits = True
                self._quiet.append((_look_at(at), page))
            elif page.seen and page.live:
                self._press(page)
        if self._quiet and self._quiet[0][0] < at + PAUSE_S:
            self._quiet[0] = (at + PAUSE_S, self._quiet[0][1])

    def _press(self, page: _Page) -> None:
        pressed = Pressed.of(page.seen)
        was = sum(len(octets) + OVERHEAD for _, _, _, octets, _ in page.seen)
        size = len(pressed.packed) + OVERHEAD * (1 + len(pressed.flows))
        page.seen = []
        page.pressed.append(pressed)
        page.octets += size - was
        self._octets += size - was

    # ---- who asks ----------------------------------------------------------------------------------------------

    def trace(self, name: str) -> Trace:
        """By contact, leg or Call-ID. Raises ``LookupError`` where nothing is kept under that name."""
        page = self._contacts.get(name) or self._by_leg.get(name) or self._by_call_id.get(name)
        if page is None or not page.contact:
            raise LookupError(f"no messages of a call {name!r} are kept")
        shown = tuple(
            Traced(at, sent, page.legs.get(call_id, ""), flow, masked(octets))
            for at, sent, flow, octets, call_id in sorted(page.messages(), key=itemgetter(0))
        )
        return Trace(page.contact, page.live, page.missing, shown)

    @property
    def octets(self) -> int:
        """What all of it costs, about."""
        return self._octets

    def names(self) -> list[str]:
        """The contacts that can be asked for, oldest first."""
        return list(self._contacts)

    # ---- room --------------------------------------------------------------------------------------------------

    def _make_room(self) -> None:
        """Contacts that ended, then INVITEs of nobody, then what calls said that go on; each time the oldest."""
        orders: tuple[tuple[dict[str, _Page], Callable[[], None]], ...] = (
            (self._ended, lambda: self._drop(next(iter(self._ended)))),
            (self._pending, self._forget_pending),
        )
        for pages, forget in orders:
            while self._octets > self._room.octets and pages:
                forget()
        for page in self._contacts.values():
            if self._octets <= self._room.octets:
                return
            self._clear(page)

    def _forget_pending(self) -> None:
        call_id = next(iter(self._pending))
        self._clear(self._pending.pop(call_id))
        del self._by_call_id[call_id]

    def _drop(self, contact: str) -> None:
        page = self._ended.pop(contact)
        self._clear(page)
        del self._contacts[contact]
        for table, names in ((self._by_call_id, page.legs), (self._by_leg, page.legs.values())):
            for name in names:
                if table.get(name) is page:
                    del table[name]

    def _clear(self, page: _Page) -> None:
        page.missing += page.count
        self._octets -= page.octets
        page.octets = page.count = 0
        page.seen, page.pressed = [], []


def _look_at(at: float) -> float:
    """When to look whether a call is quiet that has spoken at ``at``."""
    return math.ceil((at + QUIET_S) / GRAIN_S) * GRAIN_S
