"""Who the caller is connected with by name: ``dial`` (rings, and the caller is still ours) and ``transfer``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from softswitch.core.errors import UsageError
from softswitch.ivr.away import ReferCaller
from softswitch.ivr.model import AwayEnded, DialEnded, DialOut, IvrInput, Question
from softswitch.ivr.run import Exit, Run, StepError, Wait
from softswitch.ivr.speech import sentence
from softswitch.ivr.verb.ask import LONGEST_S, Key
from softswitch.ivr.verb.base import Duration, KeyPath, Name, Variable, Verb, Written
from softswitch.ivr.verb.item import Item

REFER_LIMIT_S = 60.0

_EXITS = {
    "answered": Exit("answered"),
    "busy": Exit("busy", cause="busy"),
    "no answer": Exit("no_answer", cause="unavailable"),
    "rejected": Exit("rejected", why="the call was rejected", cause="declined"),
}
_CHAINS: dict[str, tuple[str, ...]] = {
    "answered": ("answered", "next"),
    "busy": ("busy", "failed"),
    "no_answer": ("no_answer", "failed"),
    "rejected": ("rejected", "failed"),
}


class Ringing(Written):
    """One of a group: `{user: "1001", ring: 10s}`, or just the user."""

    also: ClassVar[tuple[dict[str, Any], ...]] = ({"type": ["string", "number"], "title": "name"},)

    user: Name = Field(description="one of users.yaml")
    ring: Duration | None = Field(
        default=None, gt=0, le=LONGEST_S, description="how long it rings there; else as the others"
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, written: Any) -> Any:
        return written if isinstance(written, dict) else {"user": written}


class _Reaching(Verb):
    """What rings somebody, and perhaps asks whether the call is taken."""

    must: ClassVar[tuple[str, ...]] = ()
    pauses: ClassVar[bool] = True
    at_once: ClassVar[tuple[str, ...]] = ("busy", "rejected", "failed")

    user: Name | None = Field(default=None, description="one of users.yaml")
    number: str | None = Field(default=None, description="an outside number, through `trunk`")
    trunk: Name | None = Field(default=None, description="a trunk of trunks.yaml, or a group of them")
    ring: Duration = Field(default=30.0, gt=0, le=LONGEST_S, description="how long it rings")
    hears: Literal["music", "ringing"] = Field(
        default="music", description="what a caller hears who was answered already"
    )
    announce: tuple[Item, ...] = Field(
        default=(), description="what whoever answers hears first; the two are connected when `accept` is pressed"
    )
    accept: Key = Field(default="1", description="the key that takes the call, where it is announced")

    @field_validator("announce", mode="before")
    @classmethod
    def _listed(cls, written: Any) -> Any:
        return written if isinstance(written, (list, tuple)) else (written,)

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        if self.user is not None:
            yield "user", self.user, ("user",)
        if self.trunk is not None:
            yield "trunk", self.trunk, ("trunk",)

    def parts(self) -> Iterator[tuple[KeyPath, Sequence[str], Sequence[Item]]]:
        if self.announce:
            yield ("announce",), (), self.announce

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case DialEnded(outcome):
                run.state.answered = run.state.answered or outcome == "answered"  # whoever connected it answered it
                return _EXITS.get(outcome) or Exit("failed", why=outcome, cause="unavailable")
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")

    def _reach(
        self, run: Run, question: Question | None, group: tuple[Ringing, ...] = (), at_once: bool = True
    ) -> None:
        users = (self.user,) if self.user is not None else tuple(one.user for one in group)
        number = run.text(self.number or "").strip()
        if not users and not number:
            raise StepError("there is no number to dial")
        rings = {one.user: one.ring for one in group if one.ring is not None}
        run.state.ahead = ""
        run.seek("ivr")
        run.emit(DialOut(users, number, self.trunk or "", self.ring, at_once, self.hears == "ringing", rings, question))
        run.wait(Wait.DIAL, None)

    def _question(self, run: Run) -> Question | None:
        prompts = tuple(item.prompt(run) for item in self.announce)
        return Question(prompts, self.accept) if prompts else None


class Dial(_Reaching):
    """Ring users, or a number through a trunk. Without `next` the call ends when the other side is gone.

    Of a group the first who answers has the call; who declines is rung no more, and the others go on ringing. One after
    the other, each person rings at all of their phones. With `announce` whoever answers hears that first, and has to
    press `accept`: an answering machine does not take the call.
    """

    verb: ClassVar[str] = "dial"
    branches: ClassVar[tuple[str, ...]] = ("next", "answered", "busy", "no_answer", "rejected", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = _CHAINS

    users: tuple[Ringing, ...] = Field(default=(), description="several of users.yaml")
    parallel: bool = Field(default=True, description="`users` ring all at once; false: one after the other")
    save: Variable | None = Field(default=None, description="who has answered: a user, or the number; else empty")
    next: Name | None = Field(default=None, description="the other side is gone, and the caller still there")
    answered: Name | None = Field(default=None, description="the same, before `next`")
    busy: Name | None = Field(default=None, description="the other side is busy")
    no_answer: Name | None = Field(default=None, description="it rang for nobody")
    rejected: Name | None = Field(default=None, description="whoever was rung declined")
    failed: Name | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Dial:
        given = [self.user is not None, bool(self.users), self.number is not None]
        if given.count(True) != 1 or (self.number is None) != (self.trunk is None):
            raise ValueError("dial needs one of user, users, or number together with trunk")
        return self

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        yield from super().names()
        for index, one in enumerate(self.users):
            yield "user", one.user, ("users", index)

    def sets(self) -> dict[str, Any]:
        return {} if self.save is None else {self.save: None}

    def enter(self, run: Run) -> Exit | None:
        self._reach(run, self._question(run), self.users, self.parallel)
        return None

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        if self.save is not None and isinstance(event, DialEnded):
            run.keep(self.save, event.by)
        return super().on(run, event)


class Transfer(_Reaching):
    """Hand the caller over to a user, or to a number through a trunk.

    `blind` connects the two as soon as somebody answers. `attended` tells whoever answers who is there, by `announce`
    or a standing sentence, and connects them when `accept` is pressed; the caller hears music until then. What comes
    to nothing takes its branch, and the caller is still there. With `refer` a caller who came through a trunk and is
    sent to a number, or one of our phones that is sent to a user, calls there itself, and the call is over for us;
    where that is refused, or comes to nothing within a minute, we connect the two.
    """

    verb: ClassVar[str] = "transfer"
    lone: ClassVar[str] = "user"
    branches: ClassVar[tuple[str, ...]] = ("next", "busy", "no_answer", "rejected", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {**_CHAINS, "answered": ("next",)}

    kind: Literal["blind", "attended"] = Field(default="blind", description="whether whoever answers is asked first")
    refer: bool = Field(
        default=False,
        description="`blind`: the caller's side is asked (REFER) to call there itself, where it says it can",
    )
    next: Name | None = Field(default=None, description="whoever has answered is gone, and the caller still there")
    busy: Name | None = Field(default=None, description="the other side is busy")
    no_answer: Name | None = Field(default=None, description="it rang for nobody, or nobody said anything")
    rejected: Name | None = Field(default=None, description="whoever was rung declined, or hung up when asked")
    failed: Name | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Transfer:
        if (self.user is None) == (self.number is None) or (self.number is None) != (self.trunk is None):
            raise ValueError("transfer needs one of user, or number together with trunk")
        if self.announce and self.kind == "blind":
            raise ValueError("announce: is for kind: attended")
        if self.refer and self.kind == "attended":
            raise ValueError("refer: is for kind: blind; whoever answers is asked by us")
        return self

    def enter(self, run: Run) -> Exit | None:
        trunk = bool(run.state.variables["trunk"])
        if self.refer and trunk == (self.number is not None):  # else it is no number that the caller's side has
            run.answer()
            run.emit(ReferCaller(self.user or run.text(self.number or "").strip()))
            run.wait(Wait.AWAY, REFER_LIMIT_S)
            return None
        return self._ring(run)

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case AwayEnded("refused"):
                return self._ring(run)
            case AwayEnded(outcome):
                return Exit("failed", why=f"transfer: {outcome}", cause="unavailable")
            case _:
                return super().on(run, event)

    def expire(self, run: Run) -> Exit | None:
        return self._ring(run)

    def _ring(self, run: Run) -> Exit | None:
        question = None
        if self.kind == "attended":
            run.answer()  # whoever is asked takes his time
            caller = run.state.variables["caller"]
            who = caller["number"] or caller["name"]
            known = {"caller": who} if who else {}
            key = "transfer_announced" if who else "transfer_announced_unknown"
            said = sentence(key, run.language, key=self.accept, **known)
            question = self._question(run) or Question((said,), self.accept)
        self._reach(run, question)
        return None
