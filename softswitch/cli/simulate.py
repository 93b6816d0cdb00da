"""``simulate``: what a day would be like with these agents and queues, or with others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from softswitch.acd.statistics import Promise
from softswitch.cli import scenario
from softswitch.cli.client import DEFAULT_CONFIG, Failed
from softswitch.cli.option import Config, Json, beside_a_report
from softswitch.cli.scenario import Drawn, Scenario
from softswitch.cli.table import Column, as_json_text, duration, show, text
from softswitch.core.errors import ConfigError
from softswitch.core.units import seconds
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.drawing.plot import plot
from softswitch.settings import Settings, load
from softswitch.simulation import sheet
from softswitch.simulation.account import Account
from softswitch.simulation.people import Habits
from softswitch.simulation.picture import picture
from softswitch.simulation.result import Result, result, rows
from softswitch.simulation.run import Run

_AT_ONCE = 500  # contacts between two looks of the progress bar
_REAL = "as it was"


def _percent(share: Any) -> str:
    return "" if share is None else f"{share * 100:.1f} %"


def _seconds(value: Any) -> str:
    return "" if value is None else f"{value:.1f}s"


# Three tables: one would not fit into a terminal.
_WHO: list[Column] = [("queue", "queue", text), ("with", "configuration", text)]
_WAITS: list[Column] = [
    ("offered", "offered", text), ("refused", "refused", text), ("answered", "answered", text),
    ("gave up", "abandoned", text), ("left", "elsewhere", text), ("ASA", "asa_s", _seconds),
    ("p50", "wait_p50_s", _seconds), ("p90", "wait_p90_s", _seconds),
]  # fmt: skip
_LEVELS: list[Column] = [
    *((name, f"service_level.{name}", _percent) for name in ("of_answered", "of_ended", "without_quick", "of_all")),
    ("longest", "longest_s", _seconds), ("occupancy", "occupancy", _percent), ("talk", "talk", _percent),
]  # fmt: skip
_CALLBACKS: list[Column] = [
    ("callbacks", "callback.recorded", text), ("kept", "callback.kept", text), ("attempts", "callback.attempts", text),
    ("dropped", "callback.dropped", text), ("open", "callback.open", text), ("p50", "callback.wait_p50_s", duration),
    ("p90", "callback.wait_p90_s", duration), ("served", "served", _percent),
]  # fmt: skip


def simulate(
    config: Config = DEFAULT_CONFIG,
    against: Annotated[
        list[Path] | None, typer.Option(help="Another configuration, beside it; more than once.")
    ] = None,
    arrivals: Annotated[
        Path | None, typer.Option(help="CSV: at,queue,talk and if wanted patience,priority,wrap_up.")
    ] = None,
    calls: Annotated[list[str] | None, typer.Option(help="Instead: orders=360, calls per hour of a queue.")] = None,
    day: Annotated[str, typer.Option(help="Instead: a day that was, as the store has it: yesterday, 2026-12-31.")] = "",
    since: Annotated[str, typer.Option(help="Instead: from then on, to --until or the end of that day.")] = "",
    until: Annotated[str, typer.Option(help="With --since.")] = "",
    talk: Annotated[str, typer.Option(help="Mean talk time, for --calls.")] = "3m",
    patience: Annotated[str, typer.Option(help="Mean patience, for --calls; without it nobody gives up.")] = "",
    start: Annotated[str, typer.Option(help="When the first calls come, for --calls.")] = "9:00",
    hours: Annotated[float, typer.Option(min=0.01, max=1000, help="How long calls come, for --calls.")] = 8.0,
    burst: Annotated[
        list[str] | None, typer.Option(help="WHEN,HOW LONG,TIMES as many, for --calls: 20:00,20m,6; more than once.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of chance.")] = 1,
    agents: Annotated[
        int | None, typer.Option(min=0, max=100_000, help="So many, of those configured and of their kind.")
    ] = None,
    shifts: Annotated[
        Path | None, typer.Option(help="CSV: agent,start,end and if wanted pause; or at,agents: so many from then on.")
    ] = None,
    pickup: Annotated[str, typer.Option(help="From the first ring until an agent picks up; default 3s.")] = "",
    misses: Annotated[float | None, typer.Option(min=0, max=100, help="Rings not picked up, in %; default 0.")] = None,
    reached: Annotated[
        float | None, typer.Option(min=0, max=100, help="Callback attempts that are answered, in %; default 60.")
    ] = None,
    accepted: Annotated[
        float | None, typer.Option(min=0, max=100, help="Offers to be called back that are taken, in %; default 0.")
    ] = None,
    redials: Annotated[
        float | None, typer.Option(min=0, max=100, help="Who was lost and calls in again by himself, in %; default 0.")
    ] = None,
    callbacks: Annotated[bool, typer.Option(help="Call back whom a queue has lost, by its policy.")] = True,
    target: Annotated[str, typer.Option(help="Answered within this is in time; default: as configured.")] = "",
    short: Annotated[str, typer.Option(help="Who gives up before was never there; default: as configured.")] = "",
    svg: Annotated[
        Path | None, typer.Option(callback=beside_a_report, help="Draw it, interval by interval, into this file.")
    ] = None,
    json: Json = False,
) -> None:
    """Run the real ACD, and the real ledger of callbacks, on a virtual clock."""
    if sum(map(bool, (arrivals, calls, day, since))) != 1:
        raise typer.BadParameter("name one of --arrivals FILE, --calls QUEUE=PER_HOUR, --day DAY and --since WHEN")
    if until and not since:
        raise typer.BadParameter("--until goes with --since")
    if shifts and agents is not None:
        raise typer.BadParameter("--shifts or --agents, not both: shifts say how many there are")
    names = [config, *(against or [])]
    settings = [_settings(name) for name in names]
    shares = {"misses": misses, "reached": reached, "accepts": accepted, "redials": redials}
    try:
        if day or since:
            planned = scenario.day(settings[0], day or since, until, seed)
            planned = replace(planned, habits=_people(planned.habits, pickup, shares))
        else:
            patience_s = seconds(patience) if patience else math.inf
            drawn = Drawn(calls or [], seconds(talk), patience_s, sheet.clock("start", start), hours,
                          [scenario.burst(one) for one in burst or ()], seed)  # fmt: skip
            coming = drawn.arrivals() if arrivals is None else scenario.arrivals_of(arrivals)
            people = _people(Habits(3.0, seed=seed), pickup, shares)
            at_work = scenario.roster_of(shifts, agents, coming)
            planned = Scenario(coming, at_work, people, scenario.midnight(settings[0]))
        if (day or since) and (shifts or agents is not None):
            planned = replace(planned, roster=scenario.roster_of(shifts, agents, planned.arrivals))
        measured = seconds(target) if target else None, seconds(short) if short else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    found = [] if planned.real is None else [(_REAL, planned.real)]
    notes = [*planned.notes, *_assumed(planned, callbacks)]
    terminal = Console(stderr=True)
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        for name, one in zip(names, settings, strict=True):
            notes += _fits(name, one, planned)
            task = bar.add_task(str(name), total=len(planned.arrivals))
            found.append((str(name), _played(one, planned, callbacks, measured, partial(bar.advance, task, _AT_ONCE))))
    if svg is not None:
        _draw(svg, found)
    _show(found, notes, json)


def _people(usual: Habits, pickup: str, shares: Mapping[str, float | None]) -> Habits:
    """``shares`` in %; None: as usual. Raises ``ValueError``."""
    given: dict[str, Any] = {name: share / 100 for name, share in shares.items() if share is not None}
    return replace(usual, pickup_s=seconds(pickup) if pickup else usual.pickup_s, **given)


def _settings(directory: Path) -> Settings:
    try:
        return load(directory)
    except ConfigError as error:
        raise Failed("\n".join(str(problem) for problem in error.problems)) from error


def _fits(directory: Path, settings: Settings, planned: Scenario) -> list[str]:
    """Notes about what of the scenario this configuration does not know. Raises ``Failed`` for a queue."""
    for queue in sorted({one.queue for one in planned.arrivals}):
        if queue not in settings.queues:
            raise Failed(f"{directory} has no queue {queue!r}{did_you_mean(queue, settings.queues)}")
    strangers = planned.roster.strangers(settings.agent_specs())
    told = ", ".join(strangers[:10]) + (" ..." if strangers[10:] else "")
    return [f"nobody works in place of {told}, whom {directory} does not have"] if strangers else []


def _assumed(planned: Scenario, callbacks: bool) -> list[str]:
    people = planned.habits
    if not callbacks:
        return ["nobody is called back"]
    again = "does not call in again himself"
    if people.redials:
        again = f"calls in again himself in {people.redials:.0%} of cases, {people.redial_s:.0f} s later on average"
    return [
        f"a callback is answered by {people.reached:.0%} of those called, {people.answer_s:.0f} s after the first ring",
        f"whoever was lost {again}, and has a number that may be dialled",
        f"an offer to be called back is taken by {people.accepts:.0%} of those to whom it is made",
    ]


def _played(
    settings: Settings,
    planned: Scenario,
    callbacks: bool,
    measured: tuple[float | None, float | None],
    progress: Callable[[], None],
) -> Result:
    target_s, short_s = measured
    promises = {name: _promise(queue.promise(), target_s, short_s) for name, queue in settings.queues.items()}
    account = Account(promises, planned.epoch)
    run = Run(
        settings.agent_specs(), settings.queue_specs(), account.observe, planned.habits, roster=planned.roster,
        policies=settings.policies() if callbacks else (), epoch=planned.epoch,
        overflow={name: queue.overflow.ways() for name, queue in settings.queues.items()},
        offers=scenario.offers_of(settings) if callbacks and planned.habits.accepts else {},
        by_itself=[name for name, one in settings.queues.items() if one.callback and one.callback.answer.auto_answer],
    )  # fmt: skip
    passed = 0

    def count() -> None:
        nonlocal passed
        passed += 1
        if passed % _AT_ONCE == 0:
            progress()

    return result(run.play(planned.arrivals, count), account)


def _promise(own: Promise, target_s: float | None, short_s: float | None) -> Promise:
    return Promise(own.target_s if target_s is None else target_s, own.short_abandon_s if short_s is None else short_s)


def _draw(path: Path, found: Sequence[tuple[str, Result]]) -> None:
    try:
        path.write_text(plot(picture("What if", found)), encoding="utf-8")
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror or error}") from None


def _show(found: Sequence[tuple[str, Result]], notes: Sequence[str], json: bool) -> None:
    listed = rows(found)
    if json:
        intervals = [
            {"configuration": label, **moment.told(start)}
            for label, one in found
            for start, moment in one.moments.items()
        ]
        typer.echo(as_json_text({"rows": listed, "intervals": intervals, "assumed": list(notes)}))
        return
    flat = [_flat(row) for row in listed]
    who = _WHO if len(found) > 1 else _WHO[:1]
    show(flat, [*who, *_WAITS], False, "nobody has called")
    if flat:
        typer.echo()
        show(flat, [*who, *_LEVELS], False, "")
    if any(row["callback.recorded"] for row in flat):
        typer.echo()
        show(flat, [*who, *_CALLBACKS], False, "")
    for note in notes:
        typer.echo(f"assumed: {note}", err=True)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """What is in a row of its own beside the rest, by its whole name."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        found |= {f"{key}.{name}": one for name, one in value.items()} if isinstance(value, dict) else {key: value}
    return found
