"""What every verb is: a written shape, its branches, and what happens when a caller comes to it."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from softswitch.core.errors import UsageError
from softswitch.core.units import seconds
from softswitch.ivr.model import IvrInput
from softswitch.ivr.run import FIXED, Exit, Run, StepError, Way
from softswitch.ivr.speech import LANGUAGES, is_spoken
from softswitch.ivr.template import is_template

KeyPath = tuple[str | int, ...]  # of keys, below the step
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")


def fixed(text: str) -> str:
    if is_template(text):
        raise ValueError(f"{text!r} must be written out, so that it can be checked before any call")
    return text


def spoken(language: str) -> str:
    if not is_spoken(language):
        raise ValueError(f"{language!r} is not a language that is spoken here; write {' or '.join(LANGUAGES)}")
    return language


def language_of(computed: object) -> str:
    """A language that a template has computed. Raises ``StepError``."""
    try:
        return spoken(str(computed).strip())
    except ValueError as error:
        raise StepError(str(error)) from error


def variable(name: str) -> str:
    if not _VARIABLE.match(name):
        raise ValueError(f"{name!r} is not a name for a variable; use letters, digits and _")
    if name in FIXED:
        raise ValueError(f"{name!r} belongs to the call and cannot be set")
    return name


Name = Annotated[str, AfterValidator(fixed)]
Language = Annotated[str, AfterValidator(spoken)]
Variable = Annotated[str, AfterValidator(variable)]
Duration = Annotated[float, BeforeValidator(seconds)]


class Written(BaseModel):
    """A mapping in which an unknown key is an error. Numbers are taken as the text that they were written as."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, coerce_numbers_to_str=True, hide_input_in_errors=True, defer_build=True
    )

    also: ClassVar[tuple[dict[str, Any], ...]] = ()  # JSON Schemas of short forms that a validator writes out


class Verb(Written):
    """One verb with its branches. Subclasses say with class variables how they are written and checked."""

    verb: ClassVar[str]
    lone: ClassVar[str] = ""  # the field that ``verb: value`` stands for
    wraps: ClassVar[bool] = False  # the value is that field, even where it is a mapping
    aliases: ClassVar[dict[str, str]] = {}  # other words for keys: as written -> the field
    branches: ClassVar[tuple[str, ...]] = ("next",)  # keys that name a step
    chains: ClassVar[dict[str, tuple[str, ...]]] = {}  # exit -> branches that are tried in order
    must: ClassVar[tuple[str, ...]] = ("next",)  # exits that need a branch: without one the call would just stop
    pauses: ClassVar[bool] = False  # waits for the caller or for another human
    at_once: ClassVar[tuple[str, ...]] = ()  # branches that are taken without a pause where there is nobody
    words: ClassVar[bool] = False  # says or does something, asks for nothing and goes on by ``next``
    serves: ClassVar[bool] = False  # who comes here has found what he called for

    @classmethod
    def expand(cls, value: Any) -> dict[Any, Any]:
        """The fields of ``verb: value``, with its short forms written out."""
        if value is None:
            return {}
        if isinstance(value, dict) and not cls.wraps:
            return {cls.aliases.get(key, key): inner for key, inner in value.items()}
        if not cls.lone:
            raise ValueError(f"{cls.verb} is followed by a mapping of keys to values")
        if not isinstance(value, dict):
            return {cls.lone: value}
        inner = {key: step for key, step in value.items() if key in cls.branches}
        return {cls.lone: {key: item for key, item in value.items() if key not in inner}, **inner}

    def branch(self, key: str) -> str | None:
        """The step that the branch ``key`` names; None where it names none, or is no branch."""
        target: str | None = getattr(self, _FIELD.get(key, key), None) if key in self.branches else None
        return target

    def follow(self, exit_name: str) -> tuple[str, str | None]:
        """The branch that the exit takes, and its step (None: nothing is written)."""
        for key in self.chains.get(exit_name, (exit_name,)):
            if (target := self.branch(key)) is not None:
                return key, target
        return exit_name, None

    def links(self) -> Iterator[tuple[KeyPath, str]]:
        """Every step that is named here, with the path of the key that names it."""
        for key in self.branches:
            if (target := self.branch(key)) is not None:
                yield (key,), target

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        """What of the world is named here: (kind, name, path of the key)."""
        return iter(())

    def promises(self) -> Iterator[tuple[str, KeyPath]]:
        """Queues by which callers are to be called back: (name, path of the key)."""
        return iter(())

    def asks(self) -> Iterator[tuple[str, KeyPath]]:
        """Queues by which callers are to be called back at a number that they key in: (name, path of the key)."""
        return iter(())

    def parts(self) -> Iterator[tuple[KeyPath, Sequence[str], Sequence[Any]]]:
        """What is heard here, for the check: below which keys, the recordings, and the texts (``item.Item``)."""
        return iter(())

    def sets(self) -> dict[str, Any]:
        """The variables that are set once a caller leaves this step; the value where it is written out, else None."""
        return {}

    def unanswered(self) -> str:
        """The exit of a caller who neither speaks nor presses a key; "" where the step does not depend on that."""
        return ""

    # ---- what happens ------------------------------------------------------------------------------------------

    @abstractmethod
    def enter(self, run: Run) -> Way | None:
        """A caller comes here. None: wait (``run.wait`` was called). Raises ``StepError``."""

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        """What the step waits for has happened."""
        raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")

    def expire(self, run: Run) -> Exit | None:
        """The step's time is up."""
        return Exit("failed", why="no answer in time")

    def again(self, run: Run) -> Way | None:
        """A new process says and asks anew what its caller was hearing or pressing."""
        return self.enter(run)

    def resume(self, run: Run) -> Exit | None:
        """A new process goes on with a pause."""
        raise UsageError(f"{self.verb} makes no pause")


_FIELD = {"else": "otherwise"}  # keys that Python keeps for itself
