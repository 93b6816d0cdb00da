"""What callers leave behind: who may open a mailbox by phone, and the web services that are told of events."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from softswitch.settings.kind import Name, PositiveSeconds, Strict, written

Pin = Annotated[str, written(r"[0-9]{4,12}", "4 to 12 digits in quotes, such as '4711'")]
SAMPLE_PINS = frozenset({"4711", "4712", "4713", "4714"})  # as public as the passwords of the sample
_COUNTING = "01234567890", "09876543210"


def guessable(pin: str, mailbox: str) -> bool:
    """Whether it is what somebody would try first."""
    return pin == mailbox or len(set(pin)) == 1 or any(pin in row for row in _COUNTING)


class Voicemail(Strict):
    """Hearing messages by phone; ``pin:`` of users and queues says with which PIN."""

    pin: Literal["always", "elsewhere"] = "always"  # elsewhere: the owner's phone needs none
    tries: int = Field(default=3, ge=1, le=10)  # of one call
    failures: int = Field(default=5, ge=1, le=100)  # wrong PINs in a row, of all calls
    lock: PositiveSeconds = 900.0  # how long the mailbox cannot be opened after that
    trunk: Name | None = None  # by which callers outside are called back; none: only colleagues are


def _http(url: str) -> str:
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and not parts.username and parts.port != 0
    except ValueError:  # of a port, or of an address of IPv6
        right = False
    if not right:
        raise ValueError("is not an address such as https://crm.example/hooks")
    return url


class Webhook(Strict):
    """A web service that is told of events by the verb ``emit``."""

    url: Annotated[str, AfterValidator(_http)]
    secret: str = Field(min_length=16, repr=False)  # signs what is sent; whsec_ and base64, or any text
    timeout: PositiveSeconds = 5.0  # of one try
    expire: PositiveSeconds = 86400.0  # how long it is tried
