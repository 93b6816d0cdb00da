"""The driver's ports: what it asks of the world, and what the world tells it.

Every method returns at once. What takes time ends in an input that the port feeds back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from softswitch.acd.kept import KeptGround, KeptStory
from softswitch.acd.statistics import AgentFigures, QueueFigures
from softswitch.call.press import Form
from softswitch.call.record import CallRecord
from softswitch.callback.listed import Listed
from softswitch.callback.model import Promise, Tally
from softswitch.contact.event import SurveyAnswered
from softswitch.contact.mailbox import Greeting
from softswitch.contact.mailbox import Message as Voicemail
from softswitch.contact.outbox import Delivery
from softswitch.core.effect import DomainEvent
from softswitch.ivr.calendar import Override
from softswitch.ivr.model import Fetch, Fetched, Prompt
from softswitch.ivr.path import CallPath, Edge
from softswitch.ivr.plan import Plan
from softswitch.rtp.quality import Quality
from softswitch.sdp.media import Address, Media
from softswitch.sip.flow import Flow
from softswitch.sip.locate import Located, Wish
from softswitch.sip.message import Message, ParseError
from softswitch.sip.registrar import Binding
from softswitch.switch.pool_port import NotShared, Shared, SharedPromises

# ---- what the world tells --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrived:
    """A well-formed SIP message."""

    message: Message
    flow: Flow


@dataclass(frozen=True, slots=True)
class Malformed:
    """Octets that are no SIP message; ``error.partial`` is what could be read of a request."""

    error: ParseError
    flow: Flow


@dataclass(frozen=True, slots=True)
class FlowFailed:
    """What was sent over this flow did not get out, or its connection broke."""

    flow: Flow


@dataclass(frozen=True, slots=True)
class Played:
    """The media plane has finished ``play`` (``ok``), or could not do it."""

    stream: str
    play: str
    ok: bool = True


@dataclass(frozen=True, slots=True)
class StreamLost:
    """The media plane could not open this stream: its call would be silent."""

    stream: str


@dataclass(frozen=True, slots=True)
class KeyHeard:
    """A key, once per press and form."""

    stream: str
    digit: str
    form: Form = Form.EVENT


@dataclass(frozen=True, slots=True)
class Hushed:
    """The stream has said nothing for as long as ``watch_silence`` asked."""

    stream: str


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A recording could not be begun, or has ended early; ``kind``: disk_full, disk_slow, error."""

    recording: str
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Something about a stream's sound: first_packet, latched, no_media, one_way, silence, resumed."""

    stream: str
    kind: str


@dataclass(frozen=True, slots=True)
class Measured:
    """The numbers of a stream that was closed."""

    stream: str
    quality: Quality


@dataclass(frozen=True, slots=True)
class Stored:
    """A durable write is done, or failed."""

    key: str
    token: str
    ok: bool
    taken: bool = False  # not ok, as there is an open promise for that number


@dataclass(frozen=True, slots=True)
class HttpDone:
    contact: str
    request: int
    answer: Fetched


@dataclass(frozen=True, slots=True)
class Posted:
    """What a web service has said to a delivery."""

    id: str
    status: int  # 0: nothing
    error: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """The servers of a trunk; ``found`` is None where no name server answered."""

    name: str
    found: Located | None
    error: str = ""


WorldInput = (
    Arrived
    | Malformed
    | FlowFailed
    | Played
    | StreamLost
    | KeyHeard
    | Noted
    | Hushed
    | Unrecorded
    | Measured
    | Stored
    | Shared
    | HttpDone
    | Posted
    | Resolved
)

# ---- what the driver asks --------------------------------------------------------------------------------------


class Network(Protocol):
    def send(self, message: Message, flow: Flow) -> None:
        """Put it on the wire; a failure comes back as ``FlowFailed``, never as an exception."""


class MediaPlane(Protocol):
    """Streams are rows of the media process, one per leg, named by the leg's id. Calls on unknown names do nothing.

    A stream hears, in this order of precedence: what is played to it; else its room (everybody but itself); else
    nothing (silence is sent, so that the peer's NAT and jitter buffer stay happy).
    """

    def open(self, stream: str) -> Address:
        """Allot an RTP address at once; the socket is bound before the first packet is due. Raises PortsExhausted."""

    def group(self, stream: str, group: str) -> None:
        """Streams of a group, which is a contact, hear each other; one that is opened as ``GROUP.more`` is of it."""

    def connect(self, stream: str, media: Media, signalling_host: str, tones: bool = False) -> None:
        """Send to and accept from ``media.remote``; again after each offer/answer. ``tones``: keys may come in-band.

        A peer behind a NAT is learnt from its first packet, on any port, if that comes from the host of
        ``media.remote`` or from ``signalling_host``, where its SIP came from. Nobody else is ever heard or sent to.
        """

    def close(self, stream: str) -> None: ...

    def play(self, stream: str, play: str, prompts: Sequence[Prompt]) -> None:
        """Play files or speech in a row, in place of what was playing; then ``Played``, unless stopped or replaced."""

    def hold_music(self, stream: str, music: str = "") -> None:
        """Play a class of hold music in a loop, in step for all who hear it."""

    def stop(self, stream: str) -> None:
        """Stop what is played to this stream."""

    def press(self, stream: str, digits: str, form: Form) -> None:
        """Send these keys to the peer, as telephone events or as tones."""

    def join(self, room: str, stream: str, heard_by: tuple[str, ...] | None = None) -> None:
        """Put the stream into the room (made by its first member), heard by these streams or by all there.

        It leaves any other room; who is in this one already is heard by these from now on.
        """

    def leave(self, stream: str) -> None: ...

    def record(self, recording: str, path: Path, left: str, right: str | None) -> None:
        """Write what ``left`` says to the left channel and ``right`` to the right one (None: one channel)."""

    def pause_record(self, recording: str, reason: str | None) -> None:
        """Silence in its place until ``reason`` is None."""

    def stop_record(self, recording: str) -> None: ...

    def watch_silence(self, stream: str, after_s: float) -> None:
        """Then ``Hushed``, once, when it has said nothing for so long, counted from now; 0: no more."""

    def erase(self, path: Path) -> None:
        """A recording and what is told of it, as soon as it is finished. One that is not there is gone already."""

    def memory(self, streams: Sequence[str], recordings: Sequence[str]) -> bytes:
        """What is wanted of these, for ``adopt`` of a process that takes over; unknown names are left out."""

    def adopt(self, memory: bytes) -> None:
        """Want what a former process wanted; before anything else is asked. Raises where it cannot be read."""


class Keeper(Protocol):
    """The store, as the driver sees it: facts go in; durable ones are acknowledged by ``Stored``."""

    def put_promise(self, promise: Promise, token: str, by: str = "") -> None:
        """With full durability, and with its history (``by``: whose order); then ``Stored(promise.id, token, ok)``."""

    def put_served(self, promise: Promise, token: str, by: str = "") -> None:
        """That it was kept, also where others lead it by now; then ``Stored(promise.id, token, ok)``."""

    def put_tally(self, tally: Tally) -> None:
        """In place of what was kept of that policy by that node. Read back at start."""

    def put_call(self, record: CallRecord) -> None: ...

    def put_binding(self, binding: Binding) -> None: ...

    def remove_binding(self, binding: Binding) -> None: ...

    def put_agent(self, agent: str, logged_in: bool, paused: str, phone: str) -> None:
        """What the human set; "" is not paused. Read back at start."""

    def put_voicemail(self, message: Voicemail) -> None:
        """A message that was left, or heard."""

    def remove_voicemail(self, voicemail: str, token: str) -> None:
        """Durably; then ``Stored(voicemail, token, ok)``."""

    def put_greeting(self, greeting: Greeting, token: str) -> None:
        """Durably; then ``Stored(mailbox, token, ok)``."""

    def put_answer(self, answer: SurveyAnswered) -> None:
        """Of a survey; in place of what the same contact has answered to the same question."""

    def put_delivery(self, delivery: Delivery, token: str = "") -> None:
        """Durably where there is a token; then ``Stored(delivery.id, token, ok)``."""

    def remove_delivery(self, delivery: str) -> None: ...

    def put_override(self, override: Override) -> None: ...

    def remove_override(self, id: str) -> None: ...

    def put_do_not_call(self, rows: Sequence[Listed]) -> None: ...

    def remove_do_not_call(self, numbers: Sequence[str]) -> None: ...

    def put_path(self, path: CallPath) -> None:
        """In place of what was kept of that contact."""

    def put_story(self, story: KeptStory) -> None:
        """In place of what was kept of that contact from the same moment on."""

    def put_ground(self, ground: KeptGround) -> None:
        """What stories refer to by this key."""

    def put_edge(self, hour: int, plan: str, edge: Edge) -> None:
        """Callers who took this way in that hour (since 1970), to be added to those that are kept."""

    def put_queue_interval(self, start: float, queue: str, figures: QueueFigures) -> None:
        """In place of what was kept of that queue and interval, which began then (Unix s)."""

    def put_agent_interval(self, start: float, agent: str, figures: AgentFigures) -> None: ...

    def put_event(self, at: float, event: DomainEvent) -> None:
        """Facts worth keeping (decisions, losses); ``at`` is Unix seconds."""


class Fetcher(Protocol):
    def fetch(self, contact: str, request: int, order: Fetch) -> None:
        """Then ``HttpDone``. Hosts that the configuration does not allow are refused."""


class Poster(Protocol):
    def post(self, delivery: Delivery) -> None:
        """One try; then ``Posted``. Hosts that the configuration does not allow are refused."""


class NoPoster:
    """For who has no web services to tell."""

    def post(self, delivery: Delivery) -> None:
        pass


class Resolver(Protocol):
    def resolve(self, name: str, wish: Wish) -> None:
        """Then ``Resolved(name, ...)``, once and in bounded time."""


class Journal(Protocol):
    """What a process that takes over finds of the calls in progress; see ``Kept.calls``."""

    def keep(self, name: str, octets: bytes) -> None:
        """In place of what was kept under this name."""

    def forget(self, name: str) -> None: ...

    def flush(self) -> None:
        """From now on it survives the end of this process, whatever ends it."""


class NoJournal:
    """For who needs none: no call outlives the process."""

    def keep(self, name: str, octets: bytes) -> None:
        pass

    def forget(self, name: str) -> None:
        pass

    def flush(self) -> None:
        pass


class Shelf(Protocol):
    """The texts of dialplans that calls go by, for a process that takes over."""

    def plan(self, name: str, version: str) -> Plan | None:
        """None where that version is not kept, or is not right any more."""

    def keep_only(self, versions: Collection[tuple[str, str]]) -> None:
        """The rest is not needed any more: (name, version) of each plan that is."""


class NoShelf:
    """For who needs none: calls that are taken over go on with the dialplans of now."""

    def plan(self, name: str, version: str) -> Plan | None:
        return None

    def keep_only(self, versions: Collection[tuple[str, str]]) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Ports:
    network: Network
    media: MediaPlane
    keeper: Keeper
    fetcher: Fetcher
    resolver: Resolver
    journal: Journal = field(default_factory=NoJournal)
    shelf: Shelf = field(default_factory=NoShelf)
    poster: Poster = field(default_factory=NoPoster, kw_only=True)
    shared: SharedPromises = field(default_factory=NotShared, kw_only=True)


@dataclass(frozen=True, slots=True)
class Clock:
    """``monotonic()`` in seconds; ``epoch`` is Unix time at its zero; ``boot`` names what that zero is the same for."""

    monotonic: Callable[[], float]
    epoch: float
    boot: str = ""


Listener = Callable[[DomainEvent, float], None]  # fact, Unix seconds
