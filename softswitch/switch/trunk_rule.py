"""The parts of a trunk's configuration: how it is watched, what it may carry, how numbers look on it."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.contact.presentation import AS_IS, Presentation, Rewrite
from softswitch.sdp.media import Codec


@dataclass(frozen=True, slots=True)
class Watch:
    """How we find out which of a trunk's servers serve."""

    probe_s: float = 0.0  # between two OPTIONS to each server; 0: none
    failures: int = 2  # unanswered in a row until a server is down
    try_s: float = 4.0  # a server that has said nothing for so long is given up
    dead_s: float = 30.0  # for so long one that failed comes last


@dataclass(frozen=True, slots=True)
class Registering:
    """We register with the trunk's registrar, as the user of its credentials."""

    expires_s: int = 3600  # asked for
    retry_s: float = 30.0  # after the first failure; doubled with each one


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Both directions together; 0: as many as there are."""

    calls: int = 0  # at a time
    calls_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Manners:
    """How calls look on the trunk."""

    presentation: Presentation = AS_IS
    inbound: tuple[Rewrite, ...] = ()  # of the called number, before it is routed
    outbound: tuple[Rewrite, ...] = ()  # of the called number, before it is sent
    codecs: tuple[Codec, ...] = ()  # in order of preference; (): the usual ones
    follow_redirects: bool = False  # 3xx to servers of the trunk itself
    believed: bool = True  # what it says of its callers
