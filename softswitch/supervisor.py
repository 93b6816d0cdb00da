"""``softswitch run``: starts media and control, restarts what dies, and has no state.

A child that ends with ``GIVE_UP`` has said why and would end the same way again (a port taken, a broken database URL):
then everything stops. Any other end is a crash: the child comes back after a pause that grows while it keeps crashing.
Should the supervisor itself be killed, the kernel tells the children.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import logging
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from softswitch.settings import Settings

log = logging.getLogger("softswitch.supervisor")

GIVE_UP = 78  # EX_CONFIG
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
STEADY_S = 30.0  # a child that has lived as long starts with the first pause again
STOP_LIMIT_S = 8.0
LOCK_WAIT_S = 5.0
LOCK_TRY_S = 0.1
STREAMS_PER_CALL = 3  # two who talk, and one whose phone rings
_PR_SET_PDEATHSIG = 1


def media_socket(settings: Settings) -> Path:
    """Where control finds its media process."""
    return settings.paths.var / "media.sock"


def supervise(config_dir: Path, settings: Settings) -> int:
    """Run until SIGTERM or SIGINT (returns 0), or until a child gives up (returns 1)."""
    socket = media_socket(settings)
    try:
        socket.parent.mkdir(parents=True, exist_ok=True)
        lock = _locked(socket.parent / "lock")
    except OSError as error:
        log.error("paths.var: cannot write to %s: %s", socket.parent, error.strerror)
        return 1
    if lock is None:
        log.error("another switch runs on %s; stop it, or give this one a directory of its own", socket.parent)
        return 1
    media = media_command(settings)
    control = ["-m", "softswitch.app", "--config", str(config_dir)]
    with lock:
        return asyncio.run(_Supervisor({"media": media, "control": control}, lock.fileno()).run())


def media_command(settings: Settings) -> list[str]:
    """What the media process is started with; ``media.process.arguments`` reads it."""
    talk, jitter = settings.media.talk, settings.media.jitter.frames()
    command = ["-m", "softswitch.media", "--socket", str(media_socket(settings)), "--hold", str(settings.paths.hold)]
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


class _Supervisor:
    def __init__(self, commands: dict[str, Sequence[str]], lock: int) -> None:
        self._commands = commands
        self._lock = lock
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stop = asyncio.Event()
        self._status = 0

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        keepers = [asyncio.create_task(self._keep(name)) for name in self._commands]
        await self._stop.wait()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        for name in reversed(self._commands):  # control first: it says goodbye to the phones
            await self._end(name)
        return self._status

    async def _keep(self, name: str) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            started = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._commands[name],
                start_new_session=True,  # Ctrl-C is for the supervisor, which ends the two in good order
                preexec_fn=_die_with_parent,
                pass_fds=(self._lock,),
            )
            self._running[name] = process
            status = await process.wait()
            if status == GIVE_UP:
                self._status = 1
                self._stop.set()
                return
            if time.monotonic() - started > STEADY_S:
                pause_s = FIRST_PAUSE_S
            log.error("%s ended with %s; starting it again in %.1f s", name, status, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _end(self, name: str) -> None:
        process = self._running.get(name)
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_LIMIT_S)
        except TimeoutError:
            log.error("%s did not end within %.0f s; killing it", name, STOP_LIMIT_S)
            process.kill()
            await process.wait()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
