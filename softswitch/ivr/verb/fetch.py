"""What is looked up elsewhere: ``http``. A caller never waits for it longer than ``timeout``, nor longer than the
budget of the call for all such steps together.

Decided here: what may be sent (nothing that a caller's text could turn into another header), how often it is tried,
what of the answer is kept, and what the caller hears meanwhile. Who has not been answered yet hears the own phone ring;
to answer him for the sake of some music would cost him money.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from softswitch.core.errors import UsageError
from softswitch.ivr import document
from softswitch.ivr.address import SCHEMES
from softswitch.ivr.model import Fetch, Fetched, IvrInput, PlayEnded, PlayMusic
from softswitch.ivr.run import Exit, Run, StepError, Wait
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.base import Duration, KeyPath, Name, Variable
from softswitch.ivr.verb.sound import Sounding

METHODS = ("get", "post", "put", "patch", "delete")
REPEATABLE = ("get", "put", "delete")  # RFC 9110 section 9.2.2: to do it twice is to do it once
SILENT_S = 0.7  # so long a caller does not notice that he waits
GRACE_S = 2.0  # whoever fetches keeps the time; this is for the answer that never comes
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+$")  # RFC 9110 section 5.6.2
_OURS = ("host", "content-length", "transfer-encoding", "connection", "upgrade", "accept-encoding")
_UNANSWERED = ("timeout", "unreachable", "resting")


def _header(name: str) -> str:
    if not _TOKEN.match(name):
        raise ValueError(f"{name!r} is not a name for a header; use letters, digits and -")
    if name.lower() in _OURS:
        raise ValueError(f"{name!r} is written by the switch itself")
    return name


def _path(text: str) -> str:
    document.steps(text)
    return text


Status = Annotated[str, Field(pattern=r"^([2-5][0-9][0-9]|[2-5]xx)$")]
Header = Annotated[str, AfterValidator(_header)]
Path = Annotated[str, AfterValidator(_path)]


class Http(Sounding):
    """Ask a server and keep what it answers. Whatever is not 2xx is a failure, unless `statuses` has a step for it, and
    keeps nothing. After 0.7 s the caller hears `play` or `say`, if there is something, and then the hold music."""

    verb: ClassVar[str] = "http"
    branches: ClassVar[tuple[str, ...]] = ("next", "no_answer", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"no_answer": ("no_answer", "failed")}
    must: ClassVar[tuple[str, ...]] = ("next", "failed")

    get: str | None = Field(default=None, description="the address of a document")
    post: str | None = Field(default=None, description="the address that takes `json`")
    put: str | None = Field(default=None, description="the address that takes `json` in place of what it has")
    patch: str | None = Field(default=None, description="the address that changes what it has by `json`")
    delete: str | None = Field(default=None, description="the address of what is to be deleted")
    headers: dict[Header, str] = Field(default_factory=dict, description="of the request")
    body: Any = Field(default=None, alias="json", description="what is sent, of any shape; values keep their type")
    timeout: Duration = Field(default=3.0, gt=0, le=30, description="until the whole answer is there, with all tries")
    tries: int | None = Field(
        default=None,
        ge=1,
        le=5,
        description="how often it is asked where nobody answers or the server is overloaded; 2 for `get`, `put` and"
        " `delete`, 1 for the others, which need `idempotency` to be tried again",
    )
    idempotency: bool = Field(
        default=False,
        description="send an Idempotency-Key, the same with each try, by which the server knows what it has done",
    )
    expect: Literal["json", "text"] = Field(default="json", description="what the answer must be, where it is saved")
    save: dict[Variable, Path] = Field(
        default_factory=dict,
        description="a variable for the whole document, `{}` where none came; or variables with paths into it:"
        " `{name: $.customer.name, first: '$.orders[0].id'}`",
    )
    next: Name | None = Field(default=None, description="the answer is 2xx")
    statuses: dict[Status, Name] = Field(
        default_factory=dict,
        description="a step for an answer: `{404: unknown, 5xx: later}`; a number before its class",
    )
    no_answer: Name | None = Field(default=None, description="nobody answered in time, or at all; else `failed`")
    failed: Name | None = None

    @field_validator("save", mode="before")
    @classmethod
    def _whole(cls, written: Any) -> Any:
        return {written: document.WHOLE} if isinstance(written, str) else written

    @model_validator(mode="after")
    def _consistent(self) -> Http:
        if len([method for method in METHODS if getattr(self, method) is not None]) != 1:
            raise ValueError(f"http needs exactly one of {', '.join(METHODS)}, followed by the address")
        if (self.tries or 1) > 1 and self.method not in REPEATABLE and not self.idempotency:
            raise ValueError(f"tries: a {self.method} that is sent twice may be done twice; add idempotency: true")
        if self.expect == "text" and any(path != document.WHOLE for path in self.save.values()):
            raise ValueError("save: a text has no paths; write the name of one variable")
        return self

    @property
    def method(self) -> str:
        return next(method for method in METHODS if getattr(self, method) is not None)

    def links(self) -> Iterator[tuple[KeyPath, str]]:
        yield from super().links()
        for status, target in self.statuses.items():
            yield ("statuses", status), target

    def sets(self) -> dict[str, Any]:
        return dict.fromkeys(self.save)

    # ---- what happens ------------------------------------------------------------------------------------------

    def enter(self, run: Run) -> Exit | None:
        self._forget(run)
        limit_s = self._limit_s(run)
        if limit_s <= 0:
            raise StepError(
                f"the http steps of this call have taken {run.facts.http_budget_s:g} s together (http_step.budget)"
            )
        tries = self.tries or (2 if self.method in REPEATABLE else 1)
        expect = self.expect if self.save else ""
        run.emit(Fetch(self.method.upper(), self._url(run), self._sent_headers(run), run.value(self.body), limit_s,
                       expect, tries))  # fmt: skip
        run.wait(Wait.FETCH, SILENT_S if run.state.answered and limit_s > SILENT_S else limit_s + GRACE_S)
        return None

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case PlayEnded():  # of the phrase
                self._music(run)
                return None
            case Fetched():
                run.state.fetched_s += event.seconds
                return self._judged(run, event)
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")

    def expire(self, run: Run) -> Exit | None:
        """Time for a sound; or for the end, of what ``Fetched`` should have told."""
        if run.state.answered and not run.state.playing:
            run.wait(Wait.FETCH, self._limit_s(run) - SILENT_S + GRACE_S)
            prompts = self.prompts(run)
            if prompts:
                run.play(prompts)
            else:
                self._music(run)
            return None
        run.state.fetched_s += self._limit_s(run)
        return Exit("no_answer", why="no answer in time")

    def _music(self, run: Run) -> None:
        run.state.playing = True
        run.emit(PlayMusic())

    def _judged(self, run: Run, answer: Fetched) -> Exit:
        if answer.kind in _UNANSWERED:
            return Exit("no_answer", why=answer.error)
        good = not answer.error and 200 <= answer.status < 300
        if good:
            try:
                self._keep(run, answer.body)
            except ValueError as error:
                return Exit("failed", why=f"the answer cannot be kept: {error}")
        if not answer.error and (key := self._key_for(answer.status)):
            return Exit(f"statuses.{key}", to=self.statuses[key])
        return Exit("next") if good else Exit("failed", why=answer.error or f"status {answer.status}")

    def _key_for(self, status: int) -> str:
        """Under which key there is a step for it; "" under none."""
        return next((key for key in (str(status), f"{status // 100}xx") if key in self.statuses), "")

    def _keep(self, run: Run, body: Any) -> None:
        found = {name: document.pick(body, path) for name, path in self.save.items()}
        for value in found.values():
            document.fits(value)
        for name, value in found.items():
            run.keep(name, value)

    def _forget(self, run: Run) -> None:
        """What was kept the last time is no answer to this one."""
        for name, path in self.save.items():
            nothing: Any = "" if self.expect == "text" else {}
            run.keep(name, nothing if path == document.WHOLE else None)

    # ---- what is sent ------------------------------------------------------------------------------------------

    def _limit_s(self, run: Run) -> float:
        return min(self.timeout, run.facts.http_budget_s - run.state.fetched_s)

    def _url(self, run: Run) -> str:
        written = getattr(self, self.method)
        url = run.address(written)
        if not url.startswith(SCHEMES):
            raise StepError(f"{written!r} does not make an http address")
        return url

    def _sent_headers(self, run: Run) -> tuple[tuple[str, str], ...]:
        headers = {name: self._line(run, name, text) for name, text in self.headers.items()}
        if self.idempotency:
            visit = f"{run.state.variables['contact']} {run.state.step} {run.wall.timestamp():.6f}"
            headers["Idempotency-Key"] = hashlib.sha256(visit.encode()).hexdigest()[:32]
        return tuple(headers.items())

    @staticmethod
    def _line(run: Run, name: str, text: str) -> str:
        """RFC 9110 section 5.5: whatever ends a line would begin another header."""
        line = run.text(text) if is_template(text) else text
        if any((char < " " and char != "\t") or "\x7f" <= char <= "\x9f" for char in line):
            raise StepError(f"header {name}: has a line break or another character that a header cannot have")
        return line
