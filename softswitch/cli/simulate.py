"""``simulate``: what a day would be like with these agents and queues, or with others."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from softswitch.acd.statistics import Promise
from softswitch.cli.client import DEFAULT_CONFIG, Failed
from softswitch.cli.option import Config, Json
from softswitch.cli.table import Column, show, text
from softswitch.core.errors import ConfigError
from softswitch.core.units import seconds
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.settings import Settings, load
from softswitch.simulation.account import Account
from softswitch.simulation.arrival import Arrival, exponential, merged, poisson, read
from softswitch.simulation.people import Habits
from softswitch.simulation.result import Result, result, rows
from softswitch.simulation.run import Run

MOST_CALLS = 1_000_000  # more take hours, and more memory than there is
_AT_ONCE = 500  # contacts between two looks of the progress bar


def _percent(share: Any) -> str:
    return "" if share is None else f"{share * 100:.1f} %"


def _seconds(value: Any) -> str:
    return "" if value is None else f"{value:.1f} s"


_COLUMNS: list[Column] = [
    ("queue", "queue", text),
    ("with", "configuration", text),
    ("offered", "offered", text),
    ("answered", "answered", text),
    ("gave up", "abandoned", text),
    ("in time", "service_level", lambda levels: _percent(levels["of_all"])),
    ("ASA", "asa_s", _seconds),
    ("longest", "longest_s", _seconds),
    ("occupancy", "occupancy", _percent),
]


def simulate(
    config: Config = DEFAULT_CONFIG,
    against: Annotated[
        list[Path] | None, typer.Option(help="Another configuration, beside it; more than once.")
    ] = None,
    arrivals: Annotated[Path | None, typer.Option(help="CSV: at,queue,talk and if wanted patience,priority.")] = None,
    calls: Annotated[list[str] | None, typer.Option(help="Instead: orders=360, calls per hour of a queue.")] = None,
    talk: Annotated[str, typer.Option(help="Mean talk time, for --calls.")] = "3m",
    patience: Annotated[str, typer.Option(help="Mean patience, for --calls; without it nobody gives up.")] = "",
    hours: Annotated[float, typer.Option(min=0.01, max=1000, help="How long calls come, for --calls.")] = 8.0,
    seed: Annotated[int, typer.Option(help="Of chance, for --calls.")] = 1,
    pickup: Annotated[str, typer.Option(help="From the first ring until an agent picks up.")] = "3s",
    target: Annotated[str, typer.Option(help="Answered within this time is in time.")] = "20s",
    short: Annotated[str, typer.Option(help="Who gives up before was never really there.")] = "0s",
    json: Json = False,
) -> None:
    """Run the real ACD on a virtual clock, with all agents of the configuration at work."""
    if (arrivals is None) == (not calls):
        raise typer.BadParameter("name one of --arrivals FILE and --calls QUEUE=PER_HOUR")
    try:
        mean_patience_s = seconds(patience) if patience else math.inf
        if arrivals is not None:
            coming = _from_file(arrivals)
        else:
            coming = _drawn(calls or [], seconds(talk), mean_patience_s, hours, seed)
        pickup_s, promise = seconds(pickup), Promise(seconds(target), seconds(short))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    names = [config, *(against or [])]
    settings = [_settings(name, coming) for name in names]
    found: list[tuple[str, Result]] = []
    with Progress(console=Console(stderr=True), transient=True) as bar:
        for name, one in zip(names, settings, strict=True):
            task = bar.add_task(str(name), total=len(coming))
            found.append((str(name), _played(one, coming, pickup_s, promise, partial(bar.advance, task, _AT_ONCE))))
    columns = _COLUMNS if against else [column for column in _COLUMNS if column[1] != "configuration"]
    show(rows(found), columns, json, "nobody has called")


def _from_file(path: Path) -> list[Arrival]:
    try:
        found, problems = read(path.read_text(encoding="utf-8", errors="replace"), str(path))
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}") from error
    if problems:
        told = "\n".join(str(problem) for problem in problems[:20])
        raise Failed(f"{told}\n{len(problems)} row(s) are wrong; nothing was simulated")
    return found


def _drawn(calls: Sequence[str], talk_s: float, patience_s: float, hours: float, seed: int) -> list[Arrival]:
    """Raises ``ValueError``."""
    chance = random.Random(seed)
    streams = []
    for written in calls:
        queue, _, rate = written.partition("=")
        try:
            per_h = float(rate)
        except ValueError:
            per_h = math.nan
        if not queue or not 0 < per_h < math.inf:
            raise ValueError(f"{written!r}: write QUEUE=CALLS_PER_HOUR, for example orders=360")
        if per_h * hours > MOST_CALLS:
            raise ValueError(f"{written!r} makes {per_h * hours:g} calls; at most {MOST_CALLS:,} are simulated")
        own = random.Random(chance.random())
        streams.append(poisson(own, queue, per_h, hours * 3600, exponential(own, talk_s), exponential(own, patience_s)))
    return merged(*streams)


def _settings(directory: Path, coming: Sequence[Arrival]) -> Settings:
    try:
        settings = load(directory)
    except ConfigError as error:
        raise Failed("\n".join(str(problem) for problem in error.problems)) from error
    for queue in sorted({one.queue for one in coming}):
        if queue not in settings.queues:
            raise Failed(f"{directory} has no queue {queue!r}{did_you_mean(queue, settings.queues)}")
    return settings


def _played(
    settings: Settings, coming: Sequence[Arrival], pickup_s: float, promise: Promise, progress: Callable[[], None]
) -> Result:
    account = Account(dict.fromkeys(settings.queues, promise))
    run = Run(settings.agent_specs(), settings.queue_specs(), account.observe, Habits(pickup_s))
    passed = 0

    def count() -> None:
        nonlocal passed
        passed += 1
        if passed % _AT_ONCE == 0:
            progress()

    return result(run.play(coming, count), account)
