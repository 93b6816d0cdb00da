"""Fixed scripts: what a contact does where no dialplan is asked. They speak the interpreter's language."""

from __future__ import annotations

from typing import Protocol

from softswitch.core.effect import Effect
from softswitch.ivr.lost import PlanLoss
from softswitch.ivr.model import (
    AnswerCall,
    DialEnded,
    DialOut,
    EndCall,
    EnterQueue,
    IvrInput,
    PlayEnded,
    PlayPrompts,
    Prompt,
    QueueEnded,
    Start,
)


class Script(Protocol):
    """A dialplan interpreter, or something simpler of the same shape."""

    @property
    def deadline(self) -> float | None: ...

    def handle(self, event: IvrInput, now: float) -> list[Effect]: ...

    def tick(self, now: float) -> list[Effect]: ...

    def resume(self, now: float) -> list[Effect]:
        """A new process goes on where the former one ended; the caller is answered and talks to nobody."""

    def lost(self, gone: bool) -> PlanLoss | None:
        """What is to be said of the caller if the call ends now; ``gone``: it is he who ends it. None: nothing."""


class _Fixed:
    deadline: float | None = None

    def tick(self, now: float) -> list[Effect]:
        return []

    def resume(self, now: float) -> list[Effect]:
        return [EndCall()]

    def lost(self, gone: bool) -> PlanLoss | None:
        return None


_STATUS = {"busy": 486, "no answer": 480, "rejected": 603, "failed": 503}
# What is passed on, as it speaks of the called person or of what was offered. The rest speaks of one server to whoever
# has asked it (RFC 3261 section 16.7 step 6).
_SPEAKING = frozenset({404, 410, 415, 484, 485, 488, 604, 606})


class DirectDial(_Fixed):
    """A phone calls a phone, or an outside number: ring it, connect, and end with what it ended with."""

    def __init__(self, order: DialOut) -> None:
        self.order = order

    def handle(self, event: IvrInput, now: float) -> list[Effect]:
        match event:
            case Start():
                return [self.order]
            case DialEnded():
                return [EndCall(status=status_of(event))]
            case _:
                return []


def status_of(ended: DialEnded) -> int:
    """The SIP status for whoever wanted this to be dialled; 0 where it was answered."""
    return ended.status if ended.status in _SPEAKING else _STATUS.get(ended.outcome, 0)


class PutThrough(_Fixed):
    """Somebody whom we have called waits for an agent of this queue, and talks to him."""

    def __init__(self, queue: str, language: str) -> None:
        self._order = EnterQueue(queue, None, 0.0, language)

    def handle(self, event: IvrInput, now: float) -> list[Effect]:
        match event:
            case Start():
                return [self._order]
            case QueueEnded() | DialEnded():
                return [EndCall()]
            case _:
                return []


class Announce(_Fixed):
    """Say one thing and hang up: the answer to a feature code."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt

    def handle(self, event: IvrInput, now: float) -> list[Effect]:
        match event:
            case Start():
                return [AnswerCall(), PlayPrompts((self._prompt,))]
            case PlayEnded():
                return [EndCall()]
            case _:
                return []
