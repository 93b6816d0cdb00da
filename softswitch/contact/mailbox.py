"""Mailboxes: which messages wait in them, and which were heard.

A message counts as new until somebody says that it was heard. What is in memory is what lamps and lists need; the rows
in the store are the whole of it, and the recordings are files that belong to whoever runs the switch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from softswitch.core.effect import DomainEvent

MOST_KEPT = 1000  # messages of one mailbox in memory; the store keeps them all


@dataclass(frozen=True, slots=True)
class Message:
    """A voicemail."""

    id: str  # the name of its recording, without the ending
    mailbox: str
    contact: str
    caller: str
    file: str  # below the recordings directory
    left_at: float  # Unix seconds
    duration_s: float
    heard: bool = False


@dataclass(frozen=True, slots=True)
class VoicemailLeft(DomainEvent):
    message: Message


@dataclass(frozen=True, slots=True)
class VoicemailHeard(DomainEvent):
    message: Message


class Mailboxes:
    """Every message by its id, and by its mailbox in the order in which they were left."""

    def __init__(self) -> None:
        self._messages: dict[str, Message] = {}
        self._boxes: dict[str, dict[str, None]] = {}

    def restore(self, messages: Iterable[Message]) -> None:
        for message in sorted(messages, key=lambda message: message.left_at):
            self.put(message)

    def put(self, message: Message) -> None:
        """A new message, or one whose state has changed."""
        box = self._boxes.setdefault(message.mailbox, {})
        self._messages[message.id] = message
        box[message.id] = None
        if len(box) > MOST_KEPT:
            self._forget(box)

    def heard(self, id: str) -> list[DomainEvent]:
        """Somebody has listened to it: a fact, the first time. Raises ``LookupError``."""
        message = self._messages.get(id)
        if message is None:
            raise LookupError(f"no such voicemail: {id}")
        return [] if message.heard else [VoicemailHeard(replace(message, heard=True))]

    def counts(self, mailbox: str) -> tuple[int, int]:
        """How many are new, and how many were heard."""
        box = self._boxes.get(mailbox, {})
        old = sum(self._messages[id].heard for id in box)
        return len(box) - old, old

    def messages(self) -> list[Message]:
        """The newest first."""
        return sorted(self._messages.values(), key=lambda message: (-message.left_at, message.id))

    def _forget(self, box: dict[str, None]) -> None:
        """One that was heard, before one that was not; the oldest of those."""
        oldest = next((id for id in box if self._messages[id].heard), next(iter(box)))
        del box[oldest], self._messages[oldest]
