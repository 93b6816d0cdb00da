"""``answer:`` of a queue's ``callback:`` or of a campaign: what a customer hears before, or without, an agent.

What asks for a key that nobody is asked for is refused: it would read as if he could press it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from softswitch.contact.answering import Answering, Follows
from softswitch.settings.kind import PositiveSeconds, Strict
from softswitch.settings.treatment import SoundSettings

LONGEST_PRESS_S = 30.0
What = Literal["machine", "hung-up", "declined"]  # as which he counts


class AnswerSettings(Strict):
    greeting: SoundSettings | None = None  # the first that he hears
    press_1: bool = False  # only who presses 1 is put through
    press_within: Annotated[PositiveSeconds, Field(le=LONGEST_PRESS_S)] = 10.0  # from the end of what he is told
    no_press: What = "machine"  # who presses nothing
    other_key: What = "hung-up"  # who presses something else
    never_again: bool = False  # who presses 9 is put on the do-not-call list, and told that he can
    machine_detection: bool = False  # who speaks for four seconds without a pause is hung up on
    apology: SoundSettings | None = None  # to whom nobody was there in time; without it a sentence of ours
    auto_answer: bool = False  # agents' phones are asked to answer by themselves

    @model_validator(mode="after")
    def _asked(self) -> AnswerSettings:
        about_keys = {"press_within", "no_press", "other_key", "never_again"} & self.model_fields_set
        if about_keys and not self.press_1:
            raise ValueError(
                f"{sorted(about_keys)[0]} is about a key that nobody is asked for; write press_1: true too"
            )
        return self

    def answering(self, prompts: Mapping[str, Collection[str]]) -> Answering:
        """``prompts`` are the sound files that there are, by language."""
        return Answering(
            greeting=self.greeting.sound(prompts) if self.greeting else None,
            press_1=self.press_1,
            press_s=self.press_within,
            unpressed=_follows(self.no_press),
            otherwise=_follows(self.other_key),
            never_again=self.never_again,
            machines=self.machine_detection,
            apology=self.apology.sound(prompts) if self.apology else None,
            auto_answer=self.auto_answer,
        )

    def sounds(self) -> Iterator[tuple[str, SoundSettings]]:
        """By key."""
        for key, sound in (("greeting", self.greeting), ("apology", self.apology)):
            if sound is not None:
                yield key, sound


def _follows(what: What) -> Follows:
    return Follows(what.replace("-", " "))
