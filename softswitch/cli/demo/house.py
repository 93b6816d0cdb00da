"""The switch as a child: started as its operator starts it, asked over HTTP, ended with SIGTERM.

It has a process group of its own, so that Ctrl-C at the terminal reaches the demo alone, which then ends the switch
in good order; and so that what would be left behind can be found and ended by the group.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

import aiohttp

from softswitch.cli.demo.stage import HOST, Stage

TRACEBACK = "Traceback (most recent call last)"
_START_LIMIT_S = 30.0
_LOG_LINES = 8
_STOP_LIMIT_S = 20.0  # the supervisor gives each of its two children 8 s
_ANSWER_LIMIT_S = 15.0


class HouseError(RuntimeError):
    """The switch does not start, or gives no answer; the text says why."""


class House:
    """``async with House(stage) as house``: a switch that is ready for calls."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._child: asyncio.subprocess.Process
        self._http: aiohttp.ClientSession
        self.faults: list[str] = []  # what was wrong with its end

    async def __aenter__(self) -> House:
        argv = [sys.executable, "-m", "softswitch.cli.main", "run", "--config", str(self._stage.config)]
        with self._stage.log.open("wb") as log:
            self._child = await asyncio.create_subprocess_exec(
                *argv, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER_LIMIT_S))
        try:
            await asyncio.wait_for(self._ready(), _START_LIMIT_S)
        except BaseException as error:
            await self.__aexit__()
            if isinstance(error, TimeoutError):
                raise self._failure(f"is not ready after {_START_LIMIT_S:g} s") from None
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()
        try:
            status = await asyncio.wait_for(self._child.wait(), _STOP_LIMIT_S)
            if status != 0:
                self.faults.append(f"the switch ended with {status}")
        except TimeoutError:
            self.faults.append(f"the switch did not end within {_STOP_LIMIT_S:g} s")
        self._end_group()
        self.faults += self._tracebacks()

    async def get(self, path: str) -> Any:
        """The JSON of ``/api/v1/PATH``. Raises ``HouseError``."""
        try:
            async with self._http.get(f"http://{HOST}:{self._stage.http}/api/v1/{path}") as answer:
                if answer.status != 200:
                    raise self._failure(f"answers GET {path} with {answer.status} {(await answer.text())[:200]}")
                body: Mapping[str, Any] = await answer.json()
                return body[path.partition("?")[0]]
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._failure(f"gives no answer to GET {path} ({error!r})") from error

    async def _ready(self) -> None:
        while True:
            if self._child.returncode is not None:
                raise self._failure("does not start")
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._http.get(f"http://{HOST}:{self._stage.http}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)

    def _failure(self, what: str) -> HouseError:
        """With the end of the switch's log, for it says why."""
        end = self._stage.log.read_text(errors="replace").strip().splitlines()[-_LOG_LINES:]
        return HouseError(
            "\n".join([f"the switch {what}; the end of {self._stage.log}:", *(f"  {one}" for one in end)])
        )

    def _end_group(self) -> None:
        """Nothing should be left of it; what is, is ended and told."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # what macOS says of zombies
            os.killpg(self._child.pid, signal.SIGKILL)
            self.faults.append("processes of the switch were left behind and had to be killed")

    def _tracebacks(self) -> list[str]:
        count = self._stage.log.read_text(errors="replace").count(TRACEBACK)
        return [f"{count} traceback(s) in the switch's log"] if count else []
