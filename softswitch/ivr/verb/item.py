"""One thing that is said: a text, or a value that is put into the words of the caller's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from softswitch.ivr import speech
from softswitch.ivr.model import Prompt
from softswitch.ivr.run import Run, StepError
from softswitch.ivr.speech import reading, recording
from softswitch.ivr.speech.language import voice_of
from softswitch.ivr.speech.number import telephone_groups
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.base import Duration, Language, Written

MOST_GAP_S = 10.0
_MOST_DIGITS = 100  # more does nobody listen to
# What can be said, with the options that each has.
_OPTIONS: dict[str, tuple[str, ...]] = {
    "text": ("language",),
    "digits": ("language", "groups"),
    "number": ("language", "of"),
    "ordinal": ("language",),
    "money": ("language", "currency"),
    "date": ("language", "weekday", "year", "near", "zone"),
    "time": ("language", "hours", "zone"),
    "duration": ("language", "to"),
    "position": ("language",),
    "each": ("language",),
    "pause": ("language",),
}
Groups = tuple[Annotated[int, Field(ge=1, le=16)], ...]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # unknown, a directory, an absolute path
        raise ValueError(f"{name!r} is not a time zone; write for example Asia/Shanghai") from None
    return name


def _currency(code: str) -> str:
    if code.upper() not in speech.CURRENCIES:
        raise ValueError(f"{code!r} is no currency that is spoken here; write one of {', '.join(speech.CURRENCIES)}")
    return code.upper()


def _thing(name: str) -> str:
    if name not in speech.THINGS:
        raise ValueError(f"{name!r} is nothing that is counted here; write one of {', '.join(speech.THINGS)}")
    return name


def _place(written: str) -> int:
    """In line, from 1. Raises ``ValueError``."""
    place = reading.read_whole(written)
    speech.ordinal(place, speech.DEFAULT_LANGUAGE)
    return place


class Item(Written):
    """One thing to be said: exactly one of text, digits, number, ordinal, money, date, time, duration, position and
    pause, or a text per language such as ``{zh: ..., en: ...}``, of which the caller's language is heard. The others
    are options. A value that cannot be said takes ``failed``."""

    also: ClassVar[tuple[dict[str, Any], ...]] = (
        {"type": "object", "propertyNames": {"pattern": "^([a-z]{2}|yue)(-.*)?$"}, "minProperties": 1},
    )

    text: str | None = Field(default=None, description="read as it is written")
    digits: str | None = Field(default=None, description="read one by one, as a telephone number is")
    number: str | None = Field(default=None, description="read as one number: 105, -2.5")
    ordinal: str | None = Field(default=None, description="a place in a row, from 1: second")
    money: str | None = Field(default=None, description="an amount: 12.50 CNY, or 12.50 with `currency` beside it")
    date: str | None = Field(default=None, description="a day: 2026-03-02, or a moment such as 2026-03-02T14:05:00Z")
    time: str | None = Field(default=None, description="a time of day: 14:05, or a moment such as 2026-03-02T14:05:00Z")
    duration: str | None = Field(default=None, description="a length of time: 90s, 1h30m, or a number of seconds")
    position: str | None = Field(default=None, description="a place in line, from 1: You are number three in line.")
    each: dict[Language, str] | None = Field(default=None, description="a text for each language")
    pause: Duration | None = Field(default=None, gt=0, le=MOST_GAP_S, description="silence before what comes next")
    language: Language | None = Field(default=None, description="in which it is read; else in that of the caller")
    groups: Literal["phone"] | Groups = Field(
        default=(), description="of digits: how many before each pause, such as [3, 4, 4]; `phone`: as is usual"
    )
    of: Annotated[str, AfterValidator(_thing)] | None = Field(
        default=None, description="of a number: what is counted, such as message: two messages"
    )
    currency: Annotated[str, AfterValidator(_currency)] | None = Field(default=None, description="of money, its code")
    weekday: bool = Field(default=False, description="of a date: the day of the week too")
    year: bool = Field(default=True, description="of a date: the year too")
    near: bool = Field(default=False, description="of a date: today, tomorrow, where it is one of these")
    hours: Literal[12, 24] = Field(default=12, description="of a time: by which clock")
    zone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None, description="of a date or time, where it is a moment; else the `zone` of softswitch.yaml"
    )
    to: Literal["day", "hour", "minute", "second"] = Field(default="second", description="of a duration: rounded to it")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, written: Any) -> Any:
        if not isinstance(written, dict):
            return {"text": written}
        names = [key.split("-")[0] for key in written if isinstance(key, str)]
        by_language = written and len(names) == len(written) and all(len(one) == 2 or one == "yue" for one in names)
        return {"each": written} if by_language and not names.count("of") + names.count("to") else written

    @model_validator(mode="after")
    def _one(self) -> Item:
        given = [name for name in _OPTIONS if getattr(self, name) is not None]
        if len(given) != 1:
            kinds = ", ".join(name for name in _OPTIONS if name not in ("each", "pause"))
            raise ValueError(f"say one of {kinds} or pause (or a text per language, such as {{zh: ..., en: ...}})")
        strange = sorted(self.model_fields_set - {given[0], *_OPTIONS[given[0]]})
        if strange:
            raise ValueError(f"{strange[0]} is no option of {given[0]}")
        written = getattr(self, given[0])
        if isinstance(written, str) and not is_template(written):  # what is computed fails when a caller comes
            _READ[given[0]](self, written.strip())
        return self

    @property
    def kind(self) -> str:
        """Which of the things that can be said it is."""
        return next(name for name in _OPTIONS if getattr(self, name) is not None)

    def prompt(self, run: Run) -> Prompt:
        """Raises ``StepError`` for a value that cannot be said."""
        if self.pause is not None:
            return Prompt(run.language, silence_s=self.pause)
        language = self.language or run.language
        written, chosen = getattr(self, self.kind), language
        if self.each is not None:  # check has warned; better another language than silence
            chosen = speech.choose(language, self.each, run.facts.fallback) or next(iter(self.each))
            written = self.each[chosen]
        if self.kind in ("text", "each"):
            prompt = Prompt(language, text=run.text(written), text_language=voice_of(chosen, language))
        else:
            prompt = self._value(run, language)
        return replace(prompt, private=True) if run.reads_secret(written) else prompt

    def _value(self, run: Run, language: str) -> Prompt:
        """In the words of the caller's language, or of the first one in its stead that has any."""
        spoken = speech.spoken_language(language, run.facts.fallback)
        written = run.text(getattr(self, self.kind)).strip()
        try:
            if self.position is not None:
                said = speech.sentence("position", spoken, position=_place(written))
                return replace(said, language=language, text_language=voice_of(spoken, language))
            text = _SAY[self.kind](self, written, spoken, run)
        except ValueError as error:
            raise StepError(str(error)) from error
        pieces = recording.pieces(text, spoken)
        if self.kind == "digits":
            pieces = recording.digit_pieces(written, self._groups(written))
        return Prompt(language, text=text, pieces=pieces, text_language=voice_of(spoken, language))

    def _groups(self, written: str) -> tuple[int, ...]:
        return telephone_groups(written) if self.groups == "phone" else self.groups

    def _clock(self, run: Run) -> tzinfo:
        zone = ZoneInfo(self.zone) if self.zone else run.wall.tzinfo
        assert zone is not None, "Start comes with an aware time"
        return zone

    def _digits(self, written: str, language: str, _run: Run | None = None) -> str:
        if len(written) > _MOST_DIGITS:
            raise ValueError(f"{reading.shown(written)} is too long to be read one by one; up to {_MOST_DIGITS} are")
        return speech.digits(written, language, self._groups(written))

    def _number(self, written: str, language: str, _run: Run | None = None) -> str:
        if self.of is None:
            return speech.number(reading.read_number(written), language)
        return speech.counted(reading.read_whole(written), self.of, language)

    def _ordinal(self, written: str, language: str, _run: Run | None = None) -> str:
        return speech.ordinal(reading.read_whole(written), language)

    def _money(self, written: str, language: str, _run: Run | None = None) -> str:
        return speech.money(*reading.read_money(written, self.currency or ""), language)

    def _date(self, written: str, language: str, run: Run) -> str:
        zone = self._clock(run)
        day = reading.read_date(written, zone)
        near = speech.near(day, run.wall.astimezone(zone).date(), language) if self.near else ""
        return near or speech.date(day, language, self.weekday, self.year)

    def _time(self, written: str, language: str, run: Run) -> str:
        return speech.time(reading.read_time(written, self._clock(run)), language, self.hours)

    def _duration(self, written: str, language: str, _run: Run | None = None) -> str:
        return speech.duration(reading.read_duration(written), language, self.to)

    def recorded(self, language: str, files: frozenset[str]) -> bool:
        """Whether it can be heard without a speech engine, whatever its value: for the check. ``files`` are those of
        the caller's language, without their endings."""
        if self.kind in ("text", "each"):
            return False
        kind = "count" if self.of else self.kind
        return self.kind == "pause" or recording.needed(kind, speech.spoken_language(language)) <= files


def _something(_item: Item, written: str) -> None:
    if not written:
        raise ValueError("a text without a word; for silence write for example {pause: 1s}")


# Raise ``ValueError`` for what cannot be said in any language.
_READ: dict[str, Callable[[Item, str], object]] = {
    "text": _something,
    "digits": lambda item, written: item._digits(written, speech.DEFAULT_LANGUAGE),
    "number": lambda item, written: item._number(written, speech.DEFAULT_LANGUAGE),
    "ordinal": lambda item, written: item._ordinal(written, speech.DEFAULT_LANGUAGE),
    "money": lambda item, written: item._money(written, speech.DEFAULT_LANGUAGE),
    "date": lambda item, written: reading.read_date(written, UTC),
    "time": lambda item, written: reading.read_time(written, UTC),
    "duration": lambda item, written: item._duration(written, speech.DEFAULT_LANGUAGE),
    "position": lambda item, written: _place(written),
}

_SAY: dict[str, Callable[[Item, str, str, Run], str]] = {
    "digits": Item._digits,
    "number": Item._number,
    "ordinal": Item._ordinal,
    "money": Item._money,
    "date": Item._date,
    "time": Item._time,
    "duration": Item._duration,
}
