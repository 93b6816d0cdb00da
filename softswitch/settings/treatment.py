"""What callers hear while they wait, as it is written in ``queues.yaml``."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from softswitch.audio import SOUND_FILES
from softswitch.contact.treatment import AGENT, Sound, Treatment
from softswitch.core.yaml_nodes import Path, did_you_mean
from softswitch.settings.kind import PositiveSeconds, Seconds, SpokenLanguage, Strict, language

if TYPE_CHECKING:
    from softswitch.settings.model import Configuration

_PLACEHOLDER = re.compile(r"\{[^{}]*\}?")
WHEN_CHANGED = "when-changed"
SHORTEST_S = 1.0  # between two announcements: what cannot be heard is over at once
_MOST_DIRECTORIES = 10_000  # of prompts: somebody may have written /
_EXAMPLE = "write a file such as thanks.wav, or {say: Thank you for waiting.}"


def _text(written: str) -> str:
    if not written.strip():
        raise ValueError("a text without a word")
    for found in _PLACEHOLDER.findall(written):
        if found != AGENT:
            raise ValueError(f"{found!r} is nothing that is known here; {AGENT} is the name of the agent")
    return written


def _file(written: str) -> str:
    if pathlib.PurePath(written).suffix not in SOUND_FILES:
        raise ValueError(f"{written!r} is no sound file; {_EXAMPLE}")
    if written.startswith("/") or ".." in pathlib.PurePath(written).parts:
        raise ValueError(f"{written!r} must lie below media/prompts/<language>/")
    return written


def texts_or_text(written: Any) -> Any:
    """Before the union is tried, whose errors would speak of each of its kinds."""
    if isinstance(written, str):
        return _text(written)
    if isinstance(written, dict) and written and all(isinstance(text, str) for text in written.values()):
        return {language(one): _text(text) for one, text in written.items()}
    raise ValueError("must be a text, or a text for each language, such as {zh: 您好, en: Hello}")


def whether_told(written: Any) -> Any:
    if str(written).lower() not in ("true", "false", WHEN_CHANGED):
        raise ValueError(f"{written!r} is not known here; write true, false or {WHEN_CHANGED}")
    return written


def _bearable(every_s: float) -> float:
    if 0 < every_s < SHORTEST_S:
        raise ValueError("must be 0s (never), or at least 1s")
    return every_s


Texts = str | Annotated[dict[SpokenLanguage, str], Field(min_length=1)]


class SoundSettings(Strict):
    """``thanks.wav``, ``{say: ...}``, ``{say: {zh: ..., en: ...}}``, or both: the text stands in for the file."""

    play: Annotated[str, AfterValidator(_file)] = ""
    say: Annotated[Texts, BeforeValidator(texts_or_text)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, written: Any) -> Any:
        if isinstance(written, str):
            return {"play": written}
        if not isinstance(written, dict):
            raise ValueError(f"is nothing that can be heard; {_EXAMPLE}")
        return written

    @model_validator(mode="after")
    def _something(self) -> SoundSettings:
        if not self.play and self.say is None:
            raise ValueError(f"says nothing; {_EXAMPLE}")
        return self

    def sound(self, prompts: Mapping[str, Collection[str]]) -> Sound:
        """``prompts`` are the files that there are, by language."""
        texts = {"": self.say} if isinstance(self.say, str) else dict(self.say or {})
        return Sound(self.play, texts, frozenset(one for one, files in prompts.items() if self.play in files))


class Announce(Strict):
    """What is said every so often, in this order: position, expected wait, one of the messages."""

    every: Annotated[Seconds, AfterValidator(_bearable)] = 30.0  # 0: never
    gap: Seconds = 10.0  # of music, at least, between one thing that is said and the next
    position: Annotated[bool | Literal["when-changed"], BeforeValidator(whether_told)] = (
        True  # when-changed: not again while it is the same
    )
    up_to: int = Field(default=0, ge=0)  # who has more before them hears "more than so many"; 0: always the number
    wait: bool = False  # how long it will take, as an interval
    longest: Annotated[PositiveSeconds, Field(ge=60.0)] = 600.0  # a longer wait is "more than so many minutes"
    messages: tuple[SoundSettings, ...] = ()
    order: Literal["in-turn", "random"] = "in-turn"  # of the messages

    @model_validator(mode="after")
    def _waited_for(self) -> Announce:
        if self.messages and not self.every:
            raise ValueError("messages are never said with every: 0s; write for example every: 30s")
        return self

    def treatment(
        self, prompts: Mapping[str, Collection[str]], answered: SoundSettings | None, resume_s: float
    ) -> Treatment:
        said = self.position or self.wait or self.messages
        return Treatment(
            every_s=self.every if said else 0.0,
            gap_s=self.gap,
            position=bool(self.position),
            unchanged=self.position is True,
            up_to=self.up_to,
            wait=self.wait,
            longest_s=self.longest,
            messages=tuple(one.sound(prompts) for one in self.messages),
            random=self.order == "random",
            answered=answered.sound(prompts) if answered else None,
            resume_s=resume_s,
        )


def prompt_files(directory: pathlib.Path) -> dict[str, frozenset[str]]:
    """Language -> names of the sound files in its directory, which may be a link to one. What cannot be looked into
    has none."""
    try:
        languages = [one for name in sorted(os.listdir(directory)) if os.path.isdir(one := directory / name)]
    except OSError:
        return {}
    found: dict[str, set[str]] = {one.name: set() for one in languages}
    every = ((one, *step) for one in languages for step in os.walk(one))
    for within, at, _, names in islice(every, _MOST_DIRECTORIES):
        paths = (pathlib.Path(at, name).relative_to(within) for name in names)
        found[within.name] |= {str(path) for path in paths if path.suffix in SOUND_FILES}
    return {name: frozenset(files) for name, files in found.items()}


def sound_findings(settings: Configuration, root: pathlib.Path) -> Iterator[tuple[Path, str, str]]:
    """Files that no language has; callers hear nothing there."""
    known = {file for files in prompt_files(root / settings.paths.prompts).values() for file in files}
    for path, one in _sounds(settings):
        if one.play and one.say is None and one.play not in known:
            message = f"no language in {settings.paths.prompts} has {one.play!r}{did_you_mean(one.play, known)}"
            yield path, message, "warning"


def _sounds(settings: Configuration) -> Iterator[tuple[Path, SoundSettings]]:
    """Each with its place."""
    for name, queue in settings.queues.items():
        for index, message in enumerate(queue.announce.messages):
            yield ("queues", name, "announce", "messages", index), message
        if queue.tell_caller is not None:
            yield ("queues", name, "tell_caller"), queue.tell_caller
        if queue.callback is not None:
            for key, sound in queue.callback.answer.sounds():
                yield ("queues", name, "callback", "answer", key), sound
    for name, campaign in settings.campaigns.items():
        for key, sound in campaign.answer.sounds():
            yield ("campaigns", name, "answer", key), sound
