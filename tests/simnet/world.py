"""The whole control plane in one process on a virtual clock: hours in seconds, the same every time for one seed.

Everything inside the driver is the real thing. Around it: a network that carries octets with delay and loss, phones
made of the project's own endpoint and legs, a media plane that remembers what each stream hears, the store's in-memory
twin. Nothing here sleeps; ``run`` moves the clock to the next event.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from softswitch.call.press import Form
from softswitch.contact.outbox import Delivery
from softswitch.core.effect import DomainEvent
from softswitch.core.ids import Ids
from softswitch.ivr.model import Fetch, Fetched, Prompt
from softswitch.ivr.plan import Plan
from softswitch.sdp.media import Address, Media
from softswitch.sip.flow import Flow
from softswitch.sip.locate import Located, Wish
from softswitch.sip.message import Message, ParseError, parse, render
from softswitch.switch.configuration import Configuration
from softswitch.switch.driver import Switch
from softswitch.switch.pool_port import NotShared, SharedPromises
from softswitch.switch.ports import (
    Arrived,
    Clock,
    HttpDone,
    KeyHeard,
    Malformed,
    Played,
    Ports,
    Posted,
    Resolved,
    Stored,
)
from softswitch.switch.restart import Kept
from tests.support.memory import Memory

SWITCH: Address = ("127.0.0.1", 5060)
COMMIT_S = 0.002
LATE_S = 0.6  # longer than T1: a repetition may overtake what it repeats
EPOCH = 1_790_000_000.0  # Unix time at virtual zero; a Monday morning in Asia


class SimStream(msgspec.Struct):
    media: Media | None
    signalling_host: str
    music: str | None
    room: str | None
    heard: tuple[str, ...] | None


SimMemory = tuple[dict[str, SimStream], dict[str, tuple[str, str, str | None]]]


class SimJournal:
    """The file of calls; what was not flushed is lost with the process."""

    def __init__(self) -> None:
        self.found: dict[str, bytes] = {}
        self.writes = 0
        self._pending: dict[str, bytes | None] = {}

    def keep(self, name: str, octets: bytes) -> None:
        self._pending[name] = octets

    def forget(self, name: str) -> None:
        self._pending[name] = None

    def flush(self) -> None:
        for name, octets in self._pending.items():
            self.writes += 1
            if octets is None:
                self.found.pop(name, None)
            else:
                self.found[name] = octets
        self._pending.clear()


class SimShelf:
    """The disk with former versions of dialplans; ``kept`` is what a process that takes over finds."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Plan] = {}

    def add(self, plans: Mapping[str, Plan]) -> None:
        self.kept |= {(plan.name, plan.version): plan for plan in plans.values()}

    def plan(self, name: str, version: str) -> Plan | None:
        return self.kept.get((name, version))

    def keep_only(self, versions: Collection[tuple[str, str]]) -> None:
        self.kept = {version: plan for version, plan in self.kept.items() if version in versions}


@dataclass
class SimMedia:
    """What every stream hears, by the rules of ``MediaPlane``."""

    world: World
    prompt_s: float = 1.0  # every prompt takes as long
    streams: dict[str, Media | None] = field(default_factory=dict)
    signalling_hosts: dict[str, str] = field(default_factory=dict)
    playing: dict[str, tuple[str, tuple[Prompt, ...]]] = field(default_factory=dict)
    music: dict[str, str] = field(default_factory=dict)  # stream -> class
    rooms: dict[str, str] = field(default_factory=dict)  # stream -> room
    heard: dict[str, tuple[str, ...] | None] = field(default_factory=dict)  # stream -> by whom; None: by all there
    recordings: dict[str, tuple[Path, str, str | None]] = field(default_factory=dict)
    recorded: list[Path] = field(default_factory=list)
    awaited: dict[str, float] = field(default_factory=dict)  # stream -> s of silence
    erased: list[Path] = field(default_factory=list)
    pauses: list[tuple[str, str | None]] = field(default_factory=list)
    said: list[tuple[str, Prompt]] = field(default_factory=list)
    pressed: list[tuple[str, str, Form]] = field(default_factory=list)  # for the peers of streams
    _ports: Any = field(default_factory=lambda: itertools.count(20000, 2))

    def open(self, stream: str) -> Address:
        self.streams[stream] = None
        return "127.0.0.1", next(self._ports)

    def group(self, stream: str, group: str) -> None:
        """All of them are in one place."""

    def connect(self, stream: str, media: Media, signalling_host: str, tones: bool = False) -> None:
        if stream in self.streams:
            self.streams[stream] = media
            self.signalling_hosts[stream] = signalling_host

    def close(self, stream: str) -> None:
        for table in (self.streams, self.signalling_hosts, self.playing, self.rooms):
            table.pop(stream, None)
        self.music.pop(stream, None)

    def play(self, stream: str, play: str, prompts: Sequence[Prompt]) -> None:
        if stream not in self.streams:
            return
        self.playing[stream] = (play, tuple(prompts))  # the music, if any, comes back when it ends
        self.said += [(stream, prompt) for prompt in prompts]
        self.world.after(self.prompt_s * len(prompts), lambda: self._played(stream, play))

    def _played(self, stream: str, play: str) -> None:
        if self.playing.get(stream, ("", ()))[0] == play:
            del self.playing[stream]
            self.world.feed(Played(stream, play))

    def hold_music(self, stream: str, music: str = "") -> None:
        if stream in self.streams:
            self.music[stream] = music

    def stop(self, stream: str) -> None:
        self.playing.pop(stream, None)
        self.music.pop(stream, None)

    def press(self, stream: str, digits: str, form: Form) -> None:
        if stream in self.streams:
            self.pressed.append((stream, digits, form))

    def join(self, room: str, stream: str, heard_by: tuple[str, ...] | None = None) -> None:
        if stream in self.streams:
            self.rooms[stream] = room
            self.heard[stream] = heard_by
            self.world.on_join(room)

    def leave(self, stream: str) -> None:
        self.rooms.pop(stream, None)

    def record(self, recording: str, path: Path, left: str, right: str | None) -> None:
        self.recordings[recording] = (path, left, right)
        self.recorded.append(path)

    def pause_record(self, recording: str, reason: str | None) -> None:
        self.pauses.append((recording, reason))

    def stop_record(self, recording: str) -> None:
        self.recordings.pop(recording, None)

    def watch_silence(self, stream: str, after_s: float) -> None:
        self.awaited[stream] = after_s

    def erase(self, path: Path) -> None:
        self.erased.append(path)

    def memory(self, streams: Sequence[str], recordings: Sequence[str]) -> bytes:
        kept = {
            one: SimStream(self.streams[one], self.signalling_hosts.get(one, ""), self.music.get(one),
                           self.rooms.get(one), self.heard.get(one))
            for one in streams
        }  # fmt: skip
        files = {one: self.recordings[one] for one in recordings if one in self.recordings}
        return msgspec.msgpack.encode((kept, {one: (str(path), *legs) for one, (path, *legs) in files.items()}))

    def adopt(self, memory: bytes) -> None:
        """The media process lived on; what the new control does not name, it closes."""
        kept, files = msgspec.msgpack.decode(memory, type=SimMemory)
        for name, one in kept.items():
            self.streams[name], self.signalling_hosts[name] = one.media, one.signalling_host
            for table, value in ((self.music, one.music), (self.rooms, one.room)):
                if value is not None:
                    table[name] = value
            self.heard[name] = one.heard
        self.recordings |= {name: (Path(path), left, right) for name, (path, left, right) in files.items()}

    # ---- for tests ---------------------------------------------------------------------------------------------

    def stream_of(self, rtp: Address) -> str:
        """The stream that talks to this RTP address."""
        return next(name for name, media in self.streams.items() if media and media.remote == rtp)

    def heard_by(self, rtp: Address) -> str:
        """ "prompt", "music", "talk" or "silence"."""
        stream = self.stream_of(rtp)
        if stream in self.playing:
            return "prompt"
        if stream in self.music:
            return "music"
        return "talk" if self.voices(stream) else "silence"

    def voices(self, stream: str) -> set[str]:
        """The streams whose voices it hears, or would hear if nothing were played to it."""
        room = self.rooms.get(stream)
        there = {name for name, other in self.rooms.items() if room and other == room and name != stream}
        return {name for name in there if (by := self.heard[name]) is None or stream in by}


@dataclass(frozen=True, slots=True)
class Weather:
    """What happens to datagrams, each way: shares of 1."""

    loss: float = 0.0
    late: float = 0.0  # held up until up to ``LATE_S`` more, so that others overtake them
    twice: float = 0.0  # arrive a second time, each copy by its own way


class World:
    """``configuration`` is the switch's; ``loss`` is the share of datagrams that vanish, ``weather`` says it all."""

    def __init__(
        self,
        configuration: Configuration,
        seed: int = 1,
        loss: float = 0.0,
        latency_s: float = 0.005,
        weather: Weather | None = None,
    ) -> None:
        self.now = 0.0
        self.random = random.Random(seed)
        self.weather = weather or Weather(loss)
        self.latency_s = latency_s
        self.heard_at = 0.0  # when the last datagram arrived
        self.events: list[tuple[float, DomainEvent]] = []
        self.fetched: list[tuple[str, str]] = []
        self.posted: list[Delivery] = []
        self.services: dict[str, int] = {}  # web service -> status
        self.names: dict[str, Located] = {}
        self.asked: list[str] = []  # of name servers
        self.on_join: Callable[[str], object] = lambda room: None  # a stream has come into this room
        self.peers: dict[Address, Callable[[Message, Flow], None]] = {}
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = itertools.count()
        self.suspect = False  # processes seem to die of what they find of calls
        self.configuration = configuration
        self.store = Memory()
        self.shared: SharedPromises = NotShared()
        self.journal = SimJournal()
        self.shelf = SimShelf()
        self.generation, self.died_at = 0, 0.0
        self.boot = ""  # of the machine
        self.switch: Switch
        self.media: SimMedia
        self.start()

    # ---- the switch --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """A new process on the same store."""
        self.generation += 1
        self.alive = True
        self._alarm = 0
        generation = self.generation
        self.media = SimMedia(self)
        self.store.on_stored = lambda key, token, ok: self.after(
            COMMIT_S, lambda: self.generation == generation and self.switch.feed(Stored(key, token, ok))
        )
        ids = Ids(self.random.getrandbits)
        ports = Ports(
            self, self.media, self.store, self, self, self.journal, self.shelf, poster=self, shared=self.shared
        )
        clock = Clock(lambda: self.now, EPOCH, self.boot)
        self.shelf.add(self.configuration.plans)
        self.switch = Switch(self.configuration, ports, ids, clock, self._rearm)
        self.switch.listen(lambda event, unix: self.events.append((self.now, event)))
        self.switch.restore(asyncio.run(self._kept()))
        self.switch.begin()

    async def _kept(self) -> Kept:
        store = self.store
        return Kept(
            await store.promises(open_only=True),
            await store.bindings(),
            await store.agents(),
            await store.voicemails(),
            overrides=await store.overrides(),
            do_not_call=await store.do_not_call(),
            records=await store.calls(),
            calls=dict(self.journal.found),
            away_s=self.now - self.died_at,
            suspect=self.suspect,
            greetings=await store.greetings(),
            deliveries=await store.deliveries(),
            paths=await store.paths_going_on(),
            intervals=await store.intervals(self.switch.figures.since),
        )

    def crash(self) -> None:
        """kill -9: nothing of the process is left but what the store has acknowledged, or would have."""
        self.generation += 1
        self.alive, self.died_at = False, self.now

    def _rearm(self, deadline: float | None) -> None:
        """One alarm at a time: a new one takes the place of the last."""
        self._alarm += 1
        alarm = self.generation, self._alarm
        if deadline is not None:
            self.at(deadline, lambda: (self.generation, self._alarm) == alarm and self.switch.tick())

    def feed(self, event: Any) -> None:
        if self.alive:
            self.switch.feed(event)

    # ---- time --------------------------------------------------------------------------------------------------

    def at(self, moment: float, work: Callable[[], object]) -> None:
        heapq.heappush(self._heap, (max(moment, self.now), next(self._serial), work))

    def after(self, delay_s: float, work: Callable[[], object]) -> None:
        self.at(self.now + delay_s, work)

    def run(self, seconds: float) -> None:
        self.run_until(lambda: False, seconds, must=False)

    def run_until(self, condition: Callable[[], object], limit_s: float = 120.0, must: bool = True) -> None:
        """Move on until ``condition``; raises ``AssertionError`` where it does not come true within ``limit_s``."""
        end = self.now + limit_s
        while not condition():
            if not self._heap or self._heap[0][0] > end:
                self.now = end
                assert not must, f"not true within {limit_s} virtual seconds"
                return
            moment, _, work = heapq.heappop(self._heap)
            self.now = max(self.now, moment)
            work()

    # ---- ports -------------------------------------------------------------------------------------------------

    def send(self, message: Message, flow: Flow) -> None:
        self.carry(render(message), SWITCH, flow.remote)

    def carry(self, data: bytes, source: Address, destination: Address) -> None:
        """A datagram on its way."""
        for _ in range(2 if self._happens(self.weather.twice) else 1):
            if not self._happens(self.weather.loss):
                delay_s = self.latency_s * (1 + self.random.random())
                if self._happens(self.weather.late):
                    delay_s += LATE_S * self.random.random()
                self.after(delay_s, lambda: self._deliver(data, source, destination))

    def _happens(self, share: float) -> bool:
        return share > 0.0 and self.random.random() < share

    def _deliver(self, data: bytes, source: Address, destination: Address) -> None:
        self.heard_at = self.now
        flow = Flow("udp", destination, source)
        if destination == SWITCH and self.alive:
            self.switch.feed(read(data, flow))
        elif destination in self.peers:
            self.peers[destination](parse(data), flow)

    def fetch(self, contact: str, request: int, order: Fetch) -> None:
        self.fetched.append((order.method, order.url))
        self.after(0.05, lambda: self.feed(HttpDone(contact, request, Fetched(200, {}))))

    def post(self, delivery: Delivery) -> None:
        """Web services answer what ``services`` says, 200 as a rule."""
        self.posted.append(delivery)
        status = self.services.get(delivery.hook, 200)
        self.after(0.05, lambda: self.feed(Posted(delivery.id, status, "")))

    def resolve(self, name: str, wish: Wish) -> None:
        """``names`` is what the name servers know; without it they do not answer."""
        self.asked.append(wish.host)
        found = self.names.get(wish.host)
        error = "" if found else "no name server answers"
        self.after(0.02, lambda: self.feed(Resolved(name, found, error)))

    # ---- for tests ---------------------------------------------------------------------------------------------

    def press(self, rtp: Address, digits: str, form: Form = Form.EVENT) -> None:
        for digit in digits:
            self.feed(KeyHeard(self.media.stream_of(rtp), digit, form))

    def facts(self, kind: type) -> list[Any]:
        return [event for _, event in self.events if isinstance(event, kind)]


def read(data: bytes, flow: Flow) -> Arrived | Malformed:
    """What the network makes of a datagram."""
    try:
        return Arrived(parse(data), flow)
    except ParseError as error:
        return Malformed(error, flow)
