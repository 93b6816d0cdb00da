"""Where callers go whom a queue does not take, or not any longer, as ``queues.yaml`` says it for each cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """One of these; none: the dialplan's own way out."""

    queue: str = ""
    voicemail: bool = False  # the mailbox of the queue that he is in
    callback: bool = False


Ways = Mapping[str, Way]  # by cause: "full", "timeout", or the word of a ``Condition``
NO_WAY = Way()
