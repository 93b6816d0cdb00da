"""The media plane as control uses it: every call returns at once, and is true again after any crash of the process.

What is wanted is kept here (``wanted.py``) and said again whenever the process had to be started anew; so callers never
ask whether it is there. Prompts are turned into files first (``prompts.py``); one that is replaced or stopped meanwhile
is not played.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softswitch.call.press import Form
from softswitch.core.errors import PortsExhausted
from softswitch.ivr.model import Prompt
from softswitch.media import memory as m
from softswitch.media import protocol as p
from softswitch.media.allot import Ports
from softswitch.media.erasure import erased
from softswitch.media.link import Link
from softswitch.media.prompts import PromptStore, Sounds
from softswitch.media.sharing import SharedPorts
from softswitch.media.wanted import Wanted, WantedPlay, WantedRecording, WantedStream
from softswitch.rtp.quality import Quality
from softswitch.sdp.crypto import Srtp
from softswitch.sdp.media import Address, Media

__all__ = ["MediaClient", "MediaListener", "PortsExhausted"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MediaListener:
    """Whom the client tells; never from within a call to the client."""

    on_played: Callable[[str, str, bool], None]  # stream, play, ok
    on_digit: Callable[[str, str, Form], None]  # stream, digit
    on_state: Callable[[bool], None] = lambda connected: None
    on_lost: Callable[[str], None] = lambda stream: None  # the stream could not be opened: nobody hears anything
    on_unrecorded: Callable[[str, str, str], None] = lambda recording, kind, why: None  # it has failed
    on_noted: Callable[[str, str], None] = lambda stream, kind: None  # of its sound: ``watch.KINDS``
    on_measured: Callable[[str, Quality], None] = lambda stream, quality: None  # it was closed


class MediaClient:
    """Implements ``MediaPlane`` of the driver's ports, with one process.

    The process at ``socket`` is told nothing before ``begin``. Let it ``adopt`` what an earlier control left, let it
    ``begin``, end it with ``shutdown``.
    """

    def __init__(self, socket: Path, ports: Ports, prompts: PromptStore, listener: MediaListener):
        self._ports, self._prompts, self._listener = SharedPorts(ports), prompts, listener
        self._wanted = Wanted()
        self._link = Link(socket, self)
        self._draining: bool | None = None  # None: nobody has said, and what the process says holds
        self._life = ""  # of the process that we spoke to last; "": none yet
        self._connected = asyncio.Event()
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        # Of offer/answers; begins higher than that of any control before us in this life of the machine has ended.
        self._serial = time.monotonic_ns() // 1_000_000
        self._stats: dict[str, float] = {"process_changes": 0, "record_errors": 0, "open_failures": 0}
        self._former: dict[str, float] = {}  # counters of processes before this one
        self._gauges: dict[str, float] = {}

    def begin(self) -> None:
        """Connect to the process, and never stop trying. What it has and we do not want by now, it closes."""
        self._spawn(self._link.run())

    def memory(self, streams: Sequence[str], recordings: Sequence[str]) -> bytes:
        """All that is wanted of these, for ``adopt`` of a control after this one; unknown names are left out."""
        return m.pack(self._wanted, self._life, streams, recordings)

    def adopt(self, memory: bytes) -> None:
        """Want what an earlier control wanted. Before ``begin``. Raises ``ProtocolError``."""
        found = m.unpack(memory)
        self._life = found.life or self._life
        for open_ in m.restore(self._wanted, found):
            stream = self._wanted.streams[open_.stream]
            self._ports.claim(open_.stream, open_.port, stream.latch is not None)
            if stream.connect is not None:
                self._serial = max(self._serial, stream.connect.serial)

    async def connected(self, timeout_s: float) -> None:
        """Wait until the process is there and knows what is wanted. Raises ``TimeoutError``."""
        async with asyncio.timeout(timeout_s):
            await self._connected.wait()

    async def shutdown(self) -> None:
        """Let go of the process; it goes on with what it was told."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._prompts.close()

    def stats(self) -> dict[str, float]:
        """Counters by name, of the processes that we have spoken to and our own; the names are bounded."""
        return dict(self._stats)

    def gauges(self) -> dict[str, float]:
        """What goes up and down, by name."""
        return {**self._gauges, "connected": float(self.is_up), "ports_free": float(len(self._ports))}

    @property
    def is_up(self) -> bool:
        """The process is there, and knows what is wanted."""
        return self._connected.is_set()

    @property
    def load(self) -> int:
        """Streams."""
        return len(self._wanted.streams)

    @property
    def draining(self) -> bool:
        """It is to be given no new calls; it keeps that in mind for a control after this one."""
        return bool(self._draining)

    def drain(self, on: bool) -> None:
        self._draining = on
        self._link.send(p.Drain(on))

    # ---- the driver's port -------------------------------------------------------------------------------------

    def open(self, stream: str) -> Address:
        """Allot an RTP address at once. Raises ``PortsExhausted``."""
        known = self._wanted.streams.get(stream)
        if known is None:
            known = WantedStream(p.Open(stream, self._ports.host, self._ports.take(stream)))
            self._wanted.streams[stream] = known
            self._link.send(known.open)
        return self._ports.host, known.open.port

    def connect(self, stream: str, media: Media, signalling_host: str, tones: bool = False) -> None:
        wanted = self._wanted.streams.get(stream)
        if wanted is None:
            return
        self._serial += 1
        wanted.connect = p.Connect(
            stream,
            self._serial,
            *media.remote,
            signalling_host,
            media.codec.name,
            media.codec.payload_type,
            media.receive_type,
            media.telephone_event,
            media.direction,
            keys=_keys(media.srtp),
            rtcp_port=media.rtcp_port,
            rtcp_mux=media.rtcp_mux,
            clock_rate=media.codec.rate_hz,
            event_clock=media.event_clock_hz,
            fmtp=media.fmtp,
            ptime_ms=media.ptime_ms,
            noise_type=media.noise_type,
            tones=tones,
        )
        wanted.latch = None
        self._ports.unheard(stream)
        self._link.send(wanted.connect)

    def close(self, stream: str) -> None:
        wanted = self._wanted.streams.pop(stream, None)
        if wanted is not None:
            self._link.send(p.Close(stream))
            self._ports.give_back(stream)

    def play(self, stream: str, play: str, prompts: Sequence[Prompt]) -> None:
        """Play in place of what was playing, as soon as all the files are there; then ``on_played``."""
        wanted = self._wanted.streams.get(stream)
        if wanted is None:
            return
        wanted.play = WantedPlay(play)
        files = [self._prompts.find(prompt) for prompt in prompts]
        if None in files:
            self._link.send(p.Play(stream, f"{play} is being made", ()))  # what was playing ends now
            self._spawn(self._make(stream, wanted.play, prompts))
        else:
            self._begin(stream, wanted.play, files)

    def hold_music(self, stream: str, music: str = "") -> None:
        wanted = self._wanted.streams.get(stream)
        if wanted is not None:
            wanted.hold = music
            self._link.send(p.HoldMusic(stream, music))

    def stop(self, stream: str) -> None:
        wanted = self._wanted.streams.get(stream)
        if wanted is not None:
            wanted.hold, wanted.play = None, None
            self._link.send(p.Stop(stream))

    def press(self, stream: str, digits: str, form: Form) -> None:
        if stream in self._wanted.streams:
            self._link.send(p.Press(stream, digits, form.value))

    def join(self, room: str, stream: str, heard_by: tuple[str, ...] | None = None, gain: float = 1.0) -> None:
        """Hear the room and be heard there: by these streams alone (listen: none; whisper: one), or by all."""
        wanted = self._wanted.streams.get(stream)
        if wanted is not None:
            wanted.join = p.Join(room, stream, heard_by, gain)
            self._link.send(wanted.join)

    def leave(self, stream: str) -> None:
        wanted = self._wanted.streams.get(stream)
        if wanted is not None:
            wanted.join = None
            self._link.send(p.Leave(stream))

    def record(self, recording: str, path: Path, left: str, right: str | None) -> None:
        if recording not in self._wanted.recordings:
            wanted = WantedRecording(recording, path.absolute(), left, right, self._told)
            self._wanted.recordings[recording] = wanted
            for command in wanted.commands():
                self._link.send(command)

    def pause_record(self, recording: str, reason: str | None) -> None:
        wanted = self._wanted.recordings.get(recording)
        if wanted is not None and wanted.paused != reason:
            wanted.paused = reason
            self._link.send(p.PauseRecord(recording, reason))

    def stop_record(self, recording: str) -> None:
        if self._wanted.recordings.pop(recording, None) is not None:
            self._link.send(p.StopRecord(recording))

    def watch_silence(self, stream: str, after_s: float) -> None:
        if stream in self._wanted.streams:
            self._link.send(p.Quiet(stream, after_s))

    def erase(self, path: Path) -> None:
        self._spawn(erased(path))

    # ---- prompts -----------------------------------------------------------------------------------------------

    async def _make(self, stream: str, play: WantedPlay, prompts: Sequence[Prompt]) -> None:
        files = [await self._prompts.get(prompt) for prompt in prompts]
        wanted = self._wanted.streams.get(stream)
        if wanted is None or wanted.play is not play:
            return
        if None in files:
            self._ended(stream, play.play, False)
        else:
            self._begin(stream, play, files)

    def _begin(self, stream: str, play: WantedPlay, found: Sequence[Sounds | None]) -> None:
        told = tuple(one if isinstance(one, float) else str(one) for sounds in found for one in sounds or ())
        play.command, play.life = p.Play(stream, play.play, told), self._told
        self._link.send(play.command)

    def _ended(self, stream: str, play: str, ok: bool) -> None:
        """Tell of the end of what is still wanted; the end of what was replaced interests nobody."""
        wanted = self._wanted.streams.get(stream)
        if wanted is not None and wanted.play is not None and wanted.play.play == play:
            wanted.play = None
            self._listener.on_played(stream, play, ok)

    # ---- the link's listener -----------------------------------------------------------------------------------

    def up(self, welcome: p.Welcome) -> None:
        life, self._ports.shares = welcome.life, welcome.shares_ports
        if self._life not in ("", life):
            self._stats["process_changes"] += 1
            self._former = dict(self._stats)  # the new one counts from 0
        self._life = life
        self._fail_lost(self._wanted.meet(life))
        for command in (*self._wanted.commands(), p.Settle()):
            self._link.send(command)
        if self._draining is None:
            self._draining = welcome.draining
        elif self._draining != welcome.draining:
            self._link.send(p.Drain(self._draining))
        self._connected.set()
        self._listener.on_state(True)

    def _fail_lost(self, lost: list[tuple[str, str]]) -> None:
        for stream, play in lost:
            asyncio.get_running_loop().call_soon(self._listener.on_played, stream, play, False)

    def down(self) -> None:
        if not self._closing:
            log.warning("media process: connection lost")
        self._connected.clear()
        self._listener.on_state(False)

    def event(self, event: p.Event) -> None:
        match event:
            case p.PlayEnded(stream, play, ok):
                self._ended(stream, play, ok)
            case p.DigitHeard(stream, digit, form):
                if stream in self._wanted.streams:
                    self._listener.on_digit(stream, digit, Form(form))
            case p.Stats(counters, gauges):
                self._stats.update({name: self._former.get(name, 0.0) + value for name, value in counters.items()})
                self._gauges.update(gauges)
            case p.RecordError(recording, why, kind):
                self._stats["record_errors"] += 1
                self._wanted.recordings.pop(recording, None)
                self._listener.on_unrecorded(recording, kind, why)
            case p.OpenFailed(stream, why):
                log.error("stream %s: %s", stream, why)
                self._stats["open_failures"] += 1
                if stream in self._wanted.streams:
                    self._listener.on_lost(stream)
            case p.Latched() | p.StreamEvent() | p.StreamEnded():
                self._heard_well(event)
            case p.Welcome():
                pass  # the link's

    def _latched(self, stream: str, latch: p.Latch) -> None:
        wanted = self._wanted.streams.get(stream)
        if wanted is not None and wanted.connect is not None and wanted.connect.serial == latch.serial:
            wanted.latch = latch
            self._ports.heard(stream)

    def _heard_well(self, event: p.Latched | p.StreamEvent | p.StreamEnded) -> None:
        match event:
            case p.Latched(stream, serial, host, port):
                self._latched(stream, p.Latch(stream, serial, host, port))
            case p.StreamEnded(stream, quality):
                self._listener.on_measured(stream, quality)
            case p.StreamEvent(stream, kind) if stream in self._wanted.streams:
                self._listener.on_noted(stream, kind)

    @property
    def _told(self) -> str:
        """The life of the process that hears what is said now."""
        return self._life if self.is_up else ""

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _keys(srtp: Srtp | None) -> p.Keys | None:
    return p.Keys(srtp.suite, srtp.send_key, srtp.receive_key) if srtp else None
