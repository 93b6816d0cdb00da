"""The media process: ``python -m softswitch.media --socket PATH [--hold DIR]``.

Between ticks it obeys control; at each tick it does what is due. Nothing in here waits for anything else. SIGTERM and
SIGINT finish the recordings and end it.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from softswitch.audio.vad import TalkSettings
from softswitch.log import configure
from softswitch.media import protocol as p
from softswitch.media.channel import Channel
from softswitch.media.custody import Custody
from softswitch.media.engine import Engine, EngineSettings
from softswitch.media.library import music_files
from softswitch.media.mmsg import CALLS
from softswitch.media.pauses import Collector
from softswitch.media.schedule import TICK_S, Schedule
from softswitch.process import call_itself, raise_file_limit
from softswitch.rtp.jitter import JitterSettings

log = logging.getLogger(__name__)

OUTLIVE_S = 60.0  # without a control
_REST_S = 0.1  # of a process without streams; also how long a signal waits


class Process:
    """The loop and what it turns."""

    def __init__(
        self, socket: Path, settings: EngineSettings, music: Mapping[str, Sequence[Path]], outlive_s: float = OUTLIVE_S
    ) -> None:
        self.engine = Engine(settings, music, self._tell)
        self._channel = Channel(socket, p.Welcome(p.VERSION, secrets.token_hex(8), CALLS is not None), self._obey)
        self._schedule = Schedule(time.monotonic())
        self._custody = Custody(outlive_s)
        self._collector = Collector()
        self._errors = 0  # commands and ticks that failed
        self._going = True
        self._ours: dict[type[p.Command], Callable[[Any], None]] = {  # others are the engine's
            p.AskStats: self._tell_stats,
            p.Drain: self._drain,
            p.Settle: self._settle,
        }

    def _tell(self, event: p.Event) -> None:
        self._channel.tell(event)

    def stop(self, *_: object) -> None:
        self._going = False

    def run(self) -> None:
        self._collector.begin()
        while self._going:
            if self.engine.idle:
                self._rest()
            self._wait()
            due = self._schedule.due(time.monotonic())
            if due.frames:
                self._tick(due.frames, due.skipped)
        self.close()

    def close(self) -> None:
        self.engine.close()
        self._channel.close()

    def _rest(self) -> None:
        """Without streams there is nothing to be done in a tick, until control says so."""
        self._channel.serve(_REST_S)
        rested = self._schedule.rest(time.monotonic())
        self._let_go(min(rested, round(_REST_S / TICK_S)))

    def _wait(self) -> None:
        """Serve control until the tick; the poll counts whole milliseconds, so the rest is slept."""
        while (left := self._schedule.next_at - time.monotonic()) >= 0.001 and self._going:
            self._channel.serve(left)
        if left > 0:
            time.sleep(left)

    def _tick(self, frames: int, skipped: int) -> None:
        try:
            self.engine.tick(frames, skipped, self._schedule.next_at - TICK_S)
        except Exception:
            # One bad tick must not end all calls; the counter raises the alarm.
            self._errors += 1
            log.exception("tick failed")
        self._channel.serve(0)
        self._let_go(frames)
        self._collector.pause(self._schedule.next_at - time.monotonic())

    def _let_go(self, frames: int) -> None:
        """So many more have passed, and perhaps without a word of control's."""
        if self._custody.over(frames):
            self._channel.drop("it is silent")
            self.engine.settle()
            # Whoever comes now finds nothing of what he may remember: his recordings go on in files of their own.
            self._channel.greeting = msgspec.structs.replace(self._channel.greeting, life=secrets.token_hex(8))

    def _obey(self, command: p.Command) -> None:
        try:
            self._ours.get(type(command), self.engine.obey)(command)
            self._custody.hear(command)
        except Exception:
            self._errors += 1
            log.exception("command failed: %s", command)

    def _tell_stats(self, _: p.AskStats) -> None:
        self._tell(p.Stats(self.counters(), self.gauges()))

    def _drain(self, command: p.Drain) -> None:
        self._channel.greeting = msgspec.structs.replace(self._channel.greeting, draining=command.on)

    def _settle(self, _: p.Settle) -> None:
        self.engine.settle(self._custody.streams, self._custody.recordings)

    def counters(self) -> dict[str, float]:
        clock = self._schedule
        return {
            "ticks": clock.ticks,
            "ticks_late": clock.late,
            "catch_ups": clock.catch_ups,
            "clock_resets": clock.resets,
            "cpu_seconds": time.process_time(),
            "errors": self._errors,
            "commands_refused": self._channel.refused,
            **self.engine.counters(),
        }

    def gauges(self) -> dict[str, float]:
        clock = self._schedule
        late = {f"tick_late_p{percent}_us": clock.lateness_us(percent) for percent in (50, 99)}
        return {**late, **self.engine.gauges()}


def _talk(text: str) -> TalkSettings:
    return TalkSettings(*map(float, text.split(",")))


def _jitter(text: str) -> JitterSettings:
    return JitterSettings(*map(int, text.split(",")))


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="softswitch.media", description="The media process of softswitch.")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket on which control is awaited")
    parser.add_argument("--hold", type=Path, help="directory with the hold music")
    parser.add_argument("--recordings", type=Path, help="directory whose unfinished recordings are to be finished")
    parser.add_argument("--keep-free", type=int, default=0, help="megabytes of the disk that no recording may use")
    parser.add_argument("--streams", type=int, default=2048, help="most streams at a time")
    parser.add_argument("--outlive", type=float, default=OUTLIVE_S, help="seconds that calls go on without a control")
    parser.add_argument("--jitter", type=_jitter, default=JitterSettings(), help="frames: least, first, most")
    parser.add_argument("--talk", type=_talk, default=TalkSettings(), help="dBov,dB,seconds,seconds: see TalkSettings")
    parser.add_argument("--realtime", action="store_true", help="ticks go before all other work of the machine")
    parser.add_argument("--log-format", choices=("text", "json"), default="text")
    parser.add_argument("--log-level", default="info")
    return parser.parse_args(argv)


def ask_for_realtime() -> None:
    """SCHED_RR for the threads that are there: the loop, and after it the writer of recordings, who has the
    interpreter's lock now and then, and must not lose his core with it. Threads that come later are in no hurry.
    """
    for thread in threading.enumerate():
        first = thread is threading.main_thread()
        try:
            priority = os.sched_param(2 if first else 1)
            os.sched_setscheduler(thread.native_id or 0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, priority)
        except OSError as error:
            log.warning("media.realtime: %s; it takes CAP_SYS_NICE, or LimitRTPRIO of systemd", error.strerror)
            return


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to stop. Returns the exit code."""
    given = arguments(argv)
    configure(given.log_format, given.log_level)
    raise_file_limit()
    call_itself(given.socket.stem)
    settings = EngineSettings(
        given.streams, given.jitter, recordings=given.recordings, keep_free=given.keep_free << 20, talk=given.talk
    )
    process = Process(given.socket, settings, music_files(given.hold), given.outlive)
    signal.signal(signal.SIGTERM, process.stop)
    signal.signal(signal.SIGINT, process.stop)
    if given.realtime:
        ask_for_realtime()
    process.run()
    return 0
