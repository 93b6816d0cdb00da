"""Who the caller is brought to: ``queue``, an agent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from softswitch.core.errors import UsageError
from softswitch.core.units import seconds
from softswitch.ivr.model import (
    CallbackOffer,
    EnterQueue,
    IvrInput,
    PlayEnded,
    Pressed,
    Prompt,
    QueueEnded,
    VoicemailEnded,
)
from softswitch.ivr.run import Exit, Run, StepError, Wait
from softswitch.ivr.speech import sentence
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.ask import Key
from softswitch.ivr.verb.base import Duration, KeyPath, Name, Verb, Written
from softswitch.ivr.verb.leave import Voicemail
from softswitch.ivr.verb.need import SkillNeed

_WAIT = re.compile(r"\s*wait\s*>\s*(\S+)\s*$")


def _after_wait(written: Any) -> Any:
    match = _WAIT.match(written) if isinstance(written, str) else None
    if match is None:
        raise ValueError(f"{written!r} is not understood; write for example: wait > 90s")
    return seconds(match[1])


def _seconds_text(text: str) -> str:
    if not is_template(text):
        seconds(0 if text == "0" else text)
    return text


Priority = Annotated[str, AfterValidator(_seconds_text)]


class Prefer(Written):
    """``{agent: "{{ customer.agent }}", for: 20s}``."""

    agent: str = Field(description="his name in agents.yaml; empty: nobody")
    for_: Duration = Field(
        alias="for", gt=0, description="so long the caller waits for him alone, if he is logged in; then for anybody"
    )


class Closing(Written):
    """``{calendar: office, within: 30m}``."""

    calendar: Name = Field(description="by its name in calendars.yaml")
    within: Duration = Field(default=1800.0, gt=0, description="from then on until it closes")

    def in_s(self, run: Run) -> float | None:
        """How long from now; None where it is closed, or does not close in sight."""
        calendar, overrides = run.facts.calendars.get(self.calendar), run.facts.overrides.get(self.calendar, ())
        if calendar is None or not calendar.door(run.wall, overrides).open:
            return None
        closes = calendar.next_change(run.wall, overrides)
        return None if closes is None else max(0.0, (closes - run.wall).total_seconds() - self.within)


class Offer(Written):
    """``wait > 90s``, or with a key ``{when: wait > 90s, key: 1}``, ``{after: 90s, key: 1}``: who has waited so long is
    offered to be called back; also who stands far behind, is expected to wait long, or waits when it closes soon. The
    first of these that holds makes the offer, and it is made once."""

    after: Duration | None = Field(default=None, description="of waiting")
    when: Annotated[float, BeforeValidator(_after_wait)] | None = Field(
        default=None, description="the same, written as `wait > 90s`"
    )
    expected_above: Duration | None = Field(default=None, gt=0, description="the wait that is still expected")
    position_above: int | None = Field(default=None, ge=1, description="of the place in line")
    closing: Closing | None = Field(default=None, description="soon, by a calendar")
    key: Key = Field(default="1", description="which takes the offer")
    another_number: bool = Field(
        default=False,
        description="who takes it may choose another number, and keeps the place meanwhile",
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, written: Any) -> Any:
        return written if isinstance(written, dict) else {"when": written}

    @model_validator(mode="after")
    def _one(self) -> Offer:
        if self.after is not None and self.when is not None:
            raise ValueError("offer_callback needs one of after: 90s and when: wait > 90s")
        if not self.model_fields_set - {"key", "another_number"}:
            raise ValueError(
                "offer_callback needs a time or a reason, such as after: 90s, expected_above: 5m, position_above: 10 "
                "or closing: {calendar: office, within: 30m}"
            )
        return self

    def order(self, run: Run) -> CallbackOffer:
        return replace(self.at_any_hour(), in_s=self.closing.in_s(run) if self.closing else None)

    def at_any_hour(self) -> CallbackOffer:
        """Whatever closes when."""
        after_s = self.when if self.after is None else self.after
        other = self.another_number
        return CallbackOffer(after_s, self.key, self.expected_above, self.position_above, another_number=other)


class ExitKey(Written):
    """``{key: 0, to: information}``."""

    key: Key = Field(default="0", description="which leaves the line")
    to: Name = Field(description="the step that follows")


_QUEUE_EXITS = {
    "answered": Exit("answered"),
    "callback": Exit("promised"),
    "full": Exit("full", why="the queue is full", cause="busy"),
    "timeout": Exit("timeout", why="nobody answered in time", cause="unavailable"),
    "no agents": Exit("no_agents", why="nobody who could answer is logged in", cause="unavailable"),
    "all paused": Exit("all_paused", why="all who could answer are paused", cause="unavailable"),
    "long wait": Exit("long_wait", why="the expected wait is too long", cause="busy"),
}


class _Message(Voicemail):
    """In place of waiting, where the queue's overflow wants it so."""

    def prompts(self, run: Run) -> tuple[Prompt, ...]:
        return (sentence("voicemail_beep_hint", run.language),)


class Queue(Verb):
    """Wait for an agent and talk. Without ``next`` the call ends when the agent is gone."""

    verb: ClassVar[str] = "queue"
    lone: ClassVar[str] = "name"
    branches: ClassVar[tuple[str, ...]] = (
        "next", "promised", "left", "full", "no_agents", "all_paused", "long_wait", "timeout", "failed",
    )  # fmt: skip
    chains: ClassVar[dict[str, tuple[str, ...]]] = {
        "answered": ("next",),
        "promised": ("promised", "next"),
        "message": ("left", "next"),
        "full": ("full", "failed"),
        "no_agents": ("no_agents", "full", "failed"),
        "all_paused": ("all_paused", "no_agents", "full", "failed"),
        "long_wait": ("long_wait", "full", "failed"),
        "timeout": ("timeout", "failed"),
    }
    must: ClassVar[tuple[str, ...]] = ()
    pauses: ClassVar[bool] = True
    at_once: ClassVar[tuple[str, ...]] = ("full", "no_agents", "all_paused", "long_wait", "failed")

    name: Name = Field(description="of the queue, in queues.yaml")
    needs: tuple[SkillNeed, ...] | None = Field(
        default=None, description="skills of the agent; else those of the queue"
    )
    priority: Priority = Field(default="0s", description="a head start: the caller counts as so much longer waiting")
    prefer: Prefer | None = Field(default=None, description="an agent who is asked first")
    offer_callback: Offer | None = Field(default=None, description="when to offer to call back, in this place")
    exit: ExitKey | None = Field(
        default=None, description="a key for leaving the line; who comes back in the same call has his place"
    )
    next: Name | None = Field(default=None, description="the agent is gone, and the caller still there")
    promised: Name | None = Field(default=None, description="the caller took the offer to be called back")
    full: Name | None = Field(default=None, description="too many are waiting already")
    left: Name | None = Field(default=None, description="a message was left, where the queue's `overflow` says so")
    no_agents: Name | None = Field(
        default=None,
        description="nobody who could answer is logged in, where the queue has `join_unless` or `leave_if`",
    )
    all_paused: Name | None = Field(default=None, description="the same, and all of them are paused")
    long_wait: Name | None = Field(default=None, description="the same, and the expected wait is too long")
    timeout: Name | None = Field(default=None, description="nobody answered in the queue's longest wait")
    failed: Name | None = None

    @model_validator(mode="after")
    def _two_keys(self) -> Queue:
        if self.exit and self.offer_callback and self.exit.key == self.offer_callback.key:
            raise ValueError(f"key {self.exit.key} takes the offer already; give exit another one")
        return self

    def links(self) -> Iterator[tuple[KeyPath, str]]:
        yield from super().links()
        if self.exit is not None:
            yield ("exit", "to"), self.exit.to

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        yield "queue", self.name, ("name",)
        if self.offer_callback and self.offer_callback.closing:
            yield "calendar", self.offer_callback.closing.calendar, ("offer_callback", "closing", "calendar")
        for index, need in enumerate(self.needs or ()):
            for one, path in need.of_skills():
                yield "skill", str(one.skill), ("needs", index, *path, "skill")
        if self.prefer is not None and not is_template(self.prefer.agent):
            yield "agent", self.prefer.agent, ("prefer", "agent")

    def promises(self) -> Iterator[tuple[str, KeyPath]]:
        if self.offer_callback is not None:
            yield self.name, ("offer_callback",)

    def asks(self) -> Iterator[tuple[str, KeyPath]]:
        if self.offer_callback is not None and self.offer_callback.another_number:
            yield self.name, ("offer_callback", "another_number")

    def enter(self, run: Run) -> Exit | None:
        needs = None if self.needs is None else tuple(need.plain() for need in self.needs)
        offer = self.offer_callback.order(run) if self.offer_callback else None
        leave = self.exit.key if self.exit else ""
        priority_s = self._priority(run)
        run.answer()  # waiting is heard
        run.state.ahead, run.state.mailbox = "", ""
        run.seek()
        prefer = "" if self.prefer is None else run.text(self.prefer.agent).strip()
        prefer_s = self.prefer.for_ if self.prefer is not None and prefer else 0.0
        run.emit(EnterQueue(self.name, needs, priority_s, run.language, offer, leave, prefer, prefer_s))
        run.wait(Wait.QUEUE, None)
        return None

    def again(self, run: Run) -> Exit | None:
        """Only in the mailbox is anything said or asked."""
        return self._left(_Message(mailbox=run.state.mailbox).enter(run))

    def _priority(self, run: Run) -> float:
        text = run.text(self.priority)
        try:
            return seconds(0 if text == "0" else text)
        except ValueError as error:
            raise StepError(f"priority: {error}") from error

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case QueueEnded("exit") if self.exit is not None:
                return Exit("exit", to=self.exit.to)
            case QueueEnded("voicemail", queue):
                run.state.mailbox = queue
                return self._left(_Message(mailbox=queue).enter(run))
            case QueueEnded("answered" | "callback" as outcome):
                return _QUEUE_EXITS[outcome]
            case QueueEnded(outcome):
                run.state.lost = "queue-full" if outcome in _QUEUE_EXITS else "ivr"
                return _QUEUE_EXITS.get(outcome) or Exit("failed", why=f"the queue said: {outcome}")
            case PlayEnded() | Pressed() | VoicemailEnded() if run.state.mailbox:
                return self._left(_Message(mailbox=run.state.mailbox).on(run, event))
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")

    def expire(self, run: Run) -> Exit | None:
        return self._left(_Message(mailbox=run.state.mailbox).expire(run))

    def _left(self, way: Exit | None) -> Exit | None:
        """Out of the mailbox."""
        return Exit("message") if way is not None and way.name == "next" else way
