"""Mailboxes: which messages wait in them and which were heard, what greets their callers, and who may open them.

A message counts as new until somebody says that it was heard. What is in memory is what lamps and lists need; the rows
in the store are the whole of it, and the recordings are files that belong to whoever runs the switch.

A PIN that is wrong too often closes the mailbox for a while, whichever calls the tries came by; who gets it right, or
is let in without, has the count begin anew. The owner's phone is counted apart: no stranger can shut the owner out, and
no owner who looks in gives a stranger further tries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo

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
class Greeting:
    """What callers of a mailbox hear, said by its owner."""

    mailbox: str
    file: str  # below the recordings directory; "": none any more, and callers hear what the plan says
    recorded_at: float  # Unix seconds


@dataclass(frozen=True, slots=True)
class VoicemailLeft(DomainEvent):
    message: Message


@dataclass(frozen=True, slots=True)
class VoicemailHeard(DomainEvent):
    message: Message


@dataclass(frozen=True, slots=True)
class VoicemailDeleted(DomainEvent):
    """Its row goes; then its file."""

    message: Message


@dataclass(frozen=True, slots=True)
class GreetingChanged(DomainEvent):
    """The file of the one before, if there was any, goes with it."""

    greeting: Greeting


@dataclass(frozen=True, slots=True)
class MailboxOpened(DomainEvent):
    mailbox: str
    contact: str
    own: bool = False  # by its owner's phone


@dataclass(frozen=True, slots=True)
class MailboxRefused(DomainEvent):
    mailbox: str
    contact: str
    why: str  # "pin" (a wrong one), "locked" (after too many), "no pin" (it has none), "unknown" (no such mailbox)
    own: bool = False  # the owner's phone


@dataclass(frozen=True, slots=True)
class MailboxRules:
    """What the configuration says of mailboxes."""

    boxes: Collection[str] = ()  # users and queues
    pins: Mapping[str, str] = field(default_factory=dict, repr=False)
    own_phone_free: bool = False  # the owner's phone needs no PIN
    tries: int = 3  # of one call
    failures: int = 5  # in a row, of all calls; then it is locked
    lock_s: float = 900.0
    zone: tzinfo = UTC  # of the times that are said
    trunk: str = ""  # by which callers outside are called back; "": they are not


class Mailboxes:
    """Every message by its id, and by its mailbox in the order in which they were left."""

    def __init__(self, rules: MailboxRules | None = None) -> None:
        self.rules = rules or MailboxRules()
        self.greetings: dict[str, str] = {}  # mailbox -> file
        self._messages: dict[str, Message] = {}
        self._boxes: dict[str, dict[str, None]] = {}
        # By mailbox, and whether it is its owner's phone:
        self._failures: dict[tuple[str, bool], int] = {}  # wrong PINs in a row
        self._locked: dict[tuple[str, bool], float] = {}  # until, monotonic seconds

    def restore(self, messages: Iterable[Message], greetings: Iterable[Greeting] = ()) -> None:
        for message in sorted(messages, key=lambda message: message.left_at):
            self.put(message)
        for greeting in greetings:
            self.greet(greeting)

    def put(self, message: Message) -> None:
        """A new message, or one whose state has changed."""
        box = self._boxes.setdefault(message.mailbox, {})
        self._messages[message.id] = message
        box[message.id] = None
        if len(box) > MOST_KEPT:
            self._forget(box)

    def remove(self, message: Message) -> None:
        """It was deleted."""
        self._messages.pop(message.id, None)
        self._boxes.get(message.mailbox, {}).pop(message.id, None)

    def heard(self, id: str) -> list[DomainEvent]:
        """Somebody has listened to it: a fact, the first time. Raises ``LookupError``."""
        message = self._known(id)
        return [] if message.heard else [VoicemailHeard(replace(message, heard=True))]

    def delete(self, id: str) -> list[DomainEvent]:
        """Raises ``LookupError``."""
        return [VoicemailDeleted(self._known(id))]

    def get(self, id: str) -> Message | None:
        return self._messages.get(id)

    def ids(self, mailbox: str, heard: bool) -> tuple[str, ...]:
        """Those that are new, or those that were heard; the oldest first."""
        return tuple(id for id in self._boxes.get(mailbox, ()) if self._messages[id].heard == heard)

    def counts(self, mailbox: str) -> tuple[int, int]:
        """How many are new, and how many were heard."""
        box = self._boxes.get(mailbox, {})
        old = sum(self._messages[id].heard for id in box)
        return len(box) - old, old

    def messages(self) -> list[Message]:
        """The newest first."""
        return sorted(self._messages.values(), key=lambda message: (-message.left_at, message.id))

    def greet(self, greeting: Greeting) -> str:
        """The mailbox greets so from now on; the file of the former greeting, which nobody needs, or ""."""
        former = self.greetings.pop(greeting.mailbox, "")
        if greeting.file:
            self.greetings[greeting.mailbox] = greeting.file
        return former if former != greeting.file else ""

    # ---- who may open it ---------------------------------------------------------------------------------------

    def locked(self, mailbox: str, own: bool, now: float) -> bool:
        """For the owner's phone, or for all others."""
        return self._locked.get((mailbox, own), now) > now

    def opened(self, mailbox: str, own: bool) -> None:
        self._failures.pop((mailbox, own), None)

    def refused(self, mailbox: str, own: bool, now: float) -> None:
        """One more PIN was wrong."""
        who = mailbox, own
        failures = self._failures.get(who, 0) + 1
        if failures >= self.rules.failures:
            self._locked[who], failures = now + self.rules.lock_s, 0
        self._failures[who] = failures

    def _known(self, id: str) -> Message:
        message = self._messages.get(id)
        if message is None:
            raise LookupError(f"no such voicemail: {id}")
        return message

    def _forget(self, box: dict[str, None]) -> None:
        """One that was heard, before one that was not; the oldest of those."""
        oldest = next((id for id in box if self._messages[id].heard), next(iter(box)))
        del box[oldest], self._messages[oldest]

    def local(self, unix: float) -> datetime:
        return datetime.fromtimestamp(unix, self.rules.zone)
