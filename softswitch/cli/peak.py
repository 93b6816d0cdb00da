"""``softswitch peak``: what became of everybody who called in a span of time, from the store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.exc import SQLAlchemyError

from softswitch.callback.reading import Reading
from softswitch.cli.client import DEFAULT_CONFIG, Failed
from softswitch.cli.option import Config, Json, beside_a_report
from softswitch.cli.peak_report import Report, lines, picture, told
from softswitch.cli.table import as_json_text
from softswitch.contact.peak import Fate, account, identity
from softswitch.contact.peak_curve import DAY_S, Busy, bucket_s, peaks
from softswitch.core.errors import ConfigError
from softswitch.core.units import seconds
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.drawing.plot import plot
from softswitch.ivr.moment import PAST_EXAMPLE, past
from softswitch.settings import Settings, load
from softswitch.store.peak import quarters, read_peak
from softswitch.store.trouble import DatabaseAway

T = TypeVar("T")
LONGEST_S = 32 * DAY_S
FOLLOWED_S = DAY_S  # after the end, at most: later callbacks are counted, but agents are not followed so far
SHOWN = 10  # peaks
SEARCHED = "7d"
SHORTEST_STEP_S = 1.0
MOST_STEPS = 10_000
Since = Annotated[str, typer.Option("--since", help="today, yesterday, 9:30, 2h (ago), 2026-12-31T09:30.")]
Until = Annotated[str, typer.Option("--until", help="The same; now, if it is not said.")]
Queue = Annotated[str, typer.Option("--queue", help="Only who came to this one, or was lost to it before.")]
Find = Annotated[bool, typer.Option("--find", help="Where peaks were: list them, and report none.")]
Svg = Annotated[str, typer.Option("--svg", callback=beside_a_report, help="Draw it into this file.")]
Bucket = Annotated[str, typer.Option("--bucket", help="Of the picture: 1m, 5m ...; as fine as can be seen.")]


def peak(
    since: Since = "",
    until: Until = "",
    queue: Queue = "",
    find: Find = False,
    svg: Svg = "",
    bucket: Bucket = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """What became of everybody who called: served, called back, still open, refused, and who was forgotten.

    Without a span the biggest peak of the last 7 days is reported. Calls that go on are not in it.
    """
    step_s = _step(bucket)
    try:
        settings = load(config)
    except ConfigError as error:
        raise Failed(str(error)) from None
    if queue and queue not in settings.queues:  # it may have had another name then
        typer.echo(f"queues.yaml has no queue {queue!r}{did_you_mean(queue, settings.queues)}", err=True)
    now = time.time()
    begin = _moment(since or SEARCHED, now, settings.zone)
    end = min(now, _moment(until or "now", now, settings.zone))
    if not begin < end <= begin + LONGEST_S:
        understood = f"{_there(begin, settings.zone)} to {_there(end, settings.zone)} ({settings.zone})"
        raise Failed(f"{understood} is no span of time that has been, of at most 32 days; write the date with it")
    if find or not since:
        found = peaks(_run(settings, quarters(settings.store.url, begin, end, queue)))
        if find:
            _list(found, settings.zone, as_json)
            return
        if not found:
            searched = _there(begin, settings.zone)
            raise Failed(f"no peak since {searched}: never twice as many calls as usual; name a span with --since")
        begin, end = found[0].since, found[0].until
    report = _report(settings, begin, end, queue, now)
    if svg:
        _draw(report, svg, step_s)
    typer.echo(as_json_text(told(report)) if as_json else "\n".join(lines(report)))


def _report(settings: Settings, since: float, until: float, queue: str, now: float) -> Report:
    """Agents are followed until the last recovery, or until now where somebody is still to be called."""
    seen = _run(settings, read_peak(settings.store.url, since, until, min(now, until + FOLLOWED_S), queue))
    reading = Reading(settings.region, settings.area_code)
    made = account((since, until), seen.seen, lambda number: identity(number, reading))
    last = max([until, *(at for at, _, _ in made.kept)])
    after = min(now if made.fates[Fate.OPEN] else last, until + FOLLOWED_S)
    return Report(made, seen, max(after, until), settings.zone, queue)


def _run(settings: Settings, reading: Coroutine[Any, Any, T]) -> T:
    """Raises ``Failed`` where the store cannot be read."""
    url = settings.store.url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        reading.close()
        raise Failed(f"{url.removeprefix('sqlite:///')} is not there: no switch has run with this configuration")
    try:
        return asyncio.run(reading)
    except (SQLAlchemyError, OSError, DatabaseAway) as error:
        told = str(error).partition("\n")[0]  # without the statement
        raise Failed(f"the store cannot be read: {told}") from None


def _moment(written: str, now: float, zone: str) -> float:
    try:
        return past(written, now, zone)
    except ValueError as error:
        raise Failed(f"{error}; {PAST_EXAMPLE}") from None


def _step(written: str) -> float:
    """0: as fine as can be seen."""
    try:
        step_s = seconds(written) if written else 0.0
    except ValueError as error:
        raise typer.BadParameter(f"{error}; for example --bucket 1m") from None
    if written and step_s < SHORTEST_STEP_S:
        raise typer.BadParameter(f"{written!r} is too short; for example --bucket 1m")
    return step_s


def _list(found: list[Busy], zone: str, as_json: bool) -> None:
    rows = [{"since": one.since, "until": one.until, "calls": one.calls, "usual": one.usual} for one in found[:SHOWN]]
    if as_json:
        typer.echo(as_json_text(rows))
        return
    for one in found[:SHOWN]:
        usual = f"{one.calls / one.usual:.1f} times the usual {one.usual:,.0f}" if one.usual else "usually none"
        typer.echo(f"{_there(one.since, zone)} to {_there(one.until, zone)}: {one.calls:,} calls, {usual}")
    if not found:
        typer.echo("no peak: never twice as many calls as usual")


def _there(unix: float, zone: str) -> str:
    return f"{datetime.fromtimestamp(unix, ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _draw(report: Report, target: str, step_s: float) -> None:
    length_s = report.after - report.account.since
    step_s = step_s or bucket_s(length_s)
    if length_s / step_s > MOST_STEPS:
        raise Failed(f"a picture of {length_s / step_s:,.0f} buckets cannot be seen; --bucket {length_s / 100:.0f}s")
    try:
        Path(target).write_text(plot(picture(report, step_s)), encoding="utf-8")
    except OSError as error:
        raise Failed(f"{error.filename or target}: {error.strerror}") from None
