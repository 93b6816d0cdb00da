"""The words between control and the media process: a 4-byte big-endian length, then one MessagePack array.

The array begins with the word (msgspec's tag) and goes on with the fields in order. Every command may be said twice:
what is already so changes nothing, so that control can repeat all it wants after a broken connection. ``Connect`` has a
serial number for that reason, and ``Play`` its id. Unknown streams, rooms and recordings are ignored.

The types of the fields say what may stand in them, generously: what is refused is nothing that control says. A command
that is refused is passed over, and no other suffers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta

from softswitch.rtp.quality import Quality
from softswitch.sdp.crypto import SUITES

VERSION = 3
MAX_FRAME = 1 << 20  # octets; more is not one of our messages
_LENGTH = 4

# ---- fields ----------------------------------------------------------------------------------------------------

Name = Annotated[str, Meta(max_length=1024)]  # of a stream, a room, a recording, of what is played
Text = Annotated[str, Meta(max_length=1 << 16)]  # somebody else's words
File = Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"\A[^\x00]*\Z")]
Port = Annotated[int, Meta(ge=1, le=65535)]
MaybePort = Annotated[int, Meta(ge=0, le=65535)]
PayloadType = Annotated[int, Meta(ge=0, le=127)]
Hertz = Annotated[int, Meta(ge=1000, le=192_000)]
PacketTime = Annotated[int, Meta(ge=10, le=60, multiple_of=10)]  # ms
Direction = Annotated[str, Meta(pattern=r"\A(sendrecv|sendonly|recvonly|inactive)\Z")]
Form = Annotated[str, Meta(pattern=r"\A(event|tone)\Z")]
Pause = Annotated[float, Meta(ge=0, le=86_400)]  # s
Gain = Annotated[float, Meta(ge=0, le=1000)]

# ---- commands --------------------------------------------------------------------------------------------------


class Hello(msgspec.Struct, array_like=True, tag="hello", frozen=True):
    """The first word of a connection; answered by ``Welcome``."""

    version: int = VERSION


class Settle(msgspec.Struct, array_like=True, tag="settle", frozen=True):
    """All that is wanted has been said since ``Hello``: what was not named is closed, and each ``Latched`` told again.

    So a control that has nothing to adopt begins afresh, and one that has a memory goes on where the last one ended.
    """


class Open(msgspec.Struct, array_like=True, tag="open", frozen=True):
    stream: Name
    host: Name  # numeric address to bind
    port: Port


class Keys(msgspec.Struct, array_like=True, frozen=True):
    """Of SRTP; what is logged of a command shows none of them."""

    suite: str
    send_key: bytes
    receive_key: bytes

    def __post_init__(self) -> None:
        if {len(self.send_key), len(self.receive_key)} != {SUITES.get(self.suite)}:
            raise ValueError("no suite that we have, or keys that are not of its length")

    def __repr__(self) -> str:
        return f"Keys({self.suite!r})"


class Connect(msgspec.Struct, array_like=True, tag="connect", frozen=True):
    """Send to and accept from ``host:port``; a higher ``serial`` than the last one opens the source for learning.

    What is learnt has one of the two hosts, and any port.
    """

    stream: Name
    serial: int
    host: Name
    port: MaybePort
    signalling_host: Name  # numeric: where the SIP signalling came from
    codec: Name  # encoding name
    send_type: PayloadType
    receive_type: PayloadType
    event_type: PayloadType | None
    direction: Direction  # ours
    keys: Keys | None = None  # None: plain RTP
    rtcp_port: MaybePort = 0  # of the peer; 0: the one after ``port``
    rtcp_mux: bool = False  # RTCP comes and goes by ``port``
    tones: bool = False  # keys may come as tones in the sound
    clock_rate: Hertz = 8000  # of the codec and of all timestamps
    event_clock: Hertz = 8000  # of the durations in events
    fmtp: Text = ""  # the peer's: what it wants to get
    ptime_ms: PacketTime = 20  # of the packets that we send
    noise_type: PayloadType | None = None  # of comfort noise (RFC 3389) from the peer


class Latch(msgspec.Struct, array_like=True, tag="latch", frozen=True):
    """``Latched`` was told of this ``serial``: to a process that took the place of the one that told it."""

    stream: Name
    serial: int
    host: Name
    port: Port


class Close(msgspec.Struct, array_like=True, tag="close", frozen=True):
    stream: Name


class Play(msgspec.Struct, array_like=True, tag="play", frozen=True):
    stream: Name
    play: Name
    files: tuple[File | Pause, ...]  # a number: seconds of silence


class HoldMusic(msgspec.Struct, array_like=True, tag="hold_music", frozen=True):
    stream: Name
    music: Name = ""  # a class of hold music; one that is not there: the default


class Stop(msgspec.Struct, array_like=True, tag="stop", frozen=True):
    """Neither prompt nor hold music any more."""

    stream: Name


class Press(msgspec.Struct, array_like=True, tag="press", frozen=True):
    """Keys for the peer. Not repeated to a process that was restarted: the moment has passed."""

    stream: Name
    digits: Text
    form: Form  # event: RFC 4733


class Quiet(msgspec.Struct, array_like=True, tag="quiet", frozen=True):
    """Tell, once, when nothing has been said for so long, counted from now; 0: no more. Not repeated to a process that
    was restarted: what waits for it has a limit of its own."""

    stream: Name
    after_s: Pause


class Join(msgspec.Struct, array_like=True, tag="join", frozen=True):
    """In the room, and in no other. ``heard_by``: the streams that hear it there; None: all do."""

    room: Name
    stream: Name
    heard_by: tuple[Name, ...] | None = None
    gain: Gain = 1.0  # of what the others hear of it


class Leave(msgspec.Struct, array_like=True, tag="leave", frozen=True):
    stream: Name


class Record(msgspec.Struct, array_like=True, tag="record", frozen=True):
    recording: Name
    path: File
    left: Name
    right: Name | None


class PauseRecord(msgspec.Struct, array_like=True, tag="pause_record", frozen=True):
    """Silence on all channels until ``reason`` is None; it is kept beside the recording."""

    recording: Name
    reason: Text | None


class StopRecord(msgspec.Struct, array_like=True, tag="stop_record", frozen=True):
    recording: Name


class Drain(msgspec.Struct, array_like=True, tag="drain", frozen=True):
    """No new calls from now on, or again some. Control sees to that; the process tells the next control."""

    on: bool


class AskStats(msgspec.Struct, array_like=True, tag="stats", frozen=True):
    """Answered by ``Stats``; also how control sees that the process is alive."""


OnStream = Connect | Latch | Close | Play | HoldMusic | Stop | Press | Join | Leave
Command = Hello | Settle | Open | OnStream | Quiet | Record | PauseRecord | StopRecord | Drain | AskStats

# ---- events ----------------------------------------------------------------------------------------------------


class Welcome(msgspec.Struct, array_like=True, tag="welcome", frozen=True):
    """``life`` is another one after a start, and after all was closed: a process with a new life knows nothing."""

    version: int
    life: str
    shares_ports: bool = False  # streams of one port are told apart by the source of what they are sent
    draining: bool = False  # as the last ``Drain`` said


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
    recording: str
    why: str
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
_PARTS = msgspec.msgpack.Decoder(list[msgspec.Raw])
_FIELDS = {kind.__struct_config__.tag: kind.__struct_fields__ for kind in get_args(Command)}
_WRONG = (ValueError, RecursionError)  # what the decoder raises: also for text that is no UTF-8, and for deep nesting
_LONGEST_REASON = 200


class ProtocolError(ValueError):
    """The other side does not speak this protocol; the connection is of no use any more."""


def pack(word: Command | Event) -> bytes:
    body = _ENCODER.encode(word)
    return len(body).to_bytes(_LENGTH, "big") + body


def _reason(body: bytes, error: Exception) -> str:
    """What is wrong with a command, by the name of its field."""
    word: Any = ""
    try:
        parts = _PARTS.decode(body)
        word = msgspec.msgpack.decode(parts[0])
        fields = ["word", *_FIELDS.get(word, ())]
        text = re.sub(r"`\$\[(\d+)\]", lambda found: f"`{fields[int(found[1])]}", str(error))
        if isinstance(error, UnicodeError):
            text += f" - at `{fields[_first_wrong(parts)]}`"
    except (*_WRONG, IndexError, TypeError):  # not even that much of it can be read
        text = str(error)
    return f"{word}: {text}"[:_LONGEST_REASON]


def _first_wrong(parts: list[msgspec.Raw]) -> int:
    for index, part in enumerate(parts):
        try:
            msgspec.msgpack.decode(part)
        except _WRONG:
            return index
    return 0


class Frames:
    """Cuts what arrives into messages, however it was cut on the way.

    ``on_refused`` is told why, of each message that is none; without it such a one ends the connection.
    """

    def __init__(self, on_refused: Callable[[str], None] | None = None) -> None:
        self._on_refused = on_refused
        self._rest = b""  # of a message that is not whole yet

    def commands(self, octets: bytes) -> Iterator[Command]:
        """Raises ``ProtocolError``."""
        for body in self._bodies(octets):
            try:
                command = _COMMANDS.decode(body)
            except _WRONG as error:
                if self._on_refused is None:
                    raise ProtocolError(_reason(body, error)) from error
                self._on_refused(_reason(body, error))
            else:
                yield command

    def events(self, octets: bytes) -> Iterator[Event]:
        """Raises ``ProtocolError``."""
        for body in self._bodies(octets):
            try:
                yield _EVENTS.decode(body)
            except _WRONG as error:
                raise ProtocolError(str(error)) from error

    def _bodies(self, octets: bytes) -> Iterator[bytes]:
        held, at = self._rest + octets, 0
        try:
            while len(held) >= at + _LENGTH:
                begin = at + _LENGTH
                size = int.from_bytes(held[at:begin], "big")
                if size > MAX_FRAME:
                    raise ProtocolError(f"a message of {size} octets")
                if len(held) < begin + size:
                    return
                at = begin + size
                yield held[begin:at]
        finally:
            self._rest = held[at:]
