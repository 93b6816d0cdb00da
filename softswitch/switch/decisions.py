"""The decisions of the day: in memory for who asks now, in the store for who asks later.

A story is written when the contact comes to rest: nobody is free for it, or it has left its queue. So most are written
once, and a crash costs what has happened since: of who waits, nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.acd.kept import GROUND_AGAIN_S, KeptStory, ground, grounds, keep
from softswitch.acd.story import TOLD, Moment, Story
from softswitch.acd.storybook import Storybook
from softswitch.core.effect import DomainEvent

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

PRESSED_FROM = 2000  # octets of a story that is over: of a smaller one little is won
MOST_GROUNDS = 5000  # that are remembered as written


class Decisions:
    hears = tuple(TOLD)

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._policy = switch.configuration.decisions
        self.book = Storybook(self._policy.shelf)
        self._written: dict[str, float] = {}  # key of what stories have in common -> when, Unix s

    def note(self, event: DomainEvent) -> None:
        switch = self._switch
        story = self.book.note(event, Moment(switch.unix, switch.now, switch.acd.version))
        if story is None:
            return
        large, wanted = story.octets >= PRESSED_FROM and not story.waits, self._wanted(story)
        if large or wanted:
            row = keep(story)
            if wanted:
                self._write(story, row)
            if large:
                self.book.press(row)

    def _wanted(self, story: Story) -> bool:
        match self._policy.store:
            case "all":
                return True
            case "failed":
                return story.failed
        return False

    def _write(self, story: Story, row: KeptStory) -> None:
        keeper, unix = self._switch.ports.keeper, self._switch.unix
        for key, what in grounds(story).items():
            if unix - self._written.get(key, -GROUND_AGAIN_S) >= GROUND_AGAIN_S:
                self._written[key] = unix
                keeper.put_ground(ground(key, what, unix))
        if len(self._written) > MOST_GROUNDS:
            self._written.clear()  # they are put once more
        keeper.put_story(row)
