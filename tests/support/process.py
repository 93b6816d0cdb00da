"""A child process of a test: its own process group, its output in a file, ended by its pid and by nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")


class Process:
    """One child and what it wrote to stdout and stderr (unless ``piped``: then stdout is a stream, with stdin)."""

    def __init__(self, child: asyncio.subprocess.Process, log: Path) -> None:
        self.child = child
        self.log = log

    @classmethod
    async def start(
        cls,
        argv: Sequence[str | Path],
        log: Path,
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        piped: bool = False,
    ) -> Process:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            child = await asyncio.create_subprocess_exec(
                *(str(word) for word in argv),
                stdin=asyncio.subprocess.PIPE if piped else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if piped else out,
                stderr=out,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        return cls(child, log)

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def returncode(self) -> int | None:
        return self.child.returncode

    @property
    def running(self) -> bool:
        return self.child.returncode is None

    def text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def tail(self, lines: int = 60) -> str:
        return "\n".join(self.text().splitlines()[-lines:])

    async def wait(self, timeout_s: float) -> int:
        """The exit code; ``TimeoutError`` when it goes on for longer."""
        return await asyncio.wait_for(self.child.wait(), timeout_s)

    async def stop(self, grace_s: float = 5.0) -> int:
        """SIGTERM to the child, SIGKILL to its group when that does not end it in time; the exit code."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                return await self.wait(grace_s)
        return await self.kill()

    async def kill(self) -> int:
        """SIGKILL to the whole group: nothing in it gets a chance to say goodbye."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return await self.wait(10)


async def eventually(
    probe: Callable[[], Awaitable[Found] | Found],
    timeout_s: float = 10.0,
    what: str = "",
    every_s: float = 0.05,
    most_s: float = 0.5,
) -> Found:
    """What ``probe`` returns as soon as that is true; a failure that shows the last value when it never is.

    ``probe`` is asked again after ``every_s``, which grows a little each time, up to ``most_s``: other users share the
    machine.
    """
    ends_at = time.monotonic() + timeout_s
    while True:
        found = probe()
        value = await found if isinstance(found, Awaitable) else found
        if value:
            return value
        if time.monotonic() > ends_at:
            raise AssertionError(f"not within {timeout_s} s: {what or probe} (last value: {value!r})")
        await asyncio.sleep(every_s)
        every_s = min(every_s * 1.3, most_s)
