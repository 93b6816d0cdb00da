"""Opening hours: what is open now and until when, what a moment would be, and to say otherwise for a while."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from softswitch.cli.client import DEFAULT_CONFIG, Failed, base_url, quoted, request
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.table import Column, show, text
from softswitch.core.errors import ConfigError
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.ivr.calendar import Calendar, shown
from softswitch.ivr.moment import readings
from softswitch.settings import load

app = typer.Typer(help="Open or close for a while, whatever the calendar says.", no_args_is_help=True)
order = typer.Typer()
At = Annotated[str, typer.Option("--at", help="2026-12-31T10:00 there, by what is written; no switch is asked.")]
Until = Annotated[str, typer.Option("--until", help="14:00, 2h30m or 2026-12-31T14:00, by the clock there.")]
Since = Annotated[str, typer.Option("--from", help="The same; now, if nothing is said.")]
Note = Annotated[str, typer.Option("--note", help="Why; shown to whoever asks.")]


def _door(is_open: Any) -> str:
    return "open" if is_open else "closed"


_HOURS: list[Column] = [
    ("calendar", "calendar", text),
    ("zone", "zone", text),
    ("there", "at", text),
    ("now", "open", _door),
    ("why", "why", text),
    ("changes", "changes", text),
    ("overrides", "overrides", lambda ones: ", ".join(one["id"] for one in ones or ())),
]


@order.command()
def hours(
    calendar: Annotated[str, typer.Argument(help="Only this one.")] = "",
    at: At = "",
    config: Config = DEFAULT_CONFIG,
    url: Url = "",
    as_json: Json = False,
) -> None:
    """What is open now, why, and until when; with --at: what the configuration says of that moment."""
    if at:
        rows = _written(config, calendar, at)
    else:
        rows = request(base_url(url, config), "GET", "/api/v1/calendars", "calendars")
        rows = [row for row in rows if calendar in ("", row["calendar"])]
        if calendar and not rows:
            raise Failed(f"no calendar {calendar!r}")
    show(rows, _HOURS, as_json, "no calendar")


def _written(config: Path, name: str, at: str) -> list[dict[str, Any]]:
    try:
        known = load(config).office_calendars()
    except ConfigError as error:
        raise Failed(str(error)) from None
    if name and name not in known:
        raise Failed(f"calendars.yaml has no calendar {name!r}{did_you_mean(name, known)}")
    return [row for one in known.values() if name in ("", one.name) for row in _rows(one, at)]


def _rows(calendar: Calendar, at: str) -> list[dict[str, Any]]:
    """A time that comes twice has two."""
    try:
        meant = readings(at, datetime.now(UTC), calendar.zone)
    except (ValueError, OverflowError) as error:
        raise Failed(f"{calendar.name}: {error}") from None
    return [_row(calendar, one) for one in meant]


def _row(calendar: Calendar, at: datetime) -> dict[str, Any]:
    door, change = calendar.door(at), calendar.next_change(at)
    return {
        "calendar": calendar.name, "zone": calendar.zone,
        "at": shown(at, calendar.zone), "open": door.open, "why": door.why, "holiday": door.holiday,
        "changes": shown(change, calendar.zone) if change else "", "overrides": [],
    }  # fmt: skip


@app.command("open")
def open_(
    calendar: str, until: Until, since: Since = "now", note: Note = "", config: Config = DEFAULT_CONFIG, url: Url = ""
) -> None:
    """Open until then, whatever the calendar says."""
    _order(calendar, True, since, until, note, config, url)


@app.command()
def close(
    calendar: str, until: Until, since: Since = "now", note: Note = "", config: Config = DEFAULT_CONFIG, url: Url = ""
) -> None:
    """Closed until then, whatever the calendar says."""
    _order(calendar, False, since, until, note, config, url)


@app.command()
def undo(calendar: str, override: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Take an override back; `softswitch hours` shows their names."""
    path = f"/api/v1/calendars/{quoted(calendar)}/overrides/{quoted(override)}"
    request(base_url(url, config), "DELETE", path, "override")
    typer.echo(f"{calendar}: {override} is taken back")


def _order(calendar: str, is_open: bool, since: str, until: str, note: str, config: Path, url: str) -> None:
    body = {"open": is_open, "since": since, "until": until, "note": note}
    base, path = base_url(url, config), f"/api/v1/calendars/{quoted(calendar)}"
    zone = request(base, "GET", path, "calendar")["zone"]  # times are written by the clock there, and told by it
    made = request(base, "POST", f"{path}/override", "override", body)  # last: what fails has ordered nothing
    begins, ends = (shown(datetime.fromtimestamp(made[end], UTC), zone) for end in ("since", "until"))
    typer.echo(f"{calendar}: {_door(is_open)} from {begins} until {ends} ({made['id']})")
