"""The media processes: what they do, and whether they take new calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from softswitch.cli.client import DEFAULT_CONFIG, base_url, request
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.table import Column, duration, show, text, yes

app = typer.Typer(help="The media processes: show them, keep new calls from one of them.", no_args_is_help=True)
Process = Annotated[int, typer.Argument(min=1, help="Its number, from 1.")]

_PROCESSES: list[Column] = [
    ("process", "process", text),
    ("connected", "connected", yes),
    ("draining", "draining", yes),
    ("streams", "streams", text),
    ("late p99, us", "tick_late_p99_us", lambda late: f"{late:.0f}"),
    ("cpu", "cpu_seconds", duration),
]


def _drain(process: int, on: bool, config: Path, url: str) -> None:
    request(base_url(url, config), "POST", f"/api/v1/media/{process}/drain", "draining", {"on": on})


@app.command("list")
def shown(config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """What each of them does."""
    show(request(base_url(url, config), "GET", "/api/v1/media", "media"), _PROCESSES, as_json, "no media process")


@app.command()
def drain(process: Process, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Give it no new calls; those that it has go on."""
    _drain(process, True, config, url)
    typer.echo(f"media process {process} gets no new calls")


@app.command()
def resume(process: Process, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Give it calls again."""
    _drain(process, False, config, url)
    typer.echo(f"media process {process} gets new calls again")
