"""How a call ends: ``hangup``; and how it is turned away before it is answered: ``reject``, ``redirect``."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from softswitch.core.errors import PeerError
from softswitch.ivr.model import EndCall
from softswitch.ivr.run import Exit, Run, StepError
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.base import Name, Verb
from softswitch.sip.uri import parse_uri

_LONGEST_REASON = 80  # characters: more does no phone show
_MOST_TARGETS = 8
_NUMBER = re.compile(r"\+?[A-Za-z0-9_.*#-]{1,64}")
# Final responses of RFC 3261 section 21 and its extensions that say something of the message, the transaction or the
# session, and not of who is called: their receiver does not end the call but mends the message, or needs a header that
# we do not send.
_NOT_OF_THE_CALLED = frozenset(
    {
        *(401, 405, 406, 407, 408, 411, 412, 413, 414, 415, 416, 417, 420, 421, 422, 423, 424, 425, 428, 429, 430, 436),
        *(437, 438, 439, 440, 469, 470, 481, 482, 483, 487, 488, 489, 491, 493, 494, 505, 513, 555, 580, 606),
    }
)


class Hangup(Verb):
    """End the call; before it was answered, refuse it for this cause. A phone that talks to us already is told the
    cause in a Reason header."""

    verb: ClassVar[str] = "hangup"
    lone: ClassVar[str] = "cause"
    branches: ClassVar[tuple[str, ...]] = ()
    must: ClassVar[tuple[str, ...]] = ()

    cause: Literal["normal", "busy", "declined", "unavailable", "error"] = Field(
        default="normal", description="what the caller's side is told"
    )

    def enter(self, run: Run) -> Exit | None:
        return Exit("end", cause=self.cause)


class Reject(Verb):
    """Refuse the call with a SIP status of your choice. Once the call is answered it is hung up on instead, with the
    status in a Reason header."""

    verb: ClassVar[str] = "reject"
    lone: ClassVar[str] = "code"
    branches: ClassVar[tuple[str, ...]] = ()
    must: ClassVar[tuple[str, ...]] = ()

    code: int = Field(
        default=603, ge=400, le=699, description="486 busy, 404 no such number, 480 nobody there, 603 declined ..."
    )
    reason: str = Field(default="", description="for the phone to show; else the usual words of the code")

    @field_validator("code")
    @classmethod
    def _of_the_called(cls, code: int) -> int:
        if code in _NOT_OF_THE_CALLED:
            message = f"{code} tells a phone something else than that nobody answers; write for example 486 or 603"
            raise ValueError(message)
        return code

    def enter(self, run: Run) -> Exit | None:
        return Exit("end", end=EndCall("declined", self.code, _one_line(run.text(self.reason))))


class Redirect(Verb):
    """Tell the caller's side to call somewhere else: 302 with the targets as Contacts. Only before the call is
    answered; later it fails. What is reached by `dial`, `queue` or a flow of ours needs no redirection."""

    verb: ClassVar[str] = "redirect"
    lone: ClassVar[str] = "to"
    branches: ClassVar[tuple[str, ...]] = ("failed",)
    must: ClassVar[tuple[str, ...]] = ()

    to: tuple[str, ...] = Field(
        min_length=1, max_length=_MOST_TARGETS,
        description="a SIP or tel URI, a number in the domain of the caller, or a list of these, the best first",
    )  # fmt: skip
    failed: Name | None = Field(default=None, description="the call is answered already, or a target is none")

    @field_validator("to", mode="before")
    @classmethod
    def _listed(cls, written: Any) -> Any:
        return written if isinstance(written, (list, tuple)) else (written,)

    @field_validator("to")
    @classmethod
    def _targets(cls, to: tuple[str, ...]) -> tuple[str, ...]:
        for one in to:
            if not is_template(one):
                target(one)
        return to

    def enter(self, run: Run) -> Exit | None:
        if run.state.answered:
            raise StepError("the call is answered already, and can no more be redirected; use dial or transfer")
        try:
            contacts = tuple(target(run.text(one)) for one in self.to)
        except ValueError as error:
            raise StepError(str(error)) from error
        return Exit("end", end=EndCall(contacts=contacts))


def target(written: str) -> str:
    """A URI or a number to which a call can be sent. Raises ``ValueError``."""
    text = written.strip()
    if _NUMBER.fullmatch(text):
        return text
    try:
        uri = parse_uri(text)
    except PeerError:
        uri = None
    readable = text.isascii() and text.isprintable() and not set(text) & set(' <>"')
    if not readable or uri is None or uri.scheme not in ("sip", "sips", "tel") or not (uri.host or uri.user):
        raise ValueError(f"{written[:64]!r} is no target; write for example sip:sales@example.com or a number")
    return text


def _one_line(text: str) -> str:
    """What a phone can show of it."""
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST_REASON].strip()
