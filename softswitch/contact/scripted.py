"""A contact that a script leads: what the script orders is done here, as far as it needs nobody else.

``leg`` is the one whom the script speaks to: the caller, as a rule, until a transfer leaves somebody else on the line.
"""

from __future__ import annotations

from typing import ClassVar

from softswitch.call.signal import Accept
from softswitch.contact.journey import Facts, Journey, Table
from softswitch.contact.order import Directory, FetchEnded, FetchUrl, HoldMusicTo, PlayTo, PressKeys, SilenceTo, TellLeg
from softswitch.contact.script import Script
from softswitch.core.effect import DomainEvent, Effect
from softswitch.ivr.model import (
    AnswerCall,
    DialEnded,
    Fetch,
    HungUp,
    IvrInput,
    MaskRecording,
    PlayMusic,
    PlayPrompts,
    Prompt,
    SendKeys,
    StepEntered,
    StopPlaying,
)


class Scripted(Journey):
    """Subclasses add to ``_PERFORM`` what else a script may order, and say in ``_INPUTS`` what they are told."""

    _INPUTS: ClassVar[Table] = {}

    def __init__(self, facts: Facts, directory: Directory, leg: str, script: Script, language: str) -> None:
        super().__init__(facts, directory)
        self.leg = leg
        self.script = script
        self.language = language
        self.answered = False
        self.step = ""
        self.after: IvrInput = DialEnded("answered")  # what the script hears when the bridge is over
        self._play = ""  # what plays to the caller
        self._play_for = ""  # "script", "visit", "beep" or "goodbye" (the promise is being spoken)
        self.serial = 0
        self._request = 0  # what is being fetched

    def handle(self, event: object, now: float) -> list[Effect]:
        self.hear_causes(event)
        return [] if self.over else self._INPUTS[type(event)](self, event, now)

    def _tell(self, event: IvrInput, now: float) -> list[Effect]:
        return self._run(self.script.handle(event, now), now)

    def resume(self, now: float) -> list[Effect]:
        """A new process goes on with the script."""
        return self._run(self.script.resume(now), now)

    def _run(self, effects: list[Effect], now: float) -> list[Effect]:
        orders: list[Effect] = []
        for effect in effects:
            if isinstance(effect, DomainEvent):
                if isinstance(effect, StepEntered):
                    self.step = effect.step
                orders.append(effect)
            elif not self.over:
                orders += self._PERFORM[type(effect)](self, effect, now)
        return orders

    @staticmethod
    def last_words(script: Script, way: str, now: float) -> list[Effect]:
        """What a script has to tell whose caller is gone; it orders nothing any more."""
        return [effect for effect in script.handle(HungUp(way), now) if isinstance(effect, DomainEvent)]

    def _accept(self, now: float) -> list[Effect]:
        if self.answered:
            return []
        self.answered = True
        self.record.answered_at = self.unix(now)
        return [TellLeg(self.leg, Accept())]

    def _on_play(self, order: PlayPrompts, now: float) -> list[Effect]:
        return [*self._accept(now), *self._play_to_caller(order.prompts, "script")]

    def _play_to_caller(self, prompts: tuple[Prompt, ...], purpose: str) -> list[Effect]:
        self.serial += 1
        self._play, self._play_for = f"{self.id}.play{self.serial}", purpose
        return [PlayTo(self.leg, self._play, prompts)]

    def _on_fetch(self, order: Fetch, now: float) -> list[Effect]:
        self.serial += 1
        self._request = self.serial
        return [FetchUrl(self.id, self._request, order)]

    def _on_fetch_ended(self, event: FetchEnded, now: float) -> list[Effect]:
        if event.request != self._request:
            return []  # of a step that the caller has left
        self._request = 0
        return self._tell(event.answer, now)

    _PERFORM: ClassVar[Table] = {
        AnswerCall: lambda self, order, now: self._accept(now),
        PlayPrompts: _on_play,
        MaskRecording: lambda self, order, now: self.pause_recording("secret" if order.on else None),
        PlayMusic: lambda self, order, now: [HoldMusicTo(self.leg, self.music)],
        StopPlaying: lambda self, order, now: [SilenceTo(self.leg)],
        Fetch: _on_fetch,
        SendKeys: lambda self, order, now: [PressKeys(self.leg, order.digits)],
    }
