"""What happened in queues and to agents, as the switch has counted it."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from softswitch.cli.client import DEFAULT_CONFIG, Failed, asked_for, base_url, request
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.scenario import kept_of
from softswitch.cli.table import Column, as_json_text, duration, show, text
from softswitch.contact.kept_log import kept_log
from softswitch.contact.queue_log import Serving
from softswitch.core.errors import ConfigError
from softswitch.ivr.moment import PAST_EXAMPLE, past
from softswitch.settings import Settings, load
from softswitch.settings.system import QUEUE_LOG

Queue = Annotated[str, typer.Option("--queue", help="Only this one.")]
Agent = Annotated[str, typer.Option("--agent", help="Only this one.")]
By = Annotated[str, typer.Option("--by", help="A row for each queue, agent or interval (of 15 minutes).")]
Since = Annotated[str, typer.Option("--since", help="today, yesterday, 9:30, 2h (ago), 2026-12-31T09:30.")]
Until = Annotated[str, typer.Option("--until", help="The same.")]
QueueLog = Annotated[str, typer.Option("--queue-log", help="Into this file (-: stdout): the lines of var/queue_log.")]
Csv = Annotated[bool, typer.Option("--csv", help="For spreadsheets: durations are seconds, shares are of 1.")]


def _share(value: Any) -> str:
    return "" if value is None else f"{value:.1%}"


def _level(name: str) -> Column:
    return name, f"service_level.{name}", _share


# Two tables for each kind of row: one would not fit into a terminal.
_QUEUE: list[list[Column]] = [
    [
        ("offered", "offered", text), ("answered", "answered", text), ("in time", "answered_in_time", text),
        ("abandoned", "abandoned", text), ("short", "short_abandoned", text), ("RONA", "missed", text),
        ("transfers", "transfers", text),
    ],
    [
        _level("of_answered"), _level("of_ended"), _level("without_quick"), _level("of_all"),
        ("ASA", "asa_s", duration), ("AHT", "aht_s", duration), ("longest", "longest_s", duration),
    ],
]  # fmt: skip
_AGENT: list[list[Column]] = [
    [
        ("answered", "answered", text), ("RONA", "missed", text), ("transfers", "transfers", text),
        ("AHT", "aht_s", duration), ("occupancy", "occupancy", _share),
    ],
    [
        ("talk", "talk_s", duration), ("hold", "hold_s", duration), ("wrap-up", "wrap_up_s", duration),
        ("ringing", "ringing_s", duration), ("ready", "ready_s", duration), ("paused", "paused_s", duration),
    ],
]  # fmt: skip


def report(
    queue: Queue = "",
    agent: Agent = "",
    by: By = "",
    since: Since = "today",
    until: Until = "now",
    config: Config = DEFAULT_CONFIG,
    url: Url = "",
    as_json: Json = False,
    as_csv: Csv = False,
    queue_log: QueueLog = "",
) -> None:
    """What happened in queues, to agents, or in each interval: counts, times, and service levels by their names."""
    if queue_log:
        _export(config, queue_log, since, until)
        return
    if as_json and as_csv:
        raise Failed("--json or --csv, not both")
    wanted = {"from": since, "to": until, "by": by, "queue": queue, "agent": agent}
    query = asked_for(wanted)
    told = request(base_url(url, config), "GET", f"/api/v1/statistics?{query}", "statistics")
    if as_json:
        typer.echo(as_json_text(told))
        return
    rows = [_flat(row) for row in told["rows"]]
    if as_csv:
        _write_csv(rows)
        return
    head, of_agents = told["by"], "occupancy" in told["total"]
    typer.echo(f"{told['from']} to {told['to']} ({told['zone']})")
    if len(rows) > 1:
        rows.append({head: "all", **_flat(told["total"])})
    for columns in (_AGENT if of_agents else _QUEUE) if rows else [[]]:
        typer.echo()
        show(rows, [(head, head, text), *columns], False, "nothing happened")


def _export(config: Path, target: str, since: str, until: str) -> None:
    """What the switch on this machine has written between those moments, by the clock in its zone."""
    try:
        settings = load(config)
        first, last = (past(text, time.time(), settings.zone) for text in (since, until))
    except ConfigError as error:
        raise Failed(str(error)) from None
    except ValueError as error:
        raise Failed(f"{error}; {PAST_EXAMPLE}") from None
    source = settings.paths.var / QUEUE_LOG
    try:
        if source.exists():
            with source.open(encoding="utf-8", errors="replace") as lines:
                _copy(_between(lines, first, last), target)
        else:
            _copy(_from_store(settings, first, last), target)
    except OSError as error:
        raise Failed(f"{error.filename or target}: {error.strerror}") from None


def _copy(lines: Iterable[str], target: str) -> None:
    if target == "-":
        sys.stdout.writelines(lines)
        return
    with Path(target).open("w", encoding="utf-8") as file:
        file.writelines(lines)


def _from_store(settings: Settings, first: float, last: float) -> Iterator[str]:
    """The lines that the switch would have written."""
    found = kept_of(settings, first, last)
    staff = tuple(settings.agent_specs()), tuple(settings.queue_specs())
    for one in kept_log(found.facts, found.calls, Serving(lambda: staff)):
        yield f"{one}\n"


def _between(lines: Iterable[str], first: float, last: float) -> Iterator[str]:
    for one in lines:
        unix = one.partition("|")[0]
        if unix.isascii() and unix.isdigit() and first <= int(unix) <= last:
            yield one


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A service level beside the rest, by its whole name."""
    levels = row.get("service_level", {})
    plain = {key: value for key, value in row.items() if key != "service_level"}
    return plain | {f"service_level.{name}": value for name, value in levels.items()}


def _write_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
