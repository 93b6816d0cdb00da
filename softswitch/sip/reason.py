"""Why a call ended, in words that other networks know (RFC 3326).

Decided here: how much of a peer's Reason is believed to be worth keeping: one value of each protocol, of those two that
are in use, with a number that can be one and a short text. What follows from a reason is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.core.digits import whole
from softswitch.core.errors import PeerError
from softswitch.core.legible import legible
from softswitch.sip.header import param, parse_params, quote, unquote
from softswitch.sip.message import Message

_HIGHEST = {"SIP": 699, "Q.850": 127}
_LONGEST_TEXT = 80


@dataclass(frozen=True, slots=True)
class Reason:
    protocol: str  # "SIP" or "Q.850"
    cause: int  # a status, or a cause value of Q.850 section 2.2.7
    text: str = ""

    def __str__(self) -> str:
        text = f";text={quote(self.text)}" if self.text else ""
        return f"{self.protocol};cause={self.cause}{text}"


ELSEWHERE = Reason("SIP", 200, "Call completed elsewhere")  # section 3.1: a phone shows no missed call


def reasons(message: Message) -> tuple[Reason, ...]:
    """What a message says; what cannot be read is left out."""
    found: dict[str, Reason] = {}
    for value in message.headers.all("Reason")[:8]:
        one = _reason(value)
        if one is not None:
            found.setdefault(one.protocol, one)
    return tuple(found.values())


def reason_lines(given: tuple[Reason, ...]) -> tuple[tuple[str, str], ...]:
    return (("Reason", ", ".join(map(str, given))),) if given else ()


def _reason(value: str) -> Reason | None:
    protocol, _, rest = value.partition(";")
    protocol = protocol.strip().upper()
    try:
        params = parse_params(rest)
    except PeerError:
        return None
    cause = whole(param(params, "cause"), 3)
    if cause is None or cause > _HIGHEST.get(protocol, -1):
        return None
    text = "".join(letter for letter in legible(unquote(param(params, "text") or "")) if letter.isprintable())
    return Reason(protocol, cause, text[:_LONGEST_TEXT])
