"""A PostgreSQL of our own: a fresh cluster in a temporary directory, on a free loopback port, ended by its pid.

PostgreSQL refuses to run as root; there it runs as ``postgres`` or ``nobody``, to whom the directory is given.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.ports import free_port

USER = "switch"
START_S = 30.0
STOP_S = 120.0  # its last checkpoint waits for the disk, which others keep busy, too


def binaries() -> Path | None:
    """Where initdb and postgres lie, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if found:
        return found[0].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def runs_as() -> Sequence[str]:
    """What to put before a command so that it does not run as root."""
    if os.geteuid() != 0:
        return ()
    names = {user.pw_name for user in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    return ("setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups", "--")


class Postgres:
    """One running server. ``stop`` and ``start`` may be called again and again: the data stays."""

    def __init__(self, programs: Path, home: Path) -> None:
        self._programs = programs
        self._home = home
        self._as = runs_as()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        if self._as:
            user = pwd.getpwnam(self._as[1].partition("=")[2])
            os.chown(home, user.pw_uid, user.pw_gid)
        initdb = [programs / "initdb", "-D", home / "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale"]
        subprocess.run([*self._as, *initdb], check=True, capture_output=True, cwd=home)

    def start(self) -> None:
        # fsync stays on: what an acknowledged write is worth is what the tests are about.
        settings = ["-h", "127.0.0.1", "-p", str(self.port), "-k", self._home, "-c", "max_connections=40"]
        with (self._home.parent / f"{self._home.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as, self._programs / "postgres", "-D", self._home / "data", *settings],
                stdout=log,
                stderr=log,
                cwd=self._home,
            )
        self._await_ready()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends it fast and clean, SIGQUIT as a crash would."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STOP_S)
            self._process = None

    def database(self, name: str) -> str:
        """The URL of a new, empty database."""
        self.psql("postgres", f"CREATE DATABASE {name}")
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def psql(self, database: str, sql: str) -> str:
        words = ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database, "-Atqc", sql]
        return subprocess.run(
            [self._programs / words[0], *words[1:]], check=True, capture_output=True, text=True, timeout=START_S
        ).stdout

    async def change(self, url: str, sql: str) -> None:
        """While the loop goes on: who holds the row may be one of our own transactions."""
        await asyncio.to_thread(self.psql, url.rpartition("/")[2], sql)

    def _await_ready(self) -> None:
        end = time.monotonic() + START_S
        ready = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, check=False).returncode != 0:
            assert self._process is not None
            assert self._process.poll() is None, "postgres ended at once; see its log beside the data"
            assert time.monotonic() < end, "postgres does not get ready"
            time.sleep(0.02)


@contextmanager
def running() -> Iterator[Postgres | None]:
    """A started server, or None where PostgreSQL is not installed."""
    programs = binaries()
    if programs is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="softswitch-pg-") as directory:
        os.chmod(directory, 0o755)
        home = Path(directory) / "home"
        home.mkdir()
        server = Postgres(programs, home)
        try:
            server.start()
            yield server
        finally:
            server.stop()
