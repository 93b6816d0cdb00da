"""The call detail record: one row per contact, written when it has ended."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.rtp.quality import Quality


@dataclass(frozen=True, slots=True)
class StreamQuality:
    leg: str
    quality: Quality
    events: tuple[str, ...] = ()  # what was noteworthy about its sound, in order: no_media, one_way, resumed ...


@dataclass(slots=True)
class CallRecord:
    """Times are Unix seconds; 0.0 where it never came to that.

    Its contact fills it in as long as it lasts; nobody changes it from the moment when ``ContactFinished`` is said.
    """

    contact: str
    kind: str  # "inbound", "internal", "outbound", "callback"
    caller: str
    called: str
    trunk: str
    plan: str
    queue: str
    agent: str
    started_at: float
    answered_at: float  # our answer, by dialplan or agent
    connected_at: float  # customer and agent (or the other party) talk
    ended_at: float
    # answered, abandoned, queue-full, callback, voicemail, busy, no answer, rejected, redirected, failed, completed
    outcome: str
    ended_by: str  # "caller", "called", "us", "network"
    recording: str  # file names below the recordings directory, with commas; "" where there is none
    promise: str  # the promise that this call was to keep; "" of a call that came in
    quality: tuple[StreamQuality, ...] = ()  # how well each leg was heard
