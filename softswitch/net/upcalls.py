"""What the sockets tell, to whoever made them; each call returns soon and does not raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, ParseError


def _everybody(flow: Flow) -> bool:
    """Where nobody is turned away."""
    return True


def _read(data: bytes, flow: Flow) -> bytes | None:
    """Where everything is read."""
    return None


def _nobody(transport: str, reason: str) -> None:
    """Where nobody counts them."""


@dataclass(frozen=True, slots=True)
class Upcalls:
    message: Callable[[Message, Flow], None]
    malformed: Callable[[ParseError, Flow], None]
    failed: Callable[[Flow], None]  # what was sent did not get out, or the connection is gone
    admits: Callable[[Flow], bool] = _everybody  # whether a message from there may be heard now
    shed: Callable[[bytes, Flow], bytes | None] = _read  # what to say to a datagram that is not read (b"": nothing)
    let_go: Callable[[str, str], None] = _nobody  # a connection that we ended: transport, reason (a closed list)
