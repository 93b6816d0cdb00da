"""What a caller hears: ``answer``, ``play`` (recordings) and ``say`` (texts and values for the speech engine)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from softswitch.core.errors import UsageError
from softswitch.ivr.model import IvrInput, PlayEnded, Prompt
from softswitch.ivr.run import Exit, Run, Wait
from softswitch.ivr.speech import kin
from softswitch.ivr.verb.base import Duration, KeyPath, Name, Verb
from softswitch.ivr.verb.item import MOST_GAP_S, Item

PROMPT_LIMIT_S = 300.0  # longer than any prompt: reached only where the end was never reported


class Sounding(Verb):
    """A verb with something to be heard: recordings, or else speech."""

    play: tuple[str, ...] = Field(
        default=(), description="recordings in `media/prompts/<language>/`: wav, flac, ogg, opus or mp3, of any rate"
    )
    say: tuple[Item, ...] = Field(default=(), description="what is spoken, where there is no recording")
    gap: Duration = Field(default=0.0, le=MOST_GAP_S, description="silence between one and the next")

    @field_validator("play", "say", mode="before")
    @classmethod
    def _listed(cls, written: Any) -> Any:
        return written if isinstance(written, (list, tuple)) else (written,)

    def parts(self) -> Iterator[tuple[KeyPath, Sequence[str], Sequence[Item]]]:
        if self.play or self.say:
            yield (), self.play, self.say

    def prompts(self, run: Run) -> tuple[Prompt, ...]:
        """What is heard, with the gaps."""
        gap = (Prompt(run.language, silence_s=self.gap),) if self.gap else ()
        sounds = self._sounds(run)
        return tuple(one for prompt in sounds[:-1] for one in (prompt, *gap)) + sounds[-1:]

    def _sounds(self, run: Run) -> tuple[Prompt, ...]:
        """The recordings, unless one is missing in the caller's language and a text stands by."""
        language = run.language
        files = [run.text(file) for file in self.play]
        known = [run.facts.prompts.get(one, frozenset()) for one in kin(language)]
        there = [run.recorded(file) or any(file in there for there in known) for file in files]
        if files and (not self.say or all(there)):
            return tuple(Prompt(language, file=file) for file in files)
        said = (item.prompt(run) for item in self.say)
        return tuple(prompt for prompt in said if prompt.text.strip() or prompt.silence_s)


class Answer(Verb):
    """Take the call. The verbs that are heard do it by themselves."""

    verb: ClassVar[str] = "answer"
    words: ClassVar[bool] = True

    next: Name | None = None

    def enter(self, run: Run) -> Exit | None:
        run.answer()
        return Exit("next")


class _Heard(Sounding):
    """Hear it to the end. The caller goes on even where it could not be: a lost greeting is no reason to lose them."""

    branches: ClassVar[tuple[str, ...]] = ("next", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"failed": ("failed", "next")}
    wraps: ClassVar[bool] = True

    next: Name | None = None
    failed: Name | None = None

    def enter(self, run: Run) -> Exit | None:
        prompts = self.prompts(run)
        if not prompts:
            return Exit("next")
        run.play(prompts)
        run.wait(Wait.PROMPT, PROMPT_LIMIT_S)
        return None

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case PlayEnded(ok):
                return Exit("next") if ok else Exit("failed", why="could not be played")
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")


class Play(_Heard):
    """Recordings of ``media/prompts/<language>/``, one or a list; ``{file: ..., say: ...}`` with a text as stand-in."""

    verb: ClassVar[str] = "play"
    words: ClassVar[bool] = True
    lone: ClassVar[str] = "play"
    wraps: ClassVar[bool] = False
    aliases: ClassVar[dict[str, str]] = {"file": "play"}

    @model_validator(mode="after")
    def _some_file(self) -> Play:
        if not self.play:
            raise ValueError("play needs a file, or a list of files")
        return self


class Say(_Heard):
    """A text, or a list of texts and values: digits, numbers, amounts of money, dates, times, lengths of time."""

    verb: ClassVar[str] = "say"
    words: ClassVar[bool] = True
    lone: ClassVar[str] = "say"

    @model_validator(mode="after")
    def _something(self) -> Say:
        if not self.say:
            raise ValueError("say needs something to say")
        return self
