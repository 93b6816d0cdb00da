"""What callers leave behind is kept: messages, greetings and scores go to the store, and files go after their rows.

A file is erased when the store has forgotten it, and not before: after a crash there may be a recording that nobody
knows, and never a message without its sound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.contact.event import SurveyAnswered
from softswitch.contact.mailbox import (
    GreetingChanged,
    MailboxOpened,
    MailboxRefused,
    Message,
    VoicemailDeleted,
    VoicemailHeard,
    VoicemailLeft,
)
from softswitch.contact.order import EraseRecording
from softswitch.core.effect import DomainEvent, Effect
from softswitch.sip.event import message_summary
from softswitch.switch.ports import Stored

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

_ERASE = "erase/"  # begins the tokens of writes after which a file goes


class Archive:
    hears = (
        VoicemailLeft, VoicemailHeard, VoicemailDeleted, GreetingChanged, MailboxOpened, MailboxRefused, SurveyAnswered,
    )  # fmt: skip

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._deleting: dict[str, Message] = {}  # by token

    def note(self, event: DomainEvent) -> None:
        keeper, boxes = self._switch.ports.keeper, self._switch.mailboxes
        match event:
            case VoicemailLeft(message=message) | VoicemailHeard(message=message):
                keeper.put_voicemail(message)
                boxes.put(message)
            case VoicemailDeleted(message=message):
                boxes.remove(message)
                token = f"{_ERASE}{message.file}"
                self._deleting[token] = message
                keeper.remove_voicemail(message.id, token)
            case GreetingChanged(greeting=greeting):
                keeper.put_greeting(greeting, f"{_ERASE}{boxes.greet(greeting)}")
            case MailboxOpened(mailbox=mailbox, own=own):
                boxes.opened(mailbox, own)
            case MailboxRefused(mailbox=mailbox, why="pin", own=own):
                boxes.refused(mailbox, own, self._switch.now)
            case SurveyAnswered():
                keeper.put_answer(event)

    def stored(self, event: Stored) -> list[Effect] | None:
        """None: it is no write of ours."""
        if not event.token.startswith(_ERASE):
            return None
        message = self._deleting.pop(event.token, None)
        if not event.ok:
            if message is not None:  # it is still there, and so the owner is told
                self._switch.mailboxes.put(message)
                self._switch.lamps.touch(message_summary.PACKAGE.name, message.mailbox)
            return []
        file = event.token.removeprefix(_ERASE)
        return [EraseRecording(file)] if file else []
