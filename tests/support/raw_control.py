"""A control of a few lines on the media process's own socket: what it says is what is written here, also wrong."""

from __future__ import annotations

import contextlib
import itertools
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from softswitch.media import protocol as p

START_S = 20.0


class RawControl:
    """``with RawControl(directory) as control:`` a media process of its own, and a connection to it."""

    def __init__(self, directory: Path, answer_s: float = 10.0) -> None:
        self._path, self._log = directory / "media.sock", directory / "media.log"
        self._answer_s = answer_s
        self._frames = p.Frames()
        self.events: list[p.Event] = []
        with self._log.open("wb") as log:
            argv = [sys.executable, "-m", "softswitch.media", "--socket", str(self._path), "--streams", "64"]
            self.process = subprocess.Popen(argv, stdout=log, stderr=log)
        self.socket = self._connected()

    def __enter__(self) -> RawControl:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.socket.close()
        self.process.kill()
        self.process.wait()

    def _connected(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(self._answer_s)
        end = time.monotonic() + START_S
        while True:
            try:
                made.connect(str(self._path))
                break
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, self.log()
                time.sleep(0.02)
        made.sendall(p.pack(p.Hello()))
        return made

    def connect_again(self) -> None:
        self.socket.close()
        self._frames = p.Frames()
        self.socket = self._connected()

    def say(self, *commands: p.Command) -> None:
        self.throw(map(p.pack, commands))

    def throw(self, frames: Iterable[bytes]) -> None:
        """Octets as they are."""
        for piece in frames:
            try:
                self.socket.sendall(piece)
            except OSError as error:
                raise AssertionError(f"the process has dropped us ({error}):\n{self.log()}") from error

    def stats(self) -> p.Stats:
        """Its numbers, once all that was said before has been heard. Raises ``TimeoutError`` where the loop stands."""
        self.say(p.AskStats())
        before = len(self.events)
        while True:
            for event in itertools.islice(self.events, before, None):
                if isinstance(event, p.Stats):
                    return event
            before = len(self.events)
            octets = self.socket.recv(1 << 16)
            assert octets, f"the process has dropped us:\n{self.log()}"
            self.events += self._frames.events(octets)

    def memory_kb(self) -> int:
        """Resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))

    def log(self, octets: int = 4000) -> str:
        with contextlib.suppress(OSError):
            return self._log.read_text(errors="replace")[-octets:]
        return ""
