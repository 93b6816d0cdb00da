"""The first words to a customer whom we have called, and the last ones where nobody is there for him.

Decided here: what he hears when, and what follows from the keys that he presses. Whether he is a machine is told by
one rule: a person who answers says a few words and waits, a machine speaks for ``MACHINE_S`` without a pause of
``PAUSE_S``. A person who talks on is mistaken for a machine by that, and a machine that begins with a silence for a
person; "press 1" is wrong less often.

Not known here: who is there for him, and what the ledger makes of how it ended.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from softswitch.contact.answering import Answering, Follows
from softswitch.contact.order import Key, PlayTo, PromptEnded, SilenceTo, Silent, WatchSilence
from softswitch.core.effect import Effect
from softswitch.ivr.model import Prompt
from softswitch.ivr.speech import sentence

PAUSE_S = 0.8  # of silence: somebody waits for an answer
MACHINE_S = 4.0  # of speech without such a pause
LONGEST_GREETING_S = 60.0  # then it goes on as if it had been heard: the end of a play may never be reported
LONGEST_APOLOGY_S = 20.0
TALK, NEVER = "1", "9"


class Stage(enum.Enum):
    LISTENING = "listening"  # to what is at the other end
    GREETING = "greeting"
    PRESS = "press"  # the key is waited for
    SORRY = "sorry"  # the apology is heard
    OVER = "over"


class End(enum.Enum):
    """How a stage that has ended leads on."""

    THROUGH = "through"  # he may talk to somebody
    MACHINE = "machine"
    HUNG_UP = "hung up"
    DECLINED = "declined"
    NEVER = "never"
    APOLOGISED = "apologised"


_FOLLOWS = {Follows.MACHINE: End.MACHINE, Follows.HUNG_UP: End.HUNG_UP, Follows.DECLINED: End.DECLINED}


@dataclass(slots=True)
class Opening:
    """Plain state but for ``answering``. ``end`` is None until the customer is let through, or go."""

    leg: str
    language: str
    answering: Answering
    stage: Stage = Stage.OVER
    until: float | None = None  # monotonic seconds: the stage is over then at the latest
    end: End | None = None
    said: int = 0  # a media process that has outlived control knows what it was told to play, and plays nothing twice

    @property
    def _play(self) -> str:
        return f"{self.leg}.{self.stage.value}{self.said}"

    def begin(self, now: float) -> list[Effect]:
        """He has answered."""
        if not self.answering.machines:
            return self.greet(now)
        self.stage, self.until = Stage.LISTENING, now + MACHINE_S
        return [WatchSilence(self.leg, PAUSE_S)]

    def greet(self, now: float) -> list[Effect]:
        """He is a person, as far as we know."""
        answering = self.answering
        prompts = [answering.greeting.prompt(self.language)] if answering.greeting is not None else []
        if answering.press_1:
            prompts.append(sentence("called_press", self.language, key=TALK))
        if answering.press_1 and answering.never_again:
            prompts.append(sentence("called_never_again", self.language, key=NEVER))
        if not prompts:
            return self._over(End.THROUGH)
        return self._say(Stage.GREETING, tuple(prompts), now + LONGEST_GREETING_S)

    def apologise(self, now: float) -> list[Effect]:
        """Nobody is there."""
        own = self.answering.apology
        prompt = sentence("called_in_vain", self.language) if own is None else own.prompt(self.language)
        self.end = None
        return self._say(Stage.SORRY, (prompt,), now + LONGEST_APOLOGY_S)

    def resume(self, now: float) -> list[Effect]:
        """A new process goes on: what was being said is said once more. For a machine it is too late to listen."""
        return self.apologise(now) if self.stage is Stage.SORRY else self.greet(now)

    def hear(self, event: PromptEnded | Key | Silent, now: float) -> list[Effect]:
        if event.leg != self.leg:
            return []
        match event, self.stage:
            case Silent() | Key(), Stage.LISTENING:
                return self.greet(now)
            case PromptEnded(_, play), Stage.GREETING | Stage.SORRY if play == self._play:
                return self._said(now)
            case Key(_, digit), Stage.GREETING | Stage.PRESS if self.answering.press_1:
                return self._pressed(digit)
            case _:
                return []

    def tick(self, now: float) -> list[Effect]:
        if self.until is None or self.until > now:
            return []
        match self.stage:
            case Stage.LISTENING:
                return [WatchSilence(self.leg, 0.0), *self._over(End.MACHINE)]
            case Stage.PRESS:
                return self._over(_FOLLOWS[self.answering.unpressed])
            case _:
                return [SilenceTo(self.leg), *self._said(now)]

    # ---- stages ------------------------------------------------------------------------------------------------

    def _say(self, stage: Stage, prompts: tuple[Prompt, ...], until: float) -> list[Effect]:
        self.stage, self.until, self.said = stage, until, self.said + 1
        return [PlayTo(self.leg, self._play, prompts)]

    def _said(self, now: float) -> list[Effect]:
        if self.stage is Stage.SORRY:
            return self._over(End.APOLOGISED)
        if not self.answering.press_1:
            return self._over(End.THROUGH)
        self.stage, self.until = Stage.PRESS, now + self.answering.press_s
        return []

    def _pressed(self, digit: str) -> list[Effect]:
        if digit == TALK:
            end = End.THROUGH
        elif digit == NEVER and self.answering.never_again:
            end = End.NEVER
        else:
            end = _FOLLOWS[self.answering.otherwise]
        return [SilenceTo(self.leg), *self._over(end)]

    def _over(self, end: End) -> list[Effect]:
        self.stage, self.until, self.end = Stage.OVER, None, end
        return []
