"""What has been read of a section of a session description, kept beside it: peers say the same in all of their calls.

Decided here: what is kept. How it is read is the business of who keeps it, ``session`` and ``codecs``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from softswitch.sdp.media import Codec


class Found(NamedTuple):
    """What is in common with the peer."""

    ours: Codec
    theirs: Codec
    beside: tuple[Codec, ...]  # telephone-event, comfort noise


@dataclass(slots=True)
class Readings:
    """Of formats and attributes, once for all sections that have them from the same text. None: nobody has asked."""

    said: dict[str, str] | None = None  # by name, the value of the first attribute of that name
    lines: list[str] | None = None  # the attributes as they are written
    codecs: tuple[Codec, ...] | None = None
    # For who asked last: our codecs, whether they are ranked, whether this answers us; and what was found.
    found: tuple[tuple[tuple[Codec, ...], bool, bool], Found | None] | None = None
