"""What a caller hears: ``answer``, ``play`` (recordings) and ``say`` (text, digits, numbers for the speech engine)."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from softswitch.core.errors import UsageError
from softswitch.ivr import speech
from softswitch.ivr.model import IvrInput, PlayEnded, Prompt
from softswitch.ivr.run import Exit, Run, StepError, Wait
from softswitch.ivr.verb.base import Duration, Language, Name, Verb, Written

PROMPT_LIMIT_S = 300.0  # longer than any prompt: reached only where the end was never reported
MOST_GAP_S = 10.0


class Item(Written):
    """One thing to be said, or a pause before the next: exactly one of the five."""

    text: str | None = None
    digits: str | None = None  # one by one, as a telephone number is read
    number: str | None = None  # as one number
    each: dict[Language, str] | None = None  # written as {zh: ..., en: ...}: the caller's language is heard
    pause: Duration | None = Field(default=None, gt=0, le=MOST_GAP_S)  # s
    language: Language | None = None  # None: the caller's

    @model_validator(mode="before")
    @classmethod
    def _short(cls, written: Any) -> Any:
        if not isinstance(written, dict):
            return {"text": written}
        by_language = written and all(isinstance(key, str) and len(key.split("-")[0]) == 2 for key in written)
        return {"each": written} if by_language else written

    @model_validator(mode="after")
    def _one(self) -> Item:
        given = [name for name in ("text", "digits", "number", "each", "pause") if getattr(self, name) is not None]
        if len(given) != 1:
            message = "say one of text, digits, number or pause (or a text per language, such as {zh: ..., en: ...})"
            raise ValueError(message)
        return self

    def prompt(self, run: Run) -> Prompt:
        if self.pause is not None:
            return Prompt(run.language, silence_s=self.pause)
        language, text = self._chosen(self.language or run.language)
        return Prompt(language, text=self._spoken(run.text(text), language))

    def _chosen(self, language: str) -> tuple[str, str]:
        if self.each is None:
            return language, self.text or self.digits or self.number or ""
        if language not in self.each:  # check has warned; better another language than silence
            language = next(iter(self.each))
        return language, self.each[language]

    def _spoken(self, text: str, language: str) -> str:
        if self.digits is not None:
            return speech.digits(text, language)
        if self.number is None:
            return text
        try:
            return speech.number(int(float(text)), language)
        except (ValueError, OverflowError) as error:
            raise StepError(f"{text!r} is not a number that can be said") from error


class Sounding(Verb):
    """A verb with something to be heard: recordings, or else speech."""

    play: tuple[str, ...] = ()
    say: tuple[Item, ...] = ()
    gap: Duration = Field(default=0.0, le=MOST_GAP_S)  # s of silence between one and the next

    @field_validator("play", "say", mode="before")
    @classmethod
    def _listed(cls, written: Any) -> Any:
        return written if isinstance(written, (list, tuple)) else (written,)

    def prompts(self, run: Run) -> tuple[Prompt, ...]:
        """What is heard, with the gaps."""
        gap = (Prompt(run.language, silence_s=self.gap),) if self.gap else ()
        sounds = self._sounds(run)
        return tuple(one for prompt in sounds[:-1] for one in (prompt, *gap)) + sounds[-1:]

    def _sounds(self, run: Run) -> tuple[Prompt, ...]:
        """The recordings, unless one is missing in the caller's language and a text stands by."""
        language = run.language
        files = [run.text(file) for file in self.play]
        if files and (not self.say or run.facts.prompts.get(language, frozenset()).issuperset(files)):
            return tuple(Prompt(language, file=file) for file in files)
        said = (item.prompt(run) for item in self.say)
        return tuple(prompt for prompt in said if prompt.text.strip() or prompt.silence_s)


class Answer(Verb):
    """Take the call. The verbs that are heard do it by themselves."""

    verb: ClassVar[str] = "answer"

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
    lone: ClassVar[str] = "play"
    wraps: ClassVar[bool] = False

    @classmethod
    def expand(cls, value: Any) -> dict[Any, Any]:
        fields = super().expand(value)
        return {"play" if key == "file" else key: inner for key, inner in fields.items()}

    @model_validator(mode="after")
    def _some_file(self) -> Play:
        if not self.play:
            raise ValueError("play needs a file, or a list of files")
        return self


class Say(_Heard):
    """A text, or a list of texts, digits and numbers."""

    verb: ClassVar[str] = "say"
    lone: ClassVar[str] = "say"

    @model_validator(mode="after")
    def _something(self) -> Say:
        if not self.say:
            raise ValueError("say needs something to say")
        return self
