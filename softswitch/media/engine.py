"""The media plane without its loop: commands change what is wanted, ``tick`` does 20 ms of it for all streams.

One tick: take what has arrived, let every stream say its frame, let every stream hear its room (all but itself), put
hold music and prompts over that, send it, keep what was said for the recordings. docs/media.md has the arrays.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from softswitch.audio import RATE_HZ, WIDE_HZ, dtmf, g711
from softswitch.audio.codec import CodecError
from softswitch.audio.vad import TalkSettings
from softswitch.media import protocol as p
from softswitch.media.address import Address, numeric
from softswitch.media.demux import Demux
from softswitch.media.keypad import Keypad
from softswitch.media.library import Library, pause
from softswitch.media.listening import Listening
from softswitch.media.mixer import Mixer
from softswitch.media.player import Ended, Player
from softswitch.media.receiver import Key, Receiver
from softswitch.media.recorder import Failed, Recorder
from softswitch.media.reporting import Reporting
from softswitch.media.rooms import Member, Rooms
from softswitch.media.schedule import TICK_S
from softswitch.media.sender import Sender
from softswitch.media.sockets import Sockets
from softswitch.media.streams import Rows
from softswitch.media.transcode import Transcoder
from softswitch.media.watch import FIRST_PACKET, Happened
from softswitch.rtp.jitter import Count, JitterSettings
from softswitch.rtp.srtp import Srtps
from softswitch.sdp.crypto import Srtp

log = logging.getLogger(__name__)

Octets = npt.NDArray[np.uint8]
Tell = Callable[[p.Event], None]

_NO_ADDRESS = ("0.0.0.0", "::")  # the old way to put a call on hold (RFC 3264 section 8.4)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    streams: int = 2048  # rows; memory is taken as they are used
    jitter: JitterSettings = field(default_factory=JitterSettings)
    recordings: Path | None = None  # where an earlier process may have left some that are to be finished
    keep_free: int = 0  # octets of their disk
    talk: TalkSettings = field(default_factory=TalkSettings)


class Engine:
    """All streams, rooms and recordings of a process. ``tell`` takes events for control; ``music``: files by class."""

    def __init__(self, settings: EngineSettings, music: Mapping[str, Sequence[Path]], tell: Tell) -> None:
        self._tell = tell
        self._rows = Rows(settings.streams)
        self._sockets = Sockets()
        self._srtp = Srtps(settings.streams)
        self._coders = Transcoder(settings.streams)
        self._demux = Demux(settings.streams)
        self._receiver = Receiver(settings.streams, self._demux, settings.jitter, self._srtp, self._coders)
        self._keypad = Keypad()
        self._sender = Sender(settings.streams, self._demux, self._sockets, self._srtp, self._keypad, self._coders)
        self._reporting = Reporting(settings.streams, self._srtp, self._demux.peer, self._send_report)
        self._receiver.reporting = self._sender.reporting = self._reporting
        self._library = Library()
        self._player = Player(settings.streams, {name: self._library.music(files) for name, files in music.items()})
        self._rooms = Rooms()
        self._mixer = Mixer(settings.streams, self._receiver.bands)
        self._stale = False  # the mixer's plan
        self._closed: set[int] = set()  # rows given back since that plan
        self._recorder = Recorder(settings.streams, settings.keep_free, settings.recordings)
        self._receiver.on_sound = self._recorder.hear
        self._listening = Listening(settings.streams, settings.talk)
        self._serial: dict[int, int] = {}  # of the last Connect, by row
        self._on_stream: dict[type[p.Command], Callable[[int, Any], None]] = {
            p.Connect: self._connect,
            p.Latch: self._latch,
            p.Close: self._close,
            p.Play: self._play,
            p.HoldMusic: lambda row, command: self._player.hold(row, command.music),
            p.Stop: lambda row, _: self._player.stop(row),
            p.Press: lambda row, command: self._keypad.press(row, command.digits, command.form),
            p.Join: self._join,
            p.Leave: self._leave,
        }

    # ---- commands ----------------------------------------------------------------------------------------------

    def obey(self, command: p.Command) -> None:
        act = self._on_stream.get(type(command))
        if act is None:
            self._obey_otherwise(command)
        elif (row := self._rows.row(cast(p.OnStream, command).stream)) is not None:
            act(row, command)

    def _obey_otherwise(self, command: p.Command) -> None:
        match command:
            case p.Open():
                self._open(command)
            case p.StopRecord():
                self._recorder.stop(command.recording)
                self._stale = True
            case p.PauseRecord():
                self._recorder.pause(command.recording, command.reason)
            case p.Record():
                self._record(command)
            case p.Quiet():
                self._listening.await_silence(self._rows.row(command.stream), command.after_s)

    def settle(self, streams: Collection[str] = (), recordings: Collection[str] = ()) -> None:
        """Close all but these; tell again who is latched."""
        for name in self._recorder.names():
            if name not in recordings:
                self._recorder.stop(name)
                self._stale = True
        for name, row in self._rows.items():
            if name not in streams:
                self._close(row, p.Close(name))
        self._tell_latched(self._demux.latched())

    @property
    def idle(self) -> bool:
        """Whether a tick would do nothing."""
        return not len(self._rows) and self._recorder.idle

    def _open(self, command: p.Open) -> None:
        if self._rows.row(command.stream) is not None:
            return
        row = self._rows.take(command.stream)
        if row is None:
            self._tell(p.OpenFailed(command.stream, "all streams of this process are in use"))
            return
        try:
            port = self._sockets.open((command.host, command.port))
        except OSError as error:
            self._rows.give_back(command.stream)
            self._tell(p.OpenFailed(command.stream, f"{command.host}:{command.port}: {error.strerror}"))
            return
        self._demux.open(row, port, self._sockets.family(port))
        self._sender.begin(row, port)
        self._reporting.open(row, (command.host, command.port), self._sender.ssrc(row), time.monotonic())

    def _connect(self, row: int, command: p.Connect) -> None:
        if command.serial <= self._serial.get(row, -1):
            return
        self._serial[row] = command.serial
        self._listening.connect(row, command.tones)
        self._keypad.agree(row, command.event_type, command.event_clock)
        law = self._law(row, command)
        keys = command.keys
        self._srtp.agree(row, Srtp(keys.suite, keys.send_key, keys.receive_key) if keys else None)
        host = numeric(command.host)
        usable = host and host not in _NO_ADDRESS and command.port > 0
        address = (host, command.port) if usable else None
        self._demux.signal(row, address, numeric(command.signalling_host))
        sends, receives = command.direction in ("sendrecv", "sendonly"), command.direction in ("sendrecv", "recvonly")
        peer_port, now = command.rtcp_port, time.monotonic()
        self._reporting.agree(
            row, peer_port, command.rtcp_mux, command.clock_rate, sends, receives and bool(usable), now
        )
        if law is not None and sends:
            self._sender.allow(row, law, command.send_type, command.ptime_ms)
        else:
            self._sender.forbid(row)
        if law is not None and receives:
            self._receiver.allow(
                row, law, command.receive_type, command.event_type, command.clock_rate, command.noise_type
            )
        else:
            self._receiver.forbid(row)
        self._stale = True

    def _join(self, row: int, command: p.Join) -> None:
        heard_by = None if command.heard_by is None else frozenset(command.heard_by)
        self._rooms.join(command.stream, row, Member(command.room, heard_by, command.gain))
        self._stale = True

    def _leave(self, row: int, _: p.Leave) -> None:
        self._rooms.leave(row)
        self._stale = True

    def _latch(self, row: int, command: p.Latch) -> None:
        """The process before this one has learnt it, or this one, and control repeats it."""
        if command.serial == self._serial.get(row):
            self._demux.resume(row, (command.host, command.port))

    def _law(self, row: int, command: p.Connect) -> int | None:
        """That of the hot loop; of rows with a coder it is not looked at. None: no codec of ours, and all is silent."""
        if command.codec in g711.LAWS:
            self._coders.forget(row)
            return g711.LAWS[command.codec]
        try:
            self._coders.agree(row, command.codec, command.clock_rate, command.fmtp, command.ptime_ms)
        except CodecError as error:
            log.error("stream %s: %s", command.stream, error)
            return None
        return g711.MU

    def _close(self, row: int, command: p.Close) -> None:
        late, waits_ms = int(self._receiver.jitter.counts[row, Count.LATE]), self._receiver.jitter.depth_ms(row)
        self._tell(p.StreamEnded(command.stream, self._reporting.close(row, late, waits_ms, time.monotonic())))
        self._recorder.forget(row)
        self._rooms.leave(row)
        self._closed.add(row)
        self._stale = True
        self._player.forget(row)
        self._sender.forbid(row)
        self._receiver.forget(row)
        self._srtp.forget(row)
        self._coders.forget(row)
        self._demux.close(row)
        self._sockets.close(int(self._sender.port[row]))
        self._keypad.forget(row)
        self._listening.forget(row)
        self._serial.pop(row, None)
        self._rows.give_back(command.stream)

    def _play(self, row: int, command: p.Play) -> None:
        sounds = [partial(self._library.get, one) if isinstance(one, str) else pause(one) for one in command.files]
        ended = self._player.play(row, command.play, sounds, self._coders.rate_hz(row))
        if ended is not None:
            self._tell_ended(ended)

    def _record(self, command: p.Record) -> None:
        """At the rate of the better of both as they are now; it stays so, for a file has one."""
        left = self._rows.row(command.left)
        sides = (left,) if command.right is None else (left, self._rows.row(command.right))
        rate_hz = max((self._coders.rate_hz(row) for row in sides if row is not None), default=RATE_HZ)
        self._recorder.start(command.recording, Path(command.path), sides, (command.left, command.right), rate_hz)
        self._stale = True

    # ---- the tick ----------------------------------------------------------------------------------------------

    def tick(self, frames: int, skipped: int = 0, at: float | None = None) -> None:
        """Do what is due: receive once, then that many frames. ``skipped`` frames of time are given up before.

        ``at``: when the last of them was due, monotonic seconds; None: now.
        """
        if skipped:
            self._sender.pass_time(skipped)
            self._recorder.pass_time(skipped)
        now = self._receiver.now = time.monotonic()
        self._receive()
        at = now if at is None else at
        for frame in range(frames):
            self._frame(at - (frames - 1 - frame) * TICK_S)
        for happened in (*self._reporting.tick(self._rows.used, now), *self._listening.silences()):
            self._tell_event(happened)

    def _receive(self) -> None:
        for batch in self._sockets.drain():
            self._tell_keys(self._receiver.take(batch), "event")
        self._tell_latched(self._demux.learnt)
        self._demux.learnt.clear()

    def _tell_latched(self, rows: Iterable[int]) -> None:
        for row in rows:
            peer = self._demux.peer(row)
            if peer is not None:
                self._tell(p.Latched(self._rows.name(row), self._serial[row], *peer))

    def _frame(self, at: float) -> None:
        count = self._rows.used
        if self._stale:
            self._renew_plan()
        if not count:
            self._keep(0, at)
            return
        receiver, mixer = self._receiver, self._mixer
        receiver.speak(count)
        frames = receiver.frames(count)
        self._hear(count, frames)
        mixer.listen(frames, receiver.law, receiver.linear)
        payloads = mixer.payloads(frames, receiver.law, self._sender)
        for ended in mixer.play(self._player, self._keypad, payloads, self._sender):
            self._tell_ended(ended)
        coded = self._sender.coded(count)
        self._sender.send(payloads, coded, mixer.sound(coded))
        self._keep(count, at)
        receiver.jitter.advance(count)

    def _hear(self, count: int, frames: Octets) -> None:
        """Keys, talk and levels in what is said; noise is put into the frames of who is away."""
        receiver, law = self._receiver, self._receiver.law[:count]
        present, missing = receiver.present[:count], receiver.concealer.missing[:count]
        keys = self._listening.hear(
            lambda rows: receiver.unblended(rows, self._mixer.decoded(frames[rows], law[rows])), receiver.heard[:count]
        )
        self._tell_keys(keys, "tone")
        self._reporting.listen(self._listening.talk.level[:count], present, receiver.now)
        if not present.all():
            away, noise = self._listening.comfort(present, missing)
            if len(away):
                receiver.soothe(away, noise)

    def _keep(self, count: int, at: float) -> None:
        """Record, once everything has been sent."""
        receiver, said = self._receiver, self._mixer.said[:count]
        if len(self._recorder):
            self._mixer.tell()
        failed = self._recorder.keep(said, receiver.jitter.playing(count), at, self._mixer.said_wide, self._coders.rows)
        self._stale |= bool(failed)
        self._tell_failed(failed)

    def _renew_plan(self) -> None:
        """Relayed may be what goes out as it comes in: both ways of the row by one law, in packets of a tick."""
        law, coded, recorded = self._receiver.law, self._coders.rows, self._recorder.rows
        rows, even = coded.nonzero()[0].tolist(), self._sender.even & ~coded
        pipes = np.where(even & (law == self._sender.law), law.astype(np.int64), -1)
        plan = self._rooms.plan(recorded(RATE_HZ), pipes, rows, recorded(WIDE_HZ), self._sender.law)
        self._mixer.take(plan, coded, self._closed)
        self._closed.clear()
        self._stale = False

    def _tell_keys(self, keys: Iterable[Key | dtmf.Heard], form: str) -> None:
        for key in keys:
            self._tell(p.DigitHeard(self._rows.name(key.row), key.digit, form))

    def _tell_failed(self, recordings: list[Failed]) -> None:
        for failed in recordings:
            self._tell(p.RecordError(failed.recording, failed.why, failed.kind))

    def _tell_event(self, happened: Happened) -> None:
        self._tell(p.StreamEvent(self._rows.name(happened.row), happened.kind))
        if happened.kind == FIRST_PACKET and self._demux.moved(happened.row):
            for latched in self._reporting.watch.latched(happened.row):
                self._tell_event(latched)

    def _send_report(self, row: int, packet: bytes, address: Address) -> None:
        self._sockets.send_one(int(self._sender.port[row]), packet, address)

    def _tell_ended(self, ended: Ended) -> None:
        self._tell(p.PlayEnded(self._rows.name(ended.row), ended.play, ended.ok))

    # ---- numbers -----------------------------------------------------------------------------------------------

    def counters(self) -> dict[str, float]:
        """By name; the names are bounded and stay."""
        return {
            "packets_received": self._receiver.packets,
            "packets_sent": self._sender.packets,
            "send_errors": self._sockets.send_errors,
            "malformed": self._receiver.malformed,
            "strangers": self._demux.strangers,
            "address_clashes": self._demux.clashes,
            "receive_drops": self._sockets.drops(),
            "noise_packets": self._receiver.hushes.packets,
            **self._coders.counters(),
            "keys_sent": self._keypad.pressed,
            **self._listening.counters(),
            **self._reporting.counters(),
            "srtp_refused": self._srtp.refused,
            "concealed": self._receiver.concealer.concealed + self._receiver.linear.concealer.concealed,
            "file_loads": self._library.loads,
            "recordings_finished": self._recorder.finished,
            "recordings_unfinished": self._recorder.unfinished,
            **{f"jitter_{name}": count for name, count in self._receiver.jitter.totals().items()},
        }

    def gauges(self) -> dict[str, float]:
        depths = self._receiver.jitter.depths_ms(self._rows.used)
        return {
            "streams": len(self._rows),
            "ports": len(self._sockets),
            "streams_relayed": len(self._mixer.plan.listeners),
            "jitter_depth_ms": float(depths.mean()) if len(depths) else 0.0,
            "streams_coded": len(self._coders),
            "rooms_wide": self._mixer.plan.wide_rooms,
            "streams_hushed": len(self._receiver.hushes),
            **self._listening.gauges(self._rows.used),
            **self._reporting.gauges(),
            "streams_secured": int(np.count_nonzero(self._srtp.rows)),
            "rooms": len(self._rooms),
            "recordings": len(self._recorder),
            "file_cache_octets": self._library.octets,
            "playing": len(self._player),
        }

    def close(self) -> None:
        """Finish recordings; returns when they are on disk."""
        self.settle()
        self._tell_failed(self._recorder.close())
        self._library.close()
        self._sockets.shut()
