"""Stories of contacts in queues, read back with what their decisions have in common."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from softswitch.acd.kept import KeptGround, KeptStory, needed, rosters_needed, told
from softswitch.acd.story import Story


class StoryReader(Protocol):
    async def stories(self, contact: str) -> list[KeptStory]: ...

    async def grounds(self, keys: Collection[str]) -> list[KeptGround]: ...


async def read_stories(reader: StoryReader, contact: str) -> list[Story]:
    """What is kept of the contact, in the order of time. Raises ``Unreadable``."""
    kept = await reader.stories(contact)
    candidates = await reader.grounds(sorted(needed(kept))) if kept else []
    rosters = await reader.grounds(sorted(rosters_needed(candidates))) if candidates else []
    return told(kept, candidates, rosters)
