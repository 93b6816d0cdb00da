"""``softswitch run``: starts media and control, restarts what dies, and has no state.

A child that ends with ``GIVE_UP`` has said why and would end the same way again (a port taken, a broken database URL):
then everything stops, unless it was steady once: a file that somebody is writing when control dies costs no calls,
which media keeps up, and the switch is back when the file is right. One that ends with ``DRAINED`` was taken out of
service: then everything stops, too, and all is well. Any other end is a crash: the child comes back, at once if it was
steady, else after a pause that grows while it keeps crashing. For media processes, whose calls are silent meanwhile,
there is a spare one that has only to be told which it is. Should the supervisor itself be killed, the kernel tells the
children. SIGHUP is passed on to control.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import logging
import signal
import sys
import time
from pathlib import Path
from typing import IO

from softswitch.settings import Settings
from softswitch.settings.kept import kept_file

log = logging.getLogger("softswitch.supervisor")

GIVE_UP = 78  # EX_CONFIG
DRAINED = 79  # nobody is left, and it was told to end then
FIRST_PAUSE_S = 0.2  # after the second crash in a row
LONGEST_PAUSE_S = 10.0
STEADY_S = 30.0  # a child that has lived as long is started again at once
SPARE_AFTER_S = 3.0  # the spare does not take the time of those who begin their work
STOP_LIMIT_S = 8.0
LOCK_WAIT_S = 5.0
LOCK_TRY_S = 0.1
MEDIA, SPARE = ["-m", "softswitch.media"], ["-m", "softswitch.media.spare"]
STREAMS_PER_CALL = 3  # two who talk, and one whose phone rings
_PR_SET_PDEATHSIG = 1


def media_socket(settings: Settings, number: int) -> Path:
    """Where control finds this one of its media processes, which are numbered from 1."""
    return settings.paths.var / f"media-{number}.sock"


def drain_note(var: Path) -> Path:
    """What a control process that is being drained tells the next one."""
    return var / "drain.json"


def supervise(config_dir: Path, settings: Settings) -> int:
    """Run until SIGTERM or SIGINT, or until it is drained (returns 0), or until a child gives up (returns 1)."""
    var = settings.paths.var
    try:
        var.mkdir(parents=True, exist_ok=True)
        lock = _locked(var / "lock")
    except OSError as error:
        log.error("paths.var: cannot write to %s: %s", var, error.strerror)
        return 1
    if lock is None:
        log.error("another switch runs on %s; stop it, or give this one a directory of its own", var)
        return 1
    numbers = range(1, settings.media.processes + 1)
    commands = {f"media {number}": media_command(settings, number) for number in numbers}
    commands["control"] = ["-m", "softswitch.app", "--config", str(config_dir), "--kept", str(kept_file(var))]
    with lock:
        drain_note(var).unlink(missing_ok=True)  # who starts it wants it to work
        return asyncio.run(Supervisor(commands, lock.fileno()).run())


def media_command(settings: Settings, number: int = 1) -> list[str]:
    """What a media process is started with; ``media.process.arguments`` reads it."""
    talk, jitter = settings.media.talk, settings.media.jitter.frames()
    command = [*MEDIA, "--socket", str(media_socket(settings, number)), "--hold", str(settings.paths.hold)]
    command += ["--outlive", str(settings.media.outlive)]
    command += ["--realtime"] if settings.media.realtime else []
    command += ["--recordings", str(settings.paths.recordings), "--keep-free", str(settings.recordings.keep_free)]
    command += ["--streams", str(STREAMS_PER_CALL * settings.limits.calls)]
    command += [f"--jitter={','.join(map(str, jitter))}"]
    command += [f"--talk={talk.level},{talk.margin},{talk.hangover},{talk.silence}"]
    return [*command, "--log-format", settings.log.format, "--log-level", settings.log.level]


def _locked(path: Path) -> IO[str] | None:
    """The open lock file; None where another switch holds it.

    The children hold it too: who starts again after a crash waits for the last of the old ones to be gone.
    """
    lock = path.open("w")
    for _ in range(round(LOCK_WAIT_S / LOCK_TRY_S)):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except OSError:
            time.sleep(LOCK_TRY_S)
    lock.close()
    return None


class Supervisor:
    """``commands``: arguments of Python by the name of the child, in the order in which they begin."""

    def __init__(self, commands: dict[str, list[str]], lock: int, spare_after_s: float = SPARE_AFTER_S) -> None:
        self._commands = commands
        self._spare_after_s = spare_after_s
        self._lock = lock
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._spare: asyncio.subprocess.Process | None = None
        self._stop = asyncio.Event()
        self._status = 0

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        keepers = [asyncio.create_task(self._keep(name)) for name in self._commands]
        keepers.append(asyncio.create_task(self._keep_a_spare()))
        await self._stop.wait()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        for name in reversed(self._commands):  # control first: it says goodbye to the phones
            await self._end(name, self._running.get(name))
        await self._end("the spare", self._spare)
        return self._status

    def stop(self) -> None:
        """End the children, then ``run``."""
        self._stop.set()

    def reload(self) -> None:
        """Control reads again what was written."""
        control = self._running.get("control")
        if control is not None and control.returncode is None:
            control.send_signal(signal.SIGHUP)

    @property
    def pids(self) -> dict[str, int]:
        """Of the children that were started last, by their names."""
        return {name: process.pid for name, process in self._running.items()}

    async def _keep(self, name: str) -> None:
        pause_s, proven = 0.0, False
        while True:
            started = time.monotonic()
            process = self._running[name] = await self._begin(self._commands[name])
            status = await process.wait()
            if time.monotonic() - started > STEADY_S:
                pause_s, proven = 0.0, True
            if status == DRAINED or (status == GIVE_UP and not proven):
                self._status = int(status == GIVE_UP)
                self._stop.set()
                return
            log.error("%s ended with %s; starting it again in %.1f s", name, status, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(max(FIRST_PAUSE_S, 2 * pause_s), LONGEST_PAUSE_S)

    async def _begin(self, command: list[str]) -> asyncio.subprocess.Process:
        spare = self._spare
        if command[: len(MEDIA)] != MEDIA or spare is None or spare.returncode is not None:
            return await self._start(command)
        assert spare.stdin is not None
        self._spare = None
        spare.stdin.write(json.dumps(command[len(MEDIA) :]).encode() + b"\n")  # if it is dying, it is a child that dies
        return spare

    async def _keep_a_spare(self) -> None:
        while True:
            await asyncio.sleep(self._spare_after_s)
            if self._spare is None or self._spare.returncode is not None:
                self._spare = await self._start(SPARE, asyncio.subprocess.PIPE)

    async def _start(self, command: list[str], stdin: int | None = None) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            stdin=stdin,
            start_new_session=True,  # Ctrl-C is for the supervisor, which ends the others in good order
            preexec_fn=_prepared,
            pass_fds=(self._lock,),
        )

    async def _end(self, name: str, process: asyncio.subprocess.Process | None) -> None:
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_LIMIT_S)
        except TimeoutError:
            log.error("%s did not end within %.0f s; killing it", name, STOP_LIMIT_S)
            process.kill()
            await process.wait()


def _prepared() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # one that comes before control can take it would end it
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
