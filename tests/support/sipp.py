"""sipp as caller and as callee: a scenario, how many calls how fast, and what became of them.

The scenarios are in ``tests/interop/scenarios``. sipp writes one line of counters a second; what it did not expect it
writes, with the message, into a file that the report of a failing test ends with.
"""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support import ports
from tests.support.process import Process

SCENARIOS = Path(__file__).parents[1] / "interop" / "scenarios"


@dataclass(frozen=True, slots=True)
class Tally:
    """What sipp counted, and the end of what it complained about."""

    created: int
    successful: int
    failed: int
    retransmissions: int
    complaints: str

    def __str__(self) -> str:
        counts = f"{self.created} calls, {self.successful} successful, {self.failed} failed"
        return f"{counts}, {self.retransmissions} retransmissions\n{self.complaints}"


def _fields(path: Path, numbers: Sequence[str | tuple[str, str]]) -> Path:
    """The values of [field0], the number, and [field1], the credentials, one line for each call in turn."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pairs = [number if isinstance(number, tuple) else (number, "") for number in numbers]
    rows = [f"{user};[authentication username={user} password={password}]\n" for user, password in pairs]
    path.write_text("SEQUENTIAL\n" + "".join(rows))
    return path


def _scenario(name: str) -> list[str]:
    """A file, one of ours, or one that sipp brings."""
    ours = SCENARIOS / f"{name}.xml"
    return ["-sf", str(ours)] if ours.exists() else ["-sf", name] if name.endswith(".xml") else ["-sn", name]


class Sipp:
    """One sipp process."""

    def __init__(self, process: Process, port: int, stem: Path, claimed: range) -> None:
        self.process = process
        self.port = port
        self.stem = stem
        self._claimed = claimed

    @classmethod
    async def start(cls, scenario: str, directory: Path, port: int | None, words: Sequence[object]) -> Sipp:
        binary = shutil.which("sipp")
        assert binary, "sipp is not installed"
        port = port or ports.free_port()
        stem = directory / f"{Path(scenario).stem}-{port}"
        claimed = ports.claim(16)
        # fmt: off
        argv = [
            binary, *_scenario(scenario), "-i", ports.LOOPBACK, "-p", port, "-cp", claimed[-1],
            "-mi", ports.LOOPBACK, "-mp", claimed[0], "-nostdin", "-aa", "-skip_rlimit", "-timer_resol", 5,
            "-trace_stat", "-stf", f"{stem}.csv", "-fd", 1, "-trace_err", "-error_file", f"{stem}.err", *words,
        ]
        # fmt: on
        process = await Process.start([str(word) for word in argv], Path(f"{stem}.screen"), cwd=directory)
        return cls(process, port, stem, claimed)

    @classmethod
    async def caller(
        cls,
        switch: tuple[str, int],
        directory: Path,
        *,
        numbers: Sequence[str | tuple[str, str]],
        scenario: str = "caller",
        called: str = "8000",
        keys: str = "11",
        calls: int = 1,
        rate: float = 1.0,
        pause_s: float = 1.0,
        most: int = 200,
        port: int | None = None,
        auth_uri: str | None = "",
    ) -> Sipp:
        """``calls`` calls, ``rate`` a second, presenting the ``numbers`` (or users and passwords) in turn."""
        fields = _fields(directory / f"{Path(scenario).stem}-numbers.csv", numbers)
        host, at = switch
        # fmt: off
        words = [
            f"{host}:{at}", "-s", called, "-inf", fields, "-m", calls, "-r", rate, "-l", most,
            "-d", round(pause_s * 1000), "-key", "first_key", keys[0], "-key", "second_key", keys[1],
        ]
        # fmt: on
        if auth_uri is not None:  # by itself it would sign a URI without the user
            words += ["-auth_uri", auth_uri or f"{called}@{host}:{at}"]
        return await cls.start(scenario, directory, port, words)

    @classmethod
    async def callee(
        cls,
        directory: Path,
        *,
        scenario: str = "callee",
        talks_s: float = 1.0,
        port: int | None = None,
        calls: int | None = None,
    ) -> Sipp:
        """A phone (or a whole room of phones) on one port; goes on until stopped, or for so many calls."""
        words: list[object] = ["-d", round(talks_s * 1000)]
        if calls is not None:
            words += ["-m", calls]
        return await cls.start(scenario, directory, port, words)

    async def __aenter__(self) -> Sipp:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.process.stop()
        ports.release(self._claimed)

    def tally(self) -> Tally:
        """As of the last full second, or of the end."""
        path = Path(f"{self.stem}.csv")
        rows = list(csv.DictReader(path.read_text().splitlines(), delimiter=";")) if path.exists() else []
        last = rows[-1] if rows else {}
        errors = Path(f"{self.stem}.err")
        return Tally(
            created=int(last.get("TotalCallCreated", 0)),
            successful=int(last.get("SuccessfulCall(C)", 0)),
            failed=int(last.get("FailedCall(C)", 0)),
            retransmissions=int(last.get("Retransmissions(C)", 0)),
            complaints=errors.read_text(errors="replace")[-6000:] if errors.exists() else "",
        )

    async def done(self, timeout_s: float) -> Tally:
        """Wait until all its calls are over."""
        try:
            code = await self.process.wait(timeout_s)
        except TimeoutError:
            await self.process.stop()
            raise AssertionError(f"sipp was not done in {timeout_s} s: {self.tally()}") from None
        assert code in (0, 1), f"sipp ended with {code}:\n{self.process.tail()}"
        return self.tally()

    async def finish(self, timeout_s: float = 10.0) -> Tally:
        """Let a callee end its calls and take no more."""
        if self.process.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGUSR1)
        return await self.done(timeout_s)
