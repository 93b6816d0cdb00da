"""What is kept of calls' SIP messages and paths for ``softswitch trace``, and of decisions for ``softswitch why``; and
who else is told of messages."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from softswitch.settings.kind import HostPort, Seconds, Strict, host_port


def collector(value: Any) -> HostPort:
    """Where HEP goes: with a port, since that has no default that all agree on."""
    found = host_port(value)
    if not found.port:
        raise ValueError(f"{value!r} has no port; write for example 127.0.0.1:9060")
    return found


class Trace(Strict):
    messages: int = Field(default=500, ge=0, le=10_000)  # of one contact; 0: nothing is kept
    contacts: int = Field(default=500, ge=0)  # that have ended
    bytes: int = Field(default=32_000_000, ge=0)  # of all messages together, about
    steps: int = Field(default=200, ge=0, le=2000)  # of a call's path through its dialplans; 0: no path is kept
    days: int = Field(default=14, ge=1, le=3650)  # that paths, and how often each way was taken, are kept


class Decisions(Strict):
    """What is kept of who was offered which contact, and why not somebody else."""

    bytes: int = Field(default=64_000_000, ge=0)  # of memory, about; 0: nothing is kept there
    keep: Seconds = 86_400.0  # in memory, after the contact has left its queue
    store: Literal["none", "failed", "all"] = "all"  # contacts that are written to the database
    days: int = Field(default=14, ge=1, le=3650)  # that they stay there


class Hep(Strict):
    """Homer is told of every SIP message, calls' or not."""

    to: Annotated[HostPort, BeforeValidator(collector)] | None = None  # None: nobody is told
    id: int = Field(default=2001, ge=1, le=2**32 - 1)  # of this switch
    key: str = Field(default="", max_length=255, repr=False)
