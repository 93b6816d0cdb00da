"""The words between control and the media process: a 4-byte big-endian length, then one MessagePack array.

The array begins with the word (msgspec's tag) and goes on with the fields in order. Every command may be said twice:
what is already so changes nothing, so that control can repeat all it wants after a broken connection. ``Connect`` has a
serial number for that reason, and ``Play`` its id. Unknown streams, rooms and recordings are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from softswitch.rtp.quality import Quality

VERSION = 3
MAX_FRAME = 1 << 20  # octets; more is not one of our messages
_LENGTH = 4

# ---- commands --------------------------------------------------------------------------------------------------


class Hello(msgspec.Struct, array_like=True, tag="hello", frozen=True):
    """The first word of a connection; answered by ``Welcome``."""

    version: int = VERSION


class Settle(msgspec.Struct, array_like=True, tag="settle", frozen=True):
    """All that is wanted has been said since ``Hello``: what was not named is closed, and each ``Latched`` told again.

    So a control that has nothing to adopt begins afresh, and one that has a memory goes on where the last one ended.
    """


class Open(msgspec.Struct, array_like=True, tag="open", frozen=True):
    stream: str
    host: str  # address to bind
    port: int


class Keys(msgspec.Struct, array_like=True, frozen=True):
    """Of SRTP; what is logged of a command shows none of them."""

    suite: str
    send_key: bytes
    receive_key: bytes

    def __repr__(self) -> str:
        return f"Keys({self.suite!r})"


class Connect(msgspec.Struct, array_like=True, tag="connect", frozen=True):
    """Send to and accept from ``host:port``; a higher ``serial`` than the last one opens the source for learning.

    What is learnt has one of the two hosts, and any port.
    """

    stream: str
    serial: int
    host: str
    port: int
    signalling_host: str  # numeric: where the SIP signalling came from
    codec: str  # encoding name
    send_type: int  # payload types
    receive_type: int
    event_type: int | None
    direction: str  # ours: sendrecv, sendonly, recvonly, inactive
    keys: Keys | None = None  # None: plain RTP
    rtcp_port: int = 0  # of the peer; 0: the one after ``port``
    rtcp_mux: bool = False  # RTCP comes and goes by ``port``
    tones: bool = False  # keys may come as tones in the sound
    clock_rate: int = 8000  # of the codec and of all timestamps, Hz
    event_clock: int = 8000  # of the durations in events, Hz
    fmtp: str = ""  # the peer's: what it wants to get
    ptime_ms: int = 20  # of the packets that we send: 10, 20 ... 60
    noise_type: int | None = None  # payload type of comfort noise (RFC 3389) from the peer


class Latch(msgspec.Struct, array_like=True, tag="latch", frozen=True):
    """``Latched`` was told of this ``serial``: to a process that took the place of the one that told it."""

    stream: str
    serial: int
    host: str
    port: int


class Close(msgspec.Struct, array_like=True, tag="close", frozen=True):
    stream: str


class Play(msgspec.Struct, array_like=True, tag="play", frozen=True):
    stream: str
    play: str
    files: tuple[str | float, ...]  # a number: seconds of silence


class HoldMusic(msgspec.Struct, array_like=True, tag="hold_music", frozen=True):
    stream: str
    music: str = ""  # a class of hold music; one that is not there: the default


class Stop(msgspec.Struct, array_like=True, tag="stop", frozen=True):
    """Neither prompt nor hold music any more."""

    stream: str


class Press(msgspec.Struct, array_like=True, tag="press", frozen=True):
    """Keys for the peer. Not repeated to a process that was restarted: the moment has passed."""

    stream: str
    digits: str
    form: str  # "event" (RFC 4733) or "tone"


class Join(msgspec.Struct, array_like=True, tag="join", frozen=True):
    """In the room, and in no other. ``heard_by``: the streams that hear it there; None: all do."""

    room: str
    stream: str
    heard_by: tuple[str, ...] | None = None
    gain: float = 1.0  # of what the others hear of it


class Leave(msgspec.Struct, array_like=True, tag="leave", frozen=True):
    stream: str


class Record(msgspec.Struct, array_like=True, tag="record", frozen=True):
    recording: str
    path: str
    left: str
    right: str | None


class PauseRecord(msgspec.Struct, array_like=True, tag="pause_record", frozen=True):
    """Silence on all channels until ``reason`` is None; it is kept beside the recording."""

    recording: str
    reason: str | None


class StopRecord(msgspec.Struct, array_like=True, tag="stop_record", frozen=True):
    recording: str


class AskStats(msgspec.Struct, array_like=True, tag="stats", frozen=True):
    """Answered by ``Stats``; also how control sees that the process is alive."""


OnStream = Connect | Latch | Close | Play | HoldMusic | Stop | Press | Join | Leave
Command = Hello | Settle | Open | OnStream | Record | PauseRecord | StopRecord | Drain | AskStats

# ---- events ----------------------------------------------------------------------------------------------------


class Welcome(msgspec.Struct, array_like=True, tag="welcome", frozen=True):
    """``life`` differs from one start of the process to the next: a new one knows nothing."""

    version: int
    life: str
    shares_ports: bool = False  # streams of one port are told apart by the source of what they are sent


class Latched(msgspec.Struct, array_like=True, tag="latched", frozen=True):
    """The peer was heard from this address for the first time since ``Connect`` with this serial, and is no other."""

    stream: str
    serial: int
    host: str
    port: int


class PlayEnded(msgspec.Struct, array_like=True, tag="played", frozen=True):
    stream: str
    play: str
    ok: bool


class DigitHeard(msgspec.Struct, array_like=True, tag="digit", frozen=True):
    stream: str
    digit: str
    form: str = "event"  # or "tone"


class RecordError(msgspec.Struct, array_like=True, tag="record_error", frozen=True):
    recording: Name


class Drain(msgspec.Struct, array_like=True, tag="drain", frozen=True):
    """No new calls from now on, or again some. Control sees to that; the process tells the next control."""

    on: bool
    why: str
    draining: bool = False  # as the last ``Drain`` said
    kind: str = "error"  # or "disk_full" (nearly), "disk_slow"


class OpenFailed(msgspec.Struct, array_like=True, tag="open_failed", frozen=True):
    stream: str
    why: str


class StreamEvent(msgspec.Struct, array_like=True, tag="stream_event", frozen=True):
    """Something noteworthy about a stream's sound; ``kind`` is one of ``watch.KINDS``."""

    stream: str
    kind: str


class StreamEnded(msgspec.Struct, array_like=True, tag="stream_ended", frozen=True):
    """The answer to ``Close``: the numbers of the stream by the names of ``rtp.quality.Quality``."""

    stream: str
    quality: Quality


class Stats(msgspec.Struct, array_like=True, tag="stats_are", frozen=True):
    """Numbers by name; counters only grow while the process lives."""

    counters: dict[str, float]
    gauges: dict[str, float]


Event = Welcome | Latched | PlayEnded | DigitHeard | RecordError | OpenFailed | StreamEvent | StreamEnded | Stats

# ---- frames ----------------------------------------------------------------------------------------------------

_ENCODER = msgspec.msgpack.Encoder()
_COMMANDS = msgspec.msgpack.Decoder(Command)
_EVENTS = msgspec.msgpack.Decoder(Event)


class ProtocolError(ValueError):
    """The other side does not speak this protocol; the connection is of no use any more."""


def pack(word: Command | Event) -> bytes:
    body = _ENCODER.encode(word)
    return len(body).to_bytes(_LENGTH, "big") + body


class Frames:
    """Cuts what arrives into messages, however it was cut on the way."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def commands(self, octets: bytes) -> Iterator[Command]:
        """Raises ``ProtocolError``."""
        for body in self._bodies(octets):
            try:
                yield _COMMANDS.decode(body)
            except msgspec.MsgspecError as error:
                raise ProtocolError(str(error)) from error

    def events(self, octets: bytes) -> Iterator[Event]:
        """Raises ``ProtocolError``."""
        for body in self._bodies(octets):
            try:
                yield _EVENTS.decode(body)
            except msgspec.MsgspecError as error:
                raise ProtocolError(str(error)) from error

    def _bodies(self, octets: bytes) -> Iterator[bytes]:
        self._buffer += octets
        while len(self._buffer) >= _LENGTH:
            size = int.from_bytes(self._buffer[:_LENGTH], "big")
            if size > MAX_FRAME:
                raise ProtocolError(f"a message of {size} octets")
            if len(self._buffer) < _LENGTH + size:
                return
            body = bytes(self._buffer[_LENGTH : _LENGTH + size])
            del self._buffer[: _LENGTH + size]
            yield body
