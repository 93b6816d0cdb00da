"""The stories of the day, by contact: bounded in bytes and in age, the oldest forgotten first.

Who waits comes before who has left: for want of room the contact goes that left first, and only then what is known of
those who wait, from the oldest on. What many decisions have in common (who is configured, who of them is qualified) is
counted once, as long as a decision needs it: after a reload the former one is held by the stories of before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from softswitch.acd.candidates import Candidates
from softswitch.acd.kept import KeptStory, opened
from softswitch.acd.roster import Roster
from softswitch.acd.story import Decision, Entry, Moment, OfferEnded, Story, WaitRose, entry
from softswitch.core.effect import DomainEvent

CANDIDATES_BYTES = 1000  # and their numbers
PRESSED_BYTES = 600  # besides what is pressed
AGENT_BYTES = 400  # of each agent of a roster


@dataclass(frozen=True, slots=True)
class Shelf:
    """How much is kept."""

    octets: int = 64_000_000  # 0: nothing
    keep_s: float = 86_400.0  # after the contact has left


@dataclass(slots=True)
class _Held:
    """What decisions share, and how many need it."""

    what: object  # so that its id stays its own
    octets: int
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Pressed:
    """A story that is over, as the store has it: a tenth of the octets where many agents were free."""

    row: KeptStory
    among: tuple[Candidates, ...]
    octets: int

    @property
    def ended_at(self) -> float:
        return self.row.ended_at

    def story(self) -> Story:
        return opened(self.row, {one.key: one for one in self.among})


@dataclass(slots=True)
class Storybook:
    shelf: Shelf = Shelf()
    octets: int = 0  # what all of it costs, about
    forgotten: int = 0  # contacts, for want of room; those that are too old are not counted
    _waiting: dict[str, Story] = field(default_factory=dict)  # in the order in which they began
    _over: OrderedDict[str, Story | _Pressed] = field(default_factory=OrderedDict)  # in the order in which they left
    _held: dict[int, _Held] = field(default_factory=dict)

    def note(self, event: DomainEvent, moment: Moment) -> Story | None:
        """Take a fact in. Returns the story where the contact has come to rest: it waits for somebody, or has left."""
        found = entry(event, moment) if self.shelf.octets else None
        if found is None:
            return None
        contact, new = found
        story = self._waiting.get(contact)
        if story is None:
            if isinstance(new, OfferEnded | WaitRose):
                return None  # it has left, and that is all there is to tell
            story = self._reopened(contact, moment.unix)
        self._add(story, new)
        if not story.waits:
            self._over[contact] = self._waiting.pop(contact)
        self._make_room(moment.unix)
        again = story.entries[-1] is not new
        return story if not story.waits or (_nobody(new) and not again) else None

    def _reopened(self, contact: str, unix: float) -> Story:
        found = self._over.pop(contact, None)
        if isinstance(found, _Pressed):
            story = found.story()
            self._hold(_amongst(story.entries))
            self._drop(found)
        else:
            story = found or Story(contact, unix)
        if found is not story:
            self.octets += story.octets
        self._waiting[contact] = story
        return story

    def _add(self, story: Story, new: Entry) -> None:
        before = story.octets
        gone = story.add(new)
        self.octets += story.octets - before
        last = story.entries[-1]
        if isinstance(last, Decision):  # of one that was the same, the record that was there stays
            self._hold((last.decided.record.among,))
        if gone:
            self._release(_amongst(gone))

    # ---- who asks --------------------------------------------------------------------------------------------------

    def story(self, contact: str) -> Story | None:
        found = self._waiting.get(contact) or self._over.get(contact)
        return found.story() if isinstance(found, _Pressed) else found

    def latest(self, most: int) -> list[str]:
        """Contacts that can be asked for, the latest first; those that wait before the others."""
        names: list[str] = []
        for stories in (self._waiting, self._over):
            names += [name for name, _ in zip(reversed(stories), range(most - len(names)), strict=False)]
        return names

    # ---- room ------------------------------------------------------------------------------------------------------

    def press(self, row: KeptStory) -> None:
        """The story of a contact that has left takes no more than this from now on, if that is less."""
        story = self._over.get(row.contact)
        octets = PRESSED_BYTES + len(row.story)
        if isinstance(story, Story) and octets < story.octets:
            among = tuple({one.key: one for one in _amongst(story.entries)}.values())
            self._hold(among)
            self._drop(story)
            self._over[row.contact] = _Pressed(row, among, octets)
            self.octets += octets

    def _make_room(self, unix: float) -> None:
        while self._over and next(iter(self._over.values())).ended_at < unix - self.shelf.keep_s:
            self._drop(self._over.popitem(last=False)[1])
        while self._over and self.octets > self.shelf.octets:
            self._drop(self._over.popitem(last=False)[1])
            self.forgotten += 1
        while self._waiting and self.octets > self.shelf.octets:
            self._drop(self._waiting.pop(next(iter(self._waiting))))
            self.forgotten += 1

    def _drop(self, story: Story | _Pressed) -> None:
        self.octets -= story.octets
        self._release(story.among if isinstance(story, _Pressed) else _amongst(story.entries))

    def _hold(self, among: Iterable[Candidates]) -> None:
        for what in (shared for one in among for shared in (one, one.roster)):
            held = self._held.get(id(what))
            if held is None:
                held = self._held[id(what)] = _Held(what, _size(what))
                self.octets += held.octets
            held.count += 1

    def _release(self, among: Iterable[Candidates]) -> None:
        for what in (shared for one in among for shared in (one, one.roster)):
            held = self._held[id(what)]
            held.count -= 1
            if not held.count:
                del self._held[id(what)]
                self.octets -= held.octets


def _amongst(entries: Iterable[Entry]) -> list[Candidates]:
    return [one.decided.record.among for one in entries if isinstance(one, Decision)]


def _size(what: Candidates | Roster) -> int:
    if isinstance(what, Roster):
        return AGENT_BYTES * len(what.names)
    return CANDIDATES_BYTES + int(what.numbers.nbytes)


def _nobody(one: Entry) -> bool:
    return isinstance(one, Decision) and one.decided.agent is None
